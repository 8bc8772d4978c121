"""kill -9 at random moments of a run, a save, an upload and a conversion: what is left, and does it go on?

    python -m benchmarks.serving.kills                 50 of each, and 10 of a whole server, on the tiny model
    python -m benchmarks.serving.kills --each 5 --servers 0 --seed 1

Each victim is a process of its own, killed after a time drawn between nothing and what the whole work takes. What must hold:
of a run at most the batch is lost that was being paid for, and it goes on to the same values to the last bit; the store opens
as whole; a result is one that was saved; a data set is whole or not there; what is converted is whole, and nothing half stays.
"""

import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.parts.command import options, timed
from model import cache
from ui.runs.store import RunStore
from ui.sets import kept as sets
from xai import explain

PLAYERS, BATCH, BUDGET = 12, 8, 160
UPLOAD = b"text,stars\n" + b"a film that is neither good nor bad,3\n" * 100_000  # 4 MB
RESULTS = [json.dumps({"number": number, "text": f"{number} " * 100_000}) for number in range(20)]
FILES = {f"part-{number}": bytes([number]) * 2_000_000 for number in range(5)}
Say = Callable[..., None]


class Game:
    """A game of known values that says before each batch how large it is."""

    n_players, labels, batch_size = PLAYERS, [f"p{i}" for i in range(PLAYERS)], BATCH

    def __init__(self, say: Say | None = None):
        self._say, self._weights = say, np.random.default_rng(0).normal(size=PLAYERS)

    def __call__(self, coalitions):
        if self._say:
            self._say("paid", len(coalitions))
            time.sleep(0.0005)
        return np.tanh(coalitions @ self._weights)


def killed(work: Callable[[Say], None], after: float | None) -> list[list[Any]]:
    """What `work(say)` said in a process that was killed after so many seconds; None lets it end."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            work(lambda *words: os.write(writing, json.dumps(words).encode() + b"\n") and None)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writing)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    with open(reading) as stream:
        said = [json.loads(line) for line in stream]
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL), f"the victim ended with {status} by itself"
    return said


def of_run(folder: Path) -> tuple[Callable[[Say], None], Callable[[list[list[Any]]], str]]:
    """A run, batch by batch."""
    store_at, whole = folder / "runs.sqlite", explain(Game(), method="kernel", budget=BUDGET)

    def work(say: Say) -> None:
        store = RunStore(store_at)
        run = store.create("anna", "text", "a run", {}, "a model")
        say("run", run)
        ledger = store.ledger(run, Game(say))
        found = explain(ledger.game, method="kernel", budget=BUDGET, ledger=ledger)
        store.keep(run, result=found.to_json())
        store.finish(run, "done")
        store.close()

    def check(said: list[list[Any]]) -> str:
        store = opened(store_at)
        try:
            names, paid = [word[1] for word in said if word[0] == "run"], [word[1] for word in said if word[0] == "paid"]
            if not names:
                return "before it was begun"
            found = store.get(names[0])
            assert sum(paid[:-1]) <= found.evaluations <= sum(paid), f"{found.evaluations} kept of {paid}"
            if found.state == "done":
                assert json.loads(store.results(found.id)["result"])["values"] == whole.values.tolist()
                return "after its end"
            assert found.interrupted and store.claim(found.id)
            ledger = store.ledger(found.id, Game())
            again = explain(ledger.game, method="kernel", budget=BUDGET, ledger=ledger)
            assert np.array_equal(again.values, whole.values) and ledger.evaluations == whole.evaluations
            return "in the middle" if paid else "before the first batch"
        finally:
            store.forget("anna")
            store.close()

    return work, check


def of_save(folder: Path) -> tuple[Callable[[Say], None], Callable[[list[list[Any]]], str]]:
    """Results that are saved again and again, and an upload with them."""
    store_at = folder / "runs.sqlite"

    def work(say: Say) -> None:
        store = RunStore(store_at)
        run = store.create("anna", "text", "a run", {}, "a model", UPLOAD)
        say("run", run)
        for number, result in enumerate(RESULTS):
            store.keep(run, result=result, twice=result)
            say("saved", number)
        store.close()

    def check(said: list[list[Any]]) -> str:
        store = opened(store_at)
        try:
            saved = [word[1] for word in said if word[0] == "saved"]
            for run in store.runs("anna"):
                found, last = store.results(run.id), len(saved)
                assert store.content(run.id) == UPLOAD
                allowed = [{}] if not saved else [dict.fromkeys(("result", "twice"), RESULTS[last - 1])]
                allowed += [dict.fromkeys(("result", "twice"), RESULTS[last])] if last < len(RESULTS) else []
                assert found in allowed, f"what was saved {last} times is none of its states"
            assert not said or len(store.runs("anna")) == 1
            return "after its end" if len(saved) == len(RESULTS) else "in the middle" if saved else "before the first save"
        finally:
            store.forget("anna")
            store.close()

    return work, check


def of_upload(folder: Path) -> tuple[Callable[[Say], None], Callable[[list[list[Any]]], str]]:
    """A data set that is brought and begun."""
    sets.visitor = lambda: "anna"

    def work(say: Say) -> None:
        path = sets.bring("mine.csv", UPLOAD)
        say("brought")
        say("begun", sets.begin(sets.Asked(str(path), "mine", {"kind": "text"})).id)

    def check(said: list[list[Any]]) -> str:
        words = [word[0] for word in said]
        for one in sets.mine():
            assert Path(one.asked.source).read_bytes() == UPLOAD
        assert "begun" not in words or len(sets.mine()) == 1
        found = len(sets.mine())
        sets.forget()
        assert not [file for file in (folder / "sets").rglob("*") if file.is_file()]
        return "after its end" if found else "after the upload" if "brought" in words else "in the upload"

    return work, check


def of_conversion(folder: Path) -> tuple[Callable[[Say], None], Callable[[list[list[Any]]], str]]:
    """What is converted once and kept; and a note beside it."""
    notes = folder / "notes.json"

    def write(work: Path, tell: cache.Progress) -> None:
        for name, content in FILES.items():
            (work / name).write_bytes(content)

    def work(say: Say) -> None:
        cache.remember(notes, "note", "x" * 100_000)
        say("noted")
        cache.keep("it", "it", 0, write)
        say("kept")

    def check(said: list[list[Any]]) -> str:
        words, target = [word[0] for word in said], folder / "models" / "it"
        assert cache.recall(notes) in ([{"note": "x" * 100_000}] if "noted" in words else [{}, {"note": "x" * 100_000}])
        there = target.exists()
        assert there or "kept" not in words
        assert not there or cache.damage(target) is None
        assert cache.keep("it", "it", 0, write) == target and cache.damage(target) is None
        assert {file.name for file in target.parent.iterdir()} == {"it", "it.lock"}
        for file in target.iterdir():
            file.unlink()
        target.rmdir()
        notes.unlink(missing_ok=True)
        return "after its end" if there else "in the middle"

    return work, check


def opened(path: Path) -> RunStore:
    """The store after a kill, which must be whole."""
    store = RunStore(path)
    assert store.notice == "", store.notice
    with store._file.reading() as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert db.execute("PRAGMA foreign_key_check").fetchone() is None
    return store


KINDS = {"a run": of_run, "a save": of_save, "an upload": of_upload, "a conversion": of_conversion}


def main() -> None:
    given = options(__doc__, each=50, servers=10, seed=0)
    draw, wrong = random.Random(given.seed), 0
    for name, kind in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            os.environ["SWING_HOME"] = folder
            wrong += tried(name, *kind(Path(folder)), given.each, draw)
    if given.servers:
        from benchmarks.serving.killed_servers import tried as servers

        wrong += servers(given.servers, draw)
    sys.exit(bool(wrong))


def tried(
    name: str, work: Callable[[Say], None], check: Callable[[list[list[Any]]], str], times: int, draw: random.Random
) -> int:
    """Let it end, kill it so often, and print what was found; how often something was not as it must be."""
    found, wrong, took = Counter[str](), 0, 0.0
    for number in range(-1, times + 1):  # two may end: the first makes files that others find, the second tells how long it takes
        after = draw.uniform(0, took) if number > 0 else None
        seconds, left = timed(killed, work, after)
        took = seconds if number == 0 else took
        try:
            moment = check(left)
            found[moment] += number > 0
        except AssertionError as error:
            wrong += 1
            when = "not killed" if after is None else f"kill {number} after {after:.4f} s"
            print(f"{name}, {when}: {error}", flush=True)
    where = ", ".join(f"{count} {moment}" for moment, count in found.most_common())
    print(f"{name}: {times} kills ({where}); {wrong} left something wrong", flush=True)
    return wrong


if __name__ == "__main__":
    main()
