"""Fidelity: against closed forms and enumeration; what is held out is unseen; what it costs is told and counted."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from games import FakeGame, additive
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from xai import Cancelled, Fidelity, Ledger, explain, fidelity, fidelity_cost
from xai.trust.held_out import draw
from xai.trust.surrogate import weighted_spearman


def network(n, seed=0, outputs=None):
    """Smooth, with interactions of every order."""
    rng = np.random.default_rng(seed)
    first, shift = rng.normal(size=(n, 12)) * 0.6, rng.normal(size=12)
    last = rng.normal(size=12 if outputs is None else (12, outputs))
    return FakeGame(n, lambda z: np.tanh(z @ first + shift) @ last)


def judged(game, budget=80, **settings):
    ledger = Ledger(game)
    maps = [
        explain(game, "banzhaf", "kernel", budget=budget, ledger=ledger),
        explain(game, "shapley", "kernelshap", budget=budget, ledger=ledger),
    ]
    return ledger, maps, fidelity(ledger, maps, **settings)


@pytest.mark.parametrize("n", [6, 12, 30])
def test_an_additive_game_is_explained_in_full(n):
    weights = np.random.default_rng(n).normal(size=n)
    _, maps, found = judged(additive(weights, offset=3.0)[0], budget=100)
    assert found.exhaustive == (n == 6)
    for one in found.maps:
        for law in (one.uniform, one.shapley):
            assert law.r2 == pytest.approx(1.0) and law.lds == pytest.approx(1.0)
            assert law.r2_error == pytest.approx(0.0, abs=1e-9)


def test_all_coalitions_give_the_closed_form_of_banzhaf_and_the_optimum_of_shapley():
    game = network(8)
    ledger = Ledger(game)
    banzhaf, shapley = (explain(game, index, "exact", ledger=ledger) for index in ("banzhaf", "shapley"))
    found = fidelity(ledger, [banzhaf, shapley])
    assert found.exhaustive and found.held_out == [256, 256] and found.evaluations == 0 and game.asked == 256
    rows, v = ledger.known()
    assert found.maps[0].uniform.r2 == pytest.approx(np.square(banzhaf.values).sum() / 4 / v.var())
    assert found.maps[0].uniform.lds == pytest.approx(spearmanr(v, rows @ banzhaf.values).statistic)
    assert found.maps[0].uniform.r2_error == 0.0
    size = rows.sum(axis=1)
    w = np.array([7 / (comb(8, s) * s * (8 - s)) if 0 < s < 8 else 0.0 for s in size])
    w /= w.sum()

    def r2(values):
        left = v - shapley.empty_value - rows @ values
        return 1 - w @ left**2 / (w @ (v - w @ v) ** 2)

    assert found.maps[1].shapley.r2 == pytest.approx(r2(shapley.values))
    rng = np.random.default_rng(0)
    for _ in range(20):  # Shapley values are the best of all that sum to v(N) − v(∅)
        step = rng.normal(size=8)
        assert r2(shapley.values + 0.05 * (step - step.mean())) < r2(shapley.values)


def test_held_out_estimates_agree_with_all_coalitions():
    game = network(11)
    ledger, maps, found = judged(game, budget=60, held_out=200, with_curves=False)
    everything = Ledger(game)
    explain(game, "banzhaf", "exact", ledger=everything)
    truth = fidelity(everything, maps, with_curves=False)
    assert truth.exhaustive and not found.exhaustive
    for one, exact in zip(found.maps, truth.maps):
        for law in ("uniform", "shapley"):
            here, there = getattr(one, law), getattr(exact, law)
            assert abs(here.lds - there.lds) < 4 * here.lds_error + 0.01
            if law == "uniform":  # sizes that KernelSHAP exhausted are not in the other sample
                assert abs(here.r2 - there.r2) < 4 * here.r2_error + 0.01
            assert 0 < here.r2_error < 0.1


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 26), st.integers(1, 3), st.integers(8, 30), st.integers(1, 5), st.integers(2, 20), st.booleans())
def test_the_cost_is_an_upper_bound_and_reaches_it(n, count, held_out, orders, points, with_curves):
    game = network(n)
    ledger = Ledger(game)
    maps = [explain(game, "banzhaf", "kernel", budget=20, seed=s, ledger=ledger) for s in range(count)]
    paid = ledger.evaluations
    found = fidelity(ledger, maps, held_out, 0, None, orders, points, with_curves)
    assert found.evaluations == ledger.evaluations - paid == game.asked - paid
    bound = fidelity_cost(n, count, held_out, orders, points, with_curves)
    assert found.evaluations <= bound
    if n > 16:  # below, coalitions that the maps saw stand for sizes of which hardly one is unseen
        assert 0.6 * bound < found.evaluations + found.reused <= bound + 2 * n
    assert sum(found.held_out) <= max(2 * held_out, 2 * 2**n)


def test_curves_by_hand():
    game = FakeGame(3, lambda z: z @ np.array([4.0, -1.0, 2.0]) + 3.0 * z[:, 0] * z[:, 2])
    ledger = Ledger(game)
    exact = explain(game, "banzhaf", "exact", ledger=ledger)  # 5.5, −1, 3.5: order 0, 2, 1
    found = fidelity(ledger, [exact], orders=6)
    assert found.counts == [0, 1, 2, 3]
    drawn = found.maps[0].curves
    assert drawn.insertion == [0.0, 4.0, 9.0, 8.0]
    assert drawn.deletion == [8.0, 1.0, -1.0, 0.0]
    assert drawn.insertion_auc == pytest.approx((2 + 6.5 + 8.5) / 3)
    assert drawn.deletion_auc == pytest.approx((4.5 + 0 - 0.5) / 3)
    assert found.leave_one_out == drawn  # v(N) − v(N∖i) = 7, −1, 5: the same order
    assert found.random.insertion_auc == pytest.approx(found.random.deletion_auc)
    assert drawn.insertion_auc > found.random.insertion_auc > drawn.deletion_auc


def test_random_orders_average_to_the_mean_over_coalitions_of_each_size():
    game = network(5)
    ledger = Ledger(game)
    exact = explain(game, "banzhaf", "exact", ledger=ledger)
    found = fidelity(ledger, [exact], orders=400)
    means = []
    for size in range(6):
        rows = np.zeros((comb(5, size), 5), bool)
        for row, members in zip(rows, combinations(range(5), size)):
            row[list(members)] = True
        means.append(game(rows).mean())
    np.testing.assert_allclose(found.random.insertion, means, atol=0.3)
    assert found.random.deletion == found.random.insertion[::-1]
    assert found.random_spread > 0


def test_output_columns_are_combined_by_weights():
    game, weights = network(9, outputs=3), np.array([1.0, -2.0, 0.5])
    ledger = Ledger(game)
    maps = [explain(game, index, budget=60, ledger=ledger) for index in ("banzhaf", "shapley")]
    found = fidelity(ledger, maps, 20, weights=weights)
    one = FakeGame(9, lambda z: game.value(z) @ weights)
    single = Ledger(one)
    single.evaluate(ledger.known()[0][: maps[0].evaluations + maps[1].evaluations])
    same = fidelity(single, [a.combine(weights) for a in maps], 20)
    for a, b in zip(found.maps, same.maps):
        assert a.uniform.r2 == pytest.approx(b.uniform.r2) and a.shapley.lds == pytest.approx(b.shapley.lds)
        np.testing.assert_allclose(a.curves.insertion, b.curves.insertion)
    summed = fidelity(ledger, [a.combine(np.ones(3)) for a in maps], 20, with_curves=False)
    assert summed.maps[0].uniform.r2 != found.maps[0].uniform.r2
    with pytest.raises(ValueError, match=r"\(3,\), one per output"):
        fidelity(ledger, maps, 20, weights=[1.0])


def test_another_output_column_costs_nothing_on_coalitions_that_are_known():
    game = network(16, outputs=4)
    ledger = Ledger(game)
    maps = [explain(game, "banzhaf", "kernel", budget=60, ledger=ledger)]
    held = draw(ledger, maps, 32, 0)
    fidelity(ledger, maps, held)
    paid = game.asked
    for token in range(4):
        found = fidelity(ledger, maps, held, weights=np.eye(4)[token], with_curves=False)
        assert found.evaluations == 0 and found.maps[0].curves is None and found.random is None
    assert game.asked == paid


def test_json_keeps_every_digit():
    _, _, found = judged(network(10), held_out=16)
    again = Fidelity.from_json(found.to_json())
    assert again == found and again.to_json() == found.to_json()
    constant = FakeGame(4, lambda z: np.ones(len(z)))
    ledger = Ledger(constant)
    flat = fidelity(ledger, [explain(constant, budget=16, ledger=ledger)])
    assert np.isnan(flat.maps[0].uniform.r2)
    assert Fidelity.from_json(flat.to_json()).to_json() == flat.to_json()
    for text in ("", "null", "[]", "{}", '{"format": "swing-fidelity-1"}', found.to_json()[:-40], "[" * 100_000):
        with pytest.raises(ValueError, match="not a fidelity that Swing wrote"):
            Fidelity.from_json(text)


def test_cancelling_keeps_what_was_paid_and_progress_is_one_count():
    game = network(20)
    ledger = Ledger(game, batch_size=16)
    maps = [explain(game, budget=64, ledger=ledger)]
    paid, told = ledger.evaluations, []
    with pytest.raises(Cancelled) as stopped:
        fidelity(ledger, maps, 32, cancel=lambda: ledger.evaluations >= paid + 48)
    assert stopped.value.ledger.evaluations == paid + 48
    fidelity(ledger, maps, 32, seed=5, progress=lambda done, total: told.append((done, total)))
    done, totals = zip(*told)
    assert list(done) == sorted(done) and done[-1] == totals[-1]
    assert all(d <= t for d, t in told) and max(totals) <= fidelity_cost(20, 1, 32)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"held_out": 4}, "at least 8"),
        ({"held_out": 8.5}, "whole number"),
        ({"points": 1}, "points must be"),
        ({"orders": 0}, "orders at least 1"),
        ({"seed": -1}, "seed"),
    ],
)
def test_refused(arguments, message):
    game = network(10)
    ledger = Ledger(game)
    maps = [explain(game, budget=40, ledger=ledger)]
    with pytest.raises(ValueError, match=message):
        fidelity(ledger, maps, **arguments)
    with pytest.raises(ValueError, match="other players"):
        fidelity(Ledger(network(9)), maps)


def test_weighted_spearman_is_that_of_repeated_points():
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 5, size=(2, 9)).astype(float)
    repeats = rng.integers(1, 6, size=9)
    want = spearmanr(np.repeat(x, repeats), np.repeat(y, repeats)).statistic
    assert weighted_spearman(x, y, repeats / repeats.sum()) == pytest.approx(want)
