"""ONNX graphs that are no trees alone give what onnxruntime gives here; what may not be run is refused before it is."""

import itertools
import pickle
import time

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper

from model import TableModel
from model.graphs.graph import read_graph
from model.graphs.session import Session
from model.graphs.table import way_of_graph

FLOAT, STRING, INT = TensorProto.FLOAT, TensorProto.STRING, TensorProto.INT64
INPUTS = (("age", FLOAT, [None, 1]), ("pay", FLOAT, [None, 1]), ("city", STRING, [None, 1]))
CITIES = ["Bern", "Oslo", "Rom"]
WEIGHTS = [0.1, 0.5, 0.3, -1.0, 0.2]


def made(nodes, outputs, inputs=INPUTS, stored=(), opset=17, domains=()):
    values = [[helper.make_tensor_value_info(*one) for one in ports] for ports in (inputs, outputs)]
    graph = helper.make_graph(list(nodes), "g", *values, [numpy_helper.from_array(np.asarray(one), name) for name, one in stored])
    sets = [
        helper.make_opsetid("", opset),
        helper.make_opsetid("ai.onnx.ml", 3),
        *(helper.make_opsetid(one, 1) for one in domains),
    ]
    return helper.make_model(graph, opset_imports=sets, ir_version=8).SerializeToString()


def ml(kind, inputs, outputs, **told):
    return helper.make_node(kind, inputs, outputs, domain="ai.onnx.ml", **told)


ENCODED = [
    ml("OneHotEncoder", ["city"], ["one hot"], cats_strings=CITIES, zeros=1),
    helper.make_node("Reshape", ["one hot", "shape"], ["flat"]),
    helper.make_node("Concat", ["age", "pay", "flat"], ["x"], axis=1),
]
SHAPE = (("shape", np.array([-1, 3])),)


def classifier(after="LOGISTIC", zipped=False, classes=("no", "yes")):
    rows = [[-weight for weight in WEIGHTS], WEIGHTS] if len(classes) == 2 else [[0.1 * k * w for w in WEIGHTS] for k in range(3)]
    told = {"coefficients": sum(rows, []), "intercepts": [5.0, -5.0] if len(classes) == 2 else [0.0, 0.5, 0.0]}
    nodes = [ml("LinearClassifier", ["x"], ["label", "scores"], classlabels_strings=classes, post_transform=after, **told)]
    nodes += [ml("ZipMap", ["scores"], ["map"], classlabels_strings=classes)] if zipped else []
    kind = helper.make_sequence_type_proto(helper.make_map_type_proto(STRING, helper.make_tensor_type_proto(FLOAT, None)))
    data = made(ENCODED + nodes, [("label", STRING, [None]), ("scores", FLOAT, [None, len(classes)])], stored=SHAPE)
    if not zipped:
        return data
    model = onnx.ModelProto.FromString(data)
    model.graph.output[1].CopyFrom(helper.make_value_info("map", kind))
    return model.SerializeToString()


def regressor(inputs=INPUTS, **more):
    nodes = [ml("LinearRegressor", ["x"], ["y"], coefficients=WEIGHTS, intercepts=[1.0])]
    return made(ENCODED + nodes, [("y", FLOAT, [None, 1])], inputs, SHAPE, **more)


def table(rows=50):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"pay": rng.normal(size=rows), "city": rng.choice(CITIES, rows), "age": rng.integers(20, 80, rows)})
    return frame.assign(goal=np.where(frame["age"] > 45, "yes", "no"))


def asked(data, frame):
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    cells = {name: frame[[name]].to_numpy(np.float32 if name != "city" else object) for name in ("age", "pay", "city")}
    return session.run(None, cells)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parts", "units"),
    [
        ({}, "log-odds of yes"),
        ({"zipped": True, "classes": ("yes", "no"), "after": "SOFTMAX"}, "log-odds of no"),
        ({"after": "NONE"}, "raw score of yes"),
        ({"after": "SOFTMAX", "classes": ("c", "a", "b")}, "log-odds of each class"),
    ],
)
def test_a_classifier_with_its_encoders_inside(parts, units):
    data, frame = classifier(**parts), table()
    classes = list(parts.get("classes", ("no", "yes")))
    target = None if len(classes) == 3 else "goal"
    model = TableModel.load(data, frame, target)
    labels, scores = asked(data, frame)
    if parts.get("zipped"):
        scores = np.array([[row[name] for name in classes] for row in scores])
    assert (model.units, model.target.classes, model.labels) == (units, classes, ["age", "pay", "city"])
    predicted = model.predict(frame)
    if parts.get("after") == "NONE":
        np.testing.assert_allclose(predicted.margin, scores[:, 1] - scores[:, 0], atol=1e-5)
    else:
        np.testing.assert_array_equal(predicted.probabilities, scores)
    assert [classes[i] for i in predicted.probabilities.argmax(axis=1)] == labels.tolist()
    if target:
        assert model.metrics["accuracy"] == pytest.approx((labels == frame["goal"]).mean())
    row = frame.iloc[4]
    every = np.array(list(itertools.product([False, True], repeat=3)))
    values = pickle.loads(pickle.dumps(model)).game(row, background=frame.iloc[:3])(every)
    for there, value in zip(every, values):
        mixed = frame.iloc[:3].assign(**{name: row[name] for name, present in zip(model.labels, there) if present})
        np.testing.assert_allclose(value, model.predict(mixed).margin.mean(axis=0), atol=1e-12)


@pytest.mark.slow
def test_a_regressor_from_a_path_and_one_input_of_all_columns(tmp_path):
    frame, path = table(), tmp_path / "model.onnx"
    path.write_bytes(regressor())
    model = TableModel.load(str(path), frame.drop(columns="goal"))
    np.testing.assert_array_equal(model.predict(frame).margin, asked(path.read_bytes(), frame)[0][:, 0])
    assert not model.closed and model.units == "prediction"
    matrix = made(
        [helper.make_node("ReduceSum", ["X", "axis"], ["y"])],
        [("y", FLOAT, [2, 1])],
        [("X", FLOAT, [2, 2])],
        [("axis", np.array([1]))],
    )
    numbers = frame[["age", "pay"]]
    together = TableModel.load(matrix, numbers)
    np.testing.assert_allclose(together.predict(numbers.iloc[:5]).margin, numbers.iloc[:5].sum(axis=1), atol=1e-5)
    assert "in their order" in together.notes[0]
    with pytest.raises(ValueError, match="reads 2 columns; the table has 3"):
        TableModel.load(matrix, frame.drop(columns="goal"))


TABLE = table()
OTHER_TABLES = {
    "a column that is missing": (TABLE.drop(columns="city"), "no column 'city'"),
    "texts for numbers": (TABLE.assign(age="7"), "'age' holds texts, and the model reads numbers"),
    "numbers for texts": (TABLE.assign(city=7), "'city' holds int64, and the model reads texts"),
    "dates": (TABLE.assign(age=pd.Timestamp("2020-01-01")), "'age' holds datetime"),
    "missing texts": (TABLE.assign(city=TABLE["city"].where(TABLE["pay"] > 0)), "'city' has missing cells"),
    "missing numbers": (TABLE.assign(age=TABLE["age"].where(TABLE["pay"] > 0)), "must be finite"),
    "two columns of one name": (pd.concat([TABLE, TABLE], axis=1), "two columns of the table"),
}


@pytest.mark.slow
def test_tables_that_do_not_fit_are_one_sentence(monkeypatch):
    session = Session(regressor())
    monkeypatch.setattr("model.graphs.table.Session", lambda *parts: session)
    for frame, told in OTHER_TABLES.values():
        with pytest.raises(ValueError, match=told) as caught:
            TableModel.load(regressor(), frame)
        assert "\n" not in str(caught.value)
    whole = TableModel.load(regressor(), TABLE.drop(columns="goal").assign(age=TABLE["age"].astype("Int64")))
    np.testing.assert_array_equal(whole.predict(TABLE).margin, asked(regressor(), TABLE)[0][:, 0])


def outside():
    model = onnx.ModelProto.FromString(regressor())
    branch = helper.make_node("If", ["c"], ["z"], then_branch=helper.make_graph([], "t", [], []))
    hidden = branch.attribute[0].g.initializer.add(name="w", data_type=FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    hidden.external_data.add(key="location", value="/etc/passwd")
    model.graph.node.append(branch)
    return model.SerializeToString()


IDENTITY = helper.make_node("Identity", ["age"], ["y"])
ONE = INPUTS[:1]
NOT_RUN = {
    "numbers in another file": (outside(), "another file"),
    "operators of others": (regressor(domains=["com.microsoft"]), "operators of 'com.microsoft'"),
    "an old opset": (regressor(opset=6), "opset 6"),
    "a new opset": (regressor(opset=99), "opset 99"),
    "cut short": (regressor()[:-40], "cannot be read"),
    "nothing": (b"\x08\x08", "cannot be read|no inputs"),
    "an input of pictures": (
        made([IDENTITY], [("y", FLOAT, None)], [("age", FLOAT, [1, 3, 8, 8])]),
        "no column of numbers or texts",
    ),
    "several wide inputs": (
        made([IDENTITY], [("y", FLOAT, None)], [("age", FLOAT, [None, 2]), ("pay", FLOAT, [None, 1])]),
        "2 columns beside",
    ),
    "a class alone": (made([IDENTITY], [("y", INT, None)], [("age", INT, [None, 1])]), "has the outputs y"),
    "two outputs": (made([IDENTITY], [("y", FLOAT, None), ("z", FLOAT, None)], ONE), "has the outputs y, z"),
}


@pytest.mark.parametrize("case", NOT_RUN)
def test_what_may_not_be_run_is_refused(case, monkeypatch):
    monkeypatch.setattr(Session, "check", lambda session: pytest.fail("it was run"))
    data, told = NOT_RUN[case]
    with pytest.raises(ValueError, match=told) as caught:
        way_of_graph(data, TABLE)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError):
        TableModel.load(data, TABLE)


def growing(times):
    """Tiles one number `times` times, 16 each time."""
    nodes = [helper.make_node("Tile", ["age" if i == 0 else f"t{i}", "often"], [f"t{i + 1}"]) for i in range(times)]
    nodes.append(helper.make_node("ReduceSum", [f"t{times}", "axis"], ["y"]))
    return made(nodes, [("y", FLOAT, None)], ONE, [("often", np.array([1, 16])), ("axis", np.array([1]))])


@pytest.mark.slow
def test_a_graph_has_so_much_memory_and_time():
    rows = {"age": np.ones((2, 1), np.float32)}
    small = Session(growing(8), memory=1_000_000_000)  # 34 GB
    with pytest.raises(ValueError, match="ONNX graph (cannot be run|broke down)") as caught:
        small(rows)
    assert "\n" not in str(caught.value)
    endless = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["age"], ["out"])],
        "body",
        [helper.make_tensor_value_info("i", INT, []), helper.make_tensor_value_info("go", TensorProto.BOOL, [])],
        [helper.make_tensor_value_info("on", TensorProto.BOOL, []), helper.make_tensor_value_info("out", FLOAT, None)],
    )
    loop = helper.make_node("Loop", ["most", "true"], ["y"], body=endless)
    data = made([loop], [("y", FLOAT, None)], ONE, [("most", np.array(2**62)), ("true", np.array(True))])
    slow, started = Session(data, seconds=1.0, memory=1_000_000_000), time.monotonic()
    with pytest.raises(ValueError, match="more than 1 seconds|broke down|cannot be run"):
        slow(rows)
    assert time.monotonic() - started < 60
    with pytest.raises(ValueError, match="cannot be run"):
        Session(made([helper.make_node("Nothing", ["age"], ["y"])], [("y", FLOAT, None)], ONE)).check()


def test_classes_are_those_that_all_nodes_name():
    assert read_graph(classifier(zipped=True)).classes == ["no", "yes"]
    model = onnx.ModelProto.FromString(classifier(zipped=True))
    model.graph.node[-1].attribute[0].strings[0] = b"never"
    assert read_graph(model.SerializeToString()).classes is None
