"""The study with which the page opens; it ships with Swing."""

import streamlit as st

from ui.document.keep.bundle import from_bytes
from ui.document.run import Study
from ui.runs import shipped as results
from ui.shell.model_slot import model_slot

STUDY = "document.study"


@st.cache_resource(show_spinner=False)
def _studies() -> dict[str, Study]:
    """Read once for all sessions."""
    return {}


def shipped() -> Study | None:
    """None where there is none, or where this server's model is another than the bundled one."""
    path = results.AT / STUDY
    if not path.exists() or model_slot().source is not None:
        return None
    if str(path) not in _studies():
        _studies()[str(path)] = from_bytes(path.read_bytes())
    return _studies()[str(path)]
