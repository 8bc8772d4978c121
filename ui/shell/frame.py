"""What opens every page: its style, its title, what it is for; and the model's progress until it can be asked."""

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from model.assets import ASSETS
from ui.draw.markdown import said
from ui.shell.limits import admit
from ui.shell.model_slot import ModelSlot
from ui.shell.visitor import expect_departure, visitor
from xai.exchange.html import HEATMAP_STYLE

STYLES = (HEATMAP_STYLE, ASSETS / "style.css")
SCRIPTS = (ASSETS / "highlight.html", ASSETS / "focus.html", ASSETS / "tabs.html")


def frame(title: str, purpose: str) -> None:
    """purpose : what the page is for and what to do with it, behind an (i) beside the title"""
    expect_departure()
    for style in STYLES:
        st.html(style)
    for script in SCRIPTS:
        st.html(script, unsafe_allow_javascript=True)
    st.title(title, help=purpose)


def held(key: str, options: Iterable[Any] | None = None, **default: Any) -> dict[str, Any]:
    """A widget by its key; its default, unless a sample or a reopened run has just set it. options : if it chooses one of them

    A browser that sees only a later run takes that one's default for the choice: so it stays from run to run, and is what
    the sample or the reopened run has set where there was one.
    """
    usual, choices = st.session_state.get("usual", {}), list(options or ())
    if key in usual and not choices:
        default["value"] = usual[key]
    elif key in usual and usual[key] in choices:
        default["index"] = choices.index(usual[key])
    return _held(key, default)


def linked(key: str, **default: Any) -> dict[str, Any]:
    """A widget by its key whose choice stands in the link where it is not the default, which therefore stays as it is."""
    return {"bind": "query-params", **_held(key, default)}


def _held(key: str, default: dict[str, Any]) -> dict[str, Any]:
    given = st.session_state.get("preset", set())
    own = {} if key in given and key in st.session_state else default
    given.discard(key)
    return {"key": key, **own}


def preset(**values: Any) -> None:
    """Set widgets that are `held` or `linked`, before they are made."""
    st.session_state.update(values)
    st.session_state["preset"] = st.session_state.get("preset", set()) | set(values)
    st.session_state["usual"] = st.session_state.get("usual", {}) | values


def uploader(
    label: str, key: str, most_mb: int, place: Any = st, on_change: Callable[..., None] | None = None, args: Any = (), **more: Any
) -> Any:
    """A file uploader, a new one after `begin_anew`: a browser holds a file for as long as its widget is there.

    Where a visitor uploads too often, what came is left aside, and a sentence says when to try again.
    """
    key = file_key(key)
    arrival = {"on_change": _arrived, "args": (key, on_change, args)}
    file = place.file_uploader(label, key=key, max_upload_size=most_mb, **arrival, **more)
    if refusal := st.session_state.get(f"refused-{key}"):
        place.error(said(refusal))
        return None
    return file


def _arrived(key: str, then: Callable[..., None] | None, args: Any) -> None:
    st.session_state.pop(f"refused-{key}", None)
    if st.session_state[key] is not None:
        try:
            admit("upload", visitor())
        except ValueError as error:
            st.session_state[f"refused-{key}"] = str(error)
            return
    if then is not None:
        then(*args)


def file_key(key: str) -> str:
    """Under which a session holds what is in an uploader."""
    again = st.session_state.get("again", 0)
    return f"{key}-{again}" if again else key


def begin_anew() -> None:
    """Forget all that this session brought, asked and was shown."""
    stays = {name: st.session_state[name] for name in ("owner", "painted") if name in st.session_state}
    stays["again"] = st.session_state.get("again", 0) + 1
    st.session_state.clear()
    st.session_state.update(stays)


def ready(slot: ModelSlot) -> bool:
    """Whether the slot's model can be asked; if so, its notes are said, if not, its progress is shown, and the page starts over
    when it can."""
    if slot.state == "ready":
        if slot.notes:
            st.caption(said(slot.notes))
        return True
    st.fragment(_loading, run_every=0.5)(slot)
    return False


def _loading(slot: ModelSlot) -> None:
    if slot.state == "ready":
        st.rerun()
    if slot.state == "failed":
        st.error(said(slot.error))
        st.button("Try again", on_click=slot.start, key="retry")
        return
    st.progress(min(slot.fraction, 1.0), text=f"{said(slot.sentence)} … you can write your input meanwhile.")
    if st.session_state.get("painted"):  # loading torch would hold up the browser's first paint
        slot.start()
    st.session_state.painted = True
