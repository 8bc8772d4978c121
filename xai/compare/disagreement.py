"""Where two value functions disagree about the same players: opposite signs beyond their errors, and other orders.

Cross-entropy and BLEU have different units, so only signs and orders can be compared. That the two can point in
opposite directions is the finding of Isik et al. (arXiv 2402.04177) for pre-training data.
"""

from dataclasses import dataclass

import numpy as np

from xai.attribution import Attribution
from xai.compare.ranks import QUANTILE, one_column
from xai.typing import Floats


@dataclass(frozen=True)
class Disagreement:
    """opposite : labels of the players that one calls helpful and the other harmful, both beyond their 95 % interval.

    spearman : rank correlation of the two, NaN where one of them is constant or there are fewer than three players
    text : the same in sentences
    """

    opposite: list[str]
    spearman: float
    text: str


def disagreement(first: Attribution, second: Attribution, names: tuple[str, str]) -> Disagreement:
    """Compare two attributions (n,) of the same players by value functions called `names`; ValueError for others."""
    if first.labels != second.labels or first.values.ndim != 1 or second.values.ndim != 1:
        raise ValueError("compare two attributions of the same players with one value each; combine the columns first")
    signs = _sure_signs(first), _sure_signs(second)
    opposed = np.flatnonzero(signs[0] * signs[1] < 0)
    spearman = _rank_correlation(first.values, second.values)
    sentences = [
        f"“{first.labels[i]}” {_helps(signs[0][i])} by {names[0]} and {_helps(signs[1][i])} by {names[1]}." for i in opposed
    ]
    if not len(opposed):
        sentences = [f"{names[0]} and {names[1]} nowhere point in opposite directions beyond their errors."]
    if np.isfinite(spearman):
        sentences.append(f"Their orders correlate with {spearman:+.2f} (Spearman).")
    top = [labels.labels[int(np.nanargmax(labels.values))] for labels in (first, second)]
    if top[0] != top[1]:
        sentences.append(f"Worth most: “{top[0]}” by {names[0]}, “{top[1]}” by {names[1]}.")
    return Disagreement([first.labels[i] for i in opposed], spearman, " ".join(sentences))


def _sure_signs(attribution: Attribution) -> Floats:
    """+1 or −1 where a value's 95 % interval leaves 0 out, else 0; 0 for an unknown error."""
    values, error = one_column(attribution, "signs need")
    allowance = QUANTILE * error + 1e-12 * np.abs(values).max(initial=0.0)
    return np.where(np.abs(values) > allowance, np.sign(values), 0.0)


def _rank_correlation(first: Floats, second: Floats) -> float:
    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    from scipy.stats import spearmanr  # half a second, on first use

    return float(spearmanr(first, second).statistic)


def _helps(sign: float) -> str:
    return "helps" if sign > 0 else "harms"
