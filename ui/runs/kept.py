"""Runs that are kept: begun, continued, reopened by link or from the list (`ui.runs.listed`)."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import streamlit as st

from ui.runs.comparison import Paid
from ui.runs.store import GONE, Run, RunStore
from ui.shell.bench import Bench
from ui.shell.jobs import Job, Stopped, of_run
from ui.shell.visitor import visitor
from xai import Cancelled, Ledger
from xai.game import Game

log = logging.getLogger("swing.store")

ELSEWHERE = "Another server that shares this one's store is at work on this run: open its link again when it has ended."


class Found(Protocol):
    """What a run found: a `ui.kind.Result`, or a document's study."""

    @property
    def state(self) -> str: ...
    def to_record(self) -> dict[str, Any]: ...


class Keeper(Protocol):
    """What is asked of who has runs kept; a `ui.kind.Kind` says what each is."""

    @property
    def key(self) -> str: ...
    def read(self, settings: Any, upload: bytes | None = None, /) -> Any: ...
    def open(self, request: Any, state: Bench[Any], upload: bytes | None, /) -> None: ...
    def result(
        self, record: Any, request: Any, ledger_of: Callable[[list[str]], Ledger], upload: bytes | None = None, /
    ) -> Any: ...


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """The server's store, the same for every session; ValueError with one sentence where there can be none."""
    try:
        return RunStore()
    except OSError as error:
        raise ValueError(f"Kept runs cannot be opened ({error.strerror or error}).") from error


def begin(
    page: str, name: str, settings: dict[str, Any], model: str, run: str | None = None, content: bytes | None = None
) -> str | None:
    """The id of a run to work on: `run` again where it is of the same model, else a new one; None where none is kept.

    It must be this visitor's own. Where there is no room, or no writable home, the run goes on all the same, and the side
    bar says why it is not kept.
    """
    st.session_state.pop("not-kept", None)
    try:
        kept = store()
        if run is not None and _may_go_on(run, model) and kept.claim(run):
            kept.keep(run, settings=json.dumps(settings))
            return run
        run = kept.create(visitor(), page, name, settings, model, content)
    except ValueError as error:
        st.session_state["not-kept"] = str(error)
        st.query_params.pop("run", None)
        return None
    st.query_params["run"] = run
    return run


def _may_go_on(run: str, model: str) -> bool:
    try:
        found = store().get(run)
    except ValueError:  # deleted meanwhile
        return False
    return found.fingerprint == model and store().owns(run, visitor())


def ledger(run: str | None, game: Game, known: Ledger | None = None) -> Ledger:
    """A ledger that keeps every batch of a run as soon as it is paid, with all that the run, and `known`, hold already.

    run : None for one that is kept nowhere
    """
    made = Ledger(game) if run is None else store().ledger(run, game)
    if known is not None:
        made.take(known)
    return made


def work_on(
    run: str | None,
    state: Bench[Any],
    make: Callable[[Job], Found],
    model: str,
    seconds: float | None = None,
    soon: float | None = None,
) -> None:
    """Put a run's work into the line, and keep what it finds, or how it ended.

    model : fingerprint of what is asked;  seconds, soon : it may take, and until it shows something
    """

    def work(job: Job) -> Found:
        job.model = model
        with ended_with(run):
            result = make(job)
        finish(run, result)
        return result

    state.begin(Job(work, run, seconds=seconds, soon=soon))
    if state.job is None:  # the line takes no more
        end(run, "partial", "It was not begun: too much was waiting.")


def finish(run: str | None, result: Found) -> None:
    """Keep a result: `to_record()` as JSON, and whether it is whole. It is shown all the same where it cannot be."""
    if run is None:
        return
    cut = "It was cancelled; Explain goes on from what was paid."
    try:
        store().keep(run, result=json.dumps(result.to_record()))
        store().finish(run, result.state, "" if result.state == "done" else cut)
    except ValueError as error:
        log.warning("a result is not kept: %s", error)


@contextmanager
def ended_with(run: str | None) -> Iterator[None]:
    """Keep how a run ended where it gave no result."""
    try:
        yield
    except (Cancelled, Stopped):
        end(run, "partial", "It was cancelled before there was anything to show.")
        raise
    except Exception as error:
        known = isinstance(error, (ValueError, TypeError, OSError))
        end(run, "failed", str(error) if known else "Something went wrong inside Swing.")
        raise


def end(run: str | None, state: str, sentence: str) -> None:
    """Keep how a run ended, and why."""
    if run is not None:
        with suppress(ValueError):  # the sentence that matters is the one that ended it
            store().finish(run, state, sentence)


def reopen(kind: Keeper, state: Bench[Any]) -> None:
    """Show the run that the link names, if it is not shown already.

    It must be this visitor's own, or shared. A run that is in the line is followed. An own one whose server died goes on as
    soon as the model is ready.
    """
    run = st.query_params.get("run")
    if not run:
        return
    if run == state.run:
        if _is_gone(run):  # forgotten in another tab, or the oldest where room was needed: what is shown stays
            state.unlink()
        return
    state.run = run
    try:
        found = store().open(run, visitor())
        if found.page != kind.key:
            raise ValueError(f"This run belongs to the {found.page.capitalize()} page; open it there.")
        results, upload = store().results(run), store().content(run)
        request = _request_of(kind, found, results, upload)
        kind.open(request, state, upload)
        state.asked = request.same_game
        job, own = of_run(run), store().owns(run, visitor())
        if job is not None:
            state.follow(job)
        elif found.interrupted and own:
            state.interrupted = request
        state.of_model = found.fingerprint
        if "result" in results:
            state.shown = kind.result(json.loads(results["result"]), request, lambda labels: paid(run, labels), upload)
        elif job is None and not found.elsewhere and not (found.interrupted and own):
            state.outcome = "cancelled", found.sentence or "This run was stopped before there was anything to show."
        if found.elsewhere:
            state.outcome = "cancelled", ELSEWHERE
    except ValueError as error:
        state.outcome = "failed", str(error)
        state.run = None
        del st.query_params["run"]


def _is_gone(run: str) -> bool:
    try:
        store().get(run)
    except ValueError as error:
        return str(error) == GONE  # else nobody knows
    return False


def _request_of(kind: Keeper, run: Run, results: dict[str, str], upload: bytes | None) -> Any:
    """What it asked last: a run that went on has settings of its own."""
    return kind.read(json.loads(results["settings"]) if "settings" in results else run.settings, upload)


def result_of(kind: Keeper, run: str) -> Any:
    """What a kept run came to; ValueError where there is nothing, or nothing yet."""
    results, upload = store().results(run), store().content(run)
    if "result" not in results:
        raise ValueError("this run was stopped before there was anything to show")
    request = _request_of(kind, store().get(run), results, upload)
    return kind.result(json.loads(results["result"]), request, lambda labels: paid(run, labels), upload)


def paid(run: str, labels: list[str]) -> Ledger:
    """What a run paid for, without its model."""
    made = Ledger(Paid(labels))
    made.fill(store().batches(run))
    return made
