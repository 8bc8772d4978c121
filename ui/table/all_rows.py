"""All rows at once: which columns matter over the table, by either index, and where the two disagree."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from ui.draw.colour import signed
from ui.draw.markdown import plain
from ui.draw.table import show_table
from ui.files.save import save
from ui.kind import Result
from ui.names import INDICES
from ui.shell.bench import Bench, on_demand
from ui.shell.frame import preset
from ui.table import charts as table_charts
from ui.table.picture import TablePicture
from ui.table.plots.rows import MOST_ROWS, AllRows, compute
from ui.table.plots.show import show_plots
from ui.table.run import Fitted, TableState
from xai.compare.agreement import rank_correlations
from xai.exchange.visible import visible
from xai.typing import Floats, Ints

LISTED = 200  # rows of a column that a click shows


def show_all_rows(
    result: Result, fitted: Fitted | None, picture: TablePicture, weights: list[float], state: Bench[TableState]
) -> None:
    """Mean sizes, plots of every row and disagreement of both indices, on demand."""
    if fitted is None or not fitted.exact:
        st.markdown(
            "Press Explain to fit the model again; then all rows can be explained."
            if fitted is None and result.about.exact
            else "All rows are explained where exact values exist: choose trees, a linear model or a file of trees."
        )
        return
    found = state.own.all_rows
    background = replace(result.request, row=0).same_game
    if found is None or found[0] != background:
        rows = min(len(fitted.frame), MOST_ROWS)
        st.markdown(f"Exact Banzhaf and Shapley values of {rows:,} rows, with the model above.")
        make = partial(compute, fitted, result.request)
        on_demand(state, "Explain all rows", "all-rows", state.own, "all_rows", background, make)
        return
    st.fragment(_shown)(found[1], fitted, picture, np.asarray(weights), result.request.row)


def _shown(all_rows: AllRows, fitted: Fitted, picture: TablePicture, weights: Floats, row: int) -> None:
    values = {index: found @ weights for index, found in all_rows.values.items()}
    means = {index: np.abs(found).mean(axis=0) for index, found in values.items()}
    labels, order = fitted.table_model.labels, table_charts.ranked(means)
    st.markdown(f"**Mean size of each column’s value** over {len(all_rows.places):,} rows. Click a bar to see its rows.")
    event = st.plotly_chart(
        table_charts.importance(labels, means), width="stretch", key="importance", on_select="rerun", selection_mode="points"
    )
    chosen = st.selectbox(
        "Rows of the column",
        range(len(labels)),
        index=None,
        format_func=lambda i: visible(labels[i]),
        key="rows-of",
        placeholder="click a bar, or choose a column",
    )
    points = event.selection.points if event else []
    clicked = int(order[points[0]["point_index"]]) if points else None
    if (column := chosen if chosen is not None else clicked) is not None:
        _rows_of(column, values, all_rows, fitted, labels)
    show_plots(all_rows, values, fitted, picture, int(np.argmax(weights)), row)
    _disagreement(values, means, labels, all_rows)
    label = "Predictions and values of these rows (CSV)"
    save(label, lambda: to_csv(fitted, all_rows.places, values), "swing-rows.csv", "save-rows")


def _rows_of(column: int, values: dict[str, Floats], all_rows: AllRows, fitted: Fitted, labels: list[str]) -> None:
    sizes = np.max([np.abs(found[:, column]) for found in values.values()], axis=0)
    top = np.argsort(-sizes, kind="stable")[:LISTED]
    frame = fitted.frame.iloc[all_rows.places[top]].reset_index(drop=True)
    for place, (index, found) in enumerate(values.items()):
        frame.insert(place, f"{INDICES[index]} of {labels[column]}", found[top, column].round(6))
    frame.insert(0, "row ", all_rows.places[top] + 1)
    st.markdown(f"**Rows by their value of {plain(labels[column])}**, the largest first. Choose one to explain it.")

    def choose() -> None:
        rows = st.session_state["rows-table"].selection.rows
        if rows:
            preset(**{"t-row": int(all_rows.places[top[rows[0]]]) + 1})
            st.session_state.chosen_row = True

    show_table(frame, "rows-table", on_select=choose, selection_mode="single-row", height=280)
    if st.session_state.pop("chosen_row", False):
        st.rerun()


def _disagreement(values: dict[str, Floats], means: dict[str, Floats], labels: list[str], all_rows: AllRows) -> None:
    one, other = values.values()
    names = list(values)
    same = float((np.abs(one).argmax(axis=1) == np.abs(other).argmax(axis=1)).mean())
    spearman, _ = rank_correlations(*means.values())
    st.markdown(
        f"**Where the two disagree.** In {same:.1%} of the rows both name the same column as the largest; the rank "
        f"correlation of the mean sizes is {'unknown' if spearman != spearman else signed(spearman, 2)}."
    )
    places = {index: np.argsort(np.argsort(-mean, kind="stable")) + 1 for index, mean in means.items()}
    flips = (np.sign(one) * np.sign(other) < 0).mean(axis=0)
    apart = np.abs(one - other).mean(axis=0)
    rows = [
        {
            "column": labels[i],
            **{f"rank by {INDICES[index]}": int(places[index][i]) for index in names},
            "mean difference": f"{apart[i]:.4f}",
            "rows where the signs differ": f"{flips[i]:.1%}",
        }
        for i in np.argsort(-apart, kind="stable")[:10]
        if apart[i] > 0
    ]
    if rows:
        show_table(rows, "disagreement")
    size = np.maximum(np.abs(one).max(axis=1), np.abs(other).max(axis=1))
    worst = np.argsort(-np.abs(one - other).max(axis=1) / np.where(size > 0, size, 1.0), kind="stable")[:5]
    st.caption("They differ most, for their size, on the rows " + ", ".join(str(all_rows.places[i] + 1) for i in worst) + ".")


def to_csv(fitted: Fitted, places: Ints, values: dict[str, Floats]) -> str:
    """The rows with the model's predictions and all values; no cell begins a formula."""
    import pandas as pd

    from model.files.spreadsheet import csv_of_table

    model, frame = fitted.table_model, fitted.frame.iloc[places].reset_index(drop=True)
    margin, chances = model.predict(frame)
    columns: dict[str, Any] = {"row": np.asarray(places) + 1}
    if chances is None:
        columns["prediction"] = model.answers(margin)
    else:
        columns["prediction"] = np.array(model.target.classes, object)[chances.argmax(axis=1)]
        columns |= {f"probability of {name}": chances[:, k] for k, name in enumerate(model.target.classes)}
    truth = fitted.truth
    columns |= {"residual": truth.residual[places], "used for": [truth.use[i] or "not known" for i in places]}
    for index, found in values.items():
        columns |= {f"{index} of {label}": found[:, i] for i, label in enumerate(model.labels)}
    added = pd.DataFrame(columns)
    added.columns = [f"{name} (swing)" if name in frame else name for name in added.columns]
    return csv_of_table(pd.concat([added, frame], axis=1))
