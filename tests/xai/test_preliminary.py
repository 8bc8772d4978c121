"""Values from what a ledger happens to hold."""

import numpy as np
import pytest
from games import FakeGame, additive, brute_force, tabulated

from xai import Cancelled, Ledger, explain, preliminary
from xai.game import JoinedGame


@pytest.mark.parametrize("method", ["kernel", "orthogonal", "walsh", "msr"])
def test_a_cancelled_run_gives_values_for_free(method):
    game, banzhaf, _ = additive(np.arange(1.0, 9.0))
    game.batch_size = 16
    ledger = Ledger(game)
    with pytest.raises(Cancelled):
        explain(game, "banzhaf", method, 120, ledger=ledger, cancel=lambda: ledger.evaluations >= 64)
    paid = ledger.evaluations
    found = preliminary(ledger)
    assert ledger.evaluations == paid
    assert found.evaluations == 0
    assert np.allclose(found.values, banzhaf, atol=4.0 if method == "msr" else 1e-6)
    assert "Preliminary" in found.note


@pytest.mark.parametrize("index", ["banzhaf", "shapley"])
def test_all_coalitions_make_it_exact(index):
    game = tabulated(np.random.default_rng(1).normal(size=2**6))
    ledger = Ledger(game)
    explain(game, index, "exact", ledger=ledger)
    assert np.allclose(preliminary(ledger, index).values, brute_force(game, index))


def test_too_little_is_none():
    game, *_ = additive(np.ones(6))
    ledger = Ledger(game)
    assert preliminary(ledger) is None
    ledger.evaluate(np.zeros((1, 6), bool))
    assert preliminary(ledger) is None
    ledger.evaluate(np.ones((1, 6), bool))
    assert preliminary(ledger) is None
    assert preliminary(ledger, "shapley") is None


def test_joined_games_keep_their_columns():
    one = FakeGame(4, lambda z: z @ np.diag(np.arange(4.0)))
    two = FakeGame(4, lambda z: z[:, :1])
    for game, outputs in ((one, list("abcd")), (two, ["e"])):
        game.outputs, game.work = outputs, 2.0
    both = JoinedGame(one, two)
    z = np.random.default_rng(0).random((5, 4)) < 0.5
    assert np.array_equal(both(z), np.concatenate([one(z), two(z)], axis=1))
    assert (both.outputs, both.work) == (list("abcde"), 4.0)
    assert both.difference == [1.0] * 4 + [-1.0]
    with pytest.raises(ValueError, match="same"):
        JoinedGame(one, FakeGame(5, lambda z: z))
