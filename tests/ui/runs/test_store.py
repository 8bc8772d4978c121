"""The run store: what a kill, a second process, a full file, a damaged one and a deletion leave of the runs."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from games import FakeGame

from ui.runs.store import RunStore
from xai import explain

ROOT = Path(__file__).parents[3]
SETTINGS = {"prompt": "a private prompt", "budget": 200}


def game(n=12):
    w = np.random.default_rng(0).normal(size=(n, 2))
    return FakeGame(n, lambda z: np.tanh(z @ w), batch_size=16)


@pytest.fixture()
def store(tmp_path):
    store = RunStore(tmp_path / "runs.sqlite")
    yield store
    store.close()


def begin(store, owner="anna", name="first", **more):
    return store.create(owner, "text", name, SETTINGS, "gemma-1", **more)


def batch(size=1000, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (size, 1), dtype=np.uint8), rng.normal(size=size), 0.5


def explained(store, run, budget=200):
    ledger = store.ledger(run, game())
    return ledger, explain(ledger.game, method="kernel", budget=budget, ledger=ledger)


def test_a_run_is_kept_with_all_that_it_is(store):
    run = begin(store)
    ledger, a = explained(store, run)
    store.keep(run, banzhaf=a.to_json())
    store.keep(run, fidelity="{}")
    store.finish(run, "done")
    found = store.get(run)
    assert (found.name, found.page, found.settings, found.fingerprint) == ("first", "text", SETTINGS, "gemma-1")
    assert (found.state, found.interrupted, found.has_content, found.evaluations) == ("done", False, False, ledger.evaluations)
    assert found.size > 190 * 18 and found.created <= found.changed
    assert store.results(run) == {"banzhaf": a.to_json(), "fidelity": "{}"}
    assert store.content(run) is None
    more, again = explained(store, run)
    assert more.game.asked == 0 and np.array_equal(again.values, a.values)
    assert more.seconds == pytest.approx(ledger.seconds)


def test_a_run_is_its_owners_alone_until_it_is_shared(store):
    run, other = begin(store), begin(store)
    for _ in range(2):  # shared twice is shared, and not shared again is private
        assert store.open(run, "anna").id == run and not store.get(run).shared
        with pytest.raises(ValueError, match="^This run is private"):
            store.open(run, "ben")
        for _ in range(2):
            store.share(run, "anna", True)
        assert store.open(run, "ben").shared and store.open(run, "anna").shared and not store.get(other).shared
        store.share(run, "anna", False)
    for change in (lambda: store.share(run, "ben", True), lambda: store.rename(run, "ben", "mine")):
        with pytest.raises(ValueError, match="belongs to another browser"):
            change()
    store.share(other, "anna", True)
    store.delete(other, "anna")
    for act in (lambda: store.share(other, "anna", True), lambda: store.open(other, "anna")):
        with pytest.raises(ValueError, match="no run under this link"):
            act()
    with store._file.reading() as db:
        assert db.execute("SELECT count(*) FROM shared").fetchone()[0] == 0


def test_owners_see_their_own(store):
    first, second, other = begin(store), begin(store, name="second"), begin(store, owner="ben")
    assert [run.id for run in store.runs("anna")] == [second, first]
    assert [run.id for run in store.runs("ben")] == [other]
    assert store.runs("nobody") == []
    assert store.get(other).id == other and store.owns(other, "ben") and not store.owns(other, "anna")
    assert len({first, second, other}) == 3 and min(map(len, (first, second, other))) >= 22
    store.rename(first, "anna", "  a\n better   name ")
    assert store.get(first).name == "a better name"
    for change in (lambda: store.rename(other, "anna", "mine"), lambda: store.delete(other, "anna")):
        with pytest.raises(ValueError, match="belongs to another browser"):
            change()
    assert store.forget("anna") == 2
    assert store.runs("anna") == [] and len(store.runs("ben")) == 1
    store.delete(first, "anna")  # gone already
    for missing in (first, "' OR 1=1 --", "", 7):
        with pytest.raises(ValueError, match="no run under this link"):
            store.get(missing)
    with pytest.raises(ValueError, match="no run under this link"):
        store.rename(first, "anna", "again")
    with pytest.raises(ValueError, match="owner's token"):
        store.runs("")
    with pytest.raises(ValueError, match="ends as one of"):
        store.finish(other, "running")


def test_what_is_deleted_is_not_in_the_files(store):
    secrets = [f"secret-{i}-".encode() * 40 for i in range(60)]
    kept = begin(store, owner="ben", name="keep-me")
    runs = []
    for i, secret in enumerate(secrets):
        run = store.create("anna", "text", f"name-of-{i}", {"prompt": secret.decode()}, "f", content=secret * (i + 1))
        store.append(run, *batch(300, i))
        store.keep(run, banzhaf=secret.decode() * 30)
        store.keep(run, banzhaf="shorter")
        runs.append(run)
    content = b"".join(file.read_bytes() for file in store._file.path.parent.glob("runs.sqlite*") if file.is_file())
    assert b"secret-59-" in content
    for run in runs[:20]:
        store.delete(run, "anna")
    content = b"".join(file.read_bytes() for file in store._file.path.parent.glob("runs.sqlite*") if file.is_file())
    assert not [i for i in range(20) if b"secret-%d-" % i in content or b"name-of-%d\x00" % i in content]
    assert b"secret-20-" in content
    store.forget("anna")
    content = b"".join(file.read_bytes() for file in store._file.path.parent.glob("runs.sqlite*") if file.is_file())
    assert b"secret" not in content and b"name-of" not in content and b"keep-me" in content
    assert store._file.path.stat().st_size < 60_000
    assert store.get(kept).name == "keep-me"


def test_uploads_stay_only_where_allowed_and_files_are_private(store):
    without, with_ = begin(store), begin(store, content=b"\x89PNG upload")
    assert store.content(without) is None and store.content(with_) == b"\x89PNG upload"
    assert store.get(with_).has_content and not store.get(without).has_content
    assert stat.S_IMODE(store._file.path.stat().st_mode) == 0o600


def test_the_file_is_bounded_and_the_oldest_go_first(tmp_path):
    store = RunStore(tmp_path / "runs.sqlite", most_bytes=1_000_000)
    runs = []
    for i in range(12):
        runs.append(begin(store, name=str(i)))
        assert all(store.append(runs[-1], *batch(15_000, i)) for _ in range(1))  # 135 kB each
        assert store.used <= 1_000_000
        store.finish(runs[-1], "done")
    names = [run.name for run in store.runs("anna")]
    assert names == [str(i) for i in range(11, 11 - len(names), -1)] and 4 <= len(names) <= 7
    current = begin(store, name="running")
    results = [store.append(current, *batch(15_000, i)) for i in range(20)]
    assert results[:5] == [True] * 5 and not results[-1]
    assert [run.name for run in store.runs("anna")] == ["running"]  # only what runs now is never thrown out
    assert store.used <= 1_000_000 and len(store.batches(current)) == sum(results)
    with pytest.raises(ValueError, match="no room to keep this: kept runs may take 1 MB"):
        begin(store, content=bytes(900_000))
    with pytest.raises(ValueError, match="no room"):
        store.keep(current, banzhaf="x" * 900_000)
    store.finish(current, "done")
    begin(store, content=bytes(900_000))
    assert store._file.path.stat().st_size <= 1_000_000
    store.close()


def test_the_bound_comes_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SWING_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SWING_RUNS_MB", "3")
    store = RunStore()
    assert store._file.most_bytes == 3_000_000 and (tmp_path / "home" / "runs.sqlite").exists()
    store.close()
    monkeypatch.setenv("SWING_RUNS_MB", "-1")
    with pytest.raises(ValueError, match="SWING_RUNS_MB must be a whole number"):
        RunStore()


CHILD = """
import sys
sys.path[:0] = ["tests", "tests/ui/runs"]
from test_store import *
store = RunStore(sys.argv[1])
run = begin(store)
print(run, flush=True)
ledger = store.ledger(run, game())
def tell(done, total):
    print(done, flush=True)
    if done >= 96:
        sys.stdin.read()  # for as long as its parent lives
explain(ledger.game, method="kernel", budget=200, ledger=ledger, progress=tell)
"""


def test_a_killed_server_loses_one_batch_at_most_and_the_run_goes_on(tmp_path):
    path = tmp_path / "runs.sqlite"
    command, pipe = [sys.executable, "-c", CHILD, str(path)], subprocess.PIPE
    child = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
    run, told = child.stdout.readline().strip(), 0
    store = RunStore(path)
    while told < 96:
        told = int(child.stdout.readline())
    assert not store.get(run).interrupted and not store.claim(run)  # it is another's while that lives
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    found = store.get(run)
    assert found.state == "running" and found.interrupted and found.evaluations == 96
    assert store.claim(run)
    assert not store.get(run).interrupted
    ledger, a = explained(store, run)
    once = explain(game(), method="kernel", budget=200)
    assert ledger.game.asked == once.evaluations - 96
    assert np.array_equal(a.values, once.values)
    assert store.get(run).evaluations == once.evaluations
    with pytest.raises(ValueError, match="do not match this game"):
        store.ledger(run, game(20))
    store.finish(run, "done")
    store.close()


def test_closing_is_a_kind_of_ending(tmp_path):
    first = RunStore(tmp_path / "runs.sqlite")
    run = begin(first)
    second = RunStore(tmp_path / "runs.sqlite")
    assert not second.claim(run)
    first.close()
    assert second.get(run).interrupted and second.claim(run)
    second.close()


WRITER = """
import sys
sys.path[:0] = ["tests", "tests/ui/runs"]
from test_store import *
store = RunStore(sys.argv[1])
for i in range(8):
    run = begin(store, owner=sys.argv[2], name=str(i))
    for j in range(12):
        assert store.append(run, *batch(50, j))
    store.keep(run, banzhaf=sys.argv[2] * 50)
    store.finish(run, "done")
    if i % 2:
        store.delete(run, sys.argv[2])
store.close()
"""


@pytest.mark.slow
def test_two_processes_and_their_threads_write_at_once(tmp_path, store):
    path = str(store._file.path)
    children = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, owner], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for owner in ("anna", "ben")
    ]
    failures = []

    def write(owner):
        try:
            for i in range(5):
                run = begin(store, owner=owner, name=str(i))
                assert all(store.append(run, *batch(50, j)) for j in range(10))
                store.runs(owner), store.finish(run, "done")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(f"thread-{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for child in children:
        assert child.communicate()[1] == "" and child.returncode == 0
    assert not failures
    for owner in ("anna", "ben"):
        assert [run.name for run in store.runs(owner)] == ["6", "4", "2", "0"]
        for run in store.runs(owner):
            assert run.evaluations == 600 and store.results(run.id) == {"banzhaf": owner * 50}
            assert all(np.array_equal(got[1], batch(50, j)[1]) for j, got in enumerate(store.batches(run.id)))
    for i in range(4):
        assert [run.evaluations for run in store.runs(f"thread-{i}")] == [500] * 5


@pytest.mark.parametrize("damage", ["text", "cut", "middle", "foreign", "newer"])
def test_a_damaged_file_is_moved_aside_with_one_sentence(tmp_path, damage):
    path = tmp_path / "runs.sqlite"
    store = RunStore(path)
    run = begin(store)
    for i in range(20):
        store.append(run, *batch(1000, i))
    store.finish(run, "done")
    store.close()
    content = path.read_bytes()
    if damage == "text":
        path.write_text("not a database " * 1000)
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "middle":
        path.write_bytes(content[:4096] + os.urandom(len(content) - 8192) + content[-4096:])
    else:
        path.unlink(missing_ok=damage == "foreign")
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE other (x)")
            db.execute(f"PRAGMA user_version = {0 if damage == 'foreign' else 99}")
        db.close()
    damaged = path.read_bytes()
    store = RunStore(path)
    assert store.notice == ("The file of kept runs was damaged: it was moved to runs.sqlite.damaged, and a new one was begun.")
    assert (tmp_path / "runs.sqlite.damaged").read_bytes()[100:] == damaged[100:]  # SQLite has counters in its header
    assert store.runs("anna") == []
    again = begin(store)
    store.close()
    store = RunStore(path)
    assert store.notice == "" and store.get(again).name == "first"
    store.close()


def test_damage_while_running_is_one_sentence_and_not_the_end(tmp_path):
    path = tmp_path / "runs.sqlite"
    store = RunStore(path)
    run = begin(store)
    for i in range(50):
        store.append(run, *batch(1000, i))
    store._file.scrub()
    with open(path, "r+b") as stream:
        stream.seek(0)
        stream.write(os.urandom(path.stat().st_size))
    store._file._connection.execute("PRAGMA shrink_memory")
    with pytest.raises(ValueError, match="was damaged: it was moved to"):
        store.batches(run)
    assert store.notice and store.runs("anna") == []
    assert store.append(run, *batch()) is False  # the job that was at it goes on, unkept
    assert store.get(begin(store)).name == "first"
    store.close()


def test_a_damaged_batch_is_paid_again(store):
    run = begin(store)
    explained(store, run)
    with store._file.writing() as db:
        number, body = db.execute("SELECT number, body FROM batches ORDER BY number").fetchall()[3]
        db.execute("UPDATE batches SET body = ? WHERE number = ?", (body[:-1] + bytes([body[-1] ^ 1]), number))
    ledger, _ = explained(store, run)
    assert ledger.game.asked == 16


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        RunStore(tmp_path / "file" / "runs.sqlite")
    (tmp_path / "runs.sqlite").mkdir()
    with pytest.raises(ValueError, match="cannot be opened"):
        RunStore(tmp_path / "runs.sqlite")


def test_settings_are_json(store):
    with pytest.raises(ValueError):
        store.create("anna", "text", "n", {"x": float("nan")}, "f")
    run = store.create("anna", "text", "ß" * 500, {"prompt": "日本 \u0000 \"'"}, "f")
    assert store.get(run).settings == json.loads(json.dumps({"prompt": "日本 \u0000 \"'"}))
    assert len(store.get(run).name) == 200
