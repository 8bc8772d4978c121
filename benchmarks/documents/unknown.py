"""Errors of two fidelities where no truth is known, at equal cost.

Both estimators spend what `budget` evaluations of the game take. No truth is known of so many players, and none is needed:
with a, b and c from different seeds and b, c unbiased, (a − b)·(a − c) is on average the squared error of a. It is divided by
the product of two unbiased runs, which is on average ‖φ‖². "plain" is the estimator that `two_fidelity` falls back to, and
unbiased as it is; "auto" makes its values of the same coalitions.
"""

from collections.abc import Callable, Iterable
from itertools import combinations

import numpy as np

from benchmarks.documents.two_fidelity import Record
from xai import Attribution, Ledger, explain, two_fidelity
from xai.game import Game

Pair = Callable[[], Iterable[Game]]  # a game and its proxy, made anew


def squared_error(one, others) -> float:
    """Mean of (a − b)·(a − c) over pairs of the others, (n,) each."""
    return float(np.mean([(one - b) @ (one - c) for b, c in combinations(others, 2)]))


def summed(found: Attribution) -> np.ndarray:
    """Values (n,) of the sum of all outputs."""
    return found.values if found.values.ndim == 1 else found.values.sum(axis=1)


def estimates(pair: Pair, cost: float, budget: int, runs: int) -> tuple[dict[str, list[np.ndarray]], list[str]]:
    """Values (n,) of each way, a list over the seeds, and the notes of two fidelities."""
    found: dict[str, list[np.ndarray]] = {"two fidelities": [], "plain": [], "auto": []}
    notes = []
    for seed in range(runs):
        real, cheap = pair()
        both = two_fidelity(real, cheap, budget=budget, seed=seed, cost=cost)
        found["two fidelities"].append(summed(both))
        notes.append(both.note)
        ledger = Ledger(real)
        for method, called in (("orthogonal", "plain"), ("auto", "auto")):
            found[called].append(summed(explain(real, "banzhaf", method, budget, runs + seed, ledger)))
        print(f"seed {seed}: {both.evaluations} evaluations; {both.note} Alone: {ledger.evaluations}.", flush=True)
    return found, notes


def compared(pair: Pair, cost: float, budget: int, runs: int) -> Record:
    """Of a row of the table: Banzhaf values' errors, none where there are too few runs to tell them."""
    if runs < 2:
        return {"index": "banzhaf", "budget": 0}
    found, notes = estimates(pair, cost, budget, runs)
    record: Record = {"index": "banzhaf", "budget": budget}
    sound = [*found["two fidelities"], *found["plain"]]  # unbiased, and of different seeds
    size = float(np.mean([b @ c for b, c in combinations(sound, 2)]))
    for method, values in found.items():
        first = 0 if method == "two fidelities" else runs  # "auto" shares its coalitions with "plain"
        off = [squared_error(one, [*sound[: first + k], *sound[first + k + 1 :]]) for k, one in enumerate(values)]
        record[method] = float(np.mean(off)) / size
    return record | {"used": float(np.mean(["beside" in note for note in notes]))}
