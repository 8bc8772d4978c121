"""A LightGBM model's text gives LightGBM's own predictions, missing values and categories too; or one sentence."""

import lightgbm
import numpy as np
import pandas as pd
import pytest

from model import TableModel
from model.trees.lightgbm_text import read_lightgbm

COLUMNS = 6


def made_up(rows, seed, fresh=False):
    """Cells with missing values, zeros, columns of 40 and of 4 categories; fresh ones hold unseen and odd values."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, COLUMNS))
    x[:, 2], x[:, 4] = rng.integers(0, 40, rows), rng.integers(0, 4, rows)
    x[:, 3] = np.where(rng.random(rows) < 0.3, 0.0, x[:, 3])
    x[rng.random(x.shape) < 0.1] = np.nan
    if not fresh:
        x[:, 1] = np.nan_to_num(x[:, 1])  # nothing is missing in training, so LightGBM learns no way for it
        return x
    x[:, 2] = rng.integers(-3, 70, rows)
    x[:, 4] = rng.choice([-0.5, 0.0, 1.0, 3.7, 1e12, -1e12, np.inf, np.nan], rows)
    x[0, 0], x[1, 0], x[2, 3], x[3, 3] = np.inf, -np.inf, 1e-35, -1e-36
    return x


def target(x):
    y = np.nan_to_num(x[:, 0]) * np.nan_to_num(x[:, 3]) + 2.0 * np.isin(x[:, 2], [1, 5, 7, 22]) + np.isnan(x[:, 5])
    return y + (x[:, 4] == 2)


def trained(**settings):
    x = made_up(1500, 0)
    y = target(x)
    if "num_class" in settings:
        y = np.digitize(y, [0.0, 1.0])
    elif settings.get("objective") in ("binary", "cross_entropy"):
        y = (y > 0.5).astype(float)
    elif settings.get("objective") in ("poisson", "gamma", "tweedie"):
        y = np.exp(y / 3.0)
    data = lightgbm.Dataset(x, y, categorical_feature=[2, 4])
    return lightgbm.train({"verbose": -1, "num_threads": 1, "seed": 0, **settings}, data, 20)


CASES = {
    "missing as NaN": {},
    "zero is missing": {"zero_as_missing": True},
    "missing is no value": {"use_missing": False},
    "sets of categories": {"max_cat_to_onehot": 1, "min_data_per_group": 5, "cat_smooth": 1.0},
    "binary": {"objective": "binary", "sigmoid": 2.0},
    "three classes": {"objective": "multiclass", "num_class": 3},
    "poisson": {"objective": "poisson"},
    "dart": {"boosting": "dart"},
    "stumps": {"num_leaves": 2},
    "constant trees": {"min_data_in_leaf": 2000},
}


@pytest.mark.parametrize("case", CASES)
def test_margins_are_lightgbms_own(case):
    booster = trained(**CASES[case])
    model, x = read_lightgbm(booster.model_to_string()), made_up(1000, 1, fresh=True)
    want = booster.predict(x, raw_score=True).reshape(len(x), -1)
    np.testing.assert_allclose(model.ensemble.margins(x), want, atol=1e-12)
    assert model.names == booster.feature_name()


def test_a_forest_is_the_mean_of_its_trees():
    booster = trained(boosting="rf", bagging_freq=1, bagging_fraction=0.5)
    x = made_up(300, 1, fresh=True)
    np.testing.assert_allclose(read_lightgbm(booster.model_to_string()).ensemble.margins(x)[:, 0], booster.predict(x), atol=1e-12)


GOOD = """tree
version=v4
num_class=1
num_tree_per_iteration=1
max_feature_idx=0
objective=regression
feature_names=a

Tree=0
num_leaves=2
num_cat=0
split_feature=0
threshold=0.5
decision_type=2
left_child=-1
right_child=-2
leaf_value=1 3
is_linear=0

end of trees

feature_importances:
a=1

parameters:
[boosting: gbdt]

end of parameters

pandas_categorical:null
"""
BAD = {
    "not a model": ("tree\n", "forest\n"),
    "a missing field": ("leaf_value=1 3\n", ""),
    "no number": ("threshold=0.5", "threshold=__import__('os')"),
    "a leaf beyond": ("right_child=-2", "right_child=-7"),
    "a circle": ("left_child=-1", "left_child=0"),
    "a column beyond": ("split_feature=0", "split_feature=4"),
    "an infinite leaf": ("leaf_value=1 3", "leaf_value=1 inf"),
    "fewer leaves": ("num_leaves=2", "num_leaves=9"),
    "linear leaves": ("is_linear=0", "is_linear=1"),
    "a set that is not there": ("decision_type=2", "decision_type=1"),
    "an unknown objective": ("objective=regression", "objective=mine"),
    "square roots of what is no regression": ("objective=regression", "objective=poisson sqrt"),
    "no end": ("end of trees", "end of"),
    "no last line": ("pandas_categorical:null", ""),
    "half of the last line": ("pandas_categorical:null", "pandas_categorical:nu"),
    "no trees": ("\nTree=0", "\nLeaf=0"),
    "too few names": ("max_feature_idx=0", "max_feature_idx=3"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_damaged_file_is_one_sentence(bad):
    np.testing.assert_allclose(read_lightgbm(GOOD).ensemble.margins([[0.0], [1.0]])[:, 0], [1.0, 3.0])
    old, new = BAD[bad]
    assert old in GOOD
    with pytest.raises(ValueError, match="LightGBM") as caught:
        read_lightgbm(GOOD.replace(old, new))
    assert "\n" not in str(caught.value)


def test_classes_that_are_numbers_as_texts_are_taken_as_numbers_and_said():
    x = np.arange(300.0) % 30
    codes = (x // 10).astype(int)
    params = {"objective": "multiclass", "num_class": 3, "verbose": -1, "num_threads": 1}
    data = lightgbm.train(params, lightgbm.Dataset(pd.DataFrame({"x": x}), codes), 3).model_to_string().encode()
    as_texts = pd.DataFrame({"x": x, "y": np.array(["9", "10", "11"])[codes]})
    table = TableModel.load(data, as_texts, "y")
    assert table.target.classes == ["9", "10", "11"]
    assert any("in the order 10, 11, 9" in note for note in table.notes)
    assert TableModel.load(data, as_texts.assign(y=as_texts["y"].astype(int)), "y").notes == []
