"""Orthogonal designs: their strength column by column, and what it promises of the values."""

from itertools import combinations

import numpy as np
import pytest
from games import FakeGame, additive, brute_force, tabulated, unanimity

from xai import Ledger, explain
from xai.estimators.codes import hadamard, hadamard_order, nested_code
from xai.estimators.orthogonal import orthogonal, orthogonal_pairs


def polynomial(n, degree, seed, terms=30):
    """A random game of this degree and its Banzhaf values."""
    rng = np.random.default_rng(seed)
    sets = [rng.choice(n, min(n, d), replace=False) for d in range(1, degree + 1) for _ in range(terms)]
    weights = rng.normal(size=len(sets))

    def value(z):
        x = 2 * z - 1
        return sum(w * x[:, s].prod(axis=1) for w, s in zip(weights, sets))

    banzhaf = np.zeros(n)
    for w, s in zip(weights, sets):
        if len(s) == 1:
            banzhaf[s[0]] += 2 * w
    return FakeGame(n, value), banzhaf


def has_strength(rows, strength):
    """Whether each `strength` columns show all patterns equally often (at most 2,000 choices are looked at)."""
    n = rows.shape[1]
    chosen = list(combinations(range(n), min(strength, n)))
    if len(chosen) > 2000:
        chosen = [chosen[i] for i in np.random.default_rng(0).choice(len(chosen), 2000, replace=False)]
    counts = [np.bincount(rows[:, c] @ (1 << np.arange(len(c))), minlength=2 ** len(c)) for c in map(list, chosen)]
    return all((c == c[0]).all() for c in counts)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 9, 12, 17, 30, 33, 66, 101, 241])
def test_hadamard_matrices_are_orthogonal(n):
    order = hadamard_order(n)
    matrix = hadamard(order).astype(int)
    assert order >= n and (matrix @ matrix.T == order * np.eye(order)).all()


@pytest.mark.slow
@pytest.mark.parametrize("n", [5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 20, 24, 25, 30, 31, 32, 33, 34])
def test_levels_have_strength_three_and_five(n):
    _, levels = nested_code(n, 11)
    for level, strength in zip(levels[:2], (3, 5)):
        rows = orthogonal_pairs(n, 2**level, seed=n)
        assert has_strength(np.concatenate([rows, ~rows]), min(strength, n))


@pytest.mark.slow
@pytest.mark.parametrize("n", [35, 48, 64, 100, 130])
def test_larger_levels_have_strength_three_and_five(n):
    _, levels = nested_code(n, 14 if n < 129 else 8)
    rows = orthogonal_pairs(n, 2 ** levels[0], seed=1)
    assert has_strength(np.concatenate([rows, ~rows]), 3)
    if n <= 64:
        rows = orthogonal_pairs(n, 2 ** levels[1], seed=1)
        assert has_strength(np.concatenate([rows, ~rows]), 5)


@pytest.mark.slow
def test_third_level_has_strength_seven():
    _, levels = nested_code(36, 18)
    rows = orthogonal_pairs(36, 2 ** levels[2], seed=1)[:, :9]
    assert has_strength(np.concatenate([rows, ~rows]), 7)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 10, 13])
def test_all_coalitions_once_when_the_budget_covers_them(n):
    for budget in (max(4, 2**n), 2**n + 2, 2**n + 77):
        rows = orthogonal(n, budget, 3).coalitions[2:]
        assert len(rows) == 2**n == len(np.unique(rows, axis=0))


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 3, 9, 20, 65, 1500, 4000])
def test_no_coalition_twice_within_a_block_and_never_more_than_the_budget(n):
    for budget in (4, 5, 2 * n + 2, 3 * n + 7, 8 * n + 2):
        design = orthogonal(n, max(budget, 4), 0)
        assert len(np.unique(np.packbits(design.coalitions, axis=1), axis=0)) <= max(budget, 4)
        assert (design.coalitions[2::2] == ~design.coalitions[3::2]).all()
        if n <= 65 and budget > 7 * n:
            assert len(np.unique(design.coalitions[2:], axis=0)) == len(design.coalitions) - 2


@pytest.mark.parametrize("n", [3, 8, 10, 12, 17, 20, 28])
def test_exact_for_degree_four_on_a_complete_design_of_strength_five(n):
    _, levels = nested_code(n, 16)
    game, truth = polynomial(n, min(n, 4), seed=n)
    a = explain(game, method="orthogonal", budget=2 ** (levels[min(1, len(levels) - 1)] + 1) + 2)
    assert np.abs(a.values - truth).max() <= 1e-9


@pytest.mark.parametrize("n", [3, 6, 9, 12, 20, 36, 65])
def test_exact_for_degree_two_on_a_complete_hadamard_matrix(n):
    game, truth = polynomial(n, 2, seed=n)
    a = explain(game, method="orthogonal", budget=2 * hadamard_order(n) + 2)
    assert np.abs(a.values - truth).max() <= 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("budget", [8, 14, 18, 26, 30, 40])
def test_unbiased_over_seeds(budget):
    game = tabulated(np.random.default_rng(5).normal(size=64))
    truth = brute_force(game, "banzhaf")
    draws = np.array([explain(game, method="orthogonal", budget=budget, seed=s).values for s in range(600)])
    error = draws.std(axis=0) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - truth) < 4.5 * error + 1e-12).all()


def test_a_larger_budget_with_the_same_ledger_pays_only_the_difference():
    game, _, _ = additive(np.arange(20.0))
    ledger = Ledger(game)
    small = explain(game, method="orthogonal", budget=130, ledger=ledger)
    large = explain(game, method="orthogonal", budget=400, ledger=ledger)
    assert small.evaluations == 130 and large.evaluations == 270
    assert np.array_equal(large.values, explain(game, method="orthogonal", budget=400).values)


def test_same_seed_same_design_and_another_seed_another():
    first, again, other = (orthogonal(14, 100, s).coalitions for s in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_players(n):
    game, values, _ = additive(np.arange(1.0, n + 1))
    assert np.allclose(explain(game, method="orthogonal", budget=2 * n + 8).values, values, atol=1e-12)


def test_constant_game_and_huge_offset():
    constant = FakeGame(8, lambda z: np.full(len(z), 7.0))
    assert np.array_equal(explain(constant, method="orthogonal", budget=50).values, np.zeros(8))
    game, values, _ = additive(np.arange(8.0), offset=1e9)
    assert np.allclose(explain(game, method="orthogonal", budget=60).values, values, atol=1e-6)


def test_duplicate_players_share_alike_when_all_coalitions_are_taken():
    game, banzhaf, _ = unanimity(6, [1, 4])
    assert np.allclose(explain(game, method="orthogonal", budget=66).values, banzhaf, atol=1e-12)
