"""Reads damaged files in a process of its own, and says of each what came of it: read, refused, or a fault."""

import hashlib
import linecache
import multiprocessing
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.fuzz.damage import damaged

HANG, GROWTH = 5.0, 500.0  # seconds of a processor, MB
LOST = 90.0  # seconds without an answer, after which a process is ended: others may use the machine too
ROOT = Path(__file__).parents[2]
Read, Files = Callable[[bytes, str], object], list[tuple[str, bytes]]


class Outcome(NamedTuple):
    """number : of the example;  found : "read", "refused" or "fault";  what : the fault's kind and place, and its traceback"""

    number: int
    found: str
    what: tuple[str, str] = ("", "")


def example(reader: str, files: Files, number: int) -> tuple[str, bytes]:
    """The damaged file of a number, the same each time. The first examples are the valid files themselves."""
    if number < len(files):
        return files[number]
    rng = np.random.default_rng([*hashlib.sha256(reader.encode()).digest()[:4], number])
    name, data = files[int(rng.integers(len(files)))]
    return name, damaged(rng, data, [content for _, content in files])


def judge(read: Read, data: bytes, name: str, number: int) -> Outcome:
    """Reads one file, here."""
    before, started = _memory("VmRSS"), time.process_time()
    _forget_the_peak()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read(data, name)
        found = Outcome(number, "read")
    except Exception as error:
        wrong = _no_sentence(error)
        what = (wrong, "".join(traceback.format_exception(error))[-4000:])
        found = Outcome(number, "fault", what) if wrong else Outcome(number, "refused")
    spent, grown = time.process_time() - started, _memory("VmHWM") - before
    if spent > HANG:
        return Outcome(number, "fault", (f"a hang of {spent:.1f} s", name))
    if grown > GROWTH:
        return Outcome(number, "fault", (f"a growth of {grown:.0f} MB", name))
    return found


def _no_sentence(error: Exception) -> str:
    """The kind and place of an exception that is no sentence of a reader's own; "" where it is one."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    file = Path(last.filename)
    own = file.is_relative_to(ROOT) and "site-packages" not in file.parts
    meant = "raise" in linecache.getline(last.filename, last.lineno or 0)
    if isinstance(error, ValueError) and own and meant and "\n" not in str(error):
        return ""
    return f"{type(error).__name__} at {file.name}:{last.lineno}"


def _memory(what: str) -> float:
    """MB of this process, as Linux counts them; 0 elsewhere."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith(what)), 0.0)


def _forget_the_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:  # the peak is then of the whole process, which finds less
        return


def _serve(reader: str, read: Read, files: Files, ask: Connection) -> None:
    for name, data in files:  # what is imported and compiled, once, is no growth
        judge(read, data, name, 0)
    ask.send(None)
    while (number := ask.recv()) is not None:
        ask.send(judge(read, *reversed(example(reader, files, number)), number))


def outcomes(reader: str, read: Read, files: Files, numbers: Iterator[int]) -> Iterator[Outcome]:
    """What comes of each example of a reader, read in another process, which is replaced where one ends it or hangs."""
    context, asked = multiprocessing.get_context("forkserver"), None
    context.set_forkserver_preload(["benchmarks.fuzz.readers"])  # imported once for all processes
    while True:
        ask, answer = context.Pipe()
        process = context.Process(target=_serve, args=(reader, read, files, answer), daemon=True)
        process.start()
        answer.close()
        try:
            ask.recv()
            for asked in numbers:
                ask.send(asked)
                if not ask.poll(LOST):
                    yield Outcome(asked, "fault", ("a hang", f"no answer for {LOST:.0f} s"))
                    break
                yield ask.recv()
            else:
                ask.send(None)
                return
        except EOFError:
            if asked is None:
                raise RuntimeError(f"the process that reads {reader} does not start") from None
            yield Outcome(asked, "fault", ("the process died", "a crash of a library, or no memory was left"))
        finally:
            ask.close()
            process.join(1)
            process.kill()
            process.join()
