"""What really was, beside what a model says: the residual of every row, its place among all, what the row was used for."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from model.table.model import TableModel
from xai.typing import Bools, Floats, Ints

BINS = 10  # of a calibration, at most
_Z = 1.96  # standard errors on either side of a 95 % interval


@dataclass(frozen=True, eq=False)
class Truth:
    """Actual and predicted target of the rows of a table.

    actual (rows,) : the number, or the place of the class; NaN where the cell is missing
    predicted (rows,) : numbers, or (rows, classes) probabilities
    used : "trained", "watched" and "held out" → rows of the table that were; empty where nobody knows
    """

    actual: Floats
    predicted: Floats
    used: dict[str, Ints]

    @property
    def known(self) -> Bools:
        return ~np.isnan(self.actual)

    @property
    def classes(self) -> bool:
        return self.predicted.ndim == 2

    @cached_property
    def given(self) -> Floats:
        """(rows,) the probability that was given to the class that was; NaN where not known."""
        place = np.nan_to_num(self.actual).astype(int)
        return np.where(self.known, self.predicted[np.arange(len(place)), place], np.nan)

    @cached_property
    def residual(self) -> Floats:
        """(rows,) actual less predicted number, or 1 less the probability of the class that was; NaN where not known."""
        return 1.0 - self.given if self.classes else self.actual - self.predicted

    @cached_property
    def _badness(self) -> Floats:
        """The same order as sizes of residuals, but 1 − 1e-20 and 1 − 1e-30 are two numbers here."""
        return -self.given if self.classes else np.abs(self.residual)

    @cached_property
    def places(self) -> Ints:
        """(rows,) 1 for the row with the largest residual; equal ones share the first of their places; 0 where not known."""
        from scipy.stats import rankdata

        places = np.zeros(len(self.actual), int)
        places[self.known] = rankdata(-self._badness[self.known], method="min")
        return places

    def worst(self, most: int) -> Ints:
        """Rows from the worst predicted on; of equal ones the first in the table first."""
        order = np.argsort(np.where(self.known, self.places, len(self.places) + 1), kind="stable")
        return order[: min(most, int(self.known.sum()))]

    @cached_property
    def use(self) -> list[str]:
        """What each row was used for; "" where nobody knows, or it has no target."""
        found = [""] * len(self.actual)
        for name, rows in self.used.items():
            for row in rows:
                found[row] = name
        return found


def truth_of(model: TableModel, frame: pd.DataFrame, cells: pd.Series) -> Truth:
    """frame : the table that the model was fitted to, or read for;  cells : its target"""
    margin, chances = model.predict(frame)
    predicted = chances if chances is not None else model.answers(margin)
    return Truth(model.target.encode(cells), predicted, model.used)


class Bin(NamedTuple):
    """Rows that were given about the same probability: its mean, the share that was so, a 95 % interval of that share."""

    given: float
    share: float
    low: float
    high: float
    rows: int


def calibration(chance: Floats, happened: Bools, bins: int = BINS) -> list[Bin]:
    """Rows in bins of about equal number, from the least probability to the largest; equal ones are in one bin.

    The interval is Wilson's (J. Am. Stat. Assoc. 22, 1927), which stays within 0 and 1.
    """
    edges = np.unique(np.quantile(chance, np.arange(1, bins) / bins)) if len(chance) else np.zeros(0)
    where, found = np.digitize(chance, edges), []
    for place in np.unique(where):
        rows = where == place
        n, share = int(rows.sum()), float(happened[rows].mean())
        middle, half = share + _Z**2 / (2 * n), _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
        low, high = ((middle + sign * half) / (1 + _Z**2 / n) for sign in (-1, 1))
        ends = max(0.0, min(share, float(low))), min(1.0, max(share, float(high)))  # rounding may put a share of 0 outside
        found.append(Bin(float(chance[rows].mean()), share, *ends, n))
    return found
