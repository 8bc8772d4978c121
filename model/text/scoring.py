"""Scoring many variants of a prompt: log-probabilities of one target after sequences that share a prefix.

Three things make it fast: the common prefix is run once and its keys and values are reused; the 262,144-wide output
layer is applied at the target's positions only; sequences are batched with others of like length, so that hardly any
padding is computed.
"""

import copy
import inspect
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from model.text.head import chosen, log_probabilities
from model.text.nodes.foretold import Sharing
from xai.typing import Bools, Floats, Ints

if TYPE_CHECKING:
    from torch import Tensor

CALL_OVERHEAD = 32  # tokens that could be computed in the time one more forward call costs; measured on two cores
MAX_TOKENS = 2048  # of one forward call; more gains no speed
READ = 1024  # tokens of a prefix that are read at a time
MAX_CACHED = 16384  # prefix and sequence positions of one call: bounds the keys and values
GPU_OVERHEAD = 4096  # tokens that a GPU computes while one more call is launched
GPU_TOKENS = 65536  # of one forward call there, where its memory allows them
GPU_CUTS = 64  # places where a batch may end there: to weigh all of them would take longer than the batches
SHARE = 0.25  # of a GPU's free memory for what passes through the layers, and as much for keys and values
WIDTHS = 32  # numbers that a token needs at a time in a layer, in widths of the model: 22 to 25 in Gemma 3


class Limits(NamedTuple):
    """What one forward call may take. overhead : tokens that could be computed in the time one more call costs

    tokens : at most, padding included;  cached : positions of prefix and sequences;  cuts : places where a batch may end
    """

    overhead: int
    tokens: int
    cached: int
    cuts: int


@dataclass(frozen=True)
class Sequence:
    """What follows the prefix, the target's last token excepted: token ids, positions, and which are visible."""

    ids: Ints
    positions: Ints
    visible: Bools


S = TypeVar("S", bound=Sequence)


class PrefixScorer(Generic[S]):
    """Log-probabilities of a target's tokens after prefix + sequence.

    model : a language model of transformers;  lock : held during each call of it
    prefix : token ids that every sequence follows, possibly none;  target : token ids

    computed : tokens that went through the layers so far, what fills batches up left out
    anew : tokens of the prefix that are run with every sequence;  sharing : how sequences share what they begin with, as of
        `model.text.nodes.foretold`
    """

    anew = 0
    sharing: Sharing = ""

    def __init__(self, model: Any, lock: threading.RLock, prefix: ArrayLike, target: ArrayLike) -> None:
        self.model, self.lock, self.computed = model, lock, 0
        self._prefix, self._target = np.asarray(prefix, dtype=np.int64), np.asarray(target, dtype=np.int64)
        self._cache: Any = None

    def score(self, sequences: list[S]) -> Floats:
        """float64 (m, target tokens)."""
        import torch

        hidden: list[Any] = [None] * len(sequences)
        with torch.no_grad():
            for group in self._groups(sequences):
                self._forward(sequences, group, hidden)
            if not hidden:
                return np.zeros((0, len(self._target)))
            return log_probabilities(self.model, self.lock, torch.stack(hidden), self._target)

    def _groups(self, sequences: list[S]) -> list[list[int]]:
        """Indices of sequences to run together."""
        return plan_batches([len(s.ids) for s in sequences], len(self._prefix), self._limits())

    def _limits(self) -> Limits:
        return limits_of(self.model)

    def _forward(self, sequences: list[S], group: list[int], hidden: list[Any]) -> None:
        """Final hidden states at the positions that predict the target, for one batch; halved if memory runs out."""
        import torch

        try:
            with self.lock:
                states = self._run([sequences[i] for i in group])
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if len(group) == 1 or not _is_out_of_memory(error):
                raise
            states = None
        if states is None:  # outside the handler, so that the failed call's tensors are free again
            half = len(group) // 2
            self._forward(sequences, group[:half], hidden)
            self._forward(sequences, group[half:], hidden)
            return
        for i, state in zip(group, states):
            hidden[i] = state

    def _run(self, batch: list[S]) -> "Tensor":
        import torch

        device, width, before = self.model.device, max(len(s.ids) for s in batch), len(self._prefix)
        self.computed += sum(len(s.ids) for s in batch)
        ids = np.zeros((len(batch), width), np.int64)
        positions = np.zeros_like(ids)
        visible = np.zeros((len(batch), before + width), np.int64)
        visible[:, :before] = self._seen(batch)
        for row, s in enumerate(batch):  # padded on the right: nothing visible follows, and causality hides it
            ids[row, : len(s.ids)] = s.ids
            positions[row, : len(s.ids)] = s.positions
            visible[row, before : before + len(s.ids)] = s.visible
        out = self.model.base_model(
            input_ids=torch.from_numpy(ids).to(device),
            attention_mask=torch.from_numpy(visible).to(device),
            **at_positions(self.model.base_model, torch.from_numpy(positions).to(device)),
            past_key_values=self._expanded_cache(len(batch)),
            use_cache=before > 0,
        ).last_hidden_state
        return chosen(
            out, np.stack([np.flatnonzero(s.visible)[-len(self._target) :] for s in batch])
        )  # what is hidden predicts nothing

    def _seen(self, batch: list[S]) -> "Bools | bool":
        """Which of the prefix each sequence sees."""
        return True

    def _expanded_cache(self, rows: int) -> Any:
        """The prefix's keys and values as a fresh cache of this many rows; None without a prefix."""
        return _repeat(self._read(), rows) if len(self._prefix) else None

    def _read(self) -> Any:
        """The prefix's keys and values, computed once."""
        if self._cache is None:
            self._cache = self._read_now()
        return self._cache

    def _read_now(self) -> Any:
        self.computed += len(self._prefix)
        return read(self.model, self._prefix)


class BatchScorer(PrefixScorer[Sequence]):
    """The same without keys and values that are kept: the prefix is read anew with every sequence."""

    def __init__(self, model: Any, lock: threading.RLock, prefix: ArrayLike, target: ArrayLike) -> None:
        super().__init__(model, lock, [], target)
        self._before = np.asarray(prefix, dtype=np.int64)
        self.anew = len(self._before)

    def score(self, sequences: list[Sequence]) -> Floats:
        return super().score([after(self._before, s) for s in sequences])


class WholeScorer(BatchScorer):
    """The same by plain passes of the unchanged model, one for each sequence, its own output layer included."""

    def score(self, sequences: list[Sequence]) -> Floats:
        import torch

        with self.lock, torch.no_grad():
            scores = [self._plain(after(self._before, s)) for s in sequences]
        self.computed += sum(self.anew + len(s.ids) for s in sequences)
        return np.array(scores).reshape(len(sequences), len(self._target))

    def _plain(self, sequence: Sequence) -> Floats:
        import torch

        hidden: dict[str, Any] = {}
        if not sequence.visible.all():
            hidden = {"attention_mask": torch.from_numpy(sequence.visible.astype(np.int64))[None].to(self.model.device)}
        if hidden or (np.diff(sequence.positions) != 1).any():
            hidden.setdefault("attention_mask", torch.ones((1, len(sequence.ids)), dtype=torch.int64, device=self.model.device))
            hidden |= at_positions(self.model, torch.from_numpy(sequence.positions)[None].to(self.model.device))
        logits = self.model(torch.from_numpy(sequence.ids)[None].to(self.model.device), **hidden).logits[0]
        at = torch.from_numpy(np.flatnonzero(sequence.visible)[-len(self._target) :]).to(logits.device)
        wanted = torch.from_numpy(self._target).to(logits.device)
        scores: Floats = torch.log_softmax(logits[at].double(), -1).gather(1, wanted[:, None])[:, 0].cpu().numpy()
        return scores


def after(prefix: Ints, sequence: Sequence) -> Sequence:
    """The prefix and a sequence as one."""
    count = len(prefix)
    return Sequence(
        np.concatenate([prefix, sequence.ids]),
        np.concatenate([np.arange(count), sequence.positions]),
        np.concatenate([np.ones(count, bool), sequence.visible]),
    )


def at_positions(module: Any, positions: "Tensor") -> "dict[str, Tensor]":
    """The argument that says where tokens stand; models that count them by the mask alone take none."""
    taken = "position_ids" in inspect.signature(module.forward).parameters
    return {"position_ids": positions} if taken else {}


def on_processor() -> Limits:
    """What gains speed on a processor; a batch may end anywhere."""
    return Limits(CALL_OVERHEAD, MAX_TOKENS, MAX_CACHED, sys.maxsize)


def limits_of(model: Any) -> Limits:
    """Of one call of a model of text: on a GPU what its free memory allows."""
    import torch

    if model.device.type != "cuda":
        return on_processor()
    from model.weights.devices import free_of

    config, size = model.config.get_text_config(), torch.finfo(model.dtype).bits // 8
    free = min(map(free_of, {model.device, *getattr(model, "hf_device_map", {}).values()}))  # all GPUs that it is spread over
    tokens = min(GPU_TOKENS, int(SHARE * free / (size * WIDTHS * config.hidden_size)))
    cached = int(SHARE * free / (size * 2 * config.num_hidden_layers * config.hidden_size))
    return Limits(GPU_OVERHEAD, max(MAX_TOKENS, tokens), max(MAX_CACHED, cached), GPU_CUTS)


def plan_batches(lengths: list[int], prefix: int, limits: Limits) -> list[list[int]]:
    """Groups of indices to run together, longest first, that cost least in padding plus overhead per call.

    Sorted by length, an optimal grouping is a cut of the sorted list (dynamic programming over the cuts).
    """
    overhead, tokens, cached, cuts = limits
    if not lengths:
        return []
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    longest = max(1, *lengths)
    step = max(1, min(len(order) // cuts, tokens // longest, cached // (longest + prefix)))
    ends = [0, *range(step, len(order), step), len(order)]
    best, cut = [0.0], [0]
    for k in range(1, len(ends)):
        options = []
        for j in range(k - 1, -1, -1):
            rows, width = ends[k] - ends[j], max(lengths[order[ends[j]]], 1)
            if rows > step and (rows * width > tokens or rows * (width + prefix) > cached):
                break
            options.append((best[j] + rows * width + overhead, j))
        cost, start = min(options)
        best.append(cost)
        cut.append(start)
    groups, k = [], len(ends) - 1
    while k:
        groups.append(order[ends[cut[k]] : ends[k]])
        k = cut[k]
    return groups[::-1]


def read(model: Any, prefix: Ints) -> Any:
    """Keys and values of a prefix, a cache of one row; sliding layers keep what can still be seen.

    A long one is read in pieces: memory grows with its length, where masks of all of it at once would with the square.
    """
    import torch
    from transformers import DynamicCache

    cache = DynamicCache(config=model.config)
    for start in range(0, len(prefix), READ):
        ids = torch.from_numpy(prefix[start : start + READ])[None].to(model.device)
        model.base_model(input_ids=ids, past_key_values=cache, use_cache=True)
    return cache


def _repeat(cache: Any, rows: int) -> Any:
    """A cache of `rows` rows from one of a single row; nothing is copied until the model appends to it."""
    fresh = copy.copy(cache)
    fresh.layers = [copy.copy(layer) for layer in cache.layers]
    for layer in fresh.layers:
        layer.keys = layer.keys.expand(rows, -1, -1, -1)
        layer.values = layer.values.expand(rows, -1, -1, -1)
    return fresh


def _is_out_of_memory(error: Exception) -> bool:
    import torch

    known = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    return known or "out of memory" in str(error).lower() or "can't allocate memory" in str(error).lower()
