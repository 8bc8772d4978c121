"""Every row exactly once, whatever dies: a run over rows of known values whose processes are killed again and again.

    python -m benchmarks.batch.exactly_once                        1,000,000 rows of a table, 20,000 texts, 100 kills each
    python -m benchmarks.batch.exactly_once --rows 20000 --texts 500 --kills 5
    … --rows 40000 --texts 2000 --kills 20 --address local        on Ray, where it is installed, on a cluster that each run starts
    python -m benchmarks.batch.exactly_once --memory               memory of one process over 100,000 rows

Killed by SIGKILL is the process that commits, one of its two workers, or, on Ray, the raylet, whichever the dice say, at places
of the run that they say as well; after the last kill the run ends in peace. Where three workers die at one part, or the cluster
does, the run ends with its sentence and is begun again, which is counted as "ended". Then each row is looked for in the files,
and its values are compared, bit by bit, with a plain loop's, which makes each row's game and calls `xai.explain`. "MB" is the
most that the process that commits had of its own.
"""

import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil

from batch import explain_dataset
from batch.parts import ROWS
from batch.progress import Quiet
from batch.row import seed_of
from benchmarks.batch.fakes import COLUMNS, Cells, Table, Texts, Words
from benchmarks.parts.command import header, options, row
from xai import Ledger, explain
from xai.closed import closed_form

KINDS = {"table": Table, "texts": Texts}
SYLLABLES = ["ba", "ko", "mi", "ru", "ten", "sal", "vor", "fen", "qui", "lop"]
ROWS_A_GROUP = 50_000
ENDED = 7  # the status of a process whose run ended with that sentence
LOOK, DELAY = 0.05, 0.5  # seconds between two looks; at most, until the kill that is due


def write(kind: str, count: int, folder: Path) -> Path:
    """The source: names that are no numbers, cells with all their bits."""
    import pyarrow as pa
    from pyarrow import parquet

    rng, path = np.random.default_rng(0), folder / f"{kind}.parquet"
    names = pa.array([f"row {i * 7 % count if count % 7 else i}" for i in range(count)])
    if kind == "table":
        columns = {name: rng.standard_normal(count) for name in COLUMNS}
    else:
        words = rng.integers(0, len(SYLLABLES), (count, 9, 2))
        columns = {"text": [" ".join(SYLLABLES[a] + SYLLABLES[b] for a, b in text) for text in words]}
    parquet.write_table(pa.table({"name": names} | columns), path, row_group_size=ROWS_A_GROUP)
    return path


def victims(driver: psutil.Process, address: str) -> list[tuple[str, psutil.Process]]:
    """What may be killed, and what that is."""
    if not address:
        workers = [one for one in driver.children() if "resource_tracker" not in " ".join(one.cmdline())]
        return [("driver", driver), *(("worker", one) for one in workers)]
    named = [(one.name(), one) for one in driver.children(recursive=True)]
    actors = [("worker", one) for name, one in named if name.startswith("ray::MapWorker")]
    return [("driver", driver), *actors, *(("raylet", one) for name, one in named if name == "raylet")]


def killed(kind: str, source: Path, out: Path, parts: int, kills: int, address: str = "") -> tuple[dict[str, int], int, float]:
    """Kills of each kind of process, how often a run ended by itself since three workers died at one part, or its cluster, and
    the most MB that the process that commits had. parts : of the whole run"""
    rng, died, ended, most = np.random.default_rng(1), {"driver": 0, "worker": 0, "raylet": 0}, 0, 0.0
    places = iter(np.sort(rng.uniform(0, parts, kills)).tolist())
    next_one = next(places, float("inf"))
    while True:
        command = [sys.executable, "-m", "benchmarks.batch.exactly_once", "drive", kind, str(source), str(out), address]
        with subprocess.Popen(command) as process:
            driver = psutil.Process(process.pid)
            while process.poll() is None:
                time.sleep(LOOK)
                with suppress(psutil.Error):
                    most = max(most, driver.memory_info().rss / 1e6)
                    if len(list((out / ROWS).glob("part-*"))) >= next_one:
                        time.sleep(rng.uniform(0, DELAY))
                        there = victims(driver, address)
                        what, victim = there[rng.integers(0, len(there))]
                        victim.kill()
                        died[what] += 1
                        next_one = next(places, float("inf"))
        if process.returncode == 0:
            return died, ended, most
        if process.returncode not in (-9, ENDED) and not address:  # Ray ends a process whose raylet died as it likes
            raise SystemExit(f"the run ended with status {process.returncode}")
        ended += process.returncode != -9


def committed(out: Path):
    """(id, both values) of every row that stands in the files."""
    from pyarrow import parquet

    for part in sorted((out / ROWS).glob("part-*.parquet")):
        table = parquet.read_table(part, columns=["row", "id", "error", "banzhaf", "shapley"], partitioning=None)
        for one in table.to_pylist():
            yield one["id"], None if one["error"] else (one["banzhaf"], one["shapley"])


def plain(kind: str, source: Path):
    """The same by a plain loop over the source."""
    from pyarrow import parquet

    settings = KINDS[kind]().settings
    for batch in parquet.ParquetFile(source).iter_batches(10_000):
        cells = np.column_stack([batch[name].to_numpy() for name in COLUMNS]) if kind == "table" else batch["text"].to_pylist()
        for id, one in zip(batch["name"].to_pylist(), cells):
            game = Cells(one) if kind == "table" else Words(one)
            ledger, seed, found = Ledger(game), seed_of(settings.seed, id), []
            for index in ("banzhaf", "shapley"):
                if kind == "table":
                    found.append(closed_form(ledger, index, seed).values.tolist())
                else:
                    found.append(explain(game, index, "auto", settings.budget, seed, ledger).values.ravel().tolist())
            yield id, tuple(found)


def compared(kind: str, source: Path, out: Path) -> tuple[int, int, int]:
    """Rows that are there twice, that are missing, and whose values are not those of the plain loop."""
    found, there, seen = committed(out), {}, set()
    twice = lost = differ = 0
    for id, values in plain(kind, source):
        while id not in there and (one := next(found, None)) is not None:
            twice += one[0] in seen
            seen.add(one[0])
            there[one[0]] = one[1]
        lost += id not in there
        differ += there.pop(id, values) != values
    return twice + sum(1 for _ in found), lost, differ


class Memory(Quiet):
    """What this process has of its own, MB, every so many rows."""

    def __init__(self, every: int) -> None:
        self.every, self.rows_done, self.found = every, 0, []

    def rows(self, count: int) -> None:
        self.rows_done += count
        if self.rows_done >= self.every * (len(self.found) + 1):
            self.found.append(psutil.Process().memory_info().rss / 1e6)


def of_memory(count: int) -> None:
    header("rows", "MB")
    with tempfile.TemporaryDirectory() as folder:
        memory = Memory(count // 10)
        explain_dataset(write("table", count, Path(folder)), Path(folder, "out"), Table(), workers=1, progress=memory)
    for i, found in enumerate(memory.found):
        row(f"{(i + 1) * memory.every:,}", f"{found:.0f}")


def main() -> None:
    if sys.argv[1:2] == ["drive"]:
        kind, source, out, address = sys.argv[2:]
        try:
            explain_dataset(source, out, KINDS[kind](), workers=2, address=address or None)
        except ValueError as error:
            if "processes died" not in str(error) and not address:
                raise
            print(error, file=sys.stderr)
            sys.exit(ENDED)
        return
    asked = options(__doc__, rows=1_000_000, texts=20_000, kills=100, memory=False, address="")
    if asked.memory:
        of_memory(100_000)
        return
    told = "kills of the driver", "of a worker", "of the raylet", "ended", "seconds", "MB"
    header("", "rows", *told, "doubled", "lost", "with other values")
    for kind, count in (("table", asked.rows), ("texts", asked.texts)):
        with tempfile.TemporaryDirectory() as folder:
            source, out, began = write(kind, count, Path(folder)), Path(folder, "out"), time.monotonic()
            parts = -(-count // KINDS[kind]().settings.part_rows)
            died, ended, most = killed(kind, source, out, parts, asked.kills, asked.address)
            took = f"{time.monotonic() - began:,.0f}"
            row(kind, f"{count:,}", *died.values(), ended, took, f"{most:.0f}", *compared(kind, source, out))


if __name__ == "__main__":
    main()
