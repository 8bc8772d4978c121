"""What a user takes along from a run, and brings back: report, table, picture, bundle."""

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from ui.draw.colour import shared_scale
from ui.files.numbers import to_csv
from ui.files.report import combined, html_report
from ui.files.save import save
from ui.maps.picture import Picture
from ui.maps.spent import spent
from ui.names import INDICES, method_name
from ui.runs.bundle import Bundle, write_bundle
from ui.runs.comparison import Comparison
from ui.shell.bench import Bench
from ui.shell.frame import uploader

MAX_BUNDLE_MB = 50


def downloads(bundle_of: Callable[[], Bundle], picture: Picture, comparison: Comparison) -> None:
    """Four files of a run, each made when it is asked for. comparison : what the bundle is of"""
    st.markdown("Everything on this page as files. They need neither this server nor a network.")

    def numbers() -> str:
        bundle = bundle_of()
        return to_csv(combined(bundle), bundle.shown.get("spans"))

    def png() -> bytes:
        maps = combined(bundle_of())
        before = f"{picture.title}: " if picture.title else ""
        named = {f"{before}{INDICES[one.index]} · {method_name(one.index, one.method)}": one for one in maps.values()}
        return picture.png(named, shared_scale(*maps.values()))

    def report() -> str:
        return html_report(bundle_of(), picture, time.strftime("Made on %d %B %Y."), spent(comparison))

    files: list[tuple[str, Callable[[], str | bytes], str]] = [
        ("Report (HTML)", report, "swing-report.html"),
        ("Numbers (CSV)", numbers, "swing-values.csv"),
        ("Heatmaps (PNG)", png, "swing-heatmaps.png"),
        ("Bundle (ZIP)", lambda: write_bundle(bundle_of()), "swing-bundle.zip"),
    ]
    for column, (label, data, name) in zip(st.columns(len(files)), files):
        save(label, data, name, f"save-{name}", column, width="stretch")
    st.caption(
        "The bundle holds settings, values and every coalition paid for: open it in the side bar, here or on another "
        "Swing, and the maps are rebuilt bit for bit."
    )


def open_bundle(read: Callable[[bytes], tuple[Any, str]], state: Bench[Any]) -> None:
    """A bundle brought back: shown on this page, after it was found to be one.

    read(bytes) : what it shows, and the fingerprint of the model that this is of; ValueError where it is none
    """
    with st.sidebar:
        file = uploader("Open a bundle", "bundle", MAX_BUNDLE_MB, type="zip")
    if file is None or file.file_id == state.opened:
        return
    state.opened = file.file_id
    try:
        if file.size > MAX_BUNDLE_MB * 1_000_000:
            raise ValueError(f"This file has {file.size / 1e6:.0f} MB; a bundle may have at most {MAX_BUNDLE_MB}.")
        state.show_brought(*read(file.getvalue()))
        st.query_params.pop("run", None)
    except ValueError as error:
        state.outcome = "failed", str(error)
    st.rerun()
