"""Reading an uploaded table: found out, bounded before it is decoded, and refused in one sentence where it is none.

Nothing in a file is executed: text, Parquet and workbooks (`model.files.workbook`) are read, pickles are refused.
"""

import csv
import io
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from model.assets import ASSETS
from model.files.workbook import read_workbook
from model.table.columns import unique_labels

MAX_BYTES = 50_000_000
MAX_COLUMNS = 1_000
MAX_CELLS = 50_000_000  # of a Parquet file, whose bytes say nothing of its rows
_DELIMITERS = ",;\t|"
_MISSING = ["", "?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "#N/A"]
_BINARY = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls), or one with a password; save it as .xlsx without, or as CSV",
    b"\x1f\x8b": "compressed; unpack it first",
    b"\x80": "a Python pickle, which is never loaded; save the table as CSV or Parquet",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_COMMA_NUMBER = re.compile(r"\s*[-+]?\d+,\d+\s*")
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r]")
_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


class Sample(NamedTuple):
    """A bundled table: its file, the column to predict, and one sentence on it."""

    path: Path
    target: str
    about: str


def samples() -> dict[str, Sample]:
    """Bundled tables by name; sources and licences are in assets/samples/tables/README.md."""
    folder = ASSETS / "samples" / "tables"
    return {
        "Diabetes": Sample(folder / "diabetes.csv", "progression in one year", "442 patients: how far did it get?"),
        "Census": Sample(folder / "adult.csv", "income", "5,000 adults: do they earn more than $50,000?"),
        "Credit": Sample(folder / "german-credit.csv", "risk", "1,000 loans: was it paid back?"),
        "Wine": Sample(folder / "wine.csv", "cultivar", "178 wines: from which of three cultivars?"),
    }


def check_size(size: int) -> None:
    """ValueError for an upload of more than 50 MB; ask before its bytes are read."""
    if size > MAX_BYTES:
        raise ValueError(f"the file has {size / 1e6:,.1f} MB; at most {MAX_BYTES / 1e6:.0f} MB are read: shorten it")


def _check_name(data: bytes, filename: str) -> None:
    """ValueError where a name promises a workbook or Parquet, and the content is none."""
    for suffix, start, what in ((".xlsx", b"PK\x03\x04", "an Excel workbook"), (".parquet", b"PAR1", "Parquet")):
        other = any(data.startswith(known) for known in _BINARY)  # which has a sentence of its own
        if filename.lower().endswith(suffix) and not data.startswith(start) and not other:
            raise ValueError(f"{filename} is not {what} by its content; save it again, or name it .csv if it is text")


def read_table(data: bytes, filename: str = "table.csv") -> pd.DataFrame:
    """The table in an uploaded file: CSV with its encoding and delimiter found out, Parquet, or Excel's first sheet.

    `frame.attrs["read_as"]` says what was found. Column names are made unique. ValueError with one sentence for a file
    that is no table, has fewer than two columns or rows, no cell that is filled, or more than is read.
    """
    check_size(len(data))
    if not data.strip():
        raise ValueError(f"{filename} is empty")
    _check_name(data, filename)
    if data[:4] == b"PAR1":
        frame, read_as = _parquet(data, filename), "Parquet"
    elif data[:4] == b"PK\x03\x04":
        frame, read_as = read_workbook(data, filename, set(_MISSING), MAX_COLUMNS)
    else:
        frame, read_as = _csv(data, filename)
    if frame.shape[1] < 2:
        raise ValueError(f"{filename} has one column only; a table needs one to predict and one to predict it from")
    _check_width(frame.shape[1], filename)
    if len(frame) < 2:
        raise ValueError(f"{filename} has {('no row', 'one row only')[len(frame)]}; a model needs many to learn from")
    frame.columns = unique_labels(frame.columns)
    if frame.isna().all(axis=None):
        raise ValueError(f"{filename} has no cell that is filled: all are missing")
    frame.attrs["read_as"] = read_as
    return frame


def _check_width(columns: int, filename: str) -> None:
    if columns > MAX_COLUMNS:
        raise ValueError(f"{filename} has {columns:,} columns; at most {MAX_COLUMNS:,} are read: leave some out")


def _csv(data: bytes, filename: str) -> tuple[pd.DataFrame, str]:
    text, encoding = _decoded(data, filename)
    delimiter = _delimiter(text)
    names, heading = _checked_lines(text, delimiter, filename)
    stream = io.StringIO(text, newline="")
    for _ in range(heading):
        stream.readline()
    comma = delimiter == ";" and _has_comma_numbers(text)
    frame = pd.read_csv(
        stream,
        sep=delimiter,
        header=None,
        names=range(len(names)),
        decimal="," if comma else ".",
        na_values=_MISSING,
        keep_default_na=False,
        skipinitialspace=True,
        low_memory=False,
    )
    frame.columns = names
    told = {"\t": "tab"}.get(delimiter, f"“{delimiter}”")
    return frame, f"CSV, {encoding}, delimiter {told}" + (", decimal comma" if comma else "") + (
        "" if heading else ", no line of names"
    )


def _decoded(data: bytes, filename: str) -> tuple[str, str]:
    """Text and its encoding: by its mark, else UTF-8, else Windows-1252."""
    for start, what in _BINARY.items():
        if data.startswith(start):
            raise ValueError(f"{filename} is no table of text: it looks like {what}")
    marked = {b"\xef\xbb\xbf": "UTF-8", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
    found = [name for mark, name in marked.items() if data.startswith(mark)]
    for encoding in found or ["UTF-8", "Windows-1252"]:
        try:
            text = data.decode({"UTF-8": "utf-8-sig", "Windows-1252": "cp1252"}.get(encoding, encoding))
        except UnicodeDecodeError:
            continue
        if _CONTROL.search(text):
            raise ValueError(f"{filename} is not text: it holds control characters, as binary files do; save it as CSV")
        return text, encoding
    raise ValueError(f"the encoding of {filename} is none of UTF-8, UTF-16 and Windows-1252; save it as UTF-8")


def _delimiter(text: str) -> str:
    """Of the usual delimiters the one that cuts the most of the first lines into the same number (> 1) of cells."""
    head = text[: 1 << 18].splitlines()[:100]

    def order(delimiter):
        widths = Counter(len(row) for row in csv.reader(head, delimiter=delimiter) if row)
        width, lines = max(widths.items(), key=lambda item: item[1], default=(1, 0))
        return (width > 1, lines, width)

    try:
        return max(_DELIMITERS, key=order)
    except csv.Error:
        return ","


def _checked_lines(text: str, delimiter: str, filename: str) -> tuple[list[str], int]:
    """Names of the columns, and how many lines they take (0 where the first line holds numbers, as a row does).

    ValueError for a line with another number of cells than the first: nobody could say which cell belongs where.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    names, body = None, 0
    try:
        for row in reader:
            if not row:
                continue
            if names is None:
                names, body = row, reader.line_num
                _check_width(len(names), filename)
            elif len(row) != len(names):
                raise ValueError(
                    f"line {reader.line_num} of {filename} has {len(row)} cells where the first has {len(names)}: "
                    "every line needs the same number"
                )
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num} of {filename} cannot be read as CSV ({error})") from error
    if names and all(_NUMBER.fullmatch(name.strip()) for name in names):
        return [f"column {i + 1}" for i in range(len(names))], 0
    return names or [], body


def _has_comma_numbers(text: str) -> bool:
    cells = [cell for line in text[: 1 << 16].splitlines()[1:100] for cell in line.split(";")]
    return any(_COMMA_NUMBER.fullmatch(cell) for cell in cells)


def _parquet(data: bytes, filename: str) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(data), thrift_string_size_limit=1 << 24)
        schema, rows = file.schema_arrow, file.metadata.num_rows
        nested = [field.name for field in schema if pa.types.is_nested(field.type)]
        if nested:
            raise ValueError(f"the column {nested[0]!r} of {filename} holds lists or records; give single values")
        _check_width(len(schema), filename)
        if rows * len(schema) > MAX_CELLS:
            raise ValueError(f"{filename} has {rows:,} × {len(schema)} cells; at most {MAX_CELLS:,} are read")
        return file.read(use_threads=False).to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).strip().split("\n")[0][:200]
        raise ValueError(f"{filename} begins like a Parquet file but cannot be read ({reason})") from error


def escape_cell(value):
    """A cell for a CSV export: a text that a spreadsheet would take for a formula gets an apostrophe before it.

    Numbers stay numbers, negative ones too, and so does a text that is a negative number.
    """
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return "'" + value
    return value


def escape_table(frame: pd.DataFrame) -> pd.DataFrame:
    """The same frame with every text cell, column name and index label escaped by `escape_cell`."""
    out = frame.copy()
    for i, kind in enumerate(frame.dtypes):
        if not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind)):
            cells = frame.iloc[:, i].astype(object)
            out.isetitem(i, np.array([escape_cell(cell) for cell in cells] + [None], object)[:-1])
    out.columns = [escape_cell(name) for name in frame.columns]
    return out.set_axis([escape_cell(name) for name in frame.index], axis=0)
