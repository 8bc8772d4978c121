"""Pairwise interactions: what two players together add beyond what each adds alone, from coalitions already paid.

The Banzhaf interaction of i and j is the mean of v(S∪ij) − v(S∪i) − v(S∪j) + v(S) over all S without them
(Grabisch & Roubens 1999), which is E[4·χ_i χ_j v] over uniform coalitions; the Shapley interaction index weighs the
sizes of S alike.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from xai.checks import check_index, check_whole
from xai.estimators.designs import MAX_EXACT_PLAYERS, every_coalition
from xai.estimators.evidence import best_energies, part_of
from xai.estimators.orthogonal import orthogonal
from xai.estimators.walsh import symmetric_polynomials
from xai.game import Game, error_of
from xai.ledger import Ledger
from xai.threads import one_thread
from xai.typing import Bools, Cancel, Floats, Ints, Progress

_START = np.array([-2.0, -4.0])  # log energy of degree 4 and of the noise, relative to degree 2, that nothing surprises
_FREE = 100.0  # variance of the even part's mean, relative to degree 2
_BLOCK = 2048


@dataclass(frozen=True)
class Interactions:
    """Interactions of all pairs of players.

    Attributes
    ----------
    pairs : (p, 2) int, i < j;  values, standard_error : (p,) or (p, k), units of the game; errors NaN where unknown
    labels : of the players;  index : "banzhaf" or "shapley";  evaluations : paid for this;  note : what was done
    """

    pairs: Ints
    values: Floats
    standard_error: Floats
    labels: list[str]
    index: str
    evaluations: int
    note: str = ""


def interactions(
    ledger_or_game: Ledger | Game,
    index: str = "banzhaf",
    budget: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Interactions:
    """Pairwise interactions of every two players.

    Parameters
    ----------
    ledger_or_game : a Ledger, whose coalitions are all used, or a game
    index : "banzhaf", or "shapley" (the Shapley interaction index, only where all 2^n coalitions are known or allowed)
    budget : most coalitions the ledger may hold after this; with a ledger, None asks for no more than it has

    Raises
    ------
    ValueError : an index or budget that is not allowed, or a ledger with too little to tell
    """
    check_index(index)
    ledger = ledger_or_game if isinstance(ledger_or_game, Ledger) else Ledger(ledger_or_game)
    n, paid = ledger.n_players, ledger.evaluations
    budget = (paid if ledger is ledger_or_game else 512) if budget is None else check_whole("budget", budget)
    covered = n <= MAX_EXACT_PLAYERS and budget >= 2**n
    if budget > paid:
        _pay(ledger, budget, check_whole("seed", seed), progress, cancel)
    rows, values = ledger.known()
    table = values.reshape(len(rows), -1)
    players = np.array(list(combinations(range(n), 2)), int).reshape(-1, 2)
    if covered and len(rows) == 2**n:
        found, error, note = _exact(index, rows, table, players), np.zeros(()), "Exact: all coalitions are known."
    elif index == "shapley":
        raise ValueError(
            f"Shapley interactions need all 2^{n} coalitions of {n} players; the ledger has {len(rows)}, the budget is {budget}"
        )
    else:
        with one_thread():
            found, error, note = _posterior(rows, table, players)
    if ledger.rounding is not None:  # of a pair's four coalitions, by the identity that `game.error_of` names
        error = np.hypot(error, 2.0 * np.sqrt(error_of(ledger.rounding.diagonal(), max(len(players), 1))))
        note += " The errors include what rounding adds."
    shape = (len(players), *values.shape[1:])
    error = np.broadcast_to(error, found.shape).reshape(shape)
    return Interactions(players, found.reshape(shape), error, ledger.labels, index, ledger.evaluations - paid, note)


def _pay(ledger: Ledger, budget: int, seed: int, progress: Progress | None, cancel: Cancel | None) -> None:
    """Orthogonal coalitions, or all of them, up to `budget` in the ledger; what it holds already is not paid again."""
    n = ledger.n_players
    if n <= MAX_EXACT_PLAYERS and budget >= 2**n:
        ledger.evaluate(every_coalition(n, budget, seed).coalitions, progress, cancel)
        return
    rows = orthogonal(n, budget, seed).coalitions
    held = {z.tobytes() for z in ledger.known()[0]} if ledger.evaluations else set()
    fresh = np.array([z.tobytes() not in held for z in rows])
    room = budget - ledger.evaluations
    ledger.evaluate(rows[np.flatnonzero(fresh)[: max(0, room)]], progress, cancel)


def _exact(index: str, rows: Bools, values: Floats, players: Ints) -> Floats:
    x = np.where(rows, 1.0, -1.0)
    n, size = rows.shape[1], rows.sum(axis=1)
    out = np.zeros((len(players), values.shape[1]))
    for p, (i, j) in enumerate(players):
        weight = 4.0 / len(rows)
        if index == "shapley":
            others = size - rows[:, i] - rows[:, j]
            weight = np.array([1.0 / ((n - 1) * comb(n - 2, s)) for s in range(n - 1)])[others]
        out[p] = (x[:, i] * x[:, j] * weight) @ (values - values[0])
    return out


def _posterior(rows: Bools, values: Floats, players: Ints) -> tuple[Floats, Floats, str]:
    """Posterior of 4·v̂({i, j}) given the even parts (v(S) + v(S̄))/2 of all pairs S, S̄ that the ledger holds.

    As `walsh` for the odd part: v̂(T) of |T| = 2 and 4 are independent normal, the mean is free, the rest is noise;
    so coalitions of any size may be used.
    """
    n = rows.shape[1]
    first, even = _even_parts(rows, values)
    if len(first) < n + 2:
        raise ValueError(
            f"interactions of {n} players need at least {n + 2} coalitions whose complement is known as well; "
            f"the ledger has {len(first)}: raise the budget, or fill it with a method that asks for pairs"
        )
    scale = even.std(axis=0)
    varies = scale > 1e-13 * np.abs(values).max(axis=0)
    found, error = np.zeros((len(players), values.shape[1])), np.zeros((len(players), values.shape[1]))
    if varies.any() and n > 1:
        x, data = np.where(first, 1.0, -1.0), ((even - even.mean(axis=0))[:, varies] / scale[varies])
        part = part_of(len(x))
        _, energy, _ = best_energies(_even_kernels(x[part]), data[part], _START, _START)
        matrix = sum(a * kernel for a, kernel in zip(energy, _even_kernels(x)))
        matrix[np.diag_indices(len(x))] += energy[-1]
        factor = cholesky(matrix, lower=True, overwrite_a=True)
        white = solve_triangular(factor, data, lower=True)
        spread = np.sqrt(np.square(white).mean(axis=0)) * scale[varies]
        tau = 1.0 / comb(n, 2)
        for start in range(0, len(players), _BLOCK):
            i, j = players[start : start + _BLOCK].T
            weights = solve_triangular(factor, 4.0 * tau * x[:, i] * x[:, j], lower=True)
            left = np.sqrt(np.maximum(16.0 * tau - np.square(weights).sum(axis=0), 0.0))
            found[start : start + _BLOCK, varies] = weights.T @ white * scale[varies]
            error[start : start + _BLOCK, varies] = left[:, None] * spread
    return found, error, f"Estimated from {len(first)} coalitions and their complements."


def _even_kernels(x: Floats) -> list[Floats]:
    """Covariance of the even part between the rows of x, of degree 2 (and a mean that is free) and of degree 4."""
    n = x.shape[1]
    e = symmetric_polynomials([x @ x.T if k % 2 else float(n) for k in range(1, 5)], 4)
    fourth = e[4] / comb(n, 4) if n >= 4 else np.zeros_like(e[2])
    return [e[2] / comb(n, 2) + _FREE, fourth]


def _even_parts(rows: Bools, values: Floats) -> tuple[Bools, Floats]:
    """One coalition of each pair S, S̄ of which both are known (h, n), and (v(S) + v(S̄))/2 (h, k)."""
    keys = np.packbits(rows ^ rows[:, :1], axis=1)  # the same for a coalition and its complement
    _, where, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    total, first = np.zeros((len(counts), values.shape[1])), np.zeros((len(counts), rows.shape[1]), bool)
    np.add.at(total, where, values - values[0])
    first[where] = rows
    return first[counts == 2], total[counts == 2] / 2.0
