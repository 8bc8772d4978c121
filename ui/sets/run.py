"""Which data set is on the page, and its runs: estimated, started, watched, stopped, gone on with, deleted."""

import time
from functools import partial
from shutil import rmtree
from typing import Any

import streamlit as st

from batch.progress import duration
from ui.draw.markdown import plain, said
from ui.sets import work
from ui.sets.ask import Own
from ui.sets.kept import Asked, Kept, begin, delete, drop, is_brought, new_folder
from ui.shell.bench import Bench, leave, watch
from ui.shell.jobs import Job, line, of_run
from ui.shell.model_slot import model_slot
from xai.exchange.visible import visible

NEW = ""
ROWS = {"text": "texts", "table": "table", "image": "pictures"}
CHOSEN = "sets-chosen"  # key of the widget that says which one is on the page


def choose(state: Bench[Own], mine: list[Kept]) -> Kept | None:
    """The data set that is on the page; None for a new one."""
    known = {one.id: one for one in mine}
    if state.own.begun:
        st.session_state[CHOSEN], state.own.begun = state.own.begun, ""
    if CHOSEN not in st.session_state:
        st.session_state[CHOSEN] = next((one.id for one in mine if of_run(one.id) is not None), NEW)
    if st.session_state[CHOSEN] not in known:
        st.session_state[CHOSEN] = NEW
    if known:
        st.selectbox(
            "Data set", [NEW, *known], format_func=lambda id: visible(_name(known[id])) if id else "A new one", key=CHOSEN
        )
    id = st.session_state[CHOSEN]
    if id != state.run:
        if state.job is not None and state.job.run is None:
            leave(state.job)  # an estimate that nobody waits for
        state.run, state.job, state.outcome = id, None, None
    job = of_run(id) if id else None
    if state.job is None and job is not None:
        state.follow(job)
    return known.get(id)


def _name(one: Kept) -> str:
    return f"{one.asked.name} · {ROWS[one.asked.settings['kind']]} · {time.strftime('%d %b %H:%M', time.localtime(one.begun))}"


def offer(state: Bench[Own], asked: Asked | None) -> None:
    """What it will cost, and then the button that starts it: not by callbacks, which know what was asked before the click."""
    known = state.own.estimated
    cost = known[1] if known is not None and known[0] == asked else None
    if asked is not None and state.job is None:
        if cost is None:
            if st.button("What will it cost?", type="primary", key="sets-estimate"):
                _estimate(state, asked)
                st.rerun()
        else:
            st.markdown(f"**This will take {_cost(cost)}.** {_told_by(cost)}")
            if st.button("Start", type="primary", key="sets-start"):
                _start(state, asked)
                st.rerun()
    watch(state)


def _cost(cost: dict[str, Any]) -> str:
    paid = f"about {cost['evaluations']:,} evaluations of the model" if cost["evaluations"] else "no evaluation of the model"
    processes = f"{cost['workers']} process{'es' * (cost['workers'] > 1)}"
    return f"{paid}, about {duration(max(cost['seconds'], 1))} with {processes}, and {cost['bytes'] / 1e6:,.1f} MB on the disk"


def _told_by(cost: dict[str, Any]) -> str:
    told = f"{cost['rows']:,} rows, told by the first {cost['tried']}; reading the model comes on top."
    if cost["errors"]:
        told += f" {cost['errors']} of these have an error: {said(cost['sentence'])}"
    return told


def _estimate(state: Bench[Own], asked: Asked) -> None:
    own = state.own
    try:
        folder = new_folder()
    except ValueError as error:
        state.outcome = "failed", str(error)
        return

    def look(job: Job) -> None:
        try:
            own.estimated = asked, work.estimate(folder, asked, job)
        finally:
            rmtree(folder, ignore_errors=True)

    state.begin(Job(look), line("estimates"))  # none waits for the end of another's data set


def _start(state: Bench[Own], asked: Asked) -> None:
    try:
        one = begin(asked)
    except ValueError as error:
        state.outcome = "failed", str(error)
        return
    state.own.estimated = None
    state.own.begun = state.run = one.id
    _go_on(state, one)


def _go_on(state: Bench[Own], one: Kept) -> None:
    if one.asked.settings["kind"] == "text":
        try:
            model_slot().check(one.asked.settings.get("model"))
        except ValueError as error:  # it was begun when the server had another one
            state.outcome = "failed", str(error)
            return
    state.begin(Job(partial(work.compute, one.folder, one.asked), one.id, alone=True))


def watch_over(state: Bench[Own], one: Kept, whole: bool) -> None:
    """Progress while it is computed, and what can be done with it. whole : whether every row that is asked for is done"""
    watch(state)
    if state.job is not None:
        st.caption("It goes on when you close this page. Cancel keeps every row that is written, and “Go on” computes the rest.")
        return
    with st.container(horizontal=True):
        if not whole:
            st.button("Go on", type="primary", key="sets-go-on", on_click=_go_on, args=(state, one))
        with st.popover("Delete"):
            what = plain(one.asked.name)
            gone = f"{what} and all its maps" if is_brought(one.asked.source) else f"All maps of {what}, but not the file itself,"
            here = f"{what} goes off this list; what swing explain wrote stays where it is."
            st.markdown(here if one.adopted else f"{gone} will be deleted from the server.")
            st.button("Delete it", key="sets-delete", type="primary", on_click=_delete, args=(state, one))


def _delete(state: Bench[Own], one: Kept) -> None:
    delete(one.folder)
    drop(state.own.path)
    state.own = Own(round=state.own.round + 1)
    state.leave()
    st.session_state[CHOSEN] = NEW
