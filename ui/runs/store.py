"""Where runs are kept between visits: one SQLite file with every run's settings, batches and results.

A batch is a row of its own in a transaction of its own, so a killed server loses the batch it was at and nothing else.
The file is bounded: the oldest runs go first. What is deleted is overwritten with zeros. A run is its owner's alone, until it is
shared: then whoever has its link can open it.
"""

import hashlib
import json
import logging
import secrets
import sqlite3
import time
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from model.cache import home
from ui.runs.database import Database, configured_bytes
from xai import Ledger, records
from xai.game import Game
from xai.typing import Bytes, Floats

log = logging.getLogger("swing.store")

ENDS = ("partial", "done", "failed")
MAX_NAME = 200
_NOT_YOURS = "This run belongs to another browser or user: it is not yours to change."
_PRIVATE = "This run is private: whoever made it can share its link, under the run's name in the side bar."
GONE = "There is no run under this link any more: it was deleted, or it made room for newer ones."
_SCHEMA = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, created REAL NOT NULL, changed REAL NOT NULL, name TEXT NOT NULL,
    page TEXT NOT NULL, settings TEXT NOT NULL, fingerprint TEXT NOT NULL, worker TEXT NOT NULL, state TEXT NOT NULL,
    sentence TEXT NOT NULL
);
CREATE TABLE results (
    run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (run, name)
);
CREATE TABLE contents (run TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE, body BLOB NOT NULL);
CREATE TABLE batches (
    number INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    evaluations INTEGER NOT NULL, checksum INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX batches_of_run ON batches (run);
CREATE INDEX runs_of_owner ON runs (owner, created);
"""
_ADDED = "CREATE TABLE IF NOT EXISTS shared (run TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE);"
_COLUMNS = """id, created, changed, name, page, settings, fingerprint, worker, state, sentence,
    EXISTS (SELECT 1 FROM contents WHERE run = id) AS has_content, EXISTS (SELECT 1 FROM shared WHERE run = id) AS shared,
    (SELECT coalesce(sum(evaluations), 0) FROM batches WHERE run = id) AS evaluations,
    (SELECT coalesce(sum(length(body)), 0) FROM batches WHERE run = id)
        + (SELECT coalesce(sum(length(body)), 0) FROM results WHERE run = id)
        + (SELECT coalesce(sum(length(body)), 0) FROM contents WHERE run = id) + length(settings) AS size"""


@dataclass(frozen=True)
class Run:
    """One kept run, without its batches, results and content.

    state : "running", "partial" (cancelled or cut short), "done" or "failed";  sentence : why, where it is not done
    interrupted, elsewhere : it is "running", but its server is gone (`claim` it and go on), or is another one of this file
    shared : its link opens it;  evaluations : in the kept batches;  size : bytes;  created, changed : seconds since 1970
    """

    id: str
    created: float
    changed: float
    name: str
    page: str
    settings: dict[str, Any]
    fingerprint: str
    state: str
    sentence: str
    interrupted: bool
    elsewhere: bool
    has_content: bool
    shared: bool
    evaluations: int
    size: int


class RunStore:
    """Runs in one SQLite file; safe for the threads of several processes. Errors are ValueError with one sentence.

    Parameters
    ----------
    path : the file; `runs.sqlite` under Swing's home when None
    most_bytes : of the file; SWING_RUNS_MB (500) when None. SQLite's log beside it takes some MB more

    An owner is a token that a browser keeps, or a user; only a hash is stored. Whom `open` lets in may call all but `rename`,
    `share`, `delete` and `forget`.
    """

    def __init__(self, path: Path | str | None = None, most_bytes: int | None = None):
        path = Path(path) if path is not None else home() / "runs.sqlite"
        most_bytes = configured_bytes() if most_bytes is None else int(most_bytes)
        self._workers = path.with_name(f"{path.name}.workers")
        self._workers.mkdir(parents=True, exist_ok=True)
        self._worker = secrets.token_hex(8)
        self._file = Database(path, _SCHEMA, 2, most_bytes, self._evict_oldest, _ADDED)
        self._alive = FileLock(self._workers / self._worker, thread_local=False)
        with FileLock(f"{path}.opening"):  # so that none is taken for dead between making its file and locking it
            for file in self._workers.iterdir():
                self._is_alive(file.name)
            self._alive.acquire()  # until this process ends, however it ends

    @property
    def notice(self) -> str:
        """ "" or one sentence where the file was damaged: it was moved aside and a new one begun."""
        return self._file.notice

    @property
    def used(self) -> int:
        """Bytes of the file that hold something."""
        return self._file.used()

    def create(
        self, owner: str, page: str, name: str, settings: dict[str, Any], fingerprint: str, content: bytes | None = None
    ) -> str:
        """Begin a run; returns its id, which is its link. content : bytes the user agreed to keep, or None."""
        run, now, text = secrets.token_urlsafe(16), time.time(), json.dumps(settings, allow_nan=False)
        row = (run, _hash(owner), now, now, _name(name), page, text, fingerprint, self._worker)
        with self._file.writing(len(text.encode()) + len(content or b"")) as db:
            db.execute("INSERT INTO runs VALUES (?,?,?,?,?,?,?,?,?,'running','')", row)
            if content is not None:
                db.execute("INSERT INTO contents VALUES (?,?)", (run, content))
        return run

    def get(self, run: str) -> Run:
        """The run of this id, whoever owns it; ValueError where there is none."""
        with self._file.reading() as db:
            row = db.execute(f"SELECT {_COLUMNS} FROM runs WHERE id = ?", (str(run),)).fetchone()
        if row is None:
            raise ValueError(GONE)
        return self._run(row)

    def open(self, run: str, who: str) -> Run:
        """The run of this id, for its owner, and for others where it is shared; ValueError elsewhere."""
        found = self.get(run)
        if not found.shared and not self.owns(run, who):
            raise ValueError(_PRIVATE)
        return found

    def share(self, run: str, owner: str, shared: bool) -> None:
        """Let whoever has its link open a run, or its owner alone again."""
        with self._file.writing() as db:
            self._check_owner(db, run, owner)
            db.execute("INSERT OR IGNORE INTO shared VALUES (?)" if shared else "DELETE FROM shared WHERE run = ?", (run,))

    def runs(self, owner: str) -> list[Run]:
        """An owner's runs, the newest first, even where the clock was set back between them."""
        with self._file.reading() as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM runs WHERE owner = ? ORDER BY rowid DESC", (_hash(owner),)).fetchall()
        return [self._run(row) for row in rows]

    def owns(self, run: str, owner: str) -> bool:
        with self._file.reading() as db:
            row = db.execute("SELECT 1 FROM runs WHERE id = ? AND owner = ?", (run, _hash(owner))).fetchone()
        return row is not None

    def claim(self, run: str) -> bool:
        """Mark a run as running here, to continue it; False where someone alive is at it already, or it is gone."""
        with self._file.writing() as db:
            row = db.execute("SELECT state, worker FROM runs WHERE id = ?", (run,)).fetchone()
            free = row is not None and not (row["state"] == "running" and self._is_alive(row["worker"]))
            if free:
                change = "UPDATE runs SET state = 'running', sentence = '', worker = ?, changed = ? WHERE id = ?"
                db.execute(change, (self._worker, time.time(), run))
        return free

    def append(self, run: str, packed: Bytes, values: Floats, seconds: float) -> bool:
        """Keep a batch that `Ledger(on_batch=…)` handed out; False where it cannot be kept.

        There is no room, or the run was deleted meanwhile, or the disk is full: no reason to stop a run that computes.
        """
        body = records.to_body(packed, values, seconds)
        try:
            with self._file.writing(len(body), keep=run) as db:
                row = (run, len(values), zlib.crc32(body), body)
                db.execute("INSERT INTO batches (run, evaluations, checksum, body) VALUES (?,?,?,?)", row)
                db.execute("UPDATE runs SET changed = ? WHERE id = ?", (time.time(), run))
        except (ValueError, sqlite3.IntegrityError) as error:
            log.warning("a batch is not kept: %s", error)
            return False
        return True

    def batches(self, run: str) -> list[records.Batch]:
        """A run's batches (packed, values, seconds) for `Ledger.fill`; a damaged one is left out, to be paid again."""
        with self._file.reading() as db:
            rows = db.execute("SELECT checksum, body FROM batches WHERE run = ? ORDER BY number", (run,)).fetchall()
        return [records.from_body(body) for checksum, body in rows if zlib.crc32(body) == checksum]

    def ledger(self, run: str, game: Game) -> Ledger:
        """A ledger of the run's game that has its batches and keeps every further one; ValueError for another game."""
        ledger = Ledger(game, on_batch=partial(self.append, run))
        ledger.fill(self.batches(run))
        return ledger

    def keep(self, run: str, **results: str) -> None:
        """Keep results by name (JSON texts) beside those kept already; nothing where the run was deleted meanwhile."""
        with self._file.writing(sum(len(text.encode()) for text in results.values()), keep=run) as db:
            if self._exists(db, run):
                db.executemany("INSERT OR REPLACE INTO results VALUES (?,?,?)", [(run, *one) for one in results.items()])
                db.execute("UPDATE runs SET changed = ? WHERE id = ?", (time.time(), run))

    def results(self, run: str) -> dict[str, str]:
        """What `keep` was given; {} for none."""
        with self._file.reading() as db:
            return dict(db.execute("SELECT name, body FROM results WHERE run = ?", (run,)).fetchall())

    def content(self, run: str) -> bytes | None:
        """The upload of a run whose user agreed to keep it, else None."""
        with self._file.reading() as db:
            row = db.execute("SELECT body FROM contents WHERE run = ?", (run,)).fetchone()
        return row["body"] if row else None

    def finish(self, run: str, state: str, sentence: str = "") -> None:
        """Say how a run ended: "partial", "done" or "failed", and why."""
        if state not in ENDS:
            raise ValueError(f"a run ends as one of {list(ENDS)}; got {state!r}")
        with self._file.writing() as db:
            change = "UPDATE runs SET state = ?, sentence = ?, changed = ? WHERE id = ?"
            db.execute(change, (state, str(sentence), time.time(), run))

    def rename(self, run: str, owner: str, name: str) -> None:
        with self._file.writing() as db:
            self._check_owner(db, run, owner)
            db.execute("UPDATE runs SET name = ? WHERE id = ?", (_name(name), run))

    def delete(self, run: str, owner: str) -> None:
        """Delete a run: nothing of it stays in the file. One that is gone already is none to worry about."""
        with self._file.writing() as db:
            gone = db.execute("DELETE FROM runs WHERE id = ? AND owner = ?", (run, _hash(owner))).rowcount
            if not gone and self._exists(db, run):
                raise ValueError(_NOT_YOURS)
        self._file.scrub()

    def forget(self, owner: str) -> int:
        """Delete all runs of an owner: nothing of them stays in the file. Returns how many they were."""
        with self._file.writing() as db:
            count = db.execute("DELETE FROM runs WHERE owner = ?", (_hash(owner),)).rowcount
        self._file.scrub()
        return count

    def close(self) -> None:
        """Let go of the file; what was running here is interrupted from now on."""
        self._file.close()
        self._alive.release()
        (self._workers / self._worker).unlink(missing_ok=True)

    def _run(self, row: sqlite3.Row) -> Run:
        found = dict(row)
        found |= {"settings": json.loads(found["settings"]), **{name: bool(found[name]) for name in ("has_content", "shared")}}
        worker, running = found.pop("worker"), found["state"] == "running"
        alive = running and self._is_alive(worker)
        return Run(**found, interrupted=running and not alive, elsewhere=alive and worker != self._worker)

    def _is_alive(self, worker: str) -> bool:
        """Whether the process of this store still holds its lock, which the system takes from it when it dies."""
        file = self._workers / worker
        if worker == self._worker or not file.exists():
            return worker == self._worker
        lock = FileLock(file, thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return True
        lock.release()
        file.unlink(missing_ok=True)
        return False

    def _evict_oldest(self, db: sqlite3.Connection, keep: str) -> bool:
        for row in db.execute("SELECT id, state, worker FROM runs ORDER BY rowid").fetchall():
            if row["id"] != keep and not (row["state"] == "running" and self._is_alive(row["worker"])):
                db.execute("DELETE FROM runs WHERE id = ?", (row["id"],))
                return True
        return False

    def _check_owner(self, db: sqlite3.Connection, run: str, owner: str) -> None:
        if db.execute("SELECT 1 FROM runs WHERE id = ? AND owner = ?", (run, _hash(owner))).fetchone() is None:
            raise ValueError(_NOT_YOURS if self._exists(db, run) else GONE)

    @staticmethod
    def _exists(db: sqlite3.Connection, run: str) -> bool:
        return db.execute("SELECT 1 FROM runs WHERE id = ?", (run,)).fetchone() is not None


def _hash(owner: str) -> str:
    if not owner:
        raise ValueError("a run needs an owner's token; got an empty one")
    return hashlib.sha256(owner.encode()).hexdigest()


def _name(name: str) -> str:
    return " ".join(str(name).split())[:MAX_NAME] or "A run without a name"
