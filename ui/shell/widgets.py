"""Widgets that a request's own declarations (`ui.settings`) give their choices, bounds and lengths."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from ui.draw.markdown import plain
from ui.names import DEFAULT_PANES, EXACT_PANES, PANES
from ui.runs.comparison import Plan
from ui.runs.completing import SMALLEST, Size, usual_set
from ui.settings import Settings, allowed
from ui.shell.budget import ask_budget, moving, settled
from ui.shell.frame import linked

SIDES = ("left", "right")
EXACT = "exact-"  # begins the names of widgets with that choice: where another page lacks it, theirs would hold nothing
STOP = (
    "A map takes no more evaluations once the order of its first three is certain and its values are expected to be right "
    "within some 20 %. KernelSHAP cannot tell, and takes all."
)
ONE_SET = (
    "Shapley values are made of the evaluations that the left map pays for, not by the right map's method: about half the cost."
)
BUDGETS = [32, 64, 128, 256, 512, 1024, 2048, 4096]


def selectbox(place: Any, request: type[Settings], name: str, options: Mapping[Any, str] | None = None, **more: Any) -> Any:
    """A choice of the values that a field may hold, or of some of them. more : of Streamlit's widget"""
    one = allowed(request)[name]
    named = dict(options or one.options or {})
    return place.selectbox(one.title, list(named), format_func=named.get, **more)


def text_input(place: Any, request: type[Settings], name: str, **more: Any) -> str:
    """A text as long as a field may be."""
    one = allowed(request)[name]
    return place.text_input(one.title, max_chars=one.most, **more)  # type: ignore[no-any-return]  # a text


def checkbox(place: Any, request: type[Settings], name: str, **more: Any) -> bool:
    return bool(place.checkbox(allowed(request)[name].title, **more))


def number_input(place: Any, request: type[Settings], name: str, **more: Any) -> int:
    """A whole number within the bounds of a field."""
    one = allowed(request)[name]
    return int(place.number_input(one.title, one.low, one.high, **more))


def slider(place: Any, request: type[Settings], name: str, **more: Any) -> int:
    """The same, to be drawn."""
    one = allowed(request)[name]
    return int(place.slider(one.title, one.low, one.high, **more))


def one_of(label: str, options: Sequence[Any], first: Any, key: str, **more: Any) -> Any:
    """One of a few; `first` where none is chosen."""
    found = st.segmented_control(label, options, default=first, key=key, **more)
    return first if found is None else found


def some_of(label: str, texts: Sequence[str], key: str) -> list[int]:
    """Which of some texts are chosen, by their places."""
    return st.pills(label, range(len(texts)), selection_mode="multi", format_func=lambda i: plain(texts[i]), key=key)


def ask_plan(
    budgets: Sequence[int] = BUDGETS,
    usual: int = 256,
    prefix: str = "",
    exact: bool = False,
    size: Size | None = None,
    one_set: bool = False,
) -> Plan:
    """Both maps, most evaluations for each, the seed, what ends a run. prefix : of the widgets' names in the link

    exact : "exact" can be chosen too, and is where nobody says otherwise, unless a link names methods without that choice
    size : of what is explained, where that is known yet
    one_set : both maps from one set of calls where nobody says otherwise, however fast they are
    """
    one, two, three = st.columns(3)
    names = {pane.key: str(pane) for pane in ([*EXACT_PANES, *PANES] if exact else PANES)}
    chosen = {}
    for place, side, pane in zip((one, two), SIDES, EXACT_PANES if exact else DEFAULT_PANES):
        usually = list(names).index(pane.key)
        if exact and (named := st.query_params.get(prefix + side, "")) in names.values():
            usually = list(names.values()).index(named)
        chosen[side] = selectbox(place, Plan, side, names, **linked(prefix + EXACT * exact + side, index=usually))
    plan = Plan.from_settings({**chosen, "budget": usual, "seed": 0})
    budget = ask_budget(three, plan, budgets, f"{prefix}budget", size)
    seed = number_input(one, Plan, "seed", **linked(f"{prefix}seed", value=0))
    stop = checkbox(two, Plan, "stop", help=STOP, **linked(f"{prefix}stop", value=True))
    asked = Plan.from_settings({**chosen, "budget": budget, "seed": seed, "stop": stop})
    if asked.free is None or asked.right == asked.free:
        return asked
    key = f"{prefix}one_set"
    start = one_set or settled(key, asked, size, lambda: usual_set(asked, size))
    _, more = moving(key, start, _of_link)
    return replace(asked, one_set=checkbox(two, Plan, "one_set", help=ONE_SET, **more))


def _of_link(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def plan_widgets(plan: Plan, budgets: Sequence[int] = BUDGETS, prefix: str = "", exact: bool = False) -> dict[str, Any]:
    """What `ask_plan`'s widgets are set to, for `ui.shell.frame.preset`, to ask this plan, or the nearest to it."""
    settings = plan.to_settings() | {"stop": plan.stop, "one_set": plan.one_set}
    settings |= {"budget": max(SMALLEST, min(plan.budget, max(budgets)))}
    return {prefix + EXACT * (exact and name in SIDES) + name: value for name, value in settings.items()}
