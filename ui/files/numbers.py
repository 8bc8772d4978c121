"""Numbers of maps as CSV files."""

from typing import Any

from model.files.spreadsheet import csv_of
from ui.draw.colour import Spans, ranks
from xai import Attribution


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
