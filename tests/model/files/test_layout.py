"""Where the names of the columns stand: in the first filled line, unless that can be nothing but a title above them."""

import csv
import io

import openpyxl
import pytest

from model.files.reader import read_columns
from model.files.table import read_table


def as_workbook(text, delimiter=None):
    """Rows of a text as a workbook, numbers as such."""
    book = openpyxl.Workbook()
    rows = csv.reader(io.StringIO(text), delimiter=delimiter or (";" if ";" in text else ","))
    for row in rows:
        book.active.append([float(cell) if cell.isdigit() else cell for cell in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("text", "shape", "names"),
    [
        ("v1,v2,,,\n" + "ham,a,,,\n" * 60 + 'spam,"Free, call",PO,,\n' + "ham,x,,,\n" * 40, (101, 5), ["v1", "v2"]),
        ("v1,v2,,,\nham,a,b,c,d\nspam,e,f,g,h\nham,i,,,\n", (3, 5), ["v1", "v2"]),
        ("v1,v2,,,\n\nham,a,b,c,d\nspam,e,f,g,h\n", (2, 5), ["v1", "v2"]),
        ("name,age,,,\n" + "p,1,,,\n" * 30 + "x,1,late,,\n" + "p,1,,,\n" * 30, (61, 5), ["name", "age"]),
        ("id,,,\nBob,red,x,yes\nAnn,red,y,no\nTim,blue,y,no\n", (3, 4), ["id"]),
        ("name,,,\nBob,1,2,3\nAnn,4,5,6\n", (2, 4), ["name"]),
        ("full name,,,\nBob,1,2,3\nAnn,4,5,6\n", (2, 4), ["full name"]),
        ("full name,,,\nBob,n/a,x,y\nAnn,5,x,z\nTim,6,u,v\n", (3, 4), ["full name"]),
        ("seen on,,\nBob,2020-01-01,x\nAnn,2020-01-02,y\n", (2, 3), ["seen on"]),
        ("#id,name,,\nham,a,b,c\nspam,e,f,g\n", (2, 4), ["#id", "name"]),
        ('"v1";"v2";"";"";""\n"ham";"a";"b";"c";"d"\n"1";"2";"3";"4";"5"\n', (2, 5), ["v1", "v2"]),
    ],
)
@pytest.mark.parametrize("workbook", [False, True])
def test_names_of_which_most_are_blank_are_names(text, shape, names, workbook):
    frame = read_table(as_workbook(text) if workbook else text.encode())
    assert len(frame) == shape[0]
    assert frame.shape[1] == shape[1] or workbook  # which ends with its last filled cell
    assert list(frame) == names + [f"column {i + 1}" for i in range(len(names), frame.shape[1])]
    assert "above" not in frame.attrs["read_as"]


@pytest.mark.parametrize(
    ("above", "first"), [("Sales by region,,\n", "region"), ("Sales,,\n,,\n", "region"), ("# by me,,\n", "region")]
)
@pytest.mark.parametrize("workbook", [False, True])
def test_titles_above_names_are_titles_in_either_dress(above, first, workbook):
    text = f"{above}region,2019,2020\nNorth,5,6\nSouth,7,8\n"
    if above.startswith("Sales,,"):
        text = text.replace("2019,2020", "old,new")
    frame = read_table(as_workbook(text) if workbook else text.encode())
    assert (list(frame)[0], len(frame)) == (first, 2)
    assert ", without 1" in frame.attrs["read_as"]


@pytest.mark.parametrize("blank", [",,\n", ",,\n,,\n", '"","",""\n', " , ,\n", "\n,,\n"])
@pytest.mark.parametrize("delimiter", ",;\t|")
def test_rows_of_blanks_are_left_out_everywhere(blank, delimiter):
    text = f"{blank}a,b,c\n{blank}1,x,3\n{blank}4,y,6\n{blank}".replace(",", delimiter)
    expected = {"a": [1, 4], "b": ["x", "y"], "c": [3, 6]}
    for end in ("\n", "\r\n"):
        frame = read_table(text.replace("\n", end).encode())
        assert frame.to_dict("list") == expected
        assert "above" not in frame.attrs["read_as"]
        assert read_columns(text.replace("\n", end)) == {name: list(map(str, cells)) for name, cells in expected.items()}
    assert read_table(as_workbook(text, delimiter)).to_dict("list") == expected


def test_names_that_pandas_leaves_blank_are_blank():
    assert list(read_table(b",,0\nA,x,1.5\nA,y,2.5\nB,x,3.5\n")) == ["index", "column 2", "0"]
