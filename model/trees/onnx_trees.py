"""Trees in an ONNX graph, as skl2onnx and onnxmltools write forests and boosting. The graph is read, never executed."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from model.trees.file import NONE, Field, TreeFile, assembled, bits, grown, strict_places
from xai.trees.arrays import Tree
from xai.typing import Floats

if TYPE_CHECKING:
    import onnx

_TREES = ("TreeEnsembleRegressor", "TreeEnsembleClassifier")
_BEFORE, _AFTER = ("Cast", "Identity", "Concat"), ("Cast", "Identity", "ZipMap", "Exp")
_FLOAT, _DOUBLE = 1, 11  # of a tensor's cells, as ONNX numbers them
_LEFT_IS_TRUE = {"BRANCH_LEQ": True, "BRANCH_LT": True, "BRANCH_GTE": False, "BRANCH_GT": False, "BRANCH_EQ": True}
_STRICT = ("BRANCH_LT", "BRANCH_GTE")  # whose left is below the value, not at it
_MOST_CATEGORY = 1 << 24


def read_onnx(data: bytes) -> TreeFile:
    """The trees of an ONNX graph; ValueError with one sentence for a graph that holds anything else."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        graph = onnx.ModelProto.FromString(data).graph
    except DecodeError as error:
        raise ValueError("the ONNX graph cannot be read: it is damaged, or was cut short") from error
    try:
        return _read(graph)
    except (KeyError, AttributeError) as error:
        raise ValueError(f"the ONNX graph cannot be read: {error} is missing") from error
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise ValueError(f"the ONNX graph cannot be read: {error}") from error


def _read(graph: "onnx.GraphProto") -> TreeFile:
    nodes = list(graph.node)
    found = [node for node in nodes if node.op_type in _TREES]
    others = sorted({node.op_type for node in nodes if node.op_type not in (*_TREES, *_BEFORE, *_AFTER)})
    if others:
        raise ValueError(f"it has nodes that are no trees: {', '.join(others[:8])}")
    if len(found) != 1:
        raise ValueError(f"it has {len(found)} nodes of trees; exactly one is read")
    trees = found[0]
    names, cells = _inputs(graph, nodes, trees)
    told = {one.name: _value(one) for one in trees.attribute}
    single = cells == _FLOAT
    ensemble = _Ensemble(told, single)
    width = max(len(names), max(ensemble.columns, default=-1) + 1) if not any(names) else len(names)
    fields = [Field(name) for name in names] if any(names) else [Field()] * (len(names) or width)
    if max(ensemble.columns, default=-1) >= len(fields):
        raise ValueError("its trees read a column that its inputs do not have")
    fields = [ensemble.field(i, field) for i, field in enumerate(fields)]
    if any(names):
        strict_places(names)
    labels = told.get("classlabels_int64s") or [one.decode() for one in told.get("classlabels_strings", ())] or None
    if trees.op_type == "TreeEnsembleClassifier":
        grown_trees, outputs, base, link = _classifier(told, ensemble, labels or [])
    else:
        grown_trees, outputs, base, link = _regressor(told, ensemble, nodes)
        labels = None
    return assembled(*(grown_trees, outputs, base, single, link), writer="onnx", fields=fields, classes=labels, notes=[])


def _inputs(graph: "onnx.GraphProto", nodes: list[Any], trees: Any) -> tuple[list[str], int]:
    """(names of columns, "" for those of one tensor without; type of the cells that the trees read)."""
    stored = {one.name for one in graph.initializer}
    given = {one.name: one.type.tensor_type for one in graph.input if one.name not in stored}
    made = {name: node for node in nodes for name in node.output}

    def columns(name: str, depth: int = 0) -> tuple[list[str], int]:
        if name in given:
            shape = given[name].shape.dim
            width = int(shape[1].dim_value) if len(shape) > 1 else 0
            own = [name] if width == 1 and len(given) > 1 else [""] * width
            return own, int(given[name].elem_type)
        node = made.get(name)
        if node is None or node.op_type not in _BEFORE or depth > len(nodes):
            raise ValueError("its trees do not read the graph's inputs")
        parts = [columns(one, depth + 1) for one in node.input]
        told = {one.name: _value(one) for one in node.attribute}
        if node.op_type == "Cast" and told["to"] not in (_FLOAT, _DOUBLE):
            raise ValueError("it rounds its inputs before the trees read them")
        if node.op_type == "Concat" and told["axis"] not in (1, -1):
            raise ValueError("it joins its inputs in another way than side by side")
        return [own for part, _ in parts for own in part], told["to"] if node.op_type == "Cast" else parts[0][1]

    return columns(trees.input[0])


def _value(attribute: "onnx.AttributeProto") -> Any:
    import onnx
    from onnx import numpy_helper

    found = onnx.helper.get_attribute_value(attribute)
    if isinstance(found, onnx.TensorProto):
        if found.data_location == onnx.TensorProto.EXTERNAL:
            raise ValueError("it keeps numbers in another file")
        return numpy_helper.to_array(found)
    return list(found) if isinstance(found, Iterable) and not isinstance(found, bytes) else found


def _floats(told: dict[str, Any], name: str) -> Floats:
    """An attribute of numbers, as floats or as a tensor (of doubles)."""
    found = told.get(f"{name}_as_tensor")
    return np.asarray(told.get(name, ()) if found is None else found, float)


class _Ensemble:
    """Nodes of all trees, and the values of their leaves."""

    def __init__(self, told: dict[str, Any], single: bool) -> None:
        self.tree = np.array(told["nodes_treeids"], np.int64)
        self.node, self.feature = np.array(told["nodes_nodeids"], np.int64), np.array(told["nodes_featureids"], np.int64)
        self.modes = [mode.decode() for mode in told["nodes_modes"]]
        self.value = _floats(told, "nodes_values")
        self.yes, self.no = np.array(told["nodes_truenodeids"], np.int64), np.array(told["nodes_falsenodeids"], np.int64)
        missing = told.get("nodes_missing_value_tracks_true") or [0] * len(self.node)
        self.missing_yes = np.array(missing, np.int64) != 0
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
        if (values < 0).any() or (values % 1 != 0).any() or (values >= _MOST_CATEGORY).any():
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


def _scale(told: dict[str, Any], trees: int) -> float:
    how = told.get("aggregate_function", b"SUM").decode()
    if how not in ("SUM", "AVERAGE"):
        raise ValueError(f"it joins its trees by {how}, which is not supported")
    return 1.0 / max(1, trees) if how == "AVERAGE" else 1.0


def _regressor(told: dict[str, Any], ensemble: _Ensemble, nodes: list[Any]) -> tuple[list[Tree], int, Floats, str]:
    outputs, after = int(told.get("n_targets", 1)), told.get("post_transform", b"NONE").decode()
    links = {"NONE": "identity", "LOGISTIC": "logistic"}
    if after not in links:
        raise ValueError(f"its trees' sums go through {after}, which is not supported")
    link, exps = links[after], sum(node.op_type == "Exp" for node in nodes)
    if exps:
        if link != "identity" or exps > 1:
            raise ValueError("it takes more than one power of its trees' sums")
        link = "exp"
    scale = _scale(told, len(ensemble.numbers))
    parts = (told["target_treeids"], told["target_nodeids"], told["target_ids"], _floats(told, "target_weights"))
    base = _floats(told, "base_values")
    if len(base) not in (0, 1, outputs):
        raise ValueError(f"it has {len(base)} base values for {outputs} outputs")
    return ensemble.trees(*parts, outputs, scale), outputs, base if len(base) else np.zeros(1), link


def _classifier(told: dict[str, Any], ensemble: _Ensemble, labels: list[Any]) -> tuple[list[Tree], int, Floats, str]:
    """Of two classes ONNX may hold the second's score alone; its probability where no leaf is negative, else its log-odds."""
    after, base, weights = (
        told.get("post_transform", b"NONE").decode(),
        _floats(told, "base_values"),
        _floats(told, "class_weights"),
    )
    parts, ids = (told["class_treeids"], told["class_nodeids"]), list(told["class_ids"])
    scale, classes = _scale(told, len(ensemble.numbers)), len(labels)
    if classes == 2 and len(set(ids)) == 1:
        if len(base) > 1:
            raise ValueError("it has two base values for one score of two classes")
        trees = ensemble.trees(*parts, [0] * len(ids), weights, 1, scale)
        positive = bool((weights >= 0).all())
        if positive and after == "NONE" or not positive and after == "LOGISTIC":
            return trees, 1, base if len(base) else np.zeros(1), "share" if positive else "logistic"
        raise ValueError(f"its scores of two classes go through {after}, and no probability comes of it")
    link = {"NONE": "share", "SOFTMAX": "softmax", "LOGISTIC": "each"}.get(after)
    if link is None or classes < 2 or len(base) not in (0, classes):
        raise ValueError(f"its scores of {classes} classes go through {after}, which is not supported")
    if link == "share" and (weights < 0).any():
        raise ValueError("its classes' scores are no probabilities, for some are negative")
    trees, base = ensemble.trees(*parts, ids, weights, classes, scale), base if len(base) else np.zeros(classes)
    if link == "share" and classes == 2 and _add_up(trees, base):
        ones = [Tree(**{**vars(tree), "output": 0}) for tree in trees if tree.output == 1]
        return ones, 1, base[1:], link
    return trees, classes, base, link


def _add_up(trees: list[Tree], base: Floats) -> bool:
    """Are the shares of two classes 1 together, in every leaf's reach? Then the second's alone tells both."""
    pairs = list(zip(trees[::2], trees[1::2]))
    if len(trees) % 2 or any((a.output, b.output) != (0, 1) or len(a.value) != len(b.value) for a, b in pairs):
        return False
    sums = [a.value + b.value for a, b in pairs]
    return all(np.ptp(one) < 1e-6 for one in sums) and abs(sum(one[0] for one in sums) + base.sum() - 1.0) < 1e-5
