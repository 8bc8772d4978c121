"""The ledger's file: a copy at any time, or a journal that survives a kill; what it costs in memory and on disk."""

import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from games import FakeGame

from xai import Ledger, explain

ROOT = Path(__file__).parents[2]


def game(n=12, outputs=None, batch_size=16):
    w = np.random.default_rng(0).normal(size=n if outputs is None else (n, outputs))
    return FakeGame(n, lambda z: np.tanh(z @ w), batch_size=batch_size)


@pytest.mark.parametrize("outputs", [None, 3])
def test_a_journal_holds_every_batch_and_is_continued(tmp_path, outputs):
    path = tmp_path / "journal"
    first = Ledger(game(outputs=outputs), path=path)
    explain(first.game, method="kernel", budget=100, ledger=first)
    loaded = Ledger.load(path, game(outputs=outputs))
    assert np.array_equal(loaded.known()[0], first.known()[0])
    assert np.array_equal(loaded.known()[1], first.known()[1])
    assert loaded.seconds == pytest.approx(first.seconds)
    more = explain(loaded.game, method="kernel", budget=300, ledger=loaded)
    assert loaded.game.asked == more.evaluations < 220
    again = Ledger.load(path, game(outputs=outputs))
    assert again.evaluations == loaded.evaluations
    once = explain(game(outputs=outputs), method="kernel", budget=300)
    assert np.array_equal(once.values, more.values)


def test_killed_between_batches_loses_one_batch_at_most(tmp_path):
    code = (
        "import sys; sys.path[:0] = ['tests', 'tests/xai']\n"
        "from test_ledger import game\nfrom xai import Ledger, explain\n"
        "g = game()\n"
        f"ledger = Ledger(g, path={str(tmp_path / 'journal')!r})\n"
        "def tell(done, total):\n    print(done, flush=True)\n    done < 48 or sys.stdin.read()\n"
        "explain(g, method='kernel', budget=200, ledger=ledger, progress=tell)"
    )
    pipe = subprocess.PIPE
    child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
    told = 0
    while told < 48:
        told = int(child.stdout.readline())
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    ledger = Ledger.load(tmp_path / "journal", game())
    assert ledger.evaluations == told == 48
    rest = explain(ledger.game, method="kernel", budget=200, ledger=ledger)
    assert np.array_equal(rest.values, explain(game(), method="kernel", budget=200).values)


def test_a_torn_tail_is_left_out_and_written_over(tmp_path):
    path = tmp_path / "journal"
    ledger = Ledger(game(), path=path)
    sizes = [path.stat().st_size]
    explain(ledger.game, method="kernel", budget=48, ledger=ledger, progress=lambda *_: sizes.append(path.stat().st_size))
    content = path.read_bytes()
    for cut in range(sizes[-2], sizes[-1]):
        path.write_bytes(content[:cut])
        assert Ledger.load(path, game()).evaluations == 16 * (len(sizes) - 2)
    torn = Ledger.load(path, game())
    explain(torn.game, method="kernel", budget=48, ledger=torn)
    assert torn.game.asked == 16
    assert Ledger.load(path, game()).evaluations == ledger.evaluations
    path.write_bytes(content + bytes(40))
    assert Ledger.load(path, game()).evaluations == ledger.evaluations


def test_damage_in_the_middle_and_an_existing_file_are_refused(tmp_path):
    path = tmp_path / "journal"
    ledger = Ledger(game(), path=path)
    explain(ledger.game, method="kernel", budget=48, ledger=ledger)
    with pytest.raises(ValueError, match="exists; go on with it"):
        Ledger(game(), path=path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        Ledger.load(path, game())


def test_a_copy_does_not_grow_and_a_journal_may_be_made_compact(tmp_path):
    ledger = Ledger(game(), path=tmp_path / "journal")
    explain(ledger.game, method="kernel", budget=100, ledger=ledger)
    ledger.save(tmp_path / "copy")
    long = (tmp_path / "journal").stat().st_size
    ledger.save(tmp_path / "journal")
    assert (tmp_path / "journal").stat().st_size < long
    explain(ledger.game, method="kernel", budget=160, ledger=ledger)
    assert Ledger.load(tmp_path / "journal", game()).evaluations == ledger.evaluations
    copy = Ledger.load(tmp_path / "copy", game())
    held = copy.evaluations
    explain(copy.game, method="kernel", budget=160, ledger=copy)
    assert Ledger.load(tmp_path / "copy", game()).evaluations == held < copy.evaluations


@pytest.mark.parametrize(("batch_size", "first"), [(16, 16), (97, 32)])
def test_the_first_batch_that_somebody_watches_is_small(batch_size, first):
    watched, alone, told = Ledger(game(batch_size=batch_size)), Ledger(game(batch_size=batch_size)), []
    explain(watched.game, method="kernel", budget=300, ledger=watched, progress=lambda done, total: told.append(done))
    explain(alone.game, method="kernel", budget=300, ledger=alone)
    assert told[:2] == [first, first + batch_size] and alone.game.calls <= watched.game.calls
    np.testing.assert_array_equal(watched.known()[1], alone.known()[1])


def test_progress_may_save(tmp_path):
    ledger = Ledger(game(), path=tmp_path / "journal")
    explain(ledger.game, budget=100, ledger=ledger, progress=lambda *_: ledger.save(tmp_path / "journal"))
    assert Ledger.load(tmp_path / "journal", game()).evaluations == ledger.evaluations == 100


def test_cost_is_told(tmp_path):
    ledger = Ledger(game())
    assert ledger.cost[:2] == (0, 0.0) and np.isnan(ledger.cost.seconds_per_evaluation)
    explain(ledger.game, method="kernel", budget=100, ledger=ledger)
    evaluations, seconds, each = ledger.cost
    assert evaluations == ledger.evaluations and seconds > 0 and each == seconds / evaluations


@pytest.mark.slow
def test_a_hundred_thousand_coalitions_of_256_players_stay_small(tmp_path):
    n, m = 256, 100_000
    fake = FakeGame(n, lambda z: z[:, 0] * 1.0, batch_size=1000)
    rows = np.random.default_rng(0).random((m, n), dtype=np.float32) < 0.5
    tracemalloc.start()
    try:
        ledger = Ledger(fake, path=tmp_path / "journal")
        ledger.evaluate(rows)
        held, peak = tracemalloc.get_traced_memory()
        loaded = Ledger.load(tmp_path / "journal", fake)
        both = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert loaded.evaluations == ledger.evaluations == m
    assert held < 40e6 and peak < 100e6 and both < 100e6 + held
    assert (tmp_path / "journal").stat().st_size < 6e6
    ledger.save(tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_size < 5e6


@pytest.mark.parametrize("outputs", [None, 3])
def test_batches_may_be_kept_elsewhere_and_taken_back(outputs):
    kept = []
    ledger = Ledger(game(outputs=outputs), on_batch=lambda *batch: kept.append(batch))
    explain(ledger.game, method="kernel", budget=100, ledger=ledger)
    assert sum(len(values) for _, values, _ in kept) == ledger.evaluations and len(kept) > 4
    again = Ledger(game(outputs=outputs))
    again.fill(kept[:3])
    again.fill(kept)  # what it holds already counts once
    assert np.array_equal(again.known()[0], ledger.known()[0])
    assert np.array_equal(again.known()[1], ledger.known()[1])
    explain(again.game, method="kernel", budget=100, ledger=again)
    assert again.game.asked == 0
    with pytest.raises(ValueError, match="do not match"):
        Ledger(game(20)).fill(kept)
    with pytest.raises(ValueError, match="finite"):
        Ledger(game(outputs=outputs)).fill([(kept[0][0], kept[0][1] * np.nan, 0.0)])
