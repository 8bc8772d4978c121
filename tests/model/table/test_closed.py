"""Exact values from a model's own form: those of all coalitions, for the price of none."""

import numpy as np
import pandas as pd
import pytest

from model import TableModel
from xai import Ledger, explain
from xai.closed import closed_form, is_closed_form


@pytest.fixture(scope="module", params=[2, 3, 0])
def frame(request):
    rng = np.random.default_rng(request.param)
    frame = pd.DataFrame(rng.normal(size=(90, 5)).round(2), columns=list("abcde"))
    score = frame["a"] * frame["b"] + frame["c"] + rng.normal(size=90) / 5
    return frame.assign(
        y=pd.qcut(score, request.param, labels=list("uvw")[: request.param]).astype(str) if request.param else score
    )


@pytest.mark.parametrize("model", ["trees", "linear"])
@pytest.mark.parametrize("index", ["banzhaf", "shapley"])
def test_the_closed_form_is_what_all_coalitions_say(frame, model, index):
    game = TableModel.fit(frame, "y", model=model).game(frame.iloc[[3]])
    ledger = Ledger(game)
    found, every = closed_form(ledger, index), explain(game, index, "exact")
    assert ledger.evaluations == 2  # both ends
    np.testing.assert_allclose(found.values, every.values, atol=1e-9)
    for name in ("empty_value", "full_value"):
        np.testing.assert_allclose(getattr(found, name), getattr(every, name), atol=1e-9)
    assert found.values.shape == every.values.shape and not np.any(found.standard_error)
    assert is_closed_form(found) and not is_closed_form(every)
    weights = np.eye(len(game.outputs))[0]
    np.testing.assert_allclose(found.combine(weights).values, every.combine(weights).values, atol=1e-9)
    assert is_closed_form(type(found).from_json(found.to_json()))


def test_a_game_without_one_says_so(frame):
    game = TableModel.fit(frame, "y", model="network").game(frame.iloc[[0]])
    assert closed_form(Ledger(game), "banzhaf") is None
    with pytest.raises(ValueError):
        closed_form(Ledger(game), "owen")
