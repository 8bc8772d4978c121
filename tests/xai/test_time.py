"""The engine's own time: below 5 % of what a model of 1 ms per coalition would need for the same budget.

Both seconds are of the machine that the promise was made on; one that is slower now, by a fixed piece of work, may take
as much longer.
"""

import time

import numpy as np
import pytest
from games import FakeGame

from xai import explain

METHODS = [("banzhaf", "orthogonal"), ("banzhaf", "walsh"), ("banzhaf", "auto"), ("shapley", "walsh"), ("shapley", "auto")]
WORK = 0.004  # CPU seconds of `pace`'s work on that machine


def pace():
    """How many times slower than that machine this one is, at least 1."""
    took = []
    for _ in range(3):
        started, matrix = time.process_time(), np.eye(48) * 1.01
        for _ in range(400):
            matrix = matrix @ np.eye(48)
            sum(i * i for i in range(100))
        took.append(time.process_time() - started)
    return max(1.0, min(took) / WORK)


@pytest.mark.slow
@pytest.mark.parametrize(("index", "method"), METHODS)
@pytest.mark.parametrize(("n", "per_player"), [(16, 8), (16, 64), (64, 8), (64, 64), (256, 8), (256, 64)])
def test_design_and_solve_take_little_beside_the_model(n, per_player, index, method):
    rng = np.random.default_rng(1)
    w, slope = rng.normal(size=(n, 12)) * 2 / np.sqrt(n), rng.normal(size=12)
    inside = []

    def value(z):
        started = time.process_time()
        out = np.tanh(z @ w) @ slope
        inside.append(time.process_time() - started)
        return out

    game, took = FakeGame(n, value), []
    for seed in range(4):
        inside.clear()
        started = time.process_time()  # of this process: others on the machine do not count
        explain(game, index, method, budget=per_player * n, seed=seed)
        took.append(time.process_time() - started - sum(inside))
        if took[-1] < 0.05 * per_player * n / 1000:
            return
    assert min(took) < 0.05 * per_player * n / 1000 * pace()
