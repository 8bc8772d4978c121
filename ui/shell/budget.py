"""How many evaluations a map may take: any number of a list, and those at which something becomes true of these players."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from ui.runs.comparison import Plan
from ui.runs.completing import SMALLEST, Size, offers, usual_budget
from ui.settings import allowed


def ask_budget(place: Any, plan: Plan, budgets: Sequence[int], key: str, size: Size | None) -> int:
    """The slider, and below it what its special budgets are worth. plan : its budget is where nobody says otherwise

    What a link, a reopened run or the visitor chose stays, and alone stands in the link; else the slider moves by itself
    as the input does. Streamlit's own binding would write a choice into the link only where it is not the default.
    """
    most = max(budgets)
    offered = offers(plan, size, most) if size else {}
    start = settled(key, plan, size, lambda: usual_budget(plan, list(offered), size))
    now, more = moving(key, start, lambda text: _of_link(text, most))
    options = sorted({*budgets, *offered, now})
    budget = int(place.select_slider(allowed(Plan)["budget"].title, options, **more))
    if offered:
        place.caption("  \n".join(f"**{value:,}**: {said}" for value, said in offered.items()))
    return budget


def moving(key: str, start: Any, of_link: Callable[[str], Any]) -> tuple[Any, dict[str, Any]]:
    """What a widget is to be set to that moves by itself to `start` until it is chosen; arguments for the widget.

    of_link(text) : the value of a link, None where it is none
    """
    fields, link = st.session_state, st.query_params
    preset, now = fields.get("preset", set()), fields.get(key)
    chosen = fields.get(f"{key}-chosen")
    if now is None:
        found = of_link(link.get(key, ""))
        chosen = chosen if found is None else found
    elif key in preset or now != fields.get(f"{key}-seen"):
        chosen = now
    value = start if chosen is None else chosen
    # Set only where it must move: what a browser sends meanwhile would be lost. Else it is the default, for a browser
    # that sees only this run.
    more = {"key": key} if key in preset or now != value else {"key": key, "value": value}
    preset.discard(key)
    if now != value:
        fields[key] = value
    fields[f"{key}-chosen"], fields[f"{key}-seen"] = chosen, value
    if chosen is None:
        link.pop(key, None)
    elif link.get(key) != str(chosen).lower():
        link[key] = str(chosen).lower()
    return value, more


def settled(key: str, plan: Plan, size: Size | None, usual: Callable[[], Any]) -> Any:
    """What `usual` says, which stays as long as the same is asked: every run measures anew how long an evaluation takes."""
    asked = plan, size and (size.players, size.parts, size.seconds > 0)
    before = st.session_state.get(f"{key}-start")
    if before is None or before[0] != asked:
        before = asked, usual()
        st.session_state[f"{key}-start"] = before
    return before[1]


def _of_link(text: str, most: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and SMALLEST <= int(text) <= most else None
