"""Estimators and functions of somebody's own: games against mixtures made by hand, answers against the model's own."""

import itertools
import pickle
import warnings

import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from model import TableModel
from xai import explain

EVERY = np.array(list(itertools.product([False, True], repeat=3)))


def table(rows=60):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(20, 80, rows), "pay": rng.normal(size=rows)})
    return frame.assign(city=rng.choice(["Rom", "Oslo", "Bern"], rows))


X = table()
TWO = np.where(X["age"] + 20 * X["pay"] > 50, "yes", "no")
THREE = np.digitize(X["age"], [40, 60])


def piped(last, y, frame=X):
    encoder = OneHotEncoder(handle_unknown="ignore")
    return make_pipeline(ColumnTransformer([("c", encoder, ["city"])], remainder="passthrough"), last).fit(frame, y)


def by_hand(model, row, says):
    """(8, k): says(frame) of each mixture with each background row, averaged."""
    found = []
    for there in EVERY:
        mixed = model.background.copy()
        for present, name in zip(there, mixed.columns):
            if present:
                mixed[name] = pd.Series([row[name]] * len(mixed)).astype(mixed[name].dtype)
        found.append(says(mixed).mean(axis=0))
    return np.array(found)


@pytest.mark.parametrize("y", [TWO, TWO == "yes", (TWO == "yes").astype(int), X["city"].to_numpy(), THREE], ids=str)
def test_probabilities_become_log_odds(y):
    model = piped(GaussianNB(), y, X.assign(city="Rom") if y is X["city"].to_numpy() else X)
    made = TableModel.of(model, X.assign(goal=y), "goal")
    chances = model.predict_proba(X)
    assert made.labels == ["age", "pay", "city"] and made.target.classes == [str(one) for one in model.classes_]
    np.testing.assert_array_equal(made.predict(X).probabilities, chances)
    assert made.metrics["accuracy"] == pytest.approx((model.predict(X) == y).mean())
    assert made.rows == {"judged": 60, "no target": 0} and "may have been fitted" in made.notes[-1]
    assert made.units.startswith("log-odds of") and any("1e-09" in note for note in made.notes)


def test_a_game_is_of_mixtures_in_the_frames_own_types():
    model, row = piped(LogisticRegression(), TWO), X.iloc[3]
    made = TableModel.of(model, X)
    game = made.game(row)
    want = by_hand(made, row, lambda mixed: np.log(model.predict_proba(mixed)[:, 1] / model.predict_proba(mixed)[:, 0]))
    np.testing.assert_allclose(game(EVERY), want, atol=1e-12)
    np.testing.assert_array_equal(made.game(row.to_dict())(EVERY), game(EVERY))
    exact = explain(game, "banzhaf", method="exact")
    np.testing.assert_allclose(exact.values[0], want[EVERY[:, 0]].mean() - want[~EVERY[:, 0]].mean(), atol=1e-12)
    few = made.game(row, background=X.iloc[:2])
    assert few(EVERY[:1])[0] == pytest.approx(np.mean(made.predict(X.iloc[:2]).margin))
    with pytest.raises(ValueError, match="no closed form"):
        made.exact(row)
    assert not made.closed and game.exact is None


@pytest.mark.parametrize(
    ("last", "y", "units", "link"),
    [
        (SVC(), TWO, "raw score of yes", "step"),
        (RidgeClassifier(), THREE, "raw score of each class", "step"),
        (SVC(decision_function_shape="ovo"), THREE, "1 for the class that is predicted, else 0", "share"),
        (Ridge(), X["age"], "goal", "identity"),
        (KNeighborsClassifier(), TWO, "log-odds of yes", "logistic"),
    ],
)
def test_each_is_asked_by_what_it_has(last, y, units, link):
    model = piped(last, y)
    made = TableModel.of(model, X.assign(goal=y), "goal")
    assert (made.units, made.link) == (units, link)
    predicted = made.predict(X)
    if link == "identity":
        np.testing.assert_array_equal(predicted.margin, model.predict(X))
    else:
        names = np.array(made.target.classes)[predicted.probabilities.argmax(axis=1)]
        assert (names == model.predict(X).astype(str)).mean() > 0.99
        assert made.metrics["accuracy"] == pytest.approx((model.predict(X) == y).mean(), abs=0.02)
    if link == "step" and made.target.n_outputs == 1:
        np.testing.assert_array_equal(predicted.margin, model.decision_function(X))


def test_a_model_that_was_fitted_to_an_array_gets_one():
    model = LogisticRegression().fit(X[["age", "pay"]].to_numpy(), TWO)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = TableModel.of(model, X[["age", "pay"]].assign(goal=TWO), "goal")
        assert made.game(X.iloc[0])(EVERY[:1, :2]).shape == (1,)
    with pytest.raises(ValueError, match="reads 2 columns; the table has 3"):
        TableModel.of(model, X)


class Answering:
    """Of scikit-learn's interface, and none of its classes."""

    def __init__(self, says, classes=(0, 1)):
        self.says, self.classes_ = says, np.array(classes)

    def predict_proba(self, frame):
        return self.says(1.0 / (1.0 + np.exp(-np.asarray(frame["pay"], np.float32))))


def test_interfaces_are_asked_whoever_wrote_them():
    made = TableModel.of(Answering(lambda p: np.column_stack([1 - p, p])), X.assign(goal=X["pay"] > 0), "goal")
    assert made.outputs == ["1"] and made.metrics["accuracy"] == 1.0  # False and True are the 0 and 1 of its classes
    np.testing.assert_allclose(made.predict(X).margin, X["pay"], atol=1e-5)
    for says, told in (
        (lambda p: p, "1 numbers for 2 classes"),
        (lambda p: 100 * np.column_stack([1 - p, p]), "no probability"),
        (lambda p: [np.column_stack([1 - p, p])] * 2, "2 columns at once"),
    ):
        with pytest.raises(ValueError, match=told):
            TableModel.of(Answering(says), X)
    each = TableModel.of(Answering(lambda p: np.column_stack([p, p, 1 - p]), list("abc")), X)
    assert any("do not add up to 1" in note for note in each.notes) and each.units == "log-odds of each class"
    np.testing.assert_allclose(each.predict(X).margin, np.column_stack([X["pay"], X["pay"], -X["pay"]]), atol=1e-5)


def test_a_method_is_asked_as_its_estimator():
    cells = X[["age", "pay"]]
    model = LogisticRegression().fit(cells.to_numpy(), TWO)
    whole, method = TableModel.of(model, cells), TableModel.of(model.predict_proba, cells)
    assert method.target == whole.target
    np.testing.assert_array_equal(method.predict(cells).margin, whole.predict(cells).margin)
    assert TableModel.of(model.predict, cells).units == "1 where yes is predicted, else 0"


def test_names_choose_the_columns():
    model = Ridge().fit(X[["pay", "age"]], X["age"])
    made = TableModel.of(model, X)
    assert made.labels == ["pay", "age"] and "does not read city" in made.notes[-1]


@pytest.mark.parametrize(
    ("says", "margins"),
    [
        (lambda frame: frame["age"].tolist(), X["age"]),
        (lambda frame: frame["age"] > 50, X["age"] > 50),
        (lambda frame: frame[["age"]].to_numpy(), X["age"]),
        (lambda frame: frame["age"].astype("Int64"), X["age"]),
        (lambda frame: frame["age"].astype(object), X["age"]),
        (lambda frame: np.column_stack([frame["age"], frame["pay"]]), X[["age", "pay"]]),
        (lambda frame: frame.pop("age"), X["age"]),
    ],
)
def test_functions_may_answer_in_any_form(says, margins):
    made = TableModel.of(says, X)
    np.testing.assert_array_equal(made.predict(X).margin, np.asarray(margins, float))
    assert (made.units, made.outputs) in [("prediction", ["prediction"]), ("each output", ["output 1", "output 2"])]
    before = X.copy()
    made.game(X.iloc[0])(EVERY)
    pd.testing.assert_frame_equal(X, before)
    assert any("alters" in note for note in made.notes) == ("pop" in says.__code__.co_names)


def test_a_function_of_probabilities_has_the_targets_classes_in_order_or_its_own():
    model = piped(LogisticRegression(), TWO)
    plain = TableModel.of(lambda frame: model.predict_proba(frame), X.assign(goal=TWO), "goal")
    assert plain.target.classes == ["no", "yes"] and any("in the order no, yes" in note for note in plain.notes)
    turned = TableModel.of(
        lambda frame: pd.DataFrame(model.predict_proba(frame)[:, ::-1], columns=["yes", "no"]), X.assign(goal=TWO), "goal"
    )
    assert turned.target.classes == ["yes", "no"] and turned.metrics == pytest.approx(plain.metrics)
    np.testing.assert_allclose(turned.predict(X).margin, -plain.predict(X).margin)
    number = TableModel.of(lambda frame: model.predict_proba(frame)[:, 1], X.assign(goal=TWO), "goal")
    assert number.target.kind == "regression" and number.metrics == {} and any("not judged" in note for note in number.notes)


def test_probabilities_that_are_0_and_1_are_cut_and_others_keep_their_digits():
    made = TableModel.of(lambda frame: np.column_stack([frame["age"] > 50, frame["age"] <= 50]).astype(float), X)
    assert set(np.abs(made.predict(X).margin).round(3)) == {20.723}
    assert "In 60 of 60 rows" in made.notes[0]
    sure = TableModel.of(lambda frame: np.tile([1e-8, 1.0 - 1e-8], (len(frame), 1)), X)
    np.testing.assert_allclose(sure.predict(X).margin, np.log((1 - 1e-8) / 1e-8), rtol=1e-12)


def test_a_row_whose_answer_depends_on_its_company_is_asked_alone():
    made = TableModel.of(lambda frame: frame["age"] - frame["age"].mean() + frame["pay"], X)
    np.testing.assert_allclose(made.predict(X).margin, X["pay"], atol=1e-12)
    assert "one by one" in made.notes[0]
    ranked = TableModel.of(lambda frame: frame["age"].rank() + np.arange(len(frame)), X)
    assert set(ranked.predict(X).margin) == {1.0}


KINDS = {
    "category": pd.Categorical(["a", "b", None, "b"]),
    "nullable": pd.array([1, None, 3, 4], "Int64"),
    "text": pd.Series(["a", None, "b", "a"]),
    "object": pd.Series(["a", None, 3.5, True], dtype=object),
    "date": pd.to_datetime(["2020-01-01", None, "2021-05-05", "2022-01-01"]),
    "zoned": pd.to_datetime(["2020-01-01", None, "2021-05-05", "2022-01-01"], utc=True),
    "boolean": pd.Series([True, False, True, False]),
    "single": pd.Series([0.1, None, 3.0, 4.0], dtype="float32"),
    "whole": pd.Series([1, 2, 3, 2**62 + 1]),
}


def test_cells_reach_the_model_as_they_are_in_the_frame():
    frame, seen = pd.DataFrame(KINDS), []
    made = TableModel.of(lambda given: seen.append(given) or given["whole"].to_numpy(float), frame)
    for i in range(len(frame)):
        for row in (frame.iloc[[i]], dict(zip(frame, frame.iloc[[i]].to_numpy(object)[0]))):
            seen.clear()
            made.game(row, background=frame)(np.eye(9, dtype=bool))
            assert all((given.dtypes == frame.dtypes).all() for given in seen)
            assert seen[0]["category"].cat.categories.tolist() == ["a", "b"]
            for k, name in enumerate(frame):
                want = frame[name].copy()
                np.testing.assert_array_equal(seen[0][name].iloc[4 * k : 4 * k + 4].isna(), [pd.isna(frame[name][i])] * 4)
                if not pd.isna(frame[name][i]):
                    assert (seen[0][name].iloc[4 * k : 4 * k + 4] == frame[name][i]).all()
                other = (k + 1) % 9
                pd.testing.assert_series_equal(
                    seen[0][name].iloc[4 * other : 4 * other + 4].reset_index(drop=True), want, check_index=False
                )


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("category", "c"),
        ("whole", 1.5),
        ("whole", None),
        ("boolean", "False"),
        ("boolean", None),
        ("date", "1/2/2020"),
        ("text", 3),
    ],
)
def test_a_cell_that_its_column_cannot_hold_is_refused(name, cell):
    frame = pd.DataFrame(KINDS)
    made = TableModel.of(lambda given: given["whole"].to_numpy(float), frame)
    row = dict(zip(frame, frame.iloc[[0]].to_numpy(object)[0])) | {name: cell}
    with pytest.raises(ValueError, match=f"the column '{name}' takes") as caught:
        made.game(row)
    assert "\n" not in str(caught.value)


TREES = [
    (RandomForestClassifier(n_estimators=4), "share"),
    (ExtraTreesClassifier(n_estimators=4), "share"),
    (DecisionTreeClassifier(max_depth=4), "share"),
    (HistGradientBoostingClassifier(max_iter=4), "logistic"),
    (GradientBoostingClassifier(n_estimators=4), "logistic"),
    (lightgbm.LGBMClassifier(n_estimators=4, verbose=-1, min_child_samples=5), "logistic"),
    (RandomForestRegressor(n_estimators=4), "identity"),
    (DecisionTreeRegressor(max_depth=4), "identity"),
    (GradientBoostingRegressor(n_estimators=4), "identity"),
    (HistGradientBoostingRegressor(max_iter=4, loss="poisson"), "exp"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("model", "link"), TREES, ids=lambda one: type(one).__name__)
def test_trees_have_exact_values(model, link):
    cells, classes = X[["age", "pay"]].copy(), THREE if type(model).__name__.startswith(("Extra", "Hist")) else TWO
    if not type(model).__name__.startswith("GradientBoosting"):
        cells.loc[::5, "pay"] = np.nan
    of_classes = link in ("share", "logistic")
    model.set_params(random_state=0).fit(cells, classes if of_classes else X["age"] + X["pay"].abs())
    made = TableModel.of(model, cells.assign(goal=classes if of_classes else X["age"]), "goal")
    assert made.closed and made.link == ("softmax" if link == "logistic" and classes is THREE else link)
    if of_classes:
        assert made.target.classes == [str(one) for one in model.classes_]
        np.testing.assert_allclose(made.predict(cells).probabilities, model.predict_proba(cells), atol=1e-12)
    else:
        np.testing.assert_allclose(made.answers(made.predict(cells).margin), model.predict(cells), rtol=1e-12)
    for index in ("banzhaf", "shapley"):
        every = explain(made.game(cells.iloc[5]), index, method="exact").values
        np.testing.assert_allclose(made.exact(cells.iloc[5], index)[0], every, atol=1e-10)


def test_trees_that_predict_otherwise_than_their_model_are_not_taken():
    class Twice(RandomForestRegressor):
        pass

    Twice.__module__, Twice.__name__ = "sklearn.ensemble", "RandomForestRegressor"
    Twice.predict = lambda self, frame: 2 * RandomForestRegressor.predict(self, frame)
    made = TableModel.of(Twice(n_estimators=3).fit(X[["age", "pay"]], X["age"]), X)
    assert not made.closed
    booster = lightgbm.train(
        {"verbose": -1, "min_data_in_leaf": 5, "objective": "binary"}, lightgbm.Dataset(X[["age"]], TWO == "yes"), 3
    )
    assert TableModel.of(booster, X[["age"]]).units == "log-odds of 1"


NOISE = np.random.default_rng(0)
BAD = {
    "a class": (LogisticRegression, X, None, "is a class, not a model"),
    "unfitted": (LogisticRegression(), X[["age"]], None, "not fitted"),
    "no model": (3, X, None, "must be a function"),
    "no frame": (lambda frame: 0, X.to_numpy(), None, "must be a pandas DataFrame"),
    "no rows": (lambda frame: frame["age"], X.iloc[:0], None, "has no rows"),
    "two columns of one name": (lambda frame: 0, pd.concat([X, X], axis=1), None, "two columns of the table are called 'age'"),
    "chance": (lambda frame: NOISE.normal(size=len(frame)), X, None, "other answers to the same rows"),
    "texts": (lambda frame: frame["city"], X, None, "no array of numbers"),
    "nothing": (lambda frame: None, X, None, "no array of numbers|shape"),
    "one number": (lambda frame: 3.0, X, None, "shape"),
    "too few": (lambda frame: frame["age"].iloc[1:], X, None, "shape"),
    "NaN": (lambda frame: frame["age"] * np.nan, X, None, "must be finite"),
    "infinite": (lambda frame: frame["age"] / 0.0, X, None, "must be finite"),
    "an error": (lambda frame: 1 / 0, X, None, "does not take these rows: division by zero"),
    "missing cells": (Ridge().fit(X[["age"]], X["age"]), X[["age"]].where(X["age"] > 30), None, "contains NaN"),
    "a column that is missing": (Ridge().fit(X[["age"]], X["age"]), X[["pay"]], None, "no column 'age', which the model reads"),
    "no target": (lambda frame: frame["age"], X, "goal", "no column 'goal'"),
    "a target that is read": (Ridge().fit(X[["age"]], X["age"]), X, "age", "cannot be the one that it predicts"),
    "other classes": (piped(GaussianNB(), TWO), X.assign(goal=["maybe"] * 60), "goal", "has 'maybe' too"),
    "two outputs": (MultiOutputRegressor(Ridge()).fit(X[["age"]], X[["age", "pay"]]), X, "pay", "answers with 2 numbers"),
    "two targets": (KNeighborsClassifier().fit(X[["age"]], np.column_stack([TWO, THREE])), X, None, "2 columns at once"),
    "one class": (DummyClassifier().fit(X[["age"]], ["a"] * 60), X[["age"]], None, "one class only, 'a'"),
    "clusters": (KMeans(2, n_init=1).fit(X[["age"]]), X, None, "groups rows"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_explained_is_one_sentence(case):
    model, frame, target, told = BAD[case]
    with pytest.raises((ValueError, TypeError), match=told) as caught:
        TableModel.of(model, frame, target)
    assert "\n" not in str(caught.value)


def test_outliers_are_explained_by_their_score_and_a_model_can_be_sent_to_another_process():
    forest = IsolationForest(n_estimators=3, random_state=0).fit(X[["age"]])
    made = pickle.loads(pickle.dumps(TableModel.of(forest, X)))
    np.testing.assert_array_equal(made.predict(X).margin, forest.decision_function(X[["age"]]))
