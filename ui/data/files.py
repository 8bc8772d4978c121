"""Tables of all numbers of the Data page."""

import csv
import io

import numpy as np

from ui.data.request import MEASURES, matrices, measured
from ui.files.numbers import text_cell, to_csv
from ui.kind import Result


def measures_csv(result: Result) -> str:
    """Every index by every measure, one row per player."""
    return to_csv({f"{one.index}_{measure}": one for measure in MEASURES for one in measured(result, measure)})


def matrix_csv(result: Result) -> str:
    """One row per index and pair of words; a number reads back to the same float."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["index", "source word", "target word", "value", "standard error"])
    for one, values, errors in matrices(result):
        for i, source in enumerate(one.labels):
            for j, target in enumerate(result.about.words):
                error = repr(float(errors[i, j])) if errors is not None and np.isfinite(errors[i, j]) else ""
                writer.writerow([one.index, text_cell(source), text_cell(target), repr(float(values[i, j])), error])
    return out.getvalue()
