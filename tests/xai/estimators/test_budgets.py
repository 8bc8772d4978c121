"""Budgets that complete a design: what is said of them is so, and was not so two evaluations before."""

from itertools import combinations, pairwise
from math import comb

import numpy as np
import pytest
from games import FakeGame, brute_force, tabulated
from hypothesis import given, settings
from hypothesis import strategies as st

from xai import completing, explain
from xai.estimators.codes import nested_code, strengths
from xai.estimators.methods import METHODS
from xai.estimators.orthogonal import complete_pairs, linear_pairs, orthogonal_pairs

EXACT = 1e-20  # relative squared error
TERMS = 60  # of each degree: all of them, or so many
PLAYERS = [*range(3, 35), 40, 64]


def dense(n, degree, seed):
    """A random game with many terms of each degree up to this one, and its Banzhaf and Shapley values."""
    rng = np.random.default_rng([seed, n, degree])
    sets = [(i,) for i in range(n)]
    for d in range(2, degree + 1):
        few = comb(n, d) <= TERMS
        sets += combinations(range(n), d) if few else [tuple(rng.choice(n, d, replace=False).tolist()) for _ in range(TERMS)]
    weights = rng.normal(size=len(sets))
    member = np.zeros((n, len(sets)))
    for t, players in enumerate(sets):
        member[list(players), t] = 1.0
    game = FakeGame(n, lambda z: (1.0 - 2.0 * (((1.0 - z) @ member) % 2)) @ weights, batch_size=4096)
    odd = member.sum(axis=0) % 2
    return game, 2.0 * weights[:n], member @ (2.0 * weights * odd / member.sum(axis=0))


def errors(game, truth, index, method, budget, seeds):
    found = [explain(game, index, method, budget, seed).values for seed in range(seeds)]
    return [np.square(values - truth).sum() / np.square(truth).sum() for values in found]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["auto", "orthogonal"])
@pytest.mark.parametrize("n", PLAYERS)
def test_a_game_of_the_degree_is_recovered_there_and_not_two_evaluations_before(n, method):
    promised = completing(n, method=method, most=600 if n < 24 else 2100)
    assert promised
    for budget, degree in promised:
        game, truth, _ = dense(n, degree, 0)
        seeds = 40 if degree == 2 else 2  # below 2n evaluations it hangs on which columns the seed takes
        assert max(errors(game, truth, "banzhaf", method, budget, 3)) < EXACT
        if budget - 2 >= METHODS["banzhaf"][method].smallest(n):
            assert max(errors(game, truth, "banzhaf", method, budget - 2, seeds)) > EXACT


@pytest.mark.parametrize(("n", "budget", "degree"), [(14, 514, 4), (12, 258, 4), (30, 2050, 4), (64, 8194, 4), (14, 8194, 6)])
def test_budgets_that_the_documents_name(n, budget, degree):
    assert (budget, degree) in completing(n, most=10_000)


@pytest.mark.parametrize("n", [40, 64])
def test_four_parts_acting_together_of_many(n):
    game, truth, _ = dense(n, 4, 1)
    (budget,) = [one.budget for one in completing(n, most=9000) if one.degree == 4]
    for method in ("auto", "orthogonal"):
        assert max(errors(game, truth, "banzhaf", method, budget, 1)) < EXACT
        assert min(errors(game, truth, "banzhaf", method, budget - 2, 1)) > EXACT


@pytest.mark.slow
@pytest.mark.parametrize("n", [2, 3, 5, 8, 10])
@pytest.mark.parametrize(("index", "method"), [(index, method) for index in METHODS for method in METHODS[index]])
def test_all_coalitions_are_exact_just_where_it_is_said(index, method, n):
    game = tabulated(np.random.default_rng(n).normal(size=2**n))
    truth = brute_force(game, index)
    if any(one.degree == n and one.budget == 2**n for one in completing(n, index, method)):
        assert max(errors(game, truth, index, method, 2**n, 2)) < EXACT
        if method != "exact" and 2**n - 2 >= 4:
            assert max(errors(game, truth, index, method, 2**n - 3, 2)) > EXACT
    elif 2**n >= METHODS[index][method].smallest(n):
        assert max(errors(game, truth, index, method, 2**n, 2)) > EXACT


@pytest.mark.parametrize("n", [3, 5, 9, 14, 30])
def test_one_permutation_and_its_reverse_are_exact_for_pairs(n):
    game, _, shapley = dense(n, 2, 0)
    assert completing(n, "shapley", "permutation") == [(2 * n, 2)]
    assert max(errors(game, shapley, "shapley", "permutation", 2 * n, 3)) < EXACT


def test_shapley_values_by_the_posterior_promise_no_degree():
    game, _, shapley = dense(14, 3, 0)
    assert [one.degree for one in completing(14, "shapley", most=10**5)] == [14]
    assert min(errors(game, shapley, "shapley", "auto", 514, 2)) > EXACT


def test_what_promises_nothing_and_a_single_player():
    assert completing(14, "banzhaf", "kernel") == completing(14, "banzhaf", "msr") == completing(100, "shapley") == []
    assert completing(1) == [(2, 1)] and completing(1, "shapley", "kernelshap") == [(2, 1)]
    assert completing(14, most=13) == []


@pytest.mark.parametrize("given", [(0,), (5, "owen"), (5, "banzhaf", "kernelshap")])
def test_what_is_not_there_is_one_sentence(given):
    with pytest.raises(ValueError, match="must be"):
        completing(*given)


@given(st.integers(1, 120), st.integers(0, 5000), st.sampled_from([(i, m) for i in METHODS for m in METHODS[i]]))
@settings(max_examples=80, deadline=None)
def test_more_is_promised_for_more_and_never_beyond_what_was_asked(n, most, which):
    found = completing(n, *which, most=most)
    assert all(one.budget < other.budget and one.degree < other.degree for one, other in pairwise(found))
    assert all(2 <= one.budget <= most and 1 <= one.degree <= n for one in found)
    assert found == [one for one in completing(n, *which, most=5000) if one.budget <= most]


@pytest.mark.slow
@given(st.integers(2, 16), st.integers(1, 7))
@settings(max_examples=40, deadline=None)
def test_a_counted_strength_is_the_strength(n, bits):
    code, _ = nested_code(n, bits)
    for count, strength in enumerate(strengths(n, bits)):
        rows = np.zeros((1, n), bool)
        for generator in code[:count]:
            rows = np.concatenate([rows, rows ^ generator])
        signs = np.where(np.concatenate([rows, ~rows]), 1, -1)
        sums = {d: [abs(signs[:, list(c)].prod(axis=1).sum()) for c in combinations(range(n), d)] for d in (2, 4) if d <= n}
        unconfounded = [d for d in (2, 4) if d in sums and any(sums[d])]
        assert (unconfounded or [6])[0] - 1 == min(strength, 5) or strength == n


@pytest.mark.parametrize("n", [4, 5, 6, 9, 14, 17, 30, 64, 100])
def test_single_players_are_apart_from_there_on_for_every_seed(n):
    at = linear_pairs(n)
    ranks = {pairs: [np.linalg.matrix_rank(orthogonal_pairs(n, pairs, s) - 0.5) for s in range(60)] for pairs in (at - 1, at)}
    assert min(ranks[at]) == n > min(ranks[at - 1])


def test_the_whole_part_of_a_design():
    assert [complete_pairs(14, pairs) for pairs in (255, 256, 300, 512)] == [(0, 1), (256, 5), (256, 5), (512, 5)]
    assert complete_pairs(6, 20) == (16, 5) and complete_pairs(1, 1) == (0, 1)
