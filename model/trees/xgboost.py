"""An XGBoost model, as its JSON or UBJSON holds it: its trees in the neutral form, with XGBoost's own routing."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.trees.file import (
    MOST_CATEGORIES,
    MOST_COLUMNS,
    NONE,
    Field,
    TreeFile,
    assembled,
    below,
    bits,
    empty_set,
    grown,
    strict_places,
)
from xai.trees.arrays import Tree
from xai.typing import Floats, Ints

_OBJECTIVES = {
    "identity": "reg:squarederror reg:linear reg:absoluteerror reg:pseudohubererror reg:squaredlogerror reg:quantileerror "
    "reg:expectileerror rank:pairwise rank:ndcg rank:map",
    "logistic": "reg:logistic binary:logistic binary:logitraw",
    "step": "binary:hinge",
    "softmax": "multi:softprob multi:softmax",
    "exp": "count:poisson reg:gamma reg:tweedie survival:aft survival:cox",
}
_LINKS = {name: link for link, names in _OBJECTIVES.items() for name in names.split()}
_AS_CHANCE = ("reg:logistic", "binary:logistic")  # whose base score is written as a probability


def read_xgboost(content: dict[str, Any]) -> TreeFile:
    """The model that XGBoost's `save_model` wrote; ValueError with one sentence for anything else."""
    try:
        first_rules = [int(part) for part in content.get("version", ())][:2] in ([1, 5], [1, 6])
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # a number beyond float32 is infinite there too, and refused where it may not be
            return _read(content["learner"], first_rules)
    except (KeyError, AttributeError) as error:
        raise ValueError(f"the XGBoost model cannot be read: the field {error} is missing") from error
    except (ValueError, TypeError, IndexError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"the XGBoost model cannot be read: {error}") from error


def _read(learner: dict[str, Any], first_rules: bool) -> TreeFile:
    """first_rules : a category beyond the words of a set goes where missing ones go (1.5 and 1.6), not where others go"""
    booster, parameters = learner["gradient_booster"], learner["learner_model_param"]
    objective, kind = str(learner["objective"]["name"]), booster["name"]
    if kind not in ("gbtree", "dart"):
        raise ValueError(f"its booster {kind!r} is not supported")
    if objective not in _LINKS:
        raise ValueError(f"its objective {objective!r} is not supported")
    link, features = _LINKS[objective], int(parameters["num_feature"])
    if not 0 < features <= MOST_COLUMNS:
        raise ValueError(f"it reads {features:,} columns; 1 to {MOST_COLUMNS:,} are read")
    classes, targets = int(parameters.get("num_class", 0)), int(parameters.get("num_target", 1))
    if classes > 1 and targets > 1:
        raise ValueError("it predicts several classes of several targets at once")
    outputs = max(1, classes, targets)
    if outputs > 1 and link in ("logistic", "step"):
        raise ValueError(f"its objective {objective!r} predicts {outputs} labels at once")
    if outputs == 1 and link == "softmax":
        raise ValueError(f"its objective {objective!r} has no number of classes")
    gbtree = (booster["gbtree"] if kind == "dart" else booster)["model"]
    trees, info, notes = _used(gbtree, learner.get("attributes") or {}, outputs)
    weights = np.asarray(booster["weight_drop"], np.float32).astype(float) if kind == "dart" else np.ones(len(gbtree["trees"]))
    if len(weights) != len(gbtree["trees"]):
        raise ValueError("it does not have one weight for each of its trees")
    found = [one for tree, output, weight in zip(trees, info, weights) for one in _trees(tree, int(output), outputs, weight)]
    fields = _fields(learner, gbtree, features, trees)
    if first_rules:
        found, fields = _by_first_rules(found, fields)
    return assembled(
        *(found, outputs, _offset(parameters["base_score"], objective, outputs), True, link),
        writer="xgboost",
        fields=fields,
        missing=_missing(learner.get("attributes") or {}),
        notes=notes,
    )


def _used(gbtree: dict[str, Any], attributes: dict[str, Any], outputs: int) -> tuple[list[dict[str, Any]], list[int], list[str]]:
    """The trees that `predict` uses and the output of each: those up to the best round, where the fit stopped early."""
    trees, info = gbtree["trees"], [int(output) for output in gbtree["tree_info"]]
    said = gbtree.get("gbtree_model_param", {})
    if len(info) != len(trees) or int(said.get("num_trees", len(trees))) != len(trees):
        raise ValueError(f"it has {len(trees)} trees, and not as many as it says")
    ends = [int(end) for end in gbtree.get("iteration_indptr", ())]
    if not ends:
        vectors = trees and int(trees[0].get("tree_param", {}).get("size_leaf_vector", 1)) > 1
        step = max(1, int(said.get("num_parallel_tree", 1))) * (1 if vectors else outputs)
        ends = list(range(0, len(trees) + 1, step))
    if ends[0] != 0 or ends[-1] != len(trees) or any(a > b for a, b in zip(ends, ends[1:])):
        raise ValueError("its rounds and its trees do not match")
    rounds, best = len(ends) - 1, attributes.get("best_iteration")
    used = rounds if best is None else int(best) + 1
    if used < 1:
        raise ValueError(f"its best round is {best}")
    notes = []
    if used > rounds:
        notes.append(f"The file names round {used} the best and has {rounds}, as a part of a model does: all of them are used.")
        used = rounds
    if used < rounds:
        notes.append(
            f"The fit stopped early: the first {used} of {rounds} rounds are used, as XGBClassifier's and XGBRegressor's predict "
            "do; Booster.predict uses all unless it is told otherwise."
        )
    return trees[: ends[used]], info[: ends[used]], notes


def _offset(base_score: object, objective: str, outputs: int) -> Floats:
    """The base score as a margin: it is written as a probability or a mean, a number, a text of one, or of a list."""
    base = np.array(json.loads(base_score) if isinstance(base_score, str) else base_score, np.float32).astype(float).reshape(-1)
    if len(base) not in (1, outputs):
        raise ValueError(f"it has {len(base)} base scores for {outputs} outputs")
    with np.errstate(divide="raise", invalid="raise"):
        if objective in _AS_CHANCE:
            return np.asarray(-np.log(1.0 / base - 1.0))
        return np.log(base) if _LINKS[objective] == "exp" else base


def _missing(attributes: dict[str, Any]) -> float:
    """The number that scikit-learn's interface took for missing: XGBoost to 2.0 wrote it down."""
    said = json.loads(attributes.get("scikit_learn") or "{}")
    found = said.get("missing") if isinstance(said, dict) else None
    return float(found) if isinstance(found, (int, float)) else float("nan")


def _trees(tree: dict[str, Any], output: int, outputs: int, weight: float) -> list[Tree]:
    """One tree, or one for each output where leaves are vectors; value < threshold goes left, in float32."""
    left, right = np.array(tree["left_children"], np.int64), np.array(tree["right_children"], np.int64)
    nodes, said = len(left), tree.get("tree_param", {})
    width = max(1, int(said.get("size_leaf_vector", 1)))
    kinds = tree.get("split_type", [0] * nodes)  # which XGBoost to 1.2 does not write
    parts = (right, tree["split_conditions"], tree["split_indices"], tree["default_left"], kinds)
    if int(said.get("num_nodes", nodes)) != nodes or any(len(part) != nodes for part in parts):
        raise ValueError("a tree is damaged: it does not have as many nodes as it says")
    split = np.array([np.nan if cell is None else cell for cell in tree["split_conditions"]], np.float32)
    is_leaf, swap = left < 0, np.array(kinds, np.int64) == 1
    default_left, feature = np.array(tree["default_left"], np.int64) != 0, np.array(tree["split_indices"], np.int64)
    _weighed(tree, left, right, is_leaf)
    values, into = split.astype(float)[:, None], [output]
    if width > 1:
        if width != outputs:
            raise ValueError(f"its leaves have {width} values, and it has {outputs} outputs")
        values, into = _vectors(tree, is_leaf, right, width), list(range(width))
    # A categorical split has no condition: what is written there is NaN to 3.0, and something near 0 since.
    threshold = np.where(is_leaf | swap, 0.0, below(split))
    # Of a set of categories the members go right there, left here; a missing value keeps its default.
    return grown(
        np.where(swap, right, left),
        np.where(swap, left, right),
        is_leaf,
        feature,
        threshold,
        np.where(swap, 1 + 2 * ~default_left, 8 + 2 * default_left),
        _sets(tree, nodes),
        values * weight,
        into,
    )


def _weighed(tree: dict[str, Any], left: Ints, right: Ints, is_leaf: NDArray[np.bool_]) -> None:
    """ValueError where a node weighed far less or far more than its two children together, in sums of second derivatives."""
    sums = np.array(tree.get("sum_hessian", ()), float)
    if not sums.any():  # not written, or by hand
        return
    if len(sums) != len(left):
        raise ValueError("a tree is damaged: it does not have as many weights as nodes")
    inner = ~is_leaf & (np.maximum(left, right) < len(left)) & (np.minimum(left, right) >= 0)  # else found elsewhere
    off = np.abs(sums[left[inner]] + sums[right[inner]] - sums[inner])
    if (off > 1e-3 + sums[inner] / 100).any():
        raise ValueError("a tree's sums of second derivatives do not add up: the file is damaged")


def _vectors(tree: dict[str, Any], is_leaf: NDArray[np.bool_], right: Ints, width: int) -> Floats:
    """(nodes, width) values of leaves that are vectors: since 3.1 in a list of their own, before among all nodes' weights."""
    own = tree.get("leaf_weights")
    listed = np.asarray(tree["base_weights"] if own is None else own, np.float32).astype(float).reshape(-1, width)
    where = np.arange(len(right)) if own is None else np.where(is_leaf, right, 0)
    if own is None and len(listed) != len(right) or (where < 0).any() or (where >= len(listed)).any():
        raise ValueError("a tree is damaged: its leaves' values are not as many as its leaves")
    return np.asarray(listed[where])


def _sets(tree: dict[str, Any], nodes: int) -> list[NDArray[np.uint32]]:
    """Each node's set of categories as words of 32 bits, empty where it splits no categories."""
    sets = [NONE] * nodes
    listed = np.array(tree.get("categories", ()), np.int64)
    if (listed < 0).any() or (listed >= MOST_CATEGORIES).any():
        raise ValueError("a tree's sets of categories are damaged")
    for node, start, size in _segments(tree):
        if start < 0 or size < 0 or start + size > len(listed):
            raise ValueError("a tree's sets of categories are damaged")
        sets[node] = bits(listed[start : start + size])
    return sets


def _by_first_rules(trees: list[Tree], fields: list[Field]) -> tuple[list[Tree], list[Field]]:
    """Every set as long as the longest of its column, filled up where a missing category goes with the members; beyond all
    of them a category is missing."""
    words = [max(field.codes or (0,)) // 32 + 1 for field in fields]
    found = []
    for tree in trees:
        sets = list(tree.categories)
        for node, (flags, feature) in enumerate(zip(tree.flags, tree.feature)):
            if flags & 3 == 3 and 0 <= feature < len(words):
                more = words[feature] - len(sets[node])
                sets[node] = np.append(sets[node], ~empty_set(max(0, more)))
        found.append(replace(tree, categories=sets))
    return found, [replace(field, most=32.0 * n) if field.kind == "category" else field for field, n in zip(fields, words)]


def _segments(tree: dict[str, Any]) -> "zip[tuple[int, int, int]]":
    """(node, start, size) of each set of categories."""
    return zip(*(tree.get(f"categories_{name}", ()) for name in ("nodes", "segments", "sizes")))


def _fields(learner: dict[str, Any], gbtree: dict[str, Any], features: int, trees: list[dict[str, Any]]) -> list[Field]:
    names = [str(name) for name in learner.get("feature_names") or []] or [""] * features
    types = [str(kind) for kind in learner.get("feature_types") or []] or [""] * features
    if len(names) != features or len(types) != features:
        raise ValueError("it does not name all of its columns")
    if any(names):
        strict_places(names)
    split: set[int] = set()
    for tree in trees:  # of nodes that pruning left behind nothing is taken
        parts = zip(tree["split_indices"], tree.get("split_type", ()), tree["left_children"])
        split |= {int(place) for place, kind, child in parts if kind == 1 and child >= 0}
    coded = (gbtree.get("cats") or {}).get("enc") or []
    if coded and len(coded) != features:
        raise ValueError("it does not have one list of categories for each of its columns")
    levels = [_levels(one) for one in coded] or [None] * features
    members: dict[int, set[int]] = {}
    for tree in trees:
        for node, start, size in _segments(tree):
            members.setdefault(int(tree["split_indices"][node]), set()).update(map(int, tree["categories"][start : start + size]))
    kinds = ["category" if kind == "c" or i in split else "number" for i, kind in enumerate(types)]
    codes = [frozenset(members.get(i, ())) if kind == "category" else None for i, kind in enumerate(kinds)]
    return [Field(*parts) for parts in zip(names, kinds, levels, codes)]


def _levels(coded: dict[str, Any]) -> tuple[object, ...] | None:
    """The levels of one column, of numbers as they are, of texts as bytes one after the other; None for no category."""
    if "offsets" not in coded:
        return tuple(np.asarray(coded["values"]).tolist()) or None
    ends, text = [int(end) for end in coded["offsets"]], bytes(int(code) % 256 for code in coded["values"])
    if not text.isascii():  # XGBoost counts letters and cuts bytes: the levels behind such a letter are garbled in the file
        raise ValueError("its categories have names with letters beyond ASCII, which XGBoost garbles: give them others")
    if not ends or any(a > b for a, b in zip(ends, ends[1:])):
        return None
    return tuple(text[a:b].decode("ascii") for a, b in zip(ends, ends[1:])) or None
