"""A tree model from outside, fitted to the columns of a table at hand."""

import re
from collections.abc import Hashable
from dataclasses import replace

import pandas as pd

from model.files.reader import check_size
from model.table.columns import Column, cell_text, profile
from model.trees.lightgbm_text import read_lightgbm
from model.table.rows import encode, target_position
from model.table.target import Target, understand_target
from model.trees.file import TreeModel
from model.trees.xgboost import read_xgboost
from xai.typing import Floats


def loaded(
    data: bytes | str, frame: pd.DataFrame, target: Hashable | None
) -> tuple[tuple[list[Column], Target, TreeModel], Floats, Floats | None]:
    """((columns, target, model), cells (rows, columns), y (rows,) or None); see `TableModel.load`."""
    model = read_trees(data)
    columns = profile(frame)
    at = None if target is None else target_position(columns, target)
    places = _places(model, [column.label for column in columns], at)
    goal = _target(model, frame, at, columns)
    chosen = _columns(model, frame, [columns[i] for i in places], places)
    y = None if at is None else goal.encode(frame.iloc[:, at])
    return (chosen, goal, model), encode(chosen, frame, places), y


def read_trees(data: bytes | str) -> TreeModel:
    """The trees of a file, by what it begins with; ValueError for neither LightGBM's text nor XGBoost's JSON."""
    check_size(len(data))
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if text.startswith("tree\n") or text.startswith("tree\r\n"):
        return read_lightgbm(text)
    if text.lstrip().startswith("{"):
        return read_xgboost(text)
    raise ValueError(
        "a model is read from LightGBM's text (save_model) or XGBoost's JSON (save_model to a .json file) only: "
        "other files, pickles above all, could execute code"
    )


def _places(model: TreeModel, labels: list[str], at: int | None) -> list[int]:
    """The table's column for each of the model's, by name; in order where the model's have no names of their own."""
    others = [i for i in range(len(labels)) if i != at]
    names = model.names
    if names is None or all(re.fullmatch(r"Column_\d+", name) for name in names) and not set(names) & set(labels):
        if len(others) != model.ensemble.n_features:
            raise ValueError(f"the model reads {model.ensemble.n_features} columns without names; the table has {len(others)}")
        return others
    known = {key: i for i in others for key in (re.sub(r"\s", "_", labels[i]), labels[i])}
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(f"the model reads a column {missing[0]!r} that the table does not have")
    return [known[name] for name in names]


def _columns(model: TreeModel, frame: pd.DataFrame, columns: list[Column], places: list[int]) -> list[Column]:
    """The columns as the model reads them: every one is used, and categories have the levels of the file."""
    found, levels = [], iter(model.levels or [])
    for column, place in zip(columns, places):
        if not column.used:  # for us; the model may know better
            text = column.kind != "empty" and not pd.api.types.is_numeric_dtype(frame.dtypes.iloc[place])
            column = replace(column, kind="category" if text else "number", note="")
        if column.kind == "category":
            own = next(levels, None)
            if own is None:
                raise ValueError(
                    f"the column {column.label!r} holds texts, but the model's file does not say which number each has"
                )
            column = replace(column, levels=[cell_text(level) for level in own])
        found.append(column)
    if next(levels, None) is not None:
        raise ValueError("the model has more columns of categories than the table has columns of texts")
    return found


def _target(model: TreeModel, frame: pd.DataFrame, at: int | None, columns: list[Column]) -> Target:
    classes = {"logistic": max(2, model.ensemble.n_outputs), "softmax": model.ensemble.n_outputs}.get(model.link, 0)
    if at is None:
        return Target("prediction", *(("classification", [str(i) for i in range(classes)]) if classes else ("regression",)))
    goal = understand_target(frame.iloc[:, at], columns[at].label, "classification" if classes else "regression")
    if len(goal.classes) != classes:
        raise ValueError(f"the model knows {classes} classes; the column {goal.label!r} has {len(goal.classes)}")
    return goal
