"""Tables of all numbers of the Data page."""

from model.files.spreadsheet import csv_of
from ui.data.request import MEASURES, matrices, measured
from ui.files.numbers import to_csv
from ui.kind import Result


def measures_csv(result: Result) -> str:
    """Every index by every measure, one row per player."""
    return to_csv({f"{one.index}_{measure}": one for measure in MEASURES for one in measured(result, measure)})


def matrix_csv(result: Result) -> str:
    """One row per index and pair of words."""
    rows = [
        [one.index, source, target, values[i, j], None if errors is None else errors[i, j]]
        for one, values, errors in matrices(result)
        for i, source in enumerate(one.labels)
        for j, target in enumerate(result.about.words)
    ]
    return csv_of([["index", "source word", "target word", "value", "standard error"], *rows])
