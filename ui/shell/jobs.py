"""Long work outside Streamlit's script thread: lines of jobs, their progress, a cancel, a sentence at the end.

There is a line for each model, and one for work that asks none. In a line one job works at a time; the others wait, visitor
by visitor in turn (`ui.shell.turns`), and know their place. A job of a few seconds gets in between two batches of a long one.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile

import streamlit as st

from model.memory import trim
from ui.shell.pace import duration
from ui.shell.turns import Turns
from ui.shell.visitor import this_session_alive
from xai import Cancelled

log = logging.getLogger("swing.jobs")

MOST_WAITING, MOST_EACH = 50, 5  # in a line; of one visitor there
QUICK = 8.0  # seconds: a job of no more need not wait for the end of a longer one
UNWATCHED = 60.0  # seconds after which a job that no page looks at stops; what it paid is kept


class Stopped(Exception):
    """Work that pays for no coalition was cancelled; `xai.Cancelled` is of work that keeps a ledger."""


class Job:
    """Runs work(job) in the line's thread; work calls `tell` and `publish`, and asks `cancelled`.

    state : "queued", "running", "done" (`result` is what work returned), "cancelled" or "failed" (`sentence` says why)
    latest, version : what was published last, and how often that was;  share : of the work that is done, 0 … 1
    seconds : how long it may take, None where nobody knows;  line : the one that it was given to
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
    ):
        self.work, self.run, self.owner, self.seconds, self.alone = work, run, owner, seconds, alone
        self.line: Line | None = None
        self.model = ""
        self.state, self.sentence = "queued", "Waiting"
        self.result: object = None
        self.latest: object = None
        self.done, self.total, self.version, self.share = 0, 0, 0, 0.0
        self.ended = threading.Event()
        self._began = self._counting_since = self._seen = (
            time.monotonic()
        )  # counting: moved on until the first evaluation is done
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
    def quick(self) -> bool:
        """Whether it may get in between the batches of another."""
        return self.seconds is not None and self.seconds <= QUICK

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

    @property
    def worked(self) -> float:
        """Seconds since it began, those of jobs that got in between left out."""
        return time.monotonic() - self._began

    def tell(self, done: int, total: int, sentence: str) -> None:
        """Evaluations done, of how many, and what is being done."""
        if not done:
            self._counting_since = time.monotonic()
        self.done, self.total, self.sentence = done, total, sentence
        self.share = max(self.share, min(done / total, 1.0) if total else 0.0)  # it never goes back
        if self.line is not None:
            let_in = self.line.let_in(self)
            self._counting_since, self._began = self._counting_since + let_in, self._began + let_in

    def publish(self, result: object) -> None:
        """Show this until there is something better."""
        self.latest, self.version = result, self.version + 1

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


@dataclass(frozen=True)
class Load:
    """Of a line. at_work, waiting : jobs;  owners : visitors whose these are"""

    at_work: int
    waiting: int
    owners: set[str | None]


class Line:
    """Jobs that share a model, one after the other in a thread of their own, with a turn for each visitor in each round."""

    def __init__(self) -> None:
        self._waiting: Turns[Job] = Turns()
        self._current: Job | None = None
        self._between: Job | None = None  # a quick one, between two batches of the current one
        self._free_at = 0.0  # when the current one has worked as long as the last that got in between
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def submit(self, job: Job) -> Job:
        """Take a place in the line; ValueError where too many wait already, of all visitors or of this one."""
        with self._changed:
            mine = self._waiting.of(job.owner)
            if job.owner is not None and len(mine) >= MOST_EACH:
                seconds = self.wait(mine[0])
                when = "when one of them has begun" if seconds is None else f"in about {duration(seconds)}"
                raise ValueError(
                    f"{len(mine)} of your runs are waiting already, which is the most for one visitor: try again {when}."
                )
            if len(self._waiting) >= MOST_WAITING:
                raise ValueError(
                    f"{len(self._waiting)} runs are waiting on this server already, which is the most it takes: "
                    "try again in a few minutes."
                )
            job.line = self
            self._waiting.add(job)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="explain", daemon=True)
                self._thread.start()
            self._changed.notify()
        return job

    def ahead(self, job: Job) -> int:
        """How many jobs come before this one, the one at work included; 0 for one that works or is over."""
        with self._changed:
            return len(self._before(job))

    def wait(self, job: Job) -> float | None:
        """About how many seconds until this job begins; None where nobody knows."""
        with self._changed:
            known = [one.eta if one.state == "running" else one.seconds for one in self._before(job)]
            if job.quick and self._current is not None and not self._current.quick:
                known = known[1:]  # it waits for a batch, not for the end
        return None if None in known else sum(filter(None, known))

    def _before(self, job: Job) -> list[Job]:
        if job not in self._waiting:
            return []
        ahead = list(takewhile(lambda one: one is not job, self._waiting))
        at_work = [one for one in (self._current, self._between) if one is not None]
        return [*at_work, *(one for one in ahead if one.quick or not job.quick)]

    def let_in(self, job: Job) -> float:
        """Do a quick job between two batches of the current one, in its thread; how many seconds that took.

        The current one then works as long before another is let in, so that no stream of quick ones can stop it.
        """
        with self._changed:
            if job is not self._current or job.quick or time.monotonic() < self._free_at:
                return 0.0
            quick = self._between = self._waiting.take(lambda one: one.quick)
            if quick is None:
                return 0.0
        began = time.monotonic()
        quick.start()
        took = time.monotonic() - began
        with self._changed:
            self._between, self._free_at = None, time.monotonic() + took
        return took

    def leave(self, job: Job, who: str) -> None:
        """Cancel a job: at once where it still waits, else after its batch. Another's job is only looked away from."""
        if not job.belongs_to(who):
            return
        job.cancel()
        with self._changed:
            if self._waiting.remove(job):
                job.start()  # which finds it cancelled

    def of_run(self, run: str) -> Job | None:
        """The job of a run that waits or works."""
        with self._changed:
            jobs = [self._current, self._between, *self._waiting]
        return next((job for job in jobs if job is not None and job.run == run and not job.over), None)

    @property
    def busy(self) -> bool:
        return self._current is not None

    def load(self) -> Load:
        """How much is asked of it now, and by whom."""
        with self._changed:
            at_work = [one for one in (self._current, self._between) if one is not None]
            return Load(len(at_work), len(self._waiting), {one.owner for one in [*at_work, *self._waiting]})

    def _work(self) -> None:
        while True:
            with self._changed:
                self._current = None
                while (job := self._waiting.take()) is None:
                    self._changed.wait()
                self._current = job
            job.start()
            trim()


@st.cache_resource(show_spinner=False)
def lines() -> dict[str, Line]:
    """The server's lines by their names, the same for every session."""
    return {}


def line(name: str = "model") -> Line:
    """The line of one model, or of a kind of work that asks none."""
    found = lines().get(name)
    return lines().setdefault(name, Line()) if found is None else found


def of_run(run: str) -> Job | None:
    """The job of a run that waits or works, in whatever line."""
    return next((job for each in list(lines().values()) if (job := each.of_run(run)) is not None), None)


def others_busy(name: str) -> bool:
    """Whether other lines than this one are at work, which share the processor with it."""
    return any(each.busy for other, each in list(lines().items()) if other != name)
