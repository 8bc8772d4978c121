"""Rows are what files hold, in every dress, read in an order that stays; what is no source gets one sentence."""

import io
import json
import os

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyarrow import parquet

from batch.sources import Bad, chunks, source_of, survey, texts

ROWS = [{"text": f"row {i}, “ö”", "label": i % 3} for i in range(10)]
TABLE = pa.Table.from_pylist(ROWS)


def saved(folder):
    """What `datasets` 4 writes, two files."""
    folder.mkdir()
    for i, part in enumerate((TABLE.slice(0, 6), TABLE.slice(6))):
        with (
            pa.OSFile(str(folder / f"data-0000{i}-of-00002.arrow"), "wb") as sink,
            pa.ipc.new_stream(sink, TABLE.schema) as writer,
        ):
            writer.write_table(part, 4)
    names = [{"filename": f"data-0000{i}-of-00002.arrow"} for i in range(2)]
    (folder / "state.json").write_text(json.dumps({"_data_files": names, "_split": None}))
    (folder / "dataset_info.json").write_text("{}")


def doubled():
    """A Parquet file with two columns of one name."""
    sink = io.BytesIO()
    parquet.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), sink)
    return sink.getvalue()


def write(folder, kind):
    if kind == "csv":
        pd.DataFrame(ROWS).to_csv(folder / "in.csv", index=False)
    elif kind == "semicolon":
        (folder / "in.semicolon").write_bytes(pd.DataFrame(ROWS).to_csv(index=False, sep=";").encode("cp1252"))
    elif kind == "parquet":
        parquet.write_table(TABLE, folder / "in.parquet", row_group_size=4)
    elif kind == "jsonl":
        (folder / "in.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS) + "\n\n")
    elif kind == "saved":
        saved(folder / "in.saved")
    else:
        (folder / "in.folder").mkdir()
        for i in range(3):
            parquet.write_table(TABLE.slice(4 * i, 4), folder / "in.folder" / f"{i}.parquet")
    return str(folder / f"in.{kind}")


@pytest.mark.parametrize("kind", ["csv", "semicolon", "parquet", "jsonl", "saved", "folder"])
def test_rows_are_what_a_file_holds(tmp_path, kind):
    source = source_of(write(tmp_path, kind))
    assert source.columns == ["text", "label"] and source.count() == 10
    assert [row["text"] for row in source.rows(["text"])] == [row["text"] for row in ROWS]
    assert [str(row["label"]) for row in source.rows(None)] == [str(row["label"]) for row in ROWS]
    frame = pd.concat(list(source.frames(3)), ignore_index=True)
    assert frame["label"].tolist() == [row["label"] for row in ROWS] and source.count(frames=True) == 10
    assert survey(source, ["text"], "text", False) == survey(source_of(str(tmp_path / f"in.{kind}")), ["label"], None, True)


def test_a_uri_is_read_as_the_file_it_names(tmp_path):
    path = write(tmp_path, "parquet")
    source = source_of(f"file://{path}")
    assert [row["text"] for row in source.rows(["text"])] == [row["text"] for row in ROWS]
    assert source.digest() == source_of(path).digest()
    with pytest.raises(ValueError, match=r"^nowhere://a/b cannot be reached"):
        source_of("nowhere://a/b")


def test_a_large_file_is_read_line_by_line_to_the_same_rows(tmp_path, monkeypatch):
    lines = [f'"row {i}\nof two lines, “ö”",{i}' for i in range(300)]
    (tmp_path / "in.csv").write_text("text,label\n" + "\n".join(lines) + "\n\n", encoding="utf-8")
    whole = list(source_of(str(tmp_path / "in.csv")).rows(None))
    monkeypatch.setattr(texts, "HEAD", 1000)
    source = source_of(str(tmp_path / "in.csv"))
    assert len(source._begins) <= 1000
    assert list(source.rows(None)) == whole and len(whole) == source.count() == 300
    assert list(source.frames(1000))[0].shape == (300, 2)


def test_a_large_file_that_is_not_what_it_begins_as_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(texts, "HEAD", 100)
    (tmp_path / "in.csv").write_bytes(b"text,label\n" + b"plain,1\n" * 40 + "gr\xf6\xdfe,2\n".encode("latin-1"))
    with pytest.raises(ValueError, match="begins as text in UTF-8, and further on it is none"):
        source_of(str(tmp_path / "in.csv")).count()


def test_lines_that_cannot_be_read_are_bad_rows(tmp_path):
    (tmp_path / "in.csv").write_text("text,label\none,1\ntwo\nthree,3,4\nfour,\nfive,5,\n")
    found = list(source_of(str(tmp_path / "in.csv")).rows(["text"]))
    bad = [Bad("line 3 has 1 cell under 2 names"), Bad("line 4 has 3 cells under 2 names")]
    assert found == [{"text": "one"}, *bad, {"text": "four"}, {"text": "five"}]
    (tmp_path / "in.jsonl").write_bytes(b'{"text": "one"}\n[1]\n{"text": \n\xff\n{"text": "five"}\n')
    found = list(source_of(str(tmp_path / "in.jsonl")).rows(["text"]))
    assert found == [{"text": "one"}, *(Bad(f"line {i} is no JSON object") for i in (2, 3, 4)), {"text": "five"}]


@pytest.mark.parametrize("head", [100, 10_000])
def test_lines_are_read_as_the_reader_of_tables_reads_them(tmp_path, monkeypatch, head):
    monkeypatch.setattr(texts, "HEAD", head)
    rows = "".join(f'"{i};ö";{i}\r\n\r\n' for i in range(20))
    (tmp_path / "in.csv").write_text(f"sep=;\r\ntext;label\r\n{rows}", encoding="utf-8-sig", newline="")
    source = source_of(str(tmp_path / "in.csv"))
    assert list(source.rows(None)) == [{"text": f"{i};ö", "label": str(i)} for i in range(20)]
    (tmp_path / "in.csv").write_text("text,label\n" + "plain,1\n" * 30 + 'two,"2\nthree,3\n')
    with pytest.raises(ValueError, match="a quote is opened and never closed"):
        source_of(str(tmp_path / "in.csv")).count()


@pytest.mark.parametrize("above", ["Report of 2024\n\n", "sep=,\n", "sep=,\nReport\n\n", "# made by me\n", ",\n", ",\n,\n"])
def test_what_stands_above_the_names_is_no_row(tmp_path, monkeypatch, above):
    (tmp_path / "in.csv").write_text(f"{above}text,label\n" + "".join(f"row {i},{i}\n" for i in range(20)) + "short\n,\n")
    for head in (texts.HEAD, 200):  # a larger file is read line by line
        monkeypatch.setattr(texts, "HEAD", head)
        source = source_of(str(tmp_path / "in.csv"))
        *rows, bad = source.rows(None)
        assert rows == [{"text": f"row {i}", "label": str(i)} for i in range(20)]
        assert bad == Bad(f"line {above.count(chr(10)) + 22} has 1 cell under 2 names")


def test_pictures_are_found_in_the_order_of_their_names(tmp_path):
    for name in ("b/2.png", "a.jpg", "b/1.webp", ".hidden/3.png"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), name.count("/") * 100).save(tmp_path / "in" / name)
    Image.new("RGB", (8, 8)).save(tmp_path / "in" / "b" / "photo", "PNG")
    (tmp_path / "in" / "notes.txt").touch()
    (tmp_path / "in" / "bodies.csv").write_text("BMI,age\n22.5,40\n")
    source = source_of(str(tmp_path / "in"))
    (only,) = chunks(source, None, None, False, 10)
    assert only.ids == ["a.jpg", "b/1.webp", "b/2.png", "b/photo"]
    before = source.digest()
    Image.new("RGB", (8, 8), 7).save(tmp_path / "in" / "b" / "2.png")
    assert source.digest() != before


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("in.csv", b"", "in.csv is empty: it has no rows"),
        ("in.json", b"[1, 2]", "in.json is one JSON value; give a line of JSON for each row"),
        ("in.jsonl", b"1\n2\n", "in.jsonl has no line that is a JSON object"),
        ("in.parquet", b"PAR1 and nothing", "in.parquet cannot be read"),
        ("in.csv", b"a,a\n1,2\n", "in.csv has 2 columns called 'a': rename one"),
        ("in.pkl", b"\x80\x04\x95", "it looks like a Python pickle, which is never loaded"),
        ("in.parquet", doubled(), "in.parquet has 2 columns called 'a': rename one"),
        ("in/state.json", b"{}", "in/state.json does not say which files"),
        ("in/state.json", b'{"_data_files": [{"filename": "../x.arrow"}]}', "names no files of this folder"),
        ("in/state.json", b'{"_data_files": [{"filename": "x"}], "_indices_files": [{}]}', "save it after flatten_indices"),
        ("in/dataset_dict.json", b'{"splits": ["train"]}', "holds the splits"),
        ("in/notes.txt", b"x", "in holds no picture, no Parquet file and no saved data set"),
    ],
)
def test_what_is_no_source_gets_one_sentence(tmp_path, name, content, sentence):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=sentence) as caught:
        source_of(str(tmp_path / name.split("/")[0]))
    assert "\n" not in str(caught.value)


def test_what_is_not_there_gets_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"nothing.csv cannot be read \(No such file or directory\)$"):
        source_of(str(tmp_path / "nothing.csv"))


def test_a_column_that_is_missing_and_names_that_repeat_are_refused(tmp_path):
    source = source_of(write(tmp_path, "csv"))
    with pytest.raises(ValueError, match=r"^in.csv has no column 'review'; it has text, label$"):
        survey(source, ["review"], None, False)
    with pytest.raises(ValueError, match=r"^4 rows of in.csv have '0' in 'label': names must differ$"):
        survey(source, ["text"], "label", False)


def test_objects_of_json_lines_may_leave_out_what_they_do_not_know(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "one"}\n{"text": "two", "label": 3}\n{"more": true}\n')
    source = source_of(str(tmp_path / "in.jsonl"))
    assert source.columns == ["text", "label", "more"] and survey(source, ["label"], None, False).rows == 3
    assert next(source.frames(10))["label"].isna().tolist() == [True, False, True]


def test_a_row_without_a_name_is_called_by_its_number(tmp_path):
    cells = pa.table({"name": pa.array([7, None, 9], pa.int64()), "share": pa.array([0.5, float("nan"), None])})
    parquet.write_table(cells, tmp_path / "in.parquet")
    source = source_of(str(tmp_path / "in.parquet"))
    for named, ids in (("name", ["7", "row 1", "9"]), ("share", ["0.5", "row 1", "row 2"])):
        for frames in (True, False):
            assert [id for chunk in chunks(source, [], named, frames, 2) for id in chunk.ids] == ids


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "in.csv")
    with pytest.raises(ValueError, match=r"in.csv is a pipe or a device, which is read once: save it as a file first$"):
        source_of(str(tmp_path / "in.csv"))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(1, 25), st.integers(1, 12), st.booleans())
def test_chunks_are_all_rows_whatever_batches_they_come_in(tmp_path_factory, size, limit, groups, frames):
    folder = tmp_path_factory.mktemp("rows")
    parquet.write_table(TABLE, folder / "in.parquet", row_group_size=groups)
    found = list(chunks(source_of(str(folder / "in.parquet")), None, None, frames, size, limit))
    some = min(10, limit)
    assert [id for chunk in found for id in chunk.ids] == [str(i) for i in range(some)]
    assert [chunk.first for chunk in found] == list(range(0, some, size))
    labels = [label for one in found for label in (one.rows["label"] if frames else (row["label"] for row in one.rows))]
    assert labels == [row["label"] for row in ROWS[:some]]
