"""What the Table page shows of a result: the row's answer and what really was, classes, tabs of its own."""

from dataclasses import replace

import numpy as np
import streamlit as st
from scipy.special import expit

from ui.draw.chances import chance, chance_of, event, number
from ui.draw.colour import signed
from ui.draw.html import render
from ui.draw.markdown import plain, said
from ui.draw.table import show_table
from ui.files.save import save
from ui.kind import Result, View
from ui.shell.bench import Bench
from ui.shell.frame import preset
from ui.table import charts as table_charts
from ui.table.all_rows import show_all_rows, to_csv
from ui.table.exact import show_errors, show_exact_pairs
from ui.table.picture import TablePicture, answer, how_far, shown
from ui.table.request import MODELS, TableAbout, TableRequest
from ui.table.run import Fitted, TableState, find, fingerprint
from ui.table.whatif import show_what_if
from xai.exchange.visible import visible
from xai.typing import Floats

LISTED = 20  # worst predicted rows
MOST_DOTS = 2000  # of a kind of row in a plot
_USED = {"trained": "taught the model", "watched": "at most told when to stop", "held out": "were held out: these alone judge it"}
NOTHING = (
    "On the rows that judge it this model does no better than a guess that reads no column: the maps show what moves the model, "
    "but the model does not know the target. Bring more rows, other columns or another model."
)
OTHER_MODEL = "Explain the row with trees as well, and see whether both models lean on the same columns."
_NAMED = {"trained": "fitted on", "watched": "told when to stop", "held out": "held out"}
FIGURES = {"r2": "R²", "rmse": "RMSE", "mae": "MAE", "accuracy": "Accuracy", "log_loss": "Log loss", "auc": "AUC"}


def picture_of(result: Result) -> TablePicture:
    """Of what is shown first: of several classes, the one that the model predicts."""
    about, comparison, outputs = result.about, result.comparison, result.comparison.outputs
    first = outputs[int(np.argmax(comparison.weights))] if len(outputs) > 1 else ""
    says = about.says
    if result.request.model == "gemma" and about.truth is not None:  # its log-odds are known when it was asked
        odds = float(comparison.focused()[0].full_value)
        says = f"{chance_of(says, float(expit(odds)))} among its labels (log-odds {signed(odds, 2)})"
    told = answer(result.request, about, says)
    found = TablePicture(about, _exact(about, comparison.weights), first, first, told)
    return replace(found, then=OTHER_MODEL) if result.request.model == "gemma" else found


def _exact(about: TableAbout, weights: list[float]) -> dict[str, Floats]:
    return {index: values @ np.asarray(weights) for index, values in about.exact.items()}


def view(result: Result, picture: TablePicture, state: Bench[TableState]) -> View:
    """What the model says of the row, what really was, and which of its classes is explained."""
    comparison, request = result.comparison, result.request
    fitted = find(request, state.own.models)
    st.html(render("answer", said="", answer=picture.answer, rather=None))
    if told := how_far(result.about):
        st.markdown(said(told))
    if fitted is not None and fitted.model is not None and fitted.model.notes:
        notes = [f"- {said(note)}" for note in fitted.model.notes[:LISTED]]
        st.markdown("The model’s file, as it was read:\n" + "\n".join(notes))
    weights, first = None, picture.first
    if first:
        label = "Explain the score of a class. It costs nothing."
        outputs = comparison.outputs
        output = st.pills(label, outputs, default=first, key=f"class-{state.run}", format_func=plain) or first
        weights = None if output == first else [float(name == output) for name in outputs]
        picture = replace(picture, output=output, exact=_exact(result.about, weights or comparison.weights))
    rows = "one baseline row lends" if request.background == 1 else f"{request.background} rows lend"

    def below() -> None:
        st.caption(
            f"{MODELS[request.model]}; {rows} the cells of absent columns. {_judged(result.about)} Paid for so far: "
            f"{comparison.ledger.evaluations} evaluations."
        )
        if knows_nothing(result.about):
            st.warning(NOTHING)

    chosen = weights or comparison.weights
    sections = {
        "What really was": lambda: show_truth(result, fitted, chosen, state),
        "What if": lambda: show_what_if(result, fitted, picture, chosen),
        "All rows": lambda: show_all_rows(result, fitted, picture, chosen, state),
        "Errors against exact": lambda: show_errors(result, fitted, chosen, state),
    }
    if request.model == "file" and fitted is not None:
        sections["Does it predict as it should?"] = lambda: show_agreement(fitted)
    if fitted is not None and fitted.exact:
        sections["Pairs of parts"] = lambda: show_exact_pairs(result, fitted, picture, chosen)
    return View(picture, weights, sections, lambda: _files(fitted), below)


def knows_nothing(about: TableAbout) -> bool:
    """Whether the model tells the rows it is judged on no better than the guess that reads no column."""
    name = next((name for name in ("rmse", "log_loss") if name in about.metrics and name in about.baseline), None)
    return name is not None and about.metrics[name] >= about.baseline[name]


def _judged(about: TableAbout) -> str:
    """The most telling figure of the model in one sentence."""
    name = next((name for name in ("r2", "accuracy") if name in about.metrics), None)
    if name is None:
        return "It was not fitted to this table, and no rows were held out to judge it."
    rows = about.rows.get("held out", about.rows.get("judged", 0))
    where = "held out" if "held out" in about.rows else "that it may have been fitted to"
    return f"{FIGURES[name]} {_three(about.metrics[name])} on {rows:,} rows {where}."


def show_agreement(fitted: Fitted) -> None:
    """A column of predictions made elsewhere beside the model's own: the largest difference, and where."""
    from model.table.comparing import agreement

    read = {column.name for column in fitted.table_model.columns}
    others = [name for name in fitted.frame if name not in read]
    name = st.selectbox(
        "Compare with a column of predictions made elsewhere", others, index=None, format_func=visible, key="agreement"
    )
    if name is None:
        st.caption("Raw scores, numbers, probabilities of a class, or classes: a column that the model does not read.")
        return
    try:
        found = agreement(fitted.table_model, fitted.frame, fitted.frame[name])
    except ValueError as error:
        st.error(said(str(error)))
        return
    (st.warning if found.differing else st.success)(said(found.sentence))


def show_truth(result: Result, fitted: Fitted | None, weights: list[float], state: Bench[TableState]) -> None:
    """How far the model is off: its figures, the worst predicted rows, and a plot of all."""
    if not result.about.metrics:
        st.markdown("The language model was asked of this row alone: how far it is off on other rows is not known.")
        return
    _figures(result.about)
    if fitted is None:
        st.markdown("Press Explain to fit the model again; then the worst predicted rows can be listed, and all be plotted.")
        return
    truth = fitted.truth
    used = ", ".join(f"{len(rows):,} {_USED[name]}" for name, rows in truth.used.items())
    unknown = int((~truth.known).sum())
    st.markdown(
        (f"Of the rows {used}." if used else "Which rows the model was fitted on is not known: its file does not say.")
        + (f" Of {unknown:,} the target is missing: what really was there is not known." if unknown else "")
    )
    _worst(result, fitted, state)
    _plot(result.request, fitted, int(np.argmax(weights)))


def _worst(result: Result, fitted: Fitted, state: Bench[TableState]) -> None:
    """The worst predicted rows; a click explains one."""
    truth, model, request = fitted.truth, fitted.table_model, result.request
    rows = truth.worst(LISTED)
    frame = fitted.frame.iloc[rows].reset_index(drop=True)
    names = np.array(model.target.classes, object)
    says = names[truth.predicted[rows].argmax(axis=1)] if truth.classes else [number(value) for value in truth.predicted[rows]]
    sizes = [chance(value) if truth.classes else number(value, "+") for value in truth.residual[rows]]
    actual = frame.pop(fitted.target).map(shown)
    told = {"row": rows + 1, "in the table": actual, "the model says": says, "residual": sizes}
    told |= {"used": [truth.use[i] or "not known" for i in rows]}
    for place, (name, cells) in enumerate(told.items()):
        frame.insert(place, name + " " * (name in frame), cells)  # a table may have a column of that name
    st.markdown(f"**The {len(rows)} worst predicted rows**, of {int(truth.known.sum()):,}. Choose one to explain it.")
    key = f"worst-{fingerprint(request)[:12]}"

    def choose() -> None:
        if chosen := st.session_state[key].selection.rows:
            row = int(rows[chosen[0]])
            preset(**{"t-row": row + 1})
            state.own.chosen = replace(request, row=row), False

    show_table(frame, key, on_select=choose, selection_mode="single-row", height=280)
    if state.own.chosen is not None:
        st.fragment(_go_there, run_every=0.3)(state)


def _go_there(state: Bench[TableState]) -> None:
    """Explain the chosen row, as if Explain had been pressed; not before the browser shows its number, or it loses that."""
    if state.own.chosen is None:
        return
    request, shown_there = state.own.chosen
    state.own.chosen = None if shown_there else (request, True)
    if shown_there:
        state.interrupted = request
        st.rerun()


def _plot(request: TableRequest, fitted: Fitted, output: int) -> None:
    """Residuals of a number, calibration of a class; rows that the model was fitted on apart from those held out."""
    truth, target = fitted.truth, fitted.table_model.target
    groups = {_NAMED[name]: rows for name, rows in reversed(truth.used.items())}
    groups = groups or {"rows of this table": np.flatnonzero(truth.known)}
    if not truth.classes:
        dots = {}
        for name, rows in groups.items():
            some = np.sort(np.random.default_rng(0).permutation(rows)[:MOST_DOTS])
            dots[name] = truth.predicted[some], truth.residual[some], some + 1
        row = request.row
        here = (float(truth.predicted[row]), float(truth.residual[row])) if truth.known[row] else None
        st.plotly_chart(table_charts.residuals(dots, here, target.label), width="stretch", key="residuals")
        most = f" Of each kind at most {MOST_DOTS:,} rows are drawn." if max(map(len, groups.values())) > MOST_DOTS else ""
        st.caption(f"Dots above the line are more than the model says, below it less.{most}")
        return
    from model.table.truth import calibration

    place = output if len(target.classes) > 2 else 1
    bins = {
        name: calibration(truth.predicted[rows, place], truth.actual[rows] == place) for name, rows in groups.items() if len(rows)
    }
    what = event(target.label, target.classes[place])
    st.plotly_chart(table_charts.calibrations(bins, what), width="stretch", key="calibration")
    st.caption(
        "Rows in groups of about equal number by the probability they were given; whiskers: 95 % intervals. On the dotted "
        "line probabilities come true as often as they say."
        + (" Only rows held out tell how the model does on what it has not seen." if truth.used else "")
    )


def _figures(about: TableAbout) -> None:
    """Metrics of the hold-out rows beside those of the guess that reads no column."""
    judged = about.rows.get("held out", about.rows.get("judged", 0))
    where = "held out from the fit" if "held out" in about.rows else "of the table, which it may have been trained on"
    for column, (name, value) in zip(st.columns(max(3, len(about.metrics))), about.metrics.items()):
        column.metric(
            plain(FIGURES.get(name, name)),
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
    return "–" if value != value else f"{value:.4g}".replace("-", "−")


def _files(fitted: Fitted | None) -> None:
    if fitted is None or fitted.model is None:
        return
    one, two = st.columns(2)
    every = np.arange(len(fitted.frame))
    label = "Predictions of all rows (CSV)"
    save(label, lambda: to_csv(fitted, every, {}), "swing-predictions.csv", "save-predictions", one, width="stretch")
    if fitted.model.text is not None:
        save("The trees (LightGBM’s text)", fitted.model.text, "swing-trees.txt", "save-trees", two, width="stretch")
