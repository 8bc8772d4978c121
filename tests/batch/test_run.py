"""Every row exactly once, its values those of its game, whoever computes it and however often the run begins."""

import json
import math
import multiprocessing
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
from data_sets import KILLED, Fake, rows_of, weights_of, write
from hypothesis import given, settings
from hypothesis import strategies as st

from batch import Settings, explain_dataset, pool
from batch.parts import Out
from batch.progress import Quiet
from batch.sources import Chunk

ROOT = Path(__file__).parents[2]


@pytest.fixture()
def source(tmp_path):
    return write(tmp_path / "texts.csv", 23)


def test_rows_have_the_values_of_their_games(source, tmp_path):
    summary = explain_dataset(source, tmp_path / "out", Fake(), workers=1)
    assert (summary.rows, summary.total, summary.errors) == (23, 23, 0)
    rows = rows_of(tmp_path / "out")
    assert [row["row"] for row in rows] == list(range(23))
    assert [row["id"] for row in rows] == [str(i) for i in range(23)]
    for i, row in enumerate(rows):
        assert row["players"] == [f"p{k}" for k in range(6)]
        for index in ("banzhaf", "shapley"):
            np.testing.assert_allclose(row[index], weights_of(f"text {i}"), atol=1e-9)
            assert row[f"{index}_error"] is not None
        assert math.isclose(row["full_value"] - row["empty_value"], weights_of(f"text {i}").sum(), abs_tol=1e-9)
        assert row["evaluations"] == 64 and row["error"] is None


def test_files_that_others_get_do_not_say_where_the_model_lies(source, tmp_path):
    kind = Fake(Settings("text", budget=24, model="/srv/secret/models/mine", table=None))
    explain_dataset(source, tmp_path / "out", kind, workers=1, limit=2)
    (part,) = (tmp_path / "out" / "rows").glob("*.parquet")
    asked = json.loads(pq.read_schema(part).metadata[b"swing"])["settings"]
    assert (asked["model"], asked["table"], asked["budget"]) == ("mine", None, 24) and b"secret" not in part.read_bytes()
    assert json.loads((tmp_path / "out" / "_run.json").read_text())["settings"]["model"] == "/srv/secret/models/mine"


def test_a_run_that_came_to_nothing_leaves_the_folder_to_another(source, tmp_path):
    with pytest.raises(ValueError, match="the weights are damaged"):
        explain_dataset(source, tmp_path / "out", Fake(weights="damaged"), workers=1)
    explain_dataset(source, tmp_path / "out", Fake(Settings("text", budget=40)), workers=1, limit=2)
    assert len(rows_of(tmp_path / "out")) == 2


def test_maps_are_judged_where_that_is_asked(source, tmp_path):
    explain_dataset(source, tmp_path / "out", Fake(Settings("text", budget=40)), workers=1, limit=2)
    for row in rows_of(tmp_path / "out"):
        for index in ("banzhaf", "shapley"):
            assert row[f"{index}_judgement"]["worth"] in ("exact", "sure", "order", "hint", "worthless")
            assert row[f"{index}_judgement"]["additive"] == pytest.approx(1.0)


@pytest.mark.slow
def test_processes_and_resumed_runs_give_the_same_to_the_last_bit(source, tmp_path):
    kind = Fake(Settings("text", budget=24, rows_per_file=4))
    explain_dataset(source, tmp_path / "plain", kind, workers=1)
    explain_dataset(source, tmp_path / "pool", kind, workers=2)
    explain_dataset(source, tmp_path / "resumed", kind, workers=1, limit=9)
    assert len(rows_of(tmp_path / "resumed")) == 9
    (tmp_path / "resumed" / "rows" / "part-000001.parquet").unlink()
    explain_dataset(source, tmp_path / "resumed", kind, workers=2)
    plain = rows_of(tmp_path / "plain")
    assert len(plain) == 23 and plain == rows_of(tmp_path / "pool") == rows_of(tmp_path / "resumed")


@pytest.mark.parametrize(
    ("lengths", "sizes"),
    [
        ([10] * 5, [5]),
        ([pool.PIECE] * 3, [1, 1, 1]),
        ([10, pool.PIECE, 10, 10], [2, 2]),
        ([pool.PIECE // 2] * 5, [2, 2, 1]),
        ([10, 10, 3 * pool.PIECE], [3]),
    ],
)
def test_chunks_are_cut_by_the_length_of_their_texts(lengths, sizes):
    rows = [{"text": "x" * length, "other": 3} for length in lengths]
    found = list(pool.pieces(Chunk(7, 100, [f"r{i}" for i in range(len(rows))], rows)))
    assert [len(piece.chunk.ids) for piece in found] == sizes and {piece.of for piece in found} == {len(rows)}
    assert [id for piece in found for id in piece.chunk.ids] == [f"r{i}" for i in range(len(rows))]
    assert [piece.chunk.first for piece in found] == [100 + sum(sizes[:k]) for k in range(len(sizes))]
    assert [row for piece in found for row in piece.chunk.rows] == rows


@pytest.mark.slow
def test_long_texts_in_pieces_give_the_same_to_the_last_bit(tmp_path):
    kind = Fake(Settings("text", budget=24, rows_per_file=8))
    source = write(tmp_path / "texts.csv", 11, lambda i: "bad" if i == 3 else f"text {i} " + "long " * (700 * (i % 3)))
    told = []

    class Told(Quiet):
        def rows(self, count):
            told.append(count)

    explain_dataset(source, tmp_path / "plain", kind, workers=1)
    explain_dataset(source, tmp_path / "pool", kind, workers=2, progress=Told())
    assert rows_of(tmp_path / "plain") == rows_of(tmp_path / "pool") and sum(told) == 11
    assert len(list((tmp_path / "pool" / "rows").iterdir())) == 2


def test_a_run_that_is_done_computes_nothing(source, tmp_path):
    explain_dataset(source, tmp_path / "out", Fake(), workers=1)
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "out" / "rows").iterdir()}
    explain_dataset(source, tmp_path / "out", Fake(), workers=1, limit=5)
    explain_dataset(source, tmp_path / "out", Fake(), workers=2)
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "out" / "rows").iterdir()} == before


def test_a_rows_values_depend_on_its_name_not_on_its_place(tmp_path):
    kind = Fake(Settings("text", id="name", budget=24, rows_per_file=3, judge=True))
    lines = [f"n{i},text {i}\n" for i in range(8)]
    (tmp_path / "a.csv").write_text("name,text\n" + "".join(lines))
    (tmp_path / "b.csv").write_text("name,text\n" + "".join(reversed(lines)))
    for name in ("a", "b"):
        explain_dataset(tmp_path / f"{name}.csv", tmp_path / name, kind, workers=1)
    one, other = ({row["id"]: row for row in rows_of(tmp_path / name, ("seconds", "row"))} for name in ("a", "b"))
    assert one == other and sorted(one) == [f"n{i}" for i in range(8)]


def test_a_bad_row_gets_its_sentence_and_the_run_goes_on(tmp_path):
    cells = ["text,more", "good,1", "bad,2", "odd,3", '"one, cell",4', "two,cells,5", "last,6"]
    (tmp_path / "texts.csv").write_text("\n".join(cells))
    summary = explain_dataset(tmp_path / "texts.csv", tmp_path / "out", Fake(), workers=1)
    rows = rows_of(tmp_path / "out")
    assert [row["error"] is None for row in rows] == [True, False, False, True, False, True]
    assert rows[1]["error"] == "the row 'bad' is bad" and rows[1]["banzhaf"] is None
    assert rows[2]["error"].startswith("a game must be callable")
    assert rows[4]["error"] == "line 6 has 3 cells under 2 names"
    assert summary.errors == 3


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"kind": Fake(weights="others")}, "with another model: the bytes of what it is read from differ"),
        ({"kind": Fake(Settings("text", rows_per_file=4, judge=False, budget=99))}, "with --budget 256, and now it is 99"),
        ({"kind": Fake(Settings("text", rows_per_file=5, judge=False))}, "with --rows-per-file 4, and now it is 5"),
        ({"kind": Fake(Settings("text", rows_per_file=4, judge=False, seed=1))}, "with --seed 0, and now it is 1"),
    ],
)
def test_a_run_of_something_else_is_refused(source, tmp_path, other, sentence):
    explain_dataset(source, tmp_path / "out", Fake(), workers=1, limit=5)
    before = rows_of(tmp_path / "out", ())
    with pytest.raises(ValueError, match=re.escape(sentence)):
        explain_dataset(source, tmp_path / "out", **other, workers=1)
    assert rows_of(tmp_path / "out", ()) == before


def test_other_data_are_refused_under_the_same_name_too(source, tmp_path):
    explain_dataset(source, tmp_path / "out", Fake(), workers=1, limit=5)
    write(source, 23, lambda i: f"text {i + (i == 22)}")
    with pytest.raises(ValueError, match=r"with other data \(texts.csv\)"):
        explain_dataset(source, tmp_path / "out", Fake(), workers=1)


def test_two_runs_on_one_folder_are_refused(source, tmp_path):
    with Out(tmp_path / "out"), pytest.raises(ValueError, match="another process writes to"):
        explain_dataset(source, tmp_path / "out", Fake(), workers=1)
    explain_dataset(source, tmp_path / "out", Fake(), workers=1)


def test_what_a_killed_run_left_is_removed(source, tmp_path):
    explain_dataset(source, tmp_path / "out", Fake(), workers=1, limit=5)
    rows = tmp_path / "out" / "rows"
    (rows / ".writing-part-000001.parquet").write_bytes(b"half")
    (rows / "part-000002.parquet").write_bytes(b"PAR1 and then nothing")
    explain_dataset(source, tmp_path / "out", Fake(), workers=1)
    assert [row["row"] for row in rows_of(tmp_path / "out")] == list(range(23))
    assert [file.name for file in rows.iterdir() if not file.name.startswith("part-")] == []


@pytest.mark.parametrize(
    ("out", "sentence"), [("", "lies within"), ("holds", "holds other files"), ("s3://bucket/out", "is a URI")]
)
def test_where_results_cannot_lie_gets_one_sentence(tmp_path, out, sentence):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "part.parquet").touch()
    write(tmp_path / "texts.csv", 3)
    (tmp_path / "holds").mkdir()
    (tmp_path / "holds" / "thesis.doc").touch()
    where = out if "://" in out else tmp_path / out if out else folder / "rows"
    with pytest.raises(ValueError, match=sentence):
        explain_dataset(folder if not out else tmp_path / "texts.csv", where, Fake(), workers=1)


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "kills"), [(1, 10), (2, 3)])
def test_kills_lose_and_double_nothing(tmp_path, workers, kills):
    source, out = write(tmp_path / "texts.csv", 60), tmp_path / "out"
    paths = {"root": str(ROOT), "tests": str(ROOT / "tests"), "source": str(source), "out": str(out)}
    script = tmp_path / "killed.py"
    script.write_text(KILLED.format(**paths, workers=workers))
    seen = 0
    for kill in range(kills):
        with subprocess.Popen([sys.executable, script], cwd=tmp_path, stderr=subprocess.PIPE) as process:
            wanted = min(seen + 1 + kill % 2, 14)
            while process.poll() is None and committed(out) < wanted:
                time.sleep(0.005)
            process.kill()
            said = process.stderr.read().decode()
        assert process.returncode == -9, said
        seen = committed(out)
        assert [row["row"] for row in rows_of(out)] == sorted({row["row"] for row in rows_of(out)})
    assert kills <= seen < 15
    explain_dataset(source, out, Fake(pause=0.005), workers=1)
    explain_dataset(source, tmp_path / "plain", Fake(), workers=1)
    assert [row["id"] for row in rows_of(out)] == [str(i) for i in range(60)]
    assert rows_of(out) == rows_of(tmp_path / "plain")


def test_processes_end_with_the_one_that_started_them_and_the_lock_with_it(tmp_path):
    source, out = write(tmp_path / "texts.csv", 400), tmp_path / "out"
    paths = {"root": str(ROOT), "tests": str(ROOT / "tests"), "source": str(source), "out": str(out)}
    (tmp_path / "killed.py").write_text(KILLED.format(**paths, workers=2))
    with subprocess.Popen([sys.executable, tmp_path / "killed.py"], cwd=tmp_path) as process:
        while committed(out) < 2:
            assert process.poll() is None
            time.sleep(0.02)
        with pytest.raises(ValueError, match="another process writes"):
            explain_dataset(source, out, Fake(), workers=1)
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert len(children) >= 2
    assert psutil.wait_procs(children, timeout=60)[1] == []
    with Out(out):
        pass


def committed(out):
    return len(list((out / "rows").glob("part-*"))) if (out / "rows").is_dir() else 0


@pytest.mark.slow
def test_a_process_of_the_pool_that_is_killed_is_replaced(source, tmp_path):
    class Killing(Quiet):
        killed = 0

        def rows(self, count):
            if self.killed < 2:
                child = multiprocessing.active_children()[0]
                child.kill()
                self.killed += 1

    watching = Killing()
    explain_dataset(source, tmp_path / "out", Fake(pause=0.01), workers=2, progress=watching)
    explain_dataset(source, tmp_path / "plain", Fake(), workers=1)
    assert watching.killed == 2 and rows_of(tmp_path / "out") == rows_of(tmp_path / "plain")
    assert not multiprocessing.active_children()


@pytest.mark.slow
def test_rows_at_which_processes_die_end_the_run_with_a_sentence(tmp_path):
    source = write(tmp_path / "texts.csv", 12, lambda i: "deadly" if i == 5 else f"text {i}")
    with pytest.raises(ValueError, match="3 processes died at rows 4 to 7 "):
        explain_dataset(source, tmp_path / "out", Fake(), workers=2)
    assert not multiprocessing.active_children()


class Deadly(Fake):
    """A process that is sent this dies while it still reads what follows, which is more than a pipe holds."""

    def __reduce__(self):
        return os._exit, (1,), bytes(1_000_000)


@pytest.mark.slow
def test_processes_that_die_at_once_end_the_run_with_a_sentence(source, tmp_path):
    with pytest.raises(ValueError, match="3 processes died at rows "):
        explain_dataset(source, tmp_path / "out", Deadly(), workers=2)
    assert not multiprocessing.active_children()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_model_that_cannot_be_loaded_ends_the_run_with_its_sentence(source, tmp_path, workers):
    with pytest.raises(ValueError, match="^the weights are damaged$"):
        explain_dataset(source, tmp_path / "out", Fake(weights="damaged"), workers=workers)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 30),
    size=st.integers(1, 9),
    limits=st.lists(st.integers(1, 35), max_size=3),
    lost=st.sets(st.integers(0, 29)),
)
def test_whatever_was_done_before_every_row_is_there_once(tmp_path_factory, count, size, limits, lost):
    folder = tmp_path_factory.mktemp("run")
    source, kind = write(folder / "texts.csv", count), Fake(Settings("text", rows_per_file=size, judge=False, budget=8))
    for limit in limits:
        explain_dataset(source, folder / "out", kind, workers=1, limit=limit)
        for number in lost:
            (folder / "out" / "rows" / f"part-{number:06d}.parquet").unlink(missing_ok=True)
    summary = explain_dataset(source, folder / "out", replace(kind, pause=0.0), workers=1)
    assert [row["row"] for row in rows_of(folder / "out")] == list(range(count)) and summary.rows == count


@pytest.mark.slow
def test_the_progress_counts_each_row_once(source, tmp_path):
    class Counting(Quiet):
        done = total = 0

        def begin(self, done, total):
            self.done, self.total = done, total

        def rows(self, count):
            self.done += count

    for limit, workers in ((6, 1), (None, 2)):
        counting = Counting()
        explain_dataset(source, tmp_path / "out", Fake(), workers=workers, limit=limit, progress=counting)
        assert counting.done == counting.total == (limit or 23)
