"""How alike maps of the same players are, and how often they would be so by chance."""

import numpy as np

from xai.compare.ranks import ROUNDING
from xai.typing import Floats

CHANCES = 1999  # ways to move a map, where there are several draws, that a p-value is counted from


def ranks(values: Floats) -> Floats:
    """(m, n), of each row; values that differ by rounding alone share a rank."""
    from scipy.stats import rankdata  # half a second, on first use

    step = ROUNDING * np.abs(values).max(axis=1, initial=0.0, keepdims=True)
    ranked: Floats = rankdata(np.rint(values / np.where(step > 0, step, 1.0)), axis=1)
    return ranked


def correlations(one: Floats, other: Floats) -> Floats:
    """Pearson's, (m,), of each row of one (m, n) with that of the other; NaN where either is constant."""
    size = spread(one) * spread(other)
    together = ((one - one.mean(axis=1, keepdims=True)) * (other - other.mean(axis=1, keepdims=True))).sum(axis=1)
    return np.where(size > 0, together / np.where(size > 0, size, 1.0), np.nan)


def spread(values: Floats) -> Floats:
    """Norm, (m,), of each row (m, n) less its mean; 0 where that is rounding."""
    norm = np.linalg.norm(values - values.mean(axis=1, keepdims=True), axis=1)
    return np.where(norm > ROUNDING * np.abs(values).max(axis=1, initial=0.0), norm, 0.0)


def mean(values: Floats) -> float:
    """NaN left out; NaN where there is nothing else."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def p_of_likeness(ranked: list[tuple[Floats, Floats]]) -> float:
    """How often a map that was moved is as like the others as it is in its place.

    ranked : pairs of the map's ranks, a row for each draw, (draws, n), and of the draws' maps: say of values, and of their
        sizes. A likeness is the mean of the draws' correlations, of the pair where that is largest.

    The map is moved along the players, and turned round, by itself for each draw: neighbours stay neighbours, so that two
    smooth maps, of a photo say, are not taken for alike because both are smooth, as they would be beside players dealt
    out at random. These 2n moves are a group, so that the test is exact where players can be exchanged. 1 where a map is
    constant.
    """
    n = ranked[0][0].shape[1]
    shifts = (np.arange(n)[:, None] + np.arange(n)) % n
    moves = np.concatenate([shifts, shifts[:, ::-1]])
    each = np.array([[correlations(one[moves], other[None]) for one, other in zip(*two)] for two in ranked])
    each = each[:, np.isfinite(each).all(axis=(0, 2))]  # (pairs, draws, moves)
    draws = each.shape[1]
    if not draws:
        return 1.0
    chosen = np.arange(len(moves))[:, None]
    if draws > 1:
        chosen = np.random.default_rng(0).integers(0, len(moves), (CHANCES + 1, draws))
        chosen[0] = 0
    likeness = each[:, np.arange(draws), chosen].mean(axis=2).max(axis=0)
    return float((likeness >= likeness[0] - ROUNDING).mean())
