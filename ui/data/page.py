"""The Data page: what a prompt's examples, the sources of training runs, or the words of a sentence are worth."""

from dataclasses import replace
from html import escape

import numpy as np
import streamlit as st

from ui.data import run as data_run
from ui.data.ask import SOURCES, ask_examples, ask_mode, ask_words, set_widgets
from ui.data.bundle import from_bundle, matrix_csv, measures_csv, to_bundle
from ui.data.picture import ExamplesPicture, matrix, quantity
from ui.data.run import EXAMPLES, MEASURES, ExamplesResult, Reader, WordsResult, request_of
from ui.data.scored_runs import show_sources
from ui.draw import charts
from ui.draw.colour import legend
from ui.draw.markdown import plain, said
from ui.files.take_away import downloads, open_bundle
from ui.maps.side_by_side import show
from ui.names import ABSENT, INDICES, method_name
from ui.runs import kept
from ui.shell.bench import MORE, bar, bench
from ui.shell.frame import frame, ready
from ui.shell.jobs import Job
from ui.shell.model_slot import model_slot
from ui.text.picture import TextPicture
from xai.trust.disagreement import disagreement


def page() -> None:
    state, slot = bench("data"), model_slot()
    frame(
        "Swing: what is each example worth?",
        "Swing values what a translation is made from: the examples in a prompt, the data sources of training runs "
        "that you have scored, or the words of one sentence.",
    )
    kept.reopen("data", state, Reader, lambda settings: set_widgets(request_of(settings), state))
    if (brought := state.extra.pop("brought", None)) is not None:
        set_widgets(brought.request, state)
    st.session_state.setdefault("data-mode", EXAMPLES)
    mode = ask_mode(state)
    if mode == SOURCES:
        show_sources()
    else:
        request = ask_examples(state) if mode == EXAMPLES else ask_words()
        if request is not None:
            controls(request, state, slot)
        if state.shown is not None and state.shown.request.kind == mode:
            if request is not None and state.shown.request.same_game != request.same_game:
                st.info("The result below is of other data or settings. Press Explain for those above.")
            (show_examples if mode == EXAMPLES else show_words)(state.shown, slot)
    kept.sidebar("data", state)
    open_bundle(state, from_bundle)


def controls(request, state, slot) -> None:
    """Whether an upload is kept, the model's progress while it loads, then the job bar."""
    if request.uploaded:
        st.checkbox(
            "Keep these pairs with the run, on this server, so that it can be reopened and go on after a crash",
            key="data-keep",
            help="Without it, nothing of this run is kept; take it away as files.",
        )
    if not ready(slot):
        return
    if "interrupted" in state.extra:  # its server died in the middle of it
        _explain(request_of(state.extra.pop("interrupted")), state, slot)
    bar(state, lambda: _cost(request, state, slot), lambda: _explain(request, state, slot), lambda: _more(state, slot))


def _cost(request, state, slot) -> tuple[int, float]:
    """What `data_run.cost` says, asked once for each request: it reads every prompt."""
    key = request, slot.seconds_per_token
    if state.extra.get("cost", (None,))[0] != key:
        state.extra["cost"] = key, data_run.cost(slot.gemma, request, slot.seconds_per_token)
    return state.extra["cost"][1]


def _more(state, slot) -> None:
    request = state.shown.request
    plan = replace(request.plan, budget=request.plan.budget * MORE)
    if request.kind == EXAMPLES:
        _explain(replace(request, plan=plan), state, slot)
    else:
        _explain(replace(request, text=replace(request.text, plan=plan)), state, slot)


def _explain(request, state, slot) -> None:
    """Begin a run, or go on with the one shown where it is of the same game: what was paid stays paid.

    A run of uploaded pairs is kept only where the user says so: their sentences stand in its settings and labels.
    """
    known = None
    if state.shown is not None and state.shown.request.same_game == request.same_game:
        known = state.shown.comparison.ledger
    own, run = state.run if state.asked == request.same_game else None, None
    if not request.uploaded or st.session_state.get("data-keep"):
        run = kept.begin("data", request.name, request.to_settings(), slot.gemma.fingerprint, own)
    else:
        st.query_params.pop("run", None)
    state.run, state.asked = run, request.same_game

    def work(job):
        if run is None:
            return data_run.run(slot.gemma, request, job, lambda game: data_run.unkept(game, known))
        with kept.ended_with(run):
            result = data_run.run(slot.gemma, request, job, lambda game: kept.ledger(run, game, known))
        kept.finish(run, result)
        return result

    state.begin(Job(work, run))


def show_examples(result: ExamplesResult, slot) -> None:
    """Both value functions beside each other, whether they agree, and both indices by one of them."""
    comparison, request = result.comparison, result.request
    picture = ExamplesPicture(request)
    st.subheader(f"What the {picture.parts} are worth, by two measures")
    second = (
        st.segmented_control("Beside cross-entropy", ["BLEU", "chrF"], default="BLEU", key="data-second", required=True) or "BLEU"
    )
    pairs = list(zip(result.measured("cross-entropy"), result.measured(second)))
    measures = "cross-entropy", second
    for column, measure, one in zip(st.columns(2), measures, pairs[0]):
        with column:
            st.markdown(f"**{INDICES[one.index]}** by **{quantity(measure)}**")
            st.plotly_chart(charts.bars(one, quantity(measure), charts.reach_of([one])), width="stretch", key=f"two-{measure}")
            ends = f"From {one.empty_value:.2f} with no example to {one.full_value:.2f} with all."
            st.caption(f"{ends.replace('-', '−')} More is better.")
    for one, other in pairs:
        found = disagreement(one, other, measures)
        box = st.warning if found.opposite else st.info
        box(f"**{INDICES[one.index]}:** {said(found.text)}")
    st.caption(
        "“Helps” and “harms” are said where the 95 % interval of the value leaves zero out. Intervals are of the "
        f"values on {_sentences(len(request.evaluation))}; other sentences would move them, BLEU most."
    )
    _written(result)
    st.subheader("Banzhaf values beside Shapley values")
    measure = (
        st.segmented_control(
            "By which measure? It costs nothing.", list(MEASURES), default="cross-entropy", key="data-measure", required=True
        )
        or "cross-entropy"
    )
    st.caption(f"Paid for so far: {comparison.ledger.evaluations} evaluations, which serve every measure.")
    weights = None if measure == "cross-entropy" else data_run.measure_weights(len(request.evaluation), measure)
    picture = ExamplesPicture(request, measure)
    show(comparison, picture, weights, {"Take away": lambda: _take_away(result, picture, slot)})


def _sentences(count: int) -> str:
    return "this one sentence" if count == 1 else f"these {count} sentences"


def _written(result: ExamplesResult) -> None:
    if not result.written:
        return
    with st.expander("What the model writes with no example, and with all of them"):
        rows = [
            {"sentence": pair.source, "reference": pair.target, "no example": without, "all examples": with_all}
            for pair, (without, with_all) in zip(result.request.evaluation, result.written)
        ]
        st.dataframe(rows, hide_index=True, key="data-written")


def show_words(result: WordsResult, slot) -> None:
    """The matrix of source words by target words for both indices, then the whole comparison for chosen words."""
    subject, comparison = result.subject, result.comparison
    st.subheader("Which source word swings which target word?")
    said_by = "The model translates" if result.request.text.target is None else "The translation you typed"
    st.html(f'<p>{said_by}:</p><p class="swing-answer" data-answer="1" dir="auto">{escape(subject.target.strip())}</p>')
    found = result.matrices()
    scale = max(float(np.abs(values).max()) for _, values, _ in found) or 1.0
    for side, column, (one, values, errors) in zip("lr", st.columns(2), found):
        with column:
            st.markdown(f"**{INDICES[one.index]}** · {method_name(one.index, one.method)}")
            figure = matrix(one.labels, result.words, values, errors, scale)
            st.plotly_chart(figure, width="stretch", key=f"matrix-{side}")
    st.html(legend(scale))
    st.caption(
        "Each cell: the change of the target word’s natural log-probability by the source word, +0.69 doubles its "
        "probability. Both matrices come from one set of evaluations and have one colour scale. Words of the target "
        "that stand before it are always present. Absent words are "
        f"{ABSENT[result.request.text.absent]}. Paid for so far: {comparison.ledger.evaluations} evaluations."
    )
    st.markdown(_strongest(result, found))
    chosen = st.pills(
        "Look closer at words of the translation. It costs nothing.",
        range(len(result.words)),
        selection_mode="multi",
        format_func=lambda j: plain(result.words[j]),
        key=f"words-{subject.target}",
    )
    weights = result.weights(chosen) if chosen else None
    picture = TextPicture(subject, len(chosen))
    show(comparison, picture, weights, {"Take away": lambda: _take_away(result, picture, slot)})


def _strongest(result: WordsResult, found) -> str:
    """For each target word the source word that raises it most, by the first map."""
    one, values, _ = found[0]
    pairs = [
        f"{plain(word)} ← **{plain(one.labels[int(np.argmax(column))])}**"
        for word, column in zip(result.words, values.T)
        if column.max() > 0
    ]
    return f"By {INDICES[one.index]}, each target word owes most to: {', '.join(pairs)}." if pairs else ""


def _take_away(result, picture, slot) -> None:
    fingerprint = slot.gemma.fingerprint if slot.gemma else ""
    downloads(lambda: to_bundle(result, fingerprint), picture.parts, picture.whole)
    if result.request.kind == EXAMPLES:
        st.download_button(
            "All measures (CSV)",
            lambda: measures_csv(result),
            "swing-measures.csv",
            "text/csv",
            key="save-measures",
            on_click="ignore",
        )
    else:
        st.download_button(
            "Matrix of words (CSV)",
            lambda: matrix_csv(result),
            "swing-words.csv",
            "text/csv",
            key="save-matrix",
            on_click="ignore",
        )


page()
