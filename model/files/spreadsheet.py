"""CSV that goes out: every digit kept, and no cell that a spreadsheet would compute.

A spreadsheet takes for a formula what begins with one of a few signs, spaces and quotes before it aside (OWASP, CSV Injection).
Where a comma is the decimal mark it splits at semicolons, and then takes a line break within quotes for a row's end: so the
beginning of every such piece is looked at, not of the cell alone.
"""

import csv
import io
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame

_SIGNS = (
    "=+\\-@" + "\uff1d\uff0b\uff0d\uff20" + "\ufe66\ufe62\ufe63\ufe6b" + "\u207c\u207a\u207b\u208c\u208a\u208b"
)  # wide, small, raised
_QUOTES = "\"'`\u2018-\u201f\u00ab\u00bb\u2039\u203a\u300c-\u300f\uff02\uff07"
_UNSEEN = "\x00-\x08\x0b\x0c\x0e-\x20\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\Z"
_FORMULA = re.compile(rf"(\A(?=[\t\r\n])|(?:\A(?!{_NUMBER})|[;\t\r\n])(?=[{_UNSEEN}{_QUOTES}]*[{_SIGNS}]))")


def escape_cell(value: Any) -> Any:
    """A cell for a CSV export: a text that a spreadsheet would take for a formula gets an apostrophe before what begins it.

    Numbers stay numbers, negative ones too, and so does a text that is a negative number.
    """
    return _FORMULA.sub(r"\1'", value) if isinstance(value, str) else value


def csv_of(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as CSV, their texts by `escape_cell`. A number reads back to the same float; one that is not finite, or None, is
    empty."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(map(_cell, row) for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, float):  # numpy's are, too
        return repr(float(value)) if abs(value) < float("inf") else ""
    return escape_cell(value)


def csv_of_table(frame: "DataFrame") -> str:
    """A table as CSV, without its index; texts, and names of columns, by `escape_cell`."""
    import numpy as np
    from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

    out = frame.copy()
    for i, kind in enumerate(frame.dtypes):
        if not (is_numeric_dtype(kind) or is_datetime64_any_dtype(kind)):
            cells = frame.iloc[:, i].astype(object)
            out.isetitem(i, np.array([escape_cell(cell) for cell in cells] + [None], object)[:-1])
    out.columns = [escape_cell(name) for name in frame.columns]
    return out.to_csv(index=False)
