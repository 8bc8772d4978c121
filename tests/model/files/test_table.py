"""Uploads: what a file holds is found out, and a bad one is refused in one sentence."""

import io
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from model.files.reader import MAX_BYTES, check_size
from model.files.table import read_table, samples
from model.table.columns import profile


def parquet(columns, **options):
    stream = io.BytesIO()
    pa.parquet.write_table(pa.table(columns), stream, **options)
    return stream.getvalue()


GOOD = {
    "commas": (b"a,b\n1,x\n2,y\n", "CSV, UTF-8, delimiter “,”", {"a": [1, 2], "b": ["x", "y"]}),
    "semicolons, decimal commas": (b"a;b\n1,5;x\n2,25;y\n", "“;”, decimal comma", {"a": [1.5, 2.25], "b": ["x", "y"]}),
    "tabs": (b"a\tb\n1\t2\n3\t4\n", "tab", {"a": [1, 3], "b": [2, 4]}),
    "pipes": (b"a|b, c\n1|2\n3|4\n", "“|”", {"a": [1, 3], "b, c": [2, 4]}),
    "Windows-1252": ("ä,b\nü,1\nö,2\n".encode("cp1252"), "Windows-1252", {"ä": ["ü", "ö"], "b": [1, 2]}),
    "UTF-16": ("a,b\n1,ü\n2,x\n".encode("utf-16"), "UTF-16", {"a": [1, 2], "b": ["ü", "x"]}),
    **{
        f"{codec} without a mark": (
            "Größe,b\n1,Ж – 中\n2,\u200dx\n".encode(codec),
            codec[:6],
            {"Größe": [1, 2], "b": ["Ж – 中", "\u200dx"]},
        )
        for codec in ("UTF-16-LE", "UTF-16-BE", "UTF-32-LE", "UTF-32-BE")
    },
    "a mark": (b"\xef\xbb\xbfa,b\n1,2\n3,4\n", "UTF-8", {"a": [1, 3], "b": [2, 4]}),
    "no names": (b"1,2\n3,4\n5,6\n", "no line of names", {"column 1": [1, 3, 5], "column 2": [2, 4, 6]}),
    "equal names": (b"a,a,\n1,2,3\n4,5,6\n", "CSV", {"a": [1, 4], "a (2)": [2, 5], "column 3": [3, 6]}),
    "quoted": (b'"a\nb",c\n"x, y",1\n"line\nbreak",2\n', "CSV", {"a\nb": ["x, y", "line\nbreak"], "c": [1, 2]}),
    "blank lines, CRLF": (b"\r\n\r\na,b\r\n1,2\r\n\r\n3,4\r\n", "CSV", {"a": [1, 3], "b": [2, 4]}),
    "None is a text": (b"a,b\nNone,1\nx,2\n", "CSV", {"a": ["None", "x"], "b": [1, 2]}),
    "Parquet": (parquet({"a": [1, 2], "b": ["x", "y"]}), "Parquet", {"a": [1, 2], "b": ["x", "y"]}),
}


@pytest.mark.parametrize("good", GOOD)
def test_a_table_is_found(good):
    data, said, cells = GOOD[good]
    frame = read_table(data, "table")
    assert said in frame.attrs["read_as"]
    assert frame.to_dict("list") == cells


def test_missing_cells_are_found():
    frame = read_table(b"a, b,c\n1, ?,x\nNA, y,\n3,n/a,z\n")
    assert frame.isna().to_numpy().tolist() == [[False, True, False], [True, False, True], [False, True, False]]


WIDE = ",".join(f"c{i}" for i in range(10_000)) + ("\n" + ",".join("1" * 10_000)) * 3
BAD = {
    "empty": b"",
    "blank": b" \n\n",
    "one column": b"a\n1\n2\n",
    "one row": b"a,b\n1,2\n",
    "no row": b"a,b\n",
    "all missing": b"a,b\n,\n?,NA\n",
    "binary": bytes(range(256)) * 40,
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(400),
    "compressed": b"\x1f\x8b\x08" + bytes(400),
    "a pickle": pickle.dumps({"a": [1, 2]}),
    "ragged, short": b"a,b,c\n1,2,3\n4,5\n",
    "ragged, long": b"a,b,c\n1,2,3\n4,5,6,7\n",
    "wrong encoding": b"a,b\n\x81\x8d,1\n2,3\n",
    "10,000 columns": WIDE.encode(),
    "an open quote": b'a,b\n"1,2\n3,4\n',
    "an endless cell": b"a,b\n" + b"x" * 200_000 + b",1\n2,3\n",
    "Parquet, nested": parquet({"a": [[1], [2]], "b": [1, 2]}),
    "Parquet, records": parquet({"a": [{"x": 1}, {"x": 2}], "b": [1, 2]}),
    "Parquet, cut off": parquet({"a": [1, 2], "b": [1, 2]})[:-20],
    "Parquet, wide": parquet({f"c{i}": [1, 2] for i in range(1_100)}),
    "Parquet, long": parquet({"a": pa.array(np.zeros(26_000_000, np.int8)), "b": np.zeros(26_000_000, np.int8)}),
    "more than 50 MB": bytes(MAX_BYTES + 1),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_file_is_one_sentence(bad):
    with pytest.raises(ValueError) as caught:
        read_table(BAD[bad], "upload.csv")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 330


def test_an_announced_size_is_checked_before_a_byte_is_read():
    check_size(MAX_BYTES)
    with pytest.raises(ValueError, match="2,000"):
        check_size(2_000_000_000)


def test_samples_are_whole_small_and_profiled():
    found = {name: read_table(sample.path.read_bytes(), sample.path.name) for name, sample in samples().items()}
    assert sum(sample.path.stat().st_size for sample in samples().values()) < 1_000_000
    assert {name: frame.shape for name, frame in found.items()} == {
        "Diabetes": (442, 11),
        "Census": (5000, 14),
        "Credit": (1000, 21),
        "Wine": (178, 14),
    }
    assert all(samples()[name].target in frame for name, frame in found.items())
    census = {column.label: column for column in profile(found["Census"])}
    assert census["occupation"].kind == "category"
    assert census["occupation"].missing > 0
    readme = (samples()["Wine"].path.parent / "README.md").read_text()
    assert all(sample.path.name in readme for sample in samples().values())


@pytest.mark.parametrize(("name", "what"), [("a.xlsx", "an Excel workbook"), ("a.parquet", "Parquet")])
def test_a_name_that_promises_another_content_is_said(name, what):
    with pytest.raises(ValueError, match=f"{name} is not {what} by its content"):
        read_table(b"some text\nwithout a table\n", name)


def test_large_whole_numbers_with_blanks_stay_exact_in_parquet():
    ids = [10**17 + i if i % 3 else None for i in range(30)]
    frame = read_table(parquet({"k": pa.array(ids), "x": list(range(30))}))
    assert [None if one is pd.NA else one for one in frame["k"]] == ids
    assert profile(frame)[0].kind == "identifier"
