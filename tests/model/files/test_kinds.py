"""Files that are no tables: each is refused by the name of what it is, whatever it is called and whoever reads it."""

import gzip
import io
import json
import pickle
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet
import pytest
from picture_files import encoded
from PIL import Image

from model.data.pairs import read_pairs
from model.files.kinds import check_text
from model.files.reader import read_columns
from model.files.table import read_table

RECORDS = [{"source": f"row {i}, “ö”", "target": i, "n": None} for i in range(3)]
TABLE = pa.table({"source": ["a", "b"], "target": ["c", "d"]})


def archive(**parts):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


def written(write, *given):
    stream = io.BytesIO()
    write(*given, stream)
    return stream.getvalue()


def compound(stream=""):
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + stream.encode("utf-16-le") + bytes(60)


PICTURE = Image.new("RGB", (9, 9))
KINDS = {
    "JSON": [
        *(json.dumps(given, indent=indent).encode() for given in (RECORDS, {"a": [1, 2]}, {}) for indent in (None, 2)),
        json.dumps([[1, 2], ["a", "b"]]).encode(),
        json.dumps([1, 2.5e-3]).encode(),
        json.dumps(["a, b", "c\\"]).encode(),
        "\n".join(map(json.dumps, RECORDS)).encode(),
        "\n".join(json.dumps(record, ensure_ascii=False) for record in RECORDS).encode("utf-16"),
        "\ufeff\n{ \n".encode() + b'"cells": [], "n": 1}',
    ],
    "HTML": [
        b"<!DOCTYPE html>\n<html><body><p>hello, world</p></body></html>",
        b"\r\n<HTML lang='en'>\n<head>",
        b"<table border=1>\n<tr><td>a</td><td>b, c</td></tr>\n</table>",
        b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN">\n<html>',
        b"<!-- made, by\na server -->\n<meta charset=utf-8><table>",
    ],
    "a workbook in XML": [b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook xmlns="urn:x">'],
    "XML": [b"<?xml version='1.0'?>\n<rows><row a='1'/></rows>", b"<rows>\n<row><a>1, 2</a></row>\n</rows>\n"],
    "a PDF document": [b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", b"%PDF-1.7\nplain, text\n"],
    "an RTF document": [rb"{\rtf1\ansi hello, world}"],
    "a Markdown table": [b"| a | b |\n|---|:-:|\n| 1 | 2 |\n", b"a | b\n--- | ---\n1 | 2\n"],
    "an ARFF file": [b"% of 1988, by me\n@RELATION iris\n@attribute a numeric\n@data\n1,2\n"],
    "a Word document": [archive(word__document_xml="x", **{"[Content_Types].xml": "x"})],
    "PowerPoint slides": [archive(ppt__presentation_xml="x")],
    "an OpenDocument text": [archive(mimetype="application/vnd.oasis.opendocument.text", **{"content.xml": "x"})],
    "an OpenDocument sheet": [archive(mimetype="application/vnd.oasis.opendocument.spreadsheet", **{"content.xml": "x"})],
    "a document of Apple Numbers": [archive(**{"Index/Document.iwa": "x"})],
    "NumPy arrays": [written(lambda stream: np.savez(stream, a=np.arange(3)))],
    "a NumPy array": [written(lambda stream: np.save(stream, np.arange(3)))],
    "a ZIP archive": [archive(**{"a.csv": "a,b\n1,2\n"})],
    "a picture": [encoded(PICTURE, kind) for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF")],
    "an old Excel workbook": [compound(), compound("Workbook")],
    "an old Word document": [compound("WordDocument")],
    "a workbook with a password": [compound("EncryptedPackage")],
    "a compressed file": [gzip.compress(b"a,b\n1,2\n"), b"BZh91AY&SY" + bytes(9), b"7z\xbc\xaf\x27\x1c" + bytes(9)],
    "a Python pickle": [pickle.dumps({"a": [1, 2]}, protocol) for protocol in (2, 3, 4, 5)],
    "an SQLite database": [b"SQLite format 3\0" + bytes(100)],
    "an Arrow or Feather file": [written(pyarrow.feather.write_feather, TABLE)],
    "an ORC or Avro file": [written(pyarrow.orc.write_table, TABLE), b"Obj\x01\x04"],
    "an HDF5 file": [b"\x89HDF\r\n\x1a\n" + bytes(90)],
    "a Stata file": [b"<stata_dta><header>" + bytes(90), b"\x72\x02\x01\0" + bytes(90)],
    "an SPSS file": [b"$FL2@(#) SPSS DATA FILE" + bytes(90)],
    "a SAS file": [bytes(12) + b"\xc2\xea\x81\x60\xb3\x14\x11\xcf" + bytes(90)],
    "a file of R objects": [b"RDX3\nX\n" + bytes(90)],
}
CASES = [(kind, data) for kind, files in KINDS.items() for data in files]


@pytest.mark.parametrize("reader", [read_table, read_columns, lambda data, name: read_pairs(data, filename=name)])
@pytest.mark.parametrize(("kind", "data"), CASES, ids=[f"{kind} {i}" for i, (kind, _) in enumerate(CASES)])
def test_what_is_no_table_is_refused_by_its_name(kind, data, reader):
    for name in ("mine.csv", "mine.xlsx", "mine.xls", "mine.parquet", "mine"):
        with pytest.raises(ValueError, match=rf"{name} is no table that is read: it looks like {kind}.*[;:] \w+") as caught:
            reader(data, name)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 330


def test_parquet_is_read_as_a_table_alone():
    data = written(pyarrow.parquet.write_table, TABLE)
    assert read_table(data, "mine.xlsx").shape == (2, 2)
    with pytest.raises(ValueError, match="mine.csv is a Parquet file, which is read as a table to predict from only"):
        read_columns(data, "mine.csv")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("<DATE>,<OPEN>\n1,2\n3,4\n", ["<DATE>", "<OPEN>"]),
        ("<table>\t<x>\n1\t2\n3\t4\n", ["<table>", "<x>"]),
        ("<s>Hello, x</s>\t<s>Bonjour</s>\n<s>a</s>\t<s>b</s>\n<s>c</s>\t<s>d</s>\n", ["<s>Hello, x</s>", "<s>Bonjour</s>"]),
        ("[id],[name]\n1,a\n2,b\n", ["[id]", "[name]"]),
        ("[0-10],[10-20]\n[1],[2]\n[3],[4]\n", ["[0-10]", "[10-20]"]),
        ("{id},{name}\n1,a\n2,b\n", ["{id}", "{name}"]),
        ("BM,GIF\n1,2\n3,4\n", ["BM", "GIF"]),
        ("GIF89a,b\n1,2\n3,4\n", ["GIF89a", "b"]),
        ("PAR1;PAR2\n1;2\n3;4\n", ["PAR1", "PAR2"]),
        ("{},b\n1,2\n3,4\n", ["{}", "b"]),
        ("ORC,RDX\n1,2\n3,4\n", ["ORC", "RDX"]),
        ("a|b\n-|-\n1|2\n", ["a", "b"]),
        ("@id,%x\n1,2\n3,4\n", ["@id", "%x"]),
    ],
)
def test_names_that_begin_as_other_kinds_do_are_names(text, names):
    assert list(read_table(text.encode())) == names


def test_a_euro_sign_at_the_beginning_is_no_pickle():
    assert list(read_table("€ a;b\n1;2\n3;4\n".encode("cp1252"))) == ["€ a", "b"]


ROWS = "".join(f"{i},name {i},{i % 2}\n" for i in range(20))


@pytest.mark.parametrize(
    ("above", "count"),
    [
        ("Report of 2024\n\n", 1),
        ("Report of 2024\nmade by me\n\n\n", 2),
        ("\n\nReport of 2024\r\n\r\n", 1),
        ("Report of 2024,,\n,,\n", 1),
        ('"Report of 2024","",""\n"","",""\n', 1),
        ("Report of 2024,,\n", 1),
        ('"Report of 2024,\nby me"\n\n', 1),
        ("# made by me\n", 1),
        ("# made by me, on a day\n#\n", 2),
        ("sep=,\nReport\n\n", 1),
        ("Jahresbericht; 2024\n\n", 1),
    ],
)
def test_titles_above_the_names_are_left_out_and_said(above, count):
    plain = read_table(f"age,name,y\n{ROWS}".encode())
    for end in ("\n", "\r\n", "\r"):
        frame = read_table(f"{above}age,name,y\n{ROWS}".replace("\r\n", "\n").replace("\n", end).encode())
        assert frame.to_dict("list") == plain.to_dict("list")
        assert f", without {count} line{'s' if count > 1 else ''} above the names" in frame.attrs["read_as"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Report of 2024\nage,name,y\n" + ROWS, "line 2 has 3 cells under one name: the first line must name all columns"),
        ("Report of 2024\nMade by: me, you\n\nage,name,y\n" + ROWS, "line 2 has 2 cells under one name"),
        ("name\nSmith, John\nDoe, Jane\n", "line 2 has 2 cells under one name"),
        ("index\n\n1,2,3\n4,5,6\n", "line 3 has 3 cells under one name"),
        ("a,b\n1,2,3\n4,5,6\n", "line 2 has 3 cells under 2 names"),
        ("a b c\n1 2 3\n4 5 6\n", "has one column only, as blanks part no cells: save it with commas"),
        ("name    age y\nann b    12 1\nbob      13 0\n", "has one column only, as blanks part no cells"),
        ("a b\n0,5 1\n1,5 2\n", "line 2 has 2 cells under one name: the first line must name all columns, with commas"),
        ("a,b\n", "has no row under the line of names"),
        ("\ufeff", "is empty: it has no rows"),
        ("\ufeff \n", "is empty: it has no rows"),
        ("sep=;\n", "is empty|has no row"),
    ],
)
def test_what_is_not_sure_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        read_table(text.encode(), "mine.csv")


def test_names_with_many_blanks_are_names():
    assert list(read_table(b"a,b,\n1,2\n3,4,,\n")) == ["a", "b", "column 3"]
    assert list(read_table(b"a,\n1,2\n3,4\n")) == ["a", "column 2"]


@pytest.mark.parametrize(
    "text",
    ["|" * 100_000, "%a\n\n\n" * 40, "<!--a-->" * 60, "a|b\n" + " " * 100_000, "[1," + "] " * 50_000],
    ids=["pipes", "comments", "comments of HTML", "blanks", "brackets"],
)
def test_what_begins_as_another_kind_is_told_at_once(text):
    """Patterns that give back what they took would try these for hours."""
    assert check_text(f"{text}\nx", "a file") is None
