"""The seam between a model and the engine: what a game is, and how one is checked at the edge.

A game is any callable with `n_players` and `labels`. It takes coalitions, a bool array of shape
(m, n_players) in which True means present, and returns their values: float64 of shape (m,), or
(m, k) with one column per output. The game owns the model, the way absence is expressed and the
batching that suits the hardware; it holds no random state. `batch_size`, where a game has one, is the
number of coalitions after which the ledger pauses to report progress and to look for a cancellation. `full`, where a game
has one, gives the values of coalitions unrounded: what the game itself computes in numbers of few digits.
"""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from xai.checks import check_weights
from xai.typing import Bools, Floats

DEFAULT_BATCH = 64
TRIED = 12  # coalitions by which it is measured what rounding adds

Values = Callable[[Bools], Floats]


class Game(Protocol):
    n_players: int
    labels: list[str]

    def __call__(self, coalitions: Bools, /) -> Floats: ...


class PricedGame(Game, Protocol):
    """A game that names its outputs and says what a coalition costs, beside others of its kind."""

    outputs: list[str]
    work: float
    batch_size: int


G = TypeVar("G", bound=PricedGame)


class JoinedGame(Generic[G]):
    """The columns of several games of the same players side by side, so that one ledger serves them all.

    outputs : those of the games, one after the other;  work, batch_size : what evaluating all of them costs
    difference : (k,) weights of the first game's columns less those of the others
    """

    def __init__(self, *games: G) -> None:
        if len({game.n_players for game in games}) != 1:
            raise ValueError(f"the games have {[game.n_players for game in games]} players; they must have the same")
        self.games, self.n_players, self.labels = games, games[0].n_players, games[0].labels
        self.outputs = [output for game in games for output in game.outputs]
        self.difference = [1.0 if game is games[0] else -1.0 for game in games for _ in game.outputs]
        self.work = sum(game.work for game in games)
        self.batch_size = min(game.batch_size for game in games)

    def __call__(self, coalitions: Bools) -> Floats:
        return np.concatenate([game(coalitions) for game in self.games], axis=1)

    @property
    def full(self) -> Values | None:
        """Where these are of one model, which rounds in all of them or in none."""
        full = [full_of(game) for game in self.games]
        return None if None in full else lambda coalitions: np.concatenate([of(coalitions) for of in full if of], axis=1)


class WeightedGame:
    """The weighted sum of a game's output columns, weights (k,): one value (m,) per coalition."""

    def __init__(self, game: Game, weights: ArrayLike) -> None:
        self.game, self.weights = game, np.asarray(weights, dtype=np.float64)
        self.n_players, self.labels = game.n_players, game.labels

    def __call__(self, coalitions: Bools) -> Floats:
        return self.of(np.asarray(self.game(coalitions), dtype=np.float64))

    @property
    def full(self) -> Values | None:
        full = full_of(self.game)
        return None if full is None else lambda coalitions: self.of(np.asarray(full(coalitions), dtype=np.float64))

    def of(self, values: Floats) -> Floats:
        table = values.reshape(len(values), -1)
        return table @ check_weights(self.weights, table.shape[1])


def full_of(game: object) -> Values | None:
    """What gives a game's values unrounded; None where the game itself does."""
    full: Values | None = getattr(game, "full", None)
    return full


def rounding_of(game: Game, rows: Bools | None = None, values: Floats | None = None) -> Floats | None:
    """(k, k) covariance of what rounding adds to the columns of a game, over some coalitions; None for nothing.

    rows, values : coalitions (m, n) and what the game says of them, where that is known; else they are drawn at random
    """
    full = full_of(game)
    if full is None:
        return None
    if rows is None or values is None:
        rows = np.random.default_rng(0).random((TRIED, game.n_players)) < 0.5
        values = np.asarray(game(rows), dtype=np.float64)
    off = (values - full(rows)).reshape(len(rows), -1)
    found: Floats = np.cov(off, rowvar=False).reshape(2 * off.shape[1:])
    return found


def error_of(rounding: Floats, players: int) -> Floats:
    """(k, k) covariance that rounding adds to each of so many players' values: 4 / n of what it adds to a coalition's.

    A Banzhaf value is twice a Fourier coefficient of v, and by Parseval's identity their squares add up to no more than the
    variance of v: so whatever rounding is, noise or a map of its own, 4 σ² / n is the most that it adds to a value, in the
    mean over the players. Shapley values, which lean on fewer coalitions, have as much of noise and of what adds up.
    """
    return 4.0 * rounding / players


def check_game(game: object) -> tuple[int, list[str]]:
    """Number of players and their labels; TypeError or ValueError where `game` is not one."""
    if not callable(game) or not hasattr(game, "n_players"):
        raise TypeError(f"a game must be callable and have n_players; got {type(game).__name__}")
    n = int(game.n_players)
    if n < 1:
        raise ValueError(f"a game needs at least one player; got n_players={n}")
    labels = getattr(game, "labels", None)
    labels = [f"player {i}" for i in range(n)] if labels is None else [str(label) for label in labels]
    if len(labels) != n:
        raise ValueError(f"the game names {len(labels)} labels for {n} players; it needs one label per player")
    return n, labels


def check_values(values: ArrayLike, coalitions: Bools) -> Floats:
    """Values of a game as float64 (m,) or (m, k); ValueError for another shape or anything not finite."""
    values = np.asarray(values, dtype=np.float64)
    if values.ndim not in (1, 2) or len(values) != len(coalitions):
        raise ValueError(
            f"the game returned values of shape {values.shape} for {len(coalitions)} coalitions; "
            f"allowed are ({len(coalitions)},) and ({len(coalitions)}, k)"
        )
    bad = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        present = np.flatnonzero(coalitions[row]).tolist()
        raise ValueError(
            f"the game returned {values[row]} for the coalition with players {present} present; values must be finite"
        )
    return values
