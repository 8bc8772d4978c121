"""What every page does around a run: cost, Explain, a place in the line, progress, Cancel, more budget."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import streamlit as st
from markupsafe import Markup

from ui.draw.html import render
from ui.draw.markdown import said
from ui.line.job import Place
from ui.shell.jobs import Job, Line, line, others_busy
from ui.shell.limits import admit
from ui.shell.model_slot import model_slot
from ui.shell.pace import Cost, between, duration, pace
from ui.shell.visitor import visitor
from xai import Attribution

POLL = 0.5  # seconds
MORE = 2  # "Add budget" asks for so many times the evaluations


S = TypeVar("S")
Act = Callable[[], None]


@dataclass
class Bench(Generic[S]):
    """One page's state in one browser session.

    own : what this kind of page adds to it
    shown : the page's result, finished or not;  job : the one that this session waits for;  run : id of the kept run
    asked : which game that run is of, so that another is not taken for it
    outcome : (state, sentence) of a job that gave nothing new;  seen : how much of the job was shown already
    brought : a request whose settings the widgets are to take;  interrupted : one whose server died in the middle of it
    opened : the upload that was last opened as a bundle;  policies : (request, its map under every way of absence)
    pool : the line (`ui.shell.jobs.line`) in which what the page asks waits
    unfolded : whether the question is to be seen beside a result, so that it can be changed
    of_model : fingerprint of the model that `shown` is of: another's values are no part of what is computed now
    changes : how often the server's model had been changed when this page was begun
    """

    own: S
    shown: Any = None
    job: Job | None = None
    run: str | None = None
    asked: Any = None
    outcome: tuple[str, str] | None = None
    seen: int = 0
    brought: Any = None
    interrupted: Any = None
    opened: str | None = None
    policies: tuple[Any, dict[str, Attribution]] | None = None
    unfolded: bool = False
    pool: str = "model"
    of_model: str = ""
    changes: int = 0

    @property
    def new(self) -> bool:
        """Nothing was asked or shown here yet."""
        return self.shown is None and self.job is None and self.outcome is None and self.run is None

    def show_brought(self, result: Any, model: str) -> None:
        """Show what comes from a file: it is of no run here; the page sets its fields by it when it starts over."""
        self.shown, self.run, self.asked, self.outcome, self.of_model = result, None, None, None, model
        self.brought = result.request

    def leave(self) -> None:
        """Show nothing of a run that was deleted, wait for nothing of it, and name it in no link."""
        if self.job is not None:
            leave(self.job)
        self.unlink()
        self.job, self.shown, self.outcome = None, None, None

    def unlink(self) -> None:
        """The run is kept no longer: the page's address does not name it either."""
        if self.run is not None and st.query_params.get("run") == self.run:
            del st.query_params["run"]
        self.run = None

    def fold(self) -> None:
        """Fold the question away, or open it."""
        self.unfolded = not self.unfolded

    def forget_failure(self) -> None:
        """What failed was asked of another input than the one that is there now."""
        if self.outcome is not None and self.outcome[0] == "failed":
            self.outcome = None

    def begin(self, job: Job, where: Line | None = None) -> None:
        """Put a job into the line, or say why not; what the page shows stays until there is something new."""
        self.outcome, job.owner = None, visitor()
        try:
            admit("run", job.owner)
            self.follow((where or line(self.pool)).submit(job))
        except ValueError as error:
            self.outcome = "failed", str(error)

    def follow(self, job: Job) -> None:
        """Look at a job that is in the line already."""
        job.watch()
        self.job, self.seen = job, 0

    def look(self) -> bool:
        """Take what the job has published or ended with; whether the page has something new to show."""
        job = self.job
        if job is None:
            return False
        job.watch()
        over, version = job.over, job.version  # in this order: what is published before the end is not lost
        if over:
            self.job = None
            if job.state == "done":
                self.shown, self.of_model = job.result, job.model or self.of_model
            else:
                self.outcome = job.state, job.sentence
            return True
        if version > self.seen:
            self.seen, self.shown, self.of_model = version, job.latest, job.model or self.of_model
            return True
        return False


def leave(job: Job) -> None:
    """Cancel a job that this browser began, or only look away from another's."""
    if job.line is not None:
        job.line.leave(job, visitor())


def bench(page: str, own: type[S]) -> Bench[S]:
    """This session's bench of one page. own : the class of its own state, which is made without arguments"""
    name = f"bench-{page}"
    if name not in st.session_state:
        st.session_state[name] = Bench(own(), changes=model_slot().changes)
    return st.session_state[name]  # type: ignore[no-any-return]  # a session's state holds anything


def benches() -> list[Bench[Any]]:
    """Those of all pages that this session has opened."""
    return [one for one in st.session_state.values() if isinstance(one, Bench)]


def follow_model(state: Bench[Any], asks: Callable[[], bool] = lambda: True) -> None:
    """Where the server has another model since, the page starts over with what was brought and typed: what it shows is of the
    other. A job that waits or is done asks the one it was begun with, and its result says so.

    asks() : whether what is shown was asked of the server's model
    """
    slot = model_slot()
    if state.changes == slot.changes:
        return
    state.changes, begun = slot.changes, not state.new
    if state.job is None and (state.shown is None or asks()):
        vars(state).update(vars(Bench(state.own, opened=state.opened, changes=slot.changes)))
        if begun:
            state.outcome = "changed", f"The model is now {slot.served}. What stood here was of the one before."
            st.query_params.pop("run", None)


def fold(line: Any, asked: Markup, state: Bench[Any], shown: bool) -> None:
    """The question in a line; where there is a result, its widgets are folded away until they are wanted.

    line : a container above theirs, whose own has the key "question"
    """
    folded = shown and not state.unfolded
    with line:
        st.html(render("asked", asked=asked, folded=str(folded).lower()))
        if shown:
            label, icon = ("Change the question", "edit") if folded else ("Fold the question away", "unfold_less")
            st.button(label, key="fold", type="tertiary", icon=f":material/{icon}:", on_click=state.fold)


def bar(state: Bench[Any], cost: Callable[[], Cost], explain: Act, more: Act | None, may_stop: bool = False) -> None:
    """The job bar; polls while a job is in the line.

    cost() gives most evaluations and about how many seconds, ValueError where nothing can be explained; explain()
    begins a run; more() goes on with the run shown, with a larger budget, None where none would tell more. may_stop :
    whether a run may end before it has taken all that.
    """
    st.fragment(_bar, run_every=POLL if state.job else None)(state, cost, explain, more, may_stop)


def on_demand(
    state: Bench[Any], label: str, key: str, place: Any, name: str, of: Any, make: Callable[[Job], Any], can: bool = True
) -> None:
    """A button for what takes a job of its own: `place`.`name` becomes (of, what `make` gave); what is shown stays."""
    shown = state.shown

    def work(job: Job) -> Any:
        setattr(place, name, (of, make(job)))
        return shown

    if st.button(label, key=key, disabled=state.job is not None or not can):
        state.begin(Job(work))
        st.rerun()


def watch(state: Bench[Any], cancel: str = "cancel") -> None:
    """Progress of a job beside the bar's, and the sentence where it gave nothing. cancel : key of its button"""
    st.fragment(_watch, run_every=POLL if state.job else None)(state, cancel)


def _watch(state: Bench[Any], cancel: str) -> None:
    if state.look():
        st.rerun()
    if state.job is not None:
        _progress(state.job, cancel)
    elif state.outcome:
        _outcome(state.outcome)


def _bar(state: Bench[Any], cost: Callable[[], Cost], explain: Act, more: Act | None, may_stop: bool) -> None:
    if state.look():
        st.rerun()
    if state.job is not None:
        _progress(state.job)
        return
    if state.outcome:
        _outcome(state.outcome)
    try:
        most = cost()
    except (ValueError, TypeError) as error:
        st.warning(said(str(error)))
        st.button("Explain", disabled=True, key="explain")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Explain", type="primary", key="explain")
        low, high = pace().range(state.pool, others_busy(state.pool), most.seconds)
        time = between(0.0 if may_stop else low, high)
        st.caption(f"This will take at most {most.evaluations} evaluations of the model: {time}.", width="content")
        label = f"Add budget: {MORE} × the evaluations of the run below"
        added = state.shown is not None and more is not None and st.button(label, key="more", type="tertiary")
    if pressed:
        explain()
        st.rerun()
    if added and more is not None:
        more()
        st.rerun()


def _outcome(outcome: tuple[str, str]) -> None:
    (st.info if outcome[0] in ("cancelled", "changed") else st.error)(said(outcome[1]))


def _left(job: Job, where: Place) -> str:
    """How long a job that works will take, where that is known, and whether others take turns with it."""
    others, seconds = where.left(job)
    shared = "" if others <= 0 else " in turns with another run" if others == 1 else f" in turns with {others} other runs"
    if seconds is None or job.eta is None:
        return f" ·{shared}" if shared else ""
    return f" · about {duration(seconds)} left{',' if shared else ''}{shared}"


def _progress(job: Job, cancel: str = "cancel") -> None:
    where = job.line or line()
    ahead = where.ahead(job)
    if job.cancelling:
        st.progress(job.share, text="Stopping after this batch")
    elif ahead:
        runs = "1 run is" if ahead == 1 else f"{ahead} runs are"
        seconds = where.wait(job)
        wait = "" if not seconds else f", about {duration(seconds)}"
        if job.begun:
            text = f"This run has stepped back, so that others see a first map too: {runs} before its next turn{wait}."
        else:
            text = f"Waiting in the line: {runs} before yours{wait}. The model serves one at a time."
        st.progress(job.share, text=text)
    else:
        st.progress(job.share, text=said(job.sentence) + _left(job, where))
    if job.belongs_to(visitor()):
        st.button("Cancel", key=cancel, on_click=leave, args=(job,), disabled=job.cancelling)
    else:
        st.caption("This run was begun in another browser, which alone can cancel it.")
