"""The benchmark that kills: a few kills leave nothing wrong, and it sees what a store leaves that keeps nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLANTED = """
import sys
from benchmarks.serving import kills
kills.RunStore.append = lambda *_: True
kills.KINDS = {"a run": kills.of_run}
sys.argv = ["kills", "--each", "5", "--servers", "0"]
kills.main()
"""


def said(*command):
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines(), done.stderr


@pytest.mark.slow
def test_what_is_killed_at_any_moment_is_whole_and_goes_on():
    status, lines, errors = said("-m", "benchmarks.serving.kills", "--each", "6", "--servers", "0")
    assert (status, errors) == (0, "") and len(lines) == 4
    assert all(": 6 kills (" in line and line.endswith("; 0 left something wrong") for line in lines)


@pytest.mark.slow
def test_a_store_that_keeps_nothing_is_found_out():
    status, lines, _ = said("-c", PLANTED)
    assert status == 1 and "0 kept of [" in lines[0]
