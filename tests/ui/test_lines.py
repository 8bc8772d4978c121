"""Lines of jobs: a short one gets in between the batches of a long one; a range of seconds that runs end within."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.shell.jobs import Job, Line
from ui.shell.pace import Pace, between


class Steps:
    """A long job whose batches the test lets go one by one."""

    def __init__(self, line, batches=6):
        self.go, self.at, self.order = threading.Semaphore(0), threading.Semaphore(0), []
        self.job = Job(self.work, seconds=600.0)
        self.batches = batches
        line.submit(self.job)

    def work(self, job):
        for batch in range(self.batches):
            self.at.release()
            assert self.go.acquire(timeout=30)
            self.order.append(batch)
            job.tell(batch + 1, self.batches, "at work")
            job.check()
        return "long"

    def step(self):
        assert self.at.acquire(timeout=30)
        self.go.release()


def brief(line, order, name, seconds=1.0):
    return line.submit(Job(lambda job: order.append(name) or name, seconds=seconds))


def test_a_short_job_gets_in_between_and_a_long_one_waits():
    line = Line()
    long = Steps(line)
    assert long.at.acquire(timeout=30)  # at work
    slow = brief(line, long.order, "slow", seconds=100.0)
    short = brief(line, long.order, "short")
    assert (line.ahead(short), line.ahead(slow)) == (1, 1)
    assert line.wait(slow) is None or line.wait(slow) > 0
    assert line.wait(short) == 0
    long.go.release()
    for _ in range(5):
        long.step()
    assert long.job.ended.wait(30) and slow.ended.wait(30)
    assert "short" in long.order[:4] and long.order[-2:] == [5, "slow"]
    assert (long.job.result, short.result, slow.result) == ("long", "short", "slow")


def test_short_ones_cannot_stop_a_long_one(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("ui.shell.jobs.time.monotonic", lambda: now[0])
    line, order = Line(), []
    long = Job(lambda job: None, seconds=600.0)
    line._current = long

    def takes_five(job):
        now[0] += 5.0
        order.append("short")

    for _ in range(3):
        job = Job(takes_five, seconds=5.0)
        job.line = line
        line._waiting.add(job)
    assert line.let_in(long) == 5.0
    assert line.let_in(long) == 0.0  # its turn
    now[0] += 4.9
    assert line.let_in(long) == 0.0
    now[0] += 0.2
    assert line.let_in(long) == 5.0 and order == ["short", "short"]


def test_a_short_job_that_fails_or_is_cancelled_harms_no_other():
    line = Line()
    long = Steps(line, 3)
    assert long.at.acquire(timeout=30)

    def fails(job):
        raise ValueError("no")

    bad = line.submit(Job(fails, seconds=1.0))
    left = brief(line, long.order, "left")
    line.leave(left, "anybody")
    long.go.release()
    long.step()
    long.step()
    assert long.job.ended.wait(30) and long.job.result == "long"
    assert (bad.state, bad.sentence, left.state) == ("failed", "no", "cancelled") and "left" not in long.order


def test_a_cancel_reaches_a_job_that_got_in_between():
    line, begun = Line(), threading.Event()
    long = Steps(line, 3)
    assert long.at.acquire(timeout=30)

    def until_cancelled(job):
        begun.set()
        while True:
            job.check()

    inner = line.submit(Job(until_cancelled, seconds=1.0, run="inner"))
    long.go.release()
    assert begun.wait(30) and line.of_run("inner") is inner
    line.leave(inner, "anybody")
    long.step()
    long.step()
    assert long.job.ended.wait(30) and (inner.state, long.job.state) == ("cancelled", "done")


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=20))
def test_progress_never_goes_back(told):
    job, seen = Job(lambda job: None), []
    for done, total in told:
        job.tell(done, total, "")
        seen.append(job.share)
    assert seen == sorted(seen) and all(0 <= share <= 1 for share in seen)


@pytest.mark.parametrize("factor", [0.4, 1.0, 3.0])
def test_nine_of_ten_runs_end_within_their_range_once_some_are_known(factor):
    rng, pace, within = np.random.default_rng(0), Pace(), []
    for run in range(200):
        foretold = float(rng.uniform(1, 300))
        took = foretold * factor * float(np.exp(rng.normal() * 0.3))
        low, high = pace.range("model", False, foretold)
        if run >= 10:
            within.append(low <= took <= high)
        pace.learn("model", False, foretold / 100, took / 100)
    assert np.mean(within) >= 0.9
    low, high = pace.range("model", False, 10.0)
    assert high / low < 8 and pace.range("table", False, 10.0) == pace.range("model", True, 10.0)


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ((0.1, 0.9), "about a second"),
        ((0.4, 6), "up to 6 seconds"),
        ((5.6, 12.2), "6 to 12 seconds"),
        ((0, 130), "up to 2.2 minutes"),
        ((50, 130), "0.8 to 2.2 minutes"),
        ((200, 620), "3 to 10 minutes"),
        ((3000, 9000), "0.8 to 2.5 hours"),
    ],
)
def test_a_range_as_people_say_it(ends, told):
    assert between(*ends) == told
