"""The Scaling page: what measured runs at several pre-training sizes foretell, and whether to believe it."""

import csv
import io
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from ui.charts import FIRST, GREY, SECOND, plotly
from ui.page import frame
from ui.words import plain

SAMPLES = Path(__file__).parent.parent / "assets" / "samples" / "scaling"
TITLES = {
    "Aligned (synthetic)": "aligned.csv",
    "Misaligned (synthetic)": "misaligned.csv",
    "Three to rank (synthetic)": "several.csv",
}
MOST_MB = 5
SHOWN = {"fits": st.success, "flat": st.info, "breaks": st.warning, "misaligned": st.warning, "too few": st.info}


def page() -> None:
    frame(
        "What is more pre-training data worth?",
        "Upload scores of runs at several pre-training sizes: Swing fits the scaling laws of downstream translation "
        "quality (arXiv 2402.04177), says whether they hold, and where cross-entropy misleads.",
    )
    titles = list(TITLES)
    chosen = st.pills("Samples, drawn from the laws with noise", titles, default=titles[0], key="scaling-sample")
    file = st.file_uploader(
        "Or a table of your own: CSV with columns tokens, a score (BLEU, chrF, COMET …), and, if known, cross-entropy, "
        "source share, target share, fine-tuning tokens, data",
        "csv", key="scaling-file", max_upload_size=MOST_MB,
    )  # fmt: skip
    try:
        if file is not None and file.size > MOST_MB * 1_000_000:
            raise ValueError(f"this file has {file.size / 1e6:.0f} MB; a table of runs may have at most {MOST_MB}")
        content = (SAMPLES / TITLES[chosen or titles[0]]).read_bytes() if file is None else file.getvalue()
        sets, verdicts = judged(content)
    except ValueError as error:
        st.warning(str(error)[0].upper() + str(error)[1:] + ".")
        return
    exponent = st.slider("Target size, 10 to the power of … tokens", 8.0, 14.0, 12.0, 0.25, key="scaling-target")
    for number, (runs, verdict) in enumerate(zip(sets, verdicts)):
        show_set(runs, verdict, 10.0**exponent, number)
    table = predicted(sets, verdicts, 10.0**exponent)
    if len(sets) > 1:
        st.subheader(f"Ranked by what they are predicted to reach at {_size(10.0**exponent)} tokens")
        st.dataframe(table, hide_index=True, key="scaling-ranking")
    st.download_button("Predictions (CSV)", as_csv(table), "swing-scaling.csv", "text/csv", on_click="ignore")


@st.cache_data(show_spinner="Fitting the laws", max_entries=16)
def judged(content: bytes):
    """The sets of runs in a table and a verdict on each; ValueError for no table of runs."""
    from xai.runs import read_runs
    from xai.scaling_verdict import judge

    sets = read_runs(content)
    return sets, [judge(runs) for runs in sets]


def show_set(runs, verdict, target: float, number: int) -> None:
    """One data set: its verdict in words, both laws beside each other, and their parameters."""
    st.subheader(plain(runs.name))
    SHOWN[verdict.kind](f"**{plain(verdict.title, 200)}.** {plain(verdict.text, 2000)}")
    for note in verdict.notes:
        st.caption(plain(note, 1000))
    left, right = st.columns(2)
    held = verdict.held_out
    with left:
        drawn = law_figure(runs.tokens, runs.score, verdict.score, target, runs.score_name, FIRST, held)
        st.plotly_chart(drawn, width="stretch", key=f"score-{number}")
        _parameters(verdict.score)
    if runs.cross_entropy is not None:
        with right:
            drawn = law_figure(runs.tokens, runs.cross_entropy, verdict.loss, target, "cross-entropy", SECOND)
            st.plotly_chart(drawn, width="stretch", key=f"loss-{number}")
            _parameters(verdict.loss)


def _parameters(found) -> None:
    if found is None:
        return
    ends = found.intervals()
    told = [
        f"{name} {value:.3g}" + (f" ({ends[name][0]:.3g} to {ends[name][1]:.3g})" if name in ends else "")
        for name, value in found.law.parameters.items()
    ]
    st.caption("Parameters, with 90 % intervals: " + plain("; ".join(told), 400))


def law_figure(tokens, values, found, target: float, name: str, colour: str, held=None):
    """Measured points, the fitted law with its 90 % band out to the target size, held-out predictions; log axis."""
    go = plotly()
    figure = go.Figure()
    if found is not None:
        sizes = np.geomspace(min(tokens.min(), target), max(tokens.max(), target), 120)
        band = found.band(sizes)
        if band is not None:
            figure.add_scatter(
                x=[*sizes.tolist(), *sizes[::-1].tolist()], y=[*band[1].tolist(), *band[0][::-1].tolist()],
                fill="toself", fillcolor="rgba(128,128,128,0.25)", line={"width": 0}, name="90 % band",
                hoverinfo="skip",
            )  # fmt: skip
        figure.add_scatter(
            x=sizes.tolist(), y=found.law(sizes).tolist(), mode="lines", line={"color": colour}, name="law"
        )
    figure.add_scatter(
        x=tokens.tolist(), y=values.tolist(), mode="markers", marker={"color": colour, "size": 9}, name="measured"
    )
    if held is not None:
        figure.add_scatter(
            x=held.tokens.tolist(), y=held.predicted.tolist(), mode="markers",
            name="held out: predicted from the smallest", marker={"color": GREY, "symbol": "x", "size": 9},
        )  # fmt: skip
    figure.update_xaxes(type="log", title="pre-training tokens")
    figure.update_yaxes(title=escape(name))
    figure.update_layout(height=340, margin={"l": 10, "r": 10, "t": 60, "b": 40},
                         legend={"orientation": "h", "y": 1.25, "x": 0})  # fmt: skip
    return figure


def predicted(sets, verdicts, target: float) -> list[dict]:
    """One row per data set, the best first."""
    from xai.scaling_verdict import rank

    def number(value):
        return "–" if value is None else f"{value:.2f}"

    if len({runs.score_name for runs in sets}) > 1:
        return []
    return [
        {
            "data": one.name,
            "verdict": one.kind,
            "predicted": number(one.predicted),
            "90 % from": number(one.low),
            "to": number(one.high),
            "chance of being first": "–" if one.first is None else f"{100 * one.first:.0f} %",
            "best measured": number(one.best),
        }
        for one in rank(sets, target, verdicts)
    ]


def as_csv(table: list[dict]) -> str:
    from ui.numbers import text_cell

    out = io.StringIO()
    writer = csv.DictWriter(out, list(table[0]) if table else ["data"])
    writer.writeheader()
    for row in table:
        writer.writerow({name: text_cell(str(cell)) for name, cell in row.items()})
    return out.getvalue()


def _size(tokens: float) -> str:
    for unit, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if tokens >= unit:
            return f"{tokens / unit:.3g} {name}"
    return f"{tokens:.3g}"


page()
