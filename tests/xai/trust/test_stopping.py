"""Stopping when sure: right where it stops, never where there is nothing to be sure of, and for nothing."""

import numpy as np
import pytest
from games import FakeGame, additive, tabulated

from xai import Cancelled, Ledger, explain, judge
from xai.estimators.methods import METHODS
from xai.trust.headline import SURE_ORDER
from xai.trust.judge import of_draws
from xai.trust.stopping import SURE_ENOUGH

ALL = [(index, method) for index in METHODS for method in METHODS[index]]
ABLE = [(index, method) for index, method in ALL if not METHODS[index][method].whole]
BUDGET = 600
WEIGHTS = 2.0 ** -np.arange(12)
CLEAR = tabulated((((np.arange(2**12)[:, None] >> np.arange(12)) & 1) @ WEIGHTS) + 0.01 * np.sin(np.arange(2**12) ** 2))
NOISE = tabulated(np.random.default_rng(1).normal(size=2**12))


def sure(game, index, method, budget=BUDGET, seed=0, **more):
    return explain(game, index, method, budget, seed, stop_when_sure=True, **more)


@pytest.mark.parametrize(("index", "method"), [pair for pair in ABLE if pair[1] != "msr"])  # whose noise is the whole value's
def test_an_easy_game_stops_early_and_is_right(index, method):
    ledger = Ledger(CLEAR)
    one, true = sure(CLEAR, index, method, ledger=ledger), explain(CLEAR, index, "exact").values
    assert one.evaluations == ledger.evaluations < BUDGET / 2 and one.budget < BUDGET / 2
    assert f"Sure after {one.budget} of at most" in one.note
    assert of_draws(one.values, true[None])[2] == 1.0
    assert np.square(one.values - true).sum() < SURE_ENOUGH * np.square(true).sum()
    j = judge(ledger, one)
    assert j.order >= SURE_ORDER and j.expected_error < SURE_ENOUGH


@pytest.mark.parametrize(("index", "method"), ABLE)
def test_a_run_that_stopped_is_the_run_of_the_budget_it_names(index, method):
    one = sure(CLEAR, index, method, seed=3)
    again = explain(CLEAR, index, method, one.budget, 3)
    assert np.array_equal(one.values, again.values) and np.array_equal(one.standard_error, again.standard_error)
    assert one.evaluations == again.evaluations and one.reused == again.reused
    assert (one.method, one.seed) == (again.method, again.seed)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("index", "method"), ABLE)
def test_noise_never_stops_and_pays_what_it_pays_without(index, method, seed):
    ledger, plain = Ledger(NOISE), Ledger(NOISE)
    one = sure(NOISE, index, method, 400, seed, ledger=ledger)
    other = explain(NOISE, index, method, 400, seed, plain)
    assert one.budget == 400 and one.evaluations == other.evaluations == ledger.evaluations
    assert np.array_equal(one.values, other.values) and np.array_equal(one.standard_error, other.standard_error)
    assert one.note == other.note and one.reused == other.reused
    assert {row.tobytes() for row in ledger.known()[0]} == {row.tobytes() for row in plain.known()[0]}


@pytest.mark.parametrize(("index", "method"), ALL)
def test_the_same_seed_stops_at_the_same_place(index, method):
    first, second = (sure(CLEAR, index, method, seed=5) for _ in range(2))
    assert np.array_equal(first.values, second.values) and first.evaluations == second.evaluations


@pytest.mark.parametrize(("index", "method"), [pair for pair in ALL if pair not in ABLE])
def test_what_cannot_stop_says_so_in_one_sentence(index, method):
    one, other = sure(CLEAR, index, method), explain(CLEAR, index, method, BUDGET)
    assert one.note == " ".join(filter(None, [other.note, METHODS[index][method].whole]))
    assert one.note.endswith("so it does not stop early." if method == "kernelshap" else "so they do not stop early.")
    assert np.array_equal(one.values, other.values) and one.evaluations == other.evaluations


def test_the_automatic_choice_stops_before_it_would_take_all_coalitions():
    one = sure(CLEAR, "banzhaf", "auto", 2**12)
    assert one.method == "auto" and one.evaluations < 2**10
    exact = sure(NOISE, "banzhaf", "auto", 2**12)
    assert exact.method == "exact" and exact.evaluations == 2**12


@pytest.mark.parametrize("value", [lambda z: np.ones(len(z)), lambda z: z.all(axis=1).astype(float)])
def test_what_did_not_move_is_not_sure(value):
    assert sure(FakeGame(20, value), "banzhaf", "auto", 200).budget == 200


def test_progress_rises_to_what_was_paid_of_the_whole():
    told = []
    one = sure(CLEAR, "banzhaf", "kernel", progress=lambda *now: told.append(now))
    done = [now[0] for now in told]
    assert done == sorted(set(done)) and done[-1] == one.evaluations
    assert len({now[1] for now in told}) == 1 and told[0][1] > one.evaluations


def test_a_cancelled_run_keeps_what_it_paid():
    asked = []

    def cancel():
        asked.append(None)
        return len(asked) > 2

    game, _, _ = additive(np.arange(1.0, 13.0))
    game.batch_size = 8
    with pytest.raises(Cancelled) as stopped:
        sure(game, "banzhaf", "kernel", cancel=cancel)
    assert stopped.value.ledger.evaluations == 16


def test_another_column_is_sure_elsewhere():
    """The weights say which sum of the columns is looked at: here one column is clear and one is noise."""
    game = tabulated(np.column_stack([CLEAR(every := (np.arange(2**12)[:, None] >> np.arange(12)) & 1), 9.0 * NOISE(every)]))
    clear, noise = (sure(game, "banzhaf", "kernel", weights=weights) for weights in ([1.0, 0.0], [0.0, 1.0]))
    assert clear.budget < BUDGET / 2 and noise.budget == BUDGET
    assert clear.values.shape == (12, 2)
    with pytest.raises(ValueError, match="weights must have shape"):
        sure(game, "banzhaf", "kernel", weights=[1.0])


def test_a_second_index_stops_on_the_first_ones_calls():
    ledger = Ledger(CLEAR)
    first = sure(CLEAR, "banzhaf", "auto", ledger=ledger)
    second = explain(CLEAR, "shapley", "orthogonal", first.budget, ledger=ledger)
    assert second.evaluations == 0 and second.reused == first.budget
