"""A job: work outside Streamlit's script thread, its progress, a cancel, a sentence at the end."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from ui.shell.visitor import this_session_alive
from xai import Cancelled

log = logging.getLogger("swing.jobs")

TURN = 10.0  # seconds that a job works while others wait; the first turn ends before that where there is something to see
UNWATCHED = 60.0  # seconds after which a job that no page looks at stops; what it paid is kept


class Place(Protocol):
    """Where a job waits and works."""

    def pause(self, job: "Job", /) -> bool:
        """Called between two batches: others may go first. Whether it has its turn, or was cancelled"""

    def ahead(self, job: "Job", /) -> int: ...
    def wait(self, job: "Job", /) -> float | None: ...
    def left(self, job: "Job", /) -> tuple[int, float | None]: ...
    def leave(self, job: "Job", who: str, /) -> None: ...


class Stopped(Exception):
    """Work that pays for no coalition was cancelled; `xai.Cancelled` is of work that keeps a ledger."""


class Job:
    """Runs work(job) in the line's thread; work calls `tell` and `publish`, and asks `cancelled`.

    state : "queued", "running", "done" (`result` is what work returned), "cancelled" or "failed" (`sentence` says why)
    latest, version : what was published last, and how often that was;  share : of the work that is done, 0 … 1
    seconds, soon : how long it may take, and until it shows something, None where nobody knows;  line : the one it was given to
    begun : whether its first turn is over, in which it showed something, where it could;  used : seconds of the one it has
    owner : who alone may cancel it (`ui.shell.visitor.visitor`); None for anybody
    alone : whether it goes on where no page looks at it;  model : fingerprint of the one that it asks, "" for none
    """

    def __init__(
        self,
        work: Callable[["Job"], object],
        run: str | None = None,
        owner: str | None = None,
        seconds: float | None = None,
        alone: bool = False,
        soon: float | None = None,
    ):
        self.work, self.run, self.owner, self.seconds, self.alone, self.soon = work, run, owner, seconds, alone, soon
        self.line: Place | None = None
        self.model = ""
        self.state, self.sentence = "queued", "Waiting"
        self.result: object = None
        self.latest: object = None
        self.done, self.total, self.version, self.share = 0, 0, 0, 0.0
        self.begun, self.used = False, 0.0
        self.ended = threading.Event()
        self._paused: float | None = None  # since when it has stepped back
        self._in_one_go = False
        # counting: moved on until the first evaluation is done
        self._began = self._counting_since = self._seen = time.monotonic()
        self._watchers: set[Callable[[], bool]] = set()
        self._stop = threading.Event()

    def watch(self) -> None:
        """A page looks at this job: it goes on while that page's session is there."""
        self._seen = time.monotonic()
        self._watchers.add(this_session_alive())

    def belongs_to(self, who: str) -> bool:
        return self.owner in (None, who)

    def cancel(self) -> None:
        self._stop.set()

    def cancelled(self) -> bool:
        """Whether to stop at the next batch: somebody said so, or nobody looks any more."""
        return self._stop.is_set() or self._abandoned()

    def check(self) -> None:
        """Stopped where this job is to stop: for work that is no explanation."""
        if self.cancelled():
            raise Stopped

    @property
    def over(self) -> bool:
        return self.ended.is_set()

    @property
    def cancelling(self) -> bool:
        return self._stop.is_set() and not self.over

    @property
    def eta(self) -> float | None:
        """Seconds left, from the pace so far; None before anything is known."""
        if not self.done or not self.total:
            return None
        return (self._now() - self._counting_since) / self.done * (self.total - self.done)

    @property
    def rest(self) -> float | None:
        """Seconds of work that are left; None where nobody knows."""
        return self.seconds if self.eta is None else self.eta

    @property
    def turn(self) -> float | None:
        """Seconds that its next turn may take, or what is left of the one that it has; None where nobody knows."""
        if not self.begun:
            return self.soon if self.seconds is None or self.soon is not None else min(self.seconds, TURN)
        left = TURN if self.rest is None else self.rest
        return max(0.0, min(TURN - self.used, left))

    @property
    def worked(self) -> float:
        """Seconds since it began, those for which it stepped back left out."""
        return self._now() - self._began

    def tell(self, done: int, total: int, sentence: str) -> None:
        """Evaluations done, of how many, and what is being done. Stopped where none are counted, and it lost its turn because it
        was cancelled: where some are, their ledger asks before the next batch."""
        if not done:
            self._counting_since = time.monotonic()
        self.done, self.total, self.sentence = done, total, sentence
        self.share = max(self.share, min(done / total, 1.0) if total else 0.0)  # it never goes back
        if not self._pause() and not total:
            raise Stopped

    def publish(self, result: object) -> None:
        """Show this until there is something better."""
        self.latest, self.version = result, self.version + 1
        self._pause()

    @contextmanager
    def in_one_go(self, wanted: bool = True) -> Iterator[None]:
        """Within this it steps back for nobody: others would do the same again meanwhile, or it cannot be halted."""
        before, self._in_one_go = self._in_one_go, self._in_one_go or wanted
        try:
            yield
        finally:
            self._in_one_go = before

    def _pause(self) -> bool:
        """Between two batches: let others go first, and count no second of that. Whether it has its turn, or was cancelled"""
        if self.line is None or self._in_one_go:
            return True
        self._paused = time.monotonic()
        has_turn = self.line.pause(self)
        waited = time.monotonic() - self._paused
        self._counting_since, self._began = self._counting_since + waited, self._began + waited
        self._paused = None
        return has_turn

    def _now(self) -> float:
        return time.monotonic() if self._paused is None else self._paused

    def _abandoned(self) -> bool:
        self._watchers = {alive for alive in self._watchers if alive()}
        return not self.alone and not self._watchers and time.monotonic() - self._seen > UNWATCHED

    def start(self) -> None:
        """Work, in this thread, to whatever end."""
        self.state, self.sentence = "running", "Starting"
        self._counting_since = self._began = time.monotonic()
        try:
            if self.cancelled():
                self.state, self.sentence = "cancelled", "Cancelled before it began."
                return
            self.result = self.work(self)
            self.state = "done"
        except Cancelled as stopped:
            kept = stopped.ledger.evaluations
            self.sentence = f"Cancelled. {kept} evaluations are kept: Explain goes on from them." if kept else "Cancelled."
            self.state = "cancelled"
        except Stopped:
            self.state, self.sentence = "cancelled", "Cancelled."
        except (ValueError, TypeError, OSError) as error:
            self.sentence, self.state = str(error), "failed"
        except Exception:
            log.exception("a job failed")
            self.sentence, self.state = "Something went wrong inside Swing; the server's log has the details.", "failed"
        finally:
            self.ended.set()
