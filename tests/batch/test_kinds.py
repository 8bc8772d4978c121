"""Texts, tables and pictures: a row's values are those of its game alone, whatever rows stand beside it."""

import json
import shutil

import numpy as np
import onnx
import pandas as pd
import pyarrow as pa
import pytest
from data_sets import rows_of
from PIL import Image
from pyarrow import parquet

from batch import Settings, explain_dataset
from batch.kinds import kind_of, text
from batch.row import seed_of
from batch.sources import source_of
from model.table.model import TableModel
from model.text import shared
from xai import Ledger, explain

TEMPLATE, ANSWER = "Review: {text} Sentiment:", " positive"
TEXTS = ["The plot is thin, but the acting is superb.", "one two three four five", "The lazy dog jumps over the fox"]


@pytest.fixture()
def reviews(tmp_path):
    file = tmp_path / "reviews.csv"
    pd.DataFrame({"text": TEXTS, "answer": [" positive", " eight", " fox"]}).to_csv(file, index=False)
    return file


def asked(tiny_checkpoint, **more):
    return {"kind": "text", "template": TEMPLATE, "target": " {answer}", "model": str(tiny_checkpoint), "budget": 24, **more}


@pytest.mark.slow
def test_a_text_has_the_values_of_its_game(reviews, tmp_path, tiny_checkpoint, tiny_gemma):
    explain_dataset(reviews, tmp_path / "out", **asked(tiny_checkpoint), workers=1)
    row = rows_of(tmp_path / "out")[0]
    prompt = TEMPLATE.format(text=TEXTS[0])
    within = prompt.index(TEXTS[0]), prompt.index(TEXTS[0]) + len(TEXTS[0])
    game = tiny_gemma.text_game(prompt, ANSWER, tiny_gemma.encode(prompt).split("word", within))
    one = explain(game, "banzhaf", budget=24, seed=seed_of(0, "0")).combine(np.ones(len(game.outputs)))
    assert row["players"] == game.labels and row["output"] == ANSWER
    np.testing.assert_allclose(row["banzhaf"], one.values, atol=1e-5)
    assert row["banzhaf_method"] == one.method


@pytest.mark.slow
def test_texts_are_the_same_to_the_last_bit_alone_among_others_and_in_processes(reviews, tmp_path, tiny_checkpoint):
    explain_dataset(reviews, tmp_path / "plain", **asked(tiny_checkpoint, rows_per_file=1, judge=False), workers=1)
    explain_dataset(reviews, tmp_path / "pool", **asked(tiny_checkpoint, rows_per_file=1, judge=False), workers=2)
    assert rows_of(tmp_path / "plain") == rows_of(tmp_path / "pool")
    turned = pd.read_csv(reviews).assign(name=[0, 1, 2]).iloc[::-1]
    turned.to_csv(tmp_path / "turned.csv", index=False)
    other = asked(tiny_checkpoint, rows_per_file=3, judge=False, id="name")
    explain_dataset(tmp_path / "turned.csv", tmp_path / "turned", **other, workers=1)
    plain, again = rows_of(tmp_path / "plain", ("row", "seconds")), rows_of(tmp_path / "turned", ("row", "seconds"))
    assert again[::-1] == plain and all(row["error"] is None for row in plain)


def test_shared_beginnings_leave_no_trace_in_the_next_row(tmp_path, tiny_checkpoint, monkeypatch):
    run, used = shared.Trunk.run, []
    monkeypatch.setattr(shared.Trunk, "run", lambda *asked: used.append(asked) or run(*asked))
    monkeypatch.setattr("model.text.ways.SMALL", 0)  # so that it pays on a tiny one
    texts = [f"the film that I saw was {what} fun and nothing but {what} fun for all of us" for what in ("good", "bad", "good")]
    (tmp_path / "t.csv").write_text("\n".join(["text", *texts]))
    asked = {"kind": "text", "template": "{text} I felt", "target": " happy", "budget": 60, "judge": False, "seed": 5}
    asked["model"] = str(tiny_checkpoint)
    explain_dataset(tmp_path / "t.csv", tmp_path / "all", **asked, workers=1)
    (tmp_path / "last.csv").write_text(f"text,id\n{texts[2]},2\n")
    explain_dataset(tmp_path / "last.csv", tmp_path / "last", **asked, id="id", workers=1)
    assert rows_of(tmp_path / "last", ("row", "seconds")) == rows_of(tmp_path / "all", ("row", "seconds"))[2:]
    assert used


def test_rather_than_another_answer_is_the_difference_of_both(reviews, tmp_path, tiny_checkpoint):
    more = {"target": " positive", "rows_per_file": 2, "judge": False, "banzhaf_method": "exact", "index": "banzhaf"}
    base = asked(tiny_checkpoint, **more)
    explain_dataset(reviews, tmp_path / "one", **base, workers=1, limit=2)
    explain_dataset(reviews, tmp_path / "other", **base | {"target": " fox"}, workers=1, limit=2)
    explain_dataset(reviews, tmp_path / "both", **base, against=" fox", workers=1, limit=2)
    one, other, both = (rows_of(tmp_path / name)[1] for name in ("one", "other", "both"))
    np.testing.assert_allclose(both["banzhaf"], np.subtract(one["banzhaf"], other["banzhaf"]), atol=1e-5)
    assert both["output"] == " positive rather than  fox" and both["shapley"] is None


def test_texts_that_cannot_be_explained_get_their_sentences(tmp_path, tiny_checkpoint):
    rows = [
        {"text": "one two three"},
        {"text": "alone"},
        {"text": "  "},
        {},
        {"text": ["a"]},
        {"text": "w " * 300},
        {"text": "a\0b c"},
    ]
    rows += [{"text": "x" * 20_001}]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)))
    explain_dataset(tmp_path / "in.jsonl", tmp_path / "out", **asked(tiny_checkpoint, target=ANSWER), workers=1)
    said = [row["error"] for row in rows_of(tmp_path / "out")]
    assert said[0] is None
    for sentence, part in zip(
        said[1:], ("there are 1 words", "no text in", "no text in", "no single text", "300 words", "U+0000")
    ):
        assert part in sentence
    assert said[7].startswith("the prompt has 20,0")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"template": "{text} {other}"}, "names 2 columns: say with --explain which"),
        ({"template": "none"}, "the template 'none' has no field: write a column's name in braces, as {text}"),
        ({"template": "{text} {text}"}, "must stand in the template once; it stands there 2 times"),
        ({"template": "{text.__class__}"}, "has no column 'text.__class__'"),
        ({"template": "{text!r}"}, "nothing else in them"),
        ({"template": "{text"}, "a brace too many or too few"),
        ({"explain": "other"}, "'other' must stand in the template once"),
        ({"target": "{gone}"}, "has no column 'gone'"),
        ({"model": "no/such/place"}, "neither a directory nor a checkpoint"),
        ({"grid": "3x3"}, "--grid is of image, and these rows are of text"),
        ({"absent": "mean"}, "--absent must be one of remove, hole, replace, read-once for text"),
        ({"budget": 7}, "--budget must be at least 8"),
        ({"seed": -1}, "--seed must be a whole number"),
        ({"judge": "yes"}, "--judge is true or false"),
        ({"template": 3}, "--template must be a text"),
        ({"kind": "sound"}, "--kind must be one of text, table, image"),
        ({"workers": 0}, "--workers must be at least 1"),
    ],
)
def test_settings_that_do_not_fit_get_one_sentence(reviews, tmp_path, tiny_checkpoint, more, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        explain_dataset(reviews, tmp_path / "out", **asked(tiny_checkpoint, **more))
    assert "\n" not in str(caught.value) and not (tmp_path / "out").exists()


def test_another_checkpoint_under_the_same_path_is_refused(reviews, tmp_path, tiny_checkpoint):
    checkpoint = shutil.copytree(tiny_checkpoint, tmp_path / "checkpoint")
    explain_dataset(reviews, tmp_path / "out", **asked(checkpoint, rows_per_file=1), workers=1, limit=1)
    weights = bytearray((checkpoint / "model.safetensors").read_bytes())
    weights[-1] ^= 1  # one bit of one weight
    (checkpoint / "model.safetensors").write_bytes(weights)
    with pytest.raises(ValueError, match="with another model"):
        explain_dataset(reviews, tmp_path / "out", **asked(checkpoint, rows_per_file=1), workers=1)


def test_one_torch_thread_and_the_measured_speed_are_given_back(tiny_checkpoint, reviews):
    import torch

    from model.text import ways

    kind = kind_of(Settings("text", target=ANSWER, model=str(tiny_checkpoint)), source_of(str(reviews)))
    before, speeds = torch.get_num_threads(), dict(ways._speeds)
    torch.set_num_threads(2)
    try:
        with kind.opened():
            assert torch.get_num_threads() == 1 and list(ways._speeds.values())[-1] == text.NODE_COST
        assert torch.get_num_threads() == 2 and ways._speeds == speeds
    finally:
        torch.set_num_threads(before)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A table whose third column is a text, with blanks, as CSV and as Parquet; a model of it; one of its numbers."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"x": rng.integers(0, 9, 300), "y": rng.normal(size=300).round(2), "z": rng.choice(["a", "b", "3.0"], 300)}
    )
    frame["goal"] = frame.x * (frame.z == "a") + frame.y + 0.5
    frame.loc[::7, "y"] = np.nan
    folder = tmp_path_factory.mktemp("table")
    frame.to_csv(folder / "in.csv", index=False)
    frame.to_parquet(folder / "in.parquet")
    model = TableModel.fit(frame, "goal")
    frame.drop(columns="z").to_csv(folder / "numbers.csv", index=False)
    (folder / "trees.txt").write_text(TableModel.fit(frame.drop(columns="z"), "goal").text)
    return folder, frame, model


@pytest.mark.parametrize("name", ["in.csv", "in.parquet"])
def test_a_table_has_the_exact_values_of_its_model(table, tmp_path, name):
    folder, frame, model = table
    explain_dataset(folder / name, tmp_path / "out", "table", target="goal", workers=1, rows_per_file=97, limit=120)
    rows = rows_of(tmp_path / "out")
    assert len(rows) == 120 and rows[0]["players"] == ["x", "y", "z"] and rows[0]["output"] == "goal"
    for index in ("banzhaf", "shapley"):
        np.testing.assert_array_equal([row[index] for row in rows], model.exact(frame.iloc[:120], index))
        assert {row[f"{index}_method"] for row in rows} == {"exact"}
        assert rows[0][f"{index}_judgement"]["worth"] == "exact"
    ends = [row["full_value"] - row["empty_value"] - sum(row["shapley"]) for row in rows]
    np.testing.assert_allclose(ends, 0.0, atol=1e-9)


def test_exact_values_that_are_not_judged_need_no_game(table, tmp_path, monkeypatch):
    monkeypatch.setattr(TableModel, "game", None)
    explain_dataset(table[0] / "in.csv", tmp_path / "out", "table", target="goal", workers=1, limit=5, judge=False)
    assert [row["error"] for row in rows_of(tmp_path / "out")] == [None] * 5


@pytest.mark.slow
def test_a_row_of_a_table_does_not_depend_on_its_neighbours(table, tmp_path):
    folder = table[0]
    for size in (1, 7, 40):
        explain_dataset(
            folder / "in.csv", tmp_path / str(size), "table", target="goal", workers=1 + (size == 7), rows_per_file=size, limit=40
        )
    assert rows_of(tmp_path / "1") == rows_of(tmp_path / "7") == rows_of(tmp_path / "40")


@pytest.mark.slow
def test_a_run_with_a_model_fitted_here_goes_on(table, tmp_path):
    for limit in (30, None):
        explain_dataset(
            table[0] / "in.csv", tmp_path / "out", "table", target="goal", workers=1, limit=limit, judge=False, rows_per_file=20
        )
    assert len(rows_of(tmp_path / "out")) == 300


def test_a_model_from_a_file_explains_rows_beside_its_table(table, tmp_path):
    folder, frame, _ = table
    some = frame.iloc[20:60].drop(columns="goal")
    some.to_parquet(tmp_path / "some.parquet")
    more = {"model": str(folder / "trees.txt"), "table": str(folder / "numbers.csv"), "target": "goal", "judge": False}
    explain_dataset(tmp_path / "some.parquet", tmp_path / "out", "table", **more, workers=1)
    loaded = TableModel.load((folder / "trees.txt").read_text(), pd.read_csv(folder / "numbers.csv"), "goal")
    np.testing.assert_array_equal([row["banzhaf"] for row in rows_of(tmp_path / "out")], loaded.exact(some))
    (tmp_path / "other.csv").write_text((folder / "numbers.csv").read_text().replace("0.5", "0.6"))
    with pytest.raises(ValueError, match="with another (background|table)"):
        explain_dataset(tmp_path / "some.parquet", tmp_path / "out", "table", **more | {"table": str(tmp_path / "other.csv")})


@pytest.mark.slow
def test_rows_are_explained_by_a_graph_without_trees(table, tmp_path):
    folder, frame, _ = table
    names = ["x", "y"]
    given = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, 1]) for name in names]
    told = onnx.helper.make_tensor_value_info("sum", onnx.TensorProto.FLOAT, [None, 1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Add", names, ["sum"])], "g", given, [told])
    (tmp_path / "sum.onnx").write_bytes(
        onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    )
    rows = frame[names].dropna()
    rows.to_csv(tmp_path / "rows.csv", index=False)
    explain_dataset(
        tmp_path / "rows.csv", tmp_path / "out", "table", model=str(tmp_path / "sum.onnx"), workers=1, limit=5, judge=False
    )
    found = np.array([row["shapley"] for row in rows_of(tmp_path / "out")])
    assert found.shape == (5, 2)
    np.testing.assert_allclose(np.diff(found[:, 0]), np.diff(rows["x"][:5]), atol=1e-5)


def test_estimated_values_of_a_table_are_those_of_its_game(table, tmp_path):
    folder, frame, model = table
    more = {"target": "goal", "banzhaf_method": "msr", "index": "banzhaf", "judge": False, "budget": 8}
    explain_dataset(folder / "in.csv", tmp_path / "out", "table", **more, workers=1, limit=3)
    game = model.game(frame.iloc[[2]])
    one = explain(game, "banzhaf", "msr", 8, seed_of(0, "2"), Ledger(game))
    np.testing.assert_allclose(rows_of(tmp_path / "out")[2]["banzhaf"], one.values, atol=1e-9)


def test_of_several_classes_the_predicted_one_is_explained(tmp_path):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(size=200), "y": rng.normal(size=200)})
    frame["kind"] = np.where(frame.x > 0.4, "high", np.where(frame.y > 0, "side", "low"))
    frame.to_csv(tmp_path / "in.csv", index=False)
    explain_dataset(tmp_path / "in.csv", tmp_path / "out", "table", target="kind", workers=1, judge=False)
    model, rows = TableModel.fit(frame, "kind"), rows_of(tmp_path / "out")
    best = model.predict(frame).margin.argmax(axis=1)
    assert [row["output"] for row in rows] == [model.outputs[i] for i in best] and len(set(best)) == 3
    np.testing.assert_array_equal([row["shapley"] for row in rows], model.exact(frame, "shapley")[range(200), :, best])


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({}, "say with --target which column"),
        ({"target": "nothing"}, "no column 'nothing' to predict"),
        ({"target": "goal", "model": "nowhere.txt"}, "the model nowhere.txt cannot be read"),
        ({"target": "goal", "template": "{x}"}, "--template is of text"),
    ],
)
def test_a_table_without_what_it_needs_gets_one_sentence(table, tmp_path, more, sentence):
    with pytest.raises(ValueError, match=sentence):
        explain_dataset(table[0] / "in.csv", tmp_path / "out", "table", **more)


def test_a_table_without_rows_beside_the_one_of_its_model_gets_one_sentence(table, tmp_path):
    table[1].iloc[:0].to_parquet(tmp_path / "none.parquet")
    with pytest.raises(ValueError, match=r"^none.parquet has no rows$"):
        explain_dataset(
            tmp_path / "none.parquet", tmp_path / "out", "table", target="goal", table=str(table[0] / "numbers.csv"), workers=1
        )


def test_a_cell_that_holds_nothing_is_no_text(tmp_path, tiny_checkpoint):
    cells = pa.table({"text": ["one two three"] * 2, "share": [0.5, float("nan")]})
    parquet.write_table(cells, tmp_path / "in.parquet")
    more = asked(tiny_checkpoint, template="{share} {text}", target=" yes", explain="text", judge=False)
    explain_dataset(tmp_path / "in.parquet", tmp_path / "out", **more, workers=1)
    assert [row["error"] for row in rows_of(tmp_path / "out")] == [None, "the row has no text in 'share'"]


def test_pictures_asked_as_texts_are_refused(tmp_path):
    (tmp_path / "in").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "in" / "a.png")
    with pytest.raises(ValueError, match=r"^in is a folder of pictures: ask for --kind image$"):
        explain_dataset(tmp_path / "in", tmp_path / "out", "text", target=" yes")


@pytest.mark.slow
def test_pictures_have_values_and_what_is_none_has_its_sentence(tmp_path):
    (tmp_path / "in").mkdir()
    for i, name in enumerate(("a.png", "b.png")):
        noise = np.random.default_rng(i).integers(0, 255, (40, 50, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / "in" / name)
    (tmp_path / "in" / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing")
    more = {"grid": "2x2", "budget": 16, "rows_per_file": 2}
    explain_dataset(tmp_path / "in", tmp_path / "out", "image", **more, workers=1)
    rows = rows_of(tmp_path / "out")
    assert [row["id"] for row in rows] == ["a.png", "b.png", "c.png"]
    assert len(rows[0]["banzhaf"]) == 4 and rows[0]["players"][0] == "row 1, column 1" and rows[0]["banzhaf_method"] == "exact"
    assert rows[2]["error"].startswith("c.png is damaged or cut short")
    explain_dataset(tmp_path / "in", tmp_path / "pool", "image", **more, workers=2)
    assert rows_of(tmp_path / "pool") == rows
