"""How many evaluations a map may take: any number of a list, and those at which something becomes true of these players."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from ui.runs.comparison import Plan
from ui.runs.completing import SMALLEST, Size, offers, usual_budget
from ui.settings import allowed
from ui.shell.frame import linked


def ask_budget(place: Any, plan: Plan, budgets: Sequence[int], key: str, size: Size | None) -> int:
    """The slider, and below it what its special budgets are worth. plan : its budget is where nobody says otherwise

    What a link, a reopened run or the visitor chose stays, and alone stands in the link; else the slider moves by itself
    as the input does.
    """
    fields, most = st.session_state, max(budgets)
    offered = offers(plan, size, most) if size else {}
    start, now, by_itself = _start(plan, list(offered), key, size), fields.get(key), f"{key}-by-itself"
    moved = fields.get(by_itself) if now is not None else None  # to where it moved last; None for a choice, or a new page
    chosen = now is not None and (now != moved or key in fields.get("preset", ()))
    if now is None:
        now = _of_link(st.query_params.get(key, ""), most)
        chosen = now is not None
    fields[by_itself] = None if chosen else start
    more: dict[str, Any] = {"key": key}
    if not chosen:
        fields[key] = now = start
    else:
        more = linked(key, value=plan.budget)
        if moved is not None or now == plan.budget:  # for the link to hold it: a default does not stand there
            more.pop("value", None)
            if key in fields:
                fields[key] = now
    options = sorted({*budgets, *offered, int(now or start)})
    budget = int(place.select_slider(allowed(Plan)["budget"].title, options, **more))
    if offered:
        place.caption("  \n".join(f"**{value:,}**: {said}" for value, said in offered.items()))
    return budget


def _start(plan: Plan, offered: Sequence[int], key: str, size: Size | None) -> int:
    """`usual_budget`, which stays as long as the same is asked: every run measures anew how long an evaluation takes."""
    asked = plan, size and (size.players, size.parts, size.seconds > 0)
    before = st.session_state.get(f"{key}-start")
    if before is None or before[0] != asked:
        before = asked, usual_budget(plan, offered, size)
        st.session_state[f"{key}-start"] = before
    return int(before[1])


def _of_link(text: str, most: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and SMALLEST <= int(text) <= most else None
