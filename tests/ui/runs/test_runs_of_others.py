"""What one visitor can do to another's run, what a run may publish, and a home where nothing can be kept."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from games import FakeGame
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import shared
from streamlit.testing.v1 import AppTest

from ui.draw import charts
from ui.draw.colour import shared_scale
from ui.draw.sentences import cost, sums
from ui.names import PANES
from ui.runs import kept
from ui.runs.comparison import Plan, compare
from ui.shell.jobs import Job, Line, line
from xai import Cancelled, Ledger

PAGE = str(Path(__file__).parents[3] / "ui" / "text" / "page.py")


def bench(page):
    return page.session_state["bench-text"]


def finish(page):
    while (job := bench(page).job) is not None:
        assert job.ended.wait(60)
        page.run()
    return page


def test_only_who_began_a_job_cancels_it():
    begun, go_on = threading.Event(), threading.Event()

    def work(job):
        begun.set()
        go_on.wait(60)
        return "cancelled" if job.cancelled() else "whole"

    where = Line()
    job, waiting = Job(work, owner="anna"), Job(lambda job: None, owner="anna")
    where.submit(job)
    where.submit(waiting)
    begun.wait(60)
    where.leave(job, "bert")
    where.leave(waiting, "bert")
    assert not job.cancelling and not waiting.over
    where.leave(waiting, "anna")
    assert waiting.state == "cancelled"
    go_on.set()
    assert job.ended.wait(60) and job.result == "whole"


@pytest.mark.slow
def test_a_link_opens_for_others_once_it_is_shared(ready):
    page = finish(AppTest.from_file(PAGE, default_timeout=60).run())
    page.button(key="explain").click().run()
    run = bench(finish(page)).run

    def opened():
        other = AppTest.from_file(PAGE, default_timeout=60)
        other.query_params["run"] = run
        return other.run()

    private = opened()
    assert "This run is private" in private.error[0].value and bench(private).run is None and not private.exception
    assert "run" not in private.query_params
    page.toggle(key="share-shown").set_value(True).run()
    assert page.toggle(key=f"share-{run}").value and page.code[0].value.endswith(f"?run={run}")
    assert "shared" in " ".join(caption.value for caption in page.sidebar.caption)
    visitor = opened()
    assert bench(visitor).run == run and bench(visitor).shown is not None and not visitor.error
    assert not [toggle for toggle in visitor.toggle if str(toggle.key).startswith("share")]  # it is not his to share
    visitor.button(key="explain").click().run()
    assert bench(finish(visitor)).run not in (run, None)  # what he goes on with is a run of his own
    page.toggle(key=f"share-{run}").set_value(False).run()
    assert not page.toggle(key="share-shown").value and not page.code and "This run is private" in opened().error[0].value


@pytest.mark.slow
def test_only_its_owner_goes_on_with_a_run_whose_server_died(ready, monkeypatch):
    page = finish(AppTest.from_file(PAGE, default_timeout=60).run())
    page.button(key="explain").click().run()
    store, first = kept.store(), bench(finish(page)).run
    run = store.create("anna", "text", "n", store.get(first).settings, ready.gemma.fingerprint)
    store.share(run, "anna", True)
    get = store.get
    monkeypatch.setattr(store, "get", lambda name: replace(get(name), interrupted=name == run))
    other = AppTest.from_file(PAGE, default_timeout=60)
    other.query_params["run"] = run
    other.run()
    assert bench(other).job is None and bench(other).interrupted is None
    assert "stopped before there was anything to show" in other.info[0].value
    other.button(key="explain").click().run()
    mine = bench(finish(other)).run
    assert mine not in (run, first) and store.batches(run) == [] and get(run).state == "running"


def test_a_link_to_a_running_job_shows_no_cancel_and_leaving_stops_nothing(ready, monkeypatch):
    go_on, original = threading.Event(), kept.finish
    monkeypatch.setattr("ui.runs.kept.finish", lambda run, result: (go_on.wait(60), original(run, result)))
    page = finish(AppTest.from_file(PAGE, default_timeout=60).run())
    page.button(key="explain").click().run()
    run, job = shared(page, "text"), bench(page).job
    assert any(button.key == "cancel" for button in page.button)
    other = AppTest.from_file(PAGE, default_timeout=60)
    other.query_params["run"] = run
    other.run()
    assert bench(other).job is job
    assert not any(button.key == "cancel" for button in other.button)
    assert "which alone can cancel it" in " ".join(caption.value for caption in other.caption)
    line().leave(job, "somebody else")
    go_on.set()
    assert job.ended.wait(60) and job.state == "done"


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(2, 9),
    budget=st.integers(24, 600),
    k=st.integers(1, 3),
    seed=st.integers(0, 99),
    data=st.data(),
    stop=st.one_of(st.none(), st.integers(0, 20)),
)
def test_whatever_a_run_publishes_can_be_drawn(n, budget, k, seed, data, stop):
    weights = np.random.default_rng(seed).normal(size=(n, k))
    plan = Plan(data.draw(st.sampled_from(PANES)), data.draw(st.sampled_from(PANES)), budget, seed)
    ledger, published, asked = Ledger(FakeGame(n, lambda z: np.tanh(z @ weights), batch_size=16)), [], []

    def cancel():
        asked.append(1)
        return stop is not None and len(asked) > stop

    try:
        last = compare(ledger, plan, ["out"] * k, [1.0] * k, lambda *told: None, published.append, cancel)
    except (Cancelled, ValueError):  # nothing is known yet, or too small a budget for a method
        last = None
    for one in [*published, *([] if last is None else [last])]:
        maps = one.focused()
        assert 1 <= len(maps) <= 2
        assert all(np.isfinite(found.values).all() for found in maps)
        assert shared_scale(*maps) > 0 and charts.reach_of(maps) > 0
        assert "together change" in sums(maps, "parts", "the value")
        for found in maps:
            charts.bars(found, "the value", charts.reach_of(maps))
            assert "evaluations" in cost(found)


@pytest.fixture()
def homeless(monkeypatch, tmp_path):
    """A home that is a file, which root cannot write to either."""
    monkeypatch.undo()
    (tmp_path / "home").write_text("")
    monkeypatch.setenv("SWING_HOME", str(tmp_path / "home" / "below"))
    kept.store.clear()
    yield
    kept.store.clear()


def test_without_a_home_a_run_works_and_the_page_says_once_that_it_is_not_kept(ready, homeless, monkeypatch):
    monkeypatch.setattr("ui.shell.model_slot.the_slot", lambda: ready)
    monkeypatch.setattr("ui.text.run.answer", lambda gemma, prompt: " positive")
    page = finish(AppTest.from_file(PAGE, default_timeout=60).run())
    page.button(key="explain").click().run()
    page = finish(page)
    assert not page.exception and not page.error
    assert bench(page).shown.comparison.state == "done" and bench(page).run is None
    said = [warning.value for warning in page.warning]
    assert len(said) == 1 and "Runs are not kept" in said[0] and "cannot be opened" in said[0]


def test_a_store_that_fills_up_in_the_middle_loses_no_result(ready, monkeypatch):
    def full(*_, **__):
        raise ValueError("There is no room to keep this.")

    for name in ("keep", "finish", "append"):
        monkeypatch.setattr(kept.store(), name, full if name != "append" else lambda *_: False)
    page = finish(AppTest.from_file(PAGE, default_timeout=60).run())
    page.button(key="explain").click().run()
    page = finish(page)
    assert not page.exception and not page.error
    assert bench(page).shown.comparison.state == "done"
    monkeypatch.setattr(kept.store(), "create", full)
    page.text_area(key="text").set_value("another one two three").run()
    page.button(key="explain").click().run()
    page = finish(page)
    assert bench(page).shown.comparison.state == "done" and bench(page).run is None
    assert "no room to keep" in page.warning[0].value
