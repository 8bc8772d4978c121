"""What is written of a row's game."""

import numpy as np
import pytest
from games import FakeGame

from batch import Settings
from batch.kinds import Asked
from batch.row import explained


def closed(n):
    """Weights 1, and 4 where the first two are both there; both indices are known, and so is what adding up explains."""
    values = np.ones(n)
    values[:2] += 2.0
    game = FakeGame(n, lambda z: z.sum(axis=1) + 4.0 * z[:, 0] * z[:, 1], batch_size=4096)
    game.exact = lambda index: values
    return game, (np.square(values).sum() / 4) / (np.square(values).sum() / 4 + 1.0)


def test_a_closed_game_of_few_players_is_judged_on_all_coalitions():
    game, share = closed(9)
    found = explained(Asked(game, "sum"), Settings("table"), 3)
    judged = found["banzhaf_judgement"]
    assert judged["worth"] == "exact" == found["shapley_judgement"]["worth"] and found["evaluations"] == 2**9
    assert judged["additive_low"] == judged["additive_high"] == judged["additive"] == pytest.approx(share)
    assert found["banzhaf"] == game.exact("banzhaf").tolist()


def test_of_more_players_some_coalitions_judge_it():
    game, share = closed(12)
    found = explained(Asked(game, "sum"), Settings("table"), 3)
    judged = found["banzhaf_judgement"]
    assert judged["worth"] == "exact" and found["evaluations"] <= 2 + 2 * 32
    assert judged["additive_low"] <= share <= judged["additive_high"] and judged["additive_low"] < judged["additive_high"]
