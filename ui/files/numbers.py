"""The numbers of some attributions as a CSV file, every digit kept and no cell that a spreadsheet would execute."""

import csv
import io

import numpy as np

from ui.draw.colour import Spans, ranks
from xai import Attribution

# What spreadsheets take for the beginning of a formula, the wide forms included.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def to_csv(maps: dict[str, Attribution], spans: Spans | None = None) -> str:
    """One row per player: number, label, where it lies in the prompt if `spans` says so, and for each attribution
    (values (n,), by name) its value, standard error and rank by |value|. A number reads back to the same float; an
    unknown error is empty; text that begins as a formula does is preceded by an apostrophe.
    """
    first = next(iter(maps.values()))
    header = ["player", "label", *(["start", "end"] if spans is not None else [])]
    for name in maps:
        header += [text_cell(f"{name}_{what}") for what in ("value", "standard_error", "rank")]
    places = {name: ranks(one) for name, one in maps.items()}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    for i, label in enumerate(first.labels):
        row = [i, text_cell(label), *(spans[i] if spans is not None else [])]
        for name, one in maps.items():
            error = np.nan if one.standard_error is None else one.standard_error[i]
            row += [repr(float(one.values[i])), "" if np.isnan(error) else repr(float(error)), places[name][i]]
        writer.writerow(row)
    return out.getvalue()


def text_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return "'" + text if text.lstrip(" ").startswith(_FORMULA) else text
