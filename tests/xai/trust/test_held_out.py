"""What is held out: unseen by the maps, the same again, never one of a pair, by the laws it is said to be drawn by."""

from itertools import combinations

import numpy as np
import pytest
from games import FakeGame
from hypothesis import given, settings
from hypothesis import strategies as st

from xai import Ledger, explain
from xai.estimators.designs import pairs_among
from xai.trust.held_out import draw, kernel_law, size_law


def network(n, seed=0):
    rng = np.random.default_rng(seed)
    first, last = rng.normal(size=(n, 12)) * 0.6, rng.normal(size=12)
    return FakeGame(n, lambda z: np.tanh(z @ first) @ last)


METHODS = (("shapley", "leverage"), ("shapley", "kernelshap"), ("banzhaf", "auto"), ("banzhaf", "msr"), ("shapley", "auto"))


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.sampled_from([7, 10, 16, 24]), st.integers(0, 1000), st.integers(8, 40), st.sampled_from(METHODS))
def test_it_was_never_seen_is_drawn_alike_again_and_makes_no_pair(n, seed, count, how):
    ledger = Ledger(network(n))
    maps = [explain(ledger.game, *how, budget=70, seed=seed, ledger=ledger)]
    seen = {row.tobytes() for row in ledger.known()[0]}
    held = draw(ledger, maps, count, seed)
    laws = (held.uniform, held.uniform_weights), (held.shapley, held.shapley_weights)
    for (rows, weights), unseen in zip(laws, held.unseen):
        keys = [row.tobytes() for row in rows]
        assert len(set(keys)) == len(keys)
        assert weights.sum() == pytest.approx(1.0)
        if not held.exhaustive:
            assert not seen & set(keys[:unseen]) and set(keys[unseen:]) <= seen
    assert ledger.evaluations == len(seen)  # drawing evaluates nothing
    if held.exhaustive:
        return
    assert held.unseen[0] == count and ((held.shapley.sum(axis=1) > 0) & (held.shapley.sum(axis=1) < n)).all()
    if how[1] == "msr" and n == 7:
        return  # it saw one of nearly every pair: what is left makes pairs with that
    pairs = len(pairs_among(ledger.known()[0])[0])
    for rows in (held.uniform, held.shapley):
        ledger.evaluate(rows)
    assert len(pairs_among(ledger.known()[0])[0]) == pairs
    for one in (draw(ledger, maps, count, seed), draw(ledger, maps, count, seed + 1)):
        same = np.array_equal(one.uniform, held.uniform) and np.array_equal(one.shapley, held.shapley)
        assert same == (one.unseen == held.unseen and np.array_equal(one.uniform, held.uniform))
    again = draw(ledger, maps, count, seed)
    assert np.array_equal(again.uniform, held.uniform) and np.array_equal(again.shapley, held.shapley)
    if how == ("shapley", "auto"):  # which takes every pair of the ledger, finds none of them
        assert np.array_equal(explain(ledger.game, *how, budget=70, seed=seed, ledger=ledger).values, maps[0].values)


@pytest.mark.parametrize("n", [11, 14, 40])
def test_the_two_laws(n):
    held = draw(Ledger(network(n)), [], 600, 3)
    assert held.uniform.mean() == pytest.approx(0.5, abs=0.03)
    np.testing.assert_allclose(held.uniform.mean(axis=0), 0.5, atol=0.09)
    law, size = size_law(n), held.shapley.sum(axis=1)
    assert law.sum() == pytest.approx(1.0)
    middle = slice(4, n - 3)  # of one to three players there are few, and none is taken twice
    got = np.bincount(size, held.shapley_weights, n + 1)
    np.testing.assert_allclose(got[middle] / got[middle].sum(), law[middle] / law[middle].sum(), atol=0.06)


@pytest.mark.parametrize("n", [10, 16])
def test_sizes_that_the_maps_saw_whole_keep_their_weight(n):
    """KernelSHAP asks for all single players and all but one: a third to a half of the law, none of it unseen."""
    ledger = Ledger(network(n))
    maps = [explain(ledger.game, "shapley", "kernelshap", 10 * n, ledger=ledger)]
    held = draw(ledger, maps, 16, 0)
    got = np.bincount(held.shapley.sum(axis=1), held.shapley_weights, n + 1)
    assert got[[1, n - 1]] == pytest.approx(size_law(n)[[1, n - 1]])
    assert len(held.shapley) > held.unseen[1] == 16


def test_the_kernel_of_all_coalitions():
    n = 6
    rows = np.array([np.isin(range(n), c) for s in range(n + 1) for c in combinations(range(n), s)])
    weights = kernel_law(rows)
    sizes = rows.sum(axis=1)
    assert weights.sum() == pytest.approx(1.0) and (weights[[0, -1]] == 0).all()
    want = np.array([5.0 / (len(list(combinations(range(n), s))) * s * (n - s)) if 0 < s < n else 0.0 for s in sizes])
    np.testing.assert_allclose(weights, want / want.sum())
