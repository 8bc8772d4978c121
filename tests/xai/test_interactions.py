"""Pairwise interactions from a ledger, and which ranks are separable."""

from itertools import combinations

import numpy as np
import pytest
from games import FakeGame, additive, tabulated, unanimity

from xai import Ledger, explain, interactions, separable


def by_definition(game, index):
    """Mean of v(S∪ij) − v(S∪i) − v(S∪j) + v(S): over all S alike, or over the sizes of S alike."""
    n, out = game.n_players, []
    for i, j in combinations(range(n), 2):
        others = [p for p in range(n) if p not in (i, j)]
        by_size = [[] for _ in range(n - 1)]
        for size in range(n - 1):
            for chosen in combinations(others, size):
                z = np.zeros((4, n), bool)
                z[:, list(chosen)] = True
                z[[0, 1], i] = True
                z[[0, 2], j] = True
                both, first, second, none = game(z)
                by_size[size].append(both - first - second + none)
        everything = np.concatenate(by_size)
        out.append(np.mean(everything) if index == "banzhaf" else np.mean([np.mean(part) for part in by_size]))
    return np.array(out)


@pytest.mark.parametrize("index", ["banzhaf", "shapley"])
def test_exact_interactions_equal_the_definition(index):
    game = tabulated(np.random.default_rng(0).normal(size=64))
    found = interactions(game, index=index, budget=64)
    assert np.allclose(found.values, by_definition(game, index)) and not found.standard_error.any()
    assert found.pairs.tolist() == [list(p) for p in combinations(range(6), 2)]


def test_a_ledger_that_was_filled_for_values_gives_interactions_for_nothing():
    game, _, _ = unanimity(12, [2, 7])
    for method in ("orthogonal", "walsh", "kernel"):
        ledger = Ledger(game)
        explain(game, method=method, budget=300, ledger=ledger)
        found = interactions(ledger)
        assert found.evaluations == 0
        truth = (found.pairs == [2, 7]).all(axis=1) * 1.0
        assert np.abs(found.values - truth).max() < 0.05


def test_nominal_intervals_cover():
    rng = np.random.default_rng(4)
    game = tabulated(np.cumsum(rng.normal(size=1024)))
    truth = interactions(game, budget=1024).values
    inside = []
    for seed in range(60):
        found = interactions(game, budget=200, seed=seed)
        inside.append(np.abs(found.values - truth) <= 1.96 * found.standard_error)
    assert 0.88 <= np.mean(inside) <= 0.99


def test_columns_offsets_and_few_players():
    table = np.random.default_rng(1).normal(size=(128, 2)) + [1e9, 0.0]
    game = FakeGame(7, lambda z: table[(z.astype(int) << np.arange(7)).sum(axis=1)])
    found = interactions(game, budget=60)
    assert found.values.shape == found.standard_error.shape == (21, 2) and np.isfinite(found.values).all()
    assert interactions(additive([1.0])[0], budget=4).values.shape == (0,)
    assert np.allclose(interactions(unanimity(2, [0, 1])[0], budget=4).values, 1.0)
    assert np.allclose(interactions(additive(np.arange(9.0))[0], budget=80).values, 0.0, atol=1e-9)


def test_what_cannot_be_told_is_refused():
    game, _, _ = unanimity(12, [0, 1])
    with pytest.raises(ValueError, match="index"):
        interactions(game, index="owen")
    with pytest.raises(ValueError, match="all 2\\^12"):
        interactions(game, index="shapley", budget=100)
    with pytest.raises(ValueError, match="raise the budget"):
        interactions(game, budget=10)


def test_add_budget_pays_only_the_difference():
    game, _, _ = unanimity(12, [0, 1])
    ledger = Ledger(game)
    explain(game, method="orthogonal", budget=100, ledger=ledger)
    assert interactions(ledger, budget=160).evaluations == 60


def test_ranks_are_separable_where_differences_exceed_their_interval():
    game, _, _ = additive([5.0, 1.0, 1.0, 3.0])
    ranks = separable(explain(game, budget=16))
    assert ranks.order.tolist() == [0, 3, 1, 2]
    assert ranks.steps.tolist() == [True, True, False] and not ranks.pairs[1, 2] and ranks.pairs[0, 3]
    noisy = tabulated(np.random.default_rng(0).normal(size=4096))
    assert separable(explain(noisy, method="kernel", budget=100)).pairs.mean() < 0.2


def test_unknown_errors_separate_nothing_and_columns_are_refused():
    game, _, _ = additive(np.arange(20.0))
    assert not separable(explain(game, index="shapley", method="leverage", budget=20)).pairs.any()
    columns = FakeGame(5, lambda z: z[:, :2])
    with pytest.raises(ValueError, match="combine"):
        separable(explain(columns, budget=40))
