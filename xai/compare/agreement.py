"""How far two attributions of one input agree: in the order of the players, in the top few, and player by player."""

from dataclasses import dataclass

import numpy as np

from xai.compare.ranks import ROUNDING, one_column
from xai.exchange.map import Map
from xai.typing import Floats, Ints

TOP = (1, 3, 5)


@dataclass(frozen=True)
class Agreement:
    """What `agreement` found.

    Attributes
    ----------
    spearman, kendall : rank correlations of the signed values (Kendall's τ_b), −1 … 1; NaN where a map is constant
    overlap : {k: share of the k players of largest |value| that both maps name}, for k = 1, 3, 5 below n
    difference : (n,) values of the first minus those of the second, in the units of the game
    standard_error : (n,) of the difference, √(se_a² + se_b²); NaN where either is unknown
    in_errors : (n,) difference over its standard error: 0 where they are equal, ±inf where exact values differ
    most : (n,) players from the largest |difference| to the least
    """

    spearman: float
    kendall: float
    overlap: dict[int, float]
    difference: Floats
    standard_error: Floats
    in_errors: Floats
    most: Ints

    # Measured over 60 seeds on three networks of ten players, 100 evaluations, one ledger: the spread of the difference
    # is 0.3 ("walsh" for both) to 0.5 ("auto") of what independence says, and 1.0 for "kernel" beside "kernelshap".
    assumption = (
        "The errors of the two maps are taken as independent. Where maps share coalitions, their errors move together, "
        "and the difference is known better than stated here."
    )


def agreement(a: Map, b: Map) -> Agreement:
    """Compare two attributions, or other maps, with values (n,) of the same players; `combine` several output columns first.

    Spearman's and Kendall's correlations are of the signed values, players that are equal up to rounding count as
    tied; the top k are by |value|, of equal players the first. `Agreement.assumption` says what the standard errors
    take for granted. ValueError where the two are not of the same players, or have several columns.
    """
    (first, first_error), (second, second_error) = (one_column(one, "agreement needs") for one in (a, b))
    if a.labels != b.labels:
        raise ValueError(
            f"the two attributions are of different players ({len(a.labels)} and {len(b.labels)}, or other labels); "
            "only maps of one input can be compared"
        )
    x, y = without_rounding(first), without_rounding(second)
    difference, error = first - second, np.hypot(first_error, second_error)
    noise = ROUNDING * max(np.abs(first).max(initial=0.0), np.abs(second).max(initial=0.0))
    difference = np.where(np.abs(difference) <= noise, 0.0, difference)
    with np.errstate(divide="ignore", invalid="ignore"):
        in_errors = np.where(difference == 0, 0.0, difference / error)
    overlap = {k: _overlap(x, y, k) for k in TOP if k < len(x)}
    most = np.argsort(-np.abs(difference), kind="stable")
    return Agreement(*rank_correlations(x, y), overlap, difference, error, in_errors, most)


def rank_correlations(x: Floats, y: Floats) -> tuple[float, float]:
    """Spearman's correlation and Kendall's τ_b of two arrays (n,); NaN where either is constant."""
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan"), float("nan")
    from scipy.stats import kendalltau, rankdata  # half a second, on first use

    spearman = np.corrcoef(rankdata(x), rankdata(y))[0, 1]
    return float(np.clip(spearman, -1.0, 1.0)), float(kendalltau(x, y).statistic)


def without_rounding(values: Floats) -> Floats:
    """Values over their largest |value|, to twelve digits: players that differ by rounding only become equal."""
    largest = np.abs(values).max(initial=0.0)
    return np.round(values / largest, 12) if largest > 0 else np.zeros(len(values))


def _overlap(x: Floats, y: Floats, k: int) -> float:
    first, second = (set(np.argsort(-np.abs(values), kind="stable")[:k].tolist()) for values in (x, y))
    return len(first & second) / k
