"""What if the row were another? Its cells are edited; the prediction and both maps follow at once."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from ui.draw.colour import row_heatmap, shared_scale
from ui.draw.markdown import plain, said
from ui.draw.sentences import sums
from ui.kind import Result
from ui.names import INDICES
from ui.table.picture import TablePicture, held, prediction, shown
from ui.table.request import TableRequest
from ui.table.run import Fitted, background_of
from xai import Attribution, Ledger, explain
from xai.closed import closed_form
from xai.exchange.visible import visible

if TYPE_CHECKING:
    import pandas as pd

    from model.table.columns import Column

MOST_CELLS = 24  # that can be edited: the columns with the largest values
MOST_LEVELS = 200
BUDGET = 256  # evaluations where no exact values exist


def show_what_if(result: Result, fitted: Fitted | None, picture: TablePicture, weights: list[float]) -> None:
    """The row's cells as widgets, and what becomes of its prediction and its two maps."""
    if fitted is None:
        st.markdown("Press Explain to fit the model again; then the row can be edited.")
        return
    if fitted.model is None:
        st.markdown("A language model takes seconds for each map, so a row is not edited live. Choose trees to try that.")
        return
    st.fragment(_edited)(result, fitted, picture, weights)


def _edited(result: Result, fitted: Fitted, picture: TablePicture, weights: list[float]) -> None:
    model, request = fitted.table_model, result.request
    row = fitted.cells.iloc[request.row]
    order = np.argsort(-np.abs(result.comparison.focused(weights)[0].values), kind="stable")
    editable = [int(i) for i in order if model.columns[i].used][:MOST_CELLS]
    key = f"{request.digest[:8]}-{request.row}-{'-'.join(request.left_out)}"
    st.caption(
        "Edit a cell: the prediction and both maps follow. "
        + (f"The {MOST_CELLS} columns with the largest values can be edited." if len(order) > MOST_CELLS else "")
    )
    cells = {model.columns[i].label: row.iloc[i] for i in range(len(model.columns))}
    changed = []
    for place, i in enumerate(editable):
        if place % 4 == 0:
            columns = st.columns(4)
        label = model.columns[i].label
        cell = _cell(columns[place % 4], model.columns[i], row.iloc[i], f"cell-{key}-{i}")
        if not _same(cell, row.iloc[i]):
            changed.append(label)
            cells[label] = cell
    edited = _as_row(fitted, cells)
    output = int(np.argmax(weights)) if len(weights) > 1 else None
    before, after = prediction(model, fitted.frame.iloc[[request.row]], output), prediction(model, edited, output)
    actual = fitted.truth_of(request.row).actual
    left, right = st.columns(2)
    left.markdown(f"**As it is**, the model says {plain(before, 200)}; {plain(held(actual), 100)}.")
    names = ", ".join(plain(name, 30) for name in changed) or "nothing"
    right.markdown(f"**Edited** ({names}), it says {plain(after, 200)}.")
    maps = maps_of(fitted, request, edited, weights)
    texts = [shown(cells[column.label]) for column in model.columns]
    scale = shared_scale(*maps)
    for column, one in zip(st.columns(2), maps):
        column.markdown(f"**{INDICES[one.index]}** of the edited row" + (", exact" if fitted.exact else ""))
        column.html(row_heatmap(texts, one, scale, f"edited-{one.index}"))
    st.html(picture.legend(scale))
    st.caption(said(sums(maps, picture.parts, picture.quantity)))


def maps_of(fitted: Fitted, request: TableRequest, row: "pd.DataFrame", weights: list[float]) -> list[Attribution]:
    """Both maps of any one row, values (n,): exact where they can be, else from at most BUDGET evaluations."""
    game = fitted.table_model.game(row, background_of(fitted, request))
    ledger, n = Ledger(game), game.n_players
    maps = [closed_form(ledger, index) or explain(game, index, "walsh", max(BUDGET, 2 * n + 2), 0, ledger) for index in INDICES]
    return [one.combine(weights) for one in maps]


def _as_row(fitted: Fitted, cells: dict[str, Any]) -> "pd.DataFrame":
    """A frame of one row; its cells keep their own types."""
    from model.table.rows import as_frame

    names = {column.label: column.name for column in fitted.table_model.columns}
    return as_frame({names[label]: cell for label, cell in cells.items()})


def _cell(place: Any, column: "Column", cell: Any, key: str) -> Any:
    """A widget for one cell, and what is in it; None for a missing one."""
    label = plain(column.label, 40)
    if column.kind == "number":
        value = _as_number(column, cell)
        st.session_state.setdefault(key, value)  # no default of the widget's own, so that it can be cleared
        found = place.number_input(label, value=None, key=key, step=_step(value), format="%g", placeholder="missing")
        return None if found is None else float(found)
    if column.kind in ("category", "boolean"):
        levels = column.levels[:MOST_LEVELS] if column.kind == "category" else ["True", "False"]
        own = _level(cell, column)
        options = [*levels, *([own] if own is not None and own not in levels else [])]
        st.session_state.setdefault(key, own)
        found = place.selectbox(label, options, index=None, format_func=visible, key=key, placeholder="missing")
        if found == own:
            return cell
        return found == "True" if column.kind == "boolean" and found is not None else found
    text = place.text_input(label, shown(cell) if not _is_missing(cell) else "", key=key, placeholder="missing")
    return cell if text == shown(cell) else (text.strip() or None)


def _level(cell: object, column: "Column") -> str | None:
    if _is_missing(cell):
        return None
    if column.kind == "boolean":
        return "True" if column.encode(_series(cell))[0] else "False"
    from model.table.columns import cell_text

    return cell_text(cell)


def _series(cell: object) -> "pd.Series":
    import pandas as pd

    return pd.Series([cell], dtype=object)


def _as_number(column: "Column", cell: object) -> float | None:
    value = float(column.encode(_series(cell))[0])
    return None if math.isnan(value) else value


def _step(value: float | None) -> float:
    """A tenth of the number's size, as a power of ten; 1 for what is whole."""
    if value is None or value == 0 or float(value).is_integer():
        return 1.0
    return 10.0 ** math.floor(math.log10(abs(value)) - 1)


def _same(one: object, other: object) -> bool:
    if _is_missing(one) or _is_missing(other):
        return _is_missing(one) and _is_missing(other)
    return one is other or one == other or shown(one) == shown(other)


def _is_missing(cell: Any) -> bool:
    import pandas as pd

    return cell is None or (pd.api.types.is_scalar(cell) and bool(pd.isna(cell)))
