"""A tree model from outside gives its library's own predictions on a table, and nothing in its file is executed."""

import json
import pickle
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest

from model import TableModel
from model.table.from_file import read_trees

# Made with XGBoost 3.2: models, rows (None is missing) and XGBoost's own margins.
XGBOOST = json.loads((Path(__file__).parents[2] / "data" / "xgboost.json").read_text())


def table():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"the age": rng.integers(20, 80, 300), "city": rng.choice(["Rom", "Oslo", "Bern"], 300)})
    frame["risk"] = np.where(frame["the age"] + 20 * (frame["city"] == "Oslo") > 55, "high", "low")
    return frame


def boosted(frame):
    x = frame[["the age", "city"]].astype({"city": "category"})
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_per_group": 5}
    return x, lightgbm.train(settings, lightgbm.Dataset(x, frame["risk"] == "low"), 10)


@pytest.mark.parametrize("case", XGBOOST)
def test_margins_are_xgboosts_own(case):
    saved = XGBOOST[case]
    model = read_trees(json.dumps(saved["model"]))
    rows = np.array([[np.nan if cell is None else cell for cell in row] for row in saved["rows"]])
    want = np.array(saved["margins"]).reshape(len(rows), -1)
    np.testing.assert_allclose(model.ensemble.margins(rows), want, atol=2e-6)  # XGBoost sums in float32
    assert model.names == list("abcd")


def test_a_lightgbm_file_finds_its_columns_and_its_categories():
    frame = table()
    x, booster = boosted(frame)
    other = frame[["risk", "city", "the age"]]  # in another order, and the model writes the_age
    model = TableModel.load(booster.model_to_string().encode(), other, "risk")
    assert model.labels == ["the age", "city"]
    np.testing.assert_allclose(model.predict(other).margin, booster.predict(x, raw_score=True), atol=1e-12)
    np.testing.assert_allclose(model.predict(other).probabilities[:, 1], booster.predict(x), atol=1e-12)
    assert model.metrics["accuracy"] > model.baseline["accuracy"]
    assert model.exact(other[:3], "shapley").shape == (3, 2)
    unknown = TableModel.load(booster.model_to_string(), other)
    assert unknown.metrics == {}
    assert unknown.predict({"the age": 30, "city": "Paris"}).margin.shape == (1,)


def test_an_xgboost_file_explains_a_table_without_a_target():
    frame = pd.DataFrame(XGBOOST["regression"]["rows"], columns=list("abcd"), dtype=float)
    model = TableModel.load(json.dumps(XGBOOST["regression"]["model"]), frame)
    assert (model.target.kind, model.units) == ("regression", "prediction")
    base = model.game(frame.iloc[0])(np.zeros((1, 4), bool))[0]
    total = model.exact(frame.iloc[0], "shapley").sum()
    assert total == pytest.approx(model.predict(frame.iloc[0]).margin[0] - base)


def test_what_does_not_fit_is_one_sentence():
    frame = table()
    text = boosted(frame)[1].model_to_string()
    circle = json.loads(json.dumps(XGBOOST["regression"]["model"]))
    circle["learner"]["gradient_booster"]["model"]["trees"][0]["left_children"][0] = 0
    mine = json.loads(json.dumps(XGBOOST["regression"]["model"]))
    mine["learner"]["objective"]["name"] = "mine"
    bad = {
        "a pickle": (pickle.dumps(frame), frame, None),
        "no model": (b"{}", frame, None),
        "deep JSON": (b'{"learner":' * 100_000, frame, None),
        "a circle": (json.dumps(circle), frame, None),
        "an objective": (json.dumps(mine), frame, None),
        "a column that is missing": (text, frame.drop(columns="city"), None),
        "texts without levels": (text.replace("pandas_categorical:[[", "nothing:[["), frame, None),
        "three classes": (text, frame.assign(risk=["a", "b", "c"] * 100), "risk"),
        "too many bytes": (b"tree\n" * 12_000_000, frame, None),
    }
    for data, given, target in bad.values():
        with pytest.raises(ValueError) as caught:
            TableModel.load(data, given, target)
        assert "\n" not in str(caught.value)
