"""The maps that are read: Swing's two, and those that they are held against."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from xai import explain

GRADIENT = "gradient × input"


class Counted(Protocol):
    """A game with one output that counts its evaluations.

    gradient_input : () → (n,), gradient × (input − what stands for an absent player), asked where the model has gradients
    """

    n_players: int
    labels: list[str]
    batch_size: int
    asked: int

    def __call__(self, coalitions) -> np.ndarray: ...

    def gradient_input(self) -> np.ndarray: ...


def occlusion(game: Counted, budget: int, seed: int) -> np.ndarray:
    """What is lost without each player alone."""
    rows = np.concatenate([np.ones((1, game.n_players), bool), ~np.eye(game.n_players, dtype=bool)])
    values = game(rows)
    return values[0] - values[1:]


def gradient_input(game: Counted, budget: int, seed: int) -> np.ndarray:
    """Gradient × (input − what stands for absent players): one pass forwards and back, counted as an evaluation."""
    game.asked += 1
    return game.gradient_input()


def random(game: Counted, budget: int, seed: int) -> np.ndarray:
    """Values that know nothing, with a right sum: the change from no player to all in shares drawn at random."""
    ends = game(np.array([np.zeros(game.n_players, bool), np.ones(game.n_players, bool)]))
    return (ends[1] - ends[0]) * np.random.default_rng([seed, 9]).dirichlet(np.ones(game.n_players))


MAPS: dict[str, Callable[[Counted, int, int], np.ndarray]] = {
    "Banzhaf": lambda game, budget, seed: explain(game, "banzhaf", budget=budget, seed=seed).values,
    "Shapley": lambda game, budget, seed: explain(game, "shapley", budget=budget, seed=seed).values,
    "occlusion": occlusion,
    GRADIENT: gradient_input,
    "random": random,
}
