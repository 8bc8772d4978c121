"""The field benchmark's other process: it answers as the same peer here does, sees the same game, and says what failed."""

import sys

import numpy as np
import pytest

from benchmarks.field import __main__ as command
from benchmarks.field import side
from benchmarks.field.table import best_of, what_holds
from benchmarks.parts.estimators import Counted, shapiq
from benchmarks.parts.games import polynomial
from benchmarks.parts.measure import Cell, measure, read_cells


@pytest.fixture(scope="module")
def asked():
    one = side.Side(sys.executable)  # with the shapiq that is installed here
    yield one
    one.close()


@pytest.mark.slow
def test_a_peer_over_there_says_what_it_says_here(asked):
    game = Counted(polynomial(8, 3, terms=5))
    there = asked.peer("KernelSHAP", "SV", 20.0, pairing_trick=True)(game, 60, 3)
    assert game.asked == 60
    here = shapiq("KernelSHAP", "SV", pairing_trick=True)(game.game, 60, 3)
    assert np.array_equal(there, here) and np.ptp(there) > 0.1


@pytest.mark.slow
def test_a_peer_that_fails_or_is_too_slow_is_named_and_the_next_one_is_asked(asked):
    games = [polynomial(12, 3, terms=5)]
    peers = {
        "wrong": asked.peer("KernelSHAP", "BV", 20.0),
        "missing": asked.peer("NoSuchSHAP", "SV", 20.0),
        "slow": asked.peer("PermutationSamplingSV", "SV", 1e-4),
        "right": asked.peer("KernelSHAP", "SV", 20.0, pairing_trick=True),
    }
    found = {m: measure("shapley", "g", games, 3000, m, 2, 20.0, estimators={"shapley": peers}).status for m in peers}
    assert found["wrong"] == "failed: RuntimeError: ValueError: shapiq returned 'SV', not 'BV'"
    assert found["missing"].startswith("failed: RuntimeError: AttributeError")
    assert (found["slow"], found["right"]) == ("too slow", "ok")


def test_without_a_new_python_one_sentence_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(side, "works", lambda name: False)
    with pytest.raises(RuntimeError, match=r"^shapiq==1.8.0 needs Python 3.12 or newer, and neither .*\.$"):
        side.side_python(tmp_path / "side")
    assert not (tmp_path / "side").exists()


def test_pythons_of_pyenv_are_found_the_newest_first(monkeypatch, tmp_path):
    for name in ("3.9.18", "3.13.0", "3.12.1", "3.14-dev", "pypy3.10"):
        (tmp_path / "versions" / name).mkdir(parents=True)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert [at.split("/")[-3] for at in side.of_pyenv()] == ["3.13.0", "3.12.1", "3.9.18"]


@pytest.mark.slow
def test_a_lost_cell_is_named_with_who_won_it(capsys):
    errors = {"auto": 3e-3, "OddSHAP": 2e-3, "PolySHAP": 9e-3}
    found = {method: Cell("shapley", "digits", 64, 160, 0.0, method, runs=5, error=error) for method, error in errors.items()}
    assert best_of(found).method == "OddSHAP"
    what_holds("shapley", {("shapley", "digits", 0.0, 160): found}, {"digits": 64})
    said = capsys.readouterr().out
    assert "FAIL  shapley: first in 0 of 1 cells" in said and "digits, 160 = 2.5n: 1.50 × OddSHAP" in said


def test_a_method_measured_again_on_one_game_leaves_the_other_games_alone(monkeypatch, tmp_path):
    class NoSide:
        version, seconds = "none", 0.0

        def __init__(self, python):
            """Nobody is asked."""

        def close(self):
            """Nothing is open."""

    monkeypatch.setattr(command, "side_python", lambda folder: None)
    monkeypatch.setattr(command, "Side", NoSide)
    monkeypatch.setattr(command, "GAMES", {name: lambda: [polynomial(4, 2, terms=2)] for name in ("one", "two")})
    methods = dict.fromkeys(("auto", "peer"), lambda game, budget, seed: game(np.eye(4)))
    monkeypatch.setattr(command, "estimators_of", lambda side: {"shapley": methods})
    for more in ([], ["--games", "one", "--methods", "auto", "--runs", "3"]):
        monkeypatch.setattr(sys, "argv", ["field", "--keep", "--runs", "2", "--out", str(tmp_path), *more])
        command.main()
    runs = {(c.game, c.method): c.runs for c in read_cells(tmp_path / "field.csv")}
    assert runs == {("one", "auto"): 3, ("one", "peer"): 2, ("two", "auto"): 2, ("two", "peer"): 2}
