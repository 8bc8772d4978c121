"""Who looks at a page: a user where there is a login, else the browser; and whether its session is still there."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ui.shell.access import login_needed, user


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


def this_session_alive() -> Callable[[], bool]:
    """A function, for any thread, that says whether the browser session that runs this script is still there."""
    from streamlit import runtime
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return _always
    return _Alive(context.session_id)


def _always() -> bool:
    return True


@dataclass(frozen=True)
class _Alive:
    """Equal for one session, however often it looks, so that a set of watchers does not grow."""

    session: str

    def __call__(self) -> bool:
        from streamlit import runtime

        return not runtime.exists() or runtime.get_instance().is_active_session(self.session)
