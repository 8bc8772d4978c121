"""One column of a table as it was understood, and how a cell of it becomes a number."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from model.files.dates import days_of_numbers
from model.table.cells.values import dates, numbers, texts_of
from xai.typing import Floats

KINDS = ("number", "boolean", "category", "date", "identifier", "constant", "empty")
UNUSED = ("identifier", "constant", "empty")  # kinds that no model reads; they stay players, whose values are 0
MAX_LEVELS = 200  # of a category; the rarest beyond share one code
READINGS = {  # corrections that also say which of two readings is meant → kind, decimal mark, what stands first in a date
    "number (1,234.5)": ("number", ".", ""),
    "number (1.234,5)": ("number", ",", ""),
    "date (day first)": ("date", ".", "day"),
    "date (month first)": ("date", ".", "month"),
}
CORRECTIONS = (*KINDS, *READINGS)


@dataclass(frozen=True)
class Column:
    """One column as it was understood.

    Attributes
    ----------
    label : its name, made unique among the table's;  name : as the frame has it
    kind : one of KINDS;  missing, distinct : counts over the rows seen; a text that is no number, in numbers, is missing
    levels : of a category, its texts, the most frequent first
    note : what a user should know, sentences or ""
    mark : before the decimals of numbers written as text;  first : "day" or "month", of dates written as 1/2/2013
    serial : how numbers stand for dates (`model.files.dates.numbers_as_dates`), "" for not at all
    otherwise : of an identifier, the kind it is of if it is read
    readings : corrections that fit its cells as well, where nothing tells which is meant
    """

    label: str
    name: object
    kind: str
    missing: int
    distinct: int
    levels: list[str] = field(default_factory=list)
    note: str = ""
    mark: str = "."
    first: str = "month"
    serial: str = ""
    otherwise: str = ""
    readings: tuple[str, ...] = ()

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
        if self.kind == "date" and not self.serial:
            return dates(cells, self.first)
        values = numbers(cells, self.mark)
        return days_of_numbers(values, self.serial) if self.serial else values
