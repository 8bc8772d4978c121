"""Which budgets a page offers beyond its list, in which words, and where its slider stands by itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ui.names import PANES, Pane
from ui.runs.comparison import Plan
from ui.runs.completing import AFFORDABLE, Size, offers, size_or_none, usual_budget
from xai import completing

FOUR = "left map exact up to four words acting together"


@pytest.mark.parametrize(
    ("players", "most", "said"),
    [
        (14, 4096, {32: "left map exact up to two words acting together", 514: FOUR}),
        (10, 4096, {24: "left map exact up to two words acting together", 258: FOUR, 1024: "exact"}),
        (100, 4096, {208: "left map exact up to two words acting together"}),
        (2, 4096, {4: "exact"}),
        (1, 4096, {}),
        (14, 31, {}),
    ],
)
def test_what_is_said_of_the_usual_maps(players, most, said):
    assert offers(Plan(), Size(players, "words"), most) == said


def test_both_maps_alike_and_maps_that_promise_nothing():
    size, auto, kernel = Size(14, "patches"), Pane("banzhaf", "auto"), Pane("banzhaf", "kernel")
    both = offers(Plan(auto, Pane("banzhaf", "orthogonal")), size, 600)
    assert both == {32: "exact up to two patches acting together", 514: "exact up to four patches acting together"}
    assert offers(Plan(kernel, auto), size, 600)[514] == "right map exact up to four patches acting together"
    assert offers(Plan(kernel, kernel), size, 4096) == {} == offers(Plan(Pane("shapley", "exact"), kernel), size, 4096)


@given(st.integers(1, 110), st.integers(4, 5000), st.sampled_from(PANES), st.sampled_from(PANES))
@settings(max_examples=60, deadline=None)
def test_everything_offered_is_promised_by_the_engine_or_is_all_coalitions(players, most, left, right):
    for budget, said in offers(Plan(left, right), Size(players, "words"), most).items():
        assert 4 <= budget <= most
        if said == "exact":
            assert budget == 2**players
            continue
        promised = [completing(players, pane.index, pane.method, most) for pane in (left, right)]
        assert any(one.budget == budget for found in promised for one in found)


@pytest.mark.parametrize(
    ("players", "seconds", "budget"),
    [(14, 0.01, 514), (14, 0.2, 256), (14, 0.0, 256), (10, 0.01, 258), (9, 0.01, 512), (7, 0.01, 256), (100, 0.01, 256)],
)
def test_the_first_that_is_no_smaller_and_affordable_is_usual(players, seconds, budget):
    size = Size(players, "words", seconds)
    assert usual_budget(Plan(), list(offers(Plan(), size, 4096)), size) == budget
    assert budget == 256 or Plan(budget=budget).cost(players) * seconds <= AFFORDABLE


def test_an_estimate_beside_an_exact_map_stays_one():
    plan = Plan(Pane("banzhaf", "exact"), Pane("shapley", "kernelshap"))
    assert usual_budget(plan, [1024], Size(10, "columns", 1e-3)) == 256


def test_no_game_no_size():
    def refused():
        raise ValueError("There is nothing to explain yet.")

    assert size_or_none(refused) is None and size_or_none(lambda: Size(3, "words")) == (3, "words", 0.0)
