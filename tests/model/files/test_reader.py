"""One reader for all tables: the same content in every dress gives the same numbers and sentences to all who ask for it."""

import csv
import io

import openpyxl
import pytest
from runs import read_runs, read_scored_runs

from model.data.pairs import read_pairs
from model.files.table import read_table
from model.table.columns import profile
from model.table.model import TableModel

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252")
ENDS = ("\n", "\r\n", "\r")
SWAPPED = str.maketrans(",.", ".,")
NUMBERS = {
    "1234.5": repr,
    "1234,5": lambda x: repr(x).replace(".", ","),
    "1,234.5": "{:,}".format,
    "1.234,5": lambda x: f"{x:,}".translate(SWAPPED),
}


def pairs(content, filename):
    return [(pair.source, pair.target) for pair in read_pairs(content, filename=filename)]


def runs(content, filename):
    (found,) = read_runs(content, filename)
    return found.name, found.tokens.tolist(), found.score.tolist()


def scored(content, filename):
    found = read_scored_runs(content, filename)
    return found.sources, found.coalitions.astype(int).tolist(), found.scores[:, 0].tolist()


def table(content, filename):
    frame = read_table(content, filename)
    return list(frame), [column.kind for column in profile(frame)], frame.to_dict("list")


SIZES = {"Preis €": [1234567.5, 0.25, 12.5], "Länge": [950.5, 1234.5, 12500.5], "Ort": ["Köln", "a, b; c|d", 'x\n"y"']}
READERS = {
    pairs: (
        [["source", "target"], ["The cat, it is there; or so", 'Le "chat" est là'], ["a\tb|c", "été\nà 1,5"], ["1.234,5", "2.5"]],
        [("The cat, it is there; or so", 'Le "chat" est là'), ("a b|c", "été à 1,5"), ("1.234,5", "2.5")],
    ),
    runs: (
        [["data", "tokens", "BLEU"], ["Müller, 1", 1234567.5, 20.25], ["Müller, 1", 1e9, 21.5], ["Müller, 1", 12.5, 1.125]],
        ("Müller, 1", [12.5, 1234567.5, 1e9], [1.125, 20.25, 21.5]),
    ),
    scored: (
        [["run", "Bücher", "web", "BLEU"], ["r, 1", 1, 0, 1020.5], ["r; 2", 0, 1, 22.0625]],
        (["Bücher", "web"], [[1, 0], [0, 1]], [1020.5, 22.0625]),
    ),
    table: ([list(SIZES), *zip(*SIZES.values())], (list(SIZES), ["number", "number", "category"], SIZES)),
}


def dressed(rows, encoding, delimiter, end, number):
    out = io.StringIO(newline="")
    texts = [[number(cell) if isinstance(cell, float) else cell for cell in row] for row in rows]
    csv.writer(out, delimiter=delimiter).writerows(texts)
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    return (mark + out.getvalue().replace("\r\n", end) + 2 * end).encode(encoding)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "pipe"])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_every_dress_gives_the_same(reader, encoding, delimiter, number):
    rows, expected = READERS[reader]
    for end in ENDS:
        assert reader(dressed(rows, encoding, delimiter, end, NUMBERS[number]), "mine.csv") == expected


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_a_workbook_gives_the_same(reader):
    rows, expected = READERS[reader]
    for number in (float, NUMBERS["1.234,5"]):  # as text, where a number was pasted
        book, stream = openpyxl.Workbook(), io.BytesIO()
        for row in rows:
            book.active.append([number(cell) if isinstance(cell, float) else cell for cell in row])
        book.save(stream)
        found = reader(stream.getvalue(), "mine.xlsx")
        if reader is table and number is not float:
            assert found[:2] == expected[:2]
        else:
            assert found == expected


BAD = {
    "empty": (b"", "is empty|has no row"),
    "blank": (b" \r\n\r\n", "is empty|has no row"),
    "blank cells": (b",,\r\n,,\r\n", "is empty: it has no rows"),
    "a header alone": (b"source,target,tokens,BLEU\r\n", "has no row"),
    "NUL": (b"source,target\na,b\0\nc,d\n", "control characters"),
    "ragged": (b'source,target,x\na,"b\n\nb",1\n\nc,d\n', "line 6 has 2 cells under 3"),
    "too short": (b"source,target\na,b\nc\n", "line 3 has 1 cell under 2 names"),
    "too long": (b"source,target\na,b\nc,d,e\n", "line 3 has 3 cells under 2"),
    "an open quote": (b'source,target\na,b\nc,"d\ne,f\n', "line 3 cannot be read as CSV"),
    "an endless cell": (
        b"source,target\na,b\nc," + b"d" * 200_000 + b"\n",
        r"line 3 cannot be read as CSV \(a cell has more than 131,072 characters\); shorten it",
    ),
    "wide": (b"a," * 1_001 + b"b\n" + b"1," * 1_001 + b"1\n", "1,002 columns; at most 1,000"),
    "too large": (bytes(50_000_001), "at most 50 MB"),
    "no encoding": (b"source,target\n\x81\x8d,b\n", "not text in an encoding that is known"),
    "a sound": (b"\xff\xfe\x90\x64" * 20, "not text in an encoding"),
    "no workbook": (b"PK\x03\x04" + bytes(40), "damaged"),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_a_bad_file_is_one_sentence_to_everybody(reader, bad):
    content, words = BAD[bad]
    with pytest.raises(ValueError, match=words) as caught:
        reader(content, "mine.csv")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 330


@pytest.mark.parametrize("reader", [runs, scored, table], ids=lambda reader: reader.__name__)
@pytest.mark.parametrize(
    ("scores", "words"),
    [
        (["1,234", "2,345"], "whether '1,234' in column 'BLEU' has decimals or thousands"),
        (["20,5", "22.1"], "'20,5' is not a number beside '22.1' in column 'BLEU'"),
        (["1,234.5", "1.234,5"], "'1.234,5' is not a number beside '1,234.5'"),
    ],
)
def test_numbers_that_could_be_two_are_refused(reader, scores, words):
    if reader is table and "whether" in words:  # its page shows both readings
        found = read_table("a;tokens;BLEU\n1;10;{}\n0;20;{}\n".format(*scores).encode())
        assert both_readings(found, "BLEU") == ([1.234, 2.345], [1234, 2345])
        return
    with pytest.raises(ValueError, match=words):
        reader("a;tokens;BLEU\n1;10;{}\n0;20;{}\n".format(*scores).encode(), "mine.csv")


def both_readings(frame, label):
    """Of an open column: as it is read, which must be one of both, and as the other."""
    (column,) = [one for one in profile(frame) if one.label == label]
    assert column.kind == "number"
    assert "Nothing tells whether" in column.note
    assert len(column.readings) == 2
    corrected = [profile(frame, {label: reading}) for reading in column.readings]
    others = [[one for one in columns if one.label == label][0] for columns in corrected]
    assert not any("Nothing tells" in other.note for other in others)
    values = [other.encode(frame[label]).tolist() for other in others]
    read = column.encode(frame[label]).tolist()
    assert read in values
    return read, *(other for other in values if other != read)


def test_what_could_be_two_is_read_as_the_other_columns_are():
    german = "Preis;Menge;y\n" + "".join(f"{p};{i},5;{i % 2}\n" for i, p in enumerate(["950", "1.234", "12.500"] * 10))
    assert read_table(german.encode())["Preis"].tolist()[:3] == [950, 1234, 12500]
    english = 'price,x\n"1,234",0.5\n"12,500",1.5\n950,2.5\n'
    assert read_table(english.encode())["price"].tolist() == [1234, 12500, 950]
    torn = read_table(b"a;b;c\n1.234;1,5;1.5\n2.345;2,5;2.5\n")
    assert both_readings(torn, "a") == ([1.234, 2.345], [1234, 2345])
    assert both_readings(read_table(b"a;b\n1.234;x\n2.345;y\n"), "a")[0] == [1.234, 2.345]
    frame = read_table(b"a;b\n1,5;Version 1,5\n 1 234,5;1,5\n2;y\n")
    assert (frame["a"].tolist(), frame["b"].tolist()) == ([1.5, 1234.5, 2], ["Version 1,5", "1,5", "y"])


@pytest.mark.parametrize("line", ['"{},5";{}\n', '"{},5",{}\n', "{},5\t{}\n"])
def test_decimal_commas_are_seen_in_quotes_and_between_tabs(line):
    frame = read_table(("a" + line.strip("\n")[-3] + "y\n" + "".join(line.format(i % 9, i % 2) for i in range(40))).encode())
    assert profile(frame)[0].kind == "number"
    assert frame["a"].tolist()[:3] == [0.5, 1.5, 2.5]
    assert "decimal comma" in frame.attrs["read_as"]


def test_a_lonely_comma_between_commas_is_no_decimal():
    with pytest.raises(ValueError, match="'20,5' is not a number"):
        read_runs('tokens,BLEU\n1e9,"20,5"\n')


def test_rows_of_numbers_alone_have_no_names_in_either_dress():
    for data in (b"1.5;2.5\n3;4\n5;6\n", b"1,5;2,5\n3;4\n5;6\n"):
        assert read_table(data).to_dict("list") == {"column 1": [1.5, 3, 5], "column 2": [2.5, 4, 6]}


def test_row_labels_of_pandas_are_no_column_to_read():
    rows = "".join(f"{i * 7 % 40},{i % 5},{i % 2}\n" for i in range(40))
    frame = read_table(f",x,y\n{rows}".encode())
    assert list(frame) == ["index", "x", "y"]
    assert TableModel.fit(frame, "y").columns[0].kind == "identifier"


def test_characters_that_a_wrong_encoding_leaves_are_read():
    data = "text,y\n" + "".join(f"it\u0092s {i % 3},{i % 2}\n" for i in range(30))
    assert read_table(data.encode()).shape == (30, 2)


def test_cells_at_the_end_of_a_line_may_be_left_out_under_no_name():
    (found,) = read_runs("tokens,BLEU,,\n1e9,20\n2e9,21,,\n3e9,22,,,,\n,,,\n")
    assert found.tokens.tolist() == [1e9, 2e9, 3e9]
    assert read_table(b"a,b,\n1,2\n3,4,,\n").to_dict("list")["b"] == [2, 4]


def test_lists_of_codes_between_commas_do_not_make_thousands_of_decimals():
    rows = '"{},{}",1.234\n'
    frame = read_table(("codes,x\n" + "".join(rows.format(i, i + 1) for i in range(9))).encode())
    frame.loc[0, "x"] = "2.345"
    assert both_readings(frame, "x")[0][:2] == [2.345, 1.234]
