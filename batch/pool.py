"""Processes that work: each loads the model once, is sent chunks and sends back parts; only the one that started them writes.

A process that dies is started anew and its chunk computed again; a chunk at which three die ends the run. Processes whose
parent was killed end by themselves.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from typing import Any

from batch.kinds.contract import Asker, Kind
from batch.parts import encoded
from batch.row import records, sentence_of
from batch.settings import Settings
from batch.sources.chunks import Chunk

TELL_EVERY = 0.5  # seconds between two words on rows of a chunk that is not whole yet
DEATHS = 3
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Part:
    """What became of a chunk. content : bytes of its file;  rows, errors, evaluations : counts;  sentence : of the first error"""

    number: int
    content: bytes
    rows: int
    errors: int
    evaluations: int
    sentence: str = ""


Told = Callable[[int], object]  # told(rows): so many more rows are computed


def part_of(asker: Asker, chunk: Chunk, settings: Settings, run: dict[str, Any], told: Told) -> Part:
    """A chunk computed."""
    found = list(records(asker, chunk, settings, lambda: told(1)))
    errors = [one["error"] for one in found if one["error"] is not None]
    paid = sum(one.get("evaluations", 0) for one in found)
    return Part(chunk.number, encoded(found, run), len(found), len(errors), paid, errors[0] if errors else "")


class _Worker:
    """A process, and what it is at. chunk : None where it waits for one"""

    def __init__(self, kind: Kind, settings: Settings, run: dict[str, Any]) -> None:
        self.connection, theirs = get_context("spawn").Pipe()
        self.process = get_context("spawn").Process(target=_work, args=(theirs, kind, settings, run), daemon=True)
        before = {name: os.environ.get(name) for name in ONE_THREAD}
        os.environ.update(dict.fromkeys(ONE_THREAD, "1"))  # read when the libraries are first loaded, there
        try:
            self.process.start()
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        theirs.close()
        self.chunk: Chunk | None = None
        self.told = 0

    def give(self, chunk: Chunk) -> None:
        self.chunk, self.told = chunk, 0
        with suppress(OSError):  # it died: that is seen where its word is waited for
            self.connection.send(chunk)

    def end(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.join()


def in_pool(
    kind: Kind, settings: Settings, run: dict[str, Any], chunks: Iterator[Chunk], workers: int, told: Told
) -> Iterator[Part]:
    """Parts as they come, by so many processes. ValueError where processes die again and again, or cannot begin."""
    team = [_Worker(kind, settings, run) for _ in range(workers)]
    deaths: dict[int, int] = {}
    try:
        for worker in team:
            _next(worker, chunks)
        while busy := [worker for worker in team if worker.chunk is not None]:
            ready = wait([worker.connection for worker in busy])
            for place, worker in enumerate(team):
                if worker.connection not in ready or worker.chunk is None:
                    continue
                try:
                    word = worker.connection.recv()
                except (EOFError, OSError):
                    team[place] = _after_death(worker, deaths, kind, settings, run, told)
                    continue
                if isinstance(word, Exception):
                    raise word
                if isinstance(word, int):
                    worker.told += word
                    told(word)
                else:
                    told(word.rows - worker.told)
                    _next(worker, chunks)
                    yield word
    finally:
        for worker in team:
            worker.end()


def _next(worker: _Worker, chunks: Iterator[Chunk]) -> None:
    worker.chunk = None
    chunk = next(chunks, None)
    if chunk is not None:
        worker.give(chunk)


def _after_death(
    worker: _Worker, deaths: dict[int, int], kind: Kind, settings: Settings, run: dict[str, Any], told: Told
) -> _Worker:
    """A new process at the chunk of one that died."""
    chunk = worker.chunk
    assert chunk is not None
    told(-worker.told)
    worker.end()
    deaths[chunk.number] = deaths.get(chunk.number, 0) + 1
    if deaths[chunk.number] >= DEATHS:
        code = worker.process.exitcode
        raise ValueError(
            f"{DEATHS} processes died at rows {chunk.first} to {chunk.first + len(chunk.ids) - 1} (the last with {code}): "
            "there may be too little memory for so many workers"
        )
    again = _Worker(kind, settings, run)
    again.give(chunk)
    return again


def _work(connection: Connection, kind: Kind, settings: Settings, run: dict[str, Any]) -> None:
    """What a process does: one chunk after the other, until nobody sends more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all of a terminal: who started this one ends it
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    with ExitStack() as opened, suppress(BrokenPipeError, ConnectionResetError):
        try:
            asker = opened.enter_context(kind.opened())
        except Exception as error:
            connection.send(ValueError(sentence_of(error)))
            return
        while True:
            try:
                chunk = connection.recv()
            except EOFError:
                return
            connection.send(part_of(asker, chunk, settings, run, _Telling(connection)))


def _end_with_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


class _Telling:
    """Tells the parent of rows, now and then."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._rows, self._last = connection, 0, time.monotonic()

    def __call__(self, rows: int) -> None:
        self._rows += rows
        if time.monotonic() - self._last > TELL_EVERY:
            self._connection.send(self._rows)
            self._rows, self._last = 0, time.monotonic()
