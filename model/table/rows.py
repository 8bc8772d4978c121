"""Rows as users give them: a frame, a Series or a dict, whose columns are found by name."""

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from model.table.columns import Column, unique_labels
from xai.typing import Floats

Rows = pd.DataFrame | pd.Series | dict[Any, Any]  # or one row


def as_frame(rows: Rows) -> pd.DataFrame:
    """A frame of rows; one row's cells keep their own types. TypeError for what is no row."""
    if isinstance(rows, pd.DataFrame):
        return rows
    if not isinstance(rows, (pd.Series, dict)):
        raise TypeError(f"rows must be a DataFrame, or one row as a Series or a dict; got {type(rows).__name__}")
    names = list(rows.index if isinstance(rows, pd.Series) else rows)
    cells = np.empty((1, len(names)), object)
    for i, cell in enumerate(rows if isinstance(rows, pd.Series) else rows.values()):
        cells[0, i] = cell
    return pd.DataFrame(cells, columns=pd.Index(names, dtype=object, tupleize_cols=False))


def encode(columns: list[Column], frame: pd.DataFrame, at: list[int]) -> Floats:
    """Cells as numbers, float64 (rows, columns): column i of `columns` is the frame's column at[i]."""
    out, series = np.empty((len(frame), len(columns))), [cells for _, cells in frame.items()]
    for i, column in enumerate(columns):
        out[:, i] = column.encode(series[at[i]])
    return out


def positions(columns: list[Column], names: Iterable[Hashable]) -> list[int]:
    """Where each column stands among `names` of another frame, the k-th of equal names the k-th; or ValueError."""
    names = list(names)
    by_name: dict[Hashable, list[int]] = {}
    taken: set[int] = set()
    by_label, found = dict(zip(unique_labels(names), range(len(names)))), []
    for i, name in enumerate(names):
        by_name.setdefault(name, []).append(i)
    for column in columns:
        fits = [i for i in (*by_name.get(column.name, []), by_label.get(column.label)) if i is not None and i not in taken]
        if not fits:
            raise ValueError(f"the row has no column {column.label!r}; it needs every column the model was fitted with")
        taken.add(fits[0])
        found.append(fits[0])
    return found


def target_position(columns: list[Column], target: Hashable) -> int:
    """Which column is the target, by its name or its label. ValueError for none, or for a name of two columns."""
    same = [i for i, column in enumerate(columns) if column.name == target]
    if len(same) > 1:
        raise ValueError(f"{len(same)} columns are called {target!r}; rename the one to predict")
    same = same or [i for i, column in enumerate(columns) if column.label == target]
    if not same:
        names = ", ".join(column.label for column in columns[:8]) + ", …" * (len(columns) > 8)
        raise ValueError(f"the table has no column {target!r} to predict; it has {names}")
    return same[0]
