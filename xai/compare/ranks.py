"""Which ranks a budget can tell apart: two players are separable where their difference exceeds its 95 % interval."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from xai.attribution import Attribution
from xai.exchange.map import Map
from xai.typing import Bools, Floats, Ints

QUANTILE = 1.959963984540054  # of the normal law: 95 % between −QUANTILE and +QUANTILE
ROUNDING = 1e-12  # differences below this, relative to the largest value, are rounding


def one_column(attribution: Map, who: str) -> tuple[Floats, Floats]:
    """Values and standard errors (n,), NaN where there are none; ValueError for several output columns."""
    values, error = attribution.values, attribution.standard_error
    if values.ndim != 1:
        raise ValueError(f"{who} one value per player; got {values.shape[1]} output columns: call attribution.combine(weights)")
    return values, np.full(len(values), np.nan) if error is None else error


@dataclass(frozen=True)
class Ranks:
    """What `separable` found, for one output column.

    Attributes
    ----------
    order : (n,) players from the greatest value to the least
    pairs : (n, n) bool, pairs[i, j]: the values of players i and j differ by more than the 95 % interval of their
        difference
    steps : (n − 1,) bool, steps[r]: every player of rank ≤ r is separable from every player of rank > r, so that the
        first r + 1 players are who they seem (though not always in this order)
    """

    order: Ints
    pairs: Bools
    steps: Bools


def separable(attribution: Attribution) -> Ranks:
    """Which ranks of an attribution with values (n,) are more than noise at this budget.

    The errors of two players are taken as independent, so the interval of a difference is ±1.96·√(se_i² + se_j²). Each
    pair is judged by itself: of twenty pairs that are truly equal, one is called separable on average. Players whose
    error is unknown (NaN, or no standard errors at all) are separable from none. For several output columns, `combine`
    them first; ValueError otherwise.
    """
    values, error = one_column(attribution, "ranks need")
    order = np.argsort(-values, kind="stable")
    difference = np.abs(values[:, None] - values)
    allowance = QUANTILE * np.hypot(error[:, None], error) + ROUNDING * np.abs(values).max(initial=0.0)
    pairs = np.isfinite(allowance) & (difference > allowance)
    ranked = pairs[np.ix_(order, order)]
    steps = np.array([ranked[: r + 1, r + 1 :].all() for r in range(len(values) - 1)], bool)
    return Ranks(order, pairs, steps)


class Bracket(NamedTuple):
    """A tie to draw beside ranks first … last (from 0, both included); brackets of one lane do not overlap."""

    first: int
    last: int
    lane: int


def ties(attribution: Attribution, by: str = "size") -> tuple[Ints, list[Bracket]]:
    """Players in order, and brackets around those whose order is not separable.

    by : "size" (the largest |value| first) or "value" (the greatest value first). Returns the order (n,) and the
    brackets from the top down. The two ends of a bracket are not separable; two players that share no
    bracket are. Between the ends there may be players that are separable from one another where errors differ much.
    """
    if by not in ("size", "value"):
        raise ValueError(f"by must be 'size' or 'value'; got {by!r}")
    if by == "size":
        attribution = replace(attribution, values=np.abs(attribution.values))
    found = separable(attribution)
    tied = ~found.pairs[np.ix_(found.order, found.order)]
    n, reached, brackets = len(tied), 0, []
    ends: list[int] = []
    for first in range(n - 1):
        last = int(np.flatnonzero(tied[first])[-1])
        if last > max(first, reached):
            lane = next((lane for lane, end in enumerate(ends) if end < first), len(ends))
            ends[lane:] = [last, *ends[lane + 1 :]]
            brackets.append(Bracket(first, last, lane))
            reached = last
    return found.order, brackets


def certain_top(attribution: Attribution) -> int:
    """How many of the first ranks by |value| are certain: each separable from every player after it."""
    found = separable(replace(attribution, values=np.abs(attribution.values)))
    apart = found.pairs[np.ix_(found.order, found.order)]
    open_ = [r for r in range(len(apart)) if not apart[r, r + 1 :].all()]
    return open_[0] if open_ else len(apart)
