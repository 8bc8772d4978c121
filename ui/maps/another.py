"""Two runs of the same parts beside each other: another prompt, another model, another way of absence."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from ui.draw.colour import shared_scale
from ui.draw.markdown import said
from ui.maps.picture import Picture
from ui.maps.side_by_side import show_difference
from ui.names import INDICES, method_name
from ui.runs.comparison import Comparison
from xai import Attribution


def show_another(
    comparison: Comparison,
    picture: Picture,
    weights: list[float] | None,
    others: dict[str, str],
    load: Callable[[str], tuple[Comparison, Picture]],
) -> None:
    """A choice among other runs, and both maps of the same side on one scale.

    others : id → name, in Markdown;  load(id) : ValueError where it cannot be
    """
    one, two = st.columns([3, 2], vertical_alignment="bottom")
    chosen = choose_run(others, "Explain something else on this page; then both runs can be held against each other here.", one)
    if not others:
        return
    sides = [f"{INDICES[each.index]} · {method_name(each.index, each.method)}" for each in comparison.maps]
    side = two.segmented_control("Map", range(len(sides)), default=0, key="another-side", format_func=lambda i: sides[i])
    if chosen is None:
        st.caption("Two prompts with the same words, two models, two ways of absence: the parts must be the same.")
        return
    try:
        other, drawn = load(chosen)
        maps = _pair(comparison.focused(weights), other.focused(), side or 0)
    except ValueError as error:
        st.warning(said(f"They cannot be compared: {str(error).rstrip('.')}."))
        return
    if picture.quantity != drawn.whole:
        st.warning(said(f"Values of this run are changes of {picture.quantity}, those of the other of {drawn.whole}."))
    scale = shared_scale(*maps)
    for column, title, each, with_what in zip(st.columns(2), ("This run", others[chosen]), maps, (picture, drawn)):
        with column:
            st.markdown(f"**{title}**")
            with_what.show(each, scale, f"another-{title == 'This run'}")
    st.html(picture.legend(scale))
    show_difference(maps, picture, scale, ["this run", "the other run"], "another")


def choose_run(others: dict[str, str], none: str, place: Any = st) -> str | None:
    """The id of the run to compare with. others : id → name, in Markdown;  none : what is said where there is no other"""
    if not others:
        place.markdown(none)
        return None
    found: str | None = place.selectbox(
        "Hold it against", list(others), index=None, format_func=lambda run: others[run], key="another", placeholder="a run"
    )
    return found


def _pair(mine: list[Attribution], theirs: list[Attribution], side: int) -> list[Attribution]:
    one = mine[min(side, len(mine) - 1)]
    other = next((each for each in theirs if each.index == one.index), None)
    if other is None:
        raise ValueError(f"the other run has no {INDICES[one.index]}")
    if one.labels != other.labels:
        raise ValueError(
            f"this run has {len(one.labels)} parts, the other {len(other.labels)}"
            if len(one.labels) != len(other.labels)
            else "their parts are as many, but not the same"
        )
    return [one, other]
