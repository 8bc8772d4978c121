"""LightGBM's JSON, as `Booster.dump_model` gives it: the same trees as in its text, node within node."""

from typing import Any

import numpy as np

from model.trees.file import MOST_CATEGORIES, NONE, Field, TreeFile, bits, grown
from model.trees.lightgbm_text import NAN, ZERO, averaged, checked_levels, finished, flags_of
from xai.trees.arrays import Tree

_MISSING = {"None": 0, "Zero": ZERO, "NaN": NAN}


def read_lightgbm_dump(content: dict[str, Any]) -> TreeFile:
    """The model that LightGBM's `dump_model` gave; ValueError with one sentence for anything else."""
    try:
        names, told = [str(name) for name in content["feature_names"]], content.get("feature_infos") or {}
        if len(names) != int(content["max_feature_idx"]) + 1:
            raise ValueError("it does not name all of its columns")
        outputs, infos = int(content["num_tree_per_iteration"]), content["tree_info"]
        if [int(info["tree_index"]) for info in infos] != list(range(len(infos))):
            raise ValueError("it does not hold all trees from the first on, one after the other")
        scale = averaged(len(infos), outputs, bool(content.get("average_output")))
        trees = [_tree(info, i % outputs, scale) for i, info in enumerate(infos)]
        fields = [_field(name, told.get(name)) for name in names]
        return finished(trees, outputs, content.get("objective"), fields, checked_levels(content["pandas_categorical"]))
    except (KeyError, AttributeError) as error:
        raise ValueError(f"the LightGBM model cannot be read: the field {error} is missing") from error
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise ValueError(f"the LightGBM model cannot be read: {error}") from error


def _field(name: str, told: dict[str, Any] | None) -> Field:
    if told is None:
        return Field(name)
    if told.get("values"):
        return Field(name, "category", codes=frozenset(int(code) for code in told["values"]) - {-1})
    return Field(name, low=float(told["min_value"]), high=float(told["max_value"]))


def _tree(info: dict[str, Any], output: int, scale: float) -> Tree:
    nodes: list[dict[str, Any]] = [info["tree_structure"]]
    left, right = [], []
    for node in nodes:  # which grows as it is read
        leaf = "left_child" not in node
        left.append(-1 if leaf else len(nodes))
        right.append(-1 if leaf else len(nodes) + 1)
        if not leaf:
            nodes += [node["left_child"], node["right_child"]]
    leaves = [child < 0 for child in left]
    if sum(leaves) != int(info["num_leaves"]):
        raise ValueError("a tree does not have as many leaves as it says")
    if any(node.get("leaf_features") for node in nodes):
        raise ValueError("its leaves are linear models, whose exact values are not leaf by leaf")
    category = np.array([node.get("decision_type") == "==" for node in nodes])
    if any(not leaf and node["decision_type"] not in ("==", "<=") for leaf, node in zip(leaves, nodes)):
        raise ValueError("a tree has a decision that is neither '<=' nor '=='")
    default = np.array([bool(node.get("default_left")) for node in nodes])
    missing = np.array([_MISSING[node.get("missing_type", "None")] for node in nodes])
    return grown(
        np.array(left),
        np.array(right),
        np.array(leaves),
        np.array([0 if leaf else int(node["split_feature"]) for leaf, node in zip(leaves, nodes)]),
        np.array([0.0 if leaf or of_set else float(node["threshold"]) for leaf, of_set, node in zip(leaves, category, nodes)]),
        flags_of(category.astype(np.int64), default.astype(np.int64), missing),
        [_set(str(node["threshold"])) if of_set else NONE for of_set, node in zip(category, nodes)],
        np.array(
            [float(node.get("leaf_const", node["leaf_value"])) * scale if leaf else 0.0 for leaf, node in zip(leaves, nodes)]
        )[:, None],
        [output],
    )[0]


def _set(text: str) -> "np.typing.NDArray[np.uint32]":
    """Categories that go left, between "||"."""
    members = np.array([int(word) for word in text.split("||") if word], np.int64)
    if (members < 0).any() or (members >= MOST_CATEGORIES).any():
        raise ValueError("a tree's sets of categories are damaged")
    return bits(members)
