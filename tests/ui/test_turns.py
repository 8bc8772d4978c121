"""Fairness between visitors: turns in rounds, bounded lines, and how often one may begin a run or upload, by a fake clock."""

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from ui.line.turns import Places, Turns
from ui.shell import limits
from ui.shell.access import ANONYMOUS, VARIABLE
from ui.shell.bench import Bench
from ui.shell.jobs import MOST_EACH, MOST_WAITING, Job, Line
from ui.shell.limits import Allowance


@dataclass(eq=False)
class Asked:
    owner: str | None
    seconds: int
    number: int = 0


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self):
        return self.now


VISITORS = st.sampled_from("abcd")
# what happens: a visitor comes with a job of so many seconds, or (None) the clock goes on by that long
EVENTS = st.lists(st.tuples(st.none() | VISITORS, st.integers(1, 9)), min_size=1, max_size=60)


def served(events):
    """(job, jobs that began between its coming and its turn, its own left out), in the order of turns; one works at a time."""
    turns, clock, free_at, began, came, found = Turns(), Clock(), 0.0, [], {}, []

    def work():
        nonlocal free_at
        while len(turns) and free_at <= clock.now:
            job = turns.take()
            found.append((job, began[came[job.number] :]))
            began.append(job)
            free_at = max(free_at, clock.now) + job.seconds

    for number, (owner, seconds) in enumerate(events):
        if owner is None:
            for _ in range(seconds):
                clock.now += 1
                work()
        else:
            job = Asked(owner, seconds, number)
            came[number] = len(began)
            turns.add(job)
            work()
    while len(turns):
        clock.now += 1
        work()
    return found


@given(EVENTS)
def test_everybody_gets_a_turn_in_the_order_they_asked(events):
    order = [job for job, _ in served(events)]
    assert sorted(job.number for job in order) == [number for number, (owner, _) in enumerate(events) if owner]
    for owner in "abcd":
        mine = [job.number for job in order if job.owner == owner]
        assert mine == sorted(mine)


@given(EVENTS)
def test_nobody_waits_for_more_than_two_turns_of_another(events):
    """However many jobs the others bring, before or after: one in the round that goes on, one in the round that is waited for."""
    waiting = Counter()
    for job, before in served(events):
        mine = [one for one in before if one.owner == job.owner]
        if not mine:  # nothing of one's own was before it
            waiting = Counter(one.owner for one in before)
            assert all(count <= 2 for count in waiting.values())
        else:
            assert all(
                count <= len(mine) + 2 for owner, count in Counter(one.owner for one in before).items() if owner != job.owner
            )


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30))
def test_one_visitor_alone_is_served_as_he_comes(seconds):
    assert [job.number for job, _ in served([("a", each) for each in seconds])] == list(range(len(seconds)))


def test_whoever_brings_many_waits_between_them():
    turns = Turns()
    for number, owner in enumerate("aaaabbc"):
        turns.add(Asked(owner, 1, number))
    assert "".join(turns.take().owner for _ in range(7)) == "abcabaa"
    assert turns.take() is None


def test_what_is_taken_out_of_turn_or_given_up_leaves_the_others_theirs():
    turns, jobs = (
        Turns(),
        [Asked(owner, seconds, number) for number, (owner, seconds) in enumerate([("a", 9), ("b", 1), ("b", 9)])],
    )
    for job in jobs:
        turns.add(job)
    assert turns.take(lambda job: job.seconds == 1) is jobs[1]
    assert turns.remove(jobs[0]) and not turns.remove(jobs[0]) and [*turns] == [jobs[2]] == turns.of("b")


@given(st.lists(st.tuples(st.integers(0, 3), VISITORS), max_size=60))
def test_first_turns_come_first_but_stop_nobody(events):
    """events : of a line in which one works at a time: another comes, or the one at work ends a turn, a whole one, or itself."""
    places, current, begun, ahead = Places(), None, set(), Counter()
    for number, (what, owner) in enumerate(events):
        waiting = [*places._new, *places._begun]
        if what == 0:
            places.add(Asked(owner, 0, number))
            continue
        if current is not None and what < 3:
            if over := what == 1 or current.number not in begun:
                if current.number in begun:
                    places.turn_over()
                    ahead.clear()
                begun.add(current.number)
            elif not places.give_way(current):
                continue  # nobody may go ahead of its turn
            places.step_back(current, over)
        elif current is not None and current.number in begun:
            places.turn_over()
            ahead.clear()
        order, current = [*places], places.take()
        assert current is (order[0] if order else None) and len(order) == len(places) + bool(order)
        if current is not None and current.number not in begun:
            others = {one.owner for one in places._begun} - {current.owner}
            ahead[current.owner] += bool(others)
            assert max(ahead.values()) <= 1 or not others
        elif current is not None:  # nothing new that may go ahead waited
            assert all(ahead[one.owner] for one in waiting if one.number not in begun)


def test_a_visitor_has_few_jobs_in_a_line_and_is_told_when_to_try_again(monkeypatch):
    line = Line()
    current = Job(lambda job: None, owner="bert")
    current.state, line._current = "running", current
    line._jobs.append(current)
    for _ in range(MOST_EACH):
        line.submit(Job(lambda job: None, owner="anna", seconds=100.0))
    for seconds, when in ((None, "when one of them has ended"), (20.0, "in about 9 minutes")):
        current.seconds = seconds
        with pytest.raises(ValueError, match=f"^5 of your runs are waiting already, .* for one visitor: try again {when}\\.$"):
            line.submit(Job(lambda job: None, owner="anna"))
    assert line.ahead(line.submit(Job(lambda job: None, owner="bert"))) == 2  # behind one of anna's, not behind five
    for owner in range(MOST_WAITING - MOST_EACH - 1):
        line.submit(Job(lambda job: None, owner=str(owner)))
    with pytest.raises(ValueError, match="^50 runs are waiting on this server already"):
        line.submit(Job(lambda job: None, owner="late"))


@given(st.integers(1, 4), st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 7)), max_size=60))
def test_in_no_window_are_there_more_than_allowed_and_the_wait_that_is_told_is_enough(most, asked):
    clock = Clock()
    allowance, taken = Allowance("runs", most, 10.0, clock), {"a": [], "b": []}
    for who, passed in asked:
        clock.now += passed
        try:
            allowance.take(who)
        except ValueError as error:
            within = [time for time in taken[who] if clock.now - time < 10]
            assert len(within) == most
            wait = 10 - (clock.now - within[0])
            told = "a second" if wait == 1 else f"{wait:.0f} seconds"
            assert str(error) == f"{most} runs within 10 seconds are the most for one visitor: try again in {told}."
            clock.now += wait
            allowance.take(who)
        taken[who].append(clock.now)
        assert sum(clock.now - time < 10 for time in taken[who]) <= most
    clock.now += 10
    allowance.take("c")
    assert set(allowance._taken) == {"c"}  # who has not come for a while is forgotten


@pytest.fixture()
def one_each(monkeypatch):
    """A public server that takes one run and one upload of a visitor in ten minutes; the clock of both."""
    clock = Clock()
    monkeypatch.setenv(VARIABLE, ANONYMOUS)
    made = {what: Allowance(f"{what}s", 1, clock=clock) for what in ("run", "upload")}
    monkeypatch.setattr(limits, "allowances", lambda: made)
    return clock


def test_a_visitor_who_begins_too_often_is_told_when_to_try_again(one_each, monkeypatch):
    monkeypatch.setattr("ui.shell.bench.visitor", lambda: "anna")
    line, states = Line(), [Bench(None) for _ in range(3)]
    for state in states[:2]:
        state.begin(Job(lambda job: "whole"), line)
    assert states[0].job is not None and states[0].job.ended.wait(30)
    assert states[1].job is None
    assert states[1].outcome == ("failed", "1 runs within 10 minutes are the most for one visitor: try again in 10 minutes.")
    one_each.now = 600.0
    states[2].begin(Job(lambda job: "whole"), line)
    assert states[2].job is not None and states[2].outcome is None
    monkeypatch.setenv(VARIABLE, "")
    states[1].begin(Job(lambda job: "whole"), line)  # a server of one's own counts nothing
    assert states[1].job is not None


def test_an_upload_too_many_is_left_aside_with_a_sentence(one_each):
    def page():
        import streamlit as st

        from ui.shell.frame import uploader

        def arrived(word):
            st.session_state["told"] = st.session_state.get("told", 0) + 1

        file = uploader("A file", "one", 1, on_change=arrived, args=("word",))
        st.write(f"got {file.getvalue().decode() if file else 'nothing'}, told {st.session_state.get('told', 0)}")

    def bring(content):
        shown = tested.get("file_uploader")[0].set_value(("a.csv", content, "text/csv")).run()
        assert not shown.exception
        return [*(error.value for error in shown.error), shown.markdown[0].value]

    tested = AppTest.from_function(page, default_timeout=30).run()
    assert bring(b"first") == ["got first, told 1"]
    one_each.now = 599.0
    refused = "1 uploads within 10 minutes are the most for one visitor: try again in a second."
    assert bring(b"second") == [refused, "got nothing, told 1"]
    one_each.now = 600.0
    assert bring(b"third") == ["got third, told 2"]
