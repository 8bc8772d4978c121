"""An XGBoost model's JSON, read as numbers: its trees in the neutral form, with XGBoost's own routing."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.trees.file import TreeModel
from xai.trees.arrays import Tree
from xai.trees.exact import TreeEnsemble
from xai.typing import Floats

_OBJECTIVES = {
    "identity": "reg:squarederror reg:absoluteerror reg:pseudohubererror",
    "logistic": "reg:logistic binary:logistic binary:logitraw",
    "softmax": "multi:softprob multi:softmax",
    "exp": "count:poisson reg:gamma reg:tweedie",
}
_LINKS = {name: link for link, names in _OBJECTIVES.items() for name in names.split()}
_MOST_CATEGORIES = 1 << 16


def read_xgboost(text: str) -> TreeModel:
    """The model that XGBoost's `save_model("….json")` wrote; ValueError with one sentence for anything else."""
    try:
        learner = json.loads(text)["learner"]
        booster, parameters = learner["gradient_booster"], learner["learner_model_param"]
        objective = learner["objective"]["name"]
        if booster["name"] != "gbtree":
            raise ValueError(f"its booster {booster['name']!r} is not supported")
        if objective not in _LINKS:
            raise ValueError(f"its objective {objective!r} is not supported")
        if int(parameters.get("num_target", 1)) > 1:
            raise ValueError("it predicts several targets at once")
        outputs, features = max(1, int(parameters["num_class"])), int(parameters["num_feature"])
        trees = [_tree(tree, int(output)) for tree, output in zip(booster["model"]["trees"], booster["model"]["tree_info"])]
        if booster["model"].get("cats", {}).get("enc"):
            raise ValueError("it codes categories by names of its own; save it after giving them as numbers")
        if not trees:
            raise ValueError("it has no trees")
        names = learner.get("feature_names") or None
        if names is not None and len(names) != features:
            raise ValueError("it does not name all of its columns")
        offset = _offset(parameters["base_score"], objective)
        ensemble = TreeEnsemble(trees, features, outputs, offset, single=True)
        return TreeModel(ensemble, [str(name) for name in names] if names else None, _LINKS[objective])
    except (KeyError, AttributeError) as error:
        raise ValueError(f"the XGBoost model cannot be read: the field {error} is missing") from error
    except (ValueError, TypeError, IndexError, OverflowError, RecursionError) as error:
        raise ValueError(f"the XGBoost model cannot be read: {error}") from error


def _offset(base_score: object, objective: str) -> Floats:
    """The base score as a margin: it is written as a probability or a mean, a text or a text of a list."""
    base = np.array(json.loads(str(base_score)), float).reshape(-1)
    with np.errstate(divide="raise", invalid="raise"):
        if objective in ("reg:logistic", "binary:logistic"):
            return -np.log(1.0 / base - 1.0)
        return np.log(base) if _LINKS[objective] == "exp" else base


def _tree(tree: dict[str, Any], output: int) -> Tree:
    """Inner nodes and leaves are numbered together there, apart here; value < threshold goes left, in float32."""
    left, right = np.array(tree["left_children"], np.int64), np.array(tree["right_children"], np.int64)
    split, feature = np.array(tree["split_conditions"], np.float32), np.array(tree["split_indices"], np.int64)
    default_left, kind = np.array(tree["default_left"], np.int64), np.array(tree["split_type"], np.int64)
    is_leaf = left < 0
    inner = np.flatnonzero(~is_leaf)
    place = np.where(is_leaf, -np.cumsum(is_leaf, dtype=np.int64), np.cumsum(~is_leaf) - 1)
    for children in (left, right):
        if (children[inner] < 0).any() or (children[inner] >= len(left)).any():
            raise ValueError("a tree is damaged: a node's child does not exist")
    # Of a set of categories the members go right there, left here; a missing value keeps its default.
    swap = kind == 1
    sets = _sets(tree, len(left))
    return Tree(
        feature=feature[inner],
        threshold=np.nextafter(split[inner], np.float32(-np.inf)).astype(float),
        left=place[np.where(swap, right, left)[inner]],
        right=place[np.where(swap, left, right)[inner]],
        flags=np.where(swap, 1 + 2 * (default_left == 0), 8 + 2 * (default_left != 0))[inner],
        categories=[sets[node] for node in inner],
        value=split[is_leaf].astype(float),
        output=output,
    )


def _sets(tree: dict[str, Any], nodes: int) -> list[NDArray[np.uint32]]:
    """Each node's set of categories as words of 32 bits, empty where it splits no categories."""
    sets = [np.zeros(0, np.uint32)] * nodes
    listed = np.array(tree["categories"], np.int64)
    if (listed < 0).any() or (listed >= _MOST_CATEGORIES).any():
        raise ValueError("a tree's sets of categories are damaged")
    for node, start, size in zip(tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"]):
        members = listed[start : start + size]
        words = np.zeros(members.max(initial=0) // 32 + 1, np.uint32)
        np.bitwise_or.at(words, members // 32, np.uint32(1) << (members % 32).astype(np.uint32))
        sets[node] = words
    return sets
