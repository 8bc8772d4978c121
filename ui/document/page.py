"""The Document page: a long text, a question, and which of its parts the answer stands on, level by level."""

from dataclasses import replace

import streamlit as st
from markupsafe import escape

from ui.document import another, ask, run, show, whatif
from ui.document.ask import Own
from ui.document.keep import runs
from ui.document.keep.bundle import from_bytes
from ui.document.keep.files import downloads
from ui.document.keep.runs import RUNS, same_document
from ui.document.request import DocumentRequest
from ui.document.run import Desk, Study
from ui.document.samples import FIRST
from ui.document.shelf import shipped
from ui.draw.markdown import said
from ui.files.take_away import open_bundle
from ui.maps.another import choose_run
from ui.runs import kept
from ui.runs.listed import others_of, share_shown, sidebar
from ui.runs.shipped import SHIPPED
from ui.shell.bench import MORE, Bench, bar, bench, fold, follow_model
from ui.shell.frame import frame, ready
from ui.shell.jobs import Job
from ui.shell.model_slot import model_slot
from ui.shell.pace import Cost
from xai import Ledger
from xai.exchange.visible import visible
from xai.game import Game
from xai.hierarchy.found import Path

NONE = "Ask something else of this document; then both runs can be held against each other here."


def page() -> None:
    state = bench(RUNS.key, Own)
    follow_model(state)
    frame(
        "Swing: what in this document does the answer stand on?",
        "Swing leaves out chapters, paragraphs, sentences and words of a document, and measures how the probability of the "
        "answer swings. The heaviest parts are opened first; click a part to look into it. Values add up, level by level.",
    )
    kept.reopen(RUNS, state)
    if state.brought is not None:
        RUNS.open(state.brought, state, None)
        state.brought = None
    line = st.container(horizontal=True, vertical_alignment="center")
    with st.container(key="question"):
        request = ask.ask(state.own)
    if request is not None:
        if state.new and request.same_game == FIRST.same_game:
            state.shown = shipped()
        fold(line, escape(visible(runs.name_of(request))), state, state.shown is not None)
        _controls(state, request)
    if isinstance(state.shown, Study):
        _show(state, request, state.shown)
    sidebar(RUNS.key, state)
    open_bundle(_brought, state)


def _controls(state: Bench[Own], request: DocumentRequest) -> None:
    """The model's progress while it loads, then the job bar."""
    if not ready(model_slot()):
        return
    if state.interrupted is not None:  # its server died in the middle of it
        again, state.interrupted = state.interrupted, None
        _begin(state, again)
    more = None if state.shown is None else lambda: _begin(state, _more(state.shown))
    bar(state, lambda: _cost(state, request), lambda: _begin(state, request), more)


def _cost(state: Bench[Own], request: DocumentRequest) -> Cost:
    """The first look comes before the evaluations; the document is measured once."""
    slot, own = model_slot(), state.own
    what = Desk.what(slot.loaded, request)
    if own.sized is None or own.sized[0] != what:
        own.sized = what, *run.size(slot.loaded, request, slot.answer_tokens)
    evaluations = run.at_most(request)
    before = own.sized[3] * slot.seconds_per_token
    return Cost(evaluations, before + evaluations * own.sized[2] * slot.seconds_per_token, before)


def _more(study: Study) -> DocumentRequest:
    return replace(study.request, budget=study.request.budget * MORE)


def _begin(state: Bench[Own], request: DocumentRequest) -> None:
    """Explain; what was paid for the same game stays paid, that of a study that is shown and that of a cancelled run.

    What shipped with Swing was paid elsewhere: a part of it is opened as it stands, all of it is computed here.
    """
    slot, own, shown = model_slot(), state.own, state.shown
    elsewhere = shown is not None and shown is shipped() and not request.opened
    before = shown if _same_game(shown, request) and not elsewhere else None
    paid = own.desk is not None and own.desk.asked == Desk.what(slot.loaded, request) and not elsewhere
    desk = own.desk if paid else None
    own.anew, state.unfolded = None, False
    state.run = name = runs.begin(request, own, slot.fingerprint, state.run if state.asked == request.same_game else None)
    state.asked = request.same_game

    def keep(desk: Desk) -> None:
        own.desk = desk

    def ledger_of(game: Game, known: Ledger) -> Ledger:
        return kept.ledger(name, game, known)

    work = run.work(slot.loaded, request, desk, before, keep, slot.learn_rate, slot.learn_answer, ledger_of)
    try:
        cost = _cost(state, request)
    except ValueError:  # the work will say so
        cost = Cost(0, 0.0)
    kept.work_on(name, state, work, slot.fingerprint, cost.seconds or None, cost.before or None)


def _brought(data: bytes) -> tuple[Study, str]:
    study = from_bytes(data)
    return study, study.model


def _same_game(shown: Study | None, request: DocumentRequest) -> bool:
    """Whether a run can go on with what a study has paid for: the same question to the same model."""
    return shown is not None and shown.request.same_game == request.same_game and shown.model == model_slot().fingerprint


def _show(state: Bench[Own], request: DocumentRequest | None, study: Study) -> None:
    slot, own = model_slot(), state.own
    if request is not None and study.request.same_game != request.same_game:
        st.info("The result below is of an earlier document or question. Press Explain for the one above.")
    if study is shipped():
        st.caption(SHIPPED)
    if study.state == "partial":
        kept_of = f"{study.ledger.evaluations} evaluations are kept: Explain goes on from them."
        st.info(f"This run was cancelled: the values are of what had been computed. {kept_of}")
    can = slot.state == "ready" and state.job is None and not study.once
    if slot.state == "ready" and not _same_game(study, study.request):
        can = False
        st.info(
            "The result below is of another model than this server’s: no part can be opened, nor the model asked without one."
        )

    def open_part(path: Path) -> None:
        _begin(state, replace(study.request, opened=(*study.request.opened, path)))

    def desk_of(job: Job) -> Desk:
        if own.desk is None or own.desk.asked != Desk.what(slot.loaded, study.request):
            own.desk = run.prepare(slot.loaded, study.request, job, study)
        return own.desk

    paid = study.ledger.evaluations
    each = study.ledger.seconds / paid if paid else 0.0
    column = show.show(study, state, each, open_part, can)
    st.caption(
        f"{study.root.last:,} words, {study.root.tokens:,} tokens in {len(study.frontier)} parts. Paid for so far: {paid} "
        f"evaluations. {_rest(study)}"
    )
    anew, right, two, away = st.tabs(["What if", "How right it is", "Another run", "Take away"])
    with anew:
        whatif.show(study, state, lambda: slot.loaded, desk_of, can)
    with right:
        show.how_right(study, column)
    with two:
        _another(state, study, column)
    with away:
        downloads(study)
        share_shown(RUNS.key, state.run)


def _another(state: Bench[Own], study: Study, column: int) -> None:
    """Another kept run of the same document beside the one that is shown."""
    chosen = choose_run(same_document(study.text, others_of(RUNS.key, state.run), state.own.documents), NONE)
    if study.once:
        st.markdown("This is a first look; it is compared once parts were really removed.")
    elif chosen is not None:
        try:
            another.show(study, kept.result_of(RUNS, chosen), column)
        except ValueError as error:
            st.warning(said(f"They cannot be compared: {str(error).rstrip('.')}."))


def _rest(study: Study) -> str:
    """What is still to be said of what was paid."""
    if study.once:
        return "What the first look took is not among them."
    if len(study.found) == 2:
        return ""
    return "The Shapley values were not computed." if study.state == "partial" else "The Shapley values are still being computed."


page()
