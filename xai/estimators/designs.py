"""Designs: which coalitions to ask for. Pure functions of (n_players, budget, seed).

Every design begins with the empty and the full coalition: every result shows v(∅) and v(N), the Shapley solvers
need them, and a budget counts them. A design may repeat a coalition; the ledger pays for it once.
Where it can be so, a larger budget with the same seed begins with the rows of the smaller one, so that
adding budget wastes nothing.
"""

from dataclasses import dataclass

import numpy as np

from xai.typing import Bools, Floats, Ints

MAX_EXACT_PLAYERS = 20


@dataclass(frozen=True)
class Design:
    """coalitions : (m, n) bool, row 0 empty, row 1 full;  weights : (m,) regression weights or None.

    p : with which probability each player is present in the coalitions drawn
    """

    coalitions: Bools
    budget: int
    seed: int
    weights: Floats | None = None
    p: float = 0.5


def with_ends(rows: Bools, budget: int, seed: int, weights: Floats | None = None, p: float = 0.5) -> Design:
    """The design of the empty coalition, the full coalition, then `rows`."""
    n = rows.shape[1]
    ends = np.array([np.zeros(n, bool), np.ones(n, bool)])
    return Design(np.concatenate([ends, rows]), budget, seed, weights, p)


def subsets(n: int) -> Bools:
    """All coalitions, (2^n, n); player i is the i-th bit of a row's number."""
    rows: Bools = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1
    return rows


def distinct(coalitions: Bools) -> int:
    """How many different ones there are."""
    return len({row.tobytes() for row in np.packbits(coalitions, axis=1)})


def paired(rows: Bools) -> Bools:
    """Each row followed by its complement."""
    return np.stack([rows, ~rows], axis=1).reshape(-1, rows.shape[1])


def with_further_pairs(design: Design, rows: Bools, most: int) -> tuple[Design, int]:
    """The pairs of the design among every pair S, S̄ of `rows` (m, n) that it lacks; and how many coalitions that adds.

    None are added where there would be more than `most` coalitions: pairs of middle sizes say less and less of Shapley
    values, and on games of high degree many of them were measured to do harm. They are spread evenly, in lexical order,
    so that it does not matter which was paid first. Weights have no meaning here.
    """
    absent = rows[pairs_among(rows)[0]]
    own = {key.tobytes() for key in np.packbits(design.coalitions ^ design.coalitions[:, :1], axis=1)}
    fresh = absent[np.array([key.tobytes() not in own for key in np.packbits(absent, axis=1)], bool)]
    if len(design.coalitions) + 2 * len(fresh) > most:
        fresh = fresh[:0]
    halves = np.concatenate([design.coalitions[2::2], fresh])
    place = [(np.arange(count) + 0.5) / count for count in (len(halves) - len(fresh), len(fresh)) if count]
    halves = halves[np.argsort(np.concatenate([*place, []]), kind="stable")]
    return with_ends(paired(halves), design.budget, design.seed), 2 * len(fresh)


def pairs_among(rows: Bools) -> tuple[Ints, Ints]:
    """Where the pairs S, S̄ stand among distinct rows (m, n): first those without the first player, in lexical order."""
    keys = np.packbits(rows ^ rows[:, :1], axis=1)
    _, where, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    order = np.lexsort((rows[:, 0], where.reshape(-1)))
    both = order[counts[where.reshape(-1)[order]] == 2]
    return both[::2], both[1::2]


def paired_uniform(n: int, budget: int, seed: int) -> Design:
    """Uniform coalitions, drawn with replacement, each followed by its complement (Kernel Banzhaf, Algorithm 1)."""
    drawn = np.random.default_rng(seed).random(((budget - 2) // 2, n)) < 0.5
    return with_ends(paired(drawn), budget, seed)


def independent(n: int, budget: int, seed: int, p: float = 0.5) -> Design:
    """Independent coalitions, uniform for p = ½ (Maximum Sample Reuse, Wang & Jia 2023)."""
    return with_ends(np.random.default_rng(seed).random((budget - 2, n)) < p, budget, seed, p=p)


def marginals(n: int, budget: int, seed: int, p: float = 0.5) -> Design:
    """Rounds of one marginal per player: a random coalition of the others without player i, then with player i."""
    rounds = (budget - 2) // (2 * n)
    rows = np.random.default_rng(seed).random((rounds, n, 1, n)) < p
    rows = np.repeat(rows, 2, axis=2)
    players = np.arange(n)
    rows[:, players, 0, players] = False
    rows[:, players, 1, players] = True
    return with_ends(rows.reshape(-1, n), budget, seed, p=p)


def every_coalition(n: int, budget: int, seed: int, p: float = 0.5) -> Design:
    """All 2^n coalitions, whatever the budget."""
    if n > MAX_EXACT_PLAYERS:
        raise ValueError(f"exact values of {n} players need 2^{n} evaluations; allowed are up to {MAX_EXACT_PLAYERS} players")
    return with_ends(subsets(n)[1:-1], 2**n, seed, p=p)
