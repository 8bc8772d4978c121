"""A file that was cut short is refused wherever it ends; a damaged one is one sentence; neither executes anything or grows."""

import base64
import json
import lzma
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest

from model.trees.readers import read_trees
from model.trees.ubjson import read_ubjson

FILES = Path(__file__).parent / "files"


def stored(library, **wanted):
    """The shortest stored file of a library and format."""
    [path, *_] = sorted(FILES.glob(f"{library}*.json.xz"), reverse=True)
    cells = [cell for cell in json.loads(lzma.decompress(path.read_bytes())) if not cell["refused"]]
    text = min((cell["model"] for cell in cells if all(cell[key] == value for key, value in wanted.items())), key=len)
    return base64.b64decode(text.removeprefix("base64:")) if text.startswith("base64:") else text.encode()


@pytest.fixture(scope="module")
def files():
    return {
        "LightGBM's text": stored("lightgbm", format="txt", categories="sets of pandas"),
        "LightGBM's JSON": stored("lightgbm", format="json"),
        "XGBoost's JSON": stored("xgboost", format="json"),
        "XGBoost's UBJSON": stored("xgboost", format="ubj"),
        "CatBoost's JSON": stored("catboost"),
        "ONNX": stored("onnx"),
    }


NAMES = ("LightGBM's text", "LightGBM's JSON", "XGBoost's JSON", "XGBoost's UBJSON", "CatBoost's JSON", "ONNX")


def refused(data):
    try:
        read_trees(data)
    except ValueError as error:
        return "\n" not in str(error)
    return False


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_ends_early_is_refused_at_whatever_byte(files, name):
    whole = files[name]
    read_trees(whole)
    ends = sorted({*np.linspace(0, len(whole) - 2, 300).astype(int), *range(len(whole) - 30, len(whole) - 1)})
    if whole.endswith(b"\n"):
        ends = [end for end in ends if end < len(whole.rstrip())]
    if name == "ONNX":  # behind the operators of trees stand others' versions, which the trees do not need
        ends = [end for end in ends if end < whole.rindex(b"ai.onnx.ml") + len(b"ai.onnx.ml\x10\x01")]
    assert [end for end in ends if not refused(whole[:end])] == []


def test_a_text_is_refused_at_whatever_line_it_ends(files):
    lines = files["LightGBM's text"].decode().rstrip("\n").split("\n")
    assert [i for i in range(1, len(lines)) if not refused("\n".join(lines[:i]))] == []
    assert [i for i in range(1, len(lines)) if not refused("\n".join(lines[:i]) + "\n")] == []
    trees = [i for i, line in enumerate(lines) if line.startswith("Tree=")]
    assert refused("\n".join(lines[: trees[1]] + lines[trees[2] :]))  # a tree within is missing


def test_line_ends_of_another_system_change_nothing(files):
    text = files["LightGBM's text"]
    cells = np.random.default_rng(0).normal(size=(20, len(read_trees(text).fields)))
    other = read_trees(text.replace(b"\n", b"\r\n")).ensemble.margins(cells)
    np.testing.assert_array_equal(read_trees(text).ensemble.margins(cells), other)


@pytest.mark.parametrize("name", NAMES)
def test_damage_is_one_sentence_or_another_model(files, name):
    rng, whole = np.random.default_rng(0), files[name]
    for _ in range(150):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), rng.integers(1, 4)):
            damaged[place] = rng.integers(0, 256)
        try:
            read_trees(bytes(damaged))
        except ValueError as error:
            assert "\n" not in str(error)


def test_a_text_without_trees_or_with_other_counts(files):
    text = files["LightGBM's text"].decode()
    counts = next(line for line in text.split("\n") if line.startswith("internal_count"))
    assert refused(text.replace(counts, counts + "0"))
    x = np.arange(200.0)
    booster = lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(pd.DataFrame({"x": x}), x), 3)
    sizes = next(line for line in booster.model_to_string().split("\n") if line.startswith("tree_sizes"))
    assert refused(booster.model_to_string().replace(sizes, sizes.rpartition(" ")[0]))


def test_sums_of_second_derivatives_that_do_not_add_up():
    book = json.loads(stored("xgboost", format="json", categories="sets by levels"))
    trees = book["learner"]["gradient_booster"]["model"]["trees"]
    tree = next(tree for tree in trees if len(tree["left_children"]) > 1)
    right = [float(weight) for weight in tree["sum_hessian"]]
    assert right[0] == pytest.approx(sum(right[tree[side][0]] for side in ("left_children", "right_children")), rel=1e-5)
    tree["sum_hessian"] = [3 * right[0], *right[1:]]
    with pytest.raises(ValueError, match="second derivatives do not add up"):
        read_trees(json.dumps(book).encode())
    tree["sum_hessian"] = right[:-1]
    with pytest.raises(ValueError, match="as many weights as nodes"):
        read_trees(json.dumps(book).encode())


def test_sets_of_categories_are_bounded_together():
    """Each is allowed alone: a node of a few bytes, a set of 131 kB."""
    book = json.loads(stored("xgboost", format="json", categories="sets by levels"))
    trees = book["learner"]["gradient_booster"]["model"]["trees"]
    tree = next(tree for tree in trees if tree["categories"])
    tree["categories"] = [(1 << 20) - 1] * len(tree["categories"])
    read_trees(json.dumps(book).encode())
    many = 2000
    for name in ("nodes", "segments", "sizes"):
        tree[f"categories_{name}"] = tree[f"categories_{name}"][:1] * many
    with pytest.raises(ValueError, match="too large: at most 256 MB"):
        read_trees(json.dumps(book).encode())


@pytest.mark.parametrize(
    "data, word",
    [
        (b"{", "too early"),
        (b"{}", None),
        (b"{i\x01a[$d#l\x7f\xff\xff\xff}", "too early"),
        (b"{i\x01a[$x#i\x01}", "type"),
        (b"{i\x01a" + b"[" * 100, "deeply"),
        (b"{i\x01aX}", "type 'X'"),
        (b"{i\x01aZ} ", "nothing after"),
        (b"{i\xffaZ}", "too early"),
    ],
)
def test_ubjson_is_read_strictly(data, word):
    if word is None:
        assert read_ubjson(data) == {}
        return
    with pytest.raises(ValueError, match=word):
        read_ubjson(data)


def test_ubjson_of_every_kind():
    data = b"{i\x01aZi\x01bTi\x01cFi\x01dSi\x02hii\x01e[i\x05U\xff]"
    data += b"i\x01f[$l#i\x02\x00\x00\x00\x01\xff\xff\xff\xffi\x01gd\x3f\x80\x00\x00}"
    found = read_ubjson(data)
    assert found.pop("f").tolist() == [1, -1]
    assert found == {"a": None, "b": True, "c": False, "d": "hi", "e": [5, 255], "g": 1.0}


@pytest.mark.parametrize("columns", ["99999999999", "-1", "0"])
def test_a_number_of_columns_beyond_all_use_is_refused(files, columns):
    content = json.loads(files["XGBoost's JSON"])
    content["learner"]["learner_model_param"]["num_feature"] = columns
    content["learner"]["feature_names"] = []
    assert refused(json.dumps(content))
