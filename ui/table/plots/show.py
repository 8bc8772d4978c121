"""Plots of every row: a beeswarm, what matters for each class, and one column's value against its cell."""

import numpy as np
import streamlit as st

from ui.draw.markdown import plain
from ui.names import INDICES
from ui.shell.widgets import one_of
from ui.table.picture import TablePicture
from ui.table.plots.cells import Cells, cells_of
from ui.table.plots.classes import MAX_CLASSES, MAX_COLUMNS, by_class
from ui.table.plots.dependence import Dots, dependence, seen
from ui.table.plots.rows import AllRows
from ui.table.plots.swarm import SWARMS, beeswarm
from ui.table.run import Fitted
from xai.exchange.visible import visible
from xai.typing import Floats, Ints

MOST_DOTS = 2000  # of a dependence plot
ALONE, BY_PAIR = -1, -2  # no second column; the one that acts most with the first


def show_plots(
    all_rows: AllRows, values: dict[str, Floats], fitted: Fitted, picture: TablePicture, output: int, row: int
) -> None:
    """values : index → (rows, n), of one output;  output : which;  row : the explained one"""
    index = one_of("Every row, by", list(values), "banzhaf", "swarm", format_func=INDICES.get)
    shown = values[index]
    order = np.argsort(-np.abs(shown).mean(axis=0), kind="stable")
    drawn = order[:SWARMS]
    columns = [_cells(all_rows, fitted, i) for i in drawn]
    figure = beeswarm(columns, shown[:, drawn], all_rows.places + 1, picture.quantity)
    st.plotly_chart(figure, width="stretch", key="beeswarm")
    st.caption(_under_swarm(columns, len(order)))
    if all_rows.values[index].shape[2] > 1:
        _classes(all_rows, index, fitted)
    _dependence(all_rows, index, shown, fitted, output, row)


def _cells(all_rows: AllRows, fitted: Fitted, column: int) -> Cells:
    return cells_of(fitted.table_model.columns[column], all_rows.cells[:, column], all_rows.empty[:, column])


def _under_swarm(columns: list[Cells], count: int) -> str:
    """How the beeswarm is read, by what is in it."""
    told = [f"The {len(columns)} columns with the largest mean size of {count}." if count > len(columns) else ""]
    told.append(
        "Each dot is one row, or several at one place: blue where the cell is low in its column, vermillion where it is high."
    )
    if any(not cells.ordered for cells in columns):
        told.append("Categories are coloured from frequent to rare.")
    if any(cells.ordered and cells.kind == "category" for cells in columns):
        told.append("False is low, True is high.")
    if any(not cells.known.all() for cells in columns):
        told.append("Grey rings: the cell is missing, infinite or unreadable.")
    return " ".join(filter(None, told))


def _classes(all_rows: AllRows, index: str, fitted: Fitted) -> None:
    model = fitted.table_model
    means = np.abs(all_rows.values[index]).mean(axis=0)
    st.markdown(f"**What matters for each class:** mean size of each column’s {INDICES[index]}, by the score of the class.")
    st.plotly_chart(by_class(model.labels, model.outputs, means), width="stretch", key="by-class")
    most = [
        f"the {most} {what} with the largest of {count}"
        for most, what, count in ((MAX_COLUMNS, "columns", means.shape[0]), (MAX_CLASSES, "classes", means.shape[1]))
        if count > most
    ]
    left = f" Shown are {' and '.join(most)}." if most else ""
    st.caption(f"Over {len(all_rows.places):,} rows, the columns with the largest sum over the classes first.{left}")


def _dependence(all_rows: AllRows, index: str, values: Floats, fitted: Fitted, output: int, row: int) -> None:
    """A column that the user chooses, coloured by another."""
    labels, called = fitted.table_model.labels, INDICES[index].removesuffix("s")
    st.markdown(f"**One column:** its {called} against its cell, row by row.")
    one, two = st.columns(2)
    strongest = int(np.abs(values).mean(axis=0).argmax())
    column = one.selectbox("Column", range(len(labels)), strongest, format_func=lambda i: visible(labels[i]), key="dependence")
    partner = int(all_rows.partners[index][column, output])
    options = [*([BY_PAIR] if partner >= 0 else []), ALONE, *(i for i in range(len(labels)) if i != column)]
    said = {BY_PAIR: f"strongest pair: {labels[partner]}", ALONE: "no second column"}
    key = f"dependence-by-{column}"
    chosen = two.selectbox("Coloured by", options, format_func=lambda i: visible(said.get(i) or labels[i]), key=key)
    if not fitted.table_model.columns[column].used:
        st.markdown(f"The model does not read {plain(labels[column])}: its value is 0 in every row.")
        return
    second = partner if chosen == BY_PAIR else chosen
    across, own = _cells(all_rows, fitted, column), np.flatnonzero(all_rows.places == row)
    some = _drawn(len(all_rows.places), own)
    here = int(np.searchsorted(some, own[0])) if len(own) else None
    shade = None if second == ALONE else _cells(all_rows, fitted, second).take(some)
    dots = Dots(all_rows.places[some] + 1, values[some, column], across.take(some), shade, here)
    st.plotly_chart(dependence(dots, f"{called} of {labels[column]}"), width="stretch", key="dependence-plot")
    rest = _beside(across, len(some), row if here is not None else None)
    if chosen == BY_PAIR:
        over = "1 row" if all_rows.paired == 1 else f"{all_rows.paired} rows"
        pair = f"{plain(labels[column])} and {plain(labels[second])}"
        rest.append(f"Colour: of all pairs with this column, {pair} have the largest exact interaction, on average over {over}.")
    st.caption(" ".join([seen(across, values[:, column], called), *rest]))


def _drawn(count: int, always: Ints) -> Ints:
    """Which of the rows are drawn, in their order, `always` among them."""
    some = np.random.default_rng(0).permutation(count)
    return np.sort(np.concatenate([always, some[~np.isin(some, always)]])[:MOST_DOTS])


def _beside(across: Cells, drawn: int, row: int | None) -> list[str]:
    """What else is to be said of the plot. row : the one that is marked"""
    count, gaps, told = len(across.at), across.gaps(), []
    if drawn < count:
        told.append(f"{drawn:,} of {count:,} rows are drawn, at random.")
    if gaps:
        told.append(f"{gaps} They stand in the grey band." if across.known.any() else gaps)
    if across.kind == "category":
        told.append("Within a category dots are spread sideways.")
    if row is not None:
        told.append(f"The large diamond is row {row + 1:,}, explained above.")
    return told
