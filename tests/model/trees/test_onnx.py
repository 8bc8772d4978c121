"""Graphs of trees give what onnxruntime gives, in each of its ways with two classes; other graphs are refused by name."""

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from onnx import TensorProto, helper

from model import TableModel
from model.table.links import shares_of
from model.trees.onnx_trees import read_onnx

CELLS = np.array([[-1.0], [0.0], [0.5], [np.nan], [3.0]], np.float32)


def graph(nodes, outputs=(("p", TensorProto.FLOAT),), inputs=1):
    given = [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, inputs])]
    told = [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs]
    domains = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 3)]
    made = helper.make_model(helper.make_graph(nodes, "g", given, told), opset_imports=domains, ir_version=8)
    return made.SerializeToString()


def tree(**more):
    """One split at 0.5 of column 0, leaves 1 and 2."""
    nodes = {"treeids": [0] * 3, "nodeids": [0, 1, 2], "featureids": [0] * 3, "values": [0.5, 0.0, 0.0]}
    nodes |= {"truenodeids": [1, 0, 0], "falsenodeids": [2, 0, 0], "modes": ["BRANCH_LEQ", "LEAF", "LEAF"]}
    return {f"nodes_{name}": value for name, value in nodes.items()} | more


def classifier(weights, after, ids=(0, 0), base=None):
    leaves = [1, 2] if len(weights) == 2 else [1, 1, 2, 2]
    told = {"class_treeids": [0] * len(weights), "class_nodeids": leaves, "class_ids": list(ids), "class_weights": list(weights)}
    told |= {"classlabels_int64s": [0, 1], "post_transform": after} | ({} if base is None else {"base_values": base})
    node = helper.make_node("TreeEnsembleClassifier", ["X"], ["l", "p"], domain="ai.onnx.ml", **tree(**told))
    return graph([node], (("l", TensorProto.INT64), ("p", TensorProto.FLOAT)))


def regressor(mode="BRANCH_LEQ", missing=0, after=(), **more):
    told = tree(target_treeids=[0, 0], target_nodeids=[1, 2], target_ids=[0, 0], target_weights=[0.25, -1.5], n_targets=1)
    told |= {"nodes_modes": [mode, "LEAF", "LEAF"], "nodes_missing_value_tracks_true": [missing, 0, 0], **more}
    node = helper.make_node("TreeEnsembleRegressor", ["X"], ["p"], domain="ai.onnx.ml", **told)
    return graph([node, *after])


def asked(data, cells=CELLS):
    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"X": cells})[-1]


@pytest.mark.parametrize(
    "parts",
    [
        ((0.2, 0.7), "NONE"),
        ((0.2, 0.5), "NONE", (0, 0), [0.25]),
        ((0.2, 0.7), "LOGISTIC"),
        ((-0.2, 0.7), "LOGISTIC"),
        ((-0.2, 0.7), "LOGISTIC", (0, 0), [0.5]),
        ((0.2, 0.8, 0.6, 0.4), "NONE", (0, 1, 0, 1)),
        ((0.2, 0.8, 0.6, 0.4), "LOGISTIC", (0, 1, 0, 1)),
        ((-0.2, 0.8, 0.6, 0.4), "SOFTMAX", (0, 1, 0, 1)),
    ],
)
def test_two_classes_in_all_of_onnx_ways(parts):
    data = classifier(*parts)
    model = read_onnx(data)
    np.testing.assert_allclose(shares_of(model.ensemble.margins(CELLS), model.link), asked(data), atol=2e-7)


@pytest.mark.parametrize(
    "parts",
    [
        ((-0.2, 0.7), "NONE"),
        ((0.2, 0.7), "SOFTMAX"),
        ((0.2, 0.7), "NONE", (1, 1)),
        ((0.2, 0.7), "LOGISTIC", (0, 0), [0.5, 0.25]),
        ((-0.2, 0.8, 0.6, 0.4), "NONE", (0, 1, 0, 1)),
        ((0.2, 0.3, 0.4, 0.2), "NONE", (0, 1, 0, 1), [0.1, 0.3]),
        ((0.2, 0.3, 0.4, 0.2), "PROBIT", (0, 1, 0, 1)),
    ],
)
def test_scores_that_are_no_probabilities_are_refused(parts):
    with pytest.raises(ValueError, match="the ONNX graph cannot be read"):
        read_onnx(classifier(*parts))


@pytest.mark.parametrize("mode", ["LEQ", "LT", "GTE", "GT", "EQ", "NEQ"])
@pytest.mark.parametrize("missing", [0, 1])
def test_every_way_to_compare(mode, missing):
    value = 3.0 if mode in ("EQ", "NEQ") else 0.5
    data = regressor(f"BRANCH_{mode}", missing, nodes_values=[value, 0.0, 0.0])
    cells = np.array([[0.0], [3.0], [4.0], [np.nan]], np.float32) if value == 3.0 else CELLS
    np.testing.assert_allclose(read_onnx(data).ensemble.margins(cells), asked(data, cells).reshape(-1, 1), atol=1e-7)


def test_means_powers_and_multiples():
    mean = regressor(aggregate_function="AVERAGE", base_values=[0.5])
    np.testing.assert_allclose(read_onnx(mean).ensemble.margins(CELLS), asked(mean).reshape(-1, 1), atol=1e-7)
    power = regressor(after=[helper.make_node("Exp", ["p"], ["q"])])
    assert read_onnx(power).link == "exp"


@pytest.mark.parametrize(
    "data, word",
    [
        (regressor(after=[helper.make_node("Relu", ["p"], ["q"])]), "Relu"),
        (regressor(aggregate_function="MAX"), "MAX"),
        (regressor("BRANCH_EQ", nodes_values=[0.5, 0.0, 0.0]), "whole"),
        (regressor(post_transform="PROBIT"), "PROBIT"),
        (regressor(target_ids=[0, 4]), "output 4"),
        (regressor(nodes_featureids=[7, 0, 0]), "column"),
        (regressor(nodes_truenodeids=[0, 0, 0]), "root|damaged"),
        (graph([]), "0 nodes of trees"),
        (b"\x08\x07\x12", "damaged"),
    ],
)
def test_other_graphs_are_refused_by_name(data, word):
    with pytest.raises(ValueError, match=word):
        read_onnx(data)


def test_columns_that_are_inputs_of_their_own():
    told = tree(target_treeids=[0, 0], target_nodeids=[1, 2], target_ids=[0, 0], target_weights=[0.25, -1.5], n_targets=1)
    told |= {"nodes_featureids": [1, 0, 0]}
    kinds = {"the dose": TensorProto.INT64, "age": TensorProto.FLOAT}
    given = [helper.make_tensor_value_info(name, kind, [None, 1]) for name, kind in kinds.items()]
    nodes = [
        helper.make_node("Cast", ["the dose"], ["d"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["d", "age"], ["both"], axis=1),
        helper.make_node("TreeEnsembleRegressor", ["both"], ["p"], domain="ai.onnx.ml", **told),
    ]
    answer = [helper.make_tensor_value_info("p", TensorProto.FLOAT, None)]
    domains = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 3)]
    data = helper.make_model(
        helper.make_graph(nodes, "g", given, answer), opset_imports=domains, ir_version=8
    ).SerializeToString()
    assert read_onnx(data).names == ["the dose", "age"]
    frame = pd.DataFrame({"age": [0.25, 0.75], "other": [0, 0], "the dose": [3, 1]})
    inputs = {"the dose": frame[["the dose"]].to_numpy(np.int64), "age": frame[["age"]].to_numpy(np.float32)}
    want = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, inputs)[0]
    np.testing.assert_allclose(TableModel.load(data, frame).predict(frame).margin, want[:, 0], atol=1e-7)


def test_missing_cells_that_go_one_way_are_said():
    frame = pd.DataFrame({"x": [0.1, np.nan, 0.9]})
    assert "one side" in TableModel.load(regressor(), frame).notes[-1]
    for data, table in ((regressor(), frame.dropna()), (regressor(missing=1), frame)):
        assert not any("one side" in note for note in TableModel.load(data, table).notes)


def test_a_graph_that_rounds_its_inputs_is_refused():
    told = tree(target_treeids=[0, 0], target_nodeids=[1, 2], target_ids=[0, 0], target_weights=[0.25, -1.5], n_targets=1)
    nodes = [
        helper.make_node("Cast", ["X"], ["c"], to=TensorProto.INT64),
        helper.make_node("TreeEnsembleRegressor", ["c"], ["p"], domain="ai.onnx.ml", **told),
    ]
    with pytest.raises(ValueError, match="rounds its inputs"):
        read_onnx(graph(nodes))


def newer(modes, splits, roots, branches, leaves, **more):
    """The operator of opset 5. branches : of each node (true, is it a leaf?, false, is it a leaf?);  leaves : (target, weight)"""
    told = {"nodes_featureids": [0] * len(modes), "tree_roots": roots, "n_targets": 1 + max(target for target, _ in leaves)}
    told["nodes_modes"] = helper.make_tensor("m", TensorProto.UINT8, [len(modes)], modes)
    told["nodes_splits"] = helper.make_tensor("s", TensorProto.FLOAT, [len(splits)], splits)
    names = ("nodes_truenodeids", "nodes_trueleafs", "nodes_falsenodeids", "nodes_falseleafs")
    told |= dict(zip(names, map(list, zip(*branches))))
    told["leaf_targetids"] = [target for target, _ in leaves]
    told["leaf_weights"] = helper.make_tensor("w", TensorProto.FLOAT, [len(leaves)], [weight for _, weight in leaves])
    node = helper.make_node("TreeEnsemble", ["X"], ["p"], domain="ai.onnx.ml", **told | more)
    given = [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 1])]
    answer = [helper.make_tensor_value_info("p", TensorProto.FLOAT, None)]
    domains = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    made = helper.make_model(helper.make_graph([node], "g", given, answer), opset_imports=domains, ir_version=10)
    return made.SerializeToString()


@pytest.mark.parametrize("mode", range(6))
@pytest.mark.parametrize("more", [{}, {"aggregate_function": 0}, {"nodes_missing_value_tracks_true": [1, 0, 1]}])
def test_the_operator_of_opset_5(mode, more):
    branches = [(0, 1, 1, 0), (1, 1, 2, 1), (3, 1, 4, 1)]  # of two trees with three nodes and five leaves
    leaves = [(0, 0.5), (1, -1.25), (0, 2.0), (0, 4.0), (1, 8.0)]
    data = newer([mode, mode, mode], [1.0, 3.0, 2.0], [0, 2], branches, leaves, **more)
    cells = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [np.nan]], np.float32)
    np.testing.assert_allclose(read_onnx(data).ensemble.margins(cells), asked(data, cells), atol=1e-7)


def test_opset_5_damaged_or_with_sets():
    with pytest.raises(ValueError, match="damaged"):
        read_onnx(newer([0, 0], [1.0, 3.0], [0], [(1, 0, 0, 1), (0, 0, 1, 1)], [(0, 0.5), (0, 1.0)]))
    with pytest.raises(ValueError, match="MEMBER"):
        read_onnx(newer([6], [1.0], [0], [(0, 1, 1, 1)], [(0, 0.5), (0, 1.0)]))
