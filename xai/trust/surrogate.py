"""How well a map, read as an additive surrogate of the game, foretells the values of given coalitions.

For Banzhaf values the surrogate is E v + Σ φ_i (z_i − ½), E v over uniform coalitions, estimated by the mean of
v − Σ φ_i (z_i − ½) over those judged; for Shapley values v(∅) + Σ φ_i z_i. Nothing else is fitted to what is judged.
Banzhaf values are the best additive surrogate for uniform coalitions, Shapley values (with both ends held) for those of
the Shapley kernel: each is judged by both laws.
"""

from dataclasses import dataclass

import numpy as np

from xai.compare.agreement import without_rounding
from xai.trust.held_out import HeldOut
from xai.typing import Floats, Ints

BEST_LAW = {"banzhaf": "uniform", "shapley": "shapley"}  # where each index is the best additive surrogate


@dataclass(frozen=True)
class Measure:
    """LDS and R² of one map on coalitions of one law, with jackknife standard errors; NaN where undefined.

    lds : Spearman's correlation of v(S) and Σ_{i∈S} φ_i (TRAK, Park et al. 2023; ContextCite, section 3), weighted
    r2 : 1 − Σ w (v − v̂)² / Σ w (v − v̄)²; below 0 where the map does worse than the mean
    lds_error, r2_error : 0 where all coalitions were judged
    """

    lds: float
    lds_error: float
    r2: float
    r2_error: float


def measures(
    index: str, values: Floats, empty: float, held: HeldOut, uniform: Floats, shapley: Floats
) -> tuple[Measure, Measure]:
    """The map `values` (n,) by both laws; `uniform`, `shapley`: v of the coalitions of `held`; `empty`: v(∅)."""
    values = np.asarray(values)
    start = float(held.uniform_weights @ (uniform - held.uniform @ values)) if index == "banzhaf" else empty
    laws = (held.uniform, uniform, held.uniform_weights), (held.shapley, shapley, held.shapley_weights)
    first, second = (_measure(v, start, rows @ values, w, held.exhaustive) for rows, v, w in laws)
    return first, second


def _measure(v: Floats, start: float, sums: Floats, weights: Floats, exhaustive: bool) -> Measure:
    used = weights > 0
    v, sums, weights = v[used], sums[used], weights[used]
    noise = 1e-12 * max(np.abs(v).max(initial=0.0), abs(start))
    if len(v) < 2 or np.ptp(v) <= noise:
        return Measure(*[float("nan")] * 4)

    def both(rows: Ints) -> tuple[float, float]:
        w = weights[rows] / weights[rows].sum()
        spread = w @ np.square(v[rows] - w @ v[rows])
        left = w @ np.square(v[rows] - start - sums[rows])
        return weighted_spearman(v[rows], sums[rows], w), 1.0 - left / spread if spread > 0 else np.nan

    lds, r2 = both(np.arange(len(v)))
    if exhaustive:
        return Measure(float(lds), 0.0, float(r2), 0.0)
    left_out = np.array([both(np.delete(np.arange(len(v)), i)) for i in range(len(v))])
    spread = np.square(left_out - left_out.mean(axis=0)).sum(axis=0)
    lds_error, r2_error = np.sqrt(spread * (len(v) - 1) / len(v))
    return Measure(float(lds), float(lds_error), float(r2), float(r2_error))


def weighted_spearman(x: Floats, y: Floats, weights: Floats) -> float:
    """Correlation of weighted mid-ranks; Spearman's for equal weights, NaN where x or y is constant."""
    ranks = [_ranks(without_rounding(values), weights) for values in (x, y)]
    centred = [rank - weights @ rank for rank in ranks]
    spreads = [weights @ np.square(rank) for rank in centred]
    if min(spreads) <= 1e-15:
        return float("nan")
    return float(np.clip(weights @ (centred[0] * centred[1]) / np.sqrt(spreads[0] * spreads[1]), -1.0, 1.0))


def _ranks(values: Floats, weights: Floats) -> Floats:
    """The weight below each value and half of that at it."""
    _, where = np.unique(values, return_inverse=True)
    at = np.bincount(where, weights)
    return (np.cumsum(at) - at / 2.0)[where]
