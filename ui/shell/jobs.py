"""Long work outside Streamlit's script thread: a line of jobs, their progress, a cancel, a sentence at the end.

One job works at a time, for all share one model; the others wait in the order they came, and know their place.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

import streamlit as st

from ui.shell.visitor import this_session_alive
from xai import Cancelled

log = logging.getLogger("swing.jobs")

MOST_WAITING = 50
UNWATCHED = 60.0  # seconds after which a job that no page looks at stops; what it paid is kept


class Stopped(Exception):
    """Work that pays for no coalition was cancelled; `xai.Cancelled` is of work that keeps a ledger."""


class Job:
    """Runs work(job) in the line's thread; work calls `tell` and `publish`, and asks `cancelled`.

    state : "queued", "running", "done" (`result` is what work returned), "cancelled" or "failed" (`sentence` says why)
    latest, version : what was published last, and how often that was
    owner : who alone may cancel it (`ui.shell.visitor.visitor`); None for anybody
    """

    def __init__(self, work: Callable[["Job"], object], run: str | None = None, owner: str | None = None):
        self.work, self.run, self.owner = work, run, owner
        self.state, self.sentence = "queued", "Waiting"
        self.result: object = None
        self.latest: object = None
        self.done, self.total, self.version = 0, 0, 0
        self.ended = threading.Event()
        self._counting_since = self._seen = time.monotonic()  # counting: moved on until the first evaluation is done
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
        return (time.monotonic() - self._counting_since) / self.done * (self.total - self.done)

    def tell(self, done: int, total: int, sentence: str) -> None:
        """Evaluations done, of how many, and what is being done."""
        if not done:
            self._counting_since = time.monotonic()
        self.done, self.total, self.sentence = done, total, sentence

    def publish(self, result: object) -> None:
        """Show this until there is something better."""
        self.latest, self.version = result, self.version + 1

    def _abandoned(self) -> bool:
        self._watchers = {alive for alive in self._watchers if alive()}
        return not self._watchers and time.monotonic() - self._seen > UNWATCHED

    def start(self) -> None:
        """Work, in this thread, to whatever end."""
        self.state, self.sentence = "running", "Starting"
        self._counting_since = time.monotonic()
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


class Line:
    """The jobs of a server, one after the other in a thread of their own."""

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self._current: Job | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def submit(self, job: Job) -> Job:
        """Take a place in the line; ValueError where too many wait already."""
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                raise ValueError(
                    f"{len(self._waiting)} runs are waiting on this server already, which is the most it takes: "
                    "try again in a few minutes."
                )
            self._waiting.append(job)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="explain", daemon=True)
                self._thread.start()
            self._changed.notify()
        return job

    def ahead(self, job: Job) -> int:
        """How many jobs come before this one, the one at work included; 0 for one that works or is over."""
        with self._changed:
            if job not in self._waiting:
                return 0
            return self._waiting.index(job) + (self._current is not None)

    def leave(self, job: Job, who: str) -> None:
        """Cancel a job: at once where it still waits, else after its batch. Another's job is only looked away from."""
        if not job.belongs_to(who):
            return
        job.cancel()
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
                job.start()  # which finds it cancelled

    def of_run(self, run: str) -> Job | None:
        """The job of a run that waits or works."""
        with self._changed:
            jobs = [*([self._current] if self._current else []), *self._waiting]
        return next((job for job in jobs if job.run == run and not job.over), None)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._current = None
                while not self._waiting:
                    self._changed.wait()
                job = self._current = self._waiting.popleft()
            job.start()


@st.cache_resource(show_spinner=False)
def line() -> Line:
    """The server's line, the same object for every session."""
    return Line()


@st.cache_resource(show_spinner=False)
def quick_line() -> Line:
    """The line of seconds' work that asks no model, so that it need not wait for runs that do."""
    return Line()
