"""Columns that give the target away: whoever knows their cell knows the target, in the table at hand."""

import numpy as np
import pandas as pd

from model.table.cells.column import Column
from model.table.target import Target
from xai.typing import Floats

LEAST = 10  # rows from which on agreement is no chance


def giveaways(frame: pd.DataFrame, columns: list[Column], at: list[int], goal: Target, y: Floats) -> dict[str, str]:
    """Label → a sentence, for each column that is one-to-one with the target.

    at : where each column stands in the frame;  y (rows,) : the target, as `goal` encodes it

    Of a column and a target whose values come again, each value of the one must go with one of the other. Where all are
    different that says nothing; then the numbers of both must stand in the same order, or in the opposite one.
    """
    found = {}
    for column, i in zip(columns, at):
        if not column.used:
            continue
        x = column.encode(frame.iloc[:, i])
        known = ~np.isnan(x) & ~np.isnan(y)
        if known.sum() < LEAST:
            continue
        xs, own = np.unique(x[known], return_inverse=True)
        ys, theirs = np.unique(y[known], return_inverse=True)
        if len(xs) != len(ys) or len(xs) < 2:
            continue
        pairs = len(np.unique(own * len(ys) + theirs))
        if 2 * len(xs) <= known.sum() and pairs == len(xs):
            found[column.label] = f"Each of its values goes with one of {goal.label!r} and no other: it gives the target away."
            continue
        ordered = column.kind != "category" and goal.kind == "regression" and pairs == len(xs) >= LEAST
        if ordered and ((own == theirs).all() or (own == len(ys) - 1 - theirs).all()):
            found[column.label] = f"Its order is exactly that of {goal.label!r}: it gives the target away."
    return found
