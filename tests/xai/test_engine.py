"""Ledger, budgets, cancellation, results: what holds for every method."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from games import FakeGame, additive, tabulated

from xai import Attribution, Cancelled, Ledger, explain
from xai.estimators.methods import METHODS

ROOT = Path(__file__).parents[2]
ALL = [(index, method) for index in METHODS for method in METHODS[index]]


def smooth(n, outputs=None, batch_size=64):
    w = np.random.default_rng(0).normal(size=n if outputs is None else (n, outputs))
    return FakeGame(n, lambda z: np.tanh(z @ w), batch_size=batch_size)


@pytest.mark.parametrize(("index", "method"), ALL)
@pytest.mark.parametrize("n", [1, 2, 3, 9])
@pytest.mark.parametrize("budget", [20, 25, 64])
def test_no_more_is_evaluated_than_the_budget(index, method, n, budget):
    game = smooth(n)
    a = explain(game, index, method, budget=budget)
    assert game.asked == a.evaluations
    assert a.evaluations <= (2**n if method == "exact" else budget)
    assert a.values.shape == (n,)
    assert np.isfinite(a.values).all()


@pytest.mark.parametrize(("index", "method"), ALL)
def test_a_shared_ledger_is_never_paid_twice(index, method):
    game = smooth(8)
    ledger = Ledger(game)
    first = explain(game, index, method, budget=60, seed=1, ledger=ledger)
    again = explain(game, index, method, budget=60, seed=1, ledger=ledger)
    assert again.evaluations == 0
    assert again.reused == first.evaluations
    np.testing.assert_array_equal(again.values, first.values)
    assert game.asked == ledger.evaluations


@pytest.mark.parametrize("method", ["kernel", "msr", "monte_carlo"])
def test_adding_budget_pays_for_the_difference_only(method):
    game = smooth(12)
    ledger = Ledger(game)
    explain(game, "banzhaf", method, budget=100, seed=3, ledger=ledger)
    more = explain(game, "banzhaf", method, budget=200, seed=3, ledger=ledger)
    assert game.asked <= 200
    np.testing.assert_array_equal(more.values, explain(smooth(12), "banzhaf", method, budget=200, seed=3).values)


def test_progress_counts_what_is_new_and_ends_at_the_total():
    game, told = smooth(10, batch_size=16), []
    explain(game, method="kernel", budget=100, progress=lambda done, total: told.append((done, total)))
    done, totals = zip(*told)
    assert set(totals) == {game.asked}
    assert list(done) == sorted(done)
    assert done[-1] == game.asked
    assert len(told) == game.calls


@pytest.mark.parametrize(("index", "method"), ALL)
def test_cancelled_at_every_batch_and_continued_equals_running_once(index, method):
    whole = explain(smooth(6, batch_size=8), index, method, budget=40, seed=2)
    batches = -(-whole.evaluations // 8)
    for stop in range(batches):
        game, asked = smooth(6, batch_size=8), []

        def cancel(asked=asked, stop=stop):
            asked.append(1)
            return len(asked) > stop

        with pytest.raises(Cancelled) as caught:
            explain(game, index, method, budget=40, seed=2, cancel=cancel)
        ledger = caught.value.ledger
        assert ledger.evaluations == game.asked == 8 * stop
        rest = explain(game, index, method, budget=40, seed=2, ledger=ledger)
        assert rest.evaluations == whole.evaluations - 8 * stop
        np.testing.assert_array_equal(rest.values, whole.values)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_that_is_not_finite_names_the_coalition_and_keeps_the_ledger(bad):
    seen = []

    def value(z):
        seen.append(len(z))
        out = z.sum(axis=1)
        if len(seen) == 3:
            out[0] = bad
        return out

    game = FakeGame(9, value, batch_size=10)
    ledger = Ledger(game)
    with pytest.raises(ValueError, match=r"coalition with players \[.*\] present; values must be finite"):
        explain(game, method="kernel", budget=60, ledger=ledger)
    assert ledger.evaluations == 20


@pytest.mark.parametrize("outputs", [None, 2])
def test_a_ledger_survives_the_trip_to_a_file(tmp_path, outputs):
    game = smooth(11, outputs)
    ledger = Ledger(game)
    a = explain(game, method="kernel", budget=50, ledger=ledger)
    ledger.save(tmp_path / "ledger")
    fresh = smooth(11, outputs)
    loaded = Ledger.load(tmp_path / "ledger", fresh)
    assert loaded.evaluations == ledger.evaluations
    assert loaded.seconds == ledger.seconds
    b = explain(fresh, method="kernel", budget=50, ledger=loaded)
    np.testing.assert_array_equal(a.values, b.values)
    assert fresh.asked == 0
    assert [p.name for p in tmp_path.iterdir()] == ["ledger"]


def test_a_ledger_of_another_game_is_refused(tmp_path):
    ledger = Ledger(smooth(5))
    ledger.evaluate(np.ones((1, 5), bool))
    ledger.save(tmp_path / "ledger")
    with pytest.raises(ValueError, match="load it with the game it was made with"):
        Ledger.load(tmp_path / "ledger", smooth(6))
    with pytest.raises(ValueError, match="belongs to another game"):
        explain(smooth(5), ledger=ledger)


@pytest.mark.parametrize("content", [b"", b"not a ledger", b"PK\x03\x04 broken"])
def test_a_damaged_ledger_is_refused(tmp_path, content):
    (tmp_path / "ledger").write_bytes(content)
    with pytest.raises(ValueError, match="not a readable ledger"):
        Ledger.load(tmp_path / "ledger", smooth(5))


def test_a_ledger_that_would_be_unpickled_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", packed=np.array([print], dtype=object), values=np.zeros(1), labels=[], seconds=0)
    with pytest.raises(ValueError, match="not a readable ledger"):
        Ledger.load(tmp_path / "x.npz", smooth(5))


@pytest.mark.parametrize(("index", "method"), ALL)
def test_constant_games_and_huge_offsets(index, method):
    constant = FakeGame(5, lambda z: np.full(len(z), 3.0))
    assert np.abs(explain(constant, index, method, budget=40).values).max() < 1e-12
    game, weights, _ = additive([1.0, -2.0, 0.5, 4.0], offset=1e9)
    a = explain(game, index, method, budget=60, seed=1)
    if method == "msr":
        assert (np.abs(a.values - weights) < 5 * a.standard_error + 1e-6).all()
    else:
        np.testing.assert_allclose(a.values, weights, atol=1e-5)


def test_too_few_pairs_fall_back_to_sample_reuse_and_say_so():
    a = explain(smooth(20), method="kernel", budget=22)
    assert "Maximum Sample Reuse" in a.note
    assert np.isfinite(a.values).all()
    assert explain(smooth(20), method="kernel", budget=80).note == ""


@pytest.mark.slow
@pytest.mark.parametrize(("index", "method"), ALL)
def test_the_same_seed_gives_the_same_result_in_another_process(index, method):
    code = (
        "import sys; sys.path[:0] = ['tests', 'tests/xai']\n"
        "from test_engine import smooth\nfrom xai import explain\n"
        f"print(explain(smooth(7), {index!r}, {method!r}, budget=40, seed=9).values.tolist())"
    )
    here = explain(smooth(7), index, method, budget=40, seed=9).values.tolist()
    if method in ("kernel", "kernelshap"):  # one per random source; a process costs a second
        out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert out.stdout.strip() == str(here)
    other = explain(smooth(7), index, method, budget=40, seed=10).values.tolist()
    assert method == "exact" or other != here


@pytest.mark.parametrize(("index", "method"), ALL)
def test_json_gives_back_the_same_attribution(index, method):
    a = explain(smooth(6, outputs=2), index, method, budget=30)
    b = Attribution.from_json(a.to_json())
    assert b.to_json() == a.to_json()
    np.testing.assert_array_equal(a.values, b.values)
    assert b.labels == a.labels
    for other in (a, b):
        assert not other.values.flags.writeable


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "swing-attribution-1"}', "null", '{"format": 3}'])
def test_json_of_something_else_is_refused(text):
    with pytest.raises(ValueError, match="not an attribution that Swing wrote"):
        Attribution.from_json(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"index": "owen"}, "index must be one of"),
        ({"method": "magic"}, "method for banzhaf must be one of"),
        ({"budget": 2, "method": "kernel"}, "at least 4 evaluations"),
        ({"budget": 10, "method": "monte_carlo"}, "at least 12 evaluations"),
        ({"budget": -5}, "budget must be a whole number"),
        ({"budget": 3.5}, "budget must be a whole number"),
        ({"seed": "x"}, "seed must be a whole number"),
    ],
)
def test_arguments_that_are_not_allowed(arguments, message):
    with pytest.raises(ValueError, match=message):
        explain(smooth(5), **{"budget": 20, **arguments})


def test_exact_values_of_too_many_players_are_refused():
    with pytest.raises(ValueError, match="up to 20 players"):
        explain(smooth(21), method="exact")


@pytest.mark.parametrize(
    "game",
    [
        3,
        lambda z: z,
        FakeGame(0, lambda z: z),
        FakeGame(3, lambda z: z[:1, 0]),
        FakeGame(3, lambda z: z[:, :, None]),
        FakeGame(3, lambda z: z[:, 0], labels=["one"]),
    ],
)
def test_things_that_are_no_games(game):
    with pytest.raises((TypeError, ValueError)):
        explain(game, method="kernel")


def test_a_ledger_tells_what_is_missing_and_known():
    game = tabulated(np.arange(8.0))
    ledger = Ledger(game)
    rows = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 0]], bool)
    assert ledger.missing(rows) == 2
    assert ledger.evaluate(rows).tolist() == [0.0, 1.0, 1.0]
    assert ledger.missing(rows) == 0
    coalitions, values = ledger.known()
    assert coalitions.tolist() == rows[:2].tolist()
    assert values.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("stop", [False, True])
def test_seconds_leave_out_what_is_done_when_progress_is_told(monkeypatch, stop):
    now = [0.0]
    monkeypatch.setattr(sys.modules["xai.explain"].time, "perf_counter", lambda: now[0])

    def value(z):
        now[0] += 1.0
        return z.sum(axis=1)

    def told(done, total):
        now[0] += 100.0

    game = FakeGame(12, value)
    ledger = Ledger(game, batch_size=16)
    before = now[0]
    found = explain(game, "banzhaf", "auto", 64, ledger=ledger, progress=told, stop_when_sure=stop)
    calls = (now[0] - before) % 100.0
    assert calls >= 1 and found.seconds == calls
