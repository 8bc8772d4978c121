"""What the Data sets page shows of one that was begun: how far it is, what swings the answer over all, rows, errors."""

from typing import Any

import numpy as np
import streamlit as st

from batch.page import page as html_page
from batch.progress import duration
from batch.settings import Settings
from batch.slices import slices
from batch.sources import source_of
from batch.summary import MOST_OUTPUTS, Group, Summary, View, summarise
from ui.draw import charts
from ui.draw.markdown import said, short
from ui.draw.table import show_table
from ui.files.save import save
from ui.names import INDICES, PLAYERS
from ui.sets.ask import Own
from ui.sets.images import by_place
from ui.sets.kept import Kept
from ui.sets.rows import show_rows
from ui.shell.bench import Bench
from ui.shell.widgets import one_of
from xai.exchange.visible import for_plotly, visible

BARS, LISTED = 20, 200  # parts that are drawn, and that the table lists
PARTS = {"table": "columns", "image": "patches"}
WHAT = {
    "rows": "Over {rows} rows: the {parts} with the largest magnitudes, summed over the rows that have them. A mean is over "
    "these rows.",
    "picture": "Over {rows} pictures: the mean value of each patch. A patch is a place and no thing: it says where in the "
    "pictures the answer comes from, not from what.",
}
UNITS = {
    "text": "the answer’s log-probability",
    "table": "the model’s raw margin",
    "image": "the log-odds of each picture’s first class",
}
WORTH = {
    "exact": "exact",
    "sure": "sure",
    "order": "right in the order of the first three",
    "hint": "no more than a hint",
    "worthless": "worthless",
}


def summary_of(kept: Kept) -> Summary | None:
    """What is done; None where nothing is yet."""
    try:
        return summarise(kept.out)
    except ValueError:
        return None


def show(kept: Kept, summary: Summary | None, state: Bench[Own]) -> None:
    """Tabs of what is done; a sentence where nothing is."""
    if summary is None or not summary.rows:
        st.caption(f"No row is written yet; they are written {kept.asked.settings['rows_per_file']} at a time.")
        return
    settings = Settings(**summary.run["settings"])
    _far(kept, summary)
    same = _same(kept, summary, state)
    whole, rows, errors, files = st.tabs(["What swings the answer", "Rows", "Errors", "Take away"], key="sets-tabs")
    with whole:
        sliced = same and settings.kind != "image"
        places: list[Any] = [*st.columns(3)] if sliced else [None, *st.columns(2)]
        column = None
        if sliced:
            columns = [None, *_columns(kept, settings, state)]
            label, key = "Cut the rows into slices by", f"sets-slice-{kept.id}"
            column = places[0].selectbox(label, columns, format_func=lambda name: visible(name or "no column"), key=key)
        view = _view(kept, summary, settings, state, column)
        if view is not None:
            _show_view(view, settings, places, f"{kept.id}-{column}")
    with rows:
        show_rows(kept, most(kept, summary), settings, same, state)
    if view is not None:
        with errors:
            _errors(view, summary)
        with files:
            save("Global view (HTML)", lambda: html_page(summary), "swing-summary.html", "save-sets-html")
            save("Global view (CSV)", view.to_csv, "swing-summary.csv", "save-sets-csv")


def most(kept: Kept, summary: Summary) -> int:
    """How many rows are asked for."""
    return min(kept.asked.limit or summary.total, summary.total)


def _far(kept: Kept, summary: Summary) -> None:
    """How many rows are there, what they took, how many have an error."""
    asked = most(kept, summary)
    some = f" (of {summary.total:,} in the file)" if asked < summary.total else ""
    wrong = f", {summary.errors:,} of them with an error" if summary.errors else ""
    st.markdown(
        f"**{min(summary.rows, asked):,} of {asked:,} rows{some}** are done{wrong}: {summary.evaluations:,} evaluations, "
        f"{duration(summary.seconds)} of computing."
    )


def _same(kept: Kept, summary: Summary, state: Bench[Own]) -> bool:
    """Whether the source is byte for byte what the run is of; looked at once."""
    known = state.own.same
    if kept.id not in known:
        try:
            known[kept.id] = source_of(kept.asked.source).digest() == summary.run["data"]
        except ValueError:
            known[kept.id] = False
    return known[kept.id]


def _view(kept: Kept, summary: Summary, settings: Settings, state: Bench[Own], column: str | None) -> View | None:
    """The global view, read anew where more rows are done and no run is on its way, or where that is asked for."""
    key, (before, rows, view) = (kept.id, column), state.own.view
    if before == key and rows != summary.rows and state.job is not None:
        if not st.button(f"Take in the {summary.rows - rows:,} rows that came since", key="sets-again", type="tertiary"):
            return view
    elif before == key and rows == summary.rows:
        return view
    try:
        with st.spinner("Reading the rows"):
            cut = slices(source_of(kept.asked.source), column, settings.kind == "table") if column else []
            view = View(summary, cut)
    except ValueError as error:
        st.warning(said(str(error)))
        return None
    state.own.view = key, summary.rows, view
    return view


def _columns(kept: Kept, settings: Settings, state: Bench[Own]) -> list[str]:
    """By which the rows can be cut; the source is read for them once."""
    known = state.own.cuts
    if kept.id not in known:
        source = source_of(kept.asked.source)
        if settings.kind == "table":
            next(source.frames(1 << 10), None)  # which may name columns anew
        known[kept.id] = source.columns
    return known[kept.id]


def _show_view(view: View, settings: Settings, places: Any, key: str) -> None:
    """Of one index and of one answer or slice: bars of the parts that swing most, and a table of them."""
    parts = PLAYERS.get(settings.players, "parts") if settings.kind == "text" else PARTS[settings.kind]
    with places[1]:
        index = one_of("Index", view.indices, view.indices[0], "sets-index", format_func=INDICES.get)
    groups = [group for group in view.groups(index) if group.rows]
    if not groups:
        st.info("No row that is done has maps: “Errors” says why.")
        return
    answers = len(view.by_output[index])
    names = [_group_name(i, group, answers) for i, group in enumerate(groups)]
    i = places[2].selectbox("Of which rows", range(len(groups)), format_func=lambda i: visible(names[i]), key=f"sets-group-{key}")
    if view.many:
        st.caption(f"The rows have more than {MOST_OUTPUTS} answers: they are not shown one by one.")
    group = groups[i]
    ranked = group.ranked()
    of_pictures = settings.kind == "image"
    what = WHAT["picture" if of_pictures else "rows"].format(rows=f"{group.rows:,}", parts=parts)
    st.caption(f"{what} Values are {_unit(settings)}. Of single maps {_worth(view, index)}.")
    drawn = by_place(group, settings.patches) if of_pictures else _bars(group)
    st.plotly_chart(drawn, width="stretch", key="sets-bars")
    rows = [
        {
            parts: short(one.name, 80),
            "mean": one.mean,
            "mean magnitude": one.mean_absolute,
            "share of rows": one.rows / group.rows,
            "rows": one.rows,
            "weighs most in the rows": ", ".join(f"{id} ({value:+.3g})" for _, value, id in one.examples),
        }
        for one in ranked[:LISTED]
    ]
    formats = {
        name: st.column_config.NumberColumn(format="%+.4f" if name == "mean" else "%.4f") for name in ("mean", "mean magnitude")
    }
    formats["share of rows"] = st.column_config.NumberColumn(format="percent")
    show_table(rows, "sets-players", column_config=formats)
    if len(ranked) > LISTED:
        st.caption(f"The first {LISTED} of {len(ranked):,} {parts}; the CSV holds all.")


def _group_name(i: int, group: Group, answers: int) -> str:
    if not i:
        return f"All rows ({group.rows:,})"
    what = "Answer" if i <= answers else "Slice"
    return f"{what}: {short(group.name, 60) or '(nothing)'} ({group.rows:,})"


def _unit(settings: Settings) -> str:
    return f"changes of {UNITS[settings.kind]}"


def _worth(view: View, index: str) -> str:
    told = [f"{count:,} {'is' if count == 1 else 'are'} {WORTH[name]}" for name in WORTH if (count := view.worth[index][name])]
    return ", ".join(told) or "none was judged"


def _bars(group: Group) -> Any:
    ranked = group.ranked()[:BARS]
    values = np.array([one.mean for one in ranked])
    reach = 1.05 * float(np.abs(values).max()) or 1.0
    texts = [[for_plotly(short(one.name, 60)), f"{one.rows:,}"] for one in ranked]
    layout = {
        "height": 106 + 26 * len(ranked),
        "margin": {"l": 10, "r": 12, "t": charts.TOOLBAR, "b": 40},
        "xaxis": {"title": {"text": "mean value"}, "zeroline": True, "range": [-reach, reach]},
        "yaxis": charts.rows_axis([one.name for one in ranked]),
        "showlegend": False,
    }
    return charts.value_bars(values, None, texts, "%{x:+.4f}, in %{customdata[1]} rows", layout)


def _errors(view: View, summary: Summary) -> None:
    if not view.sentences:
        st.success("No row that is done has an error.")
        return
    st.caption(f"{summary.errors:,} rows have no maps. Sentences that differ in numbers alone are one.")
    rows = [{"rows": count, "sentence": sentence, "for example": ", ".join(ids)} for sentence, count, ids in view.sentences]
    show_table(rows, "sets-errors")
