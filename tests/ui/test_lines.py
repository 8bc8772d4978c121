"""Lines of jobs, by the exact order of their batches and a clock that goes on with these: first looks first, then turns; a range
of seconds that runs end within."""

import threading
from functools import partial
from itertools import groupby

import numpy as np
import pytest
from games import FakeGame
from hypothesis import given
from hypothesis import strategies as st

from ui.line.job import TURN
from ui.line.turns import MOST_AHEAD
from ui.shell.jobs import Job, Line
from ui.shell.pace import Pace, between
from xai import Ledger, explain

NOT_LONG = 30  # seconds that a test waits for a thread


class World:
    """A line whose jobs are scripts. now : the clock, which goes on by a second with every batch;  order : whose batches"""

    def __init__(self, monkeypatch):
        self.now, self.order, self.line, self.open = 0.0, [], Line(), threading.Event()
        monkeypatch.setattr("ui.line.job.time.monotonic", lambda: self.now)
        self.jobs = {}
        self.gate = self.line.submit(Job(lambda job: self.open.wait(NOT_LONG)))  # the others wait until all are there

    def come(self, name, batches, look=1, on=None, owner=None, **more):
        """A job of so many batches, after one of which (`look`) there is something to see. on : batch → what happens in it"""

        def work(job):
            for batch in range(1, batches + 1):
                self.order.append(name)
                self.now += 1.0
                (on or {}).get(batch, lambda: None)()
                if batch == look:
                    job.publish(name)
                job.tell(batch, batches, name)
                job.check()
            return job.worked

        more = {"owner": name if owner is None else owner, "seconds": float(batches), "soon": 1.0, "alone": True} | more
        self.jobs[name] = self.line.submit(Job(work, **more))
        return self.jobs[name]

    def go(self):
        """Whose batches came, and how many at once, when all jobs are over."""
        self.open.set()
        while left := [job for job in list(self.jobs.values()) if not job.over]:
            assert left[0].ended.wait(NOT_LONG)
        return [(name, len(list(batches))) for name, batches in groupby(self.order)]


@pytest.fixture()
def world(monkeypatch):
    return World(monkeypatch)


def test_everybody_sees_something_before_anybody_goes_on(world):
    names = [f"v{number}" for number in range(20)]
    for name in names:
        world.come(name, 6)
    assert world.go() == [(name, 1) for name in names] + [(name, 5) for name in names]


def test_then_they_take_turns(world):
    for name in "abc":
        world.come(name, 25)
    turns = [("a", TURN), ("b", TURN), ("c", TURN)]
    assert world.go() == [("a", 1), ("b", 1), ("c", 1), *turns, *turns, ("a", 4), ("b", 4), ("c", 4)]


def test_who_comes_later_gets_in_between_two_batches_and_the_turn_goes_on_then(world):
    world.come("a", 15, on={4: lambda: world.come("new", 3)})
    world.come("b", 2)
    expected = [("a", 1), ("b", 1), ("a", 3), ("new", 1), ("a", TURN - 3), ("b", 1), ("new", 2), ("a", 4)]
    assert world.go() == expected


def test_many_runs_of_one_visitor_do_not_hold_up_another(world):
    for number in range(5):
        world.come(f"a{number}", 10, owner="anna")
    world.come("b", 20)
    first = [("a0", 1), ("b", 1), ("a1", 1), ("a0", 9), ("a2", 1), ("b", 10), ("a3", 1), ("a1", 9), ("a4", 1), ("b", 9)]
    assert world.go() == [*first, ("a2", 9), ("a3", 9), ("a4", 9)]


def test_ones_own_runs_all_show_something_first(world):
    for name in "abc":
        world.come(name, 3, owner="anna")
    assert world.go() == [("a", 1), ("b", 1), ("c", 1), ("a", 2), ("b", 2), ("c", 2)]


@pytest.mark.parametrize(("visitors", "ahead"), [(1, 1), (1000, MOST_AHEAD)])
def test_no_stream_of_new_ones_stops_what_has_begun(world, visitors, ahead):
    came = []

    def another():
        if len(came) < 3 * MOST_AHEAD:
            came.append(f"n{len(came)}")
            world.come(came[-1], 1, look=None, on={1: another}, owner=f"visitor {len(came) % visitors}")

    world.come("long", 25, on={1: another})
    order = world.go()
    assert [count for name, count in order if name == "long"] == [1, TURN, TURN, 4]
    whose = "".join("L" if name == "long" else "n" for name, _ in order)
    assert whose.startswith("L" + 2 * ("n" * ahead + "L")) and whose.count("n") == 3 * MOST_AHEAD


def test_what_shows_nothing_steps_back_when_its_turn_is_over(world):
    world.come("a", 23, look=None)
    world.come("b", 2)
    assert world.go() == [("a", TURN), ("b", 1), ("a", TURN), ("b", 1), ("a", 3)]


def test_what_is_to_be_done_in_one_go_steps_back_for_nobody(world):
    def work(job):
        with job.in_one_go():
            with job.in_one_go(False):
                job.tell(1, 3, "whole")
            for _ in range(30):
                world.order.append("whole")
                world.now += 1.0
                job.publish("whole")
        job.tell(1, 2, "whole")
        world.order.append("whole")

    world.jobs["whole"] = world.line.submit(Job(work))
    world.come("b", 1)
    assert world.go() == [("whole", 30), ("b", 1), ("whole", 1)]


def test_a_cancel_ends_at_once_what_has_stepped_back(world):
    a = world.come("a", 9, run="a run")

    def cancel_the_other():
        assert world.line.of_run("a run") is a
        world.line.leave(a, "b")
        assert not a.cancelling  # it is not theirs
        world.line.leave(a, "a")
        assert a.ended.wait(NOT_LONG) and world.line.ahead(a) == 0 and world.line.of_run("a run") is None

    b = world.come("b", 3, on={1: cancel_the_other})  # which is at work all the time
    assert world.go() == [("a", 1), ("b", 3)]
    assert (a.state, a.sentence, b.state) == ("cancelled", "Cancelled.", "done")


def test_what_was_cancelled_when_it_had_stepped_back_begins_nothing_more(world):
    begun = []

    def work(job):
        job.publish("look")
        job.tell(0, 0, "Writing")  # no ledger asks before what follows
        begun.append("written")

    a = world.jobs["a"] = world.line.submit(Job(work, owner="a"))
    world.come("b", 1, on={1: lambda: (world.line.leave(a, "a"), a.ended.wait(NOT_LONG))})
    world.go()
    assert a.state == "cancelled" and not begun


def test_a_job_that_fails_harms_no_other(world):
    def fails(job):
        job.publish("look")
        raise ValueError("no")

    bad = world.jobs["bad"] = world.line.submit(Job(fails))
    world.come("b", 2)
    world.go()
    assert (bad.state, bad.sentence, world.jobs["b"].state) == ("failed", "no", "done")


def test_only_seconds_of_work_are_counted_and_progress_never_goes_back(world):
    seen = []

    def look():
        seen.append((a.share, a.eta, a.worked))

    a = world.come("a", 15, on={12: lambda: seen.append((a.share,))})
    world.come("b", 25, on=dict.fromkeys(range(5, 9), look))
    world.go()
    assert [job.result for job in world.jobs.values()] == [15.0, 25.0]
    assert seen == [(11 / 15, 11 / 11 * 4, 11.0)] * 4 + [(11 / 15,)]


def test_each_knows_its_place_and_how_long_it_waits(world):
    told = []

    def look(*names):
        jobs = [world.jobs[name] for name in names]
        told.append([(world.line.ahead(job), world.line.wait(job)) for job in jobs])

    world.come("a", 25, on={1: lambda: look("a", "b", "c")})
    world.come("b", 25, on={1: lambda: look("c", "a")})
    world.come("c", 5, on={1: lambda: look("c", "a", "b")})
    world.go()
    assert told == [[(0, 0), (1, 0.0), (2, 1.0)], [(1, 0.0), (2, 1.0)], [(0, 0), (1, 0.0), (2, TURN)]]


def test_the_rest_is_told_with_what_others_do_meanwhile(world):
    told = []
    world.come("a", 25, on={1: lambda: told.append(left("a")), 3: lambda: told.append(left("a"))})
    world.come("b", 40)
    world.come("c", 5)

    def left(name):
        return world.line.left(world.jobs[name])

    world.go()
    own = 3 / 2 * 23  # seconds of two batches and almost a third, and 23 batches left of 25
    assert told == [(2, 25 + 25 + 5), (2, own + own + 5)]


def test_nothing_is_paid_twice_and_the_values_are_those_of_a_run_alone(world):
    games = [FakeGame(8, lambda z, seed=seed: np.sin(z @ np.arange(8.0) + seed), batch_size=8) for seed in (0, 1)]

    def work(game, ledger, job):
        def told(done, total):
            world.now += 1.0
            world.order.append(game)
            job.publish(done)
            job.tell(done, total, "at work")

        return [explain(game, index, "auto", 128, 0, ledger, told, job.cancelled) for index in ("banzhaf", "shapley")]

    ledgers = [Ledger(game) for game in games]
    for game, ledger in zip(games, ledgers):
        world.jobs[game] = world.line.submit(Job(partial(work, game, ledger), owner=str(game), alone=True))
    assert len(world.go()) > 4  # they took turns
    for game, ledger in zip(games, ledgers):
        assert game.asked == ledger.evaluations == len(np.unique(ledger.known()[0], axis=0))
        alone = Ledger(FakeGame(8, game.value, batch_size=8))
        for found in world.jobs[game].result:
            same = explain(alone.game, found.index, "auto", 128, 0, alone)
            np.testing.assert_array_equal(found.values, same.values)
            np.testing.assert_array_equal(found.standard_error, same.standard_error)
        assert alone.evaluations == ledger.evaluations


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
