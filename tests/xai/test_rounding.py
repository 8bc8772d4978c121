"""A game that rounds: what that adds to values is measured, bounded, and in every error."""

import numpy as np
import pytest
from games import FakeGame, brute_force, tabulated
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xai import Ledger, explain, explain_tree, interactions, judge, judge_early, preliminary
from xai.estimators.designs import subsets
from xai.game import error_of, rounding_of
from xai.hierarchy.parts import Part

N = 5
TABLE = np.random.default_rng(0).normal(size=2**N).cumsum()


def rounded(step=0.1, n=N, columns=0):
    """A game whose values are cut to multiples of `step`, and knows them uncut."""
    weights = np.linspace(0.3, 1.7, n)

    def whole(z):
        one = np.sin(3 * z @ weights) + z @ weights
        return one if not columns else np.stack([one * (k + 1) for k in range(columns)], 1)

    game = FakeGame(n, lambda z: np.floor(whole(z) / step) * step)
    game.full = lambda z: whole(np.asarray(z, dtype=float))
    return game


@given(arrays(float, 2**4, elements=st.floats(-10, 10)))
def test_banzhaf_values_of_whatever_is_added_are_bounded_by_its_variance(added):
    values = brute_force(tabulated(added), "banzhaf")
    assert np.square(values).mean() <= error_of(np.array([[added.var()]]), 4)[0, 0] + 1e-9


@pytest.mark.parametrize("n", range(2, 8))
def test_shapley_values_have_as_much_of_noise_and_of_what_adds_up(n):
    units = [brute_force(tabulated(unit), "shapley") for unit in np.eye(2**n)]
    of_noise = np.square(units).sum(axis=0)  # variance of each value where that of every coalition is 1
    assert (of_noise <= error_of(np.ones((1, 1)), n)[0, 0] + 1e-12).all()
    weights = np.random.default_rng(n).normal(size=n)
    variance = (subsets(n) @ weights).var()
    np.testing.assert_allclose(np.square(weights).mean(), error_of(np.array([[variance]]), n)[0, 0])


@pytest.mark.parametrize("index", ["banzhaf", "shapley"])
def test_errors_include_it_and_say_so(index):
    game, whole = rounded(), rounded()
    del whole.full
    ledger = Ledger(game)
    one, bare = explain(game, index, ledger=ledger), explain(whole, index)
    np.testing.assert_array_equal(one.values, bare.values)
    spread = np.sqrt(ledger.rounding[0, 0])
    assert game.asked == 2**N  # of these some are asked for unrounded, and none again
    np.testing.assert_allclose(one.standard_error, 2 * spread / np.sqrt(N))
    assert f"Rounding moves the value of a coalition by some {spread:.2g}, which" in one.note and not bare.note
    assert 0.02 < spread < 0.04  # a step of 0.1 spreads by 0.1 / √12
    large = rounded(n=12)
    ledger = Ledger(large)
    few = explain(large, index, budget=100, ledger=ledger)
    unknown = rounded(n=12)
    del unknown.full
    other = explain(unknown, index, budget=100)
    np.testing.assert_allclose(few.standard_error, np.hypot(other.standard_error, 2 * np.sqrt(ledger.rounding[0, 0] / 12)))
    assert Ledger(large).rounding == pytest.approx(rounding_of(large)) and ledger.evaluations == few.evaluations


def test_of_several_columns_the_sum_has_the_error_of_the_sum():
    game = rounded(columns=3)
    ledger = Ledger(game)
    total = explain(game, ledger=ledger).combine([1, 1, 1])
    np.testing.assert_allclose(total.standard_error, 2 * np.sqrt(ledger.rounding.sum() / N))
    assert ledger.weighted([1, 1, 1]).rounding == pytest.approx(ledger.rounding.sum())
    off = explain(FakeGame(N, game.full)).combine([1, 1, 1]).values - total.values
    assert np.sqrt(np.square(off).mean()) < total.standard_error[0]


def test_judgements_and_first_looks_know_of_it():
    game = rounded()
    ledger = Ledger(game)
    one = explain(game, ledger=ledger)
    found = judge(ledger, one)
    assert not found.exact and found.worth == "sure" and found.expected_error > 0
    assert not judge_early(ledger, one).exact
    first = preliminary(ledger)
    assert (first.standard_error > 0).all() and "Rounding" in first.note
    coarse = rounded(step=3.0)
    ledger = Ledger(coarse)
    assert judge(ledger, explain(coarse, ledger=ledger)).worth not in ("exact", "sure")


def test_trees_and_pairs_know_of_it():
    game = rounded(n=6)
    tree = Part("all", parts=[Part(f"half {i}", [3 * i, 3 * i + 1, 3 * i + 2]) for i in range(2)])
    found = explain_tree(game, tree, "banzhaf", 64, ledger=(ledger := Ledger(game)))
    spread = np.sqrt(ledger.rounding[0, 0])
    assert found.nodes[()].standard_error == pytest.approx(np.sqrt(2) * spread)
    # of two children, which share what is known of their sum
    assert found.nodes[(0,)].standard_error == pytest.approx(np.hypot(2 / np.sqrt(2), np.sqrt(2) / 2) * spread)
    assert found.nodes[(0, 0)].standard_error == pytest.approx(2 * spread / np.sqrt(4))
    pairs = interactions(ledger := Ledger(game), budget=64)
    spread = np.sqrt(ledger.rounding[0, 0])
    np.testing.assert_allclose(pairs.standard_error, 4 * spread / np.sqrt(15))
    assert "rounding" in pairs.note
    whole = interactions(FakeGame(6, game.full), budget=64)
    assert np.sqrt(np.square(whole.values - pairs.values).mean()) < 4 * spread / np.sqrt(15)
