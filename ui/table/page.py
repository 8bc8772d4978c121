"""The Table page: a table, a model of one of its columns, and which cells of a row make it say what it says."""

from dataclasses import replace

import numpy as np
import streamlit as st

from ui.draw.markdown import plain
from ui.files.take_away import downloads, open_bundle
from ui.maps.side_by_side import show
from ui.names import DEFAULT_PANES
from ui.runs import kept
from ui.runs.comparison import Plan
from ui.shell.bench import MORE, bar, bench
from ui.shell.frame import frame, ready
from ui.shell.jobs import Job
from ui.shell.model_slot import model_slot
from ui.table import run as table_run
from ui.table.all_rows import show_all_rows, to_csv
from ui.table.ask import ask, choose_table, set_widgets
from ui.table.bundle import from_bundle, to_bundle
from ui.table.errors import show_errors
from ui.table.pairs import show_exact_pairs
from ui.table.picture import TablePicture
from ui.table.request import MODELS, TableRequest, TableResult
from ui.table.source import FIRST, Source, sample, sample_titles, uploaded
from ui.table.whatif import show_what_if
from xai import Ledger

LOST = "The table of this run was not kept: bring it again to go on with it."
_FIGURES = {"r2": "R²", "rmse": "RMSE", "mae": "MAE", "accuracy": "Accuracy", "log_loss": "Log loss", "auc": "AUC"}


def page() -> None:
    state = bench("table")
    state.extra.setdefault("models", table_run.Shelf())
    frame(
        "Swing: why did the model say that of this row?",
        "Swing fits a model to a table and shows which cells of a row swing its answer: exactly for trees, with every "
        "method’s estimate beside it. Pick a sample or bring a CSV, Parquet or Excel file, then press Explain.",
    )
    kept.reopen("table", state, TableResult, lambda settings: _open(TableRequest.from_settings(settings), state))
    if (brought := state.extra.pop("brought", None)) is not None:
        _open(brought.request, state)
    source = choose_table(state)
    request = ask(source, state)
    controls(request, source, state)
    if state.shown is not None:
        if state.shown.request.same_game != request.same_game:
            st.info("The result below is of another row, table or setting. Press Explain for the one above.")
        show_result(state.shown, state)
    kept.sidebar("table", state)
    open_bundle(state, from_bundle)


def _open(request: TableRequest, state) -> tuple:
    """Find the table of a run that was kept or brought, and set the widgets to what it asked."""
    source, now = None, state.extra.get("table")
    content = kept.store().content(state.run) if state.run else None
    if request.sample and request.table in sample_titles():
        source = sample(request.table)
    elif now is not None and now.digest == request.digest:
        source = now
    elif content is not None:
        source = uploaded(request.table, content)
    if source is None or source.digest != request.digest:
        st.warning(LOST)
    return set_widgets(request, source, state)


def controls(request: TableRequest, source: Source, state) -> None:
    """Gemma's progress where it is asked, then the job bar."""
    slot = model_slot()
    if request.model == "gemma" and not ready(slot):
        return
    if "interrupted" in state.extra:  # its server died in the middle of it
        again = TableRequest.from_settings(state.extra.pop("interrupted"))
        if again.digest == source.digest and again.model != "file":
            _explain(again, source, state)
        else:
            state.outcome = "failed", LOST
    elif state.new:
        state.begin(Job(_first))
    bar(
        state,
        lambda: table_run.cost(source, request, state.extra["models"], slot.seconds_per_token),
        lambda: _explain(request, source, state),
        lambda: _more(source, state),
    )


def _first(job) -> TableResult:
    """A newcomer's run, made once for all."""
    found = table_run.shelf()
    if found.first is None:
        source = sample(FIRST)
        request = TableRequest(source.name, source.digest, True, source.target, plan=Plan(*DEFAULT_PANES))
        found.first = table_run.run(source, request, job, lambda game: Ledger(game), own=found)
    return found.first


def _more(source: Source, state) -> None:
    request = state.shown.request
    if request.digest != source.digest:
        state.outcome = "failed", "The run below is of another table than the one above; choose its table again."
        return
    _explain(replace(request, plan=replace(request.plan, budget=request.plan.budget * MORE)), source, state)


def _explain(request: TableRequest, source: Source, state) -> None:
    """Begin a run, or go on with the one shown where it is of the same game: what was paid stays paid."""
    known = None
    if state.shown is not None and state.shown.request.same_game == request.same_game:
        known = state.shown.comparison.ledger
    own = state.run if state.asked == request.same_game else None
    gemma, file, own_models = (model_slot().gemma, state.extra.get("model-file", (None, "", None))[2], state.extra["models"])
    state.run = run = kept.begin(
        "table", request.name, request.to_settings(), table_run.fingerprint(request), own, source.data if request.kept else None
    )
    state.asked = request.same_game

    def work(job):
        with kept.ended_with(run):
            result = table_run.run(source, request, job, lambda game: kept.ledger(run, game, known), gemma, file, own_models)
        kept.finish(run, result)
        return result

    state.begin(Job(work, run))


def show_result(result: TableResult, state) -> None:
    """The model's figures, what it says of the row, and the comparison of the two maps."""
    comparison, about, request = result.comparison, result.about, result.request
    fitted = table_run.find(request, state.extra["models"])
    _figures(result)
    st.html(f'<p class="swing-answer" dir="auto">{_answer(result)}</p>')
    outputs, weights, output = comparison.outputs, None, ""
    first = outputs[int(np.argmax(comparison.weights))] if len(outputs) > 1 else ""
    if first:
        output = (
            st.pills(
                "Explain the score of a class. It costs nothing.",
                outputs,
                default=first,
                key=f"class-{state.run}",
                format_func=plain,
            )
            or first
        )
        weights = None if output == first else [float(name == output) for name in outputs]
    chosen = comparison.weights if weights is None else weights
    exact = {index: values @ np.asarray(chosen) for index, values in about.exact.items()}
    picture = TablePicture(about, exact, output, first)
    rows = "one baseline row lends" if request.background == 1 else f"{request.background} rows lend"
    st.caption(
        f"{MODELS[request.model]}; {rows} the cells of absent columns. Paid for so far: "
        f"{comparison.ledger.evaluations} evaluations."
    )
    more = {
        "What if": lambda: show_what_if(result, fitted, picture, chosen),
        "All rows": lambda: show_all_rows(result, fitted, picture, chosen, state),
        "Errors against exact": lambda: show_errors(result, fitted, chosen, state),
        "Take away": lambda: _take_away(result, fitted, picture),
    }
    if fitted is not None and fitted.exact:
        more["Pairs of parts"] = lambda: show_exact_pairs(result, fitted, picture, chosen)
    show(comparison, picture, weights, more)


def _answer(result: TableResult) -> str:
    from html import escape

    says = result.about.says or "what it said was not kept"
    return f"Row {result.request.row + 1} of {escape(result.request.table)}: {escape(says)}"


def _figures(result: TableResult) -> None:
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


def _take_away(result: TableResult, fitted, picture) -> None:
    downloads(lambda: to_bundle(result), picture.parts, picture.whole)
    if fitted is None or fitted.model is None:
        return
    one, two = st.columns(2)
    one.download_button(
        "Predictions of all rows (CSV)",
        lambda: to_csv(fitted, np.arange(len(fitted.frame)), {}),
        "swing-predictions.csv",
        "text/csv",
        key="save-predictions",
        on_click="ignore",
        width="stretch",
    )
    if fitted.model.text is not None:
        two.download_button(
            "The trees (LightGBM’s text)",
            fitted.model.text,
            "swing-trees.txt",
            "text/plain",
            key="save-trees",
            on_click="ignore",
            width="stretch",
        )


page()
