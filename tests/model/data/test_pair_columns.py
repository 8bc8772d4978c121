"""Which columns of a table are its pairs: named ones are taken, others guessed by name, language or content."""

import io

import openpyxl
import pytest

from model.data.pair_columns import PairColumns, guess_columns, is_pair, named_columns
from model.data.pairs import Pair, read_pair_table, read_pairs


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("source,target", (0, 1, None)),
        ("Target,SOURCE", (1, 0, None)),
        ("id,origin,target,note,source", (4, 2, 1)),
        ("source,translation", None),
        ("source,target,Source", None),
        ("source,target,origin,ORIGIN", None),
    ],
)
def test_named_columns_are_taken_wherever_they_stand(names, expected):
    assert named_columns(names.split(",")) == (expected and PairColumns(*expected))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("src,tgt", (0, 1, None)),
        ("TGT,Src,Domain", (1, 0, 2)),
        ("corpus,Output,Prompt", (2, 1, 0)),
        ("source_text,Reference translation,data set,group", (0, 1, 3)),
        ("source_id,source_lang,target_lang,source_text,target_text", (3, 4, None)),
        ("source,output,reference", (0, 2, None)),
        ("english,français", (0, 1, None)),
        ("fr,en", (1, 0, None)),
        ("DE,FR", (0, 1, None)),
        ("nr,de,en", (2, 1, None)),
        ("fr,reference", (0, 1, None)),
        ("input,fr", (0, 1, None)),
        ("translation.en,translation.fr", (0, 1, None)),
        ("translation,x", (1, 0, None)),
        ("x,source", (1, 0, None)),
        ("source,Source", (0, 1, None)),
        ("origin,target", (0, 1, None)),
        ("a,b", (0, 1, None)),
        (",", (0, 1, None)),
    ],
)
def test_columns_are_guessed_by_their_names_in_any_case_and_order(names, expected):
    names = names.split(",")
    assert guess_columns(names, [["words"]] * len(names)) == PairColumns(*expected)


def test_without_a_known_name_the_first_columns_with_text_are_guessed():
    columns = [["1", "2"], ["0.5", ""], ["a b", "c"], ["", ""], ["d", "7"], ["e", "f"]]
    assert guess_columns([*"uvwxyz"], columns) == PairColumns(2, 5)
    assert guess_columns([*"uv"], columns[:2]) == PairColumns(0, 1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("The dog sleeps in the garden|Le chien dort dans le jardin", True),
        ("Good morning.|Bonjour.", True),
        ("Open the source of the river.|Ouvrez le de la source, en bas.|news", True),
        ("7|A cat is here|Un chat est là", True),
        ("今日は天気がいいです。|It is fine today", True),
        ("Hello|Bonjour", False),
        ("en|de", False),
        ("Text in the source language|Text in the target language", False),
        ("What I wrote myself|x", False),
        ("The same words twice|The same words twice", False),
        ("", False),
    ],
)
def test_a_first_line_of_sentences_looks_like_a_pair(line, expected):
    assert is_pair(line.split("|")) == expected


def test_the_first_line_can_be_a_row():
    table = read_pair_table("Hello,Bonjour,x\nYes,Oui,\n")
    assert table.pairs(PairColumns(0, 1)) == [Pair("Yes", "Oui")]
    whole = table.with_first()
    assert whole.names == ["column 1", "column 2", "column 3"]
    assert whole.pairs(PairColumns(1, 0, 2)) == [Pair("Bonjour", "Hello", "x"), Pair("Oui", "Yes")]
    assert whole.with_first() is whole
    assert table.pairs(PairColumns(0, 1)) == [Pair("Yes", "Oui")]


def test_a_first_line_of_numbers_is_a_row_already():
    table = read_pair_table("1.5;2\n3;4\n")
    assert table.first is None
    assert table.with_first().pairs(PairColumns(0, 1)) == [Pair("1.5", "2"), Pair("3", "4")]


def test_names_that_are_missing_or_twice_there_are_no_hindrance():
    table = read_pair_table("a,a,,\n1 b,c,d,\ne,f,g,,,\n")
    assert table.names == ["a", "a", ""]
    assert table.pairs(PairColumns(2, 1, 0)) == [Pair("d", "c", "1 b"), Pair("g", "f", "e")]


@pytest.mark.parametrize(
    ("content", "chosen", "message"),
    [
        ("x,y\na,b\n", (1, 1), "the column 'y' is chosen as source and as reference translation: choose another"),
        ("x,y\na,b\n", (0, 1, 1), "the column 'y' is chosen as reference translation and as origin"),
        (",y\na,b\n", (0, 0), "the column 'column 1' is chosen"),
        ("x,y,z\na,b,c\nd,,e\n", (0, 1), "row 2: the target sentence of a pair is empty"),
        ("x,y,z\na,b,c\nd,,e\n", (1, 0), "row 2: the source sentence of a pair is empty"),
        ("x,y\na,b\nc," + "d" * 501 + "\n", (0, 1), "row 2: a target sentence has 501 characters; at most 500"),
        ("x,y\n" + "a,b\n" * 65, (0, 1), "65 pairs; at most 64"),
    ],
)
def test_what_cannot_be_chosen_gets_one_sentence(content, chosen, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_pair_table(content).pairs(PairColumns(*chosen))
    assert "\n" not in str(caught.value)


def test_one_column_is_no_pair():
    with pytest.raises(ValueError, match="mine.csv has one column only"):
        read_pair_table("source\na\nb\n", "mine.csv")


def test_a_long_name_makes_no_long_sentence():
    with pytest.raises(ValueError, match="is chosen as") as caught:
        read_pair_table(f"{'x' * 9_000},y\na,b\n").pairs(PairColumns(0, 0))
    assert len(str(caught.value)) < 200


def test_windows_letters_are_read_in_names_and_cells():
    table = read_pair_table("Français;Größe\ncafé – naïve;“ça” …\n".encode("cp1252"))
    assert table.names == ["Français", "Größe"]
    assert table.pairs(PairColumns(0, 1)) == [Pair("café – naïve", "“ça” …")]
    assert read_pairs("source,target\ncafé – naïve,b\n".encode("cp1252")) == [Pair("café – naïve", "b")]


def test_a_workbook_and_tabs_give_the_same():
    rows = [["nr", "English", "French"], ["1", "yes, a cat", "oui"], ["2", "no", "non"]]
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(stream)
    tabs = "\n".join("\t".join(row) for row in rows)
    assert read_pair_table(stream.getvalue(), "mine.xlsx") == read_pair_table(tabs, "mine.tsv")
    assert read_pair_table(tabs).pairs(PairColumns(1, 2, 0)) == [Pair("yes, a cat", "oui", "1"), Pair("no", "non", "2")]
