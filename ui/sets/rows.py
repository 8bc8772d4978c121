"""The rows of a data set: a table to choose one from, and its maps beside each other on one scale."""

from pathlib import Path
from typing import Any

import streamlit as st

from batch.progress import duration
from batch.settings import Settings
from batch.slices import cells_of, rows_between
from batch.sources import source_of
from ui.draw import charts
from ui.draw.colour import shared_scale
from ui.draw.markdown import plain, said, short
from ui.draw.sentences import sums
from ui.draw.table import show_table
from ui.maps.judging import show_judgements, title_of
from ui.maps.picture import Picture
from ui.names import INDICES as NAMES
from ui.names import MEANING
from ui.sets.ask import Own
from ui.sets.images import THUMB, small
from ui.sets.kept import Kept
from ui.sets.opened import offer
from ui.sets.picture import LOST, maps_of, picture_of
from ui.shell.bench import Bench
from xai import Attribution
from xai.checks import INDICES

PAGE = {"text": 100, "table": 100, "image": 20}  # rows of the table
ROW = "sets-row"  # key of the widget that says which row is shown
SHOWN = 80  # characters of a cell
ANSWER = {"text": "answer", "table": "values are of", "image": "class"}
_LISTED = ["row", "id", "error", "output", "players", *INDICES, *(f"{index}_judgement" for index in INDICES)]


def show_rows(kept: Kept, count: int, settings: Settings, same: bool, state: Bench[Own]) -> None:
    """count : rows that are asked for;  same : whether the source is still what the run is of"""
    last = count - 1
    st.session_state[ROW] = min(int(st.session_state.get(ROW, 0)), last)
    row = int(st.columns(4)[0].number_input("Row, from 0", 0, last, key=ROW))
    page = PAGE[settings.kind]
    first = row // page * page
    listed = rows_between(kept.out, settings.part_rows, first, page, _LISTED)
    table = f"sets-rows-{kept.id}-{first}"

    def choose() -> None:
        chosen = st.session_state[table].selection.rows
        if chosen:
            st.session_state[ROW] = listed[chosen[0]]["row"]

    if listed:
        lines = [_line(one, settings) for one in listed]
        more: dict[str, Any] = {"height": 250}
        if settings.kind == "image":
            drawn = _drawn(listed, kept, settings, same)
            lines = [{"row": line["row"], "picture": link, **line} for line, link in zip(lines, drawn)]
            columns = {"picture": st.column_config.ImageColumn(width="small")}
            more = {"height": 300, "row_height": THUMB, "column_config": columns}
        told = [name for name in lines[0] if any(line[name] not in ("", None) for line in lines)]
        rows = [{name: line[name] for name in told} for line in lines]
        show_table(rows, table, on_select=choose, selection_mode="single-row", **more)
        scale = f" Patches show {NAMES[settings.indices[0]]}, on one scale for these rows." if settings.kind == "image" else ""
        st.caption(
            f"Rows {first:,} to {min(first + page - 1, last):,}, as far as they are done: choose one to see its maps.{scale}"
        )
    found = rows_between(kept.out, settings.part_rows, row, 1)
    if not found:
        st.info(f"Row {row:,} is not done yet.")
    elif found[0]["error"] is not None:
        st.error(f"Row {row:,} has no maps: {said(found[0]['error'])}")
    else:
        _show(found[0], kept, settings, _cells(found[0], kept, settings, state) if same else None, same)


def _line(row: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """A row of the table."""
    index, output = settings.indices[0], ANSWER[settings.kind]
    found = {"row": row["row"], "name": "" if row["id"] == str(row["row"]) else row["id"]}
    if row["error"] is not None:
        return found | {output: "", "strongest": "", "value": None, "worth": "", "error": row["error"]}
    values, judged = row[index], row[f"{index}_judgement"]
    i = max(range(len(values)), key=lambda i: abs(values[i] or 0.0))
    strongest = {"strongest": row["players"][i], "value": values[i]}
    return found | {output: short(row["output"], SHOWN), **strongest, "worth": judged["worth"] if judged else "", "error": ""}


def _drawn(rows: list[dict[str, Any]], kept: Kept, settings: Settings, same: bool) -> list[str]:
    """A small picture of each row, its patches by the first index; "" where the row has none."""
    index = settings.indices[0]
    known = [abs(value) for row in rows for value in row[index] or () if value is not None]
    scale = max(known, default=0.0) or 1.0
    return ["" if row[index] is None else small(settings, _path(kept, row) if same else None, row[index], scale) for row in rows]


def _path(kept: Kept, row: dict[str, Any]) -> Path:
    """Of a row that is a picture: it is named by it."""
    return Path(kept.asked.source, row["id"])


def _cells(row: dict[str, Any], kept: Kept, settings: Settings, state: Bench[Own]) -> Any:
    """What the source holds of a row, read once for as long as it is shown; None, with a sentence, where it does not."""
    if settings.kind == "image":
        return _path(kept, row)
    key = kept.id, row["row"]
    if state.own.cells[0] != key:
        try:
            state.own.cells = key, cells_of(source_of(kept.asked.source), settings, row["row"])
        except ValueError as error:
            st.warning(said(str(error)))
            return None
    return state.own.cells[1]


def _show(row: dict[str, Any], kept: Kept, settings: Settings, cells: Any, same: bool) -> None:
    picture = picture_of(settings, row, cells)
    name = "" if row["id"] == str(row["row"]) else f" ({plain(row['id'])})"
    named = "" if settings.kind == "table" else f"“{plain(row['output'].strip())}”"
    answer = named or said(picture.quantity)
    st.markdown(f"**Row {row['row']:,}**{name}: {answer}")
    if not same:
        what = "picture is" if settings.kind == "image" else "cells are"
        st.caption(f"Row {row['row']:,}: {LOST.format(what=what)}.")
    found = maps_of(row, settings)
    maps = [one for one, _ in found]
    scale, reach = shared_scale(*maps), charts.reach_of(maps)
    for column, (one, judged) in zip(st.columns(len(found), vertical_alignment="bottom"), found):
        with column:
            st.markdown(title_of(one, judged))
            picture.show(one, scale, f"sets-{one.index}")
    st.html(picture.legend(scale))
    st.caption(said(f"One colour scale for all maps: equal colours mean equal values. {picture.unit}"))
    for column, (one, judged) in zip(st.columns(len(found)), found):
        with column:
            if judged is not None:
                show_judgements(judged, one, picture)
            st.caption(said(MEANING[one.index].format(what=picture.quantity)))
            _bars(one, picture, reach)
    st.caption(said(f"{sums(maps, picture.parts, picture.quantity)} {_cost(row)}"))
    offer(row, kept, settings, picture, cells)


def _bars(one: Attribution, picture: Picture, reach: float) -> None:
    st.plotly_chart(picture.chart(picture.named(one), reach), width="stretch", key=f"sets-bars-{one.index}")
    st.caption(picture.under_chart(one))


def _cost(row: dict[str, Any]) -> str:
    paid = f"{row['evaluations']:,} evaluations" if row["evaluations"] else "no evaluation"
    return f"The row took {paid}, both maps and their judgements together, and {duration(row['seconds'])}."
