"""Trees in an ONNX graph, as skl2onnx and onnxmltools write forests and boosting. The graph is read, never executed."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from model.trees.file import MOST_COLUMNS, Field, TreeFile, assembled, strict_places
from model.trees.onnx_ensemble import Ensemble, as_regressor, floats_of
from xai.trees.arrays import Tree
from xai.typing import Floats

if TYPE_CHECKING:
    import onnx

_TREES = ("TreeEnsembleRegressor", "TreeEnsembleClassifier", "TreeEnsemble")
_BEFORE, _AFTER = ("Cast", "Identity", "Concat"), ("Cast", "Identity", "ZipMap", "Exp", "Mul")
_FLOAT, _DOUBLE = 1, 11  # of a tensor's cells, as ONNX numbers them


class NoTrees(ValueError):
    """For a graph that is no ensemble of trees alone; it may be run all the same."""


def read_onnx(data: bytes) -> TreeFile:
    """The trees of an ONNX graph; ValueError with one sentence for a graph that holds anything else."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.ModelProto.FromString(data)
    except DecodeError as error:
        raise ValueError("the ONNX graph cannot be read: it is damaged, or was cut short") from error
    try:
        if not any(node.op_type in _TREES for node in model.graph.node):
            raise NoTrees("the ONNX graph cannot be read: it has 0 nodes of trees; exactly one is read")
        domains = {one.domain for one in model.opset_import}
        if "ai.onnx.ml" not in domains or not {node.domain for node in model.graph.node} - {"ai.onnx"} <= domains:
            raise ValueError("it was cut short: it does not say which operators it uses")
        return _read(model.graph)
    except NoTrees:
        raise
    except (KeyError, AttributeError) as error:
        raise ValueError(f"the ONNX graph cannot be read: {error} is missing") from error
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        told = " ".join(str(error).split())  # which may name what the graph names
        raise ValueError(f"the ONNX graph cannot be read: {told}") from error


def _read(graph: "onnx.GraphProto") -> TreeFile:
    nodes = list(graph.node)
    found = [node for node in nodes if node.op_type in _TREES]
    others = sorted({node.op_type for node in nodes if node.op_type not in (*_TREES, *_BEFORE, *_AFTER)})
    if others:
        raise NoTrees(f"the ONNX graph cannot be read: it has nodes that are no trees: {', '.join(others[:8])}")
    if len(found) > 1:
        raise NoTrees(f"the ONNX graph cannot be read: it has {len(found)} nodes of trees; exactly one is read")
    trees = found[0]
    names, cells = _inputs(graph, nodes, trees)
    told = {one.name: _value(one) for one in trees.attribute}
    if trees.op_type == "TreeEnsemble":
        told = as_regressor(told)
    sorts = any(told.get("nodes_missing_value_tracks_true") or ())
    single = cells == _FLOAT
    ensemble = Ensemble(told, single)
    width = max(len(names), max(ensemble.columns, default=-1) + 1) if not any(names) else len(names)
    fields = [Field(name) for name in names] if any(names) else [Field()] * (len(names) or width)
    if max(ensemble.columns, default=-1) >= len(fields):
        raise ValueError("its trees read a column that its inputs do not have")
    fields = [ensemble.field(i, field) for i, field in enumerate(fields)]
    if any(names):
        strict_places(names)
    labels = told.get("classlabels_int64s") or [one.decode() for one in told.get("classlabels_strings", ())] or None
    if trees.op_type == "TreeEnsembleClassifier":
        if _after(graph, nodes) != [1.0]:
            raise ValueError("it takes powers or multiples of the classes' scores")
        grown_trees, outputs, base, link = _classifier(told, ensemble, labels or [])
    else:
        grown_trees, outputs, base, link = _regressor(told, ensemble, _after(graph, nodes))
        labels = None
    return assembled(
        *(grown_trees, outputs, base, single, link), writer="onnx", fields=fields, classes=labels, notes=[], sorts_missing=sorts
    )


def _inputs(graph: "onnx.GraphProto", nodes: list[Any], trees: Any) -> tuple[list[str], int]:
    """(names of columns, "" for those of one tensor without; type of the cells that the trees read)."""
    stored = {one.name for one in graph.initializer}
    given = {one.name: one.type.tensor_type for one in graph.input if one.name not in stored}
    made = {name: node for node in nodes for name in node.output}

    def columns(name: str, depth: int = 0) -> tuple[list[str], int]:
        if name in given:
            shape = given[name].shape.dim
            width = int(shape[1].dim_value) if len(shape) > 1 else 0
            if not 0 <= width <= MOST_COLUMNS:
                raise ValueError(f"an input has {width:,} columns; at most {MOST_COLUMNS:,} are read")
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


def _after(graph: "onnx.GraphProto", nodes: list[Any]) -> list[float]:
    """What the sums are multiplied with before each power of e is taken of them, and at the end."""
    from onnx import numpy_helper

    stored = {one.name: one for one in graph.initializer}
    factors = [1.0]
    for node in nodes:  # in the order of the graph, where what is read was made before
        if node.op_type == "Exp":
            factors.append(1.0)
        if node.op_type == "Mul":
            by = [numpy_helper.to_array(stored[name]).reshape(-1) for name in node.input if name in stored]
            if len(by) != 1 or len(by[0]) != 1:
                raise ValueError("it multiplies its trees' sums with something else than one number")
            factors[-1] *= float(by[0][0])
    return factors


def _value(attribute: "onnx.AttributeProto") -> Any:
    import onnx
    from onnx import numpy_helper

    found = onnx.helper.get_attribute_value(attribute)
    if isinstance(found, onnx.TensorProto):
        if found.data_location == onnx.TensorProto.EXTERNAL:
            raise ValueError("it keeps numbers in another file")
        return numpy_helper.to_array(found)
    return list(found) if isinstance(found, Iterable) and not isinstance(found, bytes) else found


def _scale(told: dict[str, Any], trees: int) -> float:
    how = told.get("aggregate_function", b"SUM").decode()
    if how not in ("SUM", "AVERAGE"):
        raise ValueError(f"it joins its trees by {how}, which is not supported")
    return 1.0 / max(1, trees) if how == "AVERAGE" else 1.0


def _regressor(told: dict[str, Any], ensemble: Ensemble, factors: list[float]) -> tuple[list[Tree], int, Floats, str]:
    """factors : see `_after`; a multiple of a power of e is a power too, of a sum that is larger by the factor's logarithm"""
    outputs, after = int(told.get("n_targets", 1)), told.get("post_transform", b"NONE").decode()
    links = {"NONE": "identity", "LOGISTIC": "logistic"}
    if after not in links:
        raise ValueError(f"its trees' sums go through {after}, which is not supported")
    link = links[after]
    if factors[0] != 1.0 or len(factors) > 2 or len(factors) == 2 and (link != "identity" or factors[1] <= 0):
        raise ValueError("it takes powers and multiples of its trees' sums in a way that is not supported")
    more = float(np.log(factors[1])) if len(factors) == 2 else 0.0
    link = "exp" if len(factors) == 2 else link
    scale = _scale(told, len(ensemble.numbers))
    parts = (told["target_treeids"], told["target_nodeids"], told["target_ids"], floats_of(told, "target_weights"))
    base = floats_of(told, "base_values")
    if len(base) not in (0, 1, outputs):
        raise ValueError(f"it has {len(base)} base values for {outputs} outputs")
    return ensemble.trees(*parts, outputs, scale), outputs, (base if len(base) else np.zeros(1)) + more, link


def _classifier(told: dict[str, Any], ensemble: Ensemble, labels: list[Any]) -> tuple[list[Tree], int, Floats, str]:
    """Of two classes ONNX may hold the second's score alone; its probability where no leaf is negative, else its log-odds."""
    after, base, weights = (
        told.get("post_transform", b"NONE").decode(),
        floats_of(told, "base_values"),
        floats_of(told, "class_weights"),
    )
    parts, ids = (told["class_treeids"], told["class_nodeids"]), list(told["class_ids"])
    scale, classes = _scale(told, len(ensemble.numbers)), len(labels)
    if classes == 2 and len(base) == 2:
        raise ValueError("it has base values for both of two classes, which onnxruntime does not add as one would think")
    if classes == 2 and set(ids) == {0}:
        trees = ensemble.trees(*parts, [0] * len(ids), weights, 1, scale)
        positive = bool((weights >= 0).all())
        if after == "LOGISTIC" or positive and after == "NONE":
            return trees, 1, base if len(base) else np.zeros(1), "logistic" if after == "LOGISTIC" else "share"
        raise ValueError(f"its scores of two classes go through {after}, and no probability comes of it")
    link = {"NONE": "share", "SOFTMAX": "softmax", "LOGISTIC": "each"}.get(after)
    if link is None or classes < 2 or len(set(ids)) < 2 or len(base) not in (0, classes):
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
