"""Workbooks: the first visible sheet is read as it was last computed; what could fill the memory or a parser is not."""

import datetime
import io
import zipfile

import openpyxl
import pytest

from model.files.table import read_table


def book(*sheets, hidden=()):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for i, rows in enumerate(sheets):
        sheet = made.create_sheet(f"sheet {i + 1}")
        for row in rows:
            sheet.append(row)
        if i in hidden:
            sheet.sheet_state = "hidden"
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def edited(data, edit=lambda name, part: part, **more):
    """The same archive with each part passed through edit(name, bytes), None to leave it out, and more parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if (part := edit(name, old.read(name))) is not None:
                new.writestr(name, part)
        for name, part in more.items():
            new.writestr(name, part)
    return stream.getvalue()


def in_sheet(old, new):
    return lambda name, part: part.replace(old, new) if name.endswith("sheet1.xml") else part


ROWS = [["a", "b"], [1, "x"], [2.5, "y"]]
GOOD = book(ROWS)
DAY = datetime.datetime(2020, 1, 2)


def test_cells_keep_their_kinds_and_what_is_missing_is_found():
    rows = [["n", "text", "flag", "day"], [1, " x ", True, DAY], [2.5, "n/a", None, None], [None, "#DIV/0!", False, DAY]]
    frame = read_table(book(rows), "a.xlsx")
    assert frame.attrs["read_as"] == "Excel, sheet “sheet 1”"
    assert frame["n"].tolist()[:2] == [1.0, 2.5]
    assert frame["text"][0] == "x"
    assert frame["day"][2] == DAY
    assert frame.isna().to_numpy().tolist() == [[False] * 4, [False, True, True, True], [True, True, False, False]]


def test_a_formula_is_what_was_computed_last_and_that_is_said():
    computed = edited(book([*ROWS, ["=A2+A3", "z"]]), in_sheet(b"<v></v>", b"<v>3.5</v>"))
    computed = edited(computed, in_sheet(b"<v />", b"<v>3.5</v>"))
    frame = read_table(computed, "a.xlsx")
    assert frame["a"].tolist() == [1.0, 2.5, 3.5]
    assert "formulas as they were last computed" in frame.attrs["read_as"]
    assert read_table(book([*ROWS, ["=A2", "z"]]), "a.xlsx")["a"].isna().tolist() == [False, False, True]


def test_the_first_visible_sheet_is_read_and_named():
    frame = read_table(book([["secret", "c"], [1, 2], [3, 4]], ROWS, ROWS, hidden=[0]), "a.xlsx")
    assert list(frame) == ["a", "b"]
    assert "sheet “sheet 2”, the first that is visible of 3" in frame.attrs["read_as"]


def test_titles_above_the_names_and_a_sheet_without_names():
    frame = read_table(book([["A report"], [], ["a", "b", "c"], [1, 2, 3], [], [4, 5, 6]]), "a.xlsx")
    assert frame.to_dict("list") == {"a": [1, 4], "b": [2, 5], "c": [3, 6]}
    assert "without 1 row above the names" in frame.attrs["read_as"]
    frame = read_table(book([[1, 2], [3, 4], [5, 6]]), "a.xlsx")
    assert frame.to_dict("list") == {"column 1": [1, 3, 5], "column 2": [2, 4, 6]}
    assert "no line of names" in frame.attrs["read_as"]
    assert list(read_table(book([["a", "a", None], [1, 2, 3], [4, 5, 6]]), "a.xlsx")) == ["a", "a (2)", "column 3"]


ENTITY = '<!DOCTYPE worksheet [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
BLANK = b"".join(b'<row r="%d"><c r="XFD%d"/></row>' % (i, i) for i in range(4, 4000))


def with_entity(encoding):
    def edit(name, part):
        start, _, rest = part.decode().partition("<worksheet")
        text = f'<?xml version="1.0" encoding="{encoding}"?>{ENTITY}<worksheet{rest}'
        return text.encode(encoding) if name.endswith("sheet1.xml") else part

    return edit


BAD = {  # made by the test that asks: some take a second
    "nothing": (lambda: book([]), "no filled cell"),
    "one column": (lambda: book([["a"], [1], [2]]), "one column only"),
    "no row": (lambda: book([["a", "b"]]), "no row"),
    "wide": (lambda: book([[f"c{i}" for i in range(1100)], [1] * 1100]), "1,100 columns"),
    "cut off": (lambda: GOOD[:-40], "damaged"),
    "a beginning alone": (lambda: b"PK\x03\x04" + bytes(400), "damaged"),
    "no sheet": (lambda: edited(GOOD, lambda name, part: None if "sheet1" in name else part), "cannot be read"),
    "torn XML": (lambda: edited(GOOD, lambda name, part: part[:200] if "sheet1" in name else part), "cannot be read"),
    "a bomb": (lambda: edited(GOOD, **{"xl/media/zeros": bytes(310_000_000)}), "would unpack"),
    "many parts": (lambda: edited(GOOD, **{f"x{i}": b"" for i in range(10_001)}), "would unpack"),
    "an entity": (lambda: edited(GOOD, with_entity("utf-8")), "entities"),
    "an entity in UTF-16": (lambda: edited(GOOD, with_entity("utf-16")), "entities"),
    "blank cells far out": (lambda: edited(GOOD, in_sheet(b"</sheetData>", BLANK + b"</sheetData>")), "cells"),
    "a column beyond Excel's": (lambda: edited(GOOD, in_sheet(b'r="B3"', b'r="ZZZ3"')), "18,278 columns"),
    "a row beyond Excel's": (lambda: edited(GOOD, in_sheet(b'<row r="3"', b'<row r="999999999"')), "one row only"),
    "a binary workbook": (lambda: edited(GOOD, lambda name, part: None, **{"xl/workbook.bin": b"x"}), ".xlsb"),
    "OpenDocument": (lambda: edited(GOOD, lambda name, part: None, **{"content.xml": b"<a/>"}), "OpenDocument"),
    "another archive": (lambda: edited(GOOD, lambda name, part: None, **{"a.txt": b"x"}), "ZIP archive"),
    "an old workbook": (lambda: b"\xd0\xcf\x11\xe0" + bytes(400), ".xls)"),
}


@pytest.mark.slow
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_workbook_is_one_sentence(bad, monkeypatch):
    monkeypatch.setattr("model.files.workbook.MAX_CELLS", 1_000_000)
    made, words = BAD[bad]
    with pytest.raises(ValueError) as caught:
        read_table(made(), "upload.xlsx")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 330


def test_more_cells_than_are_read_are_refused_while_reading(monkeypatch):
    monkeypatch.setattr("model.files.workbook.MAX_CELLS", 100)
    with pytest.raises(ValueError, match="more than 100 cells"):
        read_table(book([["a", "b"], *[[1, 2]] * 60]), "a.xlsx")
