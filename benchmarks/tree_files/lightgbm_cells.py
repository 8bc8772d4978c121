"""LightGBM's cells: every objective, way to miss, way to code categories and booster, as text and as JSON."""

import json
from collections.abc import Iterator
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from benchmarks.tree_files.table import SIZES, Cell, as_categories, cells_of, goal_of, listed, numbers, packed, with_categories

VERSION = lightgbm.__version__
OLD = int(VERSION.split(".")[0]) < 4
OBJECTIVES: dict[str, tuple[str, dict[str, Any]]] = {
    "regression": ("number", {}),
    "regression sqrt": ("number", {"objective": "regression", "reg_sqrt": True}),
    "regression_l1": ("number", {}),
    "huber": ("number", {}),
    "fair": ("number", {}),
    "poisson": ("positive", {}),
    "quantile": ("number", {"alpha": 0.3}),
    "mape": ("positive", {}),
    "gamma": ("positive", {}),
    "tweedie": ("positive", {}),
    "binary": ("two", {}),
    "binary sigmoid 2": ("two", {"objective": "binary", "sigmoid": 2.0}),
    "multiclass": ("three", {"num_class": 3}),
    "multiclass two": ("two", {"objective": "multiclass", "num_class": 2}),
    "multiclassova": ("three", {"num_class": 3}),
    "multiclassova sigmoid 2": ("three", {"objective": "multiclassova", "num_class": 3, "sigmoid": 2.0}),
    "multiclassova two": ("two", {"objective": "multiclassova", "num_class": 2}),
    "cross_entropy": ("share", {}),
    "cross_entropy_lambda": ("share", {}),
    "lambdarank": ("ranks", {}),
    "rank_xendcg": ("ranks", {}),
}
USUAL = {"verbose": -1, "num_threads": 1, "num_leaves": 7, "min_data_per_group": 5, "seed": 1}


def cells() -> Iterator[Cell]:
    for objective, (goal, more) in OBJECTIVES.items():
        frame = numbers("nan")
        yield from _both(objective, frame, goal_of(goal, frame), "nan", **{"objective": objective, **more})
    for missing, more in (("none", {}), ("zero", {"zero_as_missing": True}), ("nan", {"use_missing": False})):
        for objective in ("regression", "multiclass"):
            goal, own = OBJECTIVES[objective]
            frame, kind = numbers(missing), "missing is no value" if more.get("use_missing") is False else ""
            yield from _both(objective, frame, goal_of(goal, frame), missing, kind, **{"objective": objective, **own, **more})
    frame = numbers("nan")
    boosters: dict[str, dict[str, Any]] = {
        "dart": {"boosting": "dart", "drop_rate": 0.5},
        "forest": {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
        "goss": {"boosting": "goss"},
        "trees without splits": {"min_data_in_leaf": 2000},
        "extra trees": {"extra_trees": True, "path_smooth": 2.0},
    }
    for kind, more in boosters.items():
        for objective in ("regression", "binary", "multiclass"):
            goal, own = OBJECTIVES[objective]
            yield from _both(objective, frame, goal_of(goal, frame), "nan", kind, **{"objective": objective, **own, **more})
    linear = list(
        _both("regression", frame, goal_of("number", frame), "nan", "linear leaves", objective="regression", linear_tree=True)
    )
    for cell in linear:
        cell.refused, cell.margin, cell.answer = "linear", None, None
        yield cell
    yield from _own()
    yield from _categories()
    yield from _stopped()


def _both(named: str, frame: pd.DataFrame, y: Any, missing: str, kind: str = "", **settings: Any) -> Iterator[Cell]:
    data = lightgbm.Dataset(frame, y, group=[len(frame)] if "rank" in named else None)
    yield from _cells(lightgbm.train({**USUAL, **settings}, data, 6), named, frame, frame, missing, "", kind)


def _cells(
    booster: Any, objective: str, asked: Any, table: pd.DataFrame, missing: str, categories: str, kind: str
) -> Iterator[Cell]:
    margin, answer = booster.predict(asked, raw_score=True), booster.predict(asked)
    told = cells_of(table), None if "forest" in kind else listed(margin), listed(answer)  # a forest's raw score is a sum
    text = booster.model_to_string()
    for suffix, model in (("txt", text), ("json", json.dumps(booster.dump_model()))):
        yield Cell("lightgbm", VERSION, objective, missing, categories, kind, suffix, packed(model), *told)


def _own() -> Iterator[Cell]:
    """Objectives of one's own, of one and of three outputs."""
    frame = numbers("nan")

    def square(margin: Any, data: Any) -> Any:
        return margin - data.get_label(), np.ones(len(margin))

    def softmax(margin: Any, data: Any) -> Any:
        k = data.get_label().astype(int)
        flat = margin.ndim == 1
        margin = margin.reshape(3, len(k)).T if flat else margin
        share = np.exp(margin - margin.max(1, keepdims=True))
        share /= share.sum(1, keepdims=True)
        found = share - np.eye(3)[k], share * (1 - share) + 1e-3
        return tuple(one.T.reshape(-1) for one in found) if flat else found

    for kind, own, goal, more in (("one output", square, "number", {}), ("three outputs", softmax, "three", {"num_class": 3})):
        data = lightgbm.Dataset(frame, goal_of(goal, frame))
        if OLD:
            booster = lightgbm.train({**USUAL, **more, "objective": "none"}, data, 6, fobj=own)
        else:
            booster = lightgbm.train({**USUAL, **more, "objective": own}, data, 6)
        yield from _cells(booster, "own", frame, frame, "nan", "", kind)


def _categories() -> Iterator[Cell]:
    """pandas' categories of texts and of numbers, ordered ones, numbers as they are; sets and one against all."""
    plain = with_categories(numbers("nan"))
    ways = {"sets": {"max_cat_to_onehot": 1, "cat_smooth": 1.0}, "one against all": {"max_cat_to_onehot": 99}}
    for objective in ("regression", "binary", "multiclass", "multiclassova"):
        goal, own = OBJECTIVES[objective]
        y = goal_of(goal, plain)
        for way, more in ways.items():
            settings = {**USUAL, "objective": objective, **own, **more}
            frame = as_categories(plain)
            booster = lightgbm.train(settings, lightgbm.Dataset(frame, y), 6)
            yield from _cells(booster, objective, frame, plain, "nan", f"{way} of pandas", "")
        frame = as_categories(plain, ordered=True)
        booster = lightgbm.train(settings, lightgbm.Dataset(frame, y), 6)
        yield from _cells(booster, objective, frame, plain, "nan", "ordered", "")
        only = plain.drop(columns="city")
        booster = lightgbm.train(settings, lightgbm.Dataset(only, y, categorical_feature=["size"]), 6)
        yield from _cells(booster, objective, only, only, "nan", "numbers as they are", "")
    texts = as_categories(plain.assign(size=plain["size"].astype(str).astype(pd.CategoricalDtype([str(size) for size in SIZES]))))
    booster = lightgbm.train(settings, lightgbm.Dataset(texts, y), 6)
    yield from _cells(booster, objective, texts, plain, "nan", "texts that are numbers", "")
    yes = plain.assign(size=plain["size"] > 4).astype({"size": "category", "city": "category"})
    booster = lightgbm.train(settings, lightgbm.Dataset(yes, y), 6)
    yield from _cells(booster, objective, yes, plain.assign(size=plain["size"] > 4), "nan", "true and false", "")
    for cell in _cells(booster, objective, yes, plain.assign(city=plain["city"].str.upper()), "nan", "other levels", ""):
        cell.refused, cell.margin, cell.answer = "levels|column", None, None
        yield cell


def _stopped() -> Iterator[Cell]:
    """Early stopping, and names that LightGBM writes in its own way."""
    frame = numbers("nan").rename(columns={"age": "the age", "income": " income "})
    plain = numbers("nan")
    for objective in ("regression", "binary", "multiclass"):
        goal, own = OBJECTIVES[objective]
        y = goal_of(goal, plain)
        data = lightgbm.Dataset(frame[:200], y[:200])
        watched = data.create_valid(frame[200:], y[200:])
        settings = {**USUAL, "objective": objective, **own, "learning_rate": 0.5}
        stop = [lightgbm.early_stopping(2, verbose=False)]
        booster = lightgbm.train(settings, data, 60, valid_sets=[watched], callbacks=stop)
        yield from _cells(booster, objective, frame, frame, "nan", "", "early stopping, names with blanks")
