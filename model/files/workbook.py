"""Reading the first sheet of an Excel workbook (.xlsx): bounded before it is unpacked, and nothing in it is executed.

openpyxl streams the cells. Formulas are not computed: a cell holds what Excel computed last, or is missing.
"""

import io
import re
import warnings
import zipfile
import zlib
from itertools import islice
from typing import IO, Any
from xml.parsers import expat

from model.files.kinds import check_parts
from model.files.layout import MOST_LINES, titles_above, titles_said

MAX_UNPACKED = 300_000_000  # bytes of all parts together, as the archive declares them, which is what is unpacked at most
MAX_PARTS = 10_000
MAX_CELLS = 3_000_000  # some 20 seconds
MAX_ROWS = 1_048_576  # Excel's own
_ERRORS = {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!", "#GETTING_DATA"}
_FORMULA = re.compile(rb"<(\w+:)?f[\s/>]")
_CHUNK = 1 << 20
Row = tuple[Any, ...]


def read_workbook(data: bytes, filename: str, most_columns: int) -> tuple[list[str], list[list[Any]], str]:
    """Names, rows of cells (None where blank or an error), and what was found, of the first visible sheet.

    The first filled row names the columns; what are surely titles above the names is left out.
    ValueError with one sentence for what is no workbook, or is too large.
    """
    _check_archive(data, filename)
    try:
        rows, told = _first_sheet(data, filename, most_columns)
    except _TooLarge:
        raise
    except Exception as error:  # a damaged workbook makes openpyxl raise almost anything
        raise ValueError(f"{filename} begins like an Excel workbook but cannot be read; save it again, or as CSV") from error
    if not any(rows):
        raise ValueError(f"{filename} is empty: its first sheet has no filled cell")
    width = max(map(len, rows))
    cells = [[_cell(value) for value in row] + [None] * (width - len(row)) for row in rows]
    titles, top = titles_above([["" if value is None else str(value) for value in row] for row in cells[:MOST_LINES]], width)
    cells = [row for row in cells[top:] if any(value is not None for value in row)]
    names, body = cells[0], cells[1:]
    if all(isinstance(value, (int, float)) for value in names):
        names, body, told = [f"column {i + 1}" for i in range(width)], cells, f"{told}, no line of names"
    told += titles_said(titles, "row")
    return ["" if name is None else str(name) for name in names], body, told


class _TooLarge(ValueError):
    """The sentence that a user reads."""


def _check_archive(data: bytes, filename: str) -> None:
    """ValueError for another kind of archive, for one that would unpack to too much, and for one with entities."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise ValueError(f"{filename} begins like an Excel workbook or a ZIP archive but is damaged") from error
    names = {part.filename for part in parts}
    check_parts(names, data[:200], filename)
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNPACKED or len(parts) > MAX_PARTS:
        raise ValueError(
            f"{filename} would unpack to {unpacked / 1e6:,.0f} MB; at most {MAX_UNPACKED / 1e6:.0f} MB are read: "
            "save the sheet as CSV or Parquet"
        )
    for part in parts:
        if part.filename.endswith((".xml", ".rels")) and _declares_entities(archive, part):
            raise ValueError(f"{filename} declares XML entities, which no workbook needs; save it again, or as CSV")


def _declares_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Does the part have a document type? A parser would expand its entities, or fetch files for them."""
    found: list[bool] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: found.append(True)
    parser.StartElementHandler = lambda *_: found.append(False)
    try:
        with archive.open(part) as stream:
            while not found and (chunk := stream.read(4096)):
                parser.Parse(chunk)
    except (expat.ExpatError, OSError, EOFError, RuntimeError, ValueError, zlib.error, zipfile.BadZipFile):
        pass  # what cannot be read here is refused where it is needed
    return any(found[:1])


def _first_sheet(data: bytes, filename: str, most_columns: int) -> tuple[list[Row], str]:
    """Rows of the first visible sheet, and which sheet it is."""
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        try:
            sheets = book.worksheets
            sheet = next((one for one in sheets if one.sheet_state == "visible"), sheets[0])
            sheet.reset_dimensions()  # what the file claims of its size may be wrong
            rows = _rows(sheet, filename, most_columns)
            others = f", the first that is visible of {len(sheets)}" if len(sheets) > 1 else ""
            told = f"Excel, sheet “{sheet.title}”{others}"
            with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(sheet._worksheet_path) as part:  # type: ignore[attr-defined]  # its own
                told += ", formulas as they were last computed" if _holds(_FORMULA, part) else ""
        finally:
            book.close()
    return rows, told


def _rows(sheet: Any, filename: str, most_columns: int) -> list[Row]:
    """The rows that are filled, and blank ones among the first, each up to its last filled cell."""
    rows: list[Row] = []
    count = looked_at = 0
    for row in islice(sheet.iter_rows(values_only=True), MAX_ROWS):
        filled = max((i + 1 for i, value in enumerate(row) if value is not None and value != ""), default=0)
        count, looked_at = count + filled, looked_at + len(row)
        if filled > most_columns:
            raise _TooLarge(f"{filename} has {filled:,} columns; at most {most_columns:,} are read: leave some out")
        if count > MAX_CELLS or looked_at > 10 * MAX_CELLS:  # a row may be wide and blank
            raise _TooLarge(f"{filename} has more than {MAX_CELLS:,} cells; save the sheet as CSV or Parquet")
        if filled or len(rows) < MOST_LINES:
            rows.append(row[:filled])
    return rows


def _holds(pattern: re.Pattern[bytes], stream: IO[bytes]) -> bool:
    before = b""
    while chunk := stream.read(_CHUNK):
        if pattern.search(before + chunk):
            return True
        before = chunk[-64:]
    return False


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        value = value.strip()
        return None if value in _ERRORS else value or None
    return value
