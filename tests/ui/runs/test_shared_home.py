"""Kept runs where more than one server has the same file, where the clock was set back, and where the disk is full."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pages import bench, finish
from streamlit.testing.v1 import AppTest

from ui.runs import kept
from ui.runs.comparison import Plan
from ui.runs.store import RunStore
from ui.text.request import TextRequest

ROOT = Path(__file__).parents[3]
PAGE = str(ROOT / "ui" / "text" / "page.py")
REQUEST = TextRequest("Review: ", "a dull and honest film", " Sentiment:", " positive", plan=Plan(budget=32, stop=False))


def begin(store, name="first"):
    return store.create("anna", "text", name, {}, "gemma-1")


def batch(size=1000, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (size, 1), dtype=np.uint8), rng.normal(size=size), 0.5


def opened(run, owner="anna"):
    page = AppTest.from_file(PAGE, default_timeout=60)
    page.session_state["owner"], page.query_params["run"] = owner, run
    return page.run()


def test_a_run_that_another_server_is_at_is_neither_stopped_nor_taken_over(ready, tmp_path):
    another = RunStore(tmp_path / "runs.sqlite")
    run = another.create("anna", "text", "theirs", REQUEST.to_settings(), ready.fingerprint)
    assert another.append(run, *batch(5))
    assert kept.store().get(run).elsewhere and not another.get(run).elsewhere and not kept.store().get(run).interrupted
    page = opened(run)
    assert [one.value[:60] for one in page.info] == [kept.ELSEWHERE[:60]] and not page.error
    assert bench(page, "text").interrupted is None and bench(page, "text").job is None
    page.button(key="explain").click().run()
    own = bench(finish(page, "text"), "text").run
    assert own not in (run, None) and len(another.batches(run)) == 1 and another.get(run).state == "running"
    another.keep(run, note="it is still theirs")
    another.close()  # it dies
    assert kept.store().get(run).interrupted and not kept.store().get(run).elsewhere
    another = RunStore(tmp_path / "runs.sqlite")
    another.share(run, "anna", True)
    another.close()
    guest = opened(run, "ben")  # who has its link
    guest.button(key="explain").click().run()
    assert bench(finish(guest, "text"), "text").run not in (run, own, None)
    assert kept.store().get(run).interrupted and len(kept.store().batches(run)) == 1


def test_an_ended_run_that_nobody_is_at_is_not_said_to_be_elsewhere(ready):
    for state, said in (("partial", "It was cut short"), ("failed", "It went wrong")):
        run = kept.store().create("anna", "text", "mine", REQUEST.to_settings(), ready.fingerprint)
        kept.store().finish(run, state, said)
        assert not kept.store().get(run).elsewhere and said in opened(run).info[0].value


def test_the_newest_is_first_and_the_oldest_goes_first_though_the_clock_was_set_back(tmp_path, monkeypatch):
    store, now = RunStore(tmp_path / "runs.sqlite", most_bytes=1_000_000), [1e9]
    monkeypatch.setattr("ui.runs.store.time.time", lambda: now[0])
    for i in range(12):
        now[0] -= 86_400.0
        run = begin(store, name=str(i))
        assert store.append(run, *batch(15_000, i)) and store.get(run).name == str(i)
        store.finish(run, "done")
    names = [run.name for run in store.runs("anna")]
    assert names == [str(i) for i in range(11, 11 - len(names), -1)] and 4 <= len(names) <= 7
    store.close()


def test_the_file_that_another_server_began_is_not_moved_aside_for_the_damage_of_the_old_one(tmp_path):
    path = tmp_path / "runs.sqlite"
    first, second = RunStore(path), RunStore(path)
    run = begin(first)
    for i in range(50):
        first.append(run, *batch(1000, i))
    first._file.scrub()
    with open(path, "r+b") as stream:
        stream.write(os.urandom(path.stat().st_size))
    for store in (first, second):
        store._file._connection.execute("PRAGMA shrink_memory")
    with pytest.raises(ValueError, match="was moved to"):
        first.batches(run)
    new = begin(first, name="after the damage")
    with pytest.raises(ValueError, match="was damaged: another server began a new one"):
        second.batches(run)
    assert first.get(new).name == second.get(new).name == "after the damage"
    for store in (first, second):
        store.close()


FULL = """
import resource, sys
import numpy as np
from ui.runs.store import RunStore
def batch(seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (200, 1), dtype=np.uint8), rng.normal(size=200), 0.5
store = RunStore(sys.argv[1])
run = store.create("anna", "text", "first", {}, "gemma-1")
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
print(sum(store.append(run, *batch(i)) for i in range(60)))
for act in (
    lambda: store.create("anna", "text", "n", {}, "f", bytes(4 * limit)),
    lambda: store.keep(run, result="x" * 4 * limit),
):
    try:
        act()
    except ValueError as error:
        print(error)
print(len(store.batches(run)), store.notice)
"""


def test_where_no_more_can_be_written_the_run_goes_on_and_what_was_kept_is_whole(tmp_path):
    command = [sys.executable, "-c", FULL, str(tmp_path / "runs.sqlite"), "400000"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    count = int(said[0])
    assert 5 < count < 60 and said[1:] == [said[1], said[1], f"{count} "]
    assert said[1].startswith("Kept runs cannot be read or written just now (")
    store = RunStore(tmp_path / "runs.sqlite")  # there is room again
    (run,) = store.runs("anna")
    assert store.notice == "" and run.interrupted and run.evaluations == 200 * count and store.results(run.id) == {}
    assert store.append(run.id, *batch(200, 99)) and len(store.batches(run.id)) == count + 1
    store.close()
