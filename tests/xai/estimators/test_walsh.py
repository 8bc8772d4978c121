"""The posterior over odd Walsh coefficients: its mathematics against enumeration, and what it promises users."""

from itertools import combinations

import numpy as np
import pytest
from games import FakeGame, additive, brute_force, majority, tabulated, unanimity

from xai import Ledger, explain
from xai.estimators.evidence import choose_prior
from xai.estimators.spectral import shapley_design, walsh_design
from xai.estimators.walsh import DEGREES, Prior, committee, covariance, cross_covariance, degree_kernels, posterior

INDICES = ("banzhaf", "shapley")


def terms(n):
    return [list(t) for j in DEGREES for t in combinations(range(n), j)]


@pytest.mark.parametrize("n", [1, 2, 4, 7, 9])
def test_kernels_equal_the_sum_over_all_terms(n):
    rng = np.random.default_rng(n)
    x = np.where(rng.random((6, n)) < 0.5, 1.0, -1.0)
    rho = rng.uniform(0.2, 2.0, n)
    prior = Prior(np.array([1.0, 0.5, 0.2]), 0.1, rho / rho.mean())
    chi = np.array([x[:, t].prod(axis=1) for t in terms(n)])
    variances = np.array([prior.tau[len(t)] * prior.rho[t].prod() for t in terms(n)])
    want = (chi.T * variances) @ chi + 0.1 * np.eye(6)
    assert np.allclose(covariance(x, prior), np.tril(want), atol=1e-10)
    by_degree = sum(a * kernel for a, kernel in zip(prior.energy, degree_kernels(x, x, rho / rho.mean())))
    assert np.allclose(by_degree, want - 0.1 * np.eye(6), atol=1e-10)
    for index in INDICES:
        share = np.array([[(i in t) * 2.0 / (len(t) if index == "shapley" else 1) for t in terms(n)] for i in range(n)])
        if index == "banzhaf":
            share *= [len(t) == 1 for t in terms(n)]
        cross, variance = cross_covariance(index, x, prior)
        assert np.allclose(cross, (share * variances) @ chi, atol=1e-10)
        assert np.allclose(variance, share**2 @ variances, atol=1e-10)


def test_posterior_equals_bayesian_regression_on_the_terms():
    rng = np.random.default_rng(0)
    n, h = 6, 12
    x = np.where(rng.random((h, n)) < 0.5, 1.0, -1.0)
    odd = rng.normal(size=(h, 2))
    prior = Prior(np.array([1.0, 0.4, 0.1]), 0.2, np.ones(n))
    chi = np.array([x[:, t].prod(axis=1) for t in terms(n)]).T
    variances = np.array([prior.tau[len(t)] for t in terms(n)])
    precision = chi.T @ chi / 0.2 + np.diag(1 / variances)
    mean = np.linalg.solve(precision, chi.T @ odd / 0.2)
    got, variance, _ = posterior("banzhaf", committee(x, odd, prior))
    assert np.allclose(got, 2 * mean[:n], atol=1e-9)
    assert np.allclose(variance, 4 * np.diag(np.linalg.inv(precision))[:n], atol=1e-9)


@pytest.mark.parametrize("index", INDICES)
def test_a_committee_is_close_to_one_fit(index, monkeypatch):
    rng = np.random.default_rng(0)
    x = np.where(rng.random((120, 12)) < 0.5, 1.0, -1.0)
    odd = x @ rng.normal(size=(12, 1)) + 0.3 * x[:, :1] * x[:, 1:2] * x[:, 2:3]
    prior = Prior(np.array([1.0, 0.05, 0.01]), 0.01, np.ones(12))
    mean, variance, _ = posterior(index, committee(x, odd, prior))
    monkeypatch.setattr("xai.estimators.walsh.MAX_JOINT", 40)
    fits = committee(x, odd, prior)
    parted, wider, _ = posterior(index, fits)
    assert [len(fit.x) for fit in fits] == [40, 40, 40]
    assert np.abs(parted - mean).max() < 3.0 * np.sqrt(wider.max())
    assert (wider > 0).all() and 0.5 < (wider / variance).mean() < 2.0


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 3, 5, 10, 33, 256])
@pytest.mark.parametrize("budget", [4, 5, 30, 131, 700])
@pytest.mark.parametrize("designed", [walsh_design, shapley_design])
def test_design_has_distinct_pairs_within_the_budget(n, budget, designed):
    design = designed(n, budget, 0)
    assert (design.coalitions[::2] == ~design.coalitions[1::2]).all()
    assert len(np.unique(design.coalitions, axis=0)) == len(design.coalitions) <= min(budget, 2**n)
    assert len(design.coalitions) >= min(budget - 1, 2**n)


def test_design_of_a_larger_budget_begins_with_the_smaller():
    ledger = Ledger(additive(np.arange(16.0))[0])
    for budget, new in ((100, 100), (300, 200), (302, 2)):
        assert explain(ledger.game, method="walsh", budget=budget, ledger=ledger).evaluations == new


@pytest.mark.parametrize("n", [5, 10, 33, 64])
def test_every_single_player_is_in_the_design_of_shapley_values_from_two_and_a_quarter_pairs_per_player_on(n):
    def singles(pairs):
        halves = shapley_design(n, 2 * pairs + 2, 0).coalitions[2::2]
        return len({min(row.tobytes(), (~row).tobytes()) for row in halves if row.sum() in (1, n - 1)})

    enough = 2 * n + n // 4
    assert [singles(min(pairs, 2 ** (n - 1) - 1)) for pairs in (enough, enough + 1, 4 * n, 6 * n)] == [n] * 4
    few, before = shapley_design(n, 2 * n + n // 2, 0), walsh_design(n, 2 * n + n // 2, 0)
    assert np.array_equal(few.coalitions, before.coalitions)


def test_a_larger_design_of_shapley_values_begins_with_the_smaller():
    largest = shapley_design(64, 640, 0).coalitions
    for budget in range(4, 640, 12):
        design = shapley_design(64, budget, 0).coalitions
        assert np.array_equal(design, largest[: len(design)])


def test_one_set_of_calls_gives_both_indices():
    game, _, _ = unanimity(12, [0, 3, 4])
    ledger = Ledger(game)
    first = explain(game, index="banzhaf", method="walsh", budget=200, ledger=ledger)
    second = explain(game, index="shapley", method="walsh", budget=200, ledger=ledger)
    assert (first.evaluations, second.evaluations, second.reused) == (200, 0, 200)


@pytest.mark.parametrize("index", INDICES)
def test_exact_when_the_budget_covers_all_coalitions(index):
    for n in (1, 2, 3, 7):
        game = tabulated(np.random.default_rng(n).normal(size=2**n))
        assert np.allclose(explain(game, index=index, method="walsh", budget=2**n + 3).values, brute_force(game, index))


@pytest.mark.parametrize("index", INDICES)
def test_known_games(index):
    for game, *truths in (additive(np.linspace(-1, 2, 24)), unanimity(24, [2, 9, 11])):
        truth = truths[INDICES.index(index)]
        a = explain(game, index=index, method="walsh", budget=500)
        assert np.abs(a.values - truth).max() < 0.05 * max(1.0, np.abs(truth).max())
        assert np.isfinite(a.standard_error).all()
        if index == "shapley":
            assert abs(a.gap) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("index", INDICES)
def test_standard_errors_admit_what_a_game_of_high_degree_hides(index):
    game, *truths = majority(15)
    draws = [explain(game, index=index, method="walsh", budget=300, seed=s) for s in range(20)]
    error = np.sqrt(np.mean([np.square(a.values - truths[INDICES.index(index)]) for a in draws]))
    said = np.sqrt(np.mean([np.square(a.standard_error) for a in draws]))
    assert 0.5 * error < said < 2.5 * error


@pytest.mark.parametrize("index", INDICES)
def test_degenerate_games(index):
    constant = FakeGame(9, lambda z: np.full(len(z), 3.0))
    a = explain(constant, index=index, method="walsh", budget=60)
    assert np.array_equal(a.values, np.zeros(9)) and np.array_equal(a.standard_error, np.zeros(9))
    for n in (1, 2):
        game, values, _ = additive(np.arange(1.0, n + 1))
        assert np.allclose(explain(game, index=index, method="walsh", budget=4).values, values)
    shifted, values, _ = additive(np.arange(12.0), offset=1e9)
    assert np.allclose(explain(shifted, index=index, method="walsh", budget=100).values, values, atol=1e-4)


@pytest.mark.parametrize("index", INDICES)
def test_columns_share_one_solve_and_combine(index):
    rng = np.random.default_rng(3)
    table = np.cumsum(rng.normal(size=(2**9, 3)), axis=0) * [1.0, 50.0, 0.0]
    game = FakeGame(9, lambda z: table[(z.astype(int) << np.arange(9)).sum(axis=1)])
    a = explain(game, index=index, method="walsh", budget=120)
    assert a.values.shape == a.standard_error.shape == (9, 3)
    assert np.array_equal(a.values[:, 2], np.zeros(9))
    single = a.combine([0.0, 1.0, 0.0])
    assert np.allclose(single.standard_error, a.standard_error[:, 1])
    assert np.isfinite(a.combine([1.0, -1.0, 2.0]).standard_error).all()


def test_a_scale_of_the_game_scales_the_answer():
    table = np.random.default_rng(8).normal(size=512)
    small, large = (explain(tabulated(c * table), method="walsh", budget=100) for c in (1.0, 1e6))
    assert np.allclose(small.values * 1e6, large.values)
    assert np.allclose(small.standard_error * 1e6, large.standard_error)


@pytest.mark.parametrize("index", INDICES)
def test_weights_estimated_twice_bring_the_values_nearer(index, monkeypatch):
    weights = np.array([1.2, 0.9, 0.6, 0.3, 0.3, 0.1, 0.1, 0.05, 0.05, 0.02])
    game = FakeGame(10, lambda z: np.tanh(z @ weights))
    truth = brute_force(game, index)

    def error():
        draws = [explain(game, index=index, method="walsh", budget=40, seed=seed).values for seed in range(20)]
        return np.exp(np.mean([np.log(np.square(values - truth).sum()) for values in draws]))

    twice = error()
    monkeypatch.setattr("xai.estimators.evidence.PASSES", 1)
    assert twice < 0.9 * error()


def test_no_even_part_is_an_additive_game_or_a_vote():
    power = np.array([7.0, 6.0, 5.0, 5.0, 4.0, 3.0, 3.0, 2.0, 2.0, 1.0, 1.0])
    vote = FakeGame(11, lambda z: (z @ power > power.sum() / 2).astype(float))
    for index, budget in (("banzhaf", 22), ("shapley", 28), ("shapley", 88)):
        truth = brute_force(vote, index)
        draws = [explain(vote, index=index, budget=budget, seed=seed) for seed in range(20)]
        assert np.mean([np.abs(a.values - truth) <= 1.96 * a.standard_error for a in draws]) > 0.8
    game, values, _ = additive(power)
    for index, budget in (("banzhaf", 22), ("shapley", 28), ("shapley", 88)):
        assert np.allclose(explain(game, index=index, budget=budget).values, values, atol=1e-4)


def test_evidence_finds_an_additive_game_additive():
    x = np.where(np.random.default_rng(0).random((60, 12)) < 0.5, 1.0, -1.0)
    odd = x @ np.linspace(0.1, 1, 12)[:, None]
    prior = choose_prior(x, odd / odd.std())
    assert prior.energy[1:].sum() + prior.noise < 1e-2


def test_same_seed_same_result():
    game = tabulated(np.random.default_rng(1).normal(size=2**11))
    results = [explain(game, index="shapley", method="walsh", budget=150, seed=s) for s in (4, 4, 5)]
    assert np.array_equal(results[0].values, results[1].values)
    assert not np.array_equal(results[0].values, results[2].values)


def test_what_the_posterior_lacks_is_regressed_where_few_coalitions_are_left():
    """A game of degree 9 alone: the prior knows degrees up to 5, so all of it is noise to the posterior."""
    n = 10
    table = np.random.default_rng(3).normal(size=2**n)
    game = tabulated(table)
    truth = brute_force(game, "shapley")
    errors = {}
    for method in ("walsh", "leverage"):
        found = [explain(game, "shapley", method, 2**n - 60, seed=s).values for s in range(12)]
        errors[method] = np.median([np.square(v - truth).sum() for v in found])
    assert errors["walsh"] <= errors["leverage"]


def test_the_regression_of_what_is_left_keeps_efficiency_and_columns_apart():
    rng = np.random.default_rng(4)
    table = rng.normal(size=(2**9, 3))
    game = FakeGame(9, lambda z: table[(z.astype(int) << np.arange(9)).sum(axis=1)])
    for budget in (90, 91, 300):  # below and above the pairs from which it is made
        a = explain(game, "shapley", "walsh", budget, seed=1)
        assert np.allclose(a.values.sum(axis=0), a.full_value - a.empty_value)
        assert np.isfinite(a.standard_error).all()


@pytest.mark.parametrize("index", INDICES)
def test_even_parts_tell_that_a_game_is_additive(index):
    """As many pairs as players leave nothing to see noise by, but the even parts of an additive game do not move."""
    game, *truth = additive(np.random.default_rng(5).normal(size=50), offset=3.0)
    a = explain(game, index, "walsh", 100, seed=2)
    assert np.allclose(a.values, truth[0], atol=2e-3)
