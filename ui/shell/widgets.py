"""Widgets that a request's own declarations (`ui.settings`) give their choices, bounds and lengths."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from ui.names import PANES
from ui.runs.comparison import Plan
from ui.settings import Settings, allowed
from ui.shell.frame import linked

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
    return place.checkbox(allowed(request)[name].title, **more)  # type: ignore[no-any-return]  # a flag


def number_input(place: Any, request: type[Settings], name: str, **more: Any) -> int:
    """A whole number within the bounds of a field."""
    one = allowed(request)[name]
    return int(place.number_input(one.title, one.low, one.high, **more))


def slider(place: Any, request: type[Settings], name: str, **more: Any) -> int:
    """The same, to be drawn."""
    one = allowed(request)[name]
    return int(place.slider(one.title, one.low, one.high, **more))


def ask_plan(budgets: Sequence[int] = BUDGETS, usual: int = 256, prefix: str = "") -> Plan:
    """Both maps, most evaluations for each, the seed. prefix : of the widgets' names in the link"""
    one, two, three = st.columns(3)
    titles, names = allowed(Plan), {pane.key: str(pane) for pane in PANES}
    chosen = {}
    for place, side in ((one, "left"), (two, "right")):
        usually = list(names).index(getattr(Plan(), side).key)
        chosen[side] = selectbox(place, Plan, side, names, **linked(prefix + side, index=usually))
    budget = three.select_slider(titles["budget"].title, budgets, **linked(f"{prefix}budget", value=usual))
    seed = number_input(one, Plan, "seed", **linked(f"{prefix}seed", value=0))
    return Plan.from_settings({**chosen, "budget": budget, "seed": seed})


def plan_widgets(plan: Plan, budgets: Sequence[int] = BUDGETS, prefix: str = "") -> dict[str, Any]:
    """What `ask_plan`'s widgets are set to, for `ui.shell.frame.preset`, to ask this plan, or the nearest to it."""
    nearest = min(budgets, key=lambda budget: abs(budget - plan.budget))
    return {prefix + name: value for name, value in (plan.to_settings() | {"budget": nearest}).items()}
