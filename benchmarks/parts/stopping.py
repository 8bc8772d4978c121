"""How right maps are that stopped when sure, and what that saved: a part of `benchmarks.stability`.

Optional stopping makes a judgement optimistic: a run looks at itself some times, and ends by the look that flatters it. What
is promised is therefore counted over the runs that did stop.
"""

import numpy as np
import pandas as pd

from benchmarks.parts.command import header, row
from benchmarks.parts.trust_games import TRUST_GAMES
from xai import Ledger, explain
from xai.estimators.methods import METHODS
from xai.trust.judge import of_draws
from xai.trust.stopping import SURE_ENOUGH

FACTOR = 40  # evaluations per player, at most
MISLEADING = ("noise", "parity")  # nothing in them is to be sure of
ABLE = [(index, name) for index in METHODS for name in METHODS[index] if not METHODS[index][name].whole]


def ran(task: tuple[str, str, str, int]) -> list[dict]:
    """One record per seed: whether it stopped, when, and what was so."""
    name, index, method, seeds = task
    games, found = TRUST_GAMES[name](), []
    for seed in range(seeds):
        game = games[seed % len(games)]
        budget = FACTOR * game.n_players
        if game.n_players < 20:
            budget = min(budget, 2**game.n_players - 1)
        one = explain(game, index, method, budget, seed, Ledger(game), stop_when_sure=True)
        true = getattr(game, index)
        size, off = float(np.square(true).sum()), float(np.square(one.values - true).sum())
        found.append(
            {"game": name, "index": index, "method": method, "seed": seed, "budget": budget, "spent": one.evaluations}
            | {"stopped": one.budget < budget, "order": of_draws(one.values, true[None])[2]}
            | {"error": off / size if size > 0 else float(off > 0)}
        )
    return found


def stopping_tables(found: pd.DataFrame) -> list[dict]:
    """Prints what was so by method and by game; the records by method."""
    some = found[~found.game.str.startswith(MISLEADING)]
    records = [summed({"index": index, "method": name}, part) for (index, name), part in some.groupby(["index", "method"])]
    records += [summed({"index": index, "method": "all"}, part) for index, part in some.groupby("index")]
    for table in (records, [summed({"game": name}, part) for name, part in found.groupby("game")]):
        header(*table[0])
        for record in table:
            row(*(f"{value:.3g}" if isinstance(value, float) else value for value in record.values()))
        print()
    return records


def summed(of: dict, part: pd.DataFrame) -> dict:
    """Shares of the runs, and of those that stopped."""
    stopped = part[part.stopped]
    return {
        **of,
        "runs": len(part),
        "stopped": float(part.stopped.mean()),
        "in the true order": float(stopped.order.mean()),
        "error below 5 %": float((stopped.error < SURE_ENOUGH).mean()),
        "mean error": float(stopped.error.mean()),
        "evaluations saved, of those that stopped": float(1.0 - stopped.spent.sum() / max(stopped.budget.sum(), 1)),
        "of all": float(1.0 - part.spent.sum() / part.budget.sum()),
    }
