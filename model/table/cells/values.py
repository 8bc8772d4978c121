"""Cells of any type as texts, and as the numbers or the days that they spell."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from model.files.dates import days
from model.files.numerals import number
from xai.typing import Floats, Ints

_DAY = pd.Timedelta(days=1)
_PER_DAY = {"s": 86400.0, "ms": 86400e3, "us": 86400e6, "ns": 86400e9}
_FEW_CELLS = 8  # up to which looking for equal ones costs more than it saves: a row is encoded for every explanation


def texts_of(cells: pd.Series) -> tuple[list[str], Ints]:
    """Distinct texts of the cells, and for each cell the place of its own, −1 where missing or blank."""
    codes, found = _factorized(cells)
    texts: list[str] = []
    places, place = {}, np.full(len(found) + 1, -1)
    for i, value in enumerate(found):
        text = cell_text(value)
        if text:
            if text not in places:
                places[text] = len(texts)
                texts.append(text)
            place[i] = places[text]
    return texts, place[codes]


def _factorized(cells: pd.Series) -> tuple[Ints, list[Any] | pd.Index]:
    """For each cell the place of its value among the distinct ones (of few cells: all), −1 where missing; and those."""
    if len(cells) <= _FEW_CELLS:
        known = cells.notna().to_numpy()
        return np.where(known, known.cumsum() - 1, -1), cells[known].tolist()
    if cells.dtype == object and pd.api.types.infer_dtype(cells, skipna=True).startswith("mixed"):
        cells = cells.map(cell_text, na_action="ignore")  # True and 1 are equal, their texts are not
    try:
        codes, found = pd.factorize(cells)
    except TypeError:  # lists and the like
        codes, found = pd.factorize(cells.map(str, na_action="ignore"))
    return codes, found.to_numpy(object).tolist() if cells.dtype == "str" else found  # Arrow's own iterator is slow


def cell_text(value: object) -> str:
    """A cell as the text that names its level: 3, 3.0 and " 3" are the same; a duration is its days."""
    if isinstance(value, (timedelta, np.timedelta64)):
        value = pd.Timedelta(value) / _DAY
    if isinstance(value, (float, np.floating)) and value.is_integer():
        value = int(value)
    return str(value).strip()


def numbers(cells: pd.Series, mark: str = ".") -> Floats:
    """float64 (rows,), NaN where missing, infinite or no number. mark : of decimals in texts"""
    values = as_float(cells, mark)
    values[np.isinf(values)] = np.nan
    return values


def as_float(cells: pd.Series, mark: str = ".") -> Floats:
    if pd.api.types.is_timedelta64_dtype(cells.dtype):
        days: Floats = (cells / _DAY).to_numpy(float, na_value=np.nan, copy=True)  # type: ignore[operator] # a known dtype
        return days
    if is_plain(cells):
        return cells.to_numpy(float, na_value=np.nan, copy=True)
    codes, found = _factorized(cells)
    return np.array([_number(value, mark) for value in found] + [np.nan])[codes]


def _number(value: object, mark: str) -> float:
    """The number that a cell is or spells, NaN for none; True and False are 1 and 0."""
    if isinstance(value, (int, float, np.integer, np.floating, np.bool_)) and not isinstance(value, np.timedelta64):
        return float(value)
    text = cell_text(value)
    if text in ("True", "False"):
        return float(text == "True")
    return number(text, mark if isinstance(value, str) else ".")


def is_plain(cells: pd.Series) -> bool:
    """Numbers or booleans that need no reading."""
    kind = cells.dtype
    if isinstance(kind, pd.CategoricalDtype) or pd.api.types.is_complex_dtype(kind):
        return False
    return pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind)


def dates(cells: pd.Series, first: str) -> Floats:
    """Days since 1970-01-01, in UTC where a zone is given, NaN where missing or no date. first : "day" or "month", of 1/2/2013"""
    if isinstance(cells.dtype, pd.PeriodDtype):
        cells = cells.dt.to_timestamp()
    if isinstance(cells.dtype, pd.ArrowDtype):
        cells = cells.astype(object)
    if not pd.api.types.is_datetime64_any_dtype(cells.dtype):
        texts, where = texts_of(cells)
        return np.array([days(text, first) for text in texts] + [np.nan])[where]
    if cells.dt.tz is not None:
        cells = cells.dt.tz_convert("UTC").dt.tz_localize(None)
    moments = cells.to_numpy()
    found: Floats = moments.astype(np.int64) / _PER_DAY[np.datetime_data(moments.dtype)[0]]
    found[np.isnat(moments)] = np.nan
    return found
