"""What XGBoost's files say only in some versions, and what only hand-written ones show: each with the right value."""

import json

import numpy as np
import pandas as pd
import pytest

from model import TableModel

X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=300)})
CODES = pd.DataFrame({"x": [0, 1, 2, 3]})


def stump(left, right, **more):
    """0 splits into the leaves 1 and 2 at 0."""
    nodes = {"left_children": [1, -1, -1], "right_children": [2, -1, -1], "parents": [2147483647, 0, 0]}
    nodes |= {"split_indices": [0] * 3, "split_conditions": [0.0, left, right], "split_type": [0] * 3, "default_left": [0] * 3}
    nodes |= {f"categories{part}": [] for part in ("", "_nodes", "_segments", "_sizes")}
    return nodes | {"base_weights": [0, left, right]} | more


def book(trees, info, objective="reg:squarederror", attributes=None, version=(3, 2, 0), **parameters):
    said = {"base_score": "[0E0]", "num_class": "0", "num_feature": "1", "num_target": "1"} | parameters
    booster = {"name": "gbtree", "model": {"trees": trees, "tree_info": info}}
    learner = {"feature_names": ["x"], "feature_types": ["float"], "attributes": attributes or {}, "gradient_booster": booster}
    return json.dumps({"version": version, "learner": learner | {"objective": {"name": objective}, "learner_model_param": said}})


def at(text, cell=2.0, table=X):
    return TableModel.load(text, table).predict({"x": cell})


def test_two_classes_are_two_scores():
    text = book([stump(1, -1), stump(-1, 1)], [0, 1], "multi:softprob", num_class="2", base_score="[0E0,0E0]")
    found = at(text)
    np.testing.assert_allclose(found.probabilities, [[1 / (1 + np.exp(2)), 1 / (1 + np.exp(-2))]])
    np.testing.assert_allclose(found.margin, [2.0])  # the log-odds of the second
    model = TableModel.load(text, X)
    base = model.predict(X.iloc[:1]).margin
    np.testing.assert_allclose(model.exact({"x": 2.0}, "shapley", X.iloc[:1])[0].sum(), 2.0 - base[0])


def test_leaves_that_are_vectors():
    said = {"num_deleted": "0", "num_feature": "1", "num_nodes": "3", "size_leaf_vector": "3"}
    vector = stump(0, 0, base_weights=[0, 0, 0, 1, -1, 0, -1, 1, 0], tree_param=said)
    text = book([vector], [0], "multi:softprob", num_class="3", base_score="[0E0,0E0,0E0]")
    assert at(text).margin.tolist() == [[-1, 1, 0]]
    newer = stump(0, 0, leaf_weights=[1, -1, 0, -1, 1, 0], right_children=[2, 0, 1], tree_param=said)
    assert at(book([newer], [0], "multi:softprob", num_class="3", base_score="[0E0,0E0,0E0]")).margin.tolist() == [[-1, 1, 0]]
    with pytest.raises(ValueError, match="its leaves have 3 values, and it has 1 outputs"):
        TableModel.load(book([vector], [0]), X)


def test_the_best_round_is_the_last():
    trees = [stump(-1, 1), stump(5, -5)]
    model = TableModel.load(book(trees, [0, 0], attributes={"best_iteration": "0"}), X)
    assert model.predict({"x": 2.0}).margin == [1.0]
    assert "first 1 of 2 rounds" in model.notes[0]
    assert at(book(trees, [0, 0])).margin == [-4.0]
    sliced = TableModel.load(book(trees, [0, 0], attributes={"best_iteration": "7"}), X)
    assert sliced.predict({"x": 2.0}).margin == [-4.0] and "a part of a model" in sliced.notes[0]
    two = [stump(1, -1), stump(-1, 1), stump(9, -9), stump(-9, 9)]
    of_two = {"num_class": "2", "base_score": "[0E0,0E0]", "attributes": {"best_iteration": "0"}}
    assert at(book(two, [0, 1, 0, 1], "multi:softprob", **of_two)).margin == [2.0]


def test_nodes_that_pruning_left_behind():
    said = {"num_deleted": "2", "num_feature": "1", "num_nodes": "5", "size_leaf_vector": "1"}
    left = {"left_children": [1, -1, -1, -1, -1], "right_children": [2, -1, -1, -1, -1], "parents": [2147483647, 0, 0, 0, 0]}
    left |= {"split_indices": [0, 0, 0, 2147483647, 0], "split_conditions": [0.0, -1.0, 1.0, None, float("nan")]}
    left |= {"split_type": [0, 0, 0, 1, 1], "default_left": [0] * 5, "tree_param": said}
    assert at(book([stump(-1, 1, **left)], [0])).margin == [1.0]
    moved = {"left_children": [3, -1, -1, -1, -1], "right_children": [4, -1, -1, -1, -1]}
    moved |= {"split_conditions": [0.0, 7.0, 7.0, -1.0, 1.0], "split_type": [0] * 5, "split_indices": [0] * 5}
    assert at(book([stump(-1, 1, **left | moved)], [0])).margin == [1.0]


@pytest.mark.parametrize("condition", [float("nan"), None, 1e-45, 0.0])
def test_a_categorical_split_has_no_condition(condition):
    parts = {"categories": [1, 3], "categories_nodes": [0], "categories_segments": [0], "categories_sizes": [2]}
    text = book([stump(-1, 1, split_type=[1, 0, 0], split_conditions=[condition, -1.0, 1.0], **parts)], [0])
    assert TableModel.load(text, CODES).predict(CODES).margin.tolist() == [-1, 1, -1, 1]
    with pytest.raises(ValueError, match="threshold"):
        TableModel.load(book([stump(-1, 1, split_conditions=[float("nan"), -1.0, 1.0])], [0]), X)


@pytest.mark.parametrize("default_left, want", [(0, [-1, 1, -1, 1, 1, 1]), (1, [-1, -1, -1, 1, -1, -1])])
def test_a_category_beyond_a_set_is_missing_in_the_first_version(default_left, want):
    parts = {"categories": [3], "categories_nodes": [0], "categories_segments": [0], "categories_sizes": [1]}
    small = stump(-1, 1, split_type=[1, 0, 0], default_left=[default_left, 0, 0], **parts)
    large = stump(0, 0, split_type=[1, 0, 0], **parts | {"categories": [40]})
    table = pd.DataFrame({"x": range(41)})
    asked = pd.DataFrame({"x": [2.0, 40.0, 31.0, 3.0, 999.0, np.nan]})
    old = TableModel.load(book([small, large], [0, 0], version=(1, 6, 2)), table).predict(asked).margin
    assert old.tolist() == want
    new = TableModel.load(book([small, large], [0, 0], version=(1, 7, 6)), table).predict(asked).margin
    assert new.tolist() == [-1, -1, -1, 1, -1, want[5]]


@pytest.mark.parametrize("levels", [[3, 4, 8], [1, 2, 3], [0, 10, 20], ["a", "b", "c"]])
def test_codes_that_the_file_does_not_name_are_not_guessed(levels):
    parts = {"categories": [1, 2], "categories_nodes": [0], "categories_segments": [0], "categories_sizes": [2]}
    text = book([stump(-1, 1, split_type=[1, 0, 0], **parts)], [0])
    with pytest.raises(ValueError, match="which|codes"):
        TableModel.load(text, pd.DataFrame({"x": levels * 5}))
    of_pandas = pd.DataFrame({"x": pd.Categorical(levels)})
    model = TableModel.load(text, of_pandas)
    assert model.predict(of_pandas).margin.tolist() == [-1, 1, 1]
    assert "pandas' own codes" in model.notes[0]


@pytest.mark.parametrize(
    "parts, word",
    [
        ({"objective": "mine"}, "objective 'mine'"),
        ({"num_class": "3", "num_target": "2"}, "several classes of several targets"),
        ({"objective": "binary:logistic", "num_target": "2"}, "2 labels"),
        ({"objective": "multi:softprob"}, "no number of classes"),
        ({"base_score": "[1,2,3]"}, "3 base scores for 1 outputs"),
        ({"base_score": "[NaN]"}, "base score"),
        ({"objective": "count:poisson", "base_score": "0"}, "cannot be read"),
        ({"attributes": {"best_iteration": "-3"}}, "best round"),
    ],
)
def test_what_is_not_read_is_named(parts, word):
    with pytest.raises(ValueError, match=word) as caught:
        TableModel.load(book([stump(-1, 1)], [0], **parts), X)
    assert "\n" not in str(caught.value)


def test_several_outputs_are_named_as_sums():
    text = book([stump(-1, 1), stump(2, -2)], [0, 1], num_target="2", base_score="[1E0,-1E0]")
    model = TableModel.load(text, X)
    assert (model.outputs, model.target.kind) == (["output 1", "output 2"], "regression")
    assert "each output" in model.units
    assert model.predict({"x": 2.0}).margin.tolist() == [[2.0, -3.0]]
    assert model.exact({"x": 2.0}).shape == (1, 1, 2)
    with pytest.raises(ValueError, match="2 sums"):
        TableModel.load(text, X.assign(y=X["x"]), "y")
