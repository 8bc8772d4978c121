"""A judgement while a run goes on: free, poor at first, and never better than what is known."""

import numpy as np
import pytest
from games import FakeGame, additive, tabulated

from xai import Judgement, Ledger, explain, judge, judge_early, preliminary
from xai.estimators.methods import METHODS
from xai.estimators.orthogonal import orthogonal

ALL = [(index, method) for index in METHODS for method in METHODS[index] if method != "exact"]
BITS = (np.arange(2**12)[:, None] >> np.arange(12)) & 1
TABLE = tabulated(4.0 * np.random.default_rng(0).normal(size=2**12) + BITS @ np.arange(12))


def paid(game, evaluations, seed=0):
    ledger = Ledger(game)
    ledger.evaluate(orthogonal(game.n_players, evaluations, seed).coalitions)
    return ledger


@pytest.mark.parametrize("index", ["banzhaf", "shapley"])
def test_a_preliminary_map_is_judged_for_nothing_and_better_as_the_run_goes_on(index):
    errors = []
    for evaluations in (26, 64, 400):
        ledger = paid(TABLE, evaluations)
        asked = TABLE.asked
        j = judge_early(ledger, preliminary(ledger, index))
        assert TABLE.asked == asked and ledger.evaluations == evaluations and j.evaluations == 0
        assert (j.index, j.held_out, j.exact, j.additive_interval) == (index, 0, False, (0.0, 1.0))
        assert j.additive != j.additive and 0.0 < j.order <= min(j.first, j.first_three) <= 1.0
        assert len(j.headline.split()) <= 15 and "adding up" not in j.headline
        assert Judgement.from_json(j.to_json()).to_json() == j.to_json()
        errors.append(j.expected_error)
    assert min(errors[:2]) > 3 * errors[2]


@pytest.mark.parametrize(("index", "method"), ALL)
def test_of_a_finished_map_it_says_what_the_whole_judgement_says_of_computing(index, method):
    ledger = Ledger(TABLE)
    one = explain(TABLE, index, method, 200, 0, ledger)
    early, late = judge_early(ledger, one), judge(ledger, one)
    for what in ("first", "first_three", "order", "expected_error"):
        assert getattr(early, what) == getattr(late, what)


def test_what_does_not_move_and_noise_are_worthless_so_far():
    flat = paid(FakeGame(16, lambda z: np.ones(len(z))), 34)
    j = judge_early(flat, preliminary(flat))
    assert (j.worth, j.headline) == ("worthless", "So far no better than chance; more evaluations will tell.")
    noisy = [paid(tabulated(np.random.default_rng(seed).normal(size=2**14)), 60, seed) for seed in range(10)]
    assert sum(judge_early(ledger, preliminary(ledger)).worth == "worthless" for ledger in noisy) >= 8


def test_a_ledger_without_pairs_is_judged_by_the_map_that_made_it_or_not_at_all():
    ledger = Ledger(TABLE)
    one = explain(TABLE, "banzhaf", "msr", 100, 0, ledger)
    assert judge_early(ledger, one).first == judge(ledger, one).first
    assert isinstance(judge_early(ledger, preliminary(ledger)).headline, str)


def test_what_cannot_be_judged_is_said_in_a_sentence():
    game, _, _ = additive([1.0, 2.0, 3.0])
    one = explain(game, budget=8)
    with pytest.raises(ValueError, match="lacks v"):
        judge_early(Ledger(game), one)
    with pytest.raises(ValueError, match="other players"):
        judge_early(Ledger(TABLE), one)
