"""What a public server shows beside its pages: the login, who is logged in, the way out; to operators its load."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from ui.draw.markdown import plain
from ui.shell.access import auth_section, identity, is_operator, login_needed, providers, public
from ui.shell.jobs import lines
from ui.shell.visitor import browser

NAMES = "name", "email", "preferred_username"  # claims of what a user is called
PATIENCE, MOST, LONGEST = 900.0, 1000, 2000  # s that a login may take; links that are kept; characters of one
LOOK = 5.0  # s between two looks at the load
Link = tuple[str, dict[str, str]]  # the page's path, its query


class Links:
    """What browsers asked for before the login, which leads back to the first page: each is told once, to its browser.

    clock : seconds that never go back
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._links: dict[str, tuple[float, Link | None]] = {}

    def keep(self, who: str, link: Link) -> bool:
        """Whether it is kept: a link that is too long is not."""
        if sum(map(len, [who, link[0], *link[1], *link[1].values()])) > LONGEST:
            return False
        with self._lock:
            self._links.pop(who, None)
            self._links[who] = self._clock(), link
            while len(self._links) > MOST:
                del self._links[next(iter(self._links))]
        return True

    def take(self, who: str) -> Link | None:
        """What a browser asked for a while ago at most."""
        with self._lock:
            when, link = self._links.pop(who, (self._clock(), None))
        return link if self._clock() - when <= PATIENCE else None


@st.cache_resource(show_spinner=False)
def links() -> Links:
    """The server's, the same for every session."""
    return Links()


def ask_to_log_in(path: str) -> None:
    """All that a page shows to who is not logged in. path : of the page that is asked for"""
    st.title("Swing")
    back, who = "", browser()
    if query := st.query_params.to_dict():
        kept = who is not None and links().keep(who, (path, query))
        back = " Then your link opens." if kept else " Then open your link again: the login forgets it."
    st.markdown(f"Log in to see what swings a model’s answer.{back}")
    names = providers(auth_section())
    for name in names or {"": ""}:
        st.button(f"Log in with {plain(name)}" if name else "Log in", key=f"login-{name}", on_click=_log_in, args=(name,))


def asked_before_login() -> Link | None:
    """What this browser asked for before it logged in, where it asks for nothing else now."""
    who = browser() if login_needed() and not st.query_params else None
    return None if who is None else links().take(who)


def account() -> None:
    """In the side bar of a public server: who is logged in, and the way out; to an operator the load."""
    if not public():
        return
    with st.sidebar:
        if login_needed():
            named = next((str(name) for key in NAMES if (name := st.user.to_dict().get(key))), "")
            role = ", an operator" if is_operator() else ""
            known = f"You are known as {plain(identity(), 300)}."
            st.caption((f"Logged in as {plain(named)}" if named else "Logged in") + role, help=known)
            st.button("Log out", key="logout", on_click=st.logout)
        if is_operator():
            st.fragment(_load, run_every=LOOK)()


def _log_in(provider: str) -> None:
    st.login(provider or None)


def _load() -> None:
    loads = [each.load() for each in list(lines().values())]
    work, wait = sum(one.at_work for one in loads), sum(one.waiting for one in loads)
    who = len({owner for one in loads for owner in one.owners})
    told = f"{work} at work, {wait} waiting, of {who} visitor{'s' * (who != 1)}"
    sessions, memory = _sessions(), _memory()
    more = [
        f"{sessions} open page{'s' * (sessions != 1)}" if sessions else "",
        f"{memory / 1e9:.1f} GB of memory" if memory else "",
    ]
    st.caption("; ".join([f"Runs: {told}", *filter(None, more)]))


def _sessions() -> int:
    from streamlit import runtime

    manager = getattr(runtime.get_instance(), "_session_mgr", None) if runtime.exists() else None
    return 0 if manager is None else int(manager.num_active_sessions())


def _memory() -> int:
    """Bytes of this process that lie in memory; 0 where the system does not say."""
    told = Path("/proc/self/statm")
    return int(told.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if told.exists() else 0
