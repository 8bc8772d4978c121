"""Of which kind a column is, by its type or by what its texts can be read as; what is open in it is told by the others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from model.files.codes import why_texts, words_note
from model.files.dates import NAMED, Order, days, has_shape, numbers_as_dates, order_of
from model.files.numerals import MARKS, Numerals, currencies, judge, number, settle, shares_note
from model.table.cells.column import MAX_LEVELS, READINGS, Column
from model.table.cells.unread import why_unread
from model.table.cells.values import as_float, cell_text, is_plain, numbers, texts_of
from xai.typing import Floats, Ints

_READABLE = 0.95  # share of texts that must be numbers (or dates) for their column to be one of numbers (or dates)
_FEW_TEXTS = 10  # numbers that one text without a digit among them does not make texts
_NOTHING = {
    *("-", "--", "–", "—", ".", "..", "...", "*", "?", "n.a.", "n/a", "na", "n.d.", "nd", "none", "null", "nil", "nan", "<na>"),
    *(
        "unknown",
        "missing",
        "not available",
        "(blank)",
        "k.a.",
        "k. a.",
        "#ref!",
        "#value!",
        "#div/0!",
        "#name?",
        "#num!",
        "#n/a",
    ),
}


@dataclass(frozen=True)
class Seen:
    """A column on its way: its distinct texts, none of plain numbers, and how those texts write numbers and dates.

    where (rows,) : the place of each cell's text, −1 where missing;  distinct : how many values;  wanted : a correction
    numerals, order : of columns of texts;  sure : whether a column, or its neighbours, tell the decimal mark
    """

    cells: pd.Series
    label: str
    wanted: str | None
    texts: list[str]
    where: Ints
    distinct: int
    numerals: Numerals | None = None
    order: Order | None = None
    mark: str = "."
    sure: bool = True
    note: str = ""

    @classmethod
    def of(cls, cells: pd.Series, label: str, wanted: str | None) -> "Seen":
        if is_plain(cells) and wanted != "category":  # no text of a million numbers
            return cls(cells, label, wanted, [], np.where(cells.isna(), -1, 0), int(cells.nunique()))
        texts, where = texts_of(cells)
        found = cls(cells, label, wanted, texts, where, len(texts))
        if not (cells.dtype == object or pd.api.types.is_string_dtype(cells.dtype)) or isinstance(
            cells.dtype, pd.CategoricalDtype
        ):
            return found
        spelt = texts  # without those of cells that are numbers or dates themselves
        if cells.dtype == object and _hashable(cells):
            written = {cell_text(value) for value in cells.dropna().unique() if isinstance(value, str)}
            spelt = [text for text in texts if text in written]
        return replace(found, numerals=judge(spelt), order=order_of(texts))

    @property
    def counts(self) -> Ints:
        """How many cells hold each text."""
        return np.bincount(self.where[self.where >= 0], minlength=len(self.texts))

    @property
    def kind(self) -> str | None:
        """The kind that a correction says, without the reading it adds."""
        return READINGS.get(self.wanted, (self.wanted,))[0] if self.wanted else None


def _hashable(cells: pd.Series) -> bool:
    try:
        cells.unique()
    except TypeError:
        return False
    return True


def compared(columns: list[Seen], told: Mapping[Any, Any]) -> list[Seen]:
    """What a column's own cells leave open is read as in the others; `told` is what the reader of the file found."""
    marks, notes, usual = told.get("marks", {}), told.get("notes", {}), told.get("decimal", ".")
    settled = settle([column.numerals for column in columns], comma=told.get("delimiter") != ",")
    orders = [column.order for column in columns if column.order]
    firsts = {order.first for order in orders if order.told and order.first and not (order.clash or order.turned)}
    found = []
    for column, numerals in zip(columns, settled):
        order = column.order
        if order and order.first and not order.told and len(firsts) == 1:
            order = Order(next(iter(firsts)), True, order.short)
        mark = marks.get(column.label, "") or (numerals.mark if numerals else "")
        sure = bool(mark) or not (numerals and numerals.open)
        if not mark:
            mark = "," if numerals and usual == "," and any("," in text for text in numerals.open) else "."
        if column.wanted in READINGS:
            _, mark, first = READINGS[column.wanted]
            sure, order = True, Order(first or "month", True, bool(order and order.short))
        found.append(replace(column, numerals=numerals, order=order, mark=mark, sure=sure, note=notes.get(column.label, "")))
    return found


def understood(seen: Seen) -> Column:
    rows, missing = len(seen.cells), int((seen.where < 0).sum())
    column = Column(seen.label, seen.label, "category", missing, seen.distinct, mark=seen.mark)
    if seen.distinct == 0:
        column = replace(column, kind="empty", note="Every cell is missing; the model does not read it.")
    elif seen.distinct == 1 and not missing:
        column = replace(column, kind="constant", note="Every cell is the same; the model does not read it.")
    else:
        column = _by_cells(seen, column)
    if seen.kind is not None and (seen.kind != column.kind or seen.wanted in ("category", *READINGS)):
        column = replace(column, kind=seen.kind, missing=missing, note="", serial="", readings=())
        column = {"number": _as_numbers, "date": _as_dates}.get(column.kind, lambda _, it: it)(seen, column)
    elif seen.kind is None and column.kind in ("number", "category"):
        left_out, why = why_unread(seen.cells, column.kind, seen.label, seen.texts, rows - missing)
        note = joined(column.note, why)
        column = replace(column, kind="identifier", otherwise=column.kind, note=note) if left_out else replace(column, note=note)
    if column.kind != "category":
        return column
    texts, counts = seen.texts, seen.counts
    levels = [texts[i] for i in np.lexsort((np.array(texts, object), -counts))[:MAX_LEVELS]]
    if seen.distinct > MAX_LEVELS:
        more = f"It has {seen.distinct} levels; the rarest {seen.distinct - MAX_LEVELS} are taken as one."
        column = replace(column, note=joined(column.note, more))
    return replace(column, levels=levels)


def _by_cells(seen: Seen, column: Column) -> Column:
    """The kind by the column's type, or by what its texts can be read as."""
    cells, kind, texts = seen.cells, seen.cells.dtype, seen.texts
    if isinstance(kind, pd.CategoricalDtype):
        return column
    arrow = str(kind) if isinstance(kind, pd.ArrowDtype) else ""
    if isinstance(kind, pd.PeriodDtype) or pd.api.types.is_datetime64_any_dtype(kind) or arrow.startswith(("date", "timestamp")):
        return replace(column, kind="date")
    if pd.api.types.is_timedelta64_dtype(kind) or arrow.startswith("duration"):
        return replace(column, kind="number", note="Durations are read in days.")
    inner = "" if is_plain(cells) else pd.api.types.infer_dtype(cells, skipna=True)
    if inner == "boolean" or pd.api.types.is_bool_dtype(kind):
        return replace(column, kind="boolean")
    if not inner:
        likely = NAMED.search(seen.label) and numbers_as_dates(numbers(cells), False)
        return _as_dates(seen, column) if likely else _as_numbers(seen, column)
    if inner in ("datetime", "datetime64", "date"):
        return _as_dates(seen, column)
    read, are_numbers = _numbers_among(seen)
    if are_numbers:
        units = sorted(currencies(texts)) if seen.numerals else []
        if seen.numerals and seen.numerals.clash:
            one, other = seen.numerals.clash
            note = f"{one!r} has a decimal point, {other!r} a decimal comma: each is taken as a text."
            return replace(column, note=note)
        if len(units) > 1:
            return replace(column, note=f"Its amounts are in {' and '.join(units[:4])}: each is taken as a text.")
        if seen.numerals and (why := why_texts(seen.numerals.read, seen.label)):
            return replace(column, note=why)
        return _as_numbers(seen, column)
    if seen.order is not None and (seen.order.clash or seen.order.turned):
        advice = "Write all in one order, years in four digits, or choose which cells are dates."
        note = f"{_clash(seen.order)}: each is taken as a text. {advice}"
        return replace(column, note=note, readings=tuple(READINGS)[2:])
    found = [days(text, seen.order.first) for text in texts] if seen.order else []
    if found and 2 * np.isnan(found).sum() <= len(texts):
        return _as_dates(seen, column)
    mixed = "Numbers and texts are mixed; each is taken as a text." if read and inner.startswith("mixed") else ""
    return replace(column, note=mixed)


def _numbers_among(seen: Seen) -> tuple[int, bool]:
    """(how many of the texts are numbers, whether these make the column one of numbers). Words for nothing do not count."""
    texts = seen.texts
    blank = [text for text in texts if text.casefold() in _NOTHING]
    if seen.cells.dtype == "str" and seen.numerals is None and not blank:
        return 0, False  # most are none
    bad = [text for text in texts if np.isnan(number(text, seen.mark))]
    read, words = len(texts) - len(bad), [text for text in bad if text.casefold() not in _NOTHING]
    word = len(words) == 1 and read >= _FEW_TEXTS and not any(map(str.isdigit, words[0]))
    mostly = word or read >= _READABLE * (read + len(words))
    return read, read > 0 and mostly and (len(words) == len(bad) or read > 2)


def _as_numbers(seen: Seen, column: Column) -> Column:
    """What there is to say of a column of numbers; of a clash of two readings, which they are."""
    values = as_float(seen.cells, seen.mark)
    infinite, unread = int(np.isinf(values).sum()), int((np.isnan(values) & (seen.where >= 0)).sum())
    notes = [seen.note]
    if unread:
        bad = next(text for text in seen.texts if np.isnan(number(text, seen.mark)))
        notes.append(
            f"{_cells(unread)} that {'is no number' if unread == 1 else 'are no numbers'}, such as {bad!r}, "
            f"{_count(unread)} as missing."
        )
    if infinite:
        notes.append(f"{_cells(infinite)} with an infinite number {_count(infinite)} as missing.")
    notes += [shares_note(seen.texts, seen.mark), words_note(seen.numerals.read if seen.numerals else [])]
    readings: tuple[str, ...] = ()
    if not seen.sure and seen.numerals:
        text, readings = seen.numerals.open[0], tuple(READINGS)[:2]
        one, other = (f"{number(text, mark):g}" for mark in sorted(MARKS, key=lambda mark: mark != seen.mark))
        notes.append(f"Nothing tells whether {text} is {one} or {other}: it is read as {one}; correct it where that is wrong.")
    note = joined(column.note, *notes)
    return replace(column, kind="number", missing=column.missing + infinite + unread, note=note, readings=readings)


def _as_dates(seen: Seen, column: Column) -> Column:
    """What there is to say of a column of dates, and in which order day and month stand."""
    order = seen.order or Order("month", True)
    column = replace(column, kind="date", first=order.first or "month")
    notes: list[str] = []
    readings: tuple[str, ...] = ()
    if is_plain(seen.cells):
        values = numbers(seen.cells)
        serial = numbers_as_dates(values, True)
        column = replace(column, serial=serial)
        known = values[~np.isnan(values)]
        told = {"Excel": "Excel's count of days", "seconds": "seconds since 1970", "milliseconds": "milliseconds since 1970"}
        if len(known):
            notes.append(f"Its numbers are read as {told.get(serial, serial)}: {known[0]:.0f} is {_day_of(column, known[:1])}.")
    unread = int((np.isnan(column.encode(seen.cells)) & (seen.where >= 0)).sum())
    if unread:
        found = column.encode(pd.Series(seen.texts, dtype=object)) if seen.texts else np.zeros(0)
        bad = next((f", such as {text!r}," for text, day in zip(seen.texts, found) if np.isnan(day)), "")
        notes.append(f"{_cells(unread)} that {'is no date' if unread == 1 else 'are no dates'}{bad} {_count(unread)} as missing.")
    if order.clash or order.turned:
        notes.append(f"{_clash(order)}: the {order.first} is read first.")
        readings = tuple(READINGS)[2:]
    elif order.first and seen.texts:
        example = next((text for text in seen.texts if days(text, "day") != days(text, "month") and has_shape(text)), "")
        if order.told:
            notes.append(f"The {order.first} is read first.")
        elif example:
            notes.append(f"Nothing tells whether day or month stands first in {example}: the {order.first} is read first.")
            readings = tuple(READINGS)[2:]
    if order.short and seen.texts:
        notes.append("Years of two digits are read as 1969 to 2068.")
    return replace(column, missing=column.missing + unread, note=joined(*notes), readings=readings)


def _clash(order: Order) -> str:
    if order.turned:
        return f"{order.turned!r} may have the year first or the day, and two digits do not tell which"
    day, month = order.clash or ("", "")
    return f"{day!r} can have the day first only, {month!r} the month first only, and no order reads both"


def _day_of(column: Column, value: Floats) -> str:
    day = column.encode(pd.Series(value))[0]
    return "no date" if np.isnan(day) else str(np.datetime64(0, "D") + int(np.floor(day)))


def _cells(count: int) -> str:
    return f"{count:,} cell{'s' * (count > 1)}"


def _count(count: int) -> str:
    return "count" if count > 1 else "counts"


def joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
