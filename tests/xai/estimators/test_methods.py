"""Values: against closed forms, enumeration by the definition, and one another."""

import json
from pathlib import Path

import numpy as np
import pytest
import shap
from games import FakeGame, additive, brute_force, majority, tabulated, unanimity
from hypothesis import given, settings
from hypothesis import strategies as st

from xai import explain
from xai.estimators.methods import METHODS

ALL = [(index, method) for index in METHODS for method in METHODS[index]]
SAMPLING = [(index, method) for index, method in ALL if method != "exact"]
# Fixed weights: linear in the values. A posterior's weights depend on all columns, and it shrinks what it cannot see.
POSTERIOR = [(index, method) for index, method in ALL if method in ("walsh", "auto")]
POSTERIOR += [("shapley", "orthogonal"), ("shapley", "kernel")]
LINEAR = [pair for pair in ALL if pair not in POSTERIOR]
GAMES = {
    "additive": additive([3.0, -1.0, 0.5, 0.0, 2.0], offset=7.0),
    "unanimity": unanimity(6, [0, 2, 5]),
    "majority": majority(7),
}


def random_table(n, seed, outputs=None):
    shape = 2**n if outputs is None else (2**n, outputs)
    return tabulated(np.random.default_rng(seed).normal(size=shape))


@pytest.mark.parametrize("index", ["banzhaf", "shapley"])
@pytest.mark.parametrize("name", GAMES)
def test_exact_matches_the_closed_form(name, index):
    game, banzhaf, shapley = GAMES[name]
    a = explain(game, index, "exact")
    np.testing.assert_allclose(a.values, banzhaf if index == "banzhaf" else shapley, atol=1e-12)
    assert a.evaluations == 2**game.n_players
    assert (a.standard_error == 0).all()


@pytest.mark.parametrize("index", ["banzhaf", "shapley"])
@pytest.mark.parametrize("n", [1, 2, 3, 6])
@pytest.mark.parametrize("outputs", [None, 3])
def test_exact_matches_the_definition(n, index, outputs):
    game = random_table(n, n, outputs)
    np.testing.assert_allclose(explain(game, index, "exact").values, brute_force(game, index), atol=1e-12)


@pytest.mark.parametrize(("index", "method"), SAMPLING)
def test_additive_games_are_solved_exactly_or_without_bias(index, method):
    game, want, _ = GAMES["additive"]
    a = explain(game, index, method, budget=200, seed=1)
    if method == "msr":  # its noise is that of the whole game's value
        assert (np.abs(a.values - want) < 5 * a.standard_error).all()
    else:
        np.testing.assert_allclose(a.values, want, atol=1e-9)
    assert a.empty_value == 7.0
    assert a.full_value == pytest.approx(11.5)


@pytest.mark.slow
@pytest.mark.parametrize(("index", "method"), [pair for pair in LINEAR if pair in SAMPLING])
def test_estimates_are_centred_on_the_truth(index, method):
    game = random_table(7, 3)
    truth = explain(game, index, "exact").values
    draws = np.array([explain(game, index, method, budget=60, seed=seed).values for seed in range(120)])
    error = draws.std(axis=0) / np.sqrt(len(draws))
    # Regressions have a bias of order 1/m in what they cannot fit: allowed here up to a tenth of one draw's spread.
    assert (np.abs(draws.mean(axis=0) - truth) < 4 * error + 0.1 * draws.std(axis=0)).all()


@pytest.mark.parametrize("method", ["kernel", "msr", "monte_carlo"])
def test_errors_fall_with_the_budget_and_intervals_hold(method):
    game, truth = random_table(8, 5), None
    truth = explain(game, "banzhaf", "exact").values
    covered, spread = [], {}
    for budget in (60, 240):
        runs = [explain(game, "banzhaf", method, budget=budget, seed=seed) for seed in range(60)]
        spread[budget] = np.mean([(r.values - truth) ** 2 for r in runs])
        if budget == 240:
            covered = np.mean([np.abs(r.values - truth) < 1.96 * r.standard_error for r in runs])
    assert spread[240] < 0.5 * spread[60]
    assert 0.9 < covered < 0.99


@pytest.mark.parametrize(("index", "method"), LINEAR)
def test_many_outputs_are_each_solved_like_one(index, method):
    game = random_table(6, 11, outputs=3)
    together = explain(game, index, method, budget=40, seed=4)
    assert together.values.shape == (6, 3)
    for column in range(3):
        single = FakeGame(6, lambda z, column=column: game(z)[:, column])
        alone = explain(single, index, method, budget=40, seed=4)
        np.testing.assert_allclose(together.values[:, column], alone.values, atol=1e-9)
        if alone.standard_error is not None and method != "orthogonal":  # whose errors look at all columns
            np.testing.assert_allclose(together.standard_error[:, column], alone.standard_error, atol=1e-9)


@pytest.mark.parametrize(("index", "method"), LINEAR)
def test_a_combination_of_outputs_is_that_of_the_combined_game(index, method):
    game, weights = random_table(6, 12, outputs=3), np.array([1.0, -2.0, 0.5])
    combined = explain(game, index, method, budget=40, seed=2).combine(weights)
    alone = explain(FakeGame(6, lambda z: game(z) @ weights), index, method, budget=40, seed=2)
    np.testing.assert_allclose(combined.values, alone.values, atol=1e-9)
    assert combined.empty_value == pytest.approx(alone.empty_value)
    if alone.standard_error is not None and method != "orthogonal":
        np.testing.assert_allclose(combined.standard_error, alone.standard_error, atol=1e-9)


@pytest.mark.parametrize("n", [2, 5, 12])
def test_kernelshap_is_shap_itself(n):
    game = FakeGame(n, lambda z: np.sin(z @ np.arange(1, n + 1)) + z[:, 0] * z[:, -1])
    budget = 40
    np.random.seed(3)
    explainer = shap.KernelExplainer(lambda rows: game(rows), np.zeros((1, n)))
    want = explainer.shap_values(np.ones((1, n)), nsamples=budget - 2, l1_reg=False, silent=True)[0]
    np.testing.assert_allclose(explain(game, "shapley", "kernelshap", budget=budget, seed=3).values, want, atol=1e-9)


def test_kernelshap_leaves_the_global_random_state_alone():
    np.random.seed(5)
    want = np.random.random()
    np.random.seed(5)
    explain(random_table(6, 0), "shapley", "kernelshap", budget=30)
    assert np.random.random() == want


@pytest.mark.parametrize("method", ["kernelshap", "exact"])
def test_shapley_values_are_efficient(method):
    a = explain(random_table(6, 21, outputs=2), "shapley", method, budget=40)
    np.testing.assert_allclose(a.gap, 0, atol=1e-9)


def test_auto_is_exact_where_the_budget_covers_every_coalition():
    game = random_table(6, 1)
    for index in METHODS:
        assert explain(game, index, budget=64).method == "exact"
        assert explain(game, index, budget=63).method != "exact"


def test_the_game_of_the_oracle_has_the_values_its_description_gives():
    oracle = json.loads((Path(__file__).parents[2] / "data" / "sentiment10.json").read_text())
    table = np.array(oracle["log_probs"]["remove"])
    values = dict(zip(oracle["words"], explain(tabulated(table), method="exact").combine([1, -1]).values))
    assert [round(values[word], 2) for word in (" superb", " thin", " but")] == [1.19, -0.27, 0.25]


tables = st.integers(2, 5).flatmap(lambda n: st.lists(st.floats(-100, 100, allow_subnormal=False), min_size=2**n, max_size=2**n))
indices = st.sampled_from(["banzhaf", "shapley"])


@settings(max_examples=50, deadline=None)
@given(tables, st.floats(-10, 10), indices)
def test_linearity(table, factor, index):
    other = np.cos(np.arange(len(table)))
    one, two = (explain(tabulated(t), index, "exact").values for t in (np.array(table), other))
    both = explain(tabulated(np.array(table) + factor * other), index, "exact").values
    np.testing.assert_allclose(both, one + factor * two, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(tables, indices, st.randoms(use_true_random=False))
def test_relabelling_players_relabels_values(table, index, random):
    game = tabulated(np.array(table))
    order = list(range(game.n_players))
    random.shuffle(order)
    renamed = FakeGame(game.n_players, lambda z: game(z[:, np.argsort(order)]))
    np.testing.assert_allclose(explain(renamed, index, "exact").values, explain(game, index, "exact").values[order], atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(tables, indices)
def test_null_players_get_nothing_and_symmetric_players_the_same(table, index):
    game = tabulated(np.array(table))
    n = game.n_players
    # Two copies of player 0 (either is enough) and one player who changes nothing.
    larger = FakeGame(n + 2, lambda z: game(np.column_stack([z[:, [0, n]].max(axis=1), z[:, 1:n]])))
    values = explain(larger, index, "exact").values
    assert values[n + 1] == pytest.approx(0, abs=1e-9)
    assert values[0] == pytest.approx(values[n], abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(tables)
def test_efficiency_of_shapley_values(table):
    a = explain(tabulated(np.array(table)), "shapley", "exact")
    assert a.gap == pytest.approx(0, abs=1e-9)
