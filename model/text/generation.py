"""Greedy continuations of many contexts at once: contexts are read once, then any texts are scored or continued there.

Rows are padded on the left: their right ends, where all reading happens, are aligned, and so distances in the cache are
true distances, which sliding layers count. For the same reason caches keep every position, whatever the window. What is
padded is hidden by the mask, so a row's result does not depend on the rows beside it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from model.text.head import of_states
from model.text.scoring import at_positions, limits_of, plan_batches
from xai.typing import Floats

if TYPE_CHECKING:
    from torch import Tensor

    Cache = list[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Rows:
    """Rows that the model has read: keys and values per layer, which positions are visible, and the last hidden states.

    cache : one (keys, values) per layer, (rows, heads, positions, width);  visible : (rows, positions) int64
    last : (rows, width), the final hidden states that predict each row's next token
    """

    cache: "Cache"
    visible: "Tensor"
    last: "Tensor"


class Reader:
    """Reads contexts and what follows them. model : a language model of transformers;  lock : held during each call of it."""

    def __init__(self, model: Any, lock: threading.RLock) -> None:
        self.model, self.lock = model, lock

    def contexts(self, rows: list[list[int]]) -> Rows:
        """Read contexts of any lengths, at least one token each, padded on the left: those of like length together."""
        groups = plan_batches(list(map(len, rows)), 0, limits_of(self.model))
        parts = [self._contexts([rows[i] for i in group]) for group in groups]
        read, order = parts[0] if len(parts) == 1 else join(parts), np.argsort(np.concatenate(groups))
        return read if (np.diff(order) == 1).all() else _select(read, order.tolist())  # which copies the cache

    def _contexts(self, rows: list[list[int]]) -> Rows:
        import torch

        width = max(map(len, rows))
        ids = np.zeros((len(rows), width), np.int64)
        visible = np.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, width - len(row) :], visible[i, width - len(row) :] = row, 1
        device = self.model.device
        nothing = torch.zeros((len(rows), 0), dtype=torch.int64, device=device)
        cache, mask, hidden = self._read(Rows([], nothing, nothing), torch.from_numpy(ids), torch.from_numpy(visible))
        return Rows(cache, mask, hidden[:, -1])

    def score(self, rows: Rows, texts: list[list[int]], targets: list[list[int]]) -> list[tuple[Rows, Floats]]:
        """Read each text after every row: the rows that have read it, and its target's log-probabilities there.

        Rows and float64 (rows, target tokens), of each text. Targets are read too, for their own tokens' sake, then dropped.
        All pass the output layer together, whose weights are most of the model's.
        """
        import torch

        read, predicting, wanted = [], [], []
        for text, target in zip(texts, targets):
            one, states = self._text(rows, text, target)
            read.append(one)
            predicting.append(states.reshape(-1, states.shape[-1]))
            wanted.append(torch.tensor(target).repeat(len(states)))
        found = of_states(self.model, self.lock, torch.cat(predicting), torch.cat(wanted))
        ends = np.cumsum([len(states) for states in predicting])[:-1]
        return list(zip(read, [part.reshape(len(rows.visible), -1) for part in np.split(found, ends)]))

    def _text(self, rows: Rows, text: list[int], target: list[int]) -> "tuple[Rows, Tensor]":
        """Rows that have read a text, and the final hidden states (rows, target tokens, width) that predict its target."""
        import torch

        ids = torch.tensor([[*text, *target[:-1]]]).expand(len(rows.visible), -1)
        cache, visible, hidden = self._read(rows, ids, torch.ones_like(ids))
        start, end = len(text) - 1, rows.visible.shape[1] + len(text)
        read = [(keys[:, :, :end], values[:, :, :end]) for keys, values in cache]
        return Rows(read, visible[:, :end], hidden[:, start]), hidden[:, start : start + len(target)]

    def continue_greedily(self, rows: Rows, limits: list[int], ends: Callable[[int], bool]) -> list[list[int]]:
        """The most probable next token of each row, and so on, up to its limit or the first token that `ends` it.

        ends : ends(token) → bool; the ending token is left out. Rows that have ended are dropped once they are half.
        """
        import torch

        written: list[list[int]] = [[] for _ in limits]
        ended = {i for i, limit in enumerate(limits) if limit < 1}
        running = list(range(len(limits)))
        while len(ended) < len(limits):
            with self.lock, torch.no_grad():
                tokens = self.model.get_output_embeddings()(rows.last).argmax(dim=1)
            for i, token in zip(running, tokens.tolist()):
                if i not in ended and not ends(token):
                    written[i].append(token)
                if ends(token) or len(written[i]) >= limits[i]:
                    ended.add(i)
            kept = [place for place, i in enumerate(running) if i not in ended]
            if 2 * len(kept) <= len(running):
                rows, tokens, running = _select(rows, kept), tokens[kept], [running[place] for place in kept]
            if kept:
                cache, visible, hidden = self._read(rows, tokens[:, None], torch.ones_like(tokens[:, None]))
                rows = Rows(cache, visible, hidden[:, -1])
        return written

    def _read(self, rows: Rows, ids: "Tensor", visible: "Tensor") -> "tuple[Cache, Tensor, Tensor]":
        """Run the tokens `ids` (rows, length) after `rows`: cache and mask with them, and their final hidden states."""
        import torch
        from transformers import DynamicCache

        device = self.model.device
        visible = torch.cat([rows.visible, visible.to(device)], dim=1)
        positions = (visible.cumsum(dim=1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        cache: Any = DynamicCache(ddp_cache_data=rows.cache) if rows.cache else DynamicCache()
        with self.lock, torch.no_grad():
            hidden = self.model.base_model(
                input_ids=ids.to(device),
                attention_mask=visible,
                **at_positions(self.model.base_model, positions),
                past_key_values=cache,
                use_cache=True,
            ).last_hidden_state
        return [(layer.keys, layer.values) for layer in cache.layers], visible, hidden


def join(parts: list[Rows]) -> Rows:
    """All rows of several reads as one, padded on the left to the longest."""
    import torch

    width = max(part.visible.shape[1] for part in parts)

    def padded(tensor: "Tensor", dim: int) -> "Tensor":
        missing = width - tensor.shape[dim]
        if not missing:
            return tensor
        shape = [*tensor.shape[:dim], missing, *tensor.shape[dim + 1 :]]
        return torch.cat([tensor.new_zeros(shape), tensor], dim=dim)

    def joined(layer: int, which: Literal[0, 1]) -> "Tensor":
        return torch.cat([padded(part.cache[layer][which], 2) for part in parts])

    cache = [(joined(layer, 0), joined(layer, 1)) for layer in range(len(parts[0].cache))]
    return Rows(cache, torch.cat([padded(p.visible, 1) for p in parts]), torch.cat([p.last for p in parts]))


def _select(rows: Rows, kept: list[int]) -> Rows:
    cache = [(keys[kept], values[kept]) for keys, values in rows.cache]
    return Rows(cache, rows.visible[kept], rows.last[kept])
