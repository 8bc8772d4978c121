"""Tables of the pages, in whose cells and names stands what others wrote."""

import re
from typing import TYPE_CHECKING, Any

import streamlit as st

from model.files.spreadsheet import escape_cell
from xai.exchange.visible import visible

if TYPE_CHECKING:
    from pandas import DataFrame

KEPT = "\n\r\t"  # within a cell
_FIGURES = re.compile(r"[-+\d.,\s%±−–]|to\b")  # of what the pages themselves write, such as "+0.1 to +0.3"


def show_table(rows: "list[dict[str, Any]] | DataFrame", key: str, place: Any = st, **more: Any) -> Any:
    """A table by Streamlit, whose own button writes cells into a CSV as they are: where one would be a formula there, it goes.

    rows : a dictionary each, or a frame;  more : of Streamlit's
    """
    shown = [_of_dictionary(row) for row in rows] if isinstance(rows, list) else _of_frame(rows)
    if _computes(shown):
        place = place.container(key=f"computes-{key}")  # assets/style.css hides the button in there
    return place.dataframe(shown, hide_index=True, key=key, **more)


def _of_dictionary(row: dict[str, Any]) -> dict[str, Any]:
    return {visible(name): visible(cell, KEPT) if isinstance(cell, str) else cell for name, cell in row.items()}


def _of_frame(frame: "DataFrame") -> "DataFrame":
    """The frame itself where nothing in it must be made visible."""
    out = frame
    for i, texts in _texts(frame).items():
        changed = {text: seen for text in texts if (seen := visible(text, KEPT)) != text}
        if changed:
            out = out.copy() if out is frame else out
            out.isetitem(i, [changed.get(cell, cell) for cell in frame.iloc[:, i].astype(object)])
    if any(isinstance(name, str) and visible(name) != name for name in frame.columns):
        out = out.set_axis([visible(name) if isinstance(name, str) else name for name in frame.columns], axis=1)
    return out


def _texts(frame: "DataFrame") -> dict[int, list[str]]:
    """The different texts of each column that has some, by its place."""
    from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

    places = [i for i, kind in enumerate(frame.dtypes) if not is_numeric_dtype(kind) and not is_datetime64_any_dtype(kind)]
    return {i: [text for text in frame.iloc[:, i].unique() if isinstance(text, str)] for i in places}


def _computes(rows: "list[dict[str, Any]] | DataFrame") -> bool:
    if isinstance(rows, list):
        texts = [text for row in rows for pair in row.items() for text in pair]
    else:
        texts = [*rows.columns, *(text for column in _texts(rows).values() for text in column)]
    return any(escape_cell(text) != text and _FIGURES.sub("", text) for text in texts)
