"""What the search through a document's parts will run through the model, told before anything is asked of it."""

import numpy as np

from model.document.game import DocumentGame
from model.document.parts import tree_of
from xai import Ledger, explain_tree, judging_cost
from xai.typing import Bools, Floats

MOST = 100  # evaluations of a rehearsal, for each index; what more of them cost is alike
FACT = 8.0  # what a word in the middle changes, beside noise of `NOISE` by each
NOISE = 0.02


class _Rehearsed:
    """The players of a document, and a fact in its middle that the search will find; what it asks is kept."""

    def __init__(self, game: DocumentGame) -> None:
        self.n_players, self.labels, self.batch_size = game.n_players, game.labels, game.batch_size
        self._weights = np.random.default_rng(0).normal(0.0, NOISE, game.n_players)
        self._weights[game.n_players // 2] = FACT
        self.calls: list[Bools] = []

    def __call__(self, coalitions: Bools) -> Floats:
        self.calls.append(coalitions)
        return coalitions @ self._weights


def tokens_each(game: DocumentGame, budget: int) -> float:
    """Tokens that an evaluation of a run by both indices takes on average, its judging included.

    Coalitions of a search agree on long beginnings, which are run once where the model is run so: how long these are, a
    search with a fact in the middle tells. One near the end takes a half as many, one near the beginning half as many again.
    """
    budget = min(budget, MOST)
    rehearsed = _Rehearsed(game)
    ledger, tree = Ledger(rehearsed), tree_of(game.root, game.text)
    try:
        for index in ("banzhaf", "shapley"):
            explain_tree(rehearsed, tree, index, budget, ledger=ledger)
    except ValueError:  # a budget too small for the uppermost parts, of which the run will tell
        return game.work
    judging = judging_cost(budget)
    return (game.foretell(rehearsed.calls) + judging * game.work) / (ledger.evaluations + judging)
