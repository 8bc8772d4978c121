"""What a comparison says of its own calls: what stopping saved, and what those of the right map told that were not free."""

from ui.draw.sentences import apart, spared
from ui.runs.comparison import Comparison
from xai import agreement


def spent(comparison: Comparison, weights: list[float] | None = None) -> list[str]:
    """Sentences, none where there is nothing to say. weights : (k,) of the output columns"""
    paid = sum(one.evaluations + one.reused for one in comparison.maps[:1]) + sum(one.evaluations for one in comparison.maps[1:])
    lines = [spared(comparison.saved, paid)]
    if (free := comparison.beside) is not None:
        one, own = free.combine(weights or comparison.weights), comparison.focused(weights)[1]
        lines.append(apart(one, own, agreement(one, own)))
    return [line for line in lines if line]
