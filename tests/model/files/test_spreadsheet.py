"""No CSV that goes out begins a formula, whatever a spreadsheet splits it at; its numbers and all other texts are untouched."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from model.files.spreadsheet import csv_of, csv_of_table, escape_cell

FORMULAS = ["=1+1", "+49 30", "-x", "@SUM(A1)", "  =x", "-1+1", "＝1", "﹣x", "⁻x", "\u00a0=1", "\ufeff=1", "\u200b@x", "\x00=1"]
FORMULAS += ['"=1', "'=1", "“=1", " ' \"+1", "«-x", "\x1b=1"]
KEPT = ["x", "a=b", "", "-5", "-1.5e-3", "-.5", "a-b", "a; b", "a\tb", "a\nb", "x, =1", "–", "“yes”", " ", "don't"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_starts_a_formula(text):
    assert escape_cell(text) == "'" + text


@pytest.mark.parametrize("value", [*KEPT, -1.5, 3, None, True])
def test_what_is_no_formula_stays_as_it_is(value):
    assert escape_cell(value) == value


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a;=1", "a;'=1"),
        ('a\n"=1', "a\n'\"=1"),
        ("a\r\n@x;-1;-x", "a\r\n'@x;'-1;'-x"),
        ("-1\n+x", "'-1\n'+x"),
        ("\t=x", "'\t'=x"),
        ("\nx", "'\nx"),
        ("\r=x", "'\r'=x"),
    ],
)
def test_no_piece_of_a_cell_starts_one_where_a_spreadsheet_splits_it(text, escaped):
    assert escape_cell(text) == escaped


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_whatever_it_is_split_at_nothing_starts_a_formula(delimiter):
    rng, escaped = np.random.default_rng(0), 0
    signs = [*"=+-@;\t\n\r\"' x1", "＝", "\u00a0", "\u200b"]
    texts = ["".join(rng.choice(signs, rng.integers(1, 9))) for _ in range(3000)]
    written = csv_of([number, one, other] for number, (one, other) in enumerate(zip(texts, texts[1:])))
    for line in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter):
        for cell in line:
            bare = cell.lstrip(' "\u00a0\u200b')
            escaped += bare.startswith("'")
            assert cell == "-1" or not bare.startswith((*"=+-@", "＝")), cell
    assert escaped > 1000


def test_a_long_cell_of_signs_is_looked_at_once():
    for sign in ("\t", " ", '"', ";", "\u200b"):
        assert len(escape_cell(sign * 300_000 + "x")) <= 300_002


def test_a_table_is_escaped_whole_and_left_alone():
    frame = pd.DataFrame([["=1", -1.5, True], ["ok", 2.0, False], [None, np.nan, True]], columns=["=a", "a", "-b"])
    frame = pd.concat([frame, frame["a"].astype("category"), frame["=a"].astype("category")], axis=1)
    assert csv_of_table(frame).splitlines() == ["'=a,a,'-b,a,'=a", "'=1,-1.5,True,-1.5,'=1", "ok,2.0,False,2.0,ok", ",,True,,"]
    assert frame.iloc[0, 0] == "=1"


def test_numbers_keep_every_digit():
    values = [0.1 + 0.2, -1e-17, 3, np.float64(1 / 3)]
    assert [float(cell) for cell in csv_of([values]).strip().split(",")] == values
    assert csv_of([[np.nan, np.inf, None, "x"]]) == ",,,x\n"
