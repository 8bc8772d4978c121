"""TableModel on tables as users have them: games are means over imputed rows, exact values are those of the games."""

import datetime
import decimal
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import TableModel
from model.files.table import read_table, samples
from xai import Ledger, explain, interactions

MODELS = ("trees", "linear", "network")


def mixed_table(rows=240, seed=0):
    """Numbers, texts, booleans, dates, missing values of every kind, two columns of one name, an ID, a constant."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "patient_id": np.arange(rows) + 7000,
            "age": rng.integers(20, 80, rows),
            "dose": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
            "city": rng.choice(["Rom", "Oslo", None, "Bern"], rows),
            "flag": rng.random(rows) < 0.5,
            "maybe": pd.array(rng.choice([True, False, None], rows), dtype="boolean"),
            "count": pd.array(rng.choice([1, 2, 3, None], rows), dtype="Int64"),
            "seen": pd.date_range("2020-01-31", periods=rows, tz="Europe/Berlin"),
            "mixture": [[1, 2.5, "x", pd.NA][i % 4] for i in range(rows)],
            "same": 1,
            3: rng.normal(size=rows).astype(np.float32),
        }
    )
    frame["outcome"] = frame["age"] / 20 + (frame["city"] == "Oslo") + rng.normal(size=rows) / 5
    return pd.concat([frame, frame[["dose"]].rename(columns={"dose": "age"}) ** 2], axis=1)


def mixtures(model, row, background, coalitions):
    """Mean margin of imputed rows, one frame per coalition: what the game must be."""
    at = [i for i, name in enumerate(background.columns) if name != model.target.label]
    out = []
    for present in coalitions:
        filled = background.astype(object).copy()
        for i in np.array(at)[present]:
            filled.isetitem(i, pd.Series([row.iloc[0, i]] * len(filled), index=filled.index, dtype=object))
        out.append(model.predict(filled).margin.mean(axis=0))
    return np.array(out)


@pytest.mark.parametrize("kind", MODELS)
def test_the_game_is_the_mean_over_imputed_rows(kind):
    frame = mixed_table()
    model = TableModel.fit(frame, "outcome", model=kind)
    row, background = frame.iloc[[5]], frame.iloc[20:26]
    game = model.game(row, background)
    assert game.n_players == len(model.labels) == 12
    coalitions = np.random.default_rng(1).random((12, 12)) < 0.5
    coalitions[0], coalitions[1] = False, True
    np.testing.assert_allclose(game(coalitions), mixtures(model, row, background, coalitions), atol=1e-10)
    assert model.metrics["rmse"] < 0.8 * model.baseline["rmse"]


@pytest.mark.parametrize("index", ["banzhaf", "shapley"])
@pytest.mark.parametrize("kind", ["trees", "linear"])
@pytest.mark.parametrize("name", ["Diabetes", "Wine"])
def test_exact_values_are_those_of_the_game(name, kind, index):
    sample = samples()[name]
    frame = read_table(sample.path.read_bytes(), sample.path.name).iloc[:, -9:]
    model = TableModel.fit(frame, sample.target, model=kind)
    row, background = frame.iloc[3], frame.iloc[50:60]
    ledger = Ledger(model.game(row, background))
    want = explain(ledger.game, index, "exact", ledger=ledger)
    found = model.exact(row, index, background)
    assert found.shape == (1, 8, 3)[: 3 if name == "Wine" else 2]
    np.testing.assert_allclose(found[0], want.values, atol=1e-9)
    pairs = interactions(ledger, index)
    found = model.interactions(row, index, background)
    np.testing.assert_allclose(found[tuple(pairs.pairs.T)], pairs.values, atol=1e-8)
    single = model.exact(frame.iloc[:2], index, frame.iloc[[7]])  # one baseline row
    again = model.exact(frame.iloc[[0, 1, 7]], index, frame.iloc[7])
    np.testing.assert_allclose(again[:2], single)
    assert not again[2].any()  # nothing differs from the baseline


@pytest.mark.parametrize("kind", MODELS)
def test_a_row_may_be_a_frame_a_series_or_a_dict(kind):
    frame = mixed_table()
    model = TableModel.fit(frame, "outcome", model=kind)
    want = model.encode(frame.iloc[[5]])
    without = frame.drop(columns="outcome").iloc[5]
    by_label = dict(zip(model.labels, without))
    shuffled = frame[["seen", *[c for c in frame.columns.unique() if c != "seen"]]].iloc[[5]]
    for row in (frame.iloc[5], without, by_label, shuffled):
        np.testing.assert_array_equal(model.encode(row), want)
    by_label["city"], by_label["maybe"] = "Paris", None  # unseen, missing
    assert np.isfinite(model.predict(by_label).margin).all()
    assert np.isfinite(model.game(by_label)(np.ones((1, 12), bool))).all()


def test_columns_are_understood_and_said():
    frame = mixed_table()
    model = TableModel.fit(frame, "outcome")
    kinds = {column.label: column.kind for column in model.columns}
    assert kinds == {
        "patient_id": "identifier",
        "age": "number",
        "dose": "number",
        "city": "category",
        "flag": "boolean",
        "maybe": "boolean",
        "count": "number",
        "seen": "date",
        "mixture": "category",
        "same": "constant",
        "3": "number",
        "age (2)": "number",
    }
    assert all(column.note for column in model.columns if not column.used)
    exact = model.exact(frame[:4])
    assert not exact[:, [model.labels.index("patient_id"), model.labels.index("same")]].any()
    corrected = TableModel.fit(frame, "outcome", kinds={"age (2)": "category", "patient_id": "number"})
    assert [corrected.columns[i].kind for i in (0, -1)] == ["number", "category"]


def test_cells_of_one_kind_in_other_guises():
    days = [datetime.date(2020, 1, 1) + datetime.timedelta(days=i) for i in range(40)]
    guises = {
        "dates as texts": [day.strftime("%d.%m.%Y") for day in days],
        "dates": days,
        "periods": pd.period_range("2020-01-01", periods=40, freq="D"),
        "ISO texts": [day.isoformat() for day in days],
    }
    frame = pd.DataFrame(
        {
            **guises,
            "number texts": [str(i / 7) for i in range(40)],
            "decimals": [decimal.Decimal(i) for i in range(40)],
            "durations": pd.to_timedelta(range(40), unit="D"),
            "categories": pd.Categorical([1, 2] * 20),
            "y": range(40),
        }
    )
    model = TableModel.fit(frame, "y")
    cells = model.encode(frame)
    for i in range(1, 4):
        np.testing.assert_allclose(cells[:, i], cells[:, 0])
    np.testing.assert_allclose(cells[:, 0] - cells[0, 0], np.arange(40))
    np.testing.assert_allclose(cells[:, 4] * 7, np.arange(40))
    np.testing.assert_allclose(cells[:, 5], cells[:, 6])
    assert set(cells[:, 7]) == {0.0, 1.0}
    for row in (frame.iloc[7], frame.iloc[7].to_dict()):
        np.testing.assert_allclose(model.encode(row)[0], cells[7])


def test_many_levels_share_a_code_and_strings_of_pandas_3_are_read():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"place": rng.integers(0, 400, 4000).astype(str), "x": rng.normal(size=4000)})
    frame["place"] = "p" + frame["place"].astype("str")
    assert frame["place"].dtype == "str"
    frame["y"] = (frame["x"] + rng.normal(size=4000) / 5 > 0).map({True: "yes", False: "no"}).astype("str")
    model = TableModel.fit(frame, "y")
    assert len(model.columns[0].levels) == 200
    assert "400 levels" in model.columns[0].note
    assert model.target.classes == ["no", "yes"]
    assert model.units == "log-odds of yes"
    margin, probabilities = model.predict(frame[:50])
    np.testing.assert_allclose(probabilities[:, 1], 1 / (1 + np.exp(-margin)), atol=1e-12)
    assert model.metrics["auc"] > 0.9
    assert model.baseline["auc"] == 0.5


@pytest.mark.parametrize("kind", MODELS)
def test_the_same_seed_gives_the_same_model(kind):
    frame = mixed_table()
    first, again, other = (TableModel.fit(frame, "outcome", model=kind, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.predict(frame).margin, again.predict(frame).margin)
    np.testing.assert_array_equal(first.background, again.background)
    assert first.metrics == again.metrics != other.metrics


def test_three_classes_have_probabilities_that_beat_the_guess():
    sample = samples()["Wine"]
    frame = read_table(sample.path.read_bytes())
    for kind in MODELS:
        model = TableModel.fit(frame, sample.target, model=kind)
        margin, probabilities = model.predict(frame)
        assert margin.shape == probabilities.shape == (178, 3)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
        assert model.metrics["log_loss"] < 0.5 * model.baseline["log_loss"]
        assert sum(model.rows.values()) == 178


def test_kind_of_target_is_found_and_may_be_said():
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    cases = [
        (x > 0, "classification"),
        (np.where(x > 0, 5, 9), "classification"),
        (x, "regression"),
        (np.arange(200), "regression"),
        (np.where(x > 0, "a", "b"), "classification"),
        (x.round(), "classification"),
    ]
    for y, kind in cases:
        assert TableModel.fit(pd.DataFrame({"x": x, "y": y}), "y", model="linear").target.kind == kind
    said = TableModel.fit(pd.DataFrame({"x": x, "y": np.where(x > 0, 5, 9)}), "y", kind="regression")
    assert said.target.kind == "regression"


X = np.random.default_rng(0).normal(size=60)
BAD = {
    "no frame": (lambda: TableModel.fit([[1, 2]], "y"), TypeError),
    "no target": (lambda: TableModel.fit(pd.DataFrame({"x": X, "z": X}), "y"), ValueError),
    "two targets": (lambda: TableModel.fit(pd.DataFrame(np.c_[X, X, X], columns=["x", "y", "y"]), "y"), ValueError),
    "one class": (lambda: TableModel.fit(pd.DataFrame({"x": X, "y": "a"}), "y"), ValueError),
    "one number": (lambda: TableModel.fit(pd.DataFrame({"x": X, "y": 1.5}), "y"), ValueError),
    "missing target": (lambda: TableModel.fit(pd.DataFrame({"x": X, "y": None}), "y"), ValueError),
    "one column": (lambda: TableModel.fit(pd.DataFrame({"y": X}), "y"), ValueError),
    "nothing to learn from": (lambda: TableModel.fit(pd.DataFrame({"x": 1, "y": X}), "y"), ValueError),
    "60 classes": (lambda: TableModel.fit(pd.DataFrame({"x": X, "y": X}), "y", kind="classification"), ValueError),
    "texts as numbers": (
        lambda: TableModel.fit(pd.DataFrame({"x": X, "y": ["a", "b"] * 30}), "y", kind="regression"),
        ValueError,
    ),
    "few rows": (lambda: TableModel.fit(pd.DataFrame({"x": X, "y": X})[:5], "y"), ValueError),
    "a kind": (lambda: TableModel.fit(pd.DataFrame({"x": X, "y": X}), "y", kind="clustering"), ValueError),
    "a model": (lambda: TableModel.fit(pd.DataFrame({"x": X, "y": X}), "y", model="forest"), ValueError),
    "a column's kind": (lambda: TableModel.fit(pd.DataFrame({"x": X, "y": X}), "y", kinds={"x": "text"}), ValueError),
    "a kind of none": (lambda: TableModel.fit(pd.DataFrame({"x": X, "y": X}), "y", kinds={"z": "date"}), ValueError),
}


@pytest.mark.parametrize("bad", BAD)
def test_what_cannot_be_fitted_is_one_sentence(bad):
    call, kind = BAD[bad]
    with pytest.raises(kind) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_what_cannot_be_explained_is_one_sentence():
    frame = pd.DataFrame({"x": X, "z": X**2, "y": X})
    model, network = TableModel.fit(frame, "y"), TableModel.fit(frame, "y", model="network")
    for call, kind in (
        (lambda: model.exact({"x": 1.0}), ValueError),
        (lambda: model.exact([1.0, 2.0]), TypeError),
        (lambda: model.exact(frame[:2], "owen"), ValueError),
        (lambda: model.exact(frame[:2], background=frame[:0]), ValueError),
        (lambda: model.game(frame[:2]), ValueError),
        (lambda: model.game(frame[:1])(np.ones((1, 3), bool)), ValueError),
        (lambda: network.exact(frame[:2]), ValueError),
        (lambda: network.interactions(frame[:1]), ValueError),
    ):
        with pytest.raises(kind):
            call()
    assert model.exact(frame[:0]).shape == (0, 2)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(10, 60), columns=st.integers(1, 6), kind=st.sampled_from(MODELS))
def test_any_table_is_fitted_or_refused_in_one_sentence(seed, rows, columns, kind):
    rng = np.random.default_rng(seed)
    makers = [
        lambda: rng.normal(size=rows) * 10.0 ** rng.integers(-300, 300),
        lambda: rng.choice([1.0, np.inf, np.nan], rows),
        lambda: rng.choice(["a", "b", "", None, "1"], rows),
        lambda: rng.choice(np.array([None, 1, 2.0, "x", True], object), rows),
        lambda: np.full(rows, rng.choice(["c", ""])),
        lambda: rng.integers(0, 3, rows),
        lambda: [[i % 2] for i in range(rows)],
    ]
    cells = [makers[rng.integers(len(makers))]() for _ in range(columns + 1)]
    frame = pd.concat([pd.Series(part) for part in cells], axis=1, keys=rng.choice(["a", "b", "c"], columns + 1))
    frame.columns = [*frame.columns[:-1], "y"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = TableModel.fit(frame, "y", model=kind)
    except ValueError as error:
        assert "\n" not in str(error)
        return
    game = model.game(frame.iloc[0])
    values = game(np.array([[True] * columns, [False] * columns]))
    assert np.isfinite(values).all()
    np.testing.assert_allclose(values[0], model.predict(frame.iloc[0]).margin[0], rtol=1e-9, atol=1e-9)
