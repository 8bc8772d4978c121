"""What every page shares: two attributions of one input beside each other, on one scale, and how to judge them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from ui.draw import charts
from ui.draw.colour import shared_scale, signed
from ui.draw.html import render
from ui.draw.markdown import said
from ui.draw.sentences import cost, exactly, sums
from ui.maps.interactions import show_pairs
from ui.maps.judging import is_preliminary, show_fidelity, show_judgements, title_of
from ui.maps.picture import Picture
from ui.maps.spent import spent
from ui.names import INDICES, MEANING, method_name
from ui.runs.comparison import Comparison
from xai import Agreement, Attribution, Judgement, agreement
from xai.exchange.map import Map

Weights = list[float] | None
Draw = Callable[[], None]


def show(
    comparison: Comparison,
    picture: Picture,
    weights: Weights = None,
    more: dict[str, Draw] | None = None,
    below: Draw | None = None,
    going: bool = True,
) -> None:
    """Both heatmaps, bars, difference, agreement, fidelity and interactions; weights (k,) of the output columns.

    more : further tabs of a page's own, title → what draws it;  below : draws what stands right under the maps
    going : whether what is preliminary will be more
    """
    maps = comparison.focused(weights)
    if comparison.state == "preliminary" and not going:
        st.warning("This run ended before it was whole: these values are of what it had computed by then.")
    elif comparison.state == "preliminary":
        st.caption(":material/hourglass_top: Preliminary values, from what is known so far; they settle as the run goes on.")
    if comparison.state == "partial":
        st.warning("This run was cancelled: the values are of what had been computed. “Explain” goes on from there.")
    scale, reach = shared_scale(*maps), charts.reach_of(maps)
    judgements = comparison.judgements_of(weights) or (None, None)
    panes = list(zip("lr", maps, judgements))
    # Bottoms beside each other: a headline of two lines would push its map down.
    for column, (side, attribution, judgement) in zip(st.columns(2, vertical_alignment="bottom"), panes):
        with column:
            _map(side, attribution, picture, scale, judgement)
    st.html(picture.legend(scale))
    st.caption(said(f"One colour scale for all maps: equal colours mean equal values. {picture.unit}"))
    useful = comparison.state != "preliminary" and any(one is None or one.worth != "worthless" for one in judgements)
    if picture.then and useful:
        st.markdown(f":material/arrow_forward: **Next:** {said(picture.then)}")
    if below is not None:
        below()
    for column, (side, attribution, judgement) in zip(st.columns(2), panes):
        with column:
            _about(side, attribution, picture, reach, judgement)
    st.caption(said(sums(maps, picture.parts, picture.quantity)))
    for line in spent(comparison, weights):
        st.caption(said(line))
    if len(maps) < 2 or comparison.state == "preliminary":
        return
    tabs: dict[str, Draw] = {
        "Difference and agreement": lambda: _difference(maps, picture, scale),
        "Can I trust it?": lambda: show_fidelity(comparison, picture, weights),
        "Pairs of parts": lambda: show_pairs(comparison, picture, maps, weights),
        **(more or {}),
    }
    for tab, draw in zip(st.tabs(list(tabs), key="tabs"), tabs.values()):
        with tab:
            draw()


def _map(side: str, attribution: Attribution, picture: Picture, scale: float, judgement: Judgement | None) -> None:
    """What is seen at once: the map's name, what its judgements come to, the map."""
    st.markdown(title_of(attribution, judgement))
    picture.show(attribution, scale, side)


def _about(side: str, attribution: Attribution, picture: Picture, reach: float, judgement: Judgement | None) -> None:
    """What is read next: how far to trust it, what it means, what it cost, its values one by one."""
    if error := picture.error(attribution):
        st.markdown(f":material/straighten: {error}")
    if judgement is not None:
        show_judgements(judgement, attribution, picture)
    st.caption(said(f"{MEANING[attribution.index].format(what=picture.quantity)} {cost(attribution)}"))
    if told := exactly(attribution):
        st.caption(f":material/verified: {told}")
    if attribution.note:
        st.caption(f":material/info: {attribution.note}")
    st.plotly_chart(picture.chart(picture.named(attribution), reach), width="stretch", key=f"bars-{side}")
    st.caption(picture.under_chart(attribution))


def _difference(maps: list[Attribution], picture: Picture, scale: float) -> None:
    show_difference(maps, picture, scale, [f"{INDICES[m.index]} ({method_name(m.index, m.method)})" for m in maps], "d")


def show_difference(maps: list[Attribution], picture: Picture, scale: float, names: list[str], key: str) -> None:
    """Where two maps of the same parts differ, and how far they agree. key : of the map of their difference"""
    one, other = maps
    found = agreement(one, other)
    st.markdown(f"**{names[0]} minus {names[1]}**, on the same colour scale")
    change = replace(one, values=found.difference, standard_error=found.standard_error, covariance=None)
    picture.show(change, scale, key)
    if any(map(is_preliminary, maps)):
        st.warning(
            "This run was stopped: a map that had not begun is drawn from the other one's coalitions, so that the two "
            "agree more than they would."
        )
    columns = st.columns(2 + len(found.overlap))
    columns[0].metric("Spearman", _two(found.spearman), help="Correlation of the ranks; 1 is the same order.")
    columns[1].metric("Kendall", _two(found.kendall), help="Share of pairs in the same order less that in another.")
    for column, (k, share) in zip(columns[2:], found.overlap.items()):
        column.metric(f"Top {k} shared", f"{round(share * k)} of {k}", help="Parts of largest size that both name.")
    show_most(found, maps, picture.names(one.labels), names)


def show_most(found: Agreement, maps: Sequence[Map], parts: list[str], names: list[str]) -> None:
    """The parts in which two maps differ most. parts : their names;  names : of the maps"""
    one, other = maps
    rows = [
        (i, parts[i], [*map(signed, (one.values[i], other.values[i], found.difference[i])), _errors(found.in_errors[i])])
        for i in found.most[:8]
        if found.difference[i] != 0
    ]
    if rows:
        st.markdown("**Where they differ most**")
        st.html(render("differences", names=names, rows=rows))
        if found.standard_error.any():
            st.caption(found.assumption)
    else:
        st.markdown("The two maps are the same.")


def _two(value: float) -> str:
    return "–" if value != value else signed(value, 2)


def _errors(value: float) -> str:
    if value != value:
        return "unknown"
    return "beyond any" if np.isinf(value) else f"{abs(value):.1f}"
