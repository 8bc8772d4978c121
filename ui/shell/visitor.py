"""Who looks at a page: a user where there is a login, else the browser; whether its session is still there, and its end."""

import gc
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from model.memory import trim
from ui.shell.access import login_needed, user

AWAY = 40.0  # seconds for which a session is held whose browser is gone, so that it may come back
LOOK = 10.0  # seconds between two looks at who is gone


def visitor() -> str:
    """The user that is logged in; without a login this browser's token: the one that Streamlit gives it against forged
    requests, else one of the session. ValueError where a login is needed and nobody is logged in."""
    if login_needed():
        who = user()
        if who is None:
            raise ValueError("You are not logged in: open the page again and log in.")
        return f"user {who}"
    return browser() or str(st.session_state.setdefault("owner", secrets.token_hex(16)))


def browser() -> str | None:
    """The token that Streamlit gives this browser against forged requests; None where it keeps no cookie."""
    from streamlit.web.server.starlette.starlette_app_utils import decode_xsrf_token_string

    cookie = st.context.cookies.get("_streamlit_xsrf", "")
    token = decode_xsrf_token_string(cookie)[0] if cookie else None
    return token.hex() if token else None


def this_session() -> str | None:
    """The id of the browser session that runs this script; None where no server runs it."""
    from streamlit import runtime
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    return None if context is None or not runtime.exists() else context.session_id


def this_session_alive() -> Callable[[], bool]:
    """A function, for any thread, that says whether the browser session that runs this script is still there."""
    session = this_session()
    return _always if session is None else _Alive(session)


def _always() -> bool:
    return True


@dataclass(frozen=True)
class _Alive:
    """Equal for one session, however often it looks, so that a set of watchers does not grow."""

    session: str

    def __call__(self) -> bool:
        from streamlit import runtime

        return not runtime.exists() or runtime.get_instance().is_active_session(self.session)


class Departures:
    """Sessions, each of which is closed when its browser has been gone for `AWAY` seconds.

    Streamlit holds a session for two minutes, and beyond them until another one is left: on a quiet server for days.

    is_here(session) : whether its browser is there;  close(sessions) : gives back what these hold
    clock : seconds that never go back
    """

    def __init__(
        self, is_here: Callable[[str], bool], close: Callable[[list[str]], None], clock: Callable[[], float] = time.monotonic
    ):
        self._is_here, self._close, self._clock = is_here, close, clock
        self._gone_since: dict[str, float | None] = {}

    def __len__(self) -> int:
        return len(self._gone_since)

    def expect(self, session: str) -> None:
        """This session's browser will go one day."""
        self._gone_since.setdefault(session, None)

    def look(self) -> None:
        """Close whose browser has been gone for long enough."""
        now, over = self._clock(), []
        for session, since in list(self._gone_since.items()):
            if self._is_here(session):
                self._gone_since[session] = None
            elif since is None:
                self._gone_since[session] = now
            elif now - since >= AWAY:
                del self._gone_since[session]
                over.append(session)
        if over:
            self._close(over)

    def watch(self) -> "Departures":
        """Look every `LOOK` seconds from now on, in a thread of its own."""

        def look_on() -> None:
            while True:
                time.sleep(LOOK)
                self.look()

        threading.Thread(target=look_on, name="departures", daemon=True).start()
        return self


@st.cache_resource(show_spinner=False)
def departures() -> Departures:
    """The server's, the same for every session."""
    return Departures(lambda session: _Alive(session)(), close_sessions).watch()


def expect_departure() -> None:
    """Have the session that runs this script closed when its browser is gone."""
    if (session := this_session()) is not None:
        departures().expect(session)


def close_sessions(sessions: list[str]) -> None:
    """End these sessions, unless their browsers came back, and give back the memory of what they held. For any thread
    but the server's own."""
    from streamlit import runtime

    server, done = runtime.get_instance(), threading.Event()

    def close() -> None:  # where Streamlit connects browsers to sessions too, so that none comes back meanwhile
        try:
            for session in sessions:
                found = None if server.is_active_session(session) else server._session_mgr.get_session_info(session)
                if found is not None:
                    server.close_session(session)
                    _empty(found.session)
        finally:
            done.set()

    server._get_async_objs().eventloop.call_soon_threadsafe(close)
    done.wait()
    gc.collect()  # a session is a circle of objects
    trim()


def _empty(session: Any) -> None:
    """Of what an `AppSession` holds leave nothing: it may be held itself, by the loop that sent something to it last, or as the
    thread of its script by a library that keeps the thread that called it."""
    session.session_state.clear()
    session.session_state._new_widget_state.widget_metadata.clear()
    session._fragment_storage.clear()
