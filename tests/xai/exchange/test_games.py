"""Functions, estimators and games of other libraries are games with the values that those libraries compute."""

import numpy as np
import pandas as pd
import pytest
import shap
from games import brute_force
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from xai import explain, explain_rows, game_of, to_shap

RNG = np.random.default_rng(3)
BACKGROUND, ROW = RNG.normal(size=(7, 4)), RNG.normal(size=4)


def f(x):
    return x[:, 0] * x[:, 1] + np.sin(x[:, 2]) - x[:, 3] ** 2


def both(x):
    return np.stack([f(x), 2 * x[:, 0]], axis=1)


@pytest.mark.parametrize("function", [f, both, lambda x: f(x).tolist()])
def test_absent_cells_are_averaged_over_the_background(function):
    game, rows = game_of(function, ROW, BACKGROUND), []
    for coalition in np.random.default_rng(0).random((20, 4)) < 0.5:
        mixed = BACKGROUND.copy()
        mixed[:, coalition] = ROW[coalition]
        rows.append((coalition, np.mean(function(mixed), axis=0)))
    np.testing.assert_allclose(game(np.array([z for z, _ in rows])), [value for _, value in rows], atol=1e-14)
    assert game.labels == ["column 0", "column 1", "column 2", "column 3"]


def test_values_are_those_of_shap_and_of_the_definition():
    game = game_of(f, ROW, BACKGROUND)
    found = explain(game, "shapley", "exact")
    np.testing.assert_allclose(found.values, brute_force(game, "shapley"), atol=1e-12)
    theirs = shap.KernelExplainer(f, BACKGROUND)
    np.testing.assert_allclose(found.values, theirs.shap_values(ROW, silent=True), atol=1e-8)
    np.testing.assert_allclose(found.empty_value, theirs.expected_value)
    np.testing.assert_allclose(explain(game, "banzhaf", "exact").values, brute_force(game, "banzhaf"), atol=1e-12)


def test_batches_say_what_single_coalitions_say(monkeypatch):
    monkeypatch.setattr("xai.exchange.games.ROWS_PER_CALL", 20)
    game = game_of(both, ROW, BACKGROUND)
    every = np.array([[i >> j & 1 for j in range(4)] for i in range(16)], bool)
    assert game.batch_size == 2
    np.testing.assert_array_equal(game(every), np.concatenate([game(z[None]) for z in every]))


FRAME = pd.DataFrame(
    {
        "n": [1, 2, 3],
        "x": [0.5, np.nan, 2.5],
        "colour": pd.Categorical(["red", "blue", "red"]),
        "word": ["a", "b", None],
        "day": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"]),
        "yes": [True, False, True],
    }
)


@pytest.mark.parametrize("row", [FRAME.iloc[0], FRAME.iloc[[0]], FRAME.iloc[0].to_dict(), [*FRAME.iloc[0]], FRAME.iloc[0][::-1]])
def test_columns_of_a_frame_keep_their_names_and_types(row):
    seen = []

    def count(frame):
        seen.append(frame)
        return frame.n + frame.yes

    game = game_of(count, row, FRAME)
    values = game(np.array([[0] * 6, [1] * 6, [1, 0, 0, 0, 0, 0]], bool))
    np.testing.assert_allclose(values, [2 + 2 / 3, 2.0, 1 + 2 / 3])
    assert game.labels == list(FRAME) and (seen[0].dtypes == FRAME.dtypes).all()
    pd.testing.assert_frame_equal(seen[0].iloc[:3].reset_index(drop=True), FRAME)
    pd.testing.assert_frame_equal(seen[0].iloc[[3]].reset_index(drop=True), FRAME.iloc[[0]])


def test_numbers_of_a_row_are_neither_cut_nor_wrapped():
    for background in (np.array([[1, 2], [3, 4]], np.int8), pd.DataFrame({"a": [1, 3], "b": [2, 4]}, dtype="int8")):
        game = game_of(lambda x: np.asarray(x, float).sum(axis=1), [300, 0.5], background)
        np.testing.assert_array_equal(game(np.eye(2, dtype=bool)), [303.0, 2.5])
    seen = []
    game_of(lambda x: seen.append(x.dtype) or x[:, 0], [0.1, 2], np.ones((1, 2), np.float32))(np.ones((1, 2), bool))
    assert seen == [np.float32]
    texts = game_of(lambda x: [len(a) + b for a, b in x], ["long", 3], np.array([["a", 1]], object))
    np.testing.assert_array_equal(texts(np.array([[1, 0], [0, 1]], bool)), [5, 4])


@pytest.mark.parametrize(
    "column",
    [
        pd.date_range("2020", periods=2, tz="Europe/Berlin"),
        pd.to_datetime(["2020", "2021"]),
        pd.to_timedelta([1, 2], "D"),
        pd.period_range("2020", periods=2, freq="M"),
        pd.array([1, 2], "Int64"),
        pd.array([True, False], "boolean"),
        pd.array(["a", "b"], "string"),
        pd.Categorical(["a", "b"]),
        np.array([1.5, 2.5], np.float32),
    ],
    ids=lambda column: str(column.dtype),
)
def test_a_missing_cell_is_one_in_any_type(column):
    frame, seen = pd.DataFrame({"it": column}), []
    game = game_of(lambda rows: seen.append(rows) or rows["it"].isna().astype(float), frame.reindex([5]), frame)
    np.testing.assert_array_equal(game(np.array([[True], [False]])), [1, 0])
    assert seen[0]["it"].dtype == frame["it"].dtype


@pytest.mark.parametrize(
    ("row", "background", "why"),
    [
        (ROW[:3], BACKGROUND, "row has shape"),
        (ROW, ROW, "background must be an array or frame"),
        (ROW, np.zeros((0, 4)), "background must be"),
        (["a", 1, 2, 3], BACKGROUND, "background holds numbers"),
        (None, BACKGROUND, "needs row"),
        (ROW, None, "needs row"),
        (FRAME.iloc[0], FRAME[:0], "must have rows"),
        (FRAME.iloc[0], FRAME[["n", "n"]], "different names"),
        (FRAME.iloc[0][1:], FRAME, r"differ in the columns \['n'\]"),
        ([1, 2], FRAME, "row has 2 cells"),
        (FRAME, FRAME, "frame of 3 rows"),
        ({**FRAME.iloc[0], "colour": "green"}, FRAME, "'green' of the row does not fit the column 'colour'"),
        ({**FRAME.iloc[0], "n": "many"}, FRAME, "'many' of the row does not fit"),
        ({**FRAME.iloc[0], "word": 3}, FRAME, "3 of the row does not fit"),
        ({**FRAME.iloc[0], "yes": 2}, FRAME, "2 of the row does not fit"),
        ({**FRAME.iloc[0], "day": "soon"}, FRAME, "'soon' of the row does not fit"),
    ],
)
def test_what_does_not_fit_gets_one_sentence(row, background, why):
    with pytest.raises((TypeError, ValueError), match=why):
        game_of(f, row, background)


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (3, "f must be callable"),
        (lambda x: ["a"] * len(x), "answers are not numbers"),
        (lambda x: 1.0, r"answers 7 rows by shape \(\)"),
        (lambda x: np.zeros((len(x), 2, 2)), r"by shape \(7, 2, 2\)"),
        (lambda x: np.zeros(len(x) + 1), "by shape"),
    ],
)
def test_a_function_that_answers_otherwise_gets_one_sentence(function, why):
    with pytest.raises((TypeError, ValueError), match=why):
        game_of(function, ROW, BACKGROUND)(np.ones((1, 4), bool))


def half(normalize, names=None):
    """A game of shapiq with v(no player) = −½, which is normalised or not."""
    import shapiq

    class Half(shapiq.Game):
        def value_function(self, coalitions):
            return coalitions @ np.array([1.0, 2.0, 4.0]) - 0.5

    return Half(3, normalize=normalize, normalization_value=-0.5 if normalize else None, player_names=names)


def test_a_game_of_shapiq_has_its_values_before_they_were_normalised():
    every = np.array([[i >> j & 1 for j in range(3)] for i in range(8)], bool)
    for normalize in (True, False):
        game = game_of(half(normalize, ["c", "a", "b"]))
        np.testing.assert_allclose(game(every), np.arange(8) - 0.5)
        assert game.labels == ["c", "a", "b"] and game_of(half(normalize)).labels == ["player 0", "player 1", "player 2"]
        game.game.precompute()
        np.testing.assert_allclose(game(every), np.arange(8) - 0.5)
    with pytest.raises(ValueError, match="leave both out"):
        game_of(half(True), ROW)


def test_an_imputer_of_shapiq_is_the_game_of_the_same_rows():
    import shapiq

    theirs = shapiq.MarginalImputer(f, BACKGROUND, x=ROW, sample_size=len(BACKGROUND))
    found = explain(game_of(theirs), "shapley", "exact")
    np.testing.assert_allclose(found.values, explain(game_of(f, ROW, BACKGROUND), "shapley", "exact").values, atol=1e-12)


TABLE = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "colour": ["red", "blue", "red", "green", "blue", "red"]})
TARGET = ["no", "no", "yes", "no", "yes", "yes"]


def pipeline(last):
    return make_pipeline(make_column_transformer((OneHotEncoder(), ["colour"]), remainder="passthrough"), last)


def test_a_pipeline_gives_maps_of_rows():
    fitted = pipeline(LogisticRegression()).fit(TABLE, TARGET)
    done = []
    maps = explain_rows(fitted, TABLE, progress=lambda *told: done.append(told))
    assert done[-1] == (6, 6) and len(maps) == 6 and maps[0].labels == ["size", "colour"]
    for i, one in enumerate(maps):
        np.testing.assert_allclose(one.values.sum(axis=0), one.full_value - one.empty_value, atol=1e-12)
        np.testing.assert_allclose(one.full_value, fitted.predict_proba(TABLE.iloc[[i]])[0])
        np.testing.assert_allclose(one.empty_value, fitted.predict_proba(TABLE).mean(axis=0))
    assert game_of(fitted, TABLE.iloc[0], TABLE).outputs == ["no", "yes"]
    assert to_shap(maps, TABLE, ["no", "yes"])[:, :, "yes"].shape == (6, 2)


def test_estimators_are_asked_by_the_best_method_they_have():
    rows, target = TABLE[["size"]].to_numpy(), np.arange(6) % 3
    line = LinearRegression().fit(rows, target)
    maps = explain_rows(line, rows, background=rows[:2], index="banzhaf")
    np.testing.assert_allclose([one.values[0] for one in maps], line.coef_[0] * (rows[:, 0] - rows[:2].mean()), atol=1e-12)
    ridge = RidgeClassifier().fit(rows, target)
    game = game_of(ridge, rows[0], rows)
    assert game.outputs == ["0", "1", "2"]
    np.testing.assert_allclose(game(np.ones((1, 1), bool)), ridge.decision_function(rows[:1]))
    assert game_of(RidgeClassifier().fit(rows, target > 1), rows[0], rows).outputs is None
    with pytest.raises(TypeError, match="f must be callable, or an estimator"):
        game_of(type("Voter", (), {"classes_": [0, 1], "predict": None})(), rows[0], rows)
    with pytest.raises(ValueError, match="rows must be a frame or an array"):
        explain_rows(line, rows[0])
