"""The SQLite file under `ui.runs.store`: how it is opened, kept within bounds, scrubbed, and replaced when damaged."""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

log = logging.getLogger("swing.store")

DEFAULT_MB = 500
BUSY_MS = 20_000  # another process's transaction is a few milliseconds, a large delete a second
_SLACK = 8 * 4096  # pages that a row needs besides its own bytes
_LOG_BYTES = 4 << 20  # of the write-ahead log, about what SQLite lets it grow to by itself
_PRAGMAS = (
    "PRAGMA auto_vacuum = FULL",  # before the first table: what is deleted gives its pages back
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # a killed process loses nothing; a power failure may lose the last batches
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA journal_size_limit = {_LOG_BYTES}",
)


Evict = Callable[[sqlite3.Connection, str], bool]


def configured_bytes() -> int:
    """How large the file may become."""
    text = os.environ.get("SWING_RUNS_MB", str(DEFAULT_MB))
    if not text.strip().isdecimal() or not int(text):
        raise ValueError(f"SWING_RUNS_MB must be a whole number of megabytes, at least 1; got {text!r}")
    return int(text) * 1_000_000


class NoRoom(ValueError):
    """The file is full, and nothing in it may go."""


class Database:
    """One file, one connection, one transaction at a time; other processes may have it open as well.

    schema, version : of the tables; a file of another version counts as damaged
    added : tables that files of this version may lack, made where they are not there
    evict : evict(connection, keep) deletes the row that is to go first, except `keep`; False where none may go
    notice : "" or a sentence where the file was damaged: it was moved aside, and a new one begun
    """

    def __init__(self, path: Path, schema: str, version: int, most_bytes: int, evict: Evict, added: str = ""):
        self.path, self.most_bytes, self.notice = path, most_bytes, ""
        self._schema, self._version, self._evict, self._added = schema, version, evict, added
        self._lock = threading.RLock()
        self._open()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._named_errors():
            yield self._connection

    @contextmanager
    def writing(self, incoming: int = 0, keep: str = "") -> Iterator[sqlite3.Connection]:
        """One transaction, undone where its body raises; room for `incoming` bytes is made first, else NoRoom."""
        with self._lock, self._named_errors():
            db = self._connection
            db.execute("BEGIN IMMEDIATE")
            try:
                while incoming and self.used() + incoming + _SLACK > self.most_bytes:
                    if not self._evict(db, keep):
                        raise NoRoom(
                            f"There is no room to keep this: kept runs may take {self.most_bytes / 1e6:.0f} MB "
                            "(SWING_RUNS_MB), and what is running fills them."
                        )
                yield db
                db.execute("COMMIT")
                if incoming > _LOG_BYTES:
                    self.scrub()
            except BaseException:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise

    def used(self) -> int:
        """Bytes of the pages that hold something."""
        with self.reading() as db:
            pages, free, size = (
                db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
            )
        return int((pages - free) * size)

    def scrub(self) -> None:
        """Empty the write-ahead log into the file, so that nothing that was deleted stays in it."""
        with self.reading() as db:
            for _ in range(3):
                if not db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                    return
        log.warning("the write-ahead log is in use elsewhere; deleted runs leave it at its next checkpoint")

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.path}.opening"):
            try:
                self._connect()
            except sqlite3.DatabaseError as error:
                if not _damaged(error):
                    raise ValueError(f"Kept runs cannot be opened at {self.path} ({error}).") from error
                self._move_aside()
                self._connect()

    def _connect(self) -> None:
        self.path.touch(mode=0o600)
        self._inode = self.path.stat().st_ino
        self._connection = sqlite3.connect(self.path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
        try:
            db = self._connection
            db.row_factory = sqlite3.Row
            found = db.execute("PRAGMA user_version").fetchone()[0]
            new = found == 0 and not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if not new and found != self._version:
                raise _Foreign("it is of another version of Swing, or not Swing's")
            for pragma in _PRAGMAS:
                db.execute(pragma)
            if new:
                db.executescript(f"BEGIN; {self._schema} PRAGMA user_version = {self._version}; COMMIT;")
            db.executescript(self._added)
            if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise _Foreign("it fails SQLite's check")
        except BaseException:
            self._connection.close()
            raise

    def _move_aside(self) -> None:
        aside = self.path.with_name(f"{self.path.name}.damaged")  # one at most, so that these do not pile up
        for ending in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + ending)
            target = aside.with_name(aside.name + ending)
            target.unlink(missing_ok=True)
            if part.exists():
                part.rename(target)
        self.notice = f"The file of kept runs was damaged: it was moved to {aside.name}, and a new one was begun."
        log.warning("%s", self.notice)

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        """SQLite's errors as ValueError with a sentence; a damaged file is replaced."""
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            if not _damaged(error):
                raise ValueError(f"Kept runs cannot be read or written just now ({error}).") from error
            self._connection.close()
            with FileLock(f"{self.path}.opening"):
                if self._replaced():
                    self.notice = "The file of kept runs was damaged: another server began a new one."
                else:
                    self._move_aside()
                self._connect()
            raise ValueError(self.notice) from error

    def _replaced(self) -> bool:
        """Whether another process has moved the file aside already, and begun the one that now lies there."""
        try:
            return self.path.stat().st_ino != self._inode
        except FileNotFoundError:
            return True


class _Foreign(sqlite3.DatabaseError):
    """A file that SQLite can read but this store cannot."""


def _damaged(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    broken = code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return broken or isinstance(error, _Foreign)
