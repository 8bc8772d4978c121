"""The first result of each page, which ships with Swing: what a newcomer sees before any model is loaded.

`python -m ui.shipping` makes them again, from fresh runs of the bundled models.
"""

from typing import Any

import streamlit as st

from model.assets import ASSETS
from ui.kind import Kind, Request, Result
from ui.runs.bundle import read_bundle
from ui.runs.comparison_bundle import from_bundle
from ui.shell.model_slot import model_slot

AT = ASSETS / "first"
SHIPPED = ":material/inventory_2: Computed before and shipped with Swing; “Explain” computes it here and now."


@st.cache_resource(show_spinner=False)
def _results() -> dict[str, Result]:
    """By the kind; read once for all sessions."""
    return {}


def shipped(kind: Kind[Any, Any, Any], first: Request) -> Result | None:
    """The kind's first result, None where it has none, or where this server's model is another than the bundled one."""
    path = AT / f"{kind.key}.zip"
    if not path.exists() or (kind.asks_server_model(first) and model_slot().source is not None):
        return None
    if kind.key not in _results():
        _results()[kind.key] = from_bundle(kind, read_bundle(path.read_bytes()))
    return _results()[kind.key]


def is_shipped(kind: Kind[Any, Any, Any], result: Any) -> bool:
    return result is not None and _results().get(kind.key) is result
