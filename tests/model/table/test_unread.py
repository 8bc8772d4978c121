"""Columns that say which row it is are proposed as left out, with the reason; those that give the target away are said."""

import hashlib
import uuid

import numpy as np
import pandas as pd
import pytest

from model import TableModel
from model.files.table import read_table
from model.table.columns import profile

RNG = np.random.default_rng(0)
UNREAD = {
    "Unnamed: 0": RNG.permutation(150)[:30],
    "index": RNG.permutation(500)[:30],
    "level_0": np.arange(30),
    "rowid": np.arange(30) * 3 + 7,
    "customer_id": [1000 + 37 * i if i % 7 else np.nan for i in range(60)],
    "kundennr": RNG.permutation(10_000)[:40],
    "passengerid": RNG.permutation(10_000)[:40],
    "x": np.arange(60),
    "shuffled": RNG.permutation(60),
    "sampled": RNG.permutation(150)[:120],
    "tweet": 10**17 + RNG.permutation(10**6)[:40],
    "uuids": [str(uuid.UUID(int=i * 10**30)) for i in range(20)],
    "hashes": [hashlib.sha1(str(i // 2).encode()).hexdigest() for i in range(40)],
    "names": [f"person {i}" for i in range(20)],
}
READ = {
    "year": np.arange(1950, 2020),
    "when it was": np.arange(1950, 2020),
    "time step": np.arange(60),
    "population": RNG.permutation(10**7)[:100],
    "income": RNG.permutation(90_000)[:60] + 10_000,
    "index": np.arange(60) % 7,
    "paid": RNG.integers(0, 50, 60),
    "x": np.arange(60) / 2,
    "far": RNG.normal(size=60) * 1e20,
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_says_which_row_it_is_is_left_out_and_read_with_one_correction(name):
    frame = pd.DataFrame({name: UNREAD[name]})
    column = profile(frame)[0]
    assert column.kind == "identifier"
    assert column.note.endswith("the model does not read it.")
    taken = profile(frame, {name: column.otherwise})[0]
    assert taken.used
    assert np.nanstd(taken.encode(frame[name])) > 0


@pytest.mark.parametrize("name", READ)
def test_what_may_be_a_measure_is_read_and_doubt_is_said(name):
    frame = pd.DataFrame({name: READ[name]})
    column = profile(frame)[0]
    assert column.kind == "number"
    unique = frame[name].is_unique and (frame[name] % 1 == 0).all() and frame[name].abs().max() < 2**53
    assert ("leave it out if" in column.note) == unique


def test_the_index_of_a_shuffled_table_moves_no_prediction():
    frame = pd.DataFrame({"x": RNG.normal(size=120)}, index=RNG.permutation(150)[:120])
    frame["y"] = (frame["x"] > 0).astype(int)
    read = read_table(frame.to_csv().encode())
    exact = TableModel.fit(read, "y").exact(read, "shapley")
    assert not exact[:, 0].any()
    assert exact[:, 1].any()


def test_what_is_one_to_one_with_the_target_is_said():
    x = RNG.normal(size=90)
    frame = pd.DataFrame({"code": ["u", "v", "w"] * 30, "x": x, "y": ["a", "b", "c"] * 30})
    notes = [column.note for column in TableModel.fit(frame, "y").columns]
    assert notes == ["Each of its values goes with one of 'y' and no other: it gives the target away.", ""]
    frame = pd.DataFrame({"fahrenheit": x * 1.8 + 32, "near": x + RNG.normal(size=90) / 50, "celsius": x})
    notes = [column.note for column in TableModel.fit(frame, "celsius").columns]
    assert notes == ["Its order is exactly that of 'celsius': it gives the target away.", ""]


def fitted(cells, **options):
    x = RNG.normal(size=len(cells))
    return TableModel.fit(pd.DataFrame({"x": x, "z": x**2, "y": cells}), "y", **options)


def test_infinities_and_texts_among_numbers_are_no_targets():
    x = RNG.normal(size=100).round(2)
    model = fitted([*x, "unknown", np.inf, None])
    assert (model.target.kind, model.rows["no target"]) == ("regression", 3)
    assert model.target.note == "Of its cells 1 is missing, 1 is infinite, 1 is no number: those rows are left out."
    model = fitted([1, 2, 3, -np.inf] * 25)
    assert (model.target.classes, model.rows["no target"]) == (["1", "2", "3"], 25)
    model = fitted(["yes", "no", None] * 30)
    assert "30 are missing" in model.target.note


@pytest.mark.parametrize("write", [float, str, lambda mark: str(mark).replace(".", ",")])
def test_ordered_marks_are_numbers_unless_somebody_says_classes(write):
    marks = [write((1 + i % 10) / 2) for i in range(200)]
    model = fitted(marks)
    assert model.target.kind == "regression"
    assert model.target.encode(pd.Series(marks))[:3].tolist() == [0.5, 1, 1.5]
    classes = fitted(marks, kind="classification").target.classes
    assert len(classes) == 10
    assert [name.replace(",", ".").removesuffix(".0") for name in classes[:2]] == ["0.5", "1"]


DAYS = pd.date_range("2024-01-05", periods=20)
DATES = {
    "texts": DAYS.strftime("%d.%m.%Y"),
    "moments": DAYS,
    "days": DAYS.date,
    "periods": DAYS.to_period("D"),
    "names": DAYS.strftime("%B %d, %Y"),
    "two": ["2024-01-05", "2024-02-05"],
    "no order": ["13/01/2024", "01/13/2024"],
    "serials": np.arange(45000, 45020),
}


@pytest.mark.parametrize("form", DATES)
def test_dates_are_no_target_unless_somebody_says_classes(form):
    cells = [*DATES[form]] * (60 // len(DATES[form]))
    frame = pd.DataFrame({"x": RNG.normal(size=60), "end date": pd.Series(cells)})
    for kind in (None, "regression"):
        with pytest.raises(
            ValueError, match="the target 'end date' holds dates, which are not predicted: choose another"
        ) as told:
            TableModel.fit(frame, "end date", kind)
        assert ("correct it to a number" in str(told.value)) == (form == "serials")
    assert len(TableModel.fit(frame, "end date", "classification").target.classes) == len(DATES[form])
    assert TableModel.fit(frame, "end date", kinds={"end date": "category"}).target.kind == "classification"
    if form == "serials":
        assert TableModel.fit(frame, "end date", kinds={"end date": "number"}).target.kind == "regression"
    else:
        with pytest.raises(ValueError, match="is to be a number, and no cell of it is one"):
            TableModel.fit(frame, "end date", kinds={"end date": "number"})


@pytest.mark.parametrize("model", ["trees", "linear", "network"])
def test_tiny_and_huge_targets_are_fitted_as_others_or_refused(model):
    x = np.random.default_rng(1).normal(size=(90, 2))
    y = x[:, 0] + x[:, 1] / 2

    def fit(y):
        return TableModel.fit(pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": y}), "y", model=model)

    usual = fit(y)
    for scale in (2.0**-90, 2.0**-40, 2.0**40, 2.0**95):
        found = fit(y * scale)
        assert found.metrics["r2"] == pytest.approx(usual.metrics["r2"], abs=0.02)
        assert found.metrics["rmse"] / scale == pytest.approx(usual.metrics["rmse"], rel=0.05)
    for scale, told in ((1e-40, "differ by less than 1e-30"), (1e-300, "differ by less"), (1e40, "beyond"), (1e300, "beyond")):
        with pytest.raises(ValueError, match=rf"the target 'y' .*{told}.*; give it in another unit"):
            fit(y * scale)


def test_a_target_whose_numbers_are_nearly_one_is_not_rounded_away():
    x = np.random.default_rng(1).normal(size=90)
    frame = pd.DataFrame({"a": x, "b": x**2, "y": 1.7e9 + 50 * x})
    with pytest.raises(ValueError, match="differ too little for trees, which know seven digits: subtract 1.7e"):
        TableModel.fit(frame, "y")
    assert TableModel.fit(frame, "y", model="linear").metrics["r2"] > 0.9
    assert TableModel.fit(frame.assign(y=frame["y"] - 1.7e9), "y").metrics["r2"] > 0.7
