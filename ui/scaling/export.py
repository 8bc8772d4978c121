"""The numbers of a study as files: a tidy CSV, and one HTML page that needs nothing else."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from markupsafe import Markup

from model.files.spreadsheet import csv_of
from ui.draw.html import render
from ui.scaling.study import LEVEL, Study, extrapolates, predict, size_text
from xai.scaling.fit import Fit, HeldOut
from xai.scaling.verdict import rank
from xai.typing import Floats

HEADER = ["data set", "what", "quantity", "name", "tokens", "value", "low", "high"]
UNDETERMINED = 1e6  # a parameter's size from which the runs evidently do not tell it


def laws_of(study: Study, i: int) -> list[tuple[str, Floats, Fit | None, HeldOut | None]]:
    """Of one set, for the score and where there is one for cross-entropy: name, values (m,), fit, held-out test."""
    runs, verdict = study.sets[i], study.verdicts[i]
    found = [(runs.score_name, runs.score, verdict.score, verdict.held_out)]
    if runs.cross_entropy is not None:
        found.append(("cross-entropy", runs.cross_entropy, verdict.loss, study.loss_tests[i]))
    return found


def rows_of(study: Study, target: float) -> Iterator[list[Any]]:
    """Rows under HEADER: what was measured and held out, parameters, predictions; low and high are ends of bands."""
    for i, (runs, verdict) in enumerate(zip(study.sets, study.verdicts)):
        yield [runs.name, "verdict", "", verdict.kind, None, None, None, None]
        for quantity, values, fit, test in laws_of(study, i):
            for size, value in zip(runs.tokens, values):
                out = test is not None and size in test.tokens
                yield [runs.name, "held out" if out else "measured", quantity, "", size, value, None, None]
            if test is not None:
                for size, value in zip(test.tokens, test.predicted):
                    yield [runs.name, "predicted for held out", quantity, "", size, value, None, None]
                yield [runs.name, "held-out error", quantity, "", None, test.error, None, None]
            if fit is None:
                continue
            ends = fit.intervals(LEVEL)
            for name, value in fit.law.parameters.items():
                yield [runs.name, "parameter", quantity, name, None, value, *ends.get(name, (None, None))]
            if extrapolates(verdict, quantity):
                found = predict(fit, target)
                yield [runs.name, "extrapolated", quantity, "law", target, found.value, *(found.law or (None, None))]


def to_csv(study: Study, target: float) -> str:
    """`rows_of` as CSV."""
    return csv_of([HEADER, *rows_of(study, target)])


def to_html(study: Study, target: float, made: str = "", png: Callable[[int], bytes] | None = None) -> Markup:
    """Verdicts, plots, parameters, runs and ranking, for reading.

    png(i) → the plots of set i
    """
    marked = " Synthetic runs: nobody trained these models." if study.synthetic else ""
    ranked = len(study.sets) > 1 and len({runs.score_name for runs in study.sets}) == 1
    rows, sets = list(rows_of(study, target)), []
    for i, (runs, verdict) in enumerate(zip(study.sets, study.verdicts)):
        cells = [[*row[1:4], *map(shown, row[4:])] for row in rows if row[0] == runs.name and row[1] != "verdict"]
        sets.append((runs.name, verdict, base64.b64encode(png(i)).decode() if png else None, cells))
    return render(
        "scaling",
        title=f"Scaling: {study.name}",
        about=made + marked,
        target=size_text(target),
        ranking=_ranking(study, target) if ranked else None,
        header=HEADER[1:],
        sets=sets,
        level=f"{LEVEL:.0%}",
    )


def shown(value: float | None) -> str:
    """A number for reading; a dash where it is unknown or so large that the runs evidently do not tell it."""
    return "–" if value is None or not np.isfinite(value) else f"{value:.4g}".replace("-", "−")


def parameter(value: float) -> str:
    return shown(value) if abs(value) < UNDETERMINED else "not determined"


def _ranking(study: Study, target: float) -> list[list[str]]:
    found = rank(study.sets, target, study.verdicts, LEVEL)
    return [[one.name, one.kind, *map(shown, (one.predicted, one.low, one.high, one.first, one.best))] for one in found]
