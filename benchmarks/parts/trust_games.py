"""The games of `benchmarks.stability`: those of `benchmarks.parts.games` that are quick, and made-up ones that mislead maps."""

from collections.abc import Callable

import numpy as np
from scipy.special import ndtri

from benchmarks.parts.exact import Exact, TableGame, WalshGame, every_coalition
from benchmarks.parts.games import GAMES

SEEDED = 20
_NAMES = ("california", "gemma", "diabetes", "wine", "adult", "degree 7", "cancer", "digits")


class Noise(Exact):
    """Values that tell nothing of who is in: each coalition's is drawn from N(0, 1) for itself.

    The true values of n = 20 players have a standard deviation of 2/√2^n = 0.002, which is taken for 0.
    """

    def __init__(self, n: int, seed: int):
        super().__init__(np.zeros(n), np.zeros(n))
        self._digits = np.random.default_rng([seed, n]).integers(0, 2**63, n, dtype=np.uint64)

    def __call__(self, coalitions) -> np.ndarray:
        key = np.asarray(coalitions, dtype=np.uint64).reshape(-1, self.n_players) @ self._digits
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            key = (key ^ (key >> np.uint64(shift))) * np.uint64(factor)
        key ^= key >> np.uint64(31)
        return ndtri(((key >> np.uint64(11)).astype(float) + 0.5) / 2.0**53)


def redundant(n: int, seed: int) -> Exact:
    """Pairs of players of which one is as good as both: v(S) = Σ w_j · [S holds player 2j or 2j + 1]."""
    weights = np.random.default_rng([seed, n]).exponential(size=n // 2)
    rows = every_coalition(n)
    return TableGame((rows[:, ::2] | rows[:, 1::2]) @ weights)


def one_player(n: int, seed: int) -> Exact:
    """Nothing but one player counts."""
    return WalshGame(n, [1.0], [[seed % n]])


def parity(n: int, seed: int) -> Exact:
    """±1 by whether an even number of a set of n − seed % 2 players is present: no player counts alone."""
    return WalshGame(n, [1.0], [list(range(n - seed % 2))])


TRUST_GAMES: dict[str, Callable[[], list[Exact]]] = {
    **{name: make for name, make in GAMES.items() if name.startswith(_NAMES)},
    "noise (12)": lambda: [TableGame(np.random.default_rng(seed).normal(size=2**12)) for seed in range(SEEDED)],
    "noise (20)": lambda: [Noise(20, seed) for seed in range(SEEDED)],
    "noise (40)": lambda: [Noise(40, seed) for seed in range(SEEDED)],
    "parity (14)": lambda: [parity(14, seed) for seed in range(SEEDED)],
    "one player (16)": lambda: [one_player(16, seed) for seed in range(SEEDED)],
    "redundant pairs (14)": lambda: [redundant(14, seed) for seed in range(SEEDED)],
}
