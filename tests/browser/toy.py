"""A fifth kind of input: three sliders, and a game known by heart. Run as an app of its own it is a whole page."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from ui.kind import Cost, Kind, Subject
from ui.kind_page import kind_page
from ui.runs.comparison import Plan
from ui.settings import Settings, nested, number
from ui.shell.frame import linked, preset
from ui.shell.widgets import ask_plan, plan_widgets, slider

NAMES = ("first", "second", "third")


@dataclass(frozen=True)
class ToyRequest(Settings):
    first: int = number(0, 10, 5, "The first")
    second: int = number(0, 10, 3, "The second")
    third: int = number(0, 10, 1, "The third")
    plan: Plan = nested(Plan, Plan())
    same_game = property(lambda self: (self.first, self.second, self.third))


class Game:
    """The present sliders' sum, and 2 where the first two are: first + 1, second + 1, third, and 0 of three more players."""

    n_players, labels = 6, [*NAMES, *"abc"]

    def __init__(self, request):
        self.worth = np.array([*request.same_game, 0, 0, 0], float)

    def __call__(self, coalitions):
        return coalitions @ self.worth + 2.0 * (coalitions[:, 0] & coalitions[:, 1])


class Toy(Kind):
    key, title, lead = "toy", "Swing: three sliders", "What each slider gives to their sum, and a bonus for the first two."
    Request = ToyRequest

    def ask(self, state):
        return ToyRequest(*(slider(st, ToyRequest, name, **linked(name, value=5)) for name in NAMES), ask_plan(usual=32))

    def open(self, request, state, upload):
        preset(**{name: getattr(request, name) for name in NAMES}, **plan_widgets(request.plan))

    def name(self, request):
        return f"Sliders at {request.first}, {request.second} and {request.third}"

    def cost(self, request, state):
        return Cost(request.plan.cost(6), 0.1)

    def subject(self, request, state):
        return lambda job: Subject(Game(request), ["the sum"], [1.0])


if __name__ == "__main__":
    kind_page(Toy())
