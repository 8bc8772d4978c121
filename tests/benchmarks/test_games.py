"""The truths of the accuracy benchmark: closed forms and the leaf formula against enumeration and the model itself."""

import numpy as np
import pytest
from games import brute_force

from benchmarks.parts import games
from benchmarks.parts.exact import TableGame, TreeGame, every_coalition

INDICES = ("banzhaf", "shapley")


def small_table(n, classify=False):
    rng = np.random.default_rng(n)
    x = rng.normal(size=(400, n)).round(1)
    y = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) + x[:, -1] + (x[:, 1] > 0.5) * x[:, -2]
    return games.Table(x, (y > y.mean()).astype(float) if classify else y, np.zeros(n, bool), classify)


@pytest.mark.parametrize("n, classify", [(4, False), (9, True), (12, False)])
def test_leaf_formula_equals_enumeration_and_the_game_equals_the_model(n, classify):
    table = small_table(n, classify)
    booster, x = games.boosted(table), table.explicands[0]
    game = TreeGame(booster, x, table.baseline)
    every = every_coalition(n)
    predicted = booster.predict(np.where(every, x, table.baseline), raw_score=True)
    np.testing.assert_allclose(game(every), predicted, atol=1e-9)
    enumerated = TableGame(predicted)
    np.testing.assert_allclose(game.banzhaf, enumerated.banzhaf, atol=1e-9)
    np.testing.assert_allclose(game.shapley, enumerated.shapley, atol=1e-9)


def test_the_game_of_a_wide_ensemble_equals_the_model():
    table = small_table(40)
    booster, x = games.boosted(table), table.explicands[1]
    game = TreeGame(booster, x, table.baseline)
    some = np.random.default_rng(0).random((200, 40)) < 0.5
    np.testing.assert_allclose(game(some), booster.predict(np.where(some, x, table.baseline), raw_score=True), atol=1e-9)


@pytest.mark.parametrize("index", INDICES)
def test_enumeration_equals_the_definition(index):
    game = TableGame(np.random.default_rng(1).normal(size=2**6))
    np.testing.assert_allclose(getattr(game, index), brute_force(game, index), atol=1e-12)


@pytest.mark.parametrize("index", INDICES)
def test_polynomials_equal_enumeration(index):
    game = games.polynomial(9, 7, terms=10)
    table = TableGame(game(every_coalition(9)))
    np.testing.assert_allclose(getattr(game, index), getattr(table, index), atol=1e-12)


def test_baseline_is_mean_and_mode():
    table = games.Table(np.array([[1.0, 2.0], [2.0, 2.0], [6.0, 5.0]]), np.zeros(3), np.array([False, True]))
    assert table.baseline.tolist() == [3.0, 2.0]


@pytest.mark.parametrize("name", ["gemma remove (10)", "degree 7 (synthetic, 20)", "additive (synthetic, 50)"])
def test_shapley_values_are_efficient_and_names_tell_the_players(name):
    for game in games.GAMES[name]():
        n = game.n_players
        assert f"{n})" in name
        ends = game(np.array([np.zeros(n, bool), np.ones(n, bool)]))
        assert abs(game.shapley.sum() - (ends[1] - ends[0])) < 1e-9
