"""The randomised control: real maps fall apart, maps of noise do not; no model call."""

import numpy as np
import pytest
from games import FakeGame, additive

from xai import Cancelled, Ledger, explain, shuffled_control
from xai.estimators.methods import METHODS

WEIGHTS = np.array([4.0, -3.0, 2.0, 0.5, 0.0, 1.0, -1.0, 0.2, 0.1, 0.0])


def structured(outputs=None):
    mix = np.ones(1) if outputs is None else np.arange(1.0, outputs + 1)

    def value(z):
        v = z @ WEIGHTS + 0.4 * np.sin(9 * z @ WEIGHTS)
        return v if outputs is None else v[:, None] * mix

    return FakeGame(10, value)


def noise(n=10, seed=3):
    """A value per coalition that has nothing to do with its players."""
    table = np.random.default_rng(seed).normal(size=2**n)
    return FakeGame(n, lambda z: table[(z > 0.5) @ (1 << np.arange(n))])


@pytest.mark.slow
@pytest.mark.parametrize(("index", "method"), [(index, method) for index in METHODS for method in METHODS[index]])
def test_a_real_map_falls_apart_whatever_the_method(index, method):
    game = structured()
    ledger = Ledger(game)
    a = explain(game, index, method, budget=500, ledger=ledger)
    paid = game.asked
    found = shuffled_control(ledger, a)
    assert game.asked == paid and ledger.evaluations == paid
    np.testing.assert_allclose(found.real, a.values, atol=1e-9)
    assert found.shuffled.shape == (19, 10) and found.p_value == 0.05
    assert found.ratio < 0.75 and found.correlation < 0.6
    assert found.sentence().startswith("The control falls apart")
    again = shuffled_control(ledger, a)
    assert np.array_equal(found.shuffled, again.shuffled)


def test_the_ratio_of_exact_banzhaf_values_is_that_of_random_signs():
    game = additive(WEIGHTS)[0]
    ledger = Ledger(game)
    found = shuffled_control(ledger, explain(game, "banzhaf", "exact", ledger=ledger), repeats=60)
    # φ_i of shuffled values has variance 4·var(v)/2^n, and var(v) = Σ w²/4 of an additive game
    expected = np.sqrt(9 / 2**10) * np.linalg.norm(WEIGHTS) / np.linalg.norm(WEIGHTS - WEIGHTS.mean())
    assert found.ratio == pytest.approx(expected, rel=0.15)
    assert found.correlation < 0.4


def test_noise_passes_for_what_it_is():
    p_values = []
    for seed in range(30):
        game = noise(seed=seed)
        ledger = Ledger(game)
        found = shuffled_control(ledger, explain(game, "banzhaf", "kernel", budget=120, ledger=ledger))
        p_values.append(found.p_value)
        if found.p_value > 0.05:
            assert found.sentence().startswith("The control does not fall apart")
    assert 0.3 < np.mean(p_values) < 0.75  # uniform on 0.05 … 1: mean 0.525
    assert np.mean(np.array(p_values) <= 0.05) < 0.2


def test_output_columns_and_pooled_coalitions():
    game = structured(outputs=3)
    ledger = Ledger(game)
    explain(game, "banzhaf", "kernel", budget=100, ledger=ledger)
    a = explain(game, "shapley", "auto", budget=60, ledger=ledger)
    paid = game.asked
    one = shuffled_control(ledger, a, weights=[0, 0, 1.0])
    both = shuffled_control(ledger, a.combine([0, 0, 2.0]), weights=[0, 0, 2.0])
    assert game.asked == paid
    np.testing.assert_allclose(both.shuffled, 2 * one.shuffled, rtol=1e-6, atol=1e-9)
    assert one.ratio == pytest.approx(both.ratio)


def test_a_constant_game_has_nothing_to_lose():
    game = FakeGame(5, lambda z: np.full(len(z), 2.0))
    ledger = Ledger(game)
    found = shuffled_control(ledger, explain(game, ledger=ledger))
    assert np.isnan(found.ratio) and found.p_value == 1.0
    assert found.sentence("words").endswith("fewer words.")


def test_refused_and_cancelled():
    game = structured()
    ledger = Ledger(game)
    a = explain(game, "banzhaf", "kernel", budget=100, ledger=ledger)
    with pytest.raises(ValueError, match="lacks .* of the coalitions"):
        shuffled_control(Ledger(game), a)
    with pytest.raises(ValueError, match="other players"):
        shuffled_control(Ledger(noise(9)), a)
    with pytest.raises(ValueError, match="at least 1"):
        shuffled_control(ledger, a, repeats=0)
    with pytest.raises(ValueError, match="one per output"):
        shuffled_control(ledger, a, weights=[1.0, 2.0])
    told = []
    with pytest.raises(Cancelled):
        shuffled_control(ledger, a, progress=lambda *at: told.append(at), cancel=lambda: len(told) == 5)
    assert told == [(i, 20) for i in range(1, 6)]
