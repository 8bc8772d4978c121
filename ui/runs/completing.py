"""Budgets at which something becomes true of what a page explains, said in its own words, and which of them is usual."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from ui.runs.comparison import Plan
from xai import completing

AFFORDABLE = 120.0  # seconds that a run may take for a budget to be where the slider stands by itself
PATIENCE = 60.0  # seconds that the right map's own calls may take, without being asked for
SMALLEST = 4  # evaluations; no map is made of fewer
_EVERY = 20  # players from which on no map is made of all coalitions
_WORDS = {2: "two", 4: "four", 6: "six", 8: "eight"}


class Size(NamedTuple):
    """parts : what the players are, in the plural;  seconds : of one evaluation, 0 where that is not known"""

    players: int
    parts: str
    seconds: float = 0.0


def size_or_none(found: Callable[[], Size]) -> Size | None:
    """What `found` says, or None where nothing can be explained, of which the page says why at its button."""
    try:
        return found()
    except (ValueError, TypeError):
        return None


def offers(plan: Plan, size: Size, most: int) -> dict[int, str]:
    """Budgets up to `most` at which something becomes true of a map of the plan → what, in a few words."""
    n, told = size.players, dict[int, dict[str, int]]()
    panes = {side: pane for side, pane in zip(("left", "right"), plan.panes) if pane.method != "exact"}  # that needs no budget
    if not panes:
        return {}
    every = 2**n if n < _EVERY else most + 1
    for side, pane in panes.items():
        for budget, degree in completing(n, pane.index, pane.method, min(most, every - 1)):
            told.setdefault(budget, {})[side] = degree
    said = {budget: _said(degrees, size.parts) for budget, degrees in sorted(told.items())}
    return said | ({every: "exact"} if SMALLEST <= every <= most else {})


def _said(degrees: dict[str, int], parts: str) -> str:
    sentences = []
    for degree in sorted(set(degrees.values())):
        sides = [side for side in degrees if degrees[side] == degree]
        which = f"{sides[0]} map " if len(sides) == 1 else ""
        sentences.append(f"{which}exact up to {_WORDS.get(degree, str(degree))} {parts} acting together")
    return "; ".join(sentences)


def usual_budget(plan: Plan, offered: Sequence[int], size: Size | None) -> int:
    """Of a plan whose budget nobody chose: the first offered one that is no smaller, where that is affordable.

    Smaller ones are exact for so few games that a map of the rest would be worse than it is now. Beside a map that is
    exact without any evaluation, the other is asked for as the estimate that it is.
    """
    if any(pane.method == "exact" for pane in plan.panes):
        return plan.budget
    first = next((budget for budget in sorted(offered) if budget >= plan.budget), None)
    if first is None or size is None or size.seconds <= 0:
        return plan.budget
    taken = replace(plan, budget=first).cost(size.players) * size.seconds
    return first if taken <= AFFORDABLE else plan.budget


def usual_set(plan: Plan, size: Size | None) -> bool:
    """Whether both maps of a plan are made of one set of calls where nobody says otherwise: where KernelSHAP's take long."""
    if plan.free is None or plan.right.method != "kernelshap" or size is None:
        return False
    calls = min(plan.budget, 2**size.players if size.players < _EVERY else plan.budget)
    return bool(calls * size.seconds > PATIENCE)
