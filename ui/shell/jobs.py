"""Long work outside Streamlit's script thread: lines of jobs, their progress, a cancel, a sentence at the end.

There is a line for each model, and one for work that asks none. In a line one job works at a time; the others wait, visitor
by visitor in turn (`ui.line.turns`), and know their place. Each has a thread of its own. As soon as a job has shown
something it steps back, between two batches, behind those that have shown nothing; then all go on in turns of some seconds.
"""

import threading
import time
from dataclasses import dataclass
from itertools import takewhile

import streamlit as st

from model.memory import trim
from ui.line.job import TURN
from ui.line.job import Job as Job  # which all that have work done bring
from ui.line.job import Stopped as Stopped
from ui.line.turns import Places
from ui.shell.pace import duration

MOST_WAITING, MOST_EACH = 50, 5  # in a line; of one visitor there
LOOK = 1.0  # seconds between two looks whether a job that has stepped back is watched


@dataclass(frozen=True)
class Load:
    """Of a line. at_work, waiting : jobs;  owners : visitors whose these are"""

    at_work: int
    waiting: int
    owners: set[str | None]


class Line:
    """Jobs that share a model: one at a time, with a turn for each visitor in each round, and first looks first."""

    def __init__(self) -> None:
        self._waiting: Places[Job] = Places()
        self._current: Job | None = None
        self._since = 0.0  # when its turn began
        self._jobs: list[Job] = []  # all that are not over
        self._changed = threading.Condition()

    def submit(self, job: Job) -> Job:
        """Take a place in the line; ValueError where too many wait already, of all visitors or of this one."""
        with self._changed:
            mine = self._waiting.of(job.owner)
            if job.owner is not None and len(mine) >= MOST_EACH:
                known = [seconds for one in mine if (seconds := self._left(one)) is not None]
                when = f"in about {duration(min(known))}" if known else "when one of them has ended"
                raise ValueError(
                    f"{len(mine)} of your runs are waiting already, which is the most for one visitor: try again {when}."
                )
            if len(self._waiting) >= MOST_WAITING:
                raise ValueError(
                    f"{len(self._waiting)} runs are waiting on this server already, which is the most it takes: "
                    "try again in a few minutes."
                )
            job.line = self
            self._jobs.append(job)
            self._waiting.add(job)
            if self._current is None:
                self._pass_on()
        return job

    def ahead(self, job: Job) -> int:
        """How many jobs come before this one, the one at work included; 0 for one that works or is over."""
        with self._changed:
            return len(self._before(job))

    def wait(self, job: Job) -> float | None:
        """About how many seconds until this job has its turn; None where nobody knows."""
        with self._changed:
            turns = [one.turn for one in self._before(job)]
            if self._current is not None and turns and turns[0] is not None and not self._current.begun:
                turns[0] = max(0.0, turns[0] - (time.monotonic() - self._since))
        return None if None in turns else sum(filter(None, turns))

    def left(self, job: Job) -> tuple[int, float | None]:
        """With how many others this job takes turns, and about how many seconds until it ends; None where nobody knows."""
        with self._changed:
            return len(self._jobs) - 1, self._left(job)

    def _left(self, job: Job) -> float | None:
        """Until its end all others work as long as it does, or to their ends."""
        rest = job.rest
        others = [one.rest for one in self._jobs]
        return None if rest is None or None in others else sum(min(rest, other) for other in others if other is not None)

    def _before(self, job: Job) -> list[Job]:
        if job is self._current or job not in (waiting := list(self._waiting)):
            return []
        at_work = [] if self._current is None else [self._current]
        return at_work + list(takewhile(lambda one: one is not job, waiting))

    def pause(self, job: Job) -> bool:
        """Step back where it is another's turn, and come back when it is this one's, or where this one was cancelled.

        A first turn is over when there is something to see. Whether it has its turn, or was cancelled
        """
        with self._changed:
            if job is not self._current:  # it was cancelled when it had stepped back
                return False
            used = job.used + time.monotonic() - self._since
            over = used >= TURN or not job.begun and job.version > 0
            if over and job.begun:
                self._waiting.turn_over()
            job.begun = job.begun or over
            if not over and not (job.begun and self._waiting.give_way(job)):
                return True
            job.used = 0.0 if over else used
            self._waiting.step_back(job, over)
            self._pass_on()
            if job is self._current:
                return True
        trim()  # each thread has free memory of its own
        with self._changed:
            while job is not self._current and not job.cancelled():
                self._changed.wait(LOOK)
            self._waiting.remove(job)
            return job is self._current

    def _pass_on(self) -> None:
        """Whose turn it is goes on, or begins."""
        self._current, self._since = self._waiting.take(), time.monotonic()
        if self._current is not None and self._current.state == "queued":
            self._current.state = "running"
            threading.Thread(target=self._work, args=(self._current,), name="explain", daemon=True).start()
        self._changed.notify_all()

    def _work(self, job: Job) -> None:
        try:
            job.start()
            trim()
        finally:
            with self._changed:
                self._jobs.remove(job)
                if job is self._current:
                    if job.begun:
                        self._waiting.turn_over()
                    self._pass_on()

    def leave(self, job: Job, who: str) -> None:
        """Cancel a job: at once where it waits, else after its batch. Another's job is only looked away from."""
        if not job.belongs_to(who):
            return
        job.cancel()
        with self._changed:
            if job.state == "queued" and self._waiting.remove(job):
                job.start()  # which finds it cancelled
                self._jobs.remove(job)
            self._changed.notify_all()  # one that has stepped back ends

    def of_run(self, run: str) -> Job | None:
        """The job of a run that waits or works."""
        with self._changed:
            return next((job for job in self._jobs if job.run == run and not job.over), None)

    @property
    def busy(self) -> bool:
        return self._current is not None

    def load(self) -> Load:
        """How much is asked of it now, and by whom."""
        with self._changed:
            return Load(int(self.busy), len(self._waiting), {one.owner for one in self._jobs})


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
