"""Games that are fast to evaluate and whose Banzhaf and Shapley values are exact: the truth of `benchmarks.accuracy`.

Three kinds: tree ensembles with one baseline row, sums of Walsh functions, and tables of all 2^n values. Each has
`n_players`, `labels`, `batch_size`, and its own `banzhaf` and `shapley`, (n,).
"""

from dataclasses import dataclass, field
from math import factorial

import numpy as np

from model.trees.lightgbm_text import read_lightgbm
from xai.checks import INDICES

BATCH = 1 << 20  # one call of the game per ledger: these games are vectorised


@dataclass
class Exact:
    """A game as the engine takes it, and its exact values (n,)."""

    banzhaf: np.ndarray
    shapley: np.ndarray
    batch_size: int = field(default=BATCH, init=False)

    @property
    def n_players(self) -> int:
        return len(self.banzhaf)

    @property
    def labels(self) -> list[str]:
        return [f"player {i}" for i in range(self.n_players)]


class TreeGame(Exact):
    """A LightGBM booster's raw score at explicand x (n,), absent columns taken from one baseline row (n,)."""

    def __init__(self, booster, x, baseline):
        ensemble = read_lightgbm(booster.model_to_string()).ensemble
        super().__init__(*(ensemble.values([x], [baseline], index)[0, :, 0] for index in INDICES))
        self._game = ensemble.game(x, [baseline])

    def __call__(self, coalitions) -> np.ndarray:
        return self._game(np.asarray(coalitions, dtype=bool).reshape(-1, self.n_players))[:, 0]


class WalshGame(Exact):
    """v(S) = Σ c_T·χ_T(S), χ_T(S) = Π_{i∈T} ±1: Banzhaf 2·c_{i}, Shapley Σ_{T∋i, |T| odd} 2·c_T/|T|.

    coefficients (t,), sets : t lists of players.
    """

    def __init__(self, n: int, coefficients, sets):
        banzhaf, shapley = np.zeros(n), np.zeros(n)
        for c, players in zip(coefficients, sets):
            if len(players) == 1:
                banzhaf[players] += 2.0 * c
            if len(players) % 2:
                shapley[players] += 2.0 * c / len(players)
        super().__init__(banzhaf, shapley)
        self._coefficients = np.asarray(coefficients, float)
        self._member = np.zeros((n, len(sets)), np.float32)
        for t, players in enumerate(sets):
            self._member[players, t] = 1.0

    def __call__(self, coalitions) -> np.ndarray:
        absent = 1.0 - np.asarray(coalitions, dtype=np.float32).reshape(-1, self.n_players)
        return (1.0 - 2.0 * (np.rint(absent @ self._member) % 2)) @ self._coefficients


class TableGame(Exact):
    """The game of all 2^n values: entry r's bit i says whether player i is in. Truth by enumeration."""

    def __init__(self, values):
        values = np.asarray(values, dtype=np.float64)
        n = int(len(values)).bit_length() - 1
        super().__init__(*enumerated(values))
        self._values, self._powers = values, 2.0 ** np.arange(n)

    def __call__(self, coalitions) -> np.ndarray:
        rows = np.asarray(coalitions, dtype=np.float64).reshape(-1, self.n_players) @ self._powers
        return self._values[rows.astype(np.int64)]


def every_coalition(n: int) -> np.ndarray:
    """All coalitions, bool (2^n, n), in the order of a TableGame."""
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(bool)


def enumerated(values) -> tuple[np.ndarray, np.ndarray]:
    """Banzhaf and Shapley values (n,) of a table of 2^n values, as weighted sums of all marginals."""
    n = int(len(values)).bit_length() - 1
    size = every_coalition(n).sum(axis=1)
    chance = np.array([factorial(s) * factorial(n - 1 - s) / factorial(n) for s in range(n)])
    banzhaf, shapley = np.zeros(n), np.zeros(n)
    for i in range(n):
        without, having = np.moveaxis(values.reshape(-1, 2, 2**i), 1, 0)
        marginal = having - without
        banzhaf[i] = marginal.mean()
        shapley[i] = (chance[size.reshape(-1, 2, 2**i)[:, 0]] * marginal).sum()
    return banzhaf, shapley
