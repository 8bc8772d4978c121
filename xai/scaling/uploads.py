"""Tables that a user uploads: from the text of a file to named columns of numbers, with one sentence for what is wrong.

Rows are counted from 1 below the header; lines as an editor counts them.
"""

import csv
import io
import re

import numpy as np

MAX_ROWS = 10_000
LARGEST = 1e100  # of a number: squares of larger ones leave what a float can hold
_DELIMITERS = (",", ";", "\t")
_AMOUNT = re.compile(r"([+-]?(?:[1-9]\d{0,2}(?:[, _]\d{3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d+)?) ?([KMBT]?)", re.IGNORECASE)
_UNITS = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


def read_table(content: str | bytes) -> dict[str, list[str]]:
    """Columns of a table separated by commas, semicolons or tabs, whose first line names them; cells are stripped text.

    Empty lines are skipped. ValueError for anything that is not such a table.
    """
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError("the file is not text in UTF-8: save the table as CSV") from error
    content = content.removeprefix("\ufeff")
    header = next((line for line in content.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=header.count)
    try:
        read = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
        rows = [(read.line_num, [cell.strip() for cell in row]) for row in read if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ValueError(f"the file cannot be read as CSV ({error}): save the table as CSV") from error
    if len(rows) < 2:
        raise ValueError("the table has no rows: give a first line with the columns' names and one line for each run")
    if len(rows) > MAX_ROWS + 1:
        raise ValueError(f"the table has {len(rows) - 1} rows; at most {MAX_ROWS} are read: leave some out")
    rows = _without_empty_columns(rows)
    names = rows[0][1]
    for name in names:
        if not name or names.count(name) > 1:
            raise ValueError(f"every column needs a name of its own; got {name!r} {names.count(name)} times")
    for line, row in rows[1:]:
        if len(row) != len(names):
            raise ValueError(f"line {line} has {len(row)} cells under {len(names)} column names: give one for each")
    return {name: [row[i] for _, row in rows[1:]] for i, name in enumerate(names)}


def plain(name: str) -> str:
    """A column's name in small letters, whatever else than letters and digits it has as single underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def numbers(name: str, cells: list[str], read=float) -> np.ndarray:
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


def _without_empty_columns(rows):
    """Spreadsheets write columns without name and cells at the end of every line."""
    width = max((i + 1 for _, row in rows for i, cell in enumerate(row) if cell), default=0)
    return [(line, row[:width] if not any(row[width:]) else row) for line, row in rows]
