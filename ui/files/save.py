"""The button of every file that is taken away."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from ui.files.late_click import patient

_KINDS = {"csv": "text/csv", "html": "text/html", "png": "image/png", "txt": "text/plain", "zip": "application/zip"}


def save(
    label: str, data: str | bytes | Callable[[], str | bytes], name: str, key: str | None, place: Any = st, **more: Any
) -> None:
    """A file by its name, made when it is asked for where `data` makes it. key : of the widget;  more : of Streamlit's"""
    patient()
    place.download_button(label, data, name, _KINDS[name.rpartition(".")[2]], key, on_click="ignore", **more)
