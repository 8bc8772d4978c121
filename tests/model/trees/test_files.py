"""Every stored file of every library gives that library's own predictions, or is refused with one sentence.

`python -m benchmarks.tree_files` wrote them, with the libraries themselves.
"""

import base64
import json
import lzma
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import pytest

from model import TableModel
from model.table.from_file import loaded

FILES = sorted((Path(__file__).parent / "files").glob("*.json.xz"))
CLOSE = 1e-6  # of the largest of a cell's margins, or of 1: libraries sum in float32


CELLS = {cell["name"]: cell for path in FILES for cell in json.loads(lzma.decompress(path.read_bytes()))}


def model_of(cell):
    text = cell["model"]
    return base64.b64decode(text.removeprefix("base64:")) if text.startswith("base64:") else text


def table_of(cell):
    frame = pd.DataFrame(cell["table"])
    return frame.astype({name: pd.CategoricalDtype(levels) for name, levels in cell["levels"].items()})


def told(values, rows):
    return np.asarray(values, float).reshape(rows, -1)


def check_refused(cell, frame):
    """Of what is no trees alone, ONNX graphs are run; other files are refused whatever is asked of them."""
    if cell["library"] != "onnx":
        with pytest.raises(ValueError, match=cell["refused"]):
            TableModel.load(model_of(cell), frame)
        return
    session = onnxruntime.InferenceSession(model_of(cell), providers=["CPUExecutionProvider"])
    want = session.run(None, {session.get_inputs()[0].name: frame.to_numpy(np.float32)})[-1]
    model = TableModel.load(model_of(cell), frame)
    assert not model.closed
    np.testing.assert_array_equal(told(model.predict(frame).margin, len(frame)), want)


@pytest.mark.parametrize("name", CELLS)
def test_a_file_says_what_its_library_says(name):
    cell, frame = CELLS[name], table_of(CELLS[name])
    if cell["refused"]:
        with pytest.raises(ValueError, match=cell["refused"]) as caught:
            loaded(model_of(cell), frame, None)
        assert "\n" not in str(caught.value)
        check_refused(cell, frame)
        return
    model = TableModel.load(model_of(cell), frame)
    margin, chances = model.predict(frame)
    margin, rows = told(margin, len(frame)), len(frame)
    if cell["margin"] is not None:
        want = told(cell["margin"], rows)
        if want.shape[1] == 2 and margin.shape[1] == 1:
            want = want[:, 1:] - want[:, :1]  # the log-odds of the second of two classes
        np.testing.assert_allclose(margin, want, rtol=0, atol=CLOSE * max(1.0, np.abs(want).max()))
    if cell["answer"] is not None:
        want = told(cell["answer"], rows)
        found = chances if chances is not None else told(model.answers(margin), rows)
        if chances is not None and want.shape[1] == 1:
            found = chances[:, 1:]
        np.testing.assert_allclose(found, want, rtol=0, atol=CLOSE * max(1.0, np.abs(want).max()))
    one = frame.iloc[[7]]
    base = told(model.fitted.margins(model.background), len(model.background)).mean(axis=0)
    for index in ("shapley", "banzhaf"):
        values = model.exact(one, index).reshape(len(model.columns), -1)
        assert np.isfinite(values).all()
        if index == "shapley":
            np.testing.assert_allclose(values.sum(axis=0), margin[7] - base, atol=1e-9)


def test_the_matrix_is_wide():
    of = Counter(cell["library"] for cell in CELLS.values())
    assert sum(of.values()) >= 120
