"""Cells of a table that a user brought, as numbers, with one sentence for what is wrong. Rows are counted from 1."""

import re
from collections.abc import Callable

import numpy as np

from xai.typing import Floats

LARGEST = 1e100  # of a number: squares of larger ones leave what a float can hold
_AMOUNT = re.compile(r"([+-]?(?:[1-9]\d{0,2}(?:[, _]\d{3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d+)?) ?([KMBT]?)", re.IGNORECASE)
_UNITS = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


def plain(name: str) -> str:
    """A column's name in small letters, whatever else than letters and digits it has as single underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def numbers(name: str, cells: list[str], read: Callable[[str], float] = float) -> Floats:
    """The cells of a column as float64; ValueError for the first that is no finite number.

    read : from a cell to its number, ValueError where it is none: `float`, or `amount` for sizes
    """
    values = np.empty(len(cells))
    for i, cell in enumerate(cells):
        where = f"row {i + 1} of column {name!r}"
        if not cell:
            raise ValueError(f"{where}: the cell is empty: fill it in, or leave that row out")
        try:
            values[i] = read(cell)
        except ValueError as error:
            raise ValueError(f"{where}: {cell!r} is not a number; write numbers as 12.5 or 3e9") from error
        if not abs(values[i]) <= LARGEST:
            raise ValueError(f"{where}: {cell!r} is not finite; leave that row out")
    return values


def amount(text: str) -> float:
    """A size as people write it: "1e12", "300 B", "2,000,000"; ValueError for anything else.

    A comma is read between groups of three digits only: 1,5 could be meant as fifteen or as one and a half.
    """
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a size")
    return float(re.sub("[, _]", "", found[1])) * _UNITS[found[2].upper()]
