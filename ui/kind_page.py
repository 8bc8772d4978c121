"""The one page of every kind of input: ask, what it will cost, Explain, the maps, more budget, files."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from ui.draw.markdown import said
from ui.files.take_away import downloads, open_bundle
from ui.kind import LOOK, Kind, Request, Result, Subject
from ui.maps.another import show_another
from ui.maps.picture import Picture
from ui.maps.side_by_side import show
from ui.runs import kept
from ui.runs.bundle import Bundle, read_bundle
from ui.runs.comparison import Comparison, compare
from ui.runs.comparison_bundle import from_bundle, to_bundle
from ui.runs.listed import others_of, share_shown, sidebar
from ui.runs.shipped import SHIPPED, is_shipped, shipped
from ui.shell.bench import MORE, Bench, bar, bench, fold, follow_model
from ui.shell.frame import frame, ready
from ui.shell.jobs import Job, others_busy
from ui.shell.model_slot import model_slot
from ui.shell.pace import Cost, pace
from xai import Ledger
from xai.game import Game
from xai.ledger import FIRST_BATCH

QUICK = 64  # evaluations
ENOUGH = 16  # evaluations that tell how long the next ones take


def kind_page(kind: Kind[Any, Any, Any]) -> None:
    """Draw the page."""
    state = bench(kind.key, kind.State)
    follow_model(state, lambda: kind.asks_server_model(state.shown.request))
    frame(kind.title, kind.lead)
    kept.reopen(kind, state)
    if state.brought is not None:
        kind.open(state.brought, state, None)
        state.brought = None
    kind.offer(state)
    line = st.container(horizontal=True, vertical_alignment="center")
    with st.container(key="question"):
        request = kind.ask(state)
    if request is not None:
        state.pool = kind.pool(request)
        if state.new and (first := kind.first(request)) is not None:
            state.shown = shipped(kind, first)
            state.unfolded = state.shown is None  # and stays so until Explain: nothing folds away under a hand
        fold(line, kind.asked(request), state, state.shown is not None and kind.shows(state.shown))
        _controls(kind, request, state)
    if state.shown is not None and kind.shows(state.shown):
        if request is not None and state.shown.request.same_game != request.same_game:
            st.info(f"The result below is of {kind.another}. Press Explain for the one above.")
        elif request is not None and _of_another(kind, request, state):
            st.info("The result below is of another model than this server's. Press Explain to ask this one.")
        _show(kind, state.shown, state)
    sidebar(kind.key, state)
    open_bundle(lambda data: _brought(kind, read_bundle(data)), state)


def _brought(kind: Kind[Any, Any, Any], bundle: Bundle) -> tuple[Result, str]:
    return from_bundle(kind, bundle), bundle.fingerprint


def _of_another(kind: Kind[Any, Any, Any], request: Request, state: Bench[Any]) -> bool:
    """Whether another model gave what is shown; nobody knows while this one is not loaded."""
    now = kind.fingerprint(request)
    return bool(now) and state.of_model not in ("", now) and not is_shipped(kind, state.shown)


def _controls(kind: Kind[Any, Any, Any], request: Request, state: Bench[Any]) -> None:
    """The model's progress while it loads, then the job bar."""
    if kind.asks_server_model(request) and not ready(model_slot()):
        return
    if state.interrupted is not None:  # its server died in the middle of it
        again, state.interrupted = state.interrupted, None
        _explain(kind, again, state)
    elif state.new and (first := kind.first(request)) is not None:
        _first(kind, first, state)
    exact = state.shown is not None and all(one.method == "exact" for one in state.shown.comparison.maps)
    more = None if exact else lambda: _more(kind, state)  # of what is exact, more evaluations tell nothing
    bar(state, lambda: kind.cost(request, state), lambda: _explain(kind, request, state), more, request.plan.stop)


@st.cache_resource(show_spinner=False)
def first_results() -> dict[tuple[str, str], Result]:
    """Newcomers' results, each made once for all; by the kind and the model."""
    return {}


def _first(kind: Kind[Any, Any, Any], first: Request, state: Bench[Any]) -> None:
    """Explain a newcomer's request, at a budget that keeps nobody waiting."""
    request = replace(first, plan=replace(first.plan, budget=min(first.plan.budget, QUICK)))  # type: ignore[type-var]
    shelf, place, subject = first_results(), (kind.key, kind.fingerprint(request)), kind.subject(request, state)
    state.shown, state.of_model = shelf.get(place), place[1]
    if state.shown is not None:
        return

    def work(job: Job) -> Result:
        job.model = place[1]
        with job.in_one_go():  # of all who wait for the same it is made once
            if place not in shelf:
                shelf[place] = run(request, subject(job), job, Ledger)
        return shelf[place]

    state.begin(Job(work))


def _more(kind: Kind[Any, Any, Any], state: Bench[Any]) -> None:
    request = state.shown.request
    _explain(kind, replace(request, plan=replace(request.plan, budget=request.plan.budget * MORE)), state)


def _explain(kind: Kind[Any, Any, Any], request: Request, state: Bench[Any]) -> None:
    """Begin a run, or go on with the one shown where it is of the same game: what was paid stays paid."""
    try:
        subject, look = kind.subject(request, state), kind.look(request, state)
    except ValueError as error:
        state.outcome = "failed", str(error)
        return
    state.unfolded = False
    model = kind.fingerprint(request)
    shown = state.shown if state.of_model == model and not is_shipped(kind, state.shown) else None
    known = shown.comparison.ledger if shown is not None and shown.request.same_game == request.same_game else None
    own = state.run if state.asked == request.same_game else None
    state.run = name = None
    if kind.may_keep(request):
        upload = kind.upload(request, state, True)
        state.run = name = kept.begin(kind.key, kind.name(request), request.to_settings(), model, own, upload)
    else:
        st.query_params.pop("run", None)
    state.asked = request.same_game

    cost = _foretold(kind, request, state)
    pool, shared = state.pool, others_busy(state.pool)

    def learn(took: float, paid: int) -> None:
        if cost is not None:
            pace().learn(pool, shared, cost.of(paid), took)

    def make(job: Job) -> Result:
        if known is None and look is not None:
            look(job)
        before = shown if shown is not None and shown.request == request else None
        return run(request, subject(job), job, lambda game: kept.ledger(name, game, known), before, learn)

    seconds, soon = (None, None) if cost is None else (cost.seconds, LOOK if look is not None else cost.of(FIRST_BATCH))
    kept.work_on(name, state, make, model, seconds, soon)


def _foretold(kind: Kind[Any, Any, Any], request: Request, state: Bench[Any]) -> Cost | None:
    """None where that is not known."""
    try:
        return kind.cost(request, state)
    except (ValueError, TypeError):
        return None


def run(
    request: Request,
    subject: Subject,
    job: Job,
    ledger_of: Callable[[Game], Ledger],
    before: Result | None = None,
    learn: Callable[[float, int], None] = lambda took, paid: None,
) -> Result:
    """Both maps of a subject and how right they are. ledger_of(game) gives the ledger to go on with

    before : a result of the same request; where it is whole, it is the result: the same asked twice says the same
    learn(took, paid) : told seconds of work and evaluations, where these are enough to tell of the next run
    """
    ledger = ledger_of(subject.game)
    if before is not None and before.comparison.state == "done" and before.comparison.judgements:
        return replace(before, comparison=replace(before.comparison, ledger=ledger))
    spent, paid = ledger.seconds, ledger.evaluations
    found = compare(
        ledger,
        request.plan,
        subject.outputs,
        subject.weights,
        job.tell,
        lambda now: job.publish(Result(request, subject.about, now)),
        job.cancelled,
    )
    if (evaluations := ledger.evaluations - paid) >= ENOUGH:
        subject.learn(ledger.seconds - spent, evaluations)
        learn(job.worked, evaluations)
    return Result(request, subject.about, replace(found, redrawn=subject.redrawn))


def _show(kind: Kind[Any, Any, Any], result: Result, state: Bench[Any]) -> None:
    """What stands above the maps, the maps, and the files of both."""
    try:
        picture = kind.picture(result)
    except ValueError as error:  # what was explained is gone
        st.warning(said(str(error)))
        return
    if is_shipped(kind, result):
        st.caption(SHIPPED)
    view, name = kind.view(result, picture, state), kind.name(result.request)
    fingerprint = state.of_model or kind.fingerprint(result.request)
    upload = kind.upload(result.request, state, False)

    def take_away() -> None:
        downloads(lambda: to_bundle(kind.key, result, name, fingerprint, upload), picture, result.comparison)
        if view.files is not None:
            view.files()
        share_shown(kind.key, state.run)

    def another() -> None:
        def load(run: str) -> tuple[Comparison, Picture]:
            other = kept.result_of(kind, run)
            return other.comparison, kind.picture(other)

        others = others_of(kind.key, state.run)
        show_another(result.comparison, view.picture, view.weights, others, load)

    more = {**view.sections, "Another run": another, "Take away": take_away}
    show(result.comparison, view.picture, view.weights, more, view.below, state.job is not None)
