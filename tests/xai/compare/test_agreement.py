"""Agreement of two attributions and brackets of ties: against scipy, by hand, and as properties."""

import numpy as np
import pytest
from games import FakeGame, additive
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau, spearmanr

from xai import Agreement, Attribution, Ledger, agreement, explain, separable, ties


def attribution(values, error=None, labels=None, index="banzhaf"):
    values = np.asarray(values, float)
    labels = [f"p{i}" for i in range(len(values))] if labels is None else labels
    error = None if error is None else np.broadcast_to(np.asarray(error, float), values.shape)
    return Attribution(values, error, labels, index, "kernel", 0, 64, 64, 0.1, 0.0, 1.0)


def test_by_hand():
    a = attribution([3.0, -2.0, 1.0, 0.5], [0.3, 0.3, 0.3, np.nan])
    b = attribution([2.0, -2.0, 1.5, 0.5], [0.4, 0.4, 0.4, 0.1])
    found = agreement(a, b)
    assert isinstance(found, Agreement)
    assert found.spearman == pytest.approx(1.0) and found.kendall == pytest.approx(1.0)
    assert found.overlap == {1: 1.0, 3: 1.0}  # both begin with player 0: of −2 and 2 in b the first counts
    np.testing.assert_allclose(found.difference, [1.0, 0.0, -0.5, 0.0])
    np.testing.assert_allclose(found.standard_error, [0.5, 0.5, 0.5, np.nan])
    np.testing.assert_allclose(found.in_errors, [2.0, 0.0, -1.0, 0.0])
    assert found.most.tolist() == [0, 2, 1, 3]


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 12), st.integers(0, 10_000), st.booleans())
def test_correlations_are_scipy_s_and_symmetric(n, seed, tied):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, n)) if not tied else rng.integers(-2, 3, size=(2, n)).astype(float)
    there, back = agreement(attribution(x), attribution(y)), agreement(attribution(y), attribution(x))
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert np.isnan([there.spearman, there.kendall]).all()
        return
    assert there.spearman == pytest.approx(spearmanr(x, y).statistic)
    assert there.kendall == pytest.approx(kendalltau(x, y).statistic)
    assert (there.spearman, there.kendall) == pytest.approx((back.spearman, back.kendall))
    assert there.overlap == back.overlap
    np.testing.assert_array_equal(there.difference, -back.difference)
    assert all(0 <= share <= 1 for share in there.overlap.values())


def test_players_that_differ_by_rounding_are_tied():
    a = attribution([1.0, 0.3, 0.1 + 0.2, 0.0], 0.0)
    b = attribution([1.0, 0.1 + 0.2, 0.3, 0.0], 0.0)
    found = agreement(a, b)
    assert found.spearman == pytest.approx(1.0)
    assert found.in_errors.tolist() == [0.0] * 4
    assert agreement(a, attribution([2.0, 0.3, 0.3, 0.0], 0.0)).in_errors[0] == -np.inf


def test_a_map_agrees_with_itself_and_unlike_maps_are_refused():
    game, _, _ = additive([3.0, -1.0, 0.5, 0.0, 2.0, 1.0])
    ledger = Ledger(game)
    kernel = explain(game, "banzhaf", "kernel", budget=40, ledger=ledger)
    same = agreement(kernel, kernel)
    assert (same.spearman, same.kendall) == pytest.approx((1.0, 1.0))
    assert set(same.overlap.values()) == {1.0} and not same.difference.any()
    assert agreement(kernel, explain(game, "shapley", "exact", ledger=ledger)).spearman == pytest.approx(1.0)
    with pytest.raises(ValueError, match="different players"):
        agreement(kernel, attribution([1.0, 2.0]))
    with pytest.raises(ValueError, match="combine"):
        agreement(kernel, attribution([[1.0, 2.0]] * 6, labels=kernel.labels))


def test_one_player_and_none_to_rank():
    found = agreement(attribution([1.0]), attribution([2.0]))
    assert np.isnan(found.spearman) and found.overlap == {} and np.isnan(found.in_errors[0])


def test_brackets_by_hand():
    # 1.96·√2·0.1 = 0.277: 3.0 stands alone, 1.0, 0.8, 0.6 overlap pairwise with neighbours only two apart
    a = attribution([0.8, 3.0, -0.6, 1.0, 0.0], 0.1)
    order, brackets = ties(a)
    assert order.tolist() == [1, 3, 0, 2, 4]
    assert brackets == [(1, 2, 0), (2, 3, 1)]
    order, brackets = ties(a, by="value")
    assert order.tolist() == [1, 3, 0, 4, 2]
    assert brackets == [(1, 2, 0)]
    assert ties(attribution([1.0, 2.0, 3.0]))[1] == [(0, 2, 0)]  # no errors known: no order known
    assert ties(attribution([1.0, 2.0, 3.0], 0.0))[1] == []
    assert ties(attribution([1.0]))[1] == []
    with pytest.raises(ValueError, match="size"):
        ties(a, by="name")


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 14), st.integers(0, 10_000), st.sampled_from(["size", "value"]))
def test_brackets_hold_just_what_is_not_separable(n, seed, by):
    rng = np.random.default_rng(seed)
    a = attribution(rng.normal(size=n), rng.gamma(1.0, 0.2, size=n))
    order, brackets = ties(a, by)
    key = np.abs(a.values) if by == "size" else a.values
    assert (np.diff(key[order]) <= 0).all()
    pairs = separable(attribution(key, a.standard_error)).pairs[np.ix_(order, order)]
    for r in range(n):
        for s in range(r + 1, n):
            shared = any(b.first <= r and s <= b.last for b in brackets)
            assert shared or pairs[r, s]
    for b in brackets:
        assert b.first < b.last and not pairs[b.first, b.last]
        assert all(b.lane != c.lane or b.last < c.first or c.last < b.first for c in brackets if c is not b)


def test_brackets_of_a_real_estimate():
    w = np.array([4.0, 2.0, 0.02, 0.01, 0.0, -3.0])
    game = FakeGame(6, lambda z: z @ w + 0.3 * np.sin(7 * z @ w))
    order, brackets = ties(explain(game, "banzhaf", "kernel", budget=40))
    assert order[:3].tolist() == [0, 5, 1]
    assert any(b.first <= 3 and b.last == 5 for b in brackets)
