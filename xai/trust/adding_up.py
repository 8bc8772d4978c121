"""What share of a game's movement any additive map can explain, by the index's own law, on coalitions that no map saw.

It is a property of the game, not of how well a map was computed: the error of the values at hand, which `truth` knows of,
is taken out. Banzhaf values are the best additive map for uniform coalitions, Shapley values (with both ends held) for
those of the Shapley kernel (`surrogate`).
"""

from dataclasses import dataclass

import numpy as np

from xai.trust.held_out import HeldOut, size_law
from xai.trust.truth import Truth
from xai.typing import Bools, Floats

BOOTSTRAPS = 1000


@dataclass(frozen=True, eq=False)
class Unseen:
    """Coalitions of the index's own law: rows (m, n), weights (m,) that sum to 1, values (m,), v(∅); how many of them, the
    first, no map has seen; whether they are all there are."""

    index: str
    rows: Bools
    weights: Floats
    values: Floats
    empty: float
    unseen: int
    exhaustive: bool


def unseen(index: str, held: HeldOut, values: Floats, empty: float) -> Unseen:
    """Of the law that belongs to the index. values : of that law's coalitions"""
    if index == "banzhaf":
        return Unseen(index, held.uniform, held.uniform_weights, values, empty, held.unseen[0], held.exhaustive)
    return Unseen(index, held.shapley, held.shapley_weights, values, empty, held.unseen[1], held.exhaustive)


def explained(of: Unseen, values: Floats) -> float:
    """R² of a map (n,) as it stands: below 0 where it does worse than the mean."""
    moved = _moved(of.values, of.weights)
    left = of.values - of.rows @ values
    if of.index == "banzhaf":
        return 1.0 - _moved(left, of.weights) / moved if moved > 0 else float("nan")
    return 1.0 - float(of.weights @ np.square(left - of.empty)) / moved if moved > 0 else float("nan")


def share(of: Unseen, true: Truth, seed: int) -> tuple[float, tuple[float, float]]:
    """The share, 0 … 1, and its 95 % interval; NaN where the value does not move.

    A bootstrap over coalitions. What the values at hand explain is a lower end: no additive map explains less than the
    best. The upper end adds what their distance from the true values costs by that law, drawn anew each time: for the
    best map φ and any other, left(φ̂) = left(φ) + distance(φ̂, φ). The share itself adds the typical distance.
    """
    plain = explained(of, true.mean)
    if not np.isfinite(plain) or of.exhaustive and true.exact:
        bounded = float(np.clip(plain, 0.0, 1.0))
        return bounded, (bounded, bounded)
    rng = np.random.default_rng([seed, 3])
    # On coalitions of the fit the distance has no sign: there it is left out.
    distance = _distance(of, true.draws - true.mean) * float(of.weights[: of.unseen].sum())
    left, moved = of.values - of.rows @ true.mean, _moved(of.values, of.weights)
    chosen = rng.choice(len(left), (BOOTSTRAPS, max(of.unseen, 8)), p=of.weights)
    taken = left[chosen]
    kept = taken.var(axis=1, ddof=1) if of.index == "banzhaf" else np.square(taken - of.empty).mean(axis=1)
    spread = np.maximum(of.values[chosen].var(axis=1, ddof=1), 1e-12 * moved)
    low = float(np.quantile(1.0 - kept / spread, 0.025))
    high = float(np.quantile(1.0 - (kept - rng.choice(distance, BOOTSTRAPS)) / spread, 0.975))
    point = plain + float(np.median(distance)) / moved
    point, low, high = np.clip([point, min(low, point), max(high, point)], 0.0, 1.0).tolist()
    return point, (low, high)


def _moved(values: Floats, weights: Floats) -> float:
    mean = float(weights @ values)
    moved = float(weights @ np.square(values - mean))
    return moved if moved > 1e-24 * float(np.abs(values).max(initial=0.0)) ** 2 else 0.0


def _distance(of: Unseen, differences: Floats) -> Floats:
    """Mean square (draws,) over the law's coalitions of what differences (draws, n) of two maps make."""
    squares: Floats = np.square(differences).sum(axis=1)
    if of.index == "banzhaf":
        return squares / 4.0
    n = differences.shape[1]
    sizes, chance = np.arange(n + 1), size_law(n)
    one, two = float(chance @ sizes) / n, float(chance @ (sizes * (sizes - 1))) / (n * max(n - 1, 1))
    found: Floats = one * squares + two * (np.square(differences.sum(axis=1)) - squares)
    return found
