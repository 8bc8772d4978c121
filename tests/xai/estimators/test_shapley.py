"""Shapley methods: designs within the budget, values against enumeration, errors that cover."""

from math import comb

import numpy as np
import pytest
from games import FakeGame, additive, brute_force, tabulated, unanimity

from xai import Ledger, explain
from xai.estimators.shapley import leverage_design, permutations

METHODS = ("leverage", "permutation", "kernelshap")


@pytest.mark.parametrize("n", [1, 2, 3, 6, 9, 40])
@pytest.mark.parametrize("budget", [4, 9, 31, 200])
def test_leverage_design_has_distinct_pairs_within_the_budget(n, budget):
    design = leverage_design(n, budget, 1)
    rows = design.coalitions
    assert (rows[::2] == ~rows[1::2]).all() and len(np.unique(rows, axis=0)) == len(rows)
    assert min(budget - 1, 2**n) <= len(rows) <= budget
    assert len(design.weights) == len(rows)


def test_leverage_takes_sizes_alike():
    rows = np.concatenate([leverage_design(21, 400, s).coalitions[2:] for s in range(30)])
    counts = np.bincount(rows.sum(axis=1), minlength=22)[4:18] / 30
    assert np.ptp(counts) < 1.5


def test_a_larger_leverage_budget_holds_the_smaller():
    small, large = (leverage_design(15, b, 3).coalitions for b in (100, 240))
    assert {z.tobytes() for z in small} <= {z.tobytes() for z in large}


def test_permutations_pass_from_no_player_to_all():
    rows = permutations(7, 40, 0).coalitions[2:].reshape(-1, 6, 7)
    assert len(rows) == 6 and (rows.sum(axis=2) == np.arange(1, 7)).all()
    assert (rows[::2] == ~rows[1::2, ::-1]).all()


@pytest.mark.parametrize("method", METHODS)
def test_additive_games_are_exact_and_values_efficient(method):
    game, _, shapley = additive(np.linspace(-2, 3, 11), offset=5.0)
    a = explain(game, index="shapley", method=method, budget=120)
    assert np.allclose(a.values, shapley, atol=1e-9) and np.allclose(a.standard_error, 0, atol=1e-8)
    game = tabulated(np.random.default_rng(0).normal(size=256))
    assert abs(explain(game, index="shapley", method=method, budget=100).gap) < 1e-9


@pytest.mark.parametrize("n", [2, 3, 6, 9])
def test_leverage_is_exact_over_all_coalitions(n):
    game = tabulated(np.random.default_rng(n).normal(size=2**n))
    a = explain(game, index="shapley", method="leverage", budget=2**n)
    assert np.allclose(a.values, brute_force(game, "shapley"), atol=1e-9)
    assert np.allclose(a.standard_error, 0)


def test_permutation_is_unbiased():
    game = tabulated(np.random.default_rng(2).normal(size=32))
    draws = np.array([explain(game, index="shapley", method="permutation", budget=10, seed=s).values for s in range(500)])
    error = draws.std(axis=0) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - brute_force(game, "shapley")) < 4.5 * error).all()


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_nominal_intervals_cover(method):
    table = np.random.default_rng(6).normal(size=512)
    truth = brute_force(tabulated(table), "shapley")
    game = tabulated(np.stack([table], axis=0)[0])
    inside = []
    for seed in range(200):
        a = explain(game, index="shapley", method=method, budget=130, seed=seed)
        inside.append(np.abs(a.values - truth) <= 1.96 * a.standard_error)
    assert 0.90 <= np.mean(inside) <= 0.985


@pytest.mark.parametrize("method", METHODS)
def test_degenerate_games(method):
    for n in (1, 2):
        game, values, _ = additive(np.arange(1.0, n + 1))
        assert np.allclose(explain(game, index="shapley", method=method, budget=8).values, values)
    constant = FakeGame(6, lambda z: np.full(len(z), 2.0))
    assert np.allclose(explain(constant, index="shapley", method=method, budget=40).values, 0)
    shifted, values, _ = additive(np.arange(9.0), offset=1e9)
    assert np.allclose(explain(shifted, index="shapley", method=method, budget=80).values, values, atol=1e-5)


def test_too_few_pairs_are_said():
    game, _, _ = unanimity(30, [1, 2])
    a = explain(game, index="shapley", method="leverage", budget=30)
    assert "least norm" in a.note and np.isnan(a.standard_error).all() and abs(a.gap) < 1e-9


def test_columns_are_solved_together():
    table = np.random.default_rng(6).normal(size=(2**7, 2))
    game = FakeGame(7, lambda z: table[(z.astype(int) << np.arange(7)).sum(axis=1)])
    for method in METHODS:
        both = explain(game, index="shapley", method=method, budget=60)
        one = explain(tabulated(table[:, 1]), index="shapley", method=method, budget=60)
        assert np.allclose(both.values[:, 1], one.values)
        assert np.allclose(both.combine([0.0, 1.0]).standard_error, one.standard_error)


def test_one_ledger_pays_small_sizes_once():
    game, _, _ = unanimity(8, [0, 1])
    ledger = Ledger(game)
    explain(game, index="shapley", method="leverage", budget=100, ledger=ledger)
    again = explain(game, index="shapley", method="walsh", budget=100, ledger=ledger)
    assert again.reused >= 2 + 2 * comb(8, 1)


def test_leverage_spends_its_budget_on_many_players():
    counts = np.bincount(leverage_design(241, 2000, 0).coalitions[2:].sum(axis=1), minlength=242)
    assert len(leverage_design(1500, 4000, 0).coalitions) == 4000
    assert counts.sum() == 1998 and counts[2:240].max() <= 14 and counts[5:237].min() >= 5
