"""The trees of a fitted estimator, for exact values: LightGBM's by its own text, scikit-learn's by their arrays.

No library says what its attributes will be tomorrow: whoever takes these trees compares what they predict first.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from model.own.asking import raw
from model.own.places import judged_on, places_of, spelt
from model.own.way import Way
from model.trees.file import NONE, Field, TreeFile, assembled, grown
from model.trees.lightgbm_text import read_lightgbm
from xai.trees.arrays import Tree
from xai.typing import Floats

_SUMS = ("GradientBoostingRegressor", "GradientBoostingClassifier")
_MEANS = tuple(f"{grown}{goal}" for grown in ("RandomForest", "ExtraTrees") for goal in ("Classifier", "Regressor"))
_ALONE = tuple(f"{grown}{goal}" for grown in ("DecisionTree", "ExtraTree") for goal in ("Classifier", "Regressor"))
_BY_HISTOGRAM = ("HistGradientBoostingRegressor", "HistGradientBoostingClassifier")
CLOSE = 1e-9  # of an answer: the same but for the order of the sums
MOST_COMPARED = 10_000  # rows of the table
_MISSING, _LEFT = 8, 2  # flags of a node, see `xai.trees.leaves`


class Predicts(Protocol):
    """A `model.table.model.TableModel`, which knows this file."""

    rows: dict[str, int]
    notes: list[str]

    def predict(self, rows: pd.DataFrame) -> tuple[Floats, Floats | None]: ...

    def answers(self, margin: Floats) -> Floats: ...


T = TypeVar("T", bound=Predicts)


def trees_of(model: Any, way: Way) -> TreeFile | None:
    """None for what is no ensemble of trees, or one that is not known here."""
    name, home = type(model).__name__, type(model).__module__.split(".")[0]
    if home == "lightgbm":
        return replace(read_lightgbm(getattr(model, "booster_", model).model_to_string()), classes=way.classes)
    if home != "sklearn":
        return None
    if name in _BY_HISTOGRAM and model.is_categorical_ is None:
        link = "exp" if model.loss in ("poisson", "gamma") else "identity"
        nodes = [[_by_histogram(one.nodes) for one in trees] for trees in model._predictors]
        return _boosted(way, nodes, model._baseline_prediction, link, single=False)
    if name in _SUMS:
        nodes = [[_by_tree(one.tree_, model.learning_rate) for one in trees] for trees in model.estimators_]
        return replace(
            _boosted(way, nodes, _start(model, way), "identity", single=True), notes=["The model itself takes no missing cells."]
        )
    if name in (*_MEANS, *_ALONE) and model.n_outputs_ == 1:
        return _averaged(way, getattr(model, "estimators_", [model]))
    return None


def with_trees(
    model: object, way: Way, frame: pd.DataFrame, target: Hashable | None, read: Callable[[TreeFile, pd.DataFrame], T]
) -> T | None:
    """The table model that `read` makes of an estimator's trees and the columns that they read; None where it has none that
    are known, or they predict anything but what the model itself does. ValueError for a table that does not fit the model.
    """
    _, at, places = places_of(way, frame, target)
    own = frame.iloc[:, places].reset_index(drop=True)
    table, asked = own.copy(), own.iloc[:MOST_COMPARED]
    if at is not None:
        table[frame.columns[at]] = spelt(frame.iloc[:, at], way).array
    try:
        trees = trees_of(model, way)
        if trees is None:
            return None
        found = read(trees, table)
        margin, chances = found.predict(asked)
    except ValueError:
        return None
    ours = found.answers(margin) if chances is None else chances
    theirs = np.asarray(raw(way.ask, asked, way.name), float)
    if ours.ndim == 2 and theirs.ndim == 1:  # of a booster, which gives the second of two probabilities
        ours = ours[:, -1]
    if ours.shape != theirs.shape or not np.allclose(ours, theirs, rtol=CLOSE, atol=CLOSE**2):
        return None
    if found.rows:
        found.notes = [*found.notes, judged_on(found.rows["judged"])]
    return found


def _by_tree(tree: Any, scale: float) -> dict[str, Any]:
    """What `grown` takes of a tree of scikit-learn; its values (nodes, k)."""
    leaf = tree.children_left < 0
    flags = _MISSING + _LEFT * (tree.missing_go_to_left != 0)
    return {
        **{"left": tree.children_left, "right": tree.children_right, "is_leaf": leaf, "feature": tree.feature},
        **{"threshold": tree.threshold, "flags": flags, "sets": [NONE] * len(leaf), "values": scale * tree.value[:, 0]},
    }


def _by_histogram(nodes: Any) -> dict[str, Any]:
    flags = _MISSING + _LEFT * (nodes["missing_go_to_left"] != 0)
    return {
        **{"left": nodes["left"], "right": nodes["right"], "is_leaf": nodes["is_leaf"] != 0, "feature": nodes["feature_idx"]},
        **{"threshold": nodes["num_threshold"], "flags": flags, "sets": [NONE] * len(nodes), "values": nodes["value"][:, None]},
    }


def _boosted(way: Way, nodes: list[list[dict[str, Any]]], start: ArrayLike, link: str, single: bool) -> TreeFile:
    """Sums of trees, in each round one for each output, on top of `start` (outputs,)."""
    trees = [tree for row in nodes for k, parts in enumerate(row) for tree in grown(**parts, outputs=[k])]
    outputs = len(nodes[0])
    link = link if way.classes is None else "logistic" if outputs == 1 else "softmax"
    return _file(way, trees, outputs, np.reshape(start, -1), link, single)


def _averaged(way: Way, estimators: Iterable[Any]) -> TreeFile:
    """The mean of trees of numbers, or of shares of the classes; of two classes the second's."""
    found: list[Tree] = []
    estimators = list(estimators)
    for one in estimators:
        parts = _by_tree(one.tree_, 1.0 / len(estimators))
        if way.classes is not None and len(way.classes) == 2:
            parts["values"] = parts["values"][:, 1:]
        outputs = parts["values"].shape[1]
        found += grown(**parts, outputs=list(range(outputs)))
    notes = ["Values are of the probability, not of its log-odds: of that alone a forest has exact ones."] if way.classes else []
    return _file(way, found, outputs, 0.0, "share" if way.classes else "identity", True, notes)


def _file(
    way: Way, trees: list[Tree], outputs: int, start: ArrayLike, link: str, single: bool, notes: Iterable[str] = ()
) -> TreeFile:
    names = [""] * (way.width or 0) if way.columns is None else [str(name) for name in way.columns]
    said = {"writer": "sklearn", "fields": [Field(name) for name in names], "classes": way.classes, "notes": list(notes)}
    return assembled(trees, outputs, start, single, link, **said)


def _start(model: Any, way: Way) -> Floats:
    """What gradient boosting begins with: its answer to a row of zeros, less its trees'."""
    row: Any = np.zeros((1, model.n_features_in_))
    answers = model.predict if way.classes is None else model.decision_function
    sums = [sum(tree.predict(row)[0] for tree in column) for column in model.estimators_.T]
    if way.columns is not None:
        row = pd.DataFrame(row, columns=way.columns)
    found: Floats = np.reshape(answers(row), -1) - model.learning_rate * np.array(sums)
    return found
