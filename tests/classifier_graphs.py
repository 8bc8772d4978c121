"""ONNX graphs that tell classes of pictures, of one layer."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

WEIGHT = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
FLOAT, BYTE = TensorProto.FLOAT, TensorProto.UINT8


def graph(shape=(None, 3, 8, 8), kind=FLOAT, softmax=False, metadata=(), outputs=2, after=(), width=5):
    """Mean over the pixels of channels, times a weight."""
    axes = [2, 3] if shape[1] == 3 else [1, 2]
    nodes = [
        helper.make_node("Cast", ["x"], ["c"], to=FLOAT),
        helper.make_node("ReduceMean", ["c"], ["m"], axes=axes, keepdims=0),
    ]
    nodes += [helper.make_node("MatMul", ["m", "w"], ["l"]), *after]
    nodes.append(helper.make_node("Softmax" if softmax else "Identity", [after[-1].output[0] if after else "l"], ["y"]))
    given = [helper.make_tensor_value_info("x", kind, shape)]
    told = [helper.make_tensor_value_info("y", FLOAT, [None] * outputs)]
    made = helper.make_graph(nodes, "g", given, told, [numpy_helper.from_array(WEIGHT[:, :width], "w")])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, dict(metadata))
    return model.SerializeToString()
