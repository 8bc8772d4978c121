"""Insertion and deletion curves: how the value moves when players come, or go, in the order a map gives them.

Players are added to the empty coalition, or taken from the full one, from the greatest (signed) value down. A good
order raises the insertion curve early and lowers the deletion curve early, so the area under the first is large and
under the second small (RISE, Petsiuk, Das & Saenko 2018, section 4.2, there for pixels).
"""

from dataclasses import dataclass

import numpy as np

from xai.typing import Bools, Floats, Ints


@dataclass(frozen=True)
class Curves:
    """Values in the units of the game at the counts of `counts_of`, and their areas over the share of players, 0 … 1.

    insertion : with the first c players present;  deletion : with the first c players absent
    """

    insertion: list[float]
    deletion: list[float]
    insertion_auc: float
    deletion_auc: float


def counts_of(n: int, points: int) -> Ints:
    """How many players have come at each point: from 0 to n, about `points` steps, the same seen from either end."""
    lower = np.linspace(0, n, min(n, points) + 1).astype(int)
    lower = lower[2 * lower <= n]
    return np.unique(np.concatenate([lower, n - lower]))


def order_of(values: Floats) -> Ints:
    """Players from the greatest value down."""
    return np.argsort(-np.asarray(values), kind="stable")


def steps_of(order: Ints, counts: Ints) -> Bools:
    """Coalitions (2·len(counts), n): the first c players of `order` present for each c, then the same absent."""
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    rows = place < counts[:, None]
    return np.concatenate([rows, ~rows])


def curves_of(values: Floats, counts: Ints) -> Curves:
    """Curves from the values of `steps_of`."""
    insertion, deletion = np.split(values, 2)
    return Curves(insertion.tolist(), deletion.tolist(), area(insertion, counts), area(deletion, counts))


def area(heights: Floats, counts: Ints) -> float:
    """Area under a curve over the share of players, 0 … 1: its mean height, by the trapezoid rule."""
    return float(np.trapezoid(heights, counts / counts[-1]))


def random_curves(values: Floats, counts: Ints) -> tuple[Curves, float]:
    """Mean curves of random orders and the standard deviation of their areas, from insertion values (orders, points).

    Each order stands for its reverse as well, whose deletion curve passes through the same coalitions from the other
    end: hence no coalition is asked for deletion, and both areas are equal, as they are on average over all orders.
    """
    mean = values.mean(axis=0)
    areas = [area(heights, counts) for heights in values]
    spread = float(np.std(areas, ddof=1)) if len(areas) > 1 else float("nan")
    return curves_of(np.concatenate([mean, mean[::-1]]), counts), spread
