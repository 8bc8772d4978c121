"""This browser's runs in the side bar: found, reopened, renamed, deleted, forgotten."""

import time
from contextlib import suppress
from typing import Any

import streamlit as st

from ui.draw.markdown import plain, said, short
from ui.names import NAMED
from ui.runs import kept
from ui.runs.store import Run
from ui.sets import kept as sets
from ui.shell.bench import Bench, benches
from ui.shell.frame import begin_anew
from ui.shell.visitor import visitor
from ui.shell.widgets import one_of

LISTED = 20
MANY = 4  # runs, from which on they can be searched and sorted
NEWEST, BY_PAGE, BY_NAME = "newest first", "by page", "by name"
SETTINGS = {  # what is told of a run's settings, each where it says something
    "players": "parts: {}",
    "grid": "{} patches a side",
    "segments": "superpixels",
    "absent": "absent: {}",
    "target": "target “{}”",
    "rather": "rather than “{}”",
    "background": "background of {} rows",
}
KEPT = (
    "Texts, settings, what the model answered and the values paid for are kept in one file on this server, so that a run "
    "can go on after a crash; the oldest go first when it is full. Uploaded files are kept only if you say so. A link with "
    "“?run=” opens that run for you alone, and for others once you share it."
)
SHARED = (
    "Whoever has the link of a shared run sees its texts, settings and values, and an upload that is kept with it; only you "
    "change or delete it. Once it is no longer shared, the link opens it for you alone; a page that shows it shows it until it "
    "is reloaded."
)


def sidebar(page: str, state: Bench[Any]) -> None:
    """The list, and what is kept where."""
    with st.sidebar:
        st.subheader("Runs", help=KEPT)
        try:
            store = kept.store()
            runs = store.runs(visitor())
        except ValueError as error:
            st.warning(f"{said(str(error).rstrip('.'))}. Runs are not kept: take away what you need as files.")
            return
        if unkept := st.session_state.get("not-kept"):
            st.warning(f"{said(unkept.rstrip('.'))}. The run on this page is not kept: take it away as files.")
        if not runs:
            st.caption("Nothing yet. Every run you start is listed here.")
        found, order = (_search(runs), _order()) if len(runs) >= MANY else (runs, NEWEST)
        found = sorted(found, key=lambda run: {BY_PAGE: run.page, BY_NAME: run.name.casefold()}.get(order, ""))
        above = ""
        for run in found[:LISTED]:
            if order == BY_PAGE and run.page != above:
                st.caption(f"**{run.page.capitalize()}**")
            above = run.page
            _entry(run, page, state)
        if len(found) > LISTED:
            st.caption(f"{len(found) - LISTED} more are kept as well: search for them by their name.")
        data_sets = len(sets.mine())
        if runs or data_sets:
            with st.popover("Forget everything"):
                more = f" and {_many(data_sets, 'data set')}" * (data_sets > 0)
                st.markdown(
                    f"{_many(len(runs), 'run')}{more} of this browser will be deleted from the server, with their "
                    "links, and what was uploaded or shown in this tab. Nothing brings them back."
                )
                st.button("Forget them", key="forget", on_click=_forget, type="primary")
        if store.notice:
            st.warning(store.notice)


def _search(runs: list[Run]) -> list[Run]:
    """Those that a word of their name, their page or their settings picks."""
    wanted = st.text_input("Find a run", key="find-run", placeholder="by name, page, method", max_chars=80).casefold().split()
    found = [run for run in runs if all(word in f"{run.name} {described(run)}".casefold() for word in wanted)]
    if not found:
        st.caption("No run has all these words.")
    return found


def _order() -> str:
    """The newest first in any case, where nothing else tells two runs apart."""
    return str(one_of("Order", [NEWEST, BY_PAGE, BY_NAME], NEWEST, "order-runs"))


def described(run: Run) -> str:
    """A run's page, its model and settings, how it ended and when."""
    plan = run.settings.get("plan") or run.settings  # a document has its budget among its own
    maps = " and ".join(filter(None, (NAMED.get(str(plan.get(side))) for side in ("left", "right"))))
    model = run.settings.get("model") or ("Gemma 3" if run.fingerprint else "")
    ended = "interrupted" if run.interrupted else run.state
    asked = [words.format(short(str(found), 30)) for name, words in SETTINGS.items() if (found := run.settings.get(name))]
    most = f"at most {plan['budget']} a map, seed {plan.get('seed', 0)}" if "budget" in plan else ""
    told = [run.page.capitalize(), str(model), *asked, maps, most, f"{run.evaluations} evaluations", ended, "shared" * run.shared]
    return " · ".join([*filter(None, told), time.strftime("%d %b %H:%M", time.localtime(run.created))])


def others_of(page: str, run: str | None) -> dict[str, str]:
    """This browser's other runs of a page, the newest first: id → name and description."""
    try:
        runs = kept.store().runs(visitor())
    except ValueError:
        return {}
    named = {one.id: f"{plain(one.name, 40)} · {plain(described(one), 200)}" for one in runs if one.page == page}
    return {name: named[name] for name in [name for name in named if name != run][:LISTED]}


def _entry(run: Run, page: str, state: Bench[Any]) -> None:
    shown = "● " if run.id == state.run else ""
    with st.expander(shown + plain(run.name, 40)):
        st.caption(plain(described(run), 300))
        if run.page == page and st.button("Open", key=f"open-{run.id}"):
            st.query_params["run"] = run.id
            state.run = None
            st.rerun()
        if run.page != page:
            st.caption(f"It opens on the {run.page.capitalize()} page.")
        share_link(run, page, f"share-{run.id}")
        name = st.text_input("Name", run.name, key=f"name-{run.id}", max_chars=80)
        if name != run.name:
            kept.store().rename(run.id, visitor(), name)
            st.rerun()
        if st.button("Delete", key=f"delete-{run.id}"):
            kept.store().delete(run.id, visitor())
            for one in benches():
                if one.run == run.id:
                    one.leave()
            st.rerun()


def share_link(run: Run, page: str, key: str) -> None:
    """Whether others may open a run of one's own, and the link that they open it by. key : of the widget"""
    st.session_state[key] = run.shared  # there may be another of the same run
    st.toggle("Share its link", key=key, on_change=_share, args=(run.id, key), help=SHARED)
    if run.shared and run.page == page:
        st.code(f"{(st.context.url or '').split('?')[0]}?run={run.id}", language=None, wrap_lines=True)


def share_shown(page: str, run: str | None) -> None:
    """The same of the run on the page, where it is kept and one's own."""
    try:
        if run is not None and kept.store().owns(run, visitor()):
            share_link(kept.store().get(run), page, "share-shown")
    except ValueError as error:
        st.caption(said(str(error)))


def _share(run: str, key: str) -> None:
    with suppress(ValueError):  # deleted meanwhile: the list says so
        kept.store().share(run, visitor(), bool(st.session_state[key]))


def _forget() -> None:
    """Delete this browser's runs, and all that this session brought and did: it begins anew."""
    count, data_sets = kept.store().forget(visitor()), sets.forget()
    for one in benches():
        one.leave()
    begin_anew()
    deleted = f"{_many(count, 'run')} and {_many(data_sets, 'data set')}" if data_sets else _many(count, "run")
    st.toast(f"Deleted: {deleted}.")


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
