"""The control on models that learned nothing: on demand alone, in the line, for each kind that has a model at hand."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from games import FakeGame
from pages import Quiet, shared
from streamlit.testing.v1 import AppTest

from ui.kind import Subject
from ui.kind_page import run
from ui.runs.comparison import Comparison, Plan
from ui.table import run as table_run
from ui.table.request import TableRequest
from ui.table.source import FIRST, sample
from ui.text.request import TextRequest
from xai import Ledger, Redrawn, randomised_control

UI = Path(__file__).parents[3] / "ui"


def settled(page, name):
    """Run the page until the job of a bench is over."""
    for _ in range(100):
        if f"bench-{name}" not in page.session_state or (job := page.session_state[f"bench-{name}"].job) is None:
            return page
        job.ended.wait(60)
        page.run()
    raise AssertionError("the job did not end")


def explained(kind):
    return settled(AppTest.from_file(str(UI / kind / "page.py"), default_timeout=60).run(), kind)


def has_button(page):
    return "randomised" in [button.key for button in page.button]


def said(page):
    return " ".join(markdown.value for markdown in page.markdown)


def test_it_is_computed_where_somebody_asks_and_shown(ready):
    page = explained("text")
    assert has_button(page) and page.session_state["bench-randomised"].job is None
    assert page.session_state["bench-randomised"].shown is None  # it never begins by itself
    before = {name: tensor.clone() for name, tensor in ready.gemma.model.state_dict().items()}
    page.button(key="randomised").click().run()
    assert not page.exception
    settled(page, "randomised")
    assert not page.exception and not has_button(page)
    real, weights, found = page.session_state["bench-randomised"].shown
    assert real is page.session_state["bench-text"].shown.comparison.maps[0]
    assert [len(stage.maps) for stage in found.stages] == [1, 1, 2]
    assert found.sentence("words") in said(page).replace("\\", "")
    (table,) = [frame for frame in page.dataframe if "foretold" in frame.value]
    assert list(table.value["models"]) == [1, 1, 2]
    after = ready.gemma.model.state_dict()
    assert all(tensor.equal(after[name]) for name, tensor in before.items())


@pytest.mark.slow
def test_of_another_result_it_is_asked_anew(ready):
    page = explained("text")
    page.button(key="randomised").click().run()
    settled(page, "randomised")
    page.text_area(key="text").set_value("quite another text of seven words").run()
    page.button(key="explain").click().run()
    assert has_button(settled(page, "text"))


def test_it_can_be_cancelled_and_says_so(ready, monkeypatch):
    page, begun, go = explained("text"), threading.Event(), threading.Event()

    def slow(*arguments, **settings):
        begun.set()
        go.wait(60)
        return randomised_control(*arguments, **settings)

    monkeypatch.setattr("ui.maps.randomised.randomised_control", slow)
    page.button(key="randomised").click().run()
    assert begun.wait(60)
    assert page.button(key="randomised").disabled
    page.button(key="randomised-cancel").click().run()
    go.set()
    settled(page, "randomised")
    assert not page.exception and page.session_state["bench-randomised"].shown is None
    assert "Cancelled." in [info.value for info in page.info]
    assert not page.button(key="randomised").disabled


def test_no_room_is_one_sentence(ready, monkeypatch, tmp_path):
    (tmp_path / "meminfo").write_text("MemAvailable: 1 kB\n")
    monkeypatch.setattr("model.redrawn.gemma.MEMORY", tmp_path / "meminfo")
    page = explained("text")
    page.button(key="randomised").click().run()
    settled(page, "randomised")
    assert any("take a smaller model" in error.value for error in page.error)


@pytest.mark.slow
def test_a_run_that_is_only_reopened_has_none(ready):
    page = explained("text")
    page.button(key="explain").click().run()
    settled(page, "text")
    again = AppTest.from_file(str(UI / "text" / "page.py"), default_timeout=60)
    again.query_params["run"] = shared(page, "text")
    again.run()
    assert again.session_state["bench-text"].shown.comparison.redrawn is None
    assert "control" in [toggle.key for toggle in again.toggle] and not has_button(again)


def test_a_kind_that_has_none_works_without():
    game = FakeGame(3, lambda z: z @ np.array([1.0, 2.0, 3.0]))
    subject = Subject(game, ["sum"], [1.0])
    result = run(TextRequest("", "one two three", "", plan=Plan(budget=8)), subject, Quiet(), Ledger)
    assert subject.redrawn is None and result.comparison.redrawn is None
    offered = replace(subject, redrawn=Redrawn(("none",), lambda seed: iter([game])))
    comparison = run(TextRequest("", "one two three", "", plan=Plan(budget=8)), offered, Quiet(), Ledger).comparison
    assert comparison.redrawn is offered.redrawn and "redrawn" not in comparison.to_record()
    read = Comparison.from_record(comparison.to_record(), comparison.plan, comparison.ledger)
    assert read.redrawn is None


@pytest.mark.parametrize("model", ["trees", "linear", "network"])
def test_a_row_of_a_table(slot, model):
    table = sample(FIRST)
    request = TableRequest(table.name, table.digest, True, table.target, model=model, plan=Plan(budget=64))
    comparison = run(request, table_run.subject(table, request, Quiet()), Quiet(), Ledger).comparison
    found = randomised_control(comparison.maps[0], comparison.redrawn, comparison.weights)
    (stage,) = found.stages
    assert np.isfinite([stage.spearman, stage.pearson, stage.ratio]).all()
    assert found.finding in ("learned", "partly", "unknown")
    assert "shuffled target" in found.sentence("columns")


def test_a_model_from_a_file_cannot_be_fitted_again(slot):
    table = sample(FIRST)
    request = TableRequest(table.name, table.digest, True, table.target)
    fitted = table_run.fit(table, request, Quiet(), table_run.Shelf())
    assert table_run.redrawn_of(fitted, request, None, "") is not None
    assert table_run.redrawn_of(fitted, replace(request, model="file", file="0" * 64), None, "") is None
