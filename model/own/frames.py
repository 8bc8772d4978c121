"""Rows of a table as a model of somebody's own takes them: with the columns' own types, mixed cell by cell."""

from typing import Any

import numpy as np
import pandas as pd

from model.table.columns import Column, cell_text


def as_typed(template: pd.DataFrame, columns: list[Column], frame: pd.DataFrame, at: list[int]) -> pd.DataFrame:
    """Rows with names and types of the template's columns; column i is the frame's column at[i].

    ValueError for a cell that its column's type cannot hold, such as a text that is none of its categories.
    """
    cells = [_typed(frame.iloc[:, place], dtype, column.label) for place, dtype, column in zip(at, template.dtypes, columns)]
    return _frame(cells, template)


def _typed(cells: pd.Series, dtype: Any, label: str) -> Any:
    if cells.dtype == dtype:
        return cells.array
    if pd.api.types.is_object_dtype(dtype):
        return cells.astype(object).array
    known = cells.notna().to_numpy()
    same, kept = np.ones(len(cells), bool), cells
    if isinstance(dtype, pd.CategoricalDtype):
        same = ~known | cells.astype(object).isin(dtype.categories).to_numpy()
        kept = cells.where(same)  # pandas would make others missing, with a warning
    try:
        typed = kept.astype(object).where(known, np.nan).astype(dtype)
    except (ValueError, TypeError, OverflowError):
        bad = int(np.argmin(known))
    else:
        if cells.dtype.kind not in "iuf" or not pd.api.types.is_float_dtype(dtype):  # a number may be rounded
            held = known & same
            same[held] = [bool(one == other) for one, other in zip(cells[held], typed[held])]
        same &= typed.notna().to_numpy() == known
        if same.all():
            return typed.array
        bad = int(np.argmin(same))
    told = "a missing cell" if not known[bad] else repr(cell_text(cells.iloc[bad]))
    of = "categories of the table's rows" if isinstance(dtype, pd.CategoricalDtype) else f"cells of type {dtype}"
    raise ValueError(f"the column {label!r} takes {of} only; got {told}")


def _frame(cells: list[Any], template: pd.DataFrame) -> pd.DataFrame:
    found = pd.DataFrame(dict(enumerate(cells)))
    found.columns = template.columns
    return found
