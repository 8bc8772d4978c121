"""Reading an uploaded table: found out, bounded before it is decoded, and refused in one sentence where it is none.

Nothing in a file is executed: text, Parquet and workbooks are read, pickles are refused.
"""

import csv
import io
import itertools
import re
from collections.abc import Iterator
from json import JSONDecodeError
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from model.assets import ASSETS
from model.files.codes import why_texts, words_note
from model.files.kinds import is_parquet
from model.files.layout import MISSING
from model.files.numerals import PADDED, Numerals, currencies, judge, plain, settle, shares_note
from model.files.reader import check_columns, check_file, check_marks, check_width, read_rows
from model.table.columns import unique_labels

MAX_CELLS = 50_000_000  # of a Parquet file, whose bytes say nothing of its rows
_FLAGS = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}
_WHOLE = re.compile(r"[-+]?\d{1,30}")
_BARE = [
    (mark, rf"[-+]?(?:\d+{sign}?\d*|{sign}\d+)(?:[eE][-+]?\d+)?", rf"{sign}(?:\d|\d\d|\d{{4,}})(?:[eE]|$)")
    for mark, sign in ((".", r"\."), (",", ","))
]


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
    marks: dict[int, str] = {}
    if is_parquet(data):
        frame, read_as, delimiter = _parquet(data, filename), "Parquet", ""
    else:
        names, rows, read_as, laid = read_rows(data, filename)
        delimiter = laid.delimiter
        if names and not names[0].strip():
            names[0] = "index"  # of pandas or R, which leave its name blank
        frame, marks = _framed(rows, names, filename, delimiter)
        read_as += ", decimal comma" if "," in marks.values() else ""
    check_columns([str(name) for name in frame], filename, "a table needs one to predict and one to predict it from")
    if len(frame) < 2:
        few = ("no row under the line of names", "one row only")[len(frame)]
        raise ValueError(f"{filename} has {few}; a model needs many to learn from")
    frame.columns = unique_labels(frame.columns)
    if frame.isna().all(axis=None):
        raise ValueError(f"{filename} has no cell that is filled: all are missing")
    frame.attrs["read_as"] = read_as
    frame.attrs["delimiter"] = delimiter
    frame.attrs["decimal"] = "," if delimiter == ";" else "."  # where nothing tells, and either could be
    notes = frame.attrs.get("notes", {}).items()
    frame.attrs["notes"] = {frame.columns[i]: note for i, note in notes if note and not _texts(frame, i)}
    frame.attrs["marks"] = {frame.columns[i]: mark for i, mark in marks.items() if _texts(frame, i)}
    return frame


def _framed(rows: Iterator[list[Any]], names: list[str], filename: str, delimiter: str) -> tuple[pd.DataFrame, dict[int, str]]:
    """Cells as numbers, booleans or text, and the decimal mark of the columns whose numbers told theirs.

    A column whose numbers are two different ones by the two marks stays as it stands, for somebody to decide.
    """
    if delimiter:
        stream = io.StringIO(newline="")
        csv.writer(stream).writerows(rows)
        stream.seek(0)
        # texts first: what pandas makes of numbers with blanks is float64, and its reading of decimals is not exact
        texts = pd.read_csv(stream, header=None, names=range(len(names)), na_values=MISSING, keep_default_na=False, dtype=str)
    else:
        cells = [[None if isinstance(cell, str) and cell in MISSING else cell for cell in row] for row in rows]
        texts = pd.DataFrame({i: pd.Series([row[i] for row in cells]) for i in range(len(names))})
    found = settle([_judged(texts.iloc[:, i]) for i in range(len(names))], comma=delimiter != ",")
    check_marks(names, found, filename, sure=False)
    marks = {i: column.mark for i, column in enumerate(found) if column and column.mark}
    torn = {
        i
        for i, (name, column) in enumerate(zip(names, found))
        if column and (len(currencies(column.read)) > 1 or why_texts(column.read, name))
    }
    typed = {
        i: _typed(texts.iloc[:, i], "" if i in torn else marks.get(i, "." if column is None or not column.open else ""))
        for i, column in enumerate(found)
    }
    frame = pd.DataFrame(typed).set_axis(names, axis=1)
    frame.attrs["notes"] = {
        i: f"{shares_note(column.read, column.mark or '.')} {words_note(column.read)}".strip()
        for i, column in enumerate(found)
        if column
    }
    return frame, marks


def _quick(cells: pd.Series) -> str | None:
    """The decimal mark of a column of text that holds bare numbers alone, of which one tells it; None for any other."""
    if cells.dtype != "str":
        return None
    cells = cells.dropna()
    for mark, shape, tells in _BARE:
        if len(cells) and cells.iloc[:100].str.fullmatch(shape).all() and cells.str.fullmatch(shape).all():
            return mark if cells.str.contains(tells).any() else None
    return None


def _texts(frame: pd.DataFrame, i: int) -> bool:
    return frame.dtypes.iloc[i] in (object, "str")


def _judged(cells: pd.Series) -> Numerals | None:
    """How the texts of a column write numbers; None where they are none."""
    if pd.api.types.is_numeric_dtype(cells.dtype) or pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return None
    if (quick := _quick(cells)) is not None:
        return Numerals(quick, True, frozenset(), [])
    counts = cells.value_counts()
    every = zip(counts.index.to_numpy(object), counts.to_numpy())  # Arrow's own iterator is slow
    few = ([text] * min(int(count), 100) for text, count in every if isinstance(text, str) and text.strip())
    return judge(itertools.chain.from_iterable(few))


def _typed(cells: pd.Series, mark: str) -> pd.Series:
    """Texts as what all of them spell: whole numbers, kept exact, other numbers, True and False; else texts as they stand.

    So do all where one is a number with a zero before it, such as 007. mark : of decimals; "" where it is not known and matters
    """
    if pd.api.types.is_numeric_dtype(cells.dtype) or pd.api.types.is_datetime64_any_dtype(cells.dtype) or not mark:
        return cells
    if cells.dtype == "str" and cells.str.match(PADDED, na=False).any():
        return cells
    if (quick := _quick(cells)) is not None and quick == mark:
        known = cells.notna().to_numpy()
        spelt = cells[known] if mark == "." else cells[known].str.replace(",", ".", regex=False)
        values = np.full(len(cells), np.nan)
        values[known] = np.array(spelt.to_numpy(object), dtype=object).astype(float)
        return pd.Series(values)
    places, index = pd.factorize(cells)
    found = index.to_numpy(object) if cells.dtype == "str" else index
    texts = [value for value in found if isinstance(value, str)]
    if not texts or cells.dtype == object and any(re.match(PADDED, text) for text in texts):
        return cells
    read: list[Any] = []
    for value in found:
        read.append(_value(value, mark))
        if isinstance(read[-1], str):
            return cells
    if all(isinstance(value, bool) for value in read):
        flags = pd.Series([*read, None], dtype=object).iloc[places].reset_index(drop=True)
        return flags if (places < 0).any() else flags.astype(bool)
    if not all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in read):
        return cells
    if all(isinstance(value, int) for value in read):
        large = any(abs(value) > 2**53 for value in read)
        if any(not -(2**63) <= value < 2**63 for value in read):
            return cells
        if large or not (places < 0).any():
            whole = pd.array([*read, None], dtype="Int64")[places]
            return pd.Series(whole if (places < 0).any() else whole.astype("int64"))
    return pd.Series(np.array([*map(float, read), np.nan])[places])


def _value(value: Any, mark: str) -> Any:
    """The boolean or number that a cell of a table is or spells, else the cell."""
    if not isinstance(value, str):
        return value.item() if isinstance(value, np.generic) else value
    text = value.strip()
    if text in _FLAGS:
        return _FLAGS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    spelt = plain(text, mark)
    try:
        return value if spelt is None else int(spelt) if _WHOLE.fullmatch(spelt) else float(spelt)
    except ValueError:  # of a unit
        return value


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
        table = file.read(use_threads=False)
        frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
        for i, field in enumerate(schema):  # float64 would not keep large ones apart
            if pa.types.is_integer(field.type) and table.column(i).null_count and frame.iloc[:, i].abs().max() > 2**53:
                frame.isetitem(i, pd.array(table.column(i).to_pylist(), dtype="Int64"))
        return frame
    except (pa.ArrowException, OSError, UnicodeDecodeError, JSONDecodeError) as error:  # of what pandas wrote too
        reason = str(error).strip().split("\n")[0][:200]
        raise ValueError(f"{filename} begins like a Parquet file but cannot be read ({reason})") from error
