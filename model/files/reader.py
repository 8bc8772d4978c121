"""The one reader of tables that people bring: from the bytes of a file to names and rows, whatever dress they are in.

A table is text, whose encoding, delimiter and decimal mark are found out, or the first sheet of a workbook.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from model.files.decoding import decoded
from model.files.numerals import Numerals, is_number, judge, plain, settle
from model.files.workbook import read_workbook

MAX_BYTES = 50_000_000
MAX_COLUMNS = 1_000
MAX_ROWS = 10_000  # of what `read_columns` gives
_DELIMITERS = ";\t|,"  # where two do equally well the first: a comma marks decimals too
_BINARY = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls), or one with a password; save it as .xlsx without, or as CSV",
    b"\x1f\x8b": "compressed; unpack it first",
    b"\x80": "a Python pickle, which is never loaded; save the table as CSV or Parquet",
}
_QUOTED = re.compile(r'(?<![^;\t|,\r\n])[ ]*"(?:[^"]|"")*(?:"(?=[ ]*(?:[;\t|,\r\n]|$))|$)')
TOLD = re.compile(r'"?sep=([;,|\t])"?(?:\r\n|\r|\n)', re.I)  # Excel's first line, which says its delimiter
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_END = "\0"  # a line that no text can have


def check_size(size: int, most: int = 0) -> None:
    """ValueError for an upload of more than `most` bytes (0: 50 MB); ask before its bytes are read."""
    most = most or MAX_BYTES
    if size > most:
        raise ValueError(f"the file has {size / 1e6:,.1f} MB; at most {most / 1e6:.0f} MB are read: shorten it")


def check_width(columns: int, filename: str) -> None:
    if columns > MAX_COLUMNS:
        raise ValueError(f"{filename} has {columns:,} columns; at most {MAX_COLUMNS:,} are read: leave some out")


def check_file(data: bytes, filename: str) -> None:
    """ValueError for too large a file, one without content, and a workbook or Parquet by its name that is none."""
    check_size(len(data))
    if not data.strip():
        raise ValueError(f"{filename} is empty: it has no rows")
    for suffix, start, what in ((".xlsx", b"PK\x03\x04", "an Excel workbook"), (".parquet", b"PAR1", "Parquet")):
        other = any(data.startswith(known) for known in _BINARY)  # which has a sentence of its own
        if filename.lower().endswith(suffix) and not data.startswith(start) and not other:
            raise ValueError(f"{filename} is not {what} by its content; save it again, or name it .csv if it is text")


def read_rows(data: bytes, filename: str) -> tuple[list[str], Iterator[list[Any]], str, str]:
    """Names of the columns, rows with a cell under each name, how they were read, and the delimiter ("" of a workbook).

    Cells are text as it stands in a file of text, and whatever a workbook holds (None where blank). Rows are read as
    they are asked for. ValueError with one sentence for what is no table.
    """
    check_file(data, filename)
    if data[:4] == b"PK\x03\x04":
        names, body, told = read_workbook(data, filename, MAX_COLUMNS)
        return names, iter(body), told, ""
    text, encoding = _decoded(data, filename)
    said = TOLD.match(text)
    text = text[said.end() :] if said else text
    delimiter = said[1] if said else _delimiter(text)
    rows = _lines(text, delimiter, filename)
    names, told = next(rows, []), f"CSV, {encoding}, delimiter {'tab' if delimiter == chr(9) else f'“{delimiter}”'}"
    if names and all(is_number(name) for name in names):
        rows, names, told = chain([names], rows), [f"column {i + 1}" for i in range(len(names))], f"{told}, no line of names"
    return names, rows, told, delimiter


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
    names, rows, _, delimiter = read_rows(content.encode() if isinstance(content, str) else content, filename)
    filled = (row for row in rows if any(map(_text, row)))
    table = list(islice(filled, most))
    count = len(table) + sum(1 for _ in filled)
    if not count:
        raise ValueError(f"{filename} has no rows: give a first line with the columns' names and one line for each row")
    if count > most:
        raise ValueError(f"{filename} has {count} rows; at most {most} are read: leave some out")
    if numbers:
        least = 2 if delimiter == "," else 1  # one comma between commas may be a slip
        texts = ([cell for cell in cells if isinstance(cell, str) and cell.strip()] for cells in zip(*table))
        found = settle([judge(cells, least) for cells in texts], comma=delimiter != ",")
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
    for start, what in _BINARY.items():
        if data.startswith(start):
            raise ValueError(f"{filename} is no table of text: it looks like {what}")
    found = decoded(data)
    if found is None:
        raise ValueError(f"{filename} is not text in UTF-8, UTF-16 or Windows-1252; save it in the encoding UTF-8")
    text = found[0].rstrip("\x1a")  # where DOS ends a file
    if _CONTROL.search(text):
        raise ValueError(f"{filename} is not text: it holds control characters, as binary files do; save it as CSV")
    return text, found[1]


def _delimiter(text: str) -> str:
    """Of the usual delimiters the one that cuts the most of the first lines, the names among them, into equally many cells.

    What stands in quotes is no delimiter, whichever of them encloses the quotes.
    """
    lines = [line for line in re.split("[\r\n]+", _QUOTED.sub("Q", text[: 1 << 18])) if line.strip()][:100]

    def order(delimiter: str) -> tuple[bool, bool, int]:
        widths = Counter(line.count(delimiter) for line in lines)
        width, most = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        return width > 0, width > 0 and lines[0].count(delimiter) == width, most

    return max(_DELIMITERS, key=order)


def _lines(text: str, delimiter: str, filename: str) -> Iterator[list[str]]:
    """The lines that are not blank, as many cells in each as in the first.

    ValueError for a line that lacks a cell under a name, or has one beyond: nobody could say which belongs where.
    """
    names = 0
    for line, row in numbered_lines(io.StringIO(text, newline=""), delimiter, filename):
        names = names or len(row)
        if len(row) != names:
            raise ValueError(
                f"{filename}: line {line} has {len(row)} cells under {names} names: every line needs the same number"
            )
        yield row


def numbered_lines(text: Iterable[str], delimiter: str, filename: str) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each line that is not blank, filled up or cut to as many as the first has where that takes no cell.

    text : its lines, ends kept. ValueError for a quote that is never closed, and a first line of too many cells.
    """
    reader = csv.reader(chain(text, [_END]), delimiter=delimiter, skipinitialspace=True)
    names: list[str] = []
    line = 1
    try:
        for row in reader:
            if row and row[-1].endswith(_END) and row != [_END]:
                raise csv.Error("a quote is opened and never closed")
            if len(row) > 1 or row and row[0].strip(f" \t{_END}"):
                names = names or row
                check_width(len(names), filename)
                if len(row) != len(names) and not any(map(str.strip, row[len(names) :] or names[len(row) :])):
                    row = (row + [""] * len(names))[: len(names)]
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"{filename}: line {line} cannot be read as CSV ({error}); save the table as CSV") from error
