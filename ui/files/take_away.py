"""What a user takes along from a run, and brings back: report, table, picture, bundle."""

import time
from collections.abc import Callable

import streamlit as st

from ui.draw.colour import ends_of, shared_scale
from ui.draw.png import heatmaps_png
from ui.files.numbers import to_csv
from ui.files.report import Draw, as_text, combined, html_report
from ui.runs.bundle import Bundle, read_bundle, write_bundle

MAX_BUNDLE_MB = 50


def downloads(
    bundle_of: Callable[[], Bundle], parts: str, quantity: str, png: Callable[[], bytes] | None = None, draw: Draw | None = None
) -> None:
    """Four files of a run, each made when it is asked for.

    png() → bytes, draw(attribution, scale) → HTML: of a page's own picture, where it is no text
    """
    st.markdown("Everything on this page as files. They need neither this server nor a network.")

    def report():
        made = time.strftime("Made on %d %B %Y.")
        return html_report(bundle_of(), parts, quantity, made, draw)

    def numbers():
        bundle = bundle_of()
        return to_csv(combined(bundle), bundle.shown.get("spans"))

    def picture():
        bundle = bundle_of()
        maps = combined(bundle)
        prompt, spans = as_text(bundle)
        named = {f"{one.index.capitalize()} values ({one.method})": one for one in maps.values()}
        return heatmaps_png(prompt, spans, named, shared_scale(*maps.values()), ends_of(bundle.page))

    files = [
        ("Report (HTML)", report, "swing-report.html", "text/html"),
        ("Numbers (CSV)", numbers, "swing-values.csv", "text/csv"),
        ("Heatmaps (PNG)", png or picture, "swing-heatmaps.png", "image/png"),
        ("Bundle (ZIP)", lambda: write_bundle(bundle_of()), "swing-bundle.zip", "application/zip"),
    ]
    for column, (label, data, name, mime) in zip(st.columns(len(files)), files):
        column.download_button(label, data, name, mime, key=f"save-{name}", on_click="ignore", width="stretch")
    st.caption(
        "The bundle holds settings, values and every coalition paid for: open it in the side bar, here or on another "
        "Swing, and the maps are rebuilt bit for bit."
    )


def open_bundle(state, from_bundle: Callable[[Bundle], object]) -> None:
    """A bundle brought back: shown on this page, after it was found to be one."""
    with st.sidebar:
        file = st.file_uploader("Open a bundle", "zip", key="bundle", max_upload_size=MAX_BUNDLE_MB)
    if file is None or file.file_id == state.extra.get("opened"):
        return
    state.extra["opened"] = file.file_id
    try:
        if file.size > MAX_BUNDLE_MB * 1_000_000:
            raise ValueError(f"This file has {file.size / 1e6:.0f} MB; a bundle may have at most {MAX_BUNDLE_MB}.")
        state.show_brought(from_bundle(read_bundle(file.getvalue())))
        st.query_params.pop("run", None)
    except ValueError as error:
        state.outcome = "failed", str(error)
    st.rerun()
