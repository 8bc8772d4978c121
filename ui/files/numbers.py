"""Numbers as CSV files, every digit kept and no cell that a spreadsheet would execute."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from ui.draw.colour import Spans, ranks
from xai import Attribution

# What spreadsheets take for the beginning of a formula, the wide forms included.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def to_csv(maps: dict[str, Attribution], spans: Spans | None = None) -> str:
    """One row per player: the number, from 1, that it has on the page and in the report, label, where it lies in the
    prompt if `spans` says so, and for each attribution (values (n,), by name) its value, standard error and rank by |value|.
    """
    labels, places = next(iter(maps.values())).labels, {name: ranks(one) for name, one in maps.items()}
    header = ["number", "label", *(["start", "end"] if spans is not None else [])]
    header += [f"{name}_{what}" for name in maps for what in ("value", "standard_error", "rank")]
    rows: list[list[Any]] = []
    for i, label in enumerate(labels):
        rows.append([i + 1, label, *(spans[i] if spans is not None else [])])
        for name, one in maps.items():
            rows[-1] += [one.values[i], None if one.standard_error is None else one.standard_error[i], places[name][i]]
    return csv_of([header, *rows])


def csv_of(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as CSV. A number reads back to the same float; one that is not finite, or None, is empty; text that begins as
    a formula does is preceded by an apostrophe.
    """
    out = io.StringIO()
    csv.writer(out).writerows(map(_cell, row) for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, float):  # numpy's are, too
        return repr(float(value)) if abs(value) < float("inf") else ""
    return text_cell(value) if isinstance(value, str) else value


def text_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return "'" + text if text.lstrip(" ").startswith(_FORMULA) else text
