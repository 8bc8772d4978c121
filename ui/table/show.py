"""What the Table page shows of a result: figures of the model, the row's answer, classes, tabs of its own."""

from dataclasses import replace

import numpy as np
import streamlit as st

from ui.draw.html import render
from ui.draw.markdown import plain
from ui.files.save import save
from ui.kind import Result, View
from ui.shell.bench import Bench
from ui.table.all_rows import show_all_rows, to_csv
from ui.table.exact import show_errors, show_exact_pairs
from ui.table.picture import TablePicture
from ui.table.request import MODELS, TableAbout
from ui.table.run import Fitted, TableState, find
from ui.table.whatif import show_what_if
from xai.typing import Floats

_FIGURES = {"r2": "R²", "rmse": "RMSE", "mae": "MAE", "accuracy": "Accuracy", "log_loss": "Log loss", "auc": "AUC"}


def picture_of(result: Result) -> TablePicture:
    """Of what is shown first: of several classes, the one that the model predicts."""
    about, comparison, outputs = result.about, result.comparison, result.comparison.outputs
    first = outputs[int(np.argmax(comparison.weights))] if len(outputs) > 1 else ""
    says = about.says or "what it said was not kept"
    answer = f"Row {result.request.row + 1} of {result.request.table}: {says}"
    return TablePicture(about, _exact(about, comparison.weights), first, first, answer)


def _exact(about: TableAbout, weights: list[float]) -> dict[str, Floats]:
    return {index: values @ np.asarray(weights) for index, values in about.exact.items()}


def view(result: Result, picture: TablePicture, state: Bench[TableState]) -> View:
    """The model's figures, what it says of the row, and which of its classes is explained."""
    comparison, request = result.comparison, result.request
    fitted = find(request, state.own.models)
    _figures(result)
    st.html(render("answer", said="", answer=picture.answer, rather=None))
    weights, first = None, picture.first
    if first:
        label = "Explain the score of a class. It costs nothing."
        outputs = comparison.outputs
        output = st.pills(label, outputs, default=first, key=f"class-{state.run}", format_func=plain) or first
        weights = None if output == first else [float(name == output) for name in outputs]
        picture = replace(picture, output=output, exact=_exact(result.about, weights or comparison.weights))
    rows = "one baseline row lends" if request.background == 1 else f"{request.background} rows lend"
    st.caption(
        f"{MODELS[request.model]}; {rows} the cells of absent columns. Paid for so far: "
        f"{comparison.ledger.evaluations} evaluations."
    )
    chosen = weights or comparison.weights
    sections = {
        "What if": lambda: show_what_if(result, fitted, picture, chosen),
        "All rows": lambda: show_all_rows(result, fitted, picture, chosen, state),
        "Errors against exact": lambda: show_errors(result, fitted, chosen, state),
    }
    if fitted is not None and fitted.exact:
        sections["Pairs of parts"] = lambda: show_exact_pairs(result, fitted, picture, chosen)
    return View(picture, weights, sections, lambda: _files(fitted))


def _figures(result: Result) -> None:
    """Metrics of the hold-out rows beside those of the guess that reads no column."""
    about = result.about
    if not about.metrics:
        st.caption("Gemma 3 was not trained on this table, and no rows were held out to judge it.")
        return
    judged = about.rows.get("held out", about.rows.get("judged", 0))
    where = "held out from the fit" if "held out" in about.rows else "of the table, which it may have been trained on"
    for column, (name, value) in zip(st.columns(max(3, len(about.metrics))), about.metrics.items()):
        column.metric(
            plain(_FIGURES.get(name, name)),
            _three(value),
            f"baseline {_three(about.baseline.get(name, np.nan))}",
            delta_color="off",
            delta_arrow="off",
        )
    st.caption(
        f"On {judged:.0f} rows {where}. The baseline reads no column: "
        + ("it gives the shares of the classes." if about.classes else "it gives the mean.")
    )


def _three(value: float) -> str:
    return "–" if value != value else f"{value:.4g}"


def _files(fitted: Fitted | None) -> None:
    if fitted is None or fitted.model is None:
        return
    one, two = st.columns(2)
    every = np.arange(len(fitted.frame))
    label = "Predictions of all rows (CSV)"
    save(label, lambda: to_csv(fitted, every, {}), "swing-predictions.csv", "save-predictions", one, width="stretch")
    if fitted.model.text is not None:
        save("The trees (LightGBM’s text)", fitted.model.text, "swing-trees.txt", "save-trees", two, width="stretch")
