"""The accuracy benchmark's own bookkeeping: budgets, measures, limits, and that no method is handicapped."""

import time

import numpy as np
import pytest

from benchmarks.parts.estimators import ESTIMATORS, OURS, PAPER, Counted
from benchmarks.parts.games import polynomial
from benchmarks.parts.measure import TooSlow, budgets_of, compare, limited, measure


def test_budgets_are_distinct_and_end_at_all_coalitions():
    assert budgets_of(8, (2, 2.5, 40, 80)) == [16, 20, 256]
    assert budgets_of(241, (2, 80)) == [482, 19280]


@pytest.mark.parametrize("method", PAPER)
@pytest.mark.parametrize("budget", [32, 80, 400])
def test_the_methods_of_the_paper_get_every_row_of_the_budget(method, budget):
    game = Counted(polynomial(8, 3, terms=5))
    ESTIMATORS["banzhaf"][method](game, budget, 0)
    assert game.asked == budget - budget % (16 if method == "monte_carlo" else 2)


@pytest.mark.parametrize("method", OURS)
def test_ours_stay_within_the_budget(method):
    game = Counted(polynomial(20, 3))
    ESTIMATORS["banzhaf"][method](game, 121, 0)
    assert game.asked <= 121


def test_noise_has_the_spread_asked_for_and_follows_the_seed():
    plain = polynomial(9, 2)
    rows = np.zeros((4000, 9), bool)
    noisy = [Counted(plain, 0.3, seed)(rows) - plain(rows) for seed in (1, 1, 2)]
    assert abs(noisy[0].std() - 0.3) < 0.02
    assert np.array_equal(noisy[0], noisy[1]) and not np.array_equal(noisy[0], noisy[2])


def test_measures_of_a_perfect_and_of_a_reversed_answer():
    truth = np.arange(1.0, 11.0)
    assert compare(truth, truth) == (0.0, pytest.approx(1.0), 1.0)
    error, spearman, overlap = compare(truth[::-1], truth)
    assert (error, spearman, overlap) == (pytest.approx(330 / 385), pytest.approx(-1.0), 0.0)


def test_a_cell_tells_what_failed_and_what_was_too_slow():
    games = [polynomial(8, 2, terms=4)]
    assert measure("banzhaf", "g", games, 8, "monte_carlo", 2, 1.0).status.startswith("failed: ValueError")
    assert measure("banzhaf", "g", games, 40, "walsh", 2, 1e-9).status == "too slow"
    cell = measure("banzhaf", "g", games, 256, "auto", 3, 5.0)
    assert (cell.status, cell.runs) == ("ok", 3) and cell.error < 1e-20


def test_a_call_that_takes_too_long_is_stopped():
    with pytest.raises(TooSlow), limited(0.05):
        started = time.process_time()
        while time.process_time() < started + 5:
            sum(range(1000))
