"""Which columns of a table a model of somebody's own reads."""

from collections.abc import Hashable

import pandas as pd

from model.own.way import Way
from model.table.columns import Column, profile
from model.table.rows import target_position


def checked(frame: object) -> pd.DataFrame:
    """The frame; TypeError for anything else."""
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"a table must be a pandas DataFrame; got {type(frame).__name__}")
    return frame


def places_of(way: Way, frame: object, target: Hashable | None) -> tuple[list[Column], int | None, list[int]]:
    """(columns of the table, place of the target, places of the model's columns in the model's order)."""
    frame = checked(frame)
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise ValueError(f"two columns of the table are called {twice[0]!r}: rename one")
    if not len(frame):
        raise ValueError("the table has no rows; give at least one, from which absent cells are taken")
    columns = profile(frame)
    at = None if target is None else target_position(columns, target)
    if way.columns is None:
        places = [i for i in range(len(columns)) if i != at]
        if way.width is not None and way.width != len(places):
            raise ValueError(
                f"the model reads {way.width} columns; the table has {len(places)}{' others' if at is not None else ''}: "
                "leave out what it does not read, and name the column to predict"
            )
        return columns, at, places
    known: dict[object, int] = {name: i for i, name in enumerate(frame.columns)}
    missing = [name for name in way.columns if name not in known]
    if missing:
        raise ValueError(f"the table has no column {missing[0]!r}, which the model reads")
    places = [known[name] for name in way.columns]
    if at in places:
        raise ValueError(f"the model reads the column {target!r}: it cannot be the one that it predicts")
    return columns, at, places


def spelt(cells: pd.Series, way: Way) -> pd.Series:
    """False and True as the 0 and 1 that the model calls them."""
    if pd.api.types.is_bool_dtype(cells.dtype) and way.classes == [0, 1] and not isinstance(way.classes[0], bool):
        return cells.astype("Int64")
    return cells


def judged_on(rows: int) -> str:
    """A sentence on the figures of a model that was fitted elsewhere."""
    return f"The figures are of {rows:,} rows of this table, which the model may have been fitted to."
