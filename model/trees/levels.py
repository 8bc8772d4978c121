"""Which level of a file's category a cell of a table is: by value and type, never by its place in the table."""

import numpy as np
import pandas as pd

from model.table.columns import cell_text
from xai.typing import Floats, Ints


class Levels:
    """The levels of one category. A cell is the level that equals it; else the one of the same number or the same text."""

    def __init__(self, levels: tuple[object, ...]) -> None:
        self.exact: dict[object, int] = {}
        self.numbers: dict[object, list[int]] = {}
        self.texts: dict[str, list[int]] = {}
        for i, level in enumerate(levels):
            if not isinstance(level, (str, int, float)):
                raise ValueError(f"the model has a category with the level {level!r}, which is neither a text nor a number")
            self.exact.setdefault(_key(level), i)
            number = _number(level)
            if number is not None:
                self.numbers.setdefault(number, []).append(i)
            self.texts.setdefault(str(level).strip(), []).append(i)

    def code(self, cell: object) -> int:
        """Its level's place, −1 where it is none. ValueError where two levels would do equally well."""
        found = self.exact.get(_key(cell))
        if found is not None:
            return found
        number = _number(cell)
        by_text, by_number = self.texts.get(str(cell).strip(), []), self.numbers.get(number, []) if number is not None else []
        for same in (by_text, by_number):
            if len(same) > 1:
                raise ValueError(
                    f"two levels of the model could be the cell {cell!r}: give the column as texts, as the model had it"
                )
            if same:
                return same[0]
        return -1

    def codes(self, cells: pd.Series) -> Floats:
        """Places of many cells, NaN where missing and for what is no level."""
        distinct, where = distinct_cells(cells)
        codes = np.array([self.code(cell) for cell in distinct] + [-1], float)
        codes[codes < 0] = np.nan
        return codes[where]

    def known(self, cells: pd.Series) -> tuple[int, int, list[object]]:
        """(cells that are levels, cells that are not missing, some cells that are no level)."""
        distinct, where = distinct_cells(cells)
        is_level = np.array([self.code(cell) >= 0 for cell in distinct], bool)
        counts = np.bincount(where[where >= 0], minlength=len(distinct))
        return int(counts[is_level].sum()), int(counts.sum()), [cell for cell, ok in zip(distinct, is_level) if not ok][:3]


def distinct_cells(cells: pd.Series) -> tuple[list[object], Ints]:
    """The different cells, True apart from 1 and "1", and the place of each cell's among them, −1 where missing or blank."""
    places: dict[object, int] = {}
    found: list[object] = []
    where = np.full(len(cells), -1)
    if cells.dtype != object and len(cells) > 1:
        codes, values = pd.factorize(cells)
        small, at = distinct_cells(pd.Series(np.array([*values, None], object)[:-1], dtype=object))
        return small, np.append(at, -1)[codes]
    for i, (cell, gone) in enumerate(zip(cells.tolist(), cells.isna())):
        if gone or isinstance(cell, str) and not cell.strip():
            continue
        key = _key(cell)
        if key not in places:
            places[key] = len(found)
            found.append(cell)
        where[i] = places[key]
    return found, where


def _key(cell: object) -> tuple[str, object]:
    if isinstance(cell, (bool, np.bool_)):
        return "bool", bool(cell)
    if isinstance(cell, (int, float, np.integer, np.floating)) and not isinstance(cell, np.timedelta64):
        return "number", cell.item() if isinstance(cell, np.generic) else cell
    return "text", cell if isinstance(cell, str) else cell_text(cell)


def _number(cell: object) -> object:
    """The number that a cell is or spells, True and False being 1 and 0; None for none."""
    kind, value = _key(cell)
    if kind != "text":
        return int(value) if kind == "bool" else value  # type: ignore[call-overload]  # a bool
    text = str(value).strip()
    if text.lower() in ("true", "false"):
        return int(text.lower() == "true")
    for read in (int, float):
        try:
            found = read(text) if "_" not in text else None
        except ValueError:
            continue
        return found if found == found else None
    return None
