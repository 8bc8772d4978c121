"""Models of made-up tables, half of them with a planted shortcut, and the game of a row."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import lightgbm
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

COLUMNS, ROWS, BACKGROUND = 10, 1500, 30
COPIED = 0.95  # of the rows, in which the shortcut column tells the class


@dataclass
class Planted:
    """A fitted model. margin : rows (m, n) → log-odds (m,);  gradient : the same → (m, n), None for trees

    shortcut : the column that tells the class, None in a model without one;  rows : (r, n) that are explained
    """

    margin: Callable[[np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray], np.ndarray] | None
    shortcut: int | None
    rows: np.ndarray
    background: np.ndarray

    @property
    def has_gradient(self) -> bool:
        return self.gradient is not None

    def game(self, row: np.ndarray) -> "RowGame":
        return RowGame(self, row)


class RowGame:
    """The mean margin over background rows that lend the absent cells; counts its evaluations."""

    def __init__(self, model: Planted, x: np.ndarray) -> None:
        self.model, self.x, self.n_players, self.asked = model, x, len(x), 0
        self.labels, self.batch_size = [f"column {i}" for i in range(len(x))], 4096

    def __call__(self, coalitions) -> np.ndarray:
        rows = np.asarray(coalitions, dtype=bool).reshape(-1, 1, self.n_players)
        self.asked += len(rows)
        mixed = np.where(rows, self.x, self.model.background).reshape(-1, self.n_players)
        return self.model.margin(mixed).reshape(len(rows), -1).mean(axis=1)

    def gradient_input(self) -> np.ndarray:
        """At the row, away from the mean background row, (n,)."""
        return self.model.gradient(self.x[None])[0] * (self.x - self.model.background.mean(axis=0))


def planted(kind: str, seed: int, explained: int) -> Planted:
    """A model of `kind`, "trees" or "network", of its own table; a shortcut is planted where the seed is even.

    The class is told by a sum of nine columns and a product of two; the tenth column, anywhere, is noise or, planted, tells the
    class itself in COPIED of the rows.
    """
    rng = np.random.default_rng([seed, COLUMNS])
    x, place = rng.normal(size=(ROWS, COLUMNS)), int(rng.integers(COLUMNS))
    others = np.delete(np.arange(COLUMNS), place)
    a, b = rng.choice(others, 2, replace=False)
    score = x[:, others] @ rng.normal(size=len(others)) + 2.0 * x[:, a] * x[:, b] + rng.normal(size=ROWS)
    target = score > 0
    if seed % 2 == 0:
        copied = rng.random(ROWS) < COPIED
        x[copied, place] = np.where(target[copied], 1.0, -1.0) + 0.5 * rng.normal(size=copied.sum())
    shortcut = place if seed % 2 == 0 else None
    margin, gradient = (trees if kind == "trees" else network)(x, target, seed)
    return Planted(margin, gradient, shortcut, x[:explained], x[-BACKGROUND:])


def trees(x: np.ndarray, target: np.ndarray, seed: int):
    settings = {"objective": "binary", "num_leaves": 8, "seed": seed, "verbose": -1, "num_threads": 1, "deterministic": True}
    booster = lightgbm.train(settings, lightgbm.Dataset(x, target.astype(float)), 50)
    return lambda rows: booster.predict(rows, raw_score=True), None


def network(x: np.ndarray, target: np.ndarray, seed: int):
    model = MLPClassifier((32,), max_iter=60, random_state=seed, early_stopping=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, target)
    (first, second), (bias, last) = model.coefs_, model.intercepts_

    def margin(rows):
        return (np.maximum(rows @ first + bias, 0.0) @ second + last)[:, 0]

    def gradient(rows):
        return ((rows @ first + bias > 0) * second[:, 0]) @ first.T

    return margin, gradient
