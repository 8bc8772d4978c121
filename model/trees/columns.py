"""A table's columns as a model's file reads them: numbers, and categories as the levels or codes of the file."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from model.table.columns import Column, cell_text, numbers
from model.trees.file import Field
from model.trees.levels import Levels, distinct_cells
from xai.typing import Floats

_READABLE = 0.95  # share of a column's cells that must be what the model reads
_MOSTLY = 0.5  # share of numbers outside the range of the training that is said
_PAIRS = (("no", "yes"), ("n", "y"))  # texts that are read as 0 and 1, which is said; True and False are so anyway


@dataclass(frozen=True)
class FileColumn(Column):
    """A column as the file reads it.

    own : the file's levels, whose places are the codes; None for numbers and for cells that are codes themselves
    missing_value : a number that counts as missing;  most : a code from here on does;  least : a code down from here does
    pair : the two texts that are 0 and 1
    """

    own: tuple[object, ...] | None = None
    missing_value: float = float("nan")
    pair: tuple[str, str] | None = None
    most: float = float("inf")
    least: float = float("-inf")

    @cached_property
    def _levels(self) -> Levels:
        return Levels(self.own or ())

    def encode(self, cells: pd.Series) -> Floats:
        """float64 (rows,), NaN where missing and for a text that is no level; infinite numbers stay what they are."""
        values = self._levels.codes(cells) if self.own is not None else _numbers(cells, self.pair)
        beyond = np.isfinite(self.most) & (values >= self.most) | np.isfinite(self.least) & (values <= self.least)
        values[(values == self.missing_value) | beyond] = np.nan
        return values


def understood(field: Field, column: Column, cells: pd.Series, missing: float = float("nan"), codes: bool = False) -> FileColumn:
    """One column as the file reads it; ValueError with one sentence where its cells cannot be that.

    codes : of a category in a frame of pandas' categories, the frame's own codes are what the model was given (XGBoost)
    """
    own = {name: getattr(column, name) for name in ("label", "name", "missing", "distinct")}
    if field.levels is not None:
        return _of_levels(field.levels, own, cells)
    if isinstance(cells.dtype, pd.CategoricalDtype) and field.kind == "category" and codes:
        levels = tuple(cells.cat.categories.tolist())
        note = f"The file does not name its levels: pandas' own codes of this column are used, 0 for {levels[0]!r} and so on."
        return replace(_of_levels(levels, own, cells), note=note, most=field.most)
    if pd.api.types.is_datetime64_any_dtype(cells.dtype) or column.kind == "date":
        raise ValueError(f"the column {column.label!r} holds dates, and the model reads numbers: give it as the model had it")
    pair = _pair(cells, field)
    values = _numbers(cells, pair)
    given = ~cells.isna().to_numpy()
    if not pd.api.types.is_numeric_dtype(cells.dtype):
        given &= np.array([not (isinstance(cell, str) and not cell.strip()) for cell in cells], bool)
    bad = given & np.isnan(values)
    if bad.sum() > (1 - _READABLE) * given.sum():
        told = f"the column {column.label!r} holds texts such as {str(cells[bad].iloc[0])[:40]!r}"
        if field.kind == "category":
            raise ValueError(f"{told}, but the model's file does not say which number each has")
        raise ValueError(f"{told}, and the model reads numbers there: is it another column?")
    notes = [f"The texts {pair[0]!r} and {pair[1]!r} are read as 0 and 1."] if pair else []
    if bad.any():
        notes.append(f"Texts that are no numbers, such as {str(cells[bad].iloc[0])[:40]!r}, count as missing.")
    used = values[~np.isnan(values) & (values != missing)]
    if field.kind == "category":
        least = float("-inf") if codes else -1.0  # LightGBM's trees send codes below 0 where they send missing ones
        if (used <= least).any():
            notes.append("Codes below 0 count as missing, as in LightGBM.")
        _check_codes(field, column.label, used[used > least], codes)
        return FileColumn(**own, kind="number", note=" ".join(notes), missing_value=missing, most=field.most, least=least)
    outside = float(np.mean((used < field.low) | (used > field.high))) if len(used) else 0.0
    if outside > _MOSTLY:
        notes.append(
            f"{outside:.0%} of its cells lie outside {field.low:.4g} … {field.high:.4g}, the range that the model was trained "
            "on: is it this column, in this unit?"
        )
    kind = "boolean" if column.kind == "boolean" else "number"
    texts = [cell_text(cell) for cell in distinct_cells(cells)[0]] if pair else []
    kind = "category" if pair else kind
    return FileColumn(**own, kind=kind, levels=texts, note=" ".join(notes), missing_value=missing, pair=pair)


def _of_levels(levels: tuple[object, ...], own: dict[str, object], cells: pd.Series) -> FileColumn:
    known, given, others = Levels(levels).known(cells)
    if known < _READABLE * given:
        told = ", ".join(repr(cell_text(cell))[:40] for cell in others)
        said = ", ".join(repr(cell_text(level))[:40] for level in levels[:5]) + ", …" * (len(levels) > 5)
        raise ValueError(f"the column {own['label']!r} holds {told}, and the model's levels are {said}: is it another column?")
    note = ""
    if known < given:
        told = repr(cell_text(others[0])[:40])
        note = f"{given - known} of {given} cells, such as {told}, are no level of the model and count as missing."
    texts = [cell_text(level) for level in levels]
    return FileColumn(**own, kind="category", levels=texts, note=note, own=levels)  # type: ignore[arg-type]  # of a Column


def fits(levels: list[object], cells: pd.Series) -> bool:
    """Could the column be the one of these levels?"""
    try:
        known, given, _ = Levels(tuple(levels)).known(cells)
    except ValueError:
        return False
    return known >= _READABLE * given


def _check_codes(field: Field, label: str, used: Floats, from_zero: bool) -> None:
    """ValueError where a column cannot be codes: no whole numbers, other ones than the model knows, or not from 0 on.

    from_zero : the file knows some of the codes only, so that other numbers would pass for them
    """
    if (used < 0).any() or (used % 1 != 0).any():
        raise ValueError(f"the column {label!r} is a category of the model and must hold whole numbers from 0 on")
    distinct, known = set(np.unique(used).astype(int).tolist()), field.codes or frozenset()
    if from_zero:
        within = 0 in distinct and max(distinct) <= max(known, default=-1)
        if distinct and not within and distinct != set(range(len(distinct))):
            raise ValueError(
                f"the model's file does not say which of its categories each number of {label!r} is: give the column as the "
                "codes 0, 1, 2 … that XGBoost was given, with none left out"
            )
    elif known and len(used) and np.mean(np.isin(used, list(known))) < _READABLE:
        others = sorted(distinct - known)
        raise ValueError(
            f"the column {label!r} holds the category {others[0]}, and the model knows {', '.join(map(str, sorted(known)[:8]))}"
        )


def _pair(cells: pd.Series, field: Field) -> tuple[str, str] | None:
    """The two texts of a column that are 0 and 1 by everybody's custom, where the model's numbers are these."""
    if pd.api.types.is_numeric_dtype(cells.dtype) or field.kind == "category" or field.low < 0 or field.high > 1:
        return None
    texts = distinct_cells(cells)[0]
    if not texts or len(texts) > 2 or not all(isinstance(cell, str) for cell in texts):
        return None
    return next((pair for pair in _PAIRS if {str(cell).strip().lower() for cell in texts} <= set(pair)), None)


def _numbers(cells: pd.Series, pair: tuple[str, str] | None) -> Floats:
    if pair is not None:
        return np.array([_place(cell, pair) for cell in cells], float)
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(cells.cat.categories.dtype if not cells.isna().any() else object)
    values = numbers(cells)
    if pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype):
        given = cells.to_numpy(float, na_value=np.nan)
        return np.where(np.isinf(given), given, values)
    infinite = [isinstance(cell, (float, np.floating)) and bool(np.isinf(cell)) for cell in cells]
    values[infinite] = [float(cell) for cell, is_infinite in zip(cells, infinite) if is_infinite]
    return values


def _place(cell: object, pair: tuple[str, str]) -> float:
    if isinstance(cell, str) and cell.strip().lower() in pair:
        return float(pair.index(cell.strip().lower()))
    return float(numbers(pd.Series([cell], dtype=object))[0])
