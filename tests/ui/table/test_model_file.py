"""A model's file on the Table page: what was not plain is said, and predictions made elsewhere are compared."""

import json
import lzma
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import pandas as pd
import pytest
from table_pages import bench, csv, explain_row, open_page, said, upload

from ui.table.run import find

FILES = Path(__file__).parents[2] / "model" / "trees" / "files"
STORED = json.loads(lzma.decompress((FILES / "xgboost-3.2.0.json.xz").read_bytes()))


def page_of(frame, model, target="goal"):
    page = upload(open_page(), csv(frame))
    page.selectbox(key="t-target").set_value(target).run()
    page.selectbox(key="t-model").set_value("file").run()
    page.get("file_uploader")[1].set_value(("model", model, "text/plain")).run()
    return explain_row(page)


@pytest.fixture(scope="module")
def brought():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"the age": rng.normal(size=120).round(2), "zone": rng.choice([10, 20, 30], 120)})
    goal = np.where(frame["the age"] + (frame["zone"] == 20) > 0.5, "yes", "no")
    own = frame.astype({"zone": "category"})
    settings = {"verbose": -1, "num_threads": 1, "objective": "binary", "min_data_per_group": 5, "min_data_in_leaf": 5}
    booster = lightgbm.train(settings, lightgbm.Dataset(own, goal == "yes"), 10)
    frame = frame.assign(theirs=booster.predict(own), wrong=booster.predict(own) + 0.125 * (frame.index == 4), goal=goal)
    return frame, booster.model_to_string().encode()


@pytest.mark.slow
def test_a_file_is_read_said_and_compared(brought):
    frame, model = brought
    page = page_of(frame, model)
    assert not page.error and not page.exception
    assert "the\\_age" in said(page) or "the_age" in said(page)
    page.selectbox(key="agreement").set_value("theirs").run()
    assert "It predicts as it should" in page.success[0].value
    page.selectbox(key="agreement").set_value("wrong").run()
    assert "differs in 1 of 120 rows" in page.warning[-1].value
    assert "row 5" in page.warning[-1].value
    page.selectbox(key="agreement").set_value("goal").run()
    assert not page.exception


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["binary:hinge", "multi:softprob", "count:poisson", "survival:cox"])
def test_every_way_to_answer_is_shown(objective):
    cell = next(cell for cell in STORED if cell["objective"] == objective and not cell["refused"] and not cell["categories"])
    frame = pd.DataFrame(cell["table"])
    answer = np.asarray(cell["answer"], float)
    frame["goal"] = answer.argmax(1) if answer.ndim > 1 else answer
    page = page_of(frame, cell["model"].encode())
    assert not page.error and not page.exception
    fitted = find(bench(page).shown.request, bench(page).own.models)
    found = fitted.model.predict(fitted.frame)
    told = found.probabilities if answer.ndim > 1 else fitted.truth.predicted.reshape(len(frame), -1)[:, -1]
    np.testing.assert_allclose(told, answer, rtol=2e-6)


def test_sums_without_a_meaning_are_refused_in_one_sentence():
    cell = next(cell for cell in STORED if "three outputs" in cell["kind"] or "two targets" in cell["kind"])
    page = page_of(pd.DataFrame(cell["table"]).assign(goal=range(48)), cell["model"].encode())
    assert "sums for each row" in page.error[0].value


def graph_of(names):
    """The sum of some columns."""
    given = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, 1]) for name in names]
    told = onnx.helper.make_tensor_value_info("sum", onnx.TensorProto.FLOAT, [None, 1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Sum", names, ["sum"])], "g", given, [told])
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


@pytest.mark.slow
def test_a_graph_without_trees_is_asked_for_its_coalitions():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(40, 3)).round(2), columns=list("abc")).assign(goal=rng.normal(size=40).round(2))
    page = page_of(frame, graph_of(list("abc")))
    assert not page.error and not page.exception
    fitted = find(bench(page).shown.request, bench(page).own.models)
    row = frame[list("abc")]
    want = row.iloc[0] - fitted.table_model.background.mean()
    for one in bench(page).shown.comparison.maps:
        np.testing.assert_allclose(one.values.ravel(), want, atol=1e-5)
    wide = pd.DataFrame(rng.normal(size=(20, 13)).round(2), columns=[f"c{i}" for i in range(13)])
    page = page_of(wide.assign(goal=rng.normal(size=20).round(2)), graph_of(list(wide)))
    assert "choose other methods" in page.error[0].value
