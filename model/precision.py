"""A network's linear layers in bfloat16, where this machine is faster with it; all else stays in float32.

Weights that were published in bfloat16 lose nothing so, and take half the memory. What is rounded is what goes into each of
these layers and what comes out of it. How far that moves an answer is measured for every game, against the same network with
nothing rounded (`xai.game.rounding_of`), and is a part of its standard errors.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from model.cache import home, machine, recall, remember
from xai.game import Values
from xai.typing import Bools, Floats

AUTO, FULL, HALF = "auto", "float32", "bfloat16"
PRECISIONS = AUTO, FULL, HALF
GAIN = 1.3  # times as fast is worth rounding
LARGE = 5e8  # weights from which on a person waits for them
ROWS, TIMES = 512, 5  # of the tokens that are timed, and how often


class Rounding:
    """Of one network. full : nothing is rounded for now"""

    full = False


def rounding_of(network: Any) -> Rounding | None:
    """None where a network does not round."""
    found: Rounding | None = getattr(network, "swing_rounding", None)
    return found


@contextlib.contextmanager
def in_full(network: Any, lock: threading.RLock) -> Iterator[None]:
    """Within this context nothing is rounded, and nobody else asks the network."""
    rounding = rounding_of(network) or Rounding()
    with lock:
        rounding.full = True
        try:
            yield
        finally:
            rounding.full = False


def unrounded(network: Any, lock: threading.RLock, game: Values) -> Values:
    """What asks a game while nothing is rounded. It must hold nothing that was computed otherwise."""

    def values(coalitions: Bools) -> Floats:
        with in_full(network, lock):
            return game(coalitions)

    return values


def gain(network: Any) -> float:
    """How many times faster the linear layers are in bfloat16 on this machine, with or without their weights; measured once
    and kept."""
    from torch import nn

    layer = next((one for one in network.modules() if type(one) is nn.Linear), None)
    if layer is None:
        return 0.0
    file, key = home() / "speeds.json", f"bfloat16 {tuple(layer.weight.shape)} {machine()}"
    with contextlib.suppress(ValueError, TypeError, KeyError):
        return float(recall(file)[key])
    found = _measured(layer.weight.shape)
    remember(file, key, found)
    return found


def _measured(shape: Any) -> float:
    import torch
    from torch.nn import functional

    states, weight = torch.randn(ROWS, shape[1]), torch.randn(shape)
    half = weight.to(torch.bfloat16)
    plain = _seconds(lambda: functional.linear(states, weight))
    return plain / _seconds(lambda: functional.linear(states.to(torch.bfloat16), half).float())


def _seconds(work: Callable[[], object]) -> float:
    import torch

    took = []
    with torch.no_grad():
        for _ in range(1 + TIMES):
            began = time.perf_counter()
            work()
            took.append(time.perf_counter() - began)
    return min(took[1:])
