"""Processes that work: each loads the model once, is sent chunks and sends back parts; only the one that started them writes.

What is sent is a piece of a chunk, cut by what its rows cost, so that none waits long for one that was given many long texts;
a part is sent on when all its pieces are there. A process that dies is started anew and its piece computed again; a piece at
which three die ends the run. Processes whose parent was killed end by themselves.
"""

import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import Any

from batch.kinds.contract import Asker, Kind
from batch.parts import encoded
from batch.row import Record, records, sentence_of
from batch.settings import Settings
from batch.sources.chunks import Chunk

PIECE = 4_000  # characters of texts; a piece ends with the row that makes it so long
LIKE = 500  # what a row that is no text counts as
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


@dataclass(frozen=True)
class Piece:
    """Some rows of a chunk, as a chunk. of : rows of the whole"""

    chunk: Chunk
    of: int

    @property
    def whole(self) -> bool:
        return len(self.chunk.ids) == self.of


Told = Callable[[int], object]  # told(rows): so many more rows are computed


def part_of(asker: Asker, chunk: Chunk, settings: Settings, run: dict[str, Any], told: Told) -> Part:
    """A chunk computed."""
    return _part(chunk.number, list(records(asker, chunk, settings, lambda: told(1))), run)


def _part(number: int, found: list[Record], run: dict[str, Any]) -> Part:
    errors = [one["error"] for one in found if one["error"] is not None]
    paid = sum(one.get("evaluations", 0) for one in found)
    return Part(number, encoded(found, run), len(found), len(errors), paid, errors[0] if errors else "")


def pieces(chunk: Chunk) -> Iterator[Piece]:
    """A chunk cut by the length of its texts, which the model's cost goes by; rows of a frame stay together."""
    first, size, count = 0, 0, len(chunk.ids)
    for i in range(count):
        last = i + 1 == count
        size += 0 if not isinstance(chunk.rows, list) else _length(chunk.rows[i])
        if size >= PIECE or last:
            here = slice(first, i + 1)
            yield Piece(Chunk(chunk.number, chunk.first + first, chunk.ids[here], chunk.rows[here]), count)
            first, size = i + 1, 0


def _length(row: Any) -> int:
    return sum(len(cell) for cell in row.values() if isinstance(cell, str)) if isinstance(row, dict) else LIKE


class _Gathered:
    """Records of chunks whose pieces are not all there."""

    def __init__(self, run: dict[str, Any]) -> None:
        self._run, self._records = run, dict[int, dict[int, list[Record]]]()

    def take(self, piece: Piece, found: list[Record]) -> Part | None:
        """The part, where this was the piece that was missing."""
        number = piece.chunk.number
        there = self._records.setdefault(number, {})
        there[piece.chunk.first] = found
        if sum(map(len, there.values())) < piece.of:
            return None
        del self._records[number]
        return _part(number, [record for first in sorted(there) for record in there[first]], self._run)


class _Worker:
    """A process, and what it is at. piece : None where it waits for one

    What it works with is sent to it, not given to it at its start: what is written there waits for ever for a process that
    has died before it read all.
    """

    def __init__(self, kind: Kind, settings: Settings, run: dict[str, Any]) -> None:
        self.connection, theirs = get_context("spawn").Pipe()
        self.process = get_context("spawn").Process(target=_work, args=(theirs,), daemon=True)
        self._unsent: list[Any] = [(kind, settings, run)]
        with _one_thread(), _main_only_for(self._unsent):
            self.process.start()
        theirs.close()
        self.piece: Piece | None = None
        self.told = 0

    def give(self, piece: Piece) -> None:
        self.piece, self.told = piece, 0
        with suppress(OSError):  # it died: that is seen where its word is waited for
            while self._unsent:
                self.connection.send(self._unsent.pop())
            self.connection.send(piece)

    def end(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.join()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes started in here compute with one thread each: their libraries read that when they are first loaded."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextmanager
def _main_only_for(sent: Any) -> Iterator[None]:
    """Processes started in here run the caller's script again only where what they are sent names something of it.

    A script without `if __name__ == "__main__"`, or a page of a web app, would begin its whole work anew in each of them.
    """
    main = sys.modules["__main__"]
    if b"__main__" not in pickle.dumps(sent):
        sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def in_pool(
    kind: Kind, settings: Settings, run: dict[str, Any], chunks: Iterator[Chunk], workers: int, told: Told
) -> Iterator[Part]:
    """Parts as they come, by so many processes. ValueError where processes die again and again, or cannot begin."""
    team = [_Worker(kind, settings, run) for _ in range(workers)]
    deaths: dict[int, int] = {}
    left, gathered = (piece for chunk in chunks for piece in pieces(chunk)), _Gathered(run)
    try:
        for worker in team:
            _next(worker, left)
        while busy := [worker for worker in team if worker.piece is not None]:
            ready = wait([worker.connection for worker in busy])
            for place, worker in enumerate(team):
                if worker.connection not in ready or worker.piece is None:
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
                    piece = worker.piece
                    told(len(piece.chunk.ids) - worker.told)
                    _next(worker, left)
                    part = word if isinstance(word, Part) else gathered.take(piece, word)
                    if part is not None:
                        yield part
    finally:
        for worker in team:
            worker.end()


def _next(worker: _Worker, left: Iterator[Piece]) -> None:
    worker.piece = None
    piece = next(left, None)
    if piece is not None:
        worker.give(piece)


def _after_death(
    worker: _Worker, deaths: dict[int, int], kind: Kind, settings: Settings, run: dict[str, Any], told: Told
) -> _Worker:
    """A new process at the piece of one that died."""
    assert worker.piece is not None
    chunk = worker.piece.chunk
    told(-worker.told)
    worker.end()
    deaths[chunk.first] = deaths.get(chunk.first, 0) + 1
    if deaths[chunk.first] >= DEATHS:
        code = worker.process.exitcode
        raise ValueError(
            f"{DEATHS} processes died at rows {chunk.first} to {chunk.first + len(chunk.ids) - 1} (the last with {code}): "
            "there may be too little memory for so many workers"
        )
    again = _Worker(kind, settings, run)
    again.give(worker.piece)
    return again


def _work(connection: Connection) -> None:
    """What a process does: one piece after the other, until nobody sends more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all of a terminal: who started this one ends it
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    with ExitStack() as opened, suppress(BrokenPipeError, ConnectionResetError, EOFError):
        kind, settings, run = connection.recv()
        try:
            asker = opened.enter_context(kind.opened())
        except Exception as error:
            connection.send(ValueError(sentence_of(error)))
            return
        while True:
            piece: Piece = connection.recv()
            telling = _Telling(connection)
            if piece.whole:
                connection.send(part_of(asker, piece.chunk, settings, run, telling))
            else:
                connection.send(list(records(asker, piece.chunk, settings, partial(telling, 1))))


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
