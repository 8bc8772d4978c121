"""The simulation's models and readers: what is planted is there, and readers get nothing that a map does not say."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.simulate.maps import MAPS
from benchmarks.simulate.planted import RowGame, planted
from benchmarks.simulate.readers import heaviest, told


@pytest.mark.parametrize("kind", ["trees", "network"])
def test_a_planted_column_swings_the_model_and_none_is_planted_at_odd_seeds(kind):
    model = planted(kind, 0, 4)
    assert model.shortcut is not None and planted(kind, 1, 4).shortcut is None
    game = RowGame(model, model.rows[0])
    values = MAPS["occlusion"](game, 64, 0)
    assert game.asked == 11 and int(np.abs(values).argmax()) == model.shortcut


def test_gradients_are_those_of_the_margin():
    model = planted("network", 0, 1)
    x, step = model.rows[0], 1e-6 * np.eye(10)
    slopes = (model.margin(x + step) - model.margin(x - step)) / 2e-6
    assert np.allclose(model.gradient(x[None])[0], slopes, atol=1e-6)


def test_random_values_know_the_sum_alone():
    game = RowGame(planted("trees", 1, 1), np.zeros(10))
    one, other = (MAPS["random"](game, 64, seed) for seed in (0, 1))
    ends = game(np.array([[False] * 10, [True] * 10]))
    assert one.sum() == pytest.approx(ends[1] - ends[0]) == other.sum() and not np.allclose(one, other)


def test_the_heaviest_three_are_those_of_either_sign():
    assert heaviest(np.array([0.1, -5.0, 2.0, 0.0, -1.0])).nonzero()[0].tolist() == [1, 2, 4]


def test_the_predictor_is_judged_on_other_models_than_it_was_fitted_to():
    seeds = np.repeat(np.arange(40), 4)
    planted_one = seeds % 2 == 0
    size = [np.array([0.8, 0.2]) if yes else np.array([0.5, 0.5]) for yes in planted_one]
    maps = pd.DataFrame({"seed": seeds, "planted": planted_one, "size": size})
    right = told(maps)
    assert np.isnan(right[seeds % 4 < 2]).all() and (right[seeds % 4 >= 2] == 1).all()
    none = maps.assign(size=[np.array([0.5, 0.5])] * len(maps))
    assert np.nanmean(told(none)) == pytest.approx(0.5)
