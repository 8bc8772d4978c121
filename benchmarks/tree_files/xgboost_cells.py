"""XGBoost's cells: every objective, booster, way to miss and way to code categories that a file can hold."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost

from benchmarks.tree_files.table import (
    CITIES,
    SIZES,
    Cell,
    as_categories,
    cells_of,
    goal_of,
    listed,
    numbers,
    packed,
    with_categories,
)

VERSION = xgboost.__version__
PARTS = tuple(int(part) for part in VERSION.split(".")[:2])
OBJECTIVES = {
    "reg:squarederror": "number",
    "reg:absoluteerror": "number",
    "reg:pseudohubererror": "number",
    "reg:squaredlogerror": "positive",
    "reg:logistic": "share",
    "binary:logistic": "two",
    "binary:logitraw": "two",
    "binary:hinge": "two",
    "multi:softprob": "three",
    "multi:softmax": "three",
    "count:poisson": "positive",
    "reg:gamma": "positive",
    "reg:tweedie": "positive",
    "survival:cox": "positive",
    "survival:aft": "positive",
    "rank:pairwise": "ranks",
    "rank:ndcg": "ranks",
    "reg:quantileerror": "number",
}
_SINCE = {"reg:absoluteerror": (1, 7), "reg:quantileerror": (2, 0)}


def cells() -> Iterator[Cell]:
    for objective, goal in OBJECTIVES.items():
        if _SINCE.get(objective, (0, 0)) <= PARTS:
            frame = numbers("nan")
            more: dict[str, Any] = {"num_class": 3} if goal == "three" else {}
            if objective == "reg:quantileerror":
                more["quantile_alpha"] = [0.1, 0.5, 0.9]
            yield _native(objective, frame, goal_of(goal, frame), "nan", **more)
    yield from _boosters()
    yield from _outputs()
    yield from _categories()
    yield from _wrapped()


def _native(objective: str, frame: pd.DataFrame, y: Any, missing: str, kind: str = "", suffix: str = "json", **more: Any) -> Cell:
    data = xgboost.DMatrix(frame, y)
    if objective == "survival:aft":
        data.set_float_info("label_lower_bound", y)
        data.set_float_info("label_upper_bound", y * 1.5)
    if objective.startswith("rank"):
        data.set_group([len(frame)])
    rounds, own = more.pop("rounds", 6), more.pop("own", None)
    booster = xgboost.train({"objective": objective, "max_depth": 3, "nthread": 1, "verbosity": 0, **more}, data, rounds, obj=own)
    return _cell(booster, objective, frame, missing, kind, suffix, own is not None)


def _cell(booster: Any, objective: str, frame: pd.DataFrame, missing: str, kind: str, suffix: str, own: bool = False) -> Cell:
    ask = xgboost.DMatrix(frame)
    margin = booster.predict(ask, output_margin=True)
    answer = booster.predict(ask)
    if objective == "multi:softmax" and not own or objective == "binary:logitraw":
        answer = None  # the class alone; the margin once more
    if own and PARTS < (2, 0) and margin.ndim > 1:
        answer = None  # the file says multi:softmax, and so is read again
    model = _saved(booster, suffix)
    name = "own" if own else objective
    return Cell("xgboost", VERSION, name, missing, "", kind, suffix, model, cells_of(frame), listed(margin), listed(answer))


def _saved(model: Any, suffix: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model.{suffix}"
        model.save_model(str(path))
        return packed(path.read_bytes())


def _boosters() -> Iterator[Cell]:
    """DART, forests, pruning, a base score, trees without splits; as UBJSON too; no missing cells; a linear one is refused."""
    nan, none = numbers("nan"), numbers("none")
    number, two, three = (goal_of(goal, nan) for goal in ("number", "two", "three"))
    dart = {"booster": "dart", "rate_drop": 0.5, "one_drop": 1, "seed": 3}
    forest = {"num_parallel_tree": 3, "subsample": 0.7, "colsample_bynode": 0.7, "seed": 4}
    yield _native("reg:squarederror", nan, number, "nan", "dart", **dart)
    yield _native("multi:softprob", nan, three, "nan", "dart", num_class=3, **dart)
    yield _native("binary:logistic", nan, two, "nan", "forest", rounds=1, **forest)
    yield _native("multi:softprob", nan, three, "nan", "boosted forest", rounds=3, num_class=3, **forest)
    yield _native("reg:squarederror", nan, number, "nan", "pruned", tree_method="exact", gamma=40.0)
    yield _native("binary:logistic", nan, two, "nan", "base score", base_score=0.3)
    yield _native("count:poisson", nan, goal_of("positive", nan), "nan", "base score", base_score=2.0)
    yield _native("reg:squarederror", nan, number, "nan", "stumps without splits", gamma=1e9)
    yield _native("reg:squarederror", none, goal_of("number", none), "none")
    yield _native("reg:squarederror", none, goal_of("number", none), "none", "exact", tree_method="exact")
    yield _native(
        "reg:squarederror", none, goal_of("number", none), "none", "lossguide", tree_method="hist", grow_policy="lossguide"
    )
    for objective, y, more in (
        ("reg:squarederror", number, {}),
        ("multi:softprob", three, {"num_class": 3}),
        ("binary:logistic", two, {}),
    ):
        yield _native(objective, nan, y, "nan", suffix="ubj", **more)
    yield _native("reg:squarederror", nan, number, "nan", "dart", "ubj", **dart)
    linear = _native("reg:squarederror", none, goal_of("number", none), "none", "linear", booster="gblinear")
    linear.refused, linear.margin, linear.answer = "gblinear", None, None
    yield linear


def _outputs() -> Iterator[Cell]:
    """Two classes as several, objectives of one's own, several targets, vectors as leaves."""
    frame = numbers("nan")
    two, three, number = (goal_of(goal, frame) for goal in ("two", "three", "number"))
    yield _native("multi:softprob", frame, two, "nan", "two classes", num_class=2)
    yield _native("multi:softmax", frame, two, "nan", "two classes", num_class=2)
    yield _native("multi:softprob", frame, two, "nan", "two classes", "ubj", num_class=2)

    def square(margin: Any, data: Any) -> Any:
        return margin - data.get_label(), np.ones(len(margin))

    def softmax(margin: Any, data: Any) -> Any:
        k = data.get_label().astype(int)
        margin = np.asarray(margin).reshape(len(k), 3)
        share = np.exp(margin - margin.max(1, keepdims=True))
        share /= share.sum(1, keepdims=True)
        gradient, hessian = share - np.eye(3)[k], share * (1 - share) + 1e-3
        return (gradient, hessian) if PARTS >= (2, 1) else (gradient.reshape(-1, 1), hessian.reshape(-1, 1))

    yield _native("reg:squarederror", frame, number, "nan", "one output", own=square)
    yield _native("reg:squarederror", frame, three, "nan", "three outputs", own=softmax, num_class=3)
    both = np.column_stack([number, -2.0 * number + 1.0])
    yield _native("reg:squarederror", frame, both, "nan", "two targets", tree_method="hist")
    labels = _native("binary:logistic", frame, np.column_stack([two, 1 - two]), "nan", "two labels", tree_method="hist")
    labels.refused, labels.margin, labels.answer = "labels", None, None
    yield labels
    if PARTS >= (2, 0):
        vectors = {"multi_strategy": "multi_output_tree", "tree_method": "hist"}
        yield _native("reg:squarederror", frame, both, "nan", "vectors", **vectors)
        yield _native("multi:softprob", frame, three, "nan", "vectors", num_class=3, **vectors)
        yield _native("multi:softprob", frame, two, "nan", "vectors of two classes", num_class=2, **vectors)
        yield _native("reg:squarederror", frame, both, "nan", "vectors", "ubj", **vectors)


def _categories() -> Iterator[Cell]:
    """Sets of categories and one against all, given as pandas' categories, asked with levels, codes and pandas' own."""
    plain = with_categories(numbers("nan"))
    frame = as_categories(plain)
    settings = {"max_depth": 4, "nthread": 1, "tree_method": "hist", "verbosity": 0}
    names = PARTS >= (3, 1)  # since then the file holds them
    for kind, more in (("sets", {"max_cat_to_onehot": 1}), ("one against all", {"max_cat_to_onehot": 99})):
        for objective, goal in (("reg:squarederror", "number"), ("binary:logistic", "two"), ("multi:softprob", "three")):
            several = {"num_class": 3} if goal == "three" else {}
            data = xgboost.DMatrix(frame, goal_of(goal, plain), enable_categorical=True)
            booster = xgboost.train({"objective": objective, **settings, **more, **several}, data, 6)
            ask = xgboost.DMatrix(frame, enable_categorical=True)
            told = listed(booster.predict(ask, output_margin=True)), listed(booster.predict(ask))
            model, ubj = _saved(booster, "json"), _saved(booster, "ubj")
            start = ("xgboost", VERSION, objective, "nan")
            if names:
                yield Cell(*start, f"{kind} by levels", "", "json", model, cells_of(plain), *told)
                yield Cell(*start, f"{kind} by levels", "", "ubj", ubj, cells_of(plain), *told)
                continue
            yield Cell(*start, f"{kind} by levels", "", "json", model, cells_of(plain), refused="which number")
            coded = plain.assign(city=frame["city"].cat.codes, size=frame["size"].cat.codes)
            yield Cell(*start, f"{kind} by codes", "", "json", model, cells_of(coded), *told)
            levels = {"city": CITIES, "size": SIZES}
            yield Cell(*start, f"{kind} of pandas", "", "ubj", ubj, cells_of(plain), *told, levels=levels)
    if names:
        accents = plain.assign(city=plain["city"].replace("Sao Paulo", "São Paulo"))
        own = accents.astype({"city": "category", "size": "category"})
        booster = xgboost.train(settings, xgboost.DMatrix(own, truth_of(plain), enable_categorical=True), 2)
        start = ("xgboost", VERSION, "reg:squarederror", "nan", "levels beyond ASCII", "", "json")
        yield Cell(*start, _saved(booster, "json"), cells_of(accents), refused="ASCII")
    half = plain.assign(size=plain["size"].replace({3: 0, 4: 1, 8: 2, 10: 3})).drop(columns="city")
    data = xgboost.DMatrix(half, truth_of(plain), feature_types=["q", "q", "q", "c"])
    booster = xgboost.train({"objective": "reg:squarederror", **settings, "max_cat_to_onehot": 1}, data, 6)
    ask = xgboost.DMatrix(half, feature_types=["q", "q", "q", "c"])
    told = listed(booster.predict(ask, output_margin=True)), listed(booster.predict(ask))
    start = ("xgboost", VERSION, "reg:squarederror", "nan")
    yield Cell(*start, "codes of one's own", "", "json", _saved(booster, "json"), cells_of(half), *told)
    other = half.assign(size=plain["size"])
    yield Cell(*start, "levels for codes", "", "json", _saved(booster, "json"), cells_of(other), refused="codes")


def truth_of(frame: pd.DataFrame) -> Any:
    return goal_of("number", frame)


def _wrapped() -> Iterator[Cell]:
    """scikit-learn's interface: early stopping, forests, another number for missing, its own names of columns."""
    frame = numbers("nan")
    settings: dict[str, Any] = {"n_estimators": 40, "max_depth": 3, "learning_rate": 0.5, "n_jobs": 1, "verbosity": 0}
    for wrapper, goal in ((xgboost.XGBRegressor, "number"), (xgboost.XGBClassifier, "two"), (xgboost.XGBClassifier, "three")):
        y = goal_of(goal, frame)
        stop = {**settings, "early_stopping_rounds": 2, "subsample": 0.5, "random_state": 1}
        fitted = wrapper(**stop).fit(frame[:200], y[:200], eval_set=[(frame[200:], y[200:])], verbose=False)
        yield _wrapped_cell(fitted, frame, "nan", f"early stopping {goal}")
    forest = {**settings, "n_estimators": 5}
    yield _wrapped_cell(xgboost.XGBRFClassifier(**forest).fit(frame, goal_of("two", frame)), frame, "nan", "forest")
    yield _wrapped_cell(xgboost.XGBRFRegressor(**forest).fit(frame, goal_of("number", frame)), frame, "nan", "forest")
    arrays = xgboost.XGBRegressor(**forest).fit(frame.to_numpy(), goal_of("number", frame))
    yield _wrapped_cell(arrays, frame, "nan", "without names")
    if PARTS < (2, 0):  # later files do not say it
        marked = numbers("minus one")
        fitted = xgboost.XGBRegressor(**forest, missing=-1.0).fit(marked, goal_of("number", marked))
        yield _wrapped_cell(fitted, marked, "minus one", "")


def _wrapped_cell(fitted: Any, frame: pd.DataFrame, missing: str, kind: str) -> Cell:
    ask = frame.to_numpy() if kind == "without names" else frame
    margin = fitted.predict(ask, output_margin=True)
    chances = hasattr(fitted, "predict_proba")
    answer = fitted.predict_proba(ask) if chances else fitted.predict(ask)
    objective = fitted.get_xgb_params()["objective"]
    told = cells_of(frame), listed(margin), listed(answer)
    return Cell(
        "xgboost", VERSION, str(objective), missing, "", f"scikit-learn {kind}".strip(), "json", _saved(fitted, "json"), *told
    )
