"""Long sequences, one after the other: each begins where it parts from the one before it.

In the order of their tokens every distinct beginning is computed once, as in a tree, and the keys and values of one
sequence are all that is kept. What is new goes through the layers some hundred tokens at a time, so that memory grows with
the keys and values alone, and a layer with a sliding window reads no further back than it can see.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from model.text.nodes.forward import Attend, Heads, run_layers
from model.text.scoring import Sequence, after
from xai.typing import Ints

if TYPE_CHECKING:
    from torch import Tensor

CHUNK = 512  # tokens that go through the layers together; more gains no speed
BLOCK = 128  # of these, whose attention is computed together: a sliding layer reads so many keys in vain


class View(NamedTuple):
    """What some tokens look at: the keys from `first` up to the last of these tokens, less what `mask` (t, keys) hides."""

    first: int
    start: int
    stop: int
    mask: "Tensor"


class Trail:
    """A prefix and the sequence that was last run after it, with keys and values. model : as of `forward.Layers`, not kept"""

    def __init__(self, model: Any, prefix: Ints) -> None:
        self._prefix = prefix
        self._ids = self._positions = np.zeros(0, np.int64)  # whose keys and values are there
        self._pairs: list[Tensor] = []  # (2, room, heads, width) of each layer
        self._spent = 0

    def run(self, model: Any, sequences: list[Sequence], last: int) -> "Tensor":
        """Final hidden states (m, last, width) of the last tokens of sequences, fastest in the order of their tokens."""
        import torch

        return torch.stack([self._follow(model, after(self._prefix, sequence), last) for sequence in sequences])

    def _follow(self, model: Any, whole: Sequence, last: int) -> "Tensor":
        ids, positions = whole.ids[whole.visible], whole.positions[whole.visible]
        count = len(ids)
        kept = min(self._shared(ids, positions), count - last)  # the states of the last ones are wanted
        self._make_room(model, count, kept)
        self._ids, self._positions = ids[:kept], positions[:kept]  # all that is there if this fails
        states: Tensor
        for start, stop in pairwise([*range(kept, max(kept + 1, count - last), CHUNK), count]):
            wanted = np.arange(max(count - last, start), stop) - start
            attend = self._attention(model, positions, start, stop)
            states = run_layers(model, ids[start:stop], positions[start:stop], wanted, attend)
        self._ids, self._positions = ids, positions
        self._spent += count - kept
        return states

    def spent(self) -> int:
        """Tokens run since this was last asked."""
        spent, self._spent = self._spent, 0
        return spent

    def _shared(self, ids: Ints, positions: Ints) -> int:
        """With how many of the tokens that are there a sequence begins."""
        both = min(len(ids), len(self._ids))
        other = np.flatnonzero((ids[:both] != self._ids[:both]) | (positions[:both] != self._positions[:both]))
        return int(other[0]) if len(other) else both

    def _make_room(self, model: Any, count: int, kept: int) -> None:
        import torch

        if self._pairs and count <= self._pairs[0].shape[1]:
            return
        config, room, pairs = model.config, CHUNK * -(-count // CHUNK), []
        for number in range(config.num_hidden_layers):
            pair = torch.empty(2, room, config.num_key_value_heads, config.head_dim, device=model.device)
            if kept:
                pair[:, :kept] = self._pairs[number][:, :kept]
            pairs.append(pair)
        self._pairs = pairs

    def _attention(self, model: Any, positions: Ints, start: int, stop: int) -> Attend:
        """That of the tokens from `start` to `stop`, whose keys and values it keeps."""
        import torch

        views = {kind: list(_views(model, kind, positions, start, stop)) for kind in set(model.config.layer_types)}

        def attend(number: int, kind: str, scale: float, heads: Heads) -> "Tensor":
            queries, *pair = heads
            there = self._pairs[number]
            for part, new in zip(there, pair):
                part[start:stop] = new
            groups = queries.view(len(queries), there.shape[2], -1, queries.shape[2]).permute(1, 2, 0, 3)
            out = []
            for view in views[kind]:
                keys, values = (
                    part[view.first : view.stop].transpose(0, 1)[:, None].expand(-1, groups.shape[1], -1, -1) for part in there
                )
                some = groups[:, :, view.start - start : view.stop - start]
                out.append(torch.nn.functional.scaled_dot_product_attention(some, keys, values, view.mask, scale=scale))
            return torch.cat(out, dim=2).permute(2, 0, 1, 3).reshape(len(queries), -1)

        return attend


def _views(model: Any, kind: str, positions: Ints, start: int, stop: int) -> Iterator[View]:
    """For layers of a kind, what the tokens from `start` to `stop` look at."""
    import torch

    for low in range(start, stop, BLOCK):
        high = min(low + BLOCK, stop)
        window = model.config.sliding_window if kind == "sliding_attention" else high
        first = max(0, low - window + 1)
        seen = np.arange(first, high) <= np.arange(low, high)[:, None]
        if kind == "sliding_attention":  # positions may have gaps, and then fewer tokens are in sight
            seen &= positions[low:high, None] - positions[first:high] < window
        mask = np.where(seen, np.float32(0), np.float32(-np.inf))
        yield View(first, low, high, torch.from_numpy(mask).to(model.device))
