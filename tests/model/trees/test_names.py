"""A model's columns are the table's of exactly that name, then of the name as its writer spells it; nothing is guessed."""

import lightgbm
import numpy as np
import pandas as pd
import pytest

from model import TableModel
from model.table.columns import profile
from model.trees.names import paired

QUIET = {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 5, "objective": "regression"}


def pair(writer, names, columns, at=None):
    return paired(writer, names, len(names or "abc"), profile(pd.DataFrame([[0] * len(columns)], columns=columns)), at)


def test_an_exact_name_goes_before_one_that_is_written_like_it():
    assert pair("lightgbm", ["a_b", "c"], ["c", "a b", "a_b"])[0] == [2, 0]
    assert "exactly" in pair("lightgbm", ["a_b", "c"], ["c", "a b", "a_b"])[1][0]
    places, notes = pair("lightgbm", ["_age", "the_age"], ["the age", " age"])
    assert places == [1, 0] and len(notes) == 2
    assert pair("lightgbm", ["('x',_'y')"], [("x", "y"), "z"])[0] == [0]
    assert pair("xgboost", ["x y", "0"], [("x", "y"), 0])[0] == [0, 1]


@pytest.mark.parametrize(
    "writer, names, columns, word",
    [
        ("lightgbm", ["a_b_c"], ["a b_c", "a_b c"], "rename all but one"),
        ("xgboost", ["a_b"], ["a b"], "'a b' is it"),
        ("lightgbm", ["Age"], ["age", "dose"], "'age' is it"),
        ("xgboost", ["age"], ["dose"], "does not have$"),
        ("catboost", ["income"], ["incme", "x"], "'incme' is it"),
        ("xgboost", None, ["a", "b"], "3 columns without names"),
    ],
)
def test_what_could_only_be_guessed_is_one_sentence(writer, names, columns, word):
    with pytest.raises(ValueError, match=word):
        pair(writer, names, columns)


def test_names_of_places_are_places_unless_the_table_has_them():
    assert pair("lightgbm", ["Column_0", "Column_1"], ["x", "y", "goal"], at=2)[0] == [0, 1]
    assert pair("lightgbm", ["Column_1", "Column_0"], ["Column_0", "Column_1"])[0] == [1, 0]
    assert "in their order" in pair("xgboost", ["f0", "f1"], ["x", "y"])[1][0]


def test_the_column_to_predict_is_never_read():
    with pytest.raises(ValueError, match="to be predicted"):
        pair("xgboost", ["a", "b"], ["a", "b"], at=1)


def test_two_columns_of_one_name_are_no_column():
    with pytest.raises(ValueError, match="2 of the table's"):
        pair("xgboost", ["a"], ["a", "a"])


def test_names_with_blanks_at_their_ends():
    x = np.random.default_rng(0).normal(size=300)
    frame = pd.DataFrame({" age": x, "age": -x})
    booster = lightgbm.train(QUIET, lightgbm.Dataset(frame[[" age"]], x), 5)
    model = TableModel.load(booster.model_to_string(), frame)
    np.testing.assert_allclose(model.predict(frame).margin, booster.predict(frame[[" age"]]), atol=1e-12)
    assert model.columns[0].name == " age"
