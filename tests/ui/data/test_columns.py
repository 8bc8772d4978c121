"""Choosing which columns of a brought table are its pairs: guessed before the eyes, refused in a sentence, asked per file."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from model.data.pairs import Pair
from ui.runs.bundle import read_bundle, write_bundle
from ui.runs.comparison_bundle import to_bundle

PAGE = str(Path(__file__).parents[3] / "ui" / "data" / "page.py")
SOURCE, TARGET, ORIGIN = "Source", "Reference translation", "Origin (group), if any"
HOSTILE = "<b>bold</b> **stars** $x$ [a](b)"
MIXED = "nr,French,Domain,English\n1,fox,a,good dog\n2,four five,b,one two\n3,hello,a,lazy fox\n4,seven,c,world\n"
HEADERLESS = "The brown dog jumps,Le chien brun saute\nten,dix\n"


@pytest.fixture()
def page(slot):
    return AppTest.from_file(PAGE, default_timeout=60).run()


def finish(page):
    while (job := page.session_state["bench-data"].job) is not None:
        job.ended.wait(60)
        page.run()
    return page


def upload(page, content, place=0, name="mine.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    page.get("file_uploader")[place].set_value((name, data, "text/csv")).run()
    assert not page.exception
    return page


def choosers(page):
    """The widgets that ask for columns, by their labels."""
    return {one.label: one for one in page.selectbox if one.label in (SOURCE, TARGET, ORIGIN)}


def chosen(page):
    return {label: one.value for label, one in choosers(page).items()}


def choose(page, label, option):
    choosers(page)[label].select(option).run()
    assert not page.exception
    return page


def read(page, place=0):
    """The pairs as they are listed: those of examples, or 1, of the evaluation."""
    tables = [one.value for one in page.dataframe if list(one.value) == ["source", "target", "origin"]]
    return [tuple(row) for row in tables[place].to_numpy().tolist()]


def previews(page):
    return [one.value for one in page.dataframe if "Reference translation" in one.value]


def said(page):
    return " ".join(one.value for one in page.caption)


def first_line(page):
    (box,) = [one for one in page.checkbox if one.label == "The first line is already a pair"]
    return box


@pytest.mark.parametrize("header", ["source,target,origin", "SOURCE,Target,Origin", "source,target,note"])
def test_named_columns_are_taken_without_a_question(page, header):
    upload(page, f"{header}\ngood dog,fox,a\nworld,seven,b\n")
    origins = ("", "") if header.endswith("note") else ("a", "b")
    assert read(page) == [("good dog", "fox", origins[0]), ("world", "seven", origins[1])]
    assert not choosers(page)
    assert not previews(page)


def test_a_guess_is_shown_with_the_first_pairs_and_can_be_changed(page):
    upload(page, MIXED)
    assert chosen(page) == {SOURCE: "English", TARGET: "French", ORIGIN: "Domain"}
    assert choosers(page)[ORIGIN].options == ["none", "nr", "French", "Domain", "English"]
    assert "first 3 of 4 pairs are read like this" in said(page)
    assert previews(page)[0].to_dict("list") == {
        "Source": ["good dog", "one two", "lazy fox"],
        "Reference translation": ["fox", "four five", "hello"],
        "Origin": ["a", "b", "a"],
    }
    assert read(page)[3] == ("world", "seven", "c")
    choose(page, ORIGIN, "none")
    choose(page, SOURCE, "nr")
    assert read(page) == [("1", "fox", ""), ("2", "four five", ""), ("3", "hello", ""), ("4", "seven", "")]
    assert previews(page)[0]["Source"].tolist() == ["1", "2", "3"]


def test_an_origin_by_another_name_is_asked_for_beside_source_and_target(page):
    upload(page, "source,target,domain\ngood dog,fox,a\nworld,seven,b\n")
    assert chosen(page) == {SOURCE: "source", TARGET: "target", ORIGIN: "domain"}
    assert read(page)[1] == ("world", "seven", "b")


def test_an_evaluation_has_no_origin(page):
    upload(page, "output,group,input\nthe fox,a,brown dog\n", place=1)
    assert chosen(page) == {SOURCE: "input", TARGET: "output"}
    assert "The one pair is read like this" in said(page)
    assert read(page, 1) == [("brown dog", "the fox", "")]


def test_a_choice_outlives_reruns_and_ends_with_its_file(page):
    upload(page, MIXED)
    choose(page, SOURCE, "nr")
    page.run()
    page.slider(key="data-count-8").set_value(3).run()
    assert chosen(page)[SOURCE] == "nr"
    assert read(page)[0][0] == "1"
    upload(page, MIXED + "5,x y,c,z\n")
    assert chosen(page)[SOURCE] == "English"
    assert read(page)[4] == ("z", "x y", "c")


def test_one_column_for_both_is_refused_in_a_sentence_until_another_is_chosen(page):
    upload(page, MIXED)
    choose(page, TARGET, "English")
    assert [one.value for one in page.error] == [
        "Few-shot examples: The column 'English' is chosen as source and as reference translation: choose another for one of them"
    ]
    choose(page, SOURCE, "French")
    assert not page.error
    assert read(page)[0] == ("fox", "good dog", "a")


def test_settings_outlive_a_refusal(page):
    upload(page, MIXED)
    page.text_input(key="data-source").set_value("Danish").run()
    page.selectbox(key="data-players-True").set_value("example").run()
    page.slider(key="data-count-8").set_value(3).run()
    page.checkbox(key="data-keep").check().run()
    choose(page, TARGET, "English")
    assert page.error
    assert not page.dataframe
    choose(page, SOURCE, "French")
    assert page.text_input(key="data-source").value == "Danish"
    assert page.selectbox(key="data-players-True").value == "example"
    assert page.slider(key="data-count-8").value == 3
    assert page.checkbox(key="data-keep").value
    assert len(read(page, 1)) == 3


def test_an_empty_cell_is_refused_with_its_row(page):
    upload(page, "input,note,output\ngood dog,,fox\nworld,x,seven\n")
    assert not page.error
    choose(page, TARGET, "note")
    assert "Row 1: the target sentence of a pair is empty" in page.error[0].value
    assert len(choosers(page)) == 3


def test_a_first_line_that_looks_like_a_pair_is_one_where_nobody_says_otherwise(page):
    upload(page, HEADERLESS)
    assert first_line(page).value
    assert chosen(page) == {SOURCE: "column 1", TARGET: "column 2", ORIGIN: "none"}
    assert read(page) == [("The brown dog jumps", "Le chien brun saute", ""), ("ten", "dix", "")]
    choose(page, SOURCE, "column 2")
    choose(page, TARGET, "column 1")
    assert read(page)[1] == ("dix", "ten", "")
    first_line(page).uncheck().run()
    assert chosen(page)[SOURCE] == "The brown dog jumps"
    assert read(page) == [("ten", "dix", "")]


def test_a_first_line_of_single_words_can_be_made_a_pair(page):
    upload(page, "hello,bonjour\nten,dix\n")
    assert not first_line(page).value
    first_line(page).check().run()
    assert read(page) == [("hello", "bonjour", ""), ("ten", "dix", "")]
    upload(page, "1,2\n3,4\n")
    assert not [one for one in page.checkbox if one.label.startswith("The first line")]
    assert read(page) == [("1", "2", ""), ("3", "4", "")]


def test_what_a_header_says_is_not_obeyed(page):
    upload(page, f'"{HOSTILE}","{HOSTILE}",none,\nworld,seven,a,"{HOSTILE}"\nten,dix,b,x\n')
    options = choosers(page)[ORIGIN].options
    assert options == ["none", *(f"{name} (column {i + 1})".strip() for i, name in enumerate([HOSTILE, HOSTILE, "none", ""]))]
    choose(page, ORIGIN, options[3])
    assert read(page) == [("world", "seven", "a"), ("ten", "dix", "b")]
    choose(page, SOURCE, options[2])
    assert r"\<b\>bold\</b\> \*\*stars\*\* \$x\$ \[a\](b)" in page.error[0].value
    assert not any(HOSTILE in one.value for kind in ("markdown", "caption", "error") for one in page.get(kind))


def test_windows_letters_and_tabs_are_read(page):
    upload(page, "src\ttgt\ncafé – naïve\tb\nx, y\tz\n".encode("cp1252"), name="mine.tsv")
    assert read(page) == [("café – naïve", "b", ""), ("x, y", "z", "")]


@pytest.mark.slow
def test_both_files_are_asked_about_and_a_run_holds_the_pairs_themselves(ready):
    page = upload(finish(AppTest.from_file(PAGE, default_timeout=60).run()), MIXED)
    choose(page, TARGET, "English")
    assert not [button for button in page.button if button.key == "explain"]
    choose(page, TARGET, "French")
    upload(page, MIXED, place=1)
    assert len([one for one in page.selectbox if one.label == SOURCE]) == 2
    finish(page.button(key="explain").click().run())
    assert not page.error
    result = page.session_state["bench-data"].shown
    assert result.request.examples[0] == Pair("good dog", "fox", "a")
    assert result.request.evaluation[0] == Pair("good dog", "fox")
    assert result.comparison.ledger.labels == ["a", "b", "c"]
    named = upload(page, "source,target,origin\ngood dog,fox,a\none two,four five,b\nlazy fox,hello,a\nworld,seven,c\n")
    page = upload(named, "source,target\ngood dog,fox\none two,four five\nlazy fox,hello\nworld,seven\n", place=1)
    assert "other data or settings" not in " ".join(
        one.value for kind in ("info", "caption", "warning") for one in page.get(kind)
    )
    bundle = read_bundle(write_bundle(to_bundle("data", result, "name", "model")))
    assert "English" not in str({**bundle.settings, "languages": ()})
