"""Games whose Banzhaf and Shapley values are known in closed form: the fakes that carry most engine tests."""

from math import comb

import numpy as np


class FakeGame:
    """A game from a plain function of a bool array (m, n); counts what it is asked."""

    def __init__(self, n_players, value, labels=None, batch_size=64):
        self.n_players, self.value, self.batch_size = n_players, value, batch_size
        self.labels = labels or [f"p{i}" for i in range(n_players)]
        self.asked = 0
        self.calls = 0

    def __call__(self, coalitions):
        self.asked += len(coalitions)
        self.calls += 1
        return self.value(np.asarray(coalitions, dtype=float))


def additive(weights, offset=0.0):
    """v(S) = offset + Σ w_i: both indices are w."""
    weights = np.asarray(weights, dtype=float)
    return FakeGame(len(weights), lambda z: offset + z @ weights), weights, weights


def unanimity(n, carrier):
    """v(S) = 1 if carrier ⊆ S: Banzhaf 2^{1−|T|}, Shapley 1/|T| for members, 0 for others."""
    member = np.isin(np.arange(n), carrier).astype(float)
    size = len(carrier)
    game = FakeGame(n, lambda z: (z @ member >= size).astype(float))
    return game, member * 2.0 ** (1 - size), member / size


def majority(n):
    """v(S) = 1 if more than half are in (n odd): Banzhaf C(n−1, (n−1)/2)/2^{n−1}, Shapley 1/n."""
    game = FakeGame(n, lambda z: (z.sum(axis=1) > n / 2).astype(float))
    return game, np.full(n, comb(n - 1, (n - 1) // 2) / 2 ** (n - 1)), np.full(n, 1 / n)


def tabulated(values):
    """The game of a table of 2^n values: row r's bit i, least significant first, says whether player i is in."""
    values = np.asarray(values, dtype=float)
    n = int(np.log2(len(values)))
    return FakeGame(n, lambda z: values[(z.astype(int) << np.arange(n)).sum(axis=1)])


def brute_force(game, index):
    """Values by the definition, one marginal at a time: slow, and independent of the engine."""
    n = game.n_players
    out = []
    for i in range(n):
        total = 0.0
        for r in range(2**n):
            z = ((r >> np.arange(n)) & 1).astype(bool)
            if z[i]:
                continue
            with_i = z.copy()
            with_i[i] = True
            marginal = np.asarray(game(np.array([with_i, z])))
            size = int(z.sum())
            weight = 2.0 ** (1 - n) if index == "banzhaf" else 1.0 / (n * comb(n - 1, size))
            total = total + weight * (marginal[0] - marginal[1])
        out.append(total)
    return np.array(out)
