"""Values of data sources from training runs that somebody has scored: the part of the Data page that asks no model."""

import numpy as np
import streamlit as st

from model.assets import ASSETS
from model.files.reader import check_size, read_columns
from model.files.spreadsheet import csv_of
from ui.draw import charts
from ui.draw.charts import INTERVAL
from ui.draw.colour import signed
from ui.draw.markdown import plain, said
from ui.draw.table import show_table
from ui.files.save import save
from ui.shell.frame import uploader
from xai.data_scores import LOSSES, NextRuns, ScoredRuns, SourceValues, next_runs, scored_runs_of, source_values
from xai.scaling.uploads import plain as column_name

SAMPLE = ASSETS / "samples" / "scaling" / "scored-runs.csv"
MOST_MB = 5
MOST_NEXT = 32


def show_sources() -> None:
    """A table of runs, what its sources are worth, what it leaves open, and which runs to add."""
    st.markdown(
        "Each line is a training run: **1** where a data source was in, **0** where it was not, and the scores that "
        "the run reached. Swing computes what each source is worth, without a model."
    )
    file = uploader("Scored runs: CSV or .xlsx. They stay in this session.", "scored-file", MOST_MB)
    if file is None:
        st.info(
            "**Synthetic sample**: six sources, 14 runs that nobody trained. Upload a table for your own.",
            icon=":material/science:",
        )
        save("The sample as CSV", SAMPLE.read_bytes(), SAMPLE.name, None)
    try:
        runs = _read(*((SAMPLE.read_bytes(), SAMPLE.name) if file is None else (file.getvalue(), file.name)))
    except ValueError as error:
        st.error(said(str(error)))
        return
    _values(runs)
    _next(runs)


def _read(content: bytes, name: str) -> ScoredRuns:
    """What a file holds, read once; kept in this session alone."""
    known = st.session_state.get("scored-runs")
    if known is None or known[:2] != (content, name):
        check_size(len(content), MOST_MB * 1_000_000)
        known = st.session_state["scored-runs"] = content, name, scored_runs_of(read_columns(content, name))
    found: ScoredRuns = known[2]
    return found


def _values(runs: ScoredRuns) -> None:
    found = source_values(runs)
    chosen = runs.measures[0]
    if len(runs.measures) > 1:
        chosen = st.selectbox("Score", runs.measures, format_func=plain, key="scored-measure")
    k = runs.measures.index(chosen)
    m, n = runs.coalitions.shape
    st.subheader("What is each source worth?")
    st.markdown(
        f"Least-squares **Banzhaf values**: how much {plain(chosen)} changes on average when the source is in, from "
        f"{m} runs of {n} sources."
        + (" Less is better here: a source with a negative value helps." if column_name(chosen) in LOSSES else "")
    )
    if found.attribution is not None:
        one = found.attribution.combine(np.eye(len(runs.measures))[k])
        st.plotly_chart(charts.bars(one, chosen, charts.reach_of([one])), width="stretch", key="scored-bars")
        st.caption(charts.under_bars(one))
    rows = []
    for i, source in enumerate(runs.sources):
        value, error = found.values[i, k], found.standard_error[i, k]
        interval = f"{signed(value - INTERVAL * error, 2)} to {signed(value + INTERVAL * error, 2)}"
        rows.append(
            {
                "source": source,
                "runs with it": int(runs.coalitions[:, i].sum()),
                "value": signed(value, 2) if found.determined[i] else "not identifiable",
                "95 % interval": interval if np.isfinite(error) else "unknown",
            }
        )
    show_table(rows, "scored-values")
    if found.note:
        st.warning(f"**What these runs leave open.** {plain(found.note)}")
    else:
        st.caption("Every source can be told from these runs.")
    st.caption(
        "Intervals take what sources do together beyond their sum for noise. Values are of data as a whole, not of "
        "amounts: each source is in or out."
    )
    save("Values (CSV)", lambda: _to_csv(runs, found), "swing-sources.csv", "save-sources")


def _next(runs: ScoredRuns) -> None:
    st.subheader("Which runs to add?")
    count = st.slider("Further runs you can afford", 1, MOST_NEXT, 4, key="scored-next")
    found = next_runs(runs.coalitions, count)
    table = [
        {"run": f"next {i + 1}", **{name: int(there) for name, there in zip(runs.sources, row)}}
        for i, row in enumerate(found.coalitions)
    ]
    show_table(table, "scored-plan")
    errors = [
        {"source": name, "error now": _size(before), "error then": _size(after)}
        for name, before, after in zip(runs.sources, found.before, found.after)
    ]
    show_table(errors, "scored-errors")
    st.caption(
        "The rows of an orthogonal design that separate the sources best beside the runs there are. Errors are "
        "standard errors in units of one run’s noise; “open” where a source cannot be told yet."
    )
    save("Runs to add (CSV)", lambda: _plan_csv(runs, found), "swing-next-runs.csv", "save-next")


def _size(error: float) -> str:
    return f"{error:.2f}" if np.isfinite(error) else "open"


def _to_csv(runs: ScoredRuns, found: SourceValues) -> str:
    header = ["source", *(f"{name}_{what}" for name in runs.measures for what in ("value", "standard_error"))]
    pairs = np.stack([found.values, found.standard_error], axis=2).reshape(len(runs.sources), -1)
    return csv_of([header, *([source, *row] for source, row in zip(runs.sources, pairs))])


def _plan_csv(runs: ScoredRuns, found: NextRuns) -> str:
    return csv_of([["run", *runs.sources], *([f"next {i + 1}", *row] for i, row in enumerate(found.coalitions.astype(int)))])
