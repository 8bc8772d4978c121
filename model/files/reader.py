"""The one reader of tables that people bring: from the bytes of a file to names and rows, whatever dress they are in.

A table is text, whose encoding, delimiter and decimal mark are found out, or the first sheet of a workbook.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from model.files.decoding import decoded
from model.files.kinds import check_bytes, check_text, is_parquet
from model.files.layout import Layout, layout
from model.files.numerals import Numerals, is_number, judge, plain, settle
from model.files.workbook import read_workbook

MAX_BYTES = 50_000_000
MAX_COLUMNS = 1_000
MAX_ROWS = 10_000  # of what `read_columns` gives
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EMPTY = "is empty: it has no rows"
_END = "\0"  # a line that no text can have


def check_size(size: int, most: int = 0) -> None:
    """ValueError for an upload of more than `most` bytes (0: 50 MB); ask before its bytes are read."""
    most = most or MAX_BYTES
    if size > most:
        raise ValueError(f"the file has {size / 1e6:,.1f} MB; at most {most / 1e6:.0f} MB are read: shorten it")


def check_width(columns: int, filename: str) -> None:
    if columns > MAX_COLUMNS:
        raise ValueError(f"{filename} has {columns:,} columns; at most {MAX_COLUMNS:,} are read: leave some out")


def check_columns(names: Sequence[str], filename: str, need: str) -> None:
    """ValueError where there is only one column."""
    if len(names) < 2:
        blanks = any(len(name.split()) > 1 for name in names)
        why = ", as blanks part no cells: save it with commas, semicolons or tabs between them; " if blanks else ": "
        raise ValueError(f"{filename} has one column only{why}{need}")


def check_file(data: bytes, filename: str) -> None:
    """ValueError for too large a file, one without content, and one of another kind."""
    check_size(len(data))
    if not data.strip():
        raise ValueError(f"{filename} {_EMPTY}")
    check_bytes(data, filename)


def read_rows(data: bytes, filename: str) -> tuple[list[str], Iterator[list[Any]], str, Layout]:
    """Names of the columns, rows with a cell under each name, how they were read, and the layout (no delimiter: a workbook).

    Cells are text as it stands in a file of text, and whatever a workbook holds (None where blank). Rows are read as
    they are asked for. ValueError with one sentence for what is no table.
    """
    check_file(data, filename)
    if data[:4] == b"PK\x03\x04":
        names, body, told = read_workbook(data, filename, MAX_COLUMNS)
        return names, iter(body), told, Layout("")
    if is_parquet(data):
        raise ValueError(f"{filename} is a Parquet file, which is read as a table to predict from only; save it as CSV")
    text, encoding = _decoded(data, filename)
    laid = layout(text)
    rows = _lines(text, laid, filename)
    names, told = next(rows, []), f"CSV, {encoding}, {laid.said()}"
    if not names:
        raise ValueError(f"{filename} {_EMPTY}")
    if all(is_number(name) for name in names):
        rows, names, told = chain([names], rows), [f"column {i + 1}" for i in range(len(names))], f"{told}, no line of names"
    return names, rows, told, laid


def check_marks(names: Sequence[str], columns: Sequence[Numerals | None], filename: str, sure: bool = True) -> None:
    """ValueError for a column with both decimal marks, and where `sure` for one of which nothing tells which it has."""
    commas = any(column and column.mark == "," for column in columns)
    for name, column in zip(names, columns):
        if column and column.clash:
            point, comma = column.clash
            raise ValueError(
                f"{filename}: {comma!r} is not a number beside {point!r} in column {name!r}: write both with one decimal mark"
            )
        unclear = [text for text in column.open if commas or "," in text] if sure and column and not column.mark else []
        if unclear:
            raise ValueError(
                f"{filename}: nothing tells whether {unclear[0]!r} in column {name!r} has decimals or thousands after "
                "its mark: write numbers as 1234.5"
            )


def read_columns(
    content: bytes | str, filename: str = "the table", most: int = MAX_ROWS, numbers: bool = True
) -> dict[str, list[str]]:
    """Columns by name, their cells stripped texts ("" where blank); rows and last columns without any are left out.

    ValueError with one sentence for anything but a table of 1 to `most` rows whose columns have names of their own.
    """
    names, columns = read_cells(content, filename, most, numbers)
    for name in names:
        if not name or names.count(name) > 1:
            raise ValueError(f"every column needs a name of its own; got {name!r} {names.count(name)} times")
    return dict(zip(names, columns))


def read_cells(
    content: bytes | str, filename: str = "the table", most: int = MAX_ROWS, numbers: bool = True
) -> tuple[list[str], list[list[str]]]:
    """The first line's cells, which may be no names at all, and the columns under them, as `read_columns` gives them."""
    names, rows, _, laid = read_rows(content.encode() if isinstance(content, str) else content, filename)
    filled = (row for row in rows if any(map(_text, row)))
    table = list(islice(filled, most))
    count = len(table) + sum(1 for _ in filled)
    if not count:
        raise ValueError(f"{filename} has no rows: give a first line with the columns' names and one line for each row")
    if count > most:
        raise ValueError(f"{filename} has {count} rows; at most {most} are read: leave some out")
    if numbers:
        least = 2 if laid.delimiter == "," else 1  # one comma between commas may be a slip
        texts = ([cell for cell in cells if isinstance(cell, str) and cell.strip()] for cells in zip(*table))
        found = settle([judge(cells, least) for cells in texts], comma=laid.delimiter != ",")
        check_marks(names, found, filename)
        marks = [column.mark if column else "" for column in found]
        table = [[_plain(cell, mark) if mark else cell for cell, mark in zip(row, marks)] for row in table]
    cells = [list(map(_text, row)) for row in table]
    columns = list(zip(map(str.strip, names), map(list, zip(*cells))))
    while columns and not columns[-1][0] and not any(columns[-1][1]):  # as spreadsheets write them
        columns.pop()
    return [name for name, _ in columns], [cells for _, cells in columns]


def _plain(cell: Any, mark: str) -> Any:
    return (plain(cell, mark) or cell) if isinstance(cell, str) else cell


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _decoded(data: bytes, filename: str) -> tuple[str, str]:
    """Text and its encoding; ValueError for what is binary, or of no known encoding."""
    found = decoded(data, filename)
    if found is None:
        raise ValueError(f"{filename} is not text in an encoding that is known; save it in UTF-8")
    text = found[0].rstrip("\x1a")  # where DOS ends a file
    if _CONTROL.search(text):
        raise ValueError(f"{filename} is not text: it holds control characters, as binary files do; save it as CSV")
    check_text(text, filename)
    for suffix, what in ((".xlsx", "an Excel workbook"), (".parquet", "Parquet")):
        if filename.lower().endswith(suffix):
            raise ValueError(f"{filename} is not {what} by its content; save it again, or name it .csv if it is text")
    return text, found[1]


def _lines(text: str, laid: Layout, filename: str) -> Iterator[list[str]]:
    """The lines with a filled cell, as many cells in each as in the first.

    ValueError for a line that lacks a cell under a name, or has one beyond: nobody could say which belongs where.
    """
    names = 0
    for line, row in numbered_lines(below(io.StringIO(text, newline=""), laid), laid.delimiter, filename):
        names = names or len(row)
        if len(row) != names == 1:
            raise ValueError(
                f"{filename}: line {line} has {cells_said(len(row))} under one name: the first line must name all columns, with "
                "commas, semicolons or tabs between the names and no title above them"
            )
        if len(row) != names:
            raise ValueError(
                f"{filename}: line {line} has {cells_said(len(row))} under {names} names: every line needs the same number"
            )
        yield row


def cells_said(count: int) -> str:
    return f"{count} cell{'s' * (count != 1)}"


def below(lines: Iterable[str], laid: Layout) -> Iterator[str]:
    """The lines with blank ones for those above the names: each keeps its number."""
    return chain(["\n"] * laid.above, islice(lines, laid.above, None))


def numbered_lines(text: Iterable[str], delimiter: str, filename: str) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each line with a filled cell, filled up or cut to as many as the first has where that takes no cell.

    text : its lines, ends kept. ValueError for a quote that is never closed, and a first line of too many cells.
    """
    reader = csv.reader(chain(text, [_END]), delimiter=delimiter, skipinitialspace=True)
    names: list[str] = []
    line = 1
    try:
        for row in reader:
            if row and row[-1].endswith(_END) and row != [_END]:
                raise csv.Error("a quote is opened and never closed")
            if any(cell.strip(_END).strip() for cell in row):
                names = names or row
                check_width(len(names), filename)
                if len(row) != len(names) and not any(map(str.strip, row[len(names) :] or names[len(row) :])):
                    row = (row + [""] * len(names))[: len(names)]
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        large = f"a cell has more than {csv.field_size_limit():,} characters" if "field limit" in str(error) else ""
        what = f"({large}); shorten it" if large else f"({error}); save the table as CSV"
        raise ValueError(f"{filename}: line {line} cannot be read as CSV {what}") from error
