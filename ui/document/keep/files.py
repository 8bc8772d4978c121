"""What a user takes along from a study: report, table, bundle."""

import time

import streamlit as st

from ui.document.keep.bundle import to_bytes
from ui.document.keep.numbers import to_csv
from ui.document.keep.png import to_png
from ui.document.keep.report import html_report
from ui.document.run import Study
from ui.files.save import save


def downloads(study: Study) -> None:
    """Four files of a study, each made when it is asked for."""
    if study.state == "preliminary":  # its values are not settled
        st.markdown("The files are there once the run has ended.")
        return
    st.markdown("Everything on this page as files. They need neither this server nor a network.")
    report, numbers, drawn, bundle = st.columns(4)
    wide = {"width": "stretch"}
    save("Report (HTML)", lambda: html_report(study, _made()), "swing-report.html", "save-swing-report.html", report, **wide)
    save("Numbers (CSV)", lambda: to_csv(study), "swing-values.csv", "save-swing-values.csv", numbers, **wide)
    save("Map (PNG)", lambda: to_png(study), "swing-map.png", "save-swing-map.png", drawn, **wide)
    save("Bundle (ZIP)", lambda: to_bytes(study), "swing-bundle.zip", "save-swing-bundle.zip", bundle, **wide)
    st.caption(
        "The bundle holds the document, the settings, all values and every coalition paid for: open it in the side bar, here or "
        "on another Swing, and the tree is there again."
    )


def _made() -> str:
    return time.strftime("Made on %d %B %Y.")
