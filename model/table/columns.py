"""What is in each column of a table, and how a cell of it becomes a number."""

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from xai.typing import Floats, Ints

KINDS = ("number", "boolean", "category", "date", "identifier", "constant", "empty")
UNUSED = ("identifier", "constant", "empty")  # kinds that no model reads; they stay players, whose values are 0
MAX_LEVELS = 200  # of a category; the rarest beyond share one code
_READABLE = 0.95  # share of texts that must be numbers (or dates) for their column to be one of numbers (or dates)
_DATE_FORMATS = ("ISO8601", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y")
_DATE_LIKE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(\D.*)?")
_ID_NAME = re.compile(r"(?i:(^|[^a-z])(id|uuid|guid)$|^(index|unnamed: \d+)$)|[a-z]I[Dd]$")
_DAY = pd.Timedelta(days=1)
_FEW_CELLS = 8  # up to which looking for equal ones costs more than it saves: a row is encoded for every explanation


@dataclass(frozen=True)
class Column:
    """One column as it was understood.

    Attributes
    ----------
    label : its name, made unique among the table's;  name : as the frame has it
    kind : one of KINDS;  missing, distinct : counts over the rows seen
    levels : of a category, its texts, the most frequent first
    date_format : of dates written as text
    note : what a user should know, one sentence or ""
    """

    label: str
    name: object
    kind: str
    missing: int
    distinct: int
    levels: list[str] = field(default_factory=list)
    date_format: str | None = None
    note: str = ""

    @property
    def used(self) -> bool:
        """Does a model read it?"""
        return self.kind not in UNUSED

    @property
    def codes(self) -> int:
        """Of a category, how many codes its cells have: one per level and one for any other text."""
        return len(self.levels) + 1

    @cached_property
    def _places(self) -> dict[str, int]:
        return {level: i for i, level in enumerate(self.levels)}

    def encode(self, cells: pd.Series) -> Floats:
        """float64 (rows,), NaN where missing: a number as it is, a boolean 0 or 1, a date in days since 1970, a level's
        place in `levels` (a text that is none of them: their number). A column that no model reads gives zeros."""
        if not self.used:
            return np.zeros(len(cells))
        if self.kind == "category":
            texts, where = texts_of(cells)
            codes = np.array([self._places.get(text, len(self.levels)) for text in texts] + [np.nan])
            return codes[where]
        return _dates(cells, self.date_format) if self.kind == "date" else numbers(cells)


def profile(frame: pd.DataFrame, kinds: Mapping[Any, str] | None = None) -> list[Column]:
    """What every column of a table is, by its cells; `kinds` (label or name → kind) corrects it.

    Raises TypeError for what is no frame, ValueError for a kind or a column that does not exist.
    """
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"a table must be a pandas DataFrame; got {type(frame).__name__}")
    labels, kinds = unique_labels(frame.columns), dict(kinds or {})
    names = dict(zip(labels, frame.columns))
    for key, kind in kinds.items():
        if kind not in KINDS:
            raise ValueError(f"the kind of a column must be one of {list(KINDS)}; got {kind!r} for {key!r}")
        if key not in names and key not in names.values():
            raise ValueError(f"the table has no column {key!r} whose kind could be {kind!r}")
    columns = []
    for i, label in enumerate(labels):
        wanted = kinds.get(label, kinds.get(names[label]))
        column = replace(_understood(frame.iloc[:, i], label, wanted), name=names[label])
        if str(names[label]) != label and not isinstance(names[label], tuple):
            column = replace(column, note=_joined(f"Another column is called {names[label]!r} too.", column.note))
        columns.append(column)
    return columns


def unique_labels(names: Iterable[Hashable]) -> list[str]:
    """Names as text; the second "a" becomes "a (2)", a blank one says its place."""
    labels: list[str] = []
    texts = [" / ".join(map(str, name)) if isinstance(name, tuple) else str(name).strip() for name in names]
    for i, text in enumerate(texts):
        label, number = text or f"column {i + 1}", 2
        while label in labels or (number > 2 and label in texts):
            label, number = f"{text or f'column {i + 1}'} ({number})", number + 1
        labels.append(label)
    return labels


def _understood(cells: pd.Series, label: str, wanted: str | None) -> Column:
    if _is_plain(cells) and wanted != "category":  # no text of a million numbers
        texts: list[str] = []
        where = np.where(cells.isna(), -1, 0)
        distinct = int(cells.nunique())
    else:
        texts, where = texts_of(cells)
        distinct = len(texts)
    rows, missing = len(cells), int((where < 0).sum())
    kind, note, date_format = _kind_of(cells, texts)
    if kind == "number" and np.isinf(_as_float(cells)).any():
        note = _joined(note, "Infinite numbers count as missing.")
    if distinct == 0:
        kind, note = "empty", "Every cell is missing; the model does not read it."
    elif distinct == 1 and not missing:
        kind, note = "constant", "Every cell is the same; the model does not read it."
    elif kind in ("number", "category") and _is_identifier(cells, kind, label, distinct, rows - missing):
        kind, note = "identifier", "Nearly every row has its own value; the model does not read it."
    if wanted is not None and wanted != kind:
        kind, note = wanted, ""
        date_format = _date_format(texts) if wanted == "date" else None
    levels = []
    if kind == "category":
        counts = np.bincount(where[where >= 0], minlength=distinct)
        levels = [texts[i] for i in np.lexsort((np.array(texts, object), -counts))[:MAX_LEVELS]]
        if distinct > MAX_LEVELS:
            note = _joined(note, f"It has {distinct} levels; the rarest {distinct - MAX_LEVELS} are taken as one.")
    return Column(label, label, kind, missing, distinct, levels, date_format, note)


def _kind_of(cells: pd.Series, texts: list[str]) -> tuple[str, str, str | None]:
    """Kind, note and date format by the column's type, or by what its texts can be read as."""
    kind = cells.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return "category", "", None
    if isinstance(kind, pd.PeriodDtype) or pd.api.types.is_datetime64_any_dtype(kind):
        return "date", "", None
    if pd.api.types.is_timedelta64_dtype(kind):
        return "number", "Durations are read in days.", None
    if _is_plain(cells):
        return "boolean" if pd.api.types.is_bool_dtype(kind) else "number", "", None
    inner = pd.api.types.infer_dtype(cells, skipna=True)
    if inner == "boolean":
        return "boolean", "", None
    if inner in ("datetime", "datetime64", "date"):
        return "date", "", None
    read = np.isfinite([_number(text) for text in texts]) if texts else np.zeros(0, bool)
    if len(read) and read.mean() >= _READABLE:
        bad = [text for text, ok in zip(texts, read) if not ok]
        note = f"Texts that are no numbers, such as {bad[0]!r}, count as missing." if bad else ""
        return "number", note, None
    date_format = _date_format(texts)
    if date_format:
        read_as = "" if date_format == "ISO8601" else f"Dates are read as {date_format}."
        return "date", read_as, date_format
    mixed = "Numbers and texts are mixed; each is taken as a text." if read.any() and inner.startswith("mixed") else ""
    return "category", mixed, None


def _is_identifier(cells: pd.Series, kind: str, label: str, distinct: int, present: int) -> bool:
    if kind == "category":
        return not isinstance(cells.dtype, pd.CategoricalDtype) and distinct >= 0.9 * present >= 9
    values = numbers(cells)
    values = np.sort(values[~np.isnan(values)])
    if distinct < present or present < 10 or (values != np.round(values)).any():
        return False
    return bool(_ID_NAME.search(label)) or (present >= 50 and (np.diff(values) == 1).all())


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
        return np.where(cells.isna(), -1, np.arange(len(cells))), cells.tolist()
    if cells.dtype == object and pd.api.types.infer_dtype(cells, skipna=True).startswith("mixed"):
        cells = cells.map(cell_text, na_action="ignore")  # True and 1 are equal, their texts are not
    try:
        return pd.factorize(cells)
    except TypeError:  # lists and the like
        return pd.factorize(cells.map(str, na_action="ignore"))


def cell_text(value: object) -> str:
    """A cell as the text that names its level: 3, 3.0 and " 3" are the same; a duration is its days."""
    if isinstance(value, (timedelta, np.timedelta64)):
        value = pd.Timedelta(value) / _DAY
    if isinstance(value, (float, np.floating)) and value.is_integer():
        value = int(value)
    return str(value).strip()


def numbers(cells: pd.Series) -> Floats:
    values = _as_float(cells)
    values[np.isinf(values)] = np.nan
    return values


def _as_float(cells: pd.Series) -> Floats:
    if pd.api.types.is_timedelta64_dtype(cells.dtype):
        days: Floats = (cells / _DAY).to_numpy(float, na_value=np.nan, copy=True)  # type: ignore[operator] # a known dtype
        return days
    if _is_plain(cells):
        return cells.to_numpy(float, na_value=np.nan, copy=True)
    codes, found = _factorized(cells)
    return np.array([_number(value) for value in found] + [np.nan])[codes]


def _number(value: object) -> float:
    """The number that a cell is or spells, NaN for none; True and False are 1 and 0."""
    if isinstance(value, (int, float, np.integer, np.floating, np.bool_)) and not isinstance(value, np.timedelta64):
        return float(value)
    text = cell_text(value)
    if text in ("True", "False"):
        return float(text == "True")
    try:
        return float(text) if "_" not in text else np.nan
    except ValueError:
        return np.nan


def _is_plain(cells: pd.Series) -> bool:
    """Numbers or booleans that need no reading."""
    kind = cells.dtype
    if isinstance(kind, pd.CategoricalDtype) or pd.api.types.is_complex_dtype(kind):
        return False
    return pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind)


def _date_format(texts: list[str]) -> str | None:
    """The first format that reads nearly all of the texts as dates; None if none does."""
    sample = texts[:1000]
    if not sample or np.mean([bool(_DATE_LIKE.fullmatch(text)) for text in sample]) < _READABLE:
        return None
    read = {name: _parsed(sample, name).notna().mean() for name in _DATE_FORMATS}
    best = max(_DATE_FORMATS, key=lambda name: read[name])
    return best if read[best] >= _READABLE else None


def _parsed(texts: list[str], date_format: str) -> pd.Series:
    found = pd.to_datetime(pd.Series(texts, dtype=object), format=date_format, errors="coerce", utc=True)
    return found.dt.tz_localize(None)


def _dates(cells: pd.Series, date_format: str | None) -> Floats:
    """Days since 1970-01-01, in UTC where a zone is given."""
    if isinstance(cells.dtype, pd.PeriodDtype):
        cells = cells.dt.to_timestamp()
    if not pd.api.types.is_datetime64_any_dtype(cells.dtype):
        texts, where = texts_of(cells)
        parsed = _parsed(texts, date_format or "ISO8601").fillna(_parsed(texts, "ISO8601"))  # a text, or a date itself
        return np.append(((parsed - pd.Timestamp(0)) / _DAY).to_numpy(float, na_value=np.nan), np.nan)[where]
    if cells.dt.tz is not None:
        cells = cells.dt.tz_convert("UTC").dt.tz_localize(None)
    return np.asarray(((cells - pd.Timestamp(0)) / _DAY).to_numpy(float, na_value=np.nan), np.float64)


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
