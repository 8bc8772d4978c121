"""Whether to compute what sequences share once: where it gives what plain passes give, and only where it is faster.

The layers of `model.text.nodes.forward` are compared with plain passes for each model that is loaded. How long a node takes
there beside a token of a plain pass depends on machine and shapes alone: it is measured once, and kept.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary, WeakSet

import numpy as np

from model.cache import home, machine, recall, remember
from model.precision import in_full, rounding_of
from model.text.head import log_probabilities
from model.text.nodes.forward import is_known
from model.text.nodes.tree import distinct
from model.text.scoring import PrefixScorer, Sequence
from xai.typing import Ints

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger("swing.model")

GAIN = 1.15  # times as fast as plain passes is worth it
AGREE = 1e-4  # natural log-probability by which both may differ
SMALL = 20e6  # weights of the layers; a smaller model is not worth measuring
HEAD = 1.0  # one row of the output layer costs as much as this many tokens of the 270M model; measured
LENGTH, ROWS, FEW_ROWS = 16, 12, 3  # of the sequences that are measured, and of those that are compared
ENOUGH = 0.8  # seconds after which nothing more is measured


class Own(Protocol):
    def run(self, model: Any, sequences: list[Sequence], last: int) -> "Tensor": ...

    def spent(self) -> int: ...


Make = Callable[[Any, Ints], Own]  # of a model and a prefix

_right: "WeakKeyDictionary[Any, dict[Make, bool]]" = WeakKeyDictionary()
_plain: "WeakSet[Any]" = WeakSet()  # models that are asked too little for a comparison to pay
_speeds: dict[str, float] = {}


def pays(model: Any, lock: threading.RLock, make: Make, sample: list[Sequence], last: int) -> bool:
    """Whether to run sequences like these by the nodes of a tree, by what `make` gives."""
    if not sample or not agrees(model, lock, make):
        return False
    rows = HEAD * len(sample) * last
    plain, own = sum(len(s.ids) for s in sample), distinct(sample, last)
    return plain + rows >= GAIN * (node_cost(model, lock, make) * own + rows)


def agrees(model: Any, lock: threading.RLock, make: Make) -> bool:
    """Whether what `make` gives says what plain passes say; False for a model too small, or asked too little, to try."""
    if not is_known(model) or _weights(model) < SMALL or model in _plain:
        return False
    known = _right.setdefault(model, {})
    if make not in known:  # what is known is told while a run holds the model
        with lock:
            known[make] = _agrees(model, lock, make)
    return known[make]


def take_plain(model: Any) -> None:
    """Run this model by plain passes without comparing: it is asked too little for that to pay."""
    _plain.add(model)


def node_cost(model: Any, lock: threading.RLock, make: Make) -> float:
    """How long a node takes on this machine, as a multiple of what a token of a plain pass takes."""
    key = _machine(model)
    if key not in _speeds:
        _speeds.update(_kept())
    if key not in _speeds:
        with lock:
            _speeds[key] = _measured(model, lock, make)
        remember(_file(), key, _speeds[key])
    return _speeds[key]


@contextlib.contextmanager
def decide_by(model: Any, cost: float) -> Iterator[None]:
    """Within this context `node_cost` of a model like this is `cost`, measured nowhere: what is chosen, and so the last
    bits of what is found, then depends on no clock."""
    key = _machine(model)
    before = _speeds.get(key)
    _speeds[key] = cost
    try:
        yield
    finally:
        if before is None:
            del _speeds[key]
        else:
            _speeds[key] = before


def _agrees(model: Any, lock: threading.RLock, make: Make) -> bool:
    """Compare a few sequences that share their beginnings, of which some leave out positions."""
    import torch

    rng = np.random.default_rng(0)
    prefix, target = _tokens(model, rng, 4), _tokens(model, rng, 2)
    few = _sequences(model, rng, FEW_ROWS, len(prefix), shared=LENGTH // 2)
    gaps = few[0].positions + np.cumsum(rng.random(LENGTH) < 0.3)
    if gaps[-1] < model.config.sliding_window:  # plain passes count tokens there, not positions
        few.append(Sequence(few[0].ids, gaps, few[0].visible))
    with torch.no_grad(), in_full(model, lock):
        scorer: PrefixScorer[Sequence] = PrefixScorer(model, lock, prefix, target)
        plain = scorer.score(few)
        own = make(model, prefix)
        halves = [own.run(model, few[:2], 2), own.run(model, few[2:], 2)]
        off = float(np.abs(log_probabilities(model, lock, torch.cat(halves), target) - plain).max())
    if not off <= AGREE:
        log.warning("Own passes of this model differ from plain ones by %.1e: plain ones are taken.", off)
    return off <= AGREE


def _measured(model: Any, lock: threading.RLock, make: Make) -> float:
    import torch

    rng, nothing = np.random.default_rng(0), np.zeros(0, np.int64)
    rows = _sequences(model, rng, ROWS)
    plain: PrefixScorer[Sequence] = PrefixScorer(model, lock, nothing, _tokens(model, rng, 1))
    began = time.perf_counter()
    took: list[tuple[float, float]] = []
    with torch.no_grad():
        while len(took) < 2 or (len(took) < 4 and time.perf_counter() - began < ENOUGH):
            own, started = make(model, nothing), time.perf_counter()
            own.run(model, rows, 1)
            between = time.perf_counter()
            plain._run(rows)
            took.append((between - started, time.perf_counter() - between))
            if time.perf_counter() - began > 2 * ENOUGH:
                break
    return min(one for one, _ in took) / min(other for _, other in took)


def _sequences(model: Any, rng: np.random.Generator, count: int, start: int = 0, shared: int = 0) -> list[Sequence]:
    beginning = _tokens(model, rng, shared)
    rows = [np.concatenate([beginning, _tokens(model, rng, LENGTH - shared)]) for _ in range(count)]
    return [Sequence(row, start + np.arange(LENGTH), np.ones(LENGTH, bool)) for row in rows]


def _tokens(model: Any, rng: np.random.Generator, count: int) -> Ints:
    tokens: Ints = rng.integers(3, model.config.vocab_size, count)
    return tokens


def _weights(model: Any) -> int:
    return sum(parameter.numel() for parameter in model.model.layers.parameters())


def _machine(model: Any) -> str:
    """What the speed depends on."""
    c = model.config
    shape = c.num_hidden_layers, c.hidden_size, c.intermediate_size, c.num_attention_heads, c.num_key_value_heads, c.head_dim
    return f"{shape} {'bfloat16 ' if rounding_of(model) else ''}{machine()}"


def _kept() -> dict[str, float]:
    try:
        return {str(key): float(value) for key, value in recall(_file()).items()}
    except (ValueError, TypeError):
        return {}


def _file() -> Path:
    return home() / "speeds.json"
