"""What arguments of the engine must be, each checked once at its edge."""

import numpy as np
from numpy.typing import ArrayLike

from xai.typing import Bools, Floats

INDICES = ("banzhaf", "shapley")


def check_index(index: object) -> None:
    if index not in INDICES:
        raise ValueError(f"index must be one of {list(INDICES)}; got {index!r}")


def check_whole(name: str, value: object) -> int:
    """The value as an int; ValueError for anything but a whole number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ValueError(f"{name} must be a whole number of at least 0; got {value!r}")
    return int(value)


def check_weights(weights: ArrayLike | None, k: int) -> Floats:
    """Weights (k,) of a game's output columns, None: all 1; ValueError for another shape."""
    weights = np.ones(k) if weights is None else np.asarray(weights, dtype=np.float64)
    if weights.shape != (k,):
        raise ValueError(f"weights must have shape ({k},), one per output; got {weights.shape}")
    return weights


def check_coalitions(coalitions: ArrayLike, n_players: int) -> Bools:
    """bool (m, n_players); ValueError for another shape."""
    coalitions = np.asarray(coalitions, dtype=bool)
    if coalitions.ndim != 2 or coalitions.shape[1] != n_players:
        raise ValueError(f"coalitions must have shape (m, {n_players}); got {coalitions.shape}")
    return coalitions
