"""A column of predictions made elsewhere, in whatever form, is the model's own or is said to differ, and where."""

import lightgbm
import numpy as np
import pandas as pd
import pytest

from model import TableModel
from model.table.comparing import agreement

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"x": RNG.normal(size=200), "z": RNG.normal(size=200)})
SCORE = FRAME["x"] + FRAME["z"]


def loaded(objective, y, **more):
    settings = {"verbose": -1, "num_threads": 1, "objective": objective, **more}
    booster = lightgbm.train(settings, lightgbm.Dataset(FRAME, y), 5)
    return booster, TableModel.load(booster.model_to_string(), FRAME)


BINARY = loaded("binary", (SCORE > 0).astype(int))
THREE = loaded("multiclass", np.digitize(SCORE, [-1, 1]), num_class=3)
COUNTS = loaded("poisson", np.exp(SCORE))


@pytest.mark.parametrize(
    "case, column, form",
    [
        (BINARY, BINARY[0].predict(FRAME), "the probability of 1"),
        (BINARY, 1 - BINARY[0].predict(FRAME), "the probability of 0"),
        (BINARY, BINARY[0].predict(FRAME, raw_score=True), "the raw score"),
        (BINARY, (BINARY[0].predict(FRAME) > 0.5).astype(int), "the class"),
        (THREE, THREE[0].predict(FRAME)[:, 2], "the probability of 2"),
        (THREE, THREE[0].predict(FRAME, raw_score=True)[:, 1], "the raw score of 1"),
        (THREE, THREE[0].predict(FRAME).argmax(1).astype(str), "the class"),
        (COUNTS, COUNTS[0].predict(FRAME), "the prediction"),
        (COUNTS, COUNTS[0].predict(FRAME, raw_score=True).astype(np.float32), "the raw score"),
    ],
)
def test_every_form_is_known_and_a_difference_found(case, column, form):
    found = agreement(case[1], FRAME, pd.Series(column))
    assert (found.form, found.rows, found.differing) == (form, 200, 0)
    assert found.sentence.startswith("It predicts as it should")
    wrong = pd.Series(column).copy()
    wrong[17] = {"0": "1", "1": "0", 0: 1, 1: 0, "2": "0"}[wrong[17]] if form == "the class" else wrong[17] + 0.25
    found = agreement(case[1], FRAME, wrong)
    assert (found.form, found.differing, found.row) == (form, 1, 17)
    assert found.sentence.startswith("It does not predict as it should") and "row 18" in found.sentence
    if form != "the class":
        assert found.largest == pytest.approx(0.25, abs=1e-5)


def test_missing_ones_are_left_out_and_what_is_no_prediction_is_refused():
    column = pd.Series(BINARY[0].predict(FRAME))
    column[::2] = np.nan
    assert agreement(BINARY[1], FRAME, column).rows == 100
    for bad, word in ((["much"] * 200, "no predictions"), ([None] * 200, "empty"), ([1.0] * 3, "3 predictions for 200")):
        with pytest.raises(ValueError, match=word):
            agreement(BINARY[1], FRAME, pd.Series(bad))
