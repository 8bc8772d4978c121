"""A result of the Data page as files: a bundle, and back; and tables of all its numbers."""

import csv
import io

import numpy as np

from ui.data.run import MEASURES, ExamplesResult, Reader, WordsResult
from ui.files.numbers import text_cell, to_csv
from ui.runs.bundle import Bundle
from ui.runs.comparison_bundle import bundle_of, comparison_record


def to_bundle(result: ExamplesResult | WordsResult, fingerprint: str) -> Bundle:
    """The bundle of a run that is over; ValueError as `bundle_of`."""
    about = {name: value for name, value in result.to_record().items() if name != "comparison"}
    return bundle_of("data", result.request.name[:80], fingerprint, result.request, result.comparison, {"about": about})


def from_bundle(bundle: Bundle) -> ExamplesResult | WordsResult:
    """The result that `to_bundle` was given, its ledger without a model; ValueError where a bundle is of no data."""
    comparison, about = comparison_record(bundle, "data"), bundle.shown.get("about")
    record = {**(about if isinstance(about, dict) else {}), "comparison": comparison}
    return Reader.from_record(record, bundle.settings, lambda labels: bundle.ledger())


def measures_csv(result: ExamplesResult) -> str:
    """Every index by every measure, one row per player."""
    return to_csv({f"{one.index}_{measure}": one for measure in MEASURES for one in result.measured(measure)})


def matrix_csv(result: WordsResult) -> str:
    """One row per index and pair of words; a number reads back to the same float."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["index", "source word", "target word", "value", "standard error"])
    for one, values, errors in result.matrices():
        for i, source in enumerate(one.labels):
            for j, target in enumerate(result.words):
                known = errors is not None and np.isfinite(errors[i, j])
                error = repr(float(errors[i, j])) if known else ""
                writer.writerow([one.index, text_cell(source), text_cell(target), repr(float(values[i, j])), error])
    return out.getvalue()
