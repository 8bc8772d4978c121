"""Runs of the Document page: kept, listed, reopened by their link, shared, gone on with, brought back as a file."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pages
import pytest
from streamlit.testing.v1 import AppTest

from ui.document.keep.bundle import from_bytes, to_bytes
from ui.runs import kept

PAGE = str(Path(__file__).parents[3] / "ui" / "document" / "page.py")
SMALL = "# The plot\n\nThe plot is thin. She said: hello, world!\n\n# The fox\n\nThe quick brown fox jumps. One two three four."
bench = partial(pages.bench, kind="document")
finish = partial(pages.finish, kind="document")


def new_page(run=None, owner=None):
    page = AppTest.from_file(PAGE, default_timeout=60)
    if run:
        page.query_params["run"] = run
    if owner:
        page.session_state["owner"] = owner
    return page.run()


def explained(page=None, text=SMALL, budget=64):
    page = page or new_page()
    page.text_area(key="doc-text").set_value(text).run()
    page.select_slider(key="doc-budget").set_value(budget).run()
    page.button(key="explain").click().run()
    return finish(page)


def said(page):
    return " ".join(one.value for one in [*page.caption, *page.sidebar.caption, *page.markdown, *page.info, *page.error])


def same_values(one, other):
    assert list(one.found) == list(other.found)
    for index, tree in one.found.items():
        assert set(tree.nodes) == set(other.found[index].nodes)
        for path, node in tree.nodes.items():
            np.testing.assert_array_equal(other.found[index].nodes[path].value, node.value)


@pytest.mark.slow
def test_a_run_is_kept_listed_private_shared_reopened_and_deleted(ready):
    page = explained()
    study, run = bench(page).shown, bench(page).run
    assert study.state == "done" and list(study.judged) == ["banzhaf", "shapley"]
    store = kept.store()
    found = store.get(run)
    assert found.page == "document" and found.state == "done" and found.evaluations == study.ledger.evaluations
    assert found.name == "The plot: Who is the captain of the ferry?"
    assert "text" not in found.settings and store.content(run).decode() == SMALL  # the list of runs reads no document
    assert "at most 64 a map" in said(page) and page.query_params["run"] == run
    private = new_page(run, owner="somebody else")
    assert "This run is private" in private.error[0].value and bench(private).run is None and not private.exception
    page.toggle(key="share-shown").set_value(True).run()
    visitor = new_page(run, owner="somebody else")
    assert not visitor.exception and not visitor.error
    same_values(study, bench(visitor).shown)
    assert bench(visitor).shown.judged == study.judged
    assert visitor.text_area(key="doc-text").value == SMALL and visitor.select_slider(key="doc-budget").value == 64
    assert not [toggle for toggle in visitor.toggle if str(toggle.key).startswith("share")]  # it is not his to share
    visitor.button(key="explain").click().run()
    other = finish(visitor)
    assert bench(other).run not in (run, None)  # what he goes on with is a run of his own, and costs nothing anew
    same_values(study, bench(other).shown)
    assert bench(other).shown.ledger.evaluations == study.ledger.evaluations
    page.button(key=f"delete-{run}").click().run()
    assert bench(page).shown is None and "no run under this link" in new_page(run).error[0].value


@pytest.mark.slow
def test_opening_a_part_and_more_budget_go_on_with_the_same_run(ready):
    page = explained()
    study, run = bench(page).shown, bench(page).run
    closed = next(path for path in study.frontier if study.root.at(path).parts)
    for level in range(1, len(closed) + 1):
        page = page.button(key="doc-at-" + "-".join(map(str, closed[:level]))).click().run()
    page.button(key="doc-open").click().run()
    page = finish(page)
    assert bench(page).run == run and closed in bench(page).shown.opened
    assert bench(page).shown.judged == study.judged  # judging what was opened by hand would cost more than was said
    again = new_page(run, owner=page.session_state["owner"])
    assert closed in bench(again).shown.opened and bench(again).shown.request.opened == (closed,)
    page.button(key="more").click().run()
    page = finish(page)
    assert bench(page).run == run and bench(page).shown.request.budget == 128
    assert kept.store().get(run).evaluations == bench(page).shown.ledger.evaluations
    again = new_page(run, owner=page.session_state["owner"])
    assert again.select_slider(key="doc-budget").value == 128 and not again.exception  # which the slider does not offer


@pytest.mark.slow
def test_an_interrupted_run_goes_on_where_it_was(ready, monkeypatch):
    page = explained()
    store, first = kept.store(), bench(page).run
    run = store.create("somebody", "document", "n", store.get(first).settings, ready.gemma.fingerprint, SMALL.encode())
    for batch in store.batches(first)[:2]:
        store.append(run, *batch)
    get = store.get
    monkeypatch.setattr(store, "get", lambda name: replace(get(name), interrupted=name == run))
    monkeypatch.setattr(store, "claim", lambda name: name == run)
    again = finish(new_page(run, owner="somebody"))
    assert bench(again).run == run and not again.exception
    for index, one in bench(page).shown.found.items():
        for path, node in one.nodes.items():
            np.testing.assert_allclose(bench(again).shown.found[index].nodes[path].value, node.value, atol=1e-3)


def test_a_cancelled_run_is_partial_and_goes_on_from_what_it_paid(ready):
    page = new_page()
    page.text_area(key="doc-text").set_value(SMALL).run()
    page.select_slider(key="doc-budget").set_value(64).run()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ui.shell.jobs.Job.cancelled", lambda job: job.latest is not None and not job.latest.once)
        page.button(key="explain").click().run()
        page = finish(page)
    study, run = bench(page).shown, bench(page).run
    assert study.state == "partial" and list(study.found) == ["banzhaf"] and "This run was cancelled" in said(page)
    assert kept.store().get(run).state == "partial" and "still being computed" not in said(page)
    assert f"{study.ledger.evaluations} evaluations are kept" in said(page)
    page.button(key="explain").click().run()
    page = finish(page)
    assert (
        bench(page).run == run and bench(page).shown.state == "done" and list(bench(page).shown.judged) == ["banzhaf", "shapley"]
    )


def test_the_text_of_an_upload_is_kept_only_where_its_visitor_says_so(ready):
    page = new_page()
    page.file_uploader(key="doc-file").set_value(("a.txt", SMALL.encode(), "text/plain")).run()
    page.select_slider(key="doc-budget").set_value(64).run()
    page.button(key="explain").click().run()
    page = finish(page)
    assert bench(page).shown.state == "done" and bench(page).run is None and "run" not in page.query_params
    page.checkbox(key="doc-keep").check().run()
    page.button(key="explain").click().run()
    page = finish(page)
    assert kept.store().content(bench(page).run).decode() == SMALL
    assert kept.store().get(bench(page).run).evaluations == bench(page).shown.ledger.evaluations


def test_a_bundle_brought_back_is_shown_and_sets_the_fields(ready):
    study = bench(explained()).shown
    page = new_page()
    page.file_uploader(key="bundle").set_value(("b.zip", to_bytes(study), "application/zip")).run()
    assert not page.exception and not page.error
    same_values(study, bench(page).shown)
    assert page.text_area(key="doc-text").value == SMALL and bench(page).run is None
    page.file_uploader(key="bundle").set_value(("c.zip", b"PK nothing", "application/zip")).run()
    assert "This file cannot be opened as a Swing bundle" in page.error[0].value


@pytest.mark.slow
def test_a_study_of_another_model_can_be_read_but_not_gone_on_with(ready):
    study = replace(bench(explained()).shown, model="another")
    page = new_page()
    page.file_uploader(key="bundle").set_value(("b.zip", to_bytes(study), "application/zip")).run()
    assert "of another model than this server" in said(page)
    page.button(key="doc-at-0").click().run()
    page.button(key="explain").click().run()
    page = finish(page)
    mine = bench(page).shown
    assert mine.model == ready.gemma.fingerprint and mine.ledger.evaluations > 0
    assert from_bytes(to_bytes(mine)).model == ready.gemma.fingerprint


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["[]", "{}", '{"outputs": 5}', '{"outputs": ["the answer"], "words": {}}'])
def test_a_damaged_record_is_one_sentence(ready, wrong):
    page = explained()
    run = bench(page).run
    kept.store().keep(run, result=wrong)
    again = new_page(run, owner=page.session_state["owner"])
    assert not again.exception and len(again.error) == 1 and bench(again).run is None


def test_it_says_how_right_it_is_before_and_after(ready):
    page = explained()
    study = bench(page).shown
    told = said(page)
    for each in study.judged.values():
        assert each[0].headline.split(";")[0].split(".")[0] in told
    assert "smallest parts of the search" in told and "Computed" in told
