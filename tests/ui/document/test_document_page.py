"""The Document page's states, without a browser, on the tiny model."""

from functools import partial
from html import unescape
from pathlib import Path

import numpy as np
import pages
import pytest
from pages import html
from streamlit.testing.v1 import AppTest

from model.document.game import DocumentGame
from ui.document import tree, whatif
from ui.document.keep import bundle as kept
from ui.document.run import opening
from ui.document.samples import FIRST
from ui.runs.shipped import SHIPPED

PAGE = str(Path(__file__).parents[3] / "ui" / "document" / "page.py")
bench = partial(pages.bench, kind="document")
finish = partial(pages.finish, kind="document")
SMALL = "# The plot\n\nThe plot is thin. She said: hello, world!\n\n# The fox\n\nThe quick brown fox jumps. One two three four."


def open_page(text=SMALL, budget=64, target=" The fox. She said hello."):
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    page.text_area(key="doc-text").set_value(text)
    page.radio(key="doc-whose").set_value("An answer I type").run()
    page.text_input(key="doc-target").set_value(target)
    page.select_slider(key="doc-budget").set_value(budget).run()
    return page


def explained(**asked):
    page = open_page(**asked)
    page.button(key="explain").click().run()
    return finish(page)


def look_at(page, *path):
    return page.button(key="doc-at-" + "-".join(map(str, path))).click().run()


def captions(page):
    return " ".join(one.value for one in page.caption)


def test_it_paints_while_the_model_loads(slot):
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not page.exception and not slot.started
    assert page.text_area(key="doc-text").value == FIRST.text
    assert page.text_input(key="doc-question").value == FIRST.question


@pytest.mark.slow
def test_explain_computes_here_what_shipped_with_swing_and_a_part_of_it_opens_as_it_stands(ready, monkeypatch):
    page = explained()
    was = bench(page).shown
    monkeypatch.setattr("ui.document.shelf.shipped", lambda: was)
    page.run()
    assert SHIPPED in captions(page)
    closed = next(path for path in was.frontier if was.root.at(path).parts)
    for level in range(1, len(closed) + 1):
        page = look_at(page, *closed[:level])
    page.button(key="doc-open").click().run()
    opened = bench(finish(page)).shown
    for index, one in opened.found.items():
        np.testing.assert_array_equal(one.nodes[()].value, was.found[index].nodes[()].value)
    assert was.ledger.evaluations < opened.ledger.evaluations < 2 * was.ledger.evaluations
    own, page.query_params = bench(page), {}
    own.shown, own.run, own.asked = was, None, None
    page.run().button(key="explain").click().run()
    study = bench(finish(page)).shown
    assert study is not was and SHIPPED not in captions(page)
    assert study.ledger.evaluations == was.ledger.evaluations and study.ledger.seconds not in (was.ledger.seconds, 0)


@pytest.mark.slow
def test_a_document_is_explained_looked_into_opened_and_asked_anew(ready):
    page = open_page()
    assert "at most 144 evaluations" in captions(page)  # 64 for each index, and twice 8 that judge them
    page.button(key="explain").click().run()
    page = finish(page)
    assert not page.exception and not page.error
    study = bench(page).shown
    assert list(study.found) == ["banzhaf", "shapley"] and study.ledger.evaluations <= 144
    assert html(page).count('class="swing-minimap"') == 2 and html(page).count('class="swing-heatmap"') == 2
    closed = next(path for path in study.frontier if study.root.at(path).parts)
    for level in range(1, len(closed) + 1):
        page = look_at(page, *closed[:level])
    most = opening(study.root, closed, 64)
    assert f"At most {most} further evaluations" in captions(page)
    paid = study.ledger.evaluations
    page.button(key="doc-open").click().run()
    page, before = finish(page), study
    study = bench(page).shown
    assert closed in study.opened and closed not in before.opened
    assert 0 < study.ledger.evaluations - paid <= most
    for index, one in study.found.items():  # nothing else moved, and all adds up
        for path, node in before.found[index].nodes.items():
            np.testing.assert_array_equal(one.nodes[path].value, node.value)
        children = [child.value for child in one.children(closed)]
        np.testing.assert_allclose(np.sum(children, axis=0) + one.nodes[closed].together, one.nodes[closed].value, atol=1e-9)
    page.button(key="doc-out").click().run()
    page.button(key="doc-anew").click().run()
    page = finish(page)
    part, desk = study.root.at(closed), bench(page).own.desk
    present = np.ones((1, study.root.last), bool)
    present[0, part.first : part.last] = False
    said, likely = bench(page).own.anew[1]
    assert said == " positive" and likely == pytest.approx(desk.game(present)[0, 0], abs=1e-4)
    assert any("It now says **“positive”**" in one.value for one in page.markdown)
    page.button(key="doc-back").click().run()
    assert bench(page).own.out == ()


def test_the_tree_says_what_the_search_found_and_its_sum(ready):
    page = explained()
    study, shown = bench(page).shown, unescape(html(page))
    children, sums = tree.rows_below(study, (), 0)
    for row in children:
        label = page.button(key=f"doc-at-{row.path[0]}").label
        assert "#" not in label
        assert all(f"{abs(value):.3f}" in label for value in row.values)
    assert sums[-1].name == "sum"
    change = study.found["banzhaf"].nodes[()].value[0]
    np.testing.assert_allclose(sums[-1].values, change, atol=1e-9)
    assert shown.count(f"{change:+.3f}".replace("-", "−")) >= 2
    strips = tree.maps(study, 0)
    assert sum(study.root.at(path).tokens for path in study.frontier) == study.root.tokens
    for index in strips:
        assert f'data-index="{index}"' in shown


def test_sentences_of_the_answer_are_columns_of_one_set_of_evaluations(ready):
    page = explained()
    study = bench(page).shown
    assert study.outputs == ["the answer", "The fox.", "She said hello."]
    paid = study.ledger.evaluations
    page.get("button_group")[0].set_value(2).run()
    assert not page.exception
    assert bench(page).shown.ledger.evaluations == paid
    for j, sentence in enumerate(study.outputs[1:], 1):
        assert sentence in html(page)
        for _, value, error in tree.support(study, j):
            assert value >= np.log(2) and value >= 2 * error
    unsupported = sum(not tree.support(study, j) for j in (1, 2))
    assert html(page).count("<td>unsupported</td>") == unsupported


@pytest.mark.slow
def test_another_model_is_not_asked_in_the_game_of_the_one_before(ready, tiny_seeing):
    """Explain in a page that was drawn before the model changed."""
    page = explained()
    before = bench(page).shown
    ready.gemma = tiny_seeing
    page.button(key="explain").click().run()
    page = finish(page)
    study = bench(page).shown
    assert study.model == tiny_seeing.fingerprint != before.model
    game = DocumentGame(tiny_seeing, study.text, study.request.question, study.target)
    coalitions, values = study.ledger.known()
    np.testing.assert_allclose(values[:4], game(coalitions[:4]), atol=1e-3)
    assert np.abs(values[:4] - before.ledger.known()[1][:4]).max() > 1e-3


def test_no_question_turns_its_line_around(ready):
    page = explained()
    page.text_input(key="doc-question").set_value(f"What is {pages.TURNED}?").run()
    assert not page.exception and pages.turned(page) == [] and r"What is a\u202eb\u200bc?" in html(page)


def test_a_cancelled_run_keeps_what_it_paid(ready, monkeypatch):
    page = open_page()
    asked = []

    def cancelled(job):
        if job.version:  # after the first look, which pays for nothing
            asked.append(job)
        return len(asked) > 4

    monkeypatch.setattr("ui.shell.jobs.Job.cancelled", cancelled)
    page.button(key="explain").click().run()
    page = finish(page)
    desk = bench(page).own.desk
    paid = desk.ledger.evaluations
    assert 0 < paid < 128 and any(f"{paid} evaluations are kept" in one.value for one in page.info)
    monkeypatch.undo()


def test_a_study_is_the_same_after_a_trip_through_its_file(ready):
    study = bench(explained()).shown
    again = kept.from_bytes(kept.to_bytes(study))
    assert again.request == study.request and again.target == study.target and again.frontier == study.frontier
    for index, one in study.found.items():
        assert set(again.found[index].nodes) == set(one.nodes)
        for path, node in one.nodes.items():
            np.testing.assert_array_equal(again.found[index].nodes[path].value, node.value)
    with pytest.raises(ValueError, match="press Explain to ask the model again"):
        again.ledger.evaluate(np.arange(study.root.last)[None] % 2 == 0)


def test_text_without_parts_is_the_rest(ready):
    study = bench(explained()).shown
    assert whatif.text_without(study, ((1,), (0, 1, 0), (0, 1))) == "# The plot\n\n"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"doc-text": " "}, "There is no document yet"),
        ({"doc-text": "word"}, "The document has one word only"),
        ({"doc-text": "one two three four " * 2000}, "reads at most 2048"),
    ],
)
def test_what_cannot_be_explained_is_said_before_the_run(ready, fields, sentence):
    page = open_page(text=fields["doc-text"])
    assert page.button(key="explain").disabled
    assert any(sentence in one.value for one in page.warning)


def test_no_name_of_a_document_turns_the_page_around(ready):
    page = open_page()
    page.get("file_uploader")[0].set_value((f"{pages.TURNED}.txt", b"# One\n\nTwo three.", "text/plain")).run()
    assert not page.exception and pages.turned(page) == [] and r"a\\u202eb\\u200bc\.txt" in captions(page)


def test_markup_in_a_document_is_shown_as_it_is(ready):
    page = explained(text="<script>alert(1)</script> is *bold* here. One two three.", target=" <b>x</b>")
    assert not page.exception
    assert "<script>alert" not in html(page) and "&lt;script&gt;" in html(page) and "&lt;b&gt;x" in html(page)
