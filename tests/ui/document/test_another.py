"""Another kept run of the same document held against the one that is shown."""

from dataclasses import replace
from functools import partial
from html import unescape
from pathlib import Path

import numpy as np
import pages
import pytest
from streamlit.testing.v1 import AppTest
from studies import RETRIEVED, study

from ui.document import another, tree
from ui.document.sentences import bold
from ui.draw.markdown import short
from xai import agreement

PAGE = str(Path(__file__).parents[3] / "ui" / "document" / "page.py")
SMALL = "# The plot\n\nThe plot is thin. She said: hello, world!\n\n# The fox\n\nThe quick brown fox jumps. One two three four."
bench = partial(pages.bench, kind="document")
finish = partial(pages.finish, kind="document")


def word(text, weight=6.0):
    """A game in which one word of the text changes the answer."""
    at = RETRIEVED.split().index(text)
    return lambda z: weight * z[:, at] + 0.01 * z.sum(axis=1)


@pytest.fixture(scope="module")
def two():
    return study(RETRIEVED, [word("violin.")], budget=300), study(RETRIEVED, [word("Olaf.")], budget=300, seed=1)


def test_parts_that_both_opened_are_the_whole_document(two):
    one, other = two
    assert one.opened != other.opened
    paths = tree.shared(one, other)
    parts = [one.root.at(path) for path, _ in paths]
    assert [part.first for part in parts] == [0, *(part.last for part in parts[:-1])] and parts[-1].last == one.root.last
    for mine, theirs in paths:
        assert mine == theirs and mine in one.found["banzhaf"].nodes and mine in other.found["banzhaf"].nodes
        assert mine not in one.opened & other.opened
    assert tree.shared(one, one) == [(path, path) for path in one.frontier]


def test_where_a_model_cuts_the_text_otherwise_the_part_above_is_compared(two):
    one = two[0]
    last = len(one.root.parts) - 1
    other = replace(one, root=replace(one.root, parts=one.root.parts[:last] + (replace(one.root.parts[last], end=1),)))
    assert tree.shared(one, other) == [((), ())]
    pair = another.pair_of(one, other, "banzhaf", [((), ())], (0, 0))
    assert another.agreed(pair, agreement(*pair)) == "Neither opened what the other did: only the whole document can be compared."


def test_the_difference_is_that_of_each_part_and_the_sentence_says_who_is_first(two):
    one, other = two
    paths = tree.shared(one, other)
    pair = another.pair_of(one, other, "banzhaf", paths, (0, 0))
    found = agreement(*pair)
    for i, (path, _) in enumerate(paths):
        values = [float(each.found["banzhaf"].nodes[path].value[0]) for each in two]
        assert found.difference[i] == pytest.approx(values[0] - values[1], abs=1e-9)
    said = another.agreed(pair, found)
    assert said.startswith(f"Of {len(paths)} parts that both have, the ranks correlate by")
    first, second = (pair[i].labels[int(np.argmax(np.abs(pair[i].values)))] for i in (0, 1))
    named = [bold(short(one, 60)) for one in (first, second)]
    assert first != second and said.endswith(f"; this run has {named[0]} first, the other {named[1]}.")
    same = another.agreed((pair[0], pair[0]), agreement(pair[0], pair[0]))
    assert "correlate by +1.00 (Spearman); both have" in same


def test_what_was_asked_otherwise_is_said(two):
    one, other = two
    assert another.differs(one, one, False) == ["Both runs asked the same."]
    assert "at most 300 evaluations per index and seed 0, the other with 300 and 1." in another.differs(one, other, False)[0]
    asked = replace(other, request=replace(other.request, question="Why?"), target=" Because.", model="another")
    said = " ".join(another.differs(one, asked, True))
    for words in ("another question: “Why?”", "of the answer “Because", "It asked another model.", "whole answers are compared"):
        assert words in said


def explained(page, question, text=SMALL):
    page.text_area(key="doc-text").set_value(text)
    page.text_input(key="doc-question").set_value(question)
    page.select_slider(key="doc-budget").set_value(64).run()
    page.button(key="explain").click().run()
    return finish(page)


def values_of(page, pane):
    drawn = unescape(pages.html(page)).split(f'data-pane="{pane}"')[1].split("</div>")[0]
    return [float(part.split('"')[0]) for part in drawn.split('data-value="')[1:]]


def test_two_questions_to_one_document_on_the_page(ready):
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    explained(page, "Who jumps?", SMALL + " Another text.")
    explained(page, "Who jumps?")
    assert another_box(page) == []  # the first is of another document
    first = bench(page).shown
    explained(page, "Who said hello?")
    now = bench(page).shown
    assert len(another_box(page)) == 1
    page.selectbox(key="another").select_index(0).run()
    assert not page.exception
    assert any("asks another question: “Who jumps?”" in one.value for one in page.markdown)
    paths = tree.shared(now, first)
    pair = another.pair_of(now, first, "banzhaf", paths, (0, 0))
    for pane, values in (("0", pair[0].values), ("1", pair[1].values), ("2", pair[0].values - pair[1].values)):
        assert sorted(values_of(page, f"another-{pane}")) == pytest.approx(sorted(values), abs=2e-6)
    assert any(another.agreed(pair, agreement(*pair)) == one.value for one in page.markdown)
    page.button_group(key="another-index").set_value("shapley").run()
    shapley = another.pair_of(now, first, "shapley", paths, (0, 0))[0]
    assert sorted(values_of(page, "another-0")) == pytest.approx(sorted(shapley.values), abs=2e-6)


def another_box(page):
    boxes = [one for one in page.selectbox if one.key == "another"]
    return boxes[0].options if boxes else []


def test_a_run_without_the_other_index_is_refused_with_the_reason(two, monkeypatch):
    one, other = two
    monkeypatch.setattr(another.st, "segmented_control", lambda *args, **more: None)
    assert another._index(one, other) == "banzhaf"
    lone = replace(other, found={"shapley": other.found["shapley"]})
    with pytest.raises(ValueError, match="different indices"):
        another._index(replace(one, found={"banzhaf": one.found["banzhaf"]}), lone)
