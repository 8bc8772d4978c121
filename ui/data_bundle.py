"""A result of the Data page as files: a bundle, and back; and tables of all its numbers."""

import csv
import io
import json

import numpy as np

from ui.bundle import Bundle
from ui.data_run import MEASURES, ExamplesResult, Reader, WordsResult
from ui.numbers import text_cell, to_csv

_SIDES = ("left", "right")


def to_bundle(result: ExamplesResult | WordsResult, fingerprint: str) -> Bundle:
    """The bundle of a run that is over. ValueError where a run goes on: its values are not settled."""
    comparison = result.comparison
    if comparison.state == "preliminary":
        raise ValueError("This run is still going on; wait for its end, or cancel it.")
    about = {name: value for name, value in result.to_record().items() if name != "comparison"}
    return Bundle(
        "data",
        result.request.name[:80],
        fingerprint,
        comparison.state,
        result.request.to_settings(),
        {"about": about},
        comparison.outputs,
        comparison.weights,
        dict(zip(_SIDES, comparison.maps)),
        *comparison.ledger.known(),
        comparison.judged,
    )


def from_bundle(bundle: Bundle) -> ExamplesResult | WordsResult:
    """The result that `to_bundle` was given, its ledger without a model; ValueError where a bundle is of no data."""
    if bundle.page != "data" or not set(bundle.attributions) <= set(_SIDES) or "left" not in bundle.attributions:
        raise ValueError("This bundle is not of the Data page; open it on the page that it was made on.")
    maps = [bundle.attributions[side] for side in _SIDES if side in bundle.attributions]
    comparison = {"outputs": bundle.outputs, "weights": bundle.weights, "state": bundle.state}
    comparison["maps"] = [json.loads(one.to_json()) for one in maps]
    comparison["judged"] = None if bundle.fidelity is None else json.loads(bundle.fidelity.to_json())
    about = bundle.shown.get("about")
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
