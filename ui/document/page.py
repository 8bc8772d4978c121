"""The Document page: a long text, a question, and which of its parts the answer stands on, level by level."""

from dataclasses import replace

import streamlit as st

from ui.document import ask, run, show, whatif
from ui.document.ask import Own
from ui.document.request import DocumentRequest
from ui.document.run import Desk, Study
from ui.document.samples import FIRST
from ui.document.shelf import shipped
from ui.draw.markdown import said
from ui.runs.shipped import SHIPPED
from ui.shell.bench import MORE, Bench, bar, bench, follow_model
from ui.shell.frame import frame, ready
from ui.shell.jobs import Job
from ui.shell.model_slot import model_slot
from ui.shell.pace import Cost
from xai.hierarchy.found import Path


def page() -> None:
    state = bench("document", Own)
    follow_model(state)
    frame(
        "Swing: what in this document does the answer stand on?",
        "Swing leaves out chapters, paragraphs, sentences and words of a document, and measures how the probability of the "
        "answer swings. The heaviest parts are opened first; click a part to look into it. Values add up, level by level.",
    )
    request = ask.ask(state.own)
    if request is None:
        return
    if state.new and request.same_game == FIRST.same_game:
        state.shown = shipped()
    if ready(model_slot()):
        if model_slot().loaded.notes:
            st.caption(said(" ".join(model_slot().loaded.notes)))
        more = None if state.shown is None else lambda: _begin(state, _more(state.shown))
        bar(state, lambda: _cost(state, request), lambda: _begin(state, request), more)
    if isinstance(state.shown, Study):
        _show(state, request, state.shown)


def _cost(state: Bench[Own], request: DocumentRequest) -> Cost:
    """The first look comes before the evaluations; the document is measured once."""
    slot, own = model_slot(), state.own
    if own.sized is None or own.sized[0] != request.same_game:
        own.sized = request.same_game, *run.size(slot.loaded, request, slot.answer_tokens)
    evaluations = run.at_most(request)
    before = own.sized[3] * slot.seconds_per_token
    return Cost(evaluations, before + evaluations * own.sized[2] * slot.seconds_per_token, before)


def _more(study: Study) -> DocumentRequest:
    return replace(study.request, budget=study.request.budget * MORE)


def _begin(state: Bench[Own], request: DocumentRequest) -> None:
    """Explain; what was paid for the same game stays paid, that of a study that is shown and that of a cancelled run."""
    slot, own, shown = model_slot(), state.own, state.shown
    before = shown if shown is not None and shown.request.same_game == request.same_game else None
    desk = own.desk if own.desk is not None and own.desk.asked == request.same_game else None
    own.anew = None

    def keep(desk: Desk) -> None:
        own.desk = desk

    state.begin(Job(run.work(slot.loaded, request, desk, before, keep, slot.learn_rate, slot.learn_answer)))


def _show(state: Bench[Own], request: DocumentRequest, study: Study) -> None:
    slot, own = model_slot(), state.own
    if study.request.same_game != request.same_game:
        st.info("The result below is of an earlier document or question. Press Explain for the one above.")
    if study is shipped():
        st.caption(SHIPPED)
    can = slot.state == "ready" and state.job is None and not study.once

    def open_part(path: Path) -> None:
        _begin(state, replace(study.request, opened=(*study.request.opened, path)))

    def desk_of(job: Job) -> Desk:
        if own.desk is None or own.desk.asked != study.request.same_game:
            own.desk = run.prepare(slot.loaded, study.request, job, study)
        return own.desk

    paid = study.ledger.evaluations
    each = study.ledger.seconds / paid if paid else 0.0
    show.show(study, state, each, open_part, can)
    whatif.show(study, state, lambda: slot.loaded, desk_of, can)
    st.caption(
        f"{study.root.last:,} words, {study.root.tokens:,} tokens in {len(study.frontier)} parts. Paid for so far: {paid} "
        f"evaluations. {_rest(study)}"
    )


def _rest(study: Study) -> str:
    """What is still to be said of what was paid."""
    if study.once:
        return "What the first look took is not among them."
    return "" if len(study.found) == 2 else "The Shapley values are still being computed."


page()
