"""What a public server shows beside its pages: the login, who is logged in, the way out."""

import streamlit as st

from ui.draw.markdown import plain
from ui.shell.access import auth_section, login_needed, providers, public

NAMES = "name", "email", "preferred_username"  # claims of what a user is called


def ask_to_log_in() -> None:
    """All that a page shows to who is not logged in."""
    st.title("Swing")
    back = " Then open your link again: the login forgets it." if st.query_params else ""
    st.markdown(f"Log in to see what swings a model’s answer.{back}")
    names = providers(auth_section())
    for name in names or {"": ""}:
        st.button(f"Log in with {plain(name)}" if name else "Log in", key=f"login-{name}", on_click=_log_in, args=(name,))


def account() -> None:
    """In the side bar of a public server: who is logged in, and the way out."""
    if not public():
        return
    with st.sidebar:
        if login_needed():
            named = next((str(name) for key in NAMES if (name := st.user.to_dict().get(key))), "")
            st.caption(f"Logged in as {plain(named)}" if named else "Logged in")
            st.button("Log out", key="logout", on_click=st.logout)


def _log_in(provider: str) -> None:
    st.login(provider or None)
