"""Cells of a row among background rows: which rows a function is asked for when some columns are absent."""

from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from xai.typing import Bools, Ints

if TYPE_CHECKING:
    from pandas import DataFrame, Series


class ArrayCells:
    """Of an array (rows, n). labels : of the n columns;  rows : of the background"""

    def __init__(self, row: Any, background: Any) -> None:
        table = np.asarray(background)
        if table.ndim != 2 or not table.size:
            raise ValueError(f"background must be an array or frame of shape (rows, n); got shape {table.shape}")
        self.rows, n = table.shape
        named = row.columns if hasattr(row, "columns") else row.index if hasattr(row, "iloc") else row
        numbers, keeps = table.dtype.kind in "biuf", hasattr(row, "iloc") or isinstance(row, Mapping)
        self.labels = [str(name) for name in named] if keeps else [f"column {i}" for i in range(n)]
        cells = np.array([*row.values()] if isinstance(row, Mapping) else row, dtype=object)
        if cells.size != n or cells.ndim > 2:
            raise ValueError(f"row has shape {cells.shape}, and background has {n} columns: one cell for each is needed")
        cells = cells.reshape(n)
        if numbers and not all(isinstance(cell, Real | np.bool_) for cell in cells):
            raise ValueError(f"background holds numbers, and row does not: {cells.tolist()}")
        if numbers:
            own = np.array(cells.tolist())
            cells = own.astype(table.dtype if table.dtype.kind == "f" else np.result_type(table, own))
        self._cells = cells
        self._table = table if numbers else table.astype(object)

    def mixed(self, present: Bools) -> Any:
        """The rows (m · rows, n) of coalitions (m, n) one after the other, each beside every background row."""
        return np.where(np.repeat(present, self.rows, axis=0), self._cells, np.tile(self._table, (len(present), 1)))


class FrameCells:
    """Of a data frame, whose columns keep their types."""

    def __init__(self, row: Any, background: "DataFrame") -> None:
        if not background.size or not background.columns.is_unique:
            raise ValueError("background must have rows, and columns of different names")
        self.rows, self.labels, self._names = len(background), [str(name) for name in background.columns], background.columns
        cells = _by_name(row, list(background.columns))
        self._columns = [_with_cell(background[name], cell).array for name, cell in cells.items()]

    def mixed(self, present: Bools) -> "DataFrame":
        """As `ArrayCells.mixed`, a frame."""
        from pandas import DataFrame

        behind: Ints = np.tile(np.arange(self.rows), len(present))
        here = np.repeat(present, self.rows, axis=0)
        found = DataFrame({i: column.take(np.where(here[:, i], self.rows, behind)) for i, column in enumerate(self._columns)})
        found.columns = self._names
        return found


def _by_name(row: Any, names: list[Any]) -> dict[Any, Any]:
    """The row's cell of each column; by place where the row has no names."""
    if hasattr(row, "columns"):
        if len(row) != 1:
            raise ValueError(f"row is a frame of {len(row)} rows; one is explained at a time")
        row = {name: row[name].iloc[0] for name in row.columns}
    elif hasattr(row, "iloc"):
        row = dict(zip(row.index, row))
    elif not isinstance(row, Mapping):
        cells = [*row]
        if len(cells) != len(names):
            raise ValueError(f"row has {len(cells)} cells, and background has {len(names)} columns: one cell for each is needed")
        row = dict(zip(names, cells))
    if set(row) != set(names):
        raise ValueError(f"row and background differ in the columns {sorted(map(str, set(row) ^ set(names)))}")
    return {name: row[name] for name in names}


def _with_cell(column: "Series[Any]", cell: Any) -> "Series[Any]":
    """The column and below it the cell, in the column's type; a wider type of numbers where the cell needs it."""
    from pandas import Series, concat
    from pandas.api.types import is_bool_dtype, is_numeric_dtype, is_object_dtype

    below = Series([cell], name=column.name)
    if is_object_dtype(column.dtype):
        return concat([column, below.astype(object)], ignore_index=True)
    empty, categories = bool(below.isna()[0]), getattr(column.dtype, "categories", None)
    same = empty or categories is None or cell in categories
    try:
        typed = below.astype(object) if empty else below  # a missing cell has no time zone of its own
        kept = typed.astype(column.dtype) if same else below
        same = same and bool(kept.isna()[0] if empty else kept[0] == cell)
    except (TypeError, ValueError, OverflowError):
        same = False
    if same:
        return concat([column, kept], ignore_index=True)
    if is_numeric_dtype(column.dtype) and is_numeric_dtype(below.dtype) and not is_bool_dtype(column.dtype):
        return concat([column, below], ignore_index=True)
    raise ValueError(f"the cell {cell!r} of the row does not fit the column {column.name!r}, which holds {column.dtype}")
