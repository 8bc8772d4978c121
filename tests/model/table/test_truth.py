"""What really was: residuals as pandas and LightGBM compute them, places with ties and missing cells, calibration."""

import lightgbm
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from model import TableModel
from model.table.truth import Truth, calibration, truth_of

SOME = st.one_of(st.sampled_from([0.0, 1.0, -1.0, 2.5]), st.just(float("nan")))


@given(arrays.arrays(float, st.integers(1, 30), elements=SOME))
def test_places_are_those_of_pandas_with_ties_and_missing_cells(actual):
    truth = Truth(actual, np.zeros(len(actual)), {})
    want = pd.Series(np.abs(actual)).rank(method="min", ascending=False)
    assert truth.places.tolist() == want.fillna(0).astype(int).tolist()
    assert (truth.places == 0).tolist() == np.isnan(actual).tolist()
    worst = truth.worst(7)
    assert len(worst) == min(7, int(truth.known.sum()))
    sizes = np.abs(actual[worst])
    assert (np.diff(sizes) <= 0).all() and (np.diff(worst)[np.diff(sizes) == 0] > 0).all()
    if 0 < len(worst) < truth.known.sum():
        rest = np.setdiff1d(np.flatnonzero(truth.known), worst)
        assert np.abs(actual[rest]).max() <= sizes[-1]


@given(st.lists(st.one_of(st.integers(0, 2), st.none()), min_size=1, max_size=25), st.integers(0, 99))
def test_classes_are_ranked_by_what_the_class_that_was_got(classes, seed):
    actual = np.array([np.nan if one is None else one for one in classes], float)
    chances = np.random.default_rng(seed).dirichlet(np.ones(3), len(actual))
    truth = Truth(actual, chances, {})
    given_to = [np.nan if one is None else chances[i, one] for i, one in enumerate(classes)]
    np.testing.assert_array_equal(truth.residual, 1 - np.array(given_to))
    assert truth.places.tolist() == pd.Series(given_to).rank(method="min").fillna(0).astype(int).tolist()


def test_near_certain_errors_are_told_apart():
    truth = Truth(np.zeros(3), np.array([[1e-20, 1.0], [1e-30, 1.0], [0.5, 0.5]]), {})
    assert truth.residual[0] == truth.residual[1] == 1.0
    assert truth.places.tolist() == [2, 1, 3]


def table(classes, rows=150):
    rng = np.random.default_rng(classes)
    frame = pd.DataFrame(rng.normal(size=(rows, 4)), columns=list("abcd"))
    score = frame["a"] + frame["b"] * frame["c"] + rng.normal(size=rows) / 3
    y = score if not classes else pd.qcut(score, classes, labels=[f"class {i}" for i in range(classes)]).astype(object)
    frame["y"] = y
    frame.loc[rng.permutation(rows)[:11], "y"] = None
    return frame


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_residuals_are_those_of_lightgbms_own_predictions(classes):
    frame = table(classes)
    model = TableModel.fit(frame, "y")
    truth = truth_of(model, frame, frame["y"])
    said = lightgbm.Booster(model_str=model.text).predict(frame[list("abcd")].to_numpy())
    known = frame["y"].notna().to_numpy()
    if not classes:
        want = frame["y"].astype(float) - said
    else:
        chances = np.column_stack([1 - said, said]) if classes == 2 else said
        want = [1 - chances[i, int(y[-1])] if y is not None else np.nan for i, y in enumerate(frame["y"])]
    np.testing.assert_allclose(truth.residual, want, atol=1e-9)
    assert (truth.known == known).all()


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_each_row_with_a_target_has_one_use_and_the_figures_are_of_those_held_out(classes):
    frame = table(classes)
    model = TableModel.fit(frame, "y")
    truth = truth_of(model, frame, frame["y"])
    every = np.concatenate(list(truth.used.values()))
    assert sorted(every) == np.flatnonzero(truth.known).tolist()
    assert {name: len(rows) for name, rows in truth.used.items()} == {name: model.rows[name] for name in truth.used}
    assert [use == "" for use in truth.use] == (~truth.known).tolist()
    held = truth.residual[truth.used["held out"]]
    if classes:
        assert model.metrics["log_loss"] == pytest.approx(-np.log(1 - held).mean())
    else:
        assert model.metrics["rmse"] == pytest.approx(np.sqrt(np.square(held).mean()))


def test_of_a_model_from_a_file_nobody_knows_what_it_saw():
    frame = table(0)
    model = TableModel.load(TableModel.fit(frame, "y").text, frame, "y")
    truth = truth_of(model, frame, frame["y"])
    assert truth.used == {} and set(truth.use) == {""}


@given(arrays.arrays(float, st.integers(0, 60), elements=st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0])), st.integers(0, 9))
def test_a_calibration_counts_every_row_once(chances, seed):
    happened = np.random.default_rng(seed).random(len(chances)) < chances
    bins = calibration(chances, happened)
    assert sum(one.rows for one in bins) == len(chances)
    assert sum(one.rows * one.share for one in bins) == pytest.approx(happened.sum())
    assert sum(one.rows * one.given for one in bins) == pytest.approx(chances.sum())
    assert all(0 <= one.low <= one.share <= one.high <= 1 and one.low < one.high for one in bins)
    assert [one.given for one in bins] == sorted(one.given for one in bins) and len(bins) <= 10
