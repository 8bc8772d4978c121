"""The rows of a data set: a table to choose one from, and its maps beside each other on one scale."""

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
from ui.names import MEANING
from ui.sets.kept import Kept
from ui.sets.picture import LOST, maps_of, picture_of
from ui.shell.bench import bench
from ui.text.picture import TextPicture
from xai import Attribution
from xai.checks import INDICES

PAGE = 100  # rows of the table
ROW = "sets-row"  # key of the widget that says which row is shown
SHOWN = 80  # characters of a cell
_LISTED = ["row", "id", "error", "output", "players", *INDICES, *(f"{index}_judgement" for index in INDICES)]


def show_rows(kept: Kept, count: int, settings: Settings, same: bool) -> None:
    """count : rows that are asked for;  same : whether the source is still what the run is of"""
    last = count - 1
    st.session_state[ROW] = min(int(st.session_state.get(ROW, 0)), last)
    row = int(st.columns(4)[0].number_input("Row, from 0", 0, last, key=ROW))
    first = row // PAGE * PAGE
    listed = rows_between(kept.out, settings.part_rows, first, PAGE, _LISTED)
    table = f"sets-rows-{kept.id}-{first}"

    def choose() -> None:
        chosen = st.session_state[table].selection.rows
        if chosen:
            st.session_state[ROW] = listed[chosen[0]]["row"]

    if listed:
        lines = [_line(one, settings) for one in listed]
        told = [name for name in lines[0] if any(line[name] not in ("", None) for line in lines)]
        rows = [{name: line[name] for name in told} for line in lines]
        show_table(rows, table, on_select=choose, selection_mode="single-row", height=250)
        st.caption(f"Rows {first:,} to {min(first + PAGE - 1, last):,}, as far as they are done: choose one to see its maps.")
    found = rows_between(kept.out, settings.part_rows, row, 1)
    if not found:
        st.info(f"Row {row:,} is not done yet.")
    elif found[0]["error"] is not None:
        st.error(f"Row {row:,} has no maps: {said(found[0]['error'])}")
    else:
        _show(found[0], kept, settings, same)


def _line(row: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """A row of the table."""
    index, output = settings.indices[0], "answer" if settings.kind == "text" else "values are of"
    found = {"row": row["row"], "name": "" if row["id"] == str(row["row"]) else row["id"]}
    if row["error"] is not None:
        return found | {output: "", "strongest": "", "value": None, "worth": "", "error": row["error"]}
    values, judged = row[index], row[f"{index}_judgement"]
    i = max(range(len(values)), key=lambda i: abs(values[i] or 0.0))
    strongest = {"strongest": row["players"][i], "value": values[i]}
    return found | {output: short(row["output"], SHOWN), **strongest, "worth": judged["worth"] if judged else "", "error": ""}


def _show(row: dict[str, Any], kept: Kept, settings: Settings, same: bool) -> None:
    cells = None
    if same:
        try:
            cells = cells_of(source_of(kept.asked.source), settings, row["row"])
        except ValueError as error:
            st.warning(said(str(error)))
    picture = picture_of(settings, row, cells)
    name = "" if row["id"] == str(row["row"]) else f" ({plain(row['id'])})"
    answer = f"“{plain(row['output'].strip())}”" if settings.kind == "text" else said(picture.quantity)
    st.markdown(f"**Row {row['row']:,}**{name}: {answer}")
    if not same:
        st.caption(f"Row {row['row']:,}: {LOST}.")
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
    if isinstance(picture, TextPicture) and st.button("Ask this row on the Text page", key="sets-open", icon=":material/notes:"):
        text = bench("text", type(None))
        text.leave()
        text.brought = picture.request
        text.outcome = "cancelled", f"Row {row['row']:,} of {kept.asked.name} is in the fields; Explain asks it here."
        st.switch_page("ui/text/page.py")


def _bars(one: Attribution, picture: Picture, reach: float) -> None:
    st.plotly_chart(picture.chart(picture.named(one), reach), width="stretch", key=f"sets-bars-{one.index}")
    st.caption(picture.under_chart(one))


def _cost(row: dict[str, Any]) -> str:
    paid = f"{row['evaluations']:,} evaluations" if row["evaluations"] else "no evaluation"
    return f"The row took {paid}, both maps and their judgements together, and {duration(row['seconds'])}."
