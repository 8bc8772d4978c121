"""A run of `batch.explain_dataset` in a process of its own, which the page watches: what it says line by line.

Its values are those of the command line, to the last bit; it shares neither model nor threads with the pages, and gives way
to them. Where the server dies it ends with its next word, and what is committed stays.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import batch
from batch.progress import pace
from batch.settings import flag
from model.language import without_directories
from ui.sets.kept import ASKED, OUT, Asked
from ui.shell.jobs import Job, Stopped

CODE = "import os, sys; getattr(os, 'nice', int)(10); from batch.command import main; sys.exit(main(sys.argv[1:]))"
POLL, GRACE = 0.2, 8.0  # seconds between two looks; from being asked to stop to being killed
STEP = 0.1  # of all rows, after which the page looks at them again
REFUSED, STOPPED = 2, 130
Word = dict[str, Any]


def estimate(folder: Path, asked: Asked, job: Job) -> Word:
    """What a run would cost, by its first rows, as `batch.run.Estimate` has it."""
    job.tell(0, 0, "Reading the data, loading the model and explaining the first rows")
    return list(words([*arguments(folder, asked), "--dry-run"], folder, job))[-1]


def compute(folder: Path, asked: Asked, job: Job) -> None:
    """Compute what is not committed yet."""
    job.tell(0, 0, "Reading the data and loading the model")
    with job.in_one_go():  # its process does not wait
        _follow(folder, asked, job)


def _follow(folder: Path, asked: Asked, job: Job) -> None:
    before, shown = 0, 0
    for word in words([*arguments(folder, asked), "--every=1"], folder, job):
        if word.get("event") == "begin":
            before = word["done"]
        if word.get("event") in ("begin", "rows"):
            done, total = word["done"], word["rows"]
            rate = f" · {pace(word['per_second'])}" if word.get("per_second") else ""
            job.tell(done - before, total - before, f"{done:,} of {total:,} rows{rate}")
            job.share = done / total
            if done - shown >= max(total * STEP, asked.settings["rows_per_file"]):
                shown = done
                job.publish(None)  # the page shows what is written by now


def arguments(folder: Path, asked: Asked) -> list[str]:
    """Of the command `swing explain`."""
    found = ["explain", asked.source, str(folder / OUT), "--json", f"--workers={asked.workers}"]
    if asked.limit is not None:
        found.append(f"--limit={asked.limit}")
    for name, value in asked.settings.items():
        if isinstance(value, bool):
            found.append(flag(name) if value else f"--no-{flag(name)[2:]}")
        elif value is not None:
            found.append(f"{flag(name)}={value}")
    return found


def words(command: list[str], folder: Path, job: Job) -> Iterator[Word]:
    """What the process says. ValueError with its sentence, less directories, where it refuses, or with another where it was
    killed."""
    paths = os.pathsep.join(filter(None, [str(Path(batch.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", CODE, *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": paths},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        umask=0o077,
    )
    lines: Queue[str | None] = Queue()
    Thread(target=_read, args=(process, lines), name="data-set", daemon=True).start()
    asked_at, refusal = 0.0, ""
    try:
        while True:
            if job.cancelling and not asked_at:
                process.terminate()
                asked_at = time.monotonic()
            if asked_at and time.monotonic() - asked_at > GRACE:
                process.kill()
            try:
                line = lines.get(timeout=POLL)
            except Empty:
                continue
            if line is None:
                break
            word = _word(line)
            if word.get("event") == "error":
                refusal = word["sentence"]
            elif word:
                yield word
    finally:
        process.kill()
        status = process.wait()
        if not (folder / ASKED).exists() and (folder / OUT).exists():  # deleted meanwhile
            shutil.rmtree(folder, ignore_errors=True)
    if job.cancelling:
        raise Stopped
    if status not in (0, 3):
        raise ValueError(without_directories(refusal) if status == REFUSED and refusal else _died(status))


def _read(process: "subprocess.Popen[str]", lines: "Queue[str | None]") -> None:
    assert process.stdout is not None
    with process.stdout as stream:
        for line in stream:
            lines.put(line)
    lines.put(None)


def _word(line: str) -> Word:
    """Nothing of what a library printed."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _died(status: int) -> str:
    how = "was stopped" if status == STOPPED else f"ended with status {status}"
    return f"The process that computes {how}; there may be too little memory. What is committed is whole: go on from there."
