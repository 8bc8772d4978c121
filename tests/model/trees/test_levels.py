"""Categories are matched by their levels' values and types; a column of other levels is refused, no two compete."""

import io
import json

import lightgbm
import numpy as np
import pandas as pd
import pytest

from model import TableModel
from model.files.table import read_table
from model.trees.levels import Levels

RNG = np.random.default_rng(0)
X = RNG.normal(size=300)
QUIET = {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 5, "min_data_per_group": 5, "objective": "regression"}


def of_csv(frame):
    return read_table(frame.to_csv(index=False).encode())


def boosted(frame, y, **settings):
    return lightgbm.train(QUIET | settings, lightgbm.Dataset(frame, y), 10)


@pytest.mark.parametrize(
    "levels, cell, place",
    [
        ((3, 4, 8), 4, 1),
        ((3, 4, 8), 4.0, 1),
        ((3, 4, 8), "4", 1),
        ((3, 4, 8), "4.0", 1),
        ((3, 4, 8), " 4 ", 1),
        (("3", "4", "8"), 4, 1),
        (("3.0", "4.0"), 4, 1),
        (("3.0", "4.0"), "4.0", 1),
        (("4", "4.0"), "4.0", 1),
        (("4", "4.0"), "4", 0),
        ((0.5, 1.5), "1.5", 1),
        ((False, True), True, 1),
        ((False, True), "True", 1),
        ((False, True), 1, 1),
        (("False", "True"), True, 1),
        ((0, 1), True, 1),
        ((2**53, 2**53 + 1), 2**53 + 1, 1),
        (("no", "yes"), "maybe", -1),
        (("a", "b"), "A", -1),
        ((1, 2), "one", -1),
    ],
)
def test_a_cell_is_the_level_of_its_value(levels, cell, place):
    assert Levels(levels).code(cell) == place
    assert np.array_equal(Levels(levels).codes(pd.Series([cell, None], dtype=object))[0], place if place >= 0 else np.nan, True)


def test_two_levels_never_compete_in_silence():
    with pytest.raises(ValueError, match="two levels"):
        Levels(("4.0", "4.00")).code(4)


def test_levels_that_are_whole_numbers_come_back_from_a_csv():
    raw = pd.DataFrame({"cylinders": RNG.choice([3, 4, 8], 300), "x": X})
    own = raw.astype({"cylinders": "category"})
    booster = boosted(own, (raw["cylinders"] == 4) * 2 + X)
    model = TableModel.load(booster.model_to_string(), of_csv(raw))
    np.testing.assert_allclose(model.predict(of_csv(raw)).margin, booster.predict(own), atol=1e-12)
    assert model.predict({"cylinders": "4.0", "x": 0.1}).margin == model.predict({"cylinders": 4, "x": 0.1}).margin


def test_levels_find_their_own_column_beside_one_of_texts():
    raw = pd.DataFrame({"zone": RNG.choice([10, 20, 30], 300), "member": RNG.choice(["no", "yes"], 300), "x": X})
    y = ((raw["zone"] == 20) * 2 + (raw["member"] == "yes") * 2 + X > 1.5).astype(int)
    own = raw.assign(zone=raw["zone"].astype("category"), member=(raw["member"] == "yes").astype(int))
    booster = boosted(own, y, objective="binary")
    model = TableModel.load(booster.model_to_string(), of_csv(raw.assign(y=y)), "y")
    np.testing.assert_allclose(model.predict(raw).probabilities[:, 1], booster.predict(own), atol=1e-12)
    assert [sorted(column.levels) for column in model.columns] == [["10", "20", "30"], ["no", "yes"], []]
    assert any("'no' and 'yes' are read as 0 and 1" in note for note in model.notes)


def test_a_column_of_other_levels_is_refused():
    raw = pd.DataFrame({"city": RNG.choice(["Rome", "Oslo", "Bern"], 300), "x": X})
    text = boosted(raw.astype({"city": "category"}), (raw["city"] == "Oslo") * 2 + X).model_to_string()
    for cells in (raw["city"].str.upper(), RNG.choice([0, 1, 2], 300), RNG.choice(["Rome", "Paris"], 300)):
        with pytest.raises(ValueError, match="'city'"):
            TableModel.load(text, raw.assign(city=cells))
    few = raw.assign(city=["Paris", *raw["city"][1:]])
    assert any("1 of 300 cells, such as 'Paris'" in note for note in TableModel.load(text, few).notes)


def test_levels_whose_column_is_not_said_are_refused_and_ordered_ones_found():
    raw = pd.DataFrame({"a": RNG.choice([0, 1, 2], 300), "b": RNG.choice([0, 1, 2], 300), "x": X})
    y = (raw["a"] == 1) * 2 + X + raw["b"]
    ordered = raw.astype({"a": pd.CategoricalDtype([0, 1, 2], ordered=True)})
    with pytest.raises(ValueError, match="could be one of 'a', 'b'"):
        TableModel.load(boosted(ordered, y).model_to_string(), raw)
    sizes = raw.assign(a=raw["a"].map({0: "S", 1: "M", 2: "L"}))
    ordered = sizes.astype({"a": pd.CategoricalDtype(["S", "M", "L"], ordered=True)})
    booster = boosted(ordered, y)
    np.testing.assert_allclose(
        TableModel.load(booster.model_to_string(), sizes).predict(sizes).margin, booster.predict(ordered), atol=1e-12
    )


@pytest.mark.parametrize("settings", [{}, {"use_missing": False}, {"zero_as_missing": True}], ids=str)
@pytest.mark.parametrize("form", ["text", "JSON"])
def test_codes_below_zero_are_missing_as_in_lightgbm(form, settings):
    code = np.where(np.arange(300) % 7 == 3, np.nan, RNG.integers(-2, 6, 300))
    frame = pd.DataFrame({"k": code, "x": X})
    y = np.where(code < 0, 3.0, np.nan_to_num(code) % 3) + X / 5
    booster = lightgbm.train(QUIET | settings, lightgbm.Dataset(frame, y, categorical_feature=[0], params=settings), 10)
    content = booster.model_to_string() if form == "text" else json.dumps(booster.dump_model())
    model = TableModel.load(content, frame)
    np.testing.assert_allclose(model.predict(frame).margin, booster.predict(frame), atol=1e-12)
    assert any("Codes below 0 count as missing, as in LightGBM" in note for note in model.notes)
    odd = pd.DataFrame({"k": [-1, -7, np.nan, -1.5, 99], "x": 0.3})
    np.testing.assert_allclose(model.predict(odd).margin, booster.predict(odd), atol=1e-12)
    for cells in (frame["k"] - 0.5, frame["k"] + 50):  # -0.5 is the code 0 there
        with pytest.raises(ValueError, match="'k'"):
            TableModel.load(content, frame.assign(k=cells))


def test_numbers_are_numbers():
    frame = pd.DataFrame({"x": X, "z": X[::-1]})
    booster = boosted(frame, X + frame["z"])
    text = booster.model_to_string()
    odd = pd.DataFrame({"x": [np.inf, -np.inf, 0.5], "z": [np.nan, 0.1, np.inf]})
    model = TableModel.load(text, frame)
    np.testing.assert_allclose(model.predict(odd).margin, booster.predict(odd), atol=1e-12)
    with pytest.raises(ValueError, match="dates"):
        TableModel.load(text, frame.assign(z=pd.date_range("2020-01-01", periods=300)))
    with pytest.raises(ValueError, match="texts such as 'high'"):
        TableModel.load(text, frame.assign(z=np.where(X > 0, "high", "low")))
    far = TableModel.load(text, frame.assign(z=frame["z"] * 1000))
    assert any("outside" in note for note in far.notes)
    assert TableModel.load(text, frame).notes == []


def test_a_csv_with_blank_cells_in_a_category():
    raw = pd.DataFrame({"k": RNG.choice(["4", "5", None], 300), "x": X})
    own = raw.astype({"k": "category"})
    booster = boosted(own, (raw["k"] == "4") * 2 + X)
    table = pd.read_csv(io.StringIO(raw.to_csv(index=False)))  # 4.0, 5.0, NaN
    np.testing.assert_allclose(
        TableModel.load(booster.model_to_string(), table).predict(table).margin, booster.predict(own), atol=1e-12
    )
