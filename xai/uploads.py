"""Tables that a user uploads: from the text of a file to named columns of numbers, with one sentence for what is wrong.

Rows are counted from 1 below the header; lines as an editor counts them.
"""

import csv
import io

import numpy as np

MAX_ROWS = 10_000
_DELIMITERS = (",", ";", "\t")


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
    names = rows[0][1]
    for name in names:
        if not name or names.count(name) > 1:
            raise ValueError(f"every column needs a name of its own; got {name!r} {names.count(name)} times")
    for line, row in rows[1:]:
        if len(row) != len(names):
            raise ValueError(f"line {line} has {len(row)} cells under {len(names)} column names: give one for each")
    return {name: [row[i] for _, row in rows[1:]] for i, name in enumerate(names)}


def numbers(name: str, cells: list[str]) -> np.ndarray:
    """The cells of a column as float64; ValueError for the first that is no finite number."""
    values = np.empty(len(cells))
    for i, cell in enumerate(cells):
        try:
            values[i] = float(cell)
        except ValueError as error:
            what = f"{cell!r} is not a number" if cell else "the cell is empty"
            raise ValueError(f"row {i + 1} of column {name!r}: {what}; write numbers as 12.5 or 3e9") from error
        if not np.isfinite(values[i]):
            raise ValueError(f"row {i + 1} of column {name!r}: {cell!r} is not finite; leave that row out")
    return values
