"""Reading an uploaded table: found out, bounded before it is decoded, and refused in one sentence where it is none.

Nothing in a file is executed: text, Parquet and workbooks are read, pickles are refused.
"""

import csv
import io
import re
from collections.abc import Iterable
from json import JSONDecodeError
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from model.assets import ASSETS
from model.files.reader import check_file, check_width, read_rows
from model.table.columns import unique_labels

MAX_CELLS = 50_000_000  # of a Parquet file, whose bytes say nothing of its rows
_MISSING = ["", "?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "#N/A"]
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


def read_table(data: bytes, filename: str = "table.csv") -> pd.DataFrame:
    """The table in an uploaded file: text or a workbook as `model.files.reader` reads them, or Parquet.

    `frame.attrs["read_as"]` says what was found. Column names are made unique. ValueError with one sentence for a file
    that is no table, has fewer than two columns or rows, no cell that is filled, or more than is read.
    """
    if data[:4] == b"PAR1":
        frame, read_as = _parquet(data, filename), "Parquet"
    else:
        names, rows, read_as = read_rows(data, filename)
        if names and not names[0].strip():
            names[0] = "index"  # of pandas or R, which leave its name blank
        frame = _framed(rows, len(names), read_as).set_axis(names, axis=1)
    if frame.shape[1] < 2:
        raise ValueError(f"{filename} has one column only; a table needs one to predict and one to predict it from")
    if len(frame) < 2:
        raise ValueError(f"{filename} has {('no row', 'one row only')[len(frame)]}; a model needs many to learn from")
    frame.columns = unique_labels(frame.columns)
    if frame.isna().all(axis=None):
        raise ValueError(f"{filename} has no cell that is filled: all are missing")
    frame.attrs["read_as"] = read_as
    return frame


def _framed(rows: Iterable[list[Any]], columns: int, told: str) -> pd.DataFrame:
    """Text goes through pandas, which finds out what its columns hold; the cells of a workbook have kinds of their own."""
    if told.startswith("Excel"):
        cells = [[None if isinstance(cell, str) and cell in _MISSING else cell for cell in row] for row in rows]
        return pd.DataFrame({i: pd.Series([row[i] for row in cells]) for i in range(columns)})
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(rows)
    stream.seek(0)
    return pd.read_csv(stream, header=None, names=range(columns), na_values=_MISSING, keep_default_na=False, low_memory=False)


def _parquet(data: bytes, filename: str) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    check_file(data, filename)
    try:
        file = parquet.ParquetFile(io.BytesIO(data), thrift_string_size_limit=1 << 24)
        schema, rows = file.schema_arrow, file.metadata.num_rows
        nested = [field.name for field in schema if pa.types.is_nested(field.type)]
        if nested:
            raise ValueError(f"the column {nested[0]!r} of {filename} holds lists or records; give single values")
        check_width(len(schema), filename)
        if rows * len(schema) > MAX_CELLS:
            raise ValueError(f"{filename} has {rows:,} × {len(schema)} cells; at most {MAX_CELLS:,} are read")
        frame: pd.DataFrame = file.read(use_threads=False).to_pandas(ignore_metadata=True)
        return frame
    except (pa.ArrowException, OSError, UnicodeDecodeError, JSONDecodeError) as error:  # of what pandas wrote too
        reason = str(error).strip().split("\n")[0][:200]
        raise ValueError(f"{filename} begins like a Parquet file but cannot be read ({reason})") from error


def escape_cell(value: Any) -> Any:
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
