"""Trees as flat arrays: what the compiled loops of `xai.trees.leaves` read, from trees of any library, checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xai.typing import Bytes, Floats, Ints

MAX_PATH = 62  # columns on one path: their bits are an int64
Words = NDArray[np.uint64]  # sets of columns, 64 to a word
_Path = dict[int, list[tuple[int, bool]]]  # column → its conditions (node, goes left)


class TreeArrays(NamedTuple):
    """What the compiled loops read. Nodes and leaves are numbered through the ensemble; a child −1 − l is leaf l.

    root, output (trees,): first node, and which output the tree adds to;  node_start, leaf_start (trees + 1,)
    feature, left, right, flags, first_word, words (nodes,), threshold (nodes,), categories: see `leaves.decisions`
    slot_start (leaves + 1,): each leaf's slots, one per column on its path;  slot_feature (slots,)
    step_start (slots + 1,), step_node, step_left (steps,): the conditions on that column
    """

    root: Ints
    output: Ints
    node_start: Ints
    leaf_start: Ints
    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    flags: Ints
    first_word: Ints
    words: Ints
    categories: NDArray[np.uint32]
    leaf_value: Floats
    slot_start: Ints
    slot_feature: Ints
    step_start: Ints
    step_node: Ints
    step_left: Bytes


@dataclass(frozen=True)
class Tree:
    """One tree, as a model's file has it: node 0 is the root, a child −1 − l is leaf l.

    feature, left, right, flags (nodes,) int;  threshold (nodes,) float: left if value ≤ threshold
    flags : sums of `leaves`' CATEGORICAL (left if the value's bit is set in categories[node]), DEFAULT_LEFT (where
        missing values go), ZERO_MISSING, NAN_MISSING (without these two a missing number counts as 0)
    categories : for each node its words of 32 bits, uint32;  value (leaves,) float
    output : which output the tree adds to
    """

    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    flags: Ints
    categories: list[NDArray[np.uint32]]
    value: Floats
    output: int = 0


def joined(trees: list[Tree], n_features: int, n_outputs: int) -> TreeArrays:
    """All trees in one set of arrays; ValueError as `xai.trees.exact.TreeEnsemble`."""
    nodes = np.cumsum([0] + [len(tree.feature) for tree in trees])
    leaves = np.cumsum([0] + [len(tree.value) for tree in trees])
    slots, features, steps, step_nodes, step_left = [0], [], [0], [], []
    for t, tree in enumerate(trees):
        for path in _paths(tree, t, n_features, n_outputs):
            if len(path) > MAX_PATH:
                raise ValueError(f"tree {t} has {len(path)} columns on one path; at most {MAX_PATH} are explained")
            for feature, conditions in path.items():
                features.append(feature)
                step_nodes += [nodes[t] + node for node, _ in conditions]
                step_left += [left for _, left in conditions]
                steps.append(len(step_nodes))
            slots.append(len(features))

    def all_of(parts: Sequence[ArrayLike], kind: type[Any]) -> NDArray[Any]:
        return np.concatenate([np.asarray(part, kind) for part in parts]) if parts else np.zeros(0, kind)

    def child(children: Ints, t: int) -> Ints:
        children = np.asarray(children, np.int64)
        moved: Ints = np.where(children < 0, children - leaves[t], children + nodes[t])
        return moved

    paths = {"slot_start": slots, "slot_feature": features, "step_start": steps, "step_node": step_nodes}
    sets = [np.asarray(words, np.uint32) for tree in trees for words in tree.categories]
    width = np.array([len(words) for words in sets], np.int64)
    arrays = TreeArrays(
        root=np.array([nodes[t] if len(tree.feature) else -1 - leaves[t] for t, tree in enumerate(trees)], np.int64),
        output=np.array([tree.output for tree in trees], np.int64),
        node_start=nodes.astype(np.int64),
        leaf_start=leaves.astype(np.int64),
        **{name: all_of([getattr(tree, name) for tree in trees], np.int64) for name in ("feature", "flags")},
        threshold=all_of([tree.threshold for tree in trees], float),
        left=all_of([child(tree.left, t) for t, tree in enumerate(trees)], np.int64),
        right=all_of([child(tree.right, t) for t, tree in enumerate(trees)], np.int64),
        first_word=np.cumsum(width) - width,
        words=width,
        categories=all_of(sets, np.uint32),
        leaf_value=all_of([tree.value for tree in trees], float),
        **{name: np.array(values, np.int64) for name, values in paths.items()},
        step_left=np.array(step_left, np.uint8),
    )
    if not np.isfinite(arrays.leaf_value).all() or np.isnan(arrays.threshold).any():
        raise ValueError("the trees hold a leaf value or a threshold that is not a number")
    return arrays


def _paths(tree: Tree, number: int, n_features: int, n_outputs: int) -> list[_Path]:
    """For each leaf: column → its conditions (node, goes left) on the path. ValueError for what is no tree."""
    n, n_leaves = len(tree.feature), len(tree.value)
    sizes = {len(part) for part in (tree.threshold, tree.left, tree.right, tree.flags, tree.categories)}
    if sizes != {n} or n_leaves != n + 1 or not 0 <= tree.output < n_outputs:
        raise ValueError(f"tree {number} is damaged: its parts do not have the same length")
    paths: list[Any] = [None] * n_leaves  # each filled below
    seen = 0
    waiting: list[tuple[int, _Path]] = [(0 if n else -1, {})]
    while waiting:
        node, path = waiting.pop()
        seen += 1
        if node < 0:
            if not -n_leaves <= node or paths[-1 - node] is not None:
                raise ValueError(f"tree {number} is damaged: leaf {-1 - node} does not exist or has two parents")
            paths[-1 - node] = path
            continue
        if node >= n or seen > 2 * n + 1 or not 0 <= tree.feature[node] < n_features:
            raise ValueError(f"tree {number} is damaged: node {node} or its column does not exist or has two parents")
        for next_node, left in ((tree.right[node], False), (tree.left[node], True)):
            feature = int(tree.feature[node])
            waiting.append((int(next_node), {**path, feature: [*path.get(feature, []), (node, left)]}))
    return paths
