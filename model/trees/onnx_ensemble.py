"""Nodes of an ONNX operator of trees, of either of its two forms, as trees with one output each."""

from typing import Any

import numpy as np

from model.trees.file import MOST_CATEGORIES, NONE, Field, bits, grown
from xai.trees.arrays import Tree
from xai.typing import Floats

_LEFT_IS_TRUE = {"BRANCH_LEQ": True, "BRANCH_LT": True, "BRANCH_GTE": False, "BRANCH_GT": False, "BRANCH_EQ": True}
_STRICT = ("BRANCH_LT", "BRANCH_GTE")  # whose left is below the value, not at it
# The operator of opset 5 has numbers for what the ones before it have names for.
_MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER")
_JOINED, _AFTER = (b"AVERAGE", b"SUM", b"MIN", b"MAX"), (b"NONE", b"SOFTMAX", b"LOGISTIC", b"SOFTMAX_ZERO", b"PROBIT")


def as_regressor(told: dict[str, Any]) -> dict[str, Any]:
    """The attributes of TreeEnsemble, opset 5 of ai.onnx.ml, as those of the TreeEnsembleRegressor before it.

    There leaves are numbered apart and trees are known by their roots alone; one without a split has a root both of whose
    branches are its one leaf.
    """
    names = ("treeids", "nodeids", "featureids", "modes", "truenodeids", "falsenodeids")
    nodes: dict[str, list[Any]] = {name: [] for name in names}
    values, missing = [], []
    targets: dict[str, list[Any]] = {name: [] for name in ("treeids", "nodeids", "ids")}
    weights = []
    splits, modes = np.asarray(told["nodes_splits"], float).reshape(-1), np.asarray(told["nodes_modes"]).reshape(-1)
    sent = told.get("nodes_missing_value_tracks_true") or [0] * len(splits)
    branches = [(told[f"nodes_{way}nodeids"], told[f"nodes_{way}leafs"]) for way in ("true", "false")]
    leaf_weights = np.asarray(told["leaf_weights"], float).reshape(-1)
    for tree, root in enumerate(told["tree_roots"]):
        waiting, next_id = [(int(root), False, 0)], 1
        while waiting:
            place, is_leaf, number = waiting.pop()
            if place < 0 or next_id > 2 * len(splits) + 2:
                raise ValueError(f"tree {tree} is damaged: a node has two parents, or does not exist")
            children = (0, 0) if is_leaf else (next_id, next_id + 1)
            if is_leaf:
                for name, value in (("treeids", tree), ("nodeids", number), ("ids", told["leaf_targetids"][place])):
                    targets[name].append(value)
                weights.append(leaf_weights[place])
            else:
                next_id += 2
                waiting += [(int(ids[place]), bool(leafs[place]), child) for (ids, leafs), child in zip(branches, children)]
            asks = (0, b"LEAF") if is_leaf else (told["nodes_featureids"][place], _MODES[modes[place]].encode())
            parts = (tree, number, *asks, *children)
            for listed, value in zip(nodes.values(), parts):
                listed.append(value)
            values.append(0.0 if is_leaf else splits[place])
            missing.append(0 if is_leaf else sent[place])
    found: dict[str, Any] = {f"nodes_{name}": listed for name, listed in nodes.items()}
    found |= {f"target_{name}": listed for name, listed in targets.items()}
    found |= {"nodes_values": values, "nodes_missing_value_tracks_true": missing, "target_weights": weights}
    found |= {"n_targets": told["n_targets"], "aggregate_function": _JOINED[told.get("aggregate_function", 1)]}
    return found | {"post_transform": _AFTER[told.get("post_transform", 0)]}


def floats_of(told: dict[str, Any], name: str) -> Floats:
    """An attribute of numbers, as floats or as a tensor (of doubles)."""
    found = told.get(f"{name}_as_tensor")
    return np.asarray(told.get(name, ()) if found is None else found, float)


class Ensemble:
    """Nodes of all trees, and the values of their leaves."""

    def __init__(self, told: dict[str, Any], single: bool) -> None:
        self.tree = np.array(told["nodes_treeids"], np.int64)
        self.node, self.feature = np.array(told["nodes_nodeids"], np.int64), np.array(told["nodes_featureids"], np.int64)
        self.modes = [mode.decode() for mode in told["nodes_modes"]]
        self.value = floats_of(told, "nodes_values")
        self.yes, self.no = np.array(told["nodes_truenodeids"], np.int64), np.array(told["nodes_falsenodeids"], np.int64)
        missing = told.get("nodes_missing_value_tracks_true") or [0] * len(self.node)
        self.missing_yes = np.array([said != 0 or mode == "BRANCH_NEQ" for said, mode in zip(missing, self.modes)], bool)
        sizes = {len(part) for part in (self.tree, self.node, self.feature, self.modes, self.value, self.yes, self.no, missing)}
        if sizes != {len(self.tree)}:
            raise ValueError("its trees' nodes are not all described")
        unknown = sorted(set(self.modes) - {*_LEFT_IS_TRUE, "BRANCH_NEQ", "LEAF"})
        if unknown:
            raise ValueError(f"its trees have nodes of the mode {unknown[0]}")
        self.is_leaf = np.array([mode == "LEAF" for mode in self.modes], bool)
        self.of_set = np.array([mode in ("BRANCH_EQ", "BRANCH_NEQ") for mode in self.modes], bool)
        self.numbers = list(dict.fromkeys(self.tree.tolist()))
        self.at = {key: i for i, key in enumerate(zip(self.tree.tolist(), self.node.tolist()))}
        self.columns = set(self.feature[~self.is_leaf].tolist())
        self.step = np.float32 if single else np.float64
        values = self.value[self.of_set]
        if (values < 0).any() or (values % 1 != 0).any() or (values >= MOST_CATEGORIES).any():
            raise ValueError("it compares a column for being equal to a number that is no whole one from 0 on")
        self.sets = set(self.feature[self.of_set].tolist())
        if self.sets & set(self.feature[~self.of_set & ~self.is_leaf].tolist()):
            raise ValueError("it reads one column both as a number and as a category")

    def field(self, place: int, field: Field) -> Field:
        if place not in self.sets:
            return field
        seen = self.value[self.of_set & (self.feature == place)]
        return Field(field.name, "category", codes=frozenset(seen.astype(int).tolist()))

    def trees(self, leaf_tree: Any, leaf_node: Any, ids: Any, weights: Floats, outputs: int, scale: float) -> list[Tree]:
        """The trees, one for each output that a leaf of them has a value for."""
        if not len(leaf_tree) == len(leaf_node) == len(ids) == len(weights):
            raise ValueError("its leaves' values are not all described")
        values = np.zeros((len(self.node), outputs))
        for tree, node, output, weight in zip(leaf_tree, leaf_node, ids, weights):
            if not 0 <= output < outputs:
                raise ValueError(f"a leaf is of output {output}, and there are {outputs}")
            values[self.at[tree, node], output] += weight
        left_true = np.array([_LEFT_IS_TRUE.get(mode, False) for mode in self.modes], bool)
        threshold = self.value.copy()
        strict = np.array([mode in _STRICT for mode in self.modes], bool)
        threshold[strict] = np.nextafter(self.value[strict].astype(self.step), self.step(-np.inf)).astype(float)
        default_left = np.where(left_true, self.missing_yes, ~self.missing_yes)
        flags = np.where(self.of_set, 1, 8) + 2 * default_left
        found = []
        for number in self.numbers:
            own = np.flatnonzero(self.tree == number)
            place = {node: i for i, node in enumerate(self.node[own].tolist())}
            if len(place) != len(own):
                raise ValueError(f"tree {number} has two nodes of one number")
            yes, no = (
                [-1 if leaf else place.get(int(child), -1) for leaf, child in zip(self.is_leaf[own], side[own])]
                for side in (self.yes, self.no)
            )
            root = set(range(len(own))) - set(yes) - set(no)
            if 0 not in root:
                raise ValueError(f"tree {number} does not begin with its root")
            sets = [bits(np.array([int(v)])) if s else NONE for v, s in zip(self.value[own], self.of_set[own])]
            turned = left_true[own]
            used = np.flatnonzero(np.any(values[own] != 0, axis=0)).tolist() or [0]
            found += grown(
                np.where(turned, yes, no),
                np.where(turned, no, yes),
                self.is_leaf[own],
                self.feature[own],
                np.where(self.of_set[own], 0.0, threshold[own]),
                flags[own],
                sets,
                values[own][:, used] * scale,
                used,
            )
        return found
