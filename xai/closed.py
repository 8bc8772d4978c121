"""Games whose values need no coalition: trees and linear models have a closed form of them."""

import time
from collections.abc import Callable
from typing import Protocol, TypeGuard

import numpy as np

from xai.attribution import Attribution
from xai.checks import check_index
from xai.game import Game
from xai.ledger import Ledger
from xai.typing import Floats


class ClosedGame(Game, Protocol):
    """exact(index) → exact values, (n,) or (n, k)."""

    exact: Callable[[str], Floats]


def is_closed(game: object) -> TypeGuard[ClosedGame]:
    """Whether a game's exact values have a closed form."""
    return getattr(game, "exact", None) is not None


def closed_form(ledger: Ledger, index: str, seed: int = 0) -> Attribution | None:
    """Exact values (n, k) or, of one output, (n,), from the game's own form; None where it has none.

    Only v(no player) and v(all players) are asked for, which count as no evaluation of the map.
    """
    check_index(index)
    started, game, n = time.perf_counter(), ledger.game, ledger.n_players
    if not is_closed(game):
        return None
    ends = ledger.evaluate(np.array([[False] * n, [True] * n]))
    values = game.exact(index).reshape(n, *ends.shape[1:])
    covariance = np.zeros((n, *2 * (ends[0].size,)))
    seconds = time.perf_counter() - started
    parts = (values, np.zeros_like(values), ledger.labels, index, "exact", seed, 0, 0, seconds, ends[0], ends[1])
    return Attribution(*parts, covariance=covariance)


def is_closed_form(attribution: Attribution) -> bool:
    """Whether exact values came from the model's own form, and not from all coalitions."""
    paid = attribution.evaluations + attribution.reused
    return attribution.method == "exact" and paid < 2 ** len(attribution.labels)
