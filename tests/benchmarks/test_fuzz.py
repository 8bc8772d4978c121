"""A minute of damaged files for every reader of an upload, the same ones each time; and that faults would be found."""

import time

import pytest

from benchmarks.fuzz import watch
from benchmarks.fuzz.readers import READERS
from benchmarks.fuzz.watch import example, judge, outcomes

EXAMPLES = 100  # of each reader


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_damaged_files_are_read_or_refused_with_a_sentence(reader):
    read, files = READERS[reader]
    files = files()
    found = list(outcomes(reader, read, files, iter(range(EXAMPLES))))
    assert [one for one in found if one.found == "fault"] == []
    assert [one.found for one in found[: len(files)]] == ["read"] * len(files)
    assert sum(one.found == "refused" for one in found) > EXAMPLES / 10


def test_an_example_is_known_by_its_number():
    files = READERS["scaling runs"].files()
    assert example("a", files, 0) == files[0]
    assert example("a", files, 50) == example("a", files, 50) != example("b", files, 50)


def refuse(data, name):
    raise ValueError("this is no table: bring one")


def two_sentences(data, name):
    raise ValueError("first line\nsecond line")


def number(data, name):
    return float("a")


def nothing(data, name):
    return {}["key"]


def spin(data, name):
    started = time.process_time()
    while time.process_time() < started + 2 * watch.HANG:
        pass


def grow(data, name):
    return len(b"a" * 100_000_000)


@pytest.mark.parametrize(
    ("read", "found", "what"),
    [
        (lambda data, name: data, "read", ""),
        (refuse, "refused", ""),
        (two_sentences, "fault", "ValueError at test_fuzz.py"),
        (number, "fault", "ValueError at test_fuzz.py"),
        (nothing, "fault", "KeyError at test_fuzz.py"),
        (spin, "fault", "a hang"),
        (grow, "fault", "a growth"),
    ],
)
def test_what_is_a_fault(monkeypatch, read, found, what):
    monkeypatch.setattr(watch, "HANG", 0.2)
    monkeypatch.setattr(watch, "GROWTH", 50.0)
    one = judge(read, b"", "a", 7)
    assert (one.number, one.found) == (7, found)
    assert one.what[0].startswith(what)
