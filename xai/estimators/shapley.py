"""Shapley values from sampled coalitions: Leverage SHAP and antithetic permutations; errors of weighted regressions."""

from math import comb

import numpy as np
from scipy.special import stdtrit

from xai.estimators.designs import Design, paired, with_ends
from xai.estimators.solvers import Estimate, mean_of, odd_parts, spread
from xai.typing import Bools, Floats, Ints


def leverage_design(n: int, budget: int, seed: int) -> Design:
    """Pairs S, S̄, their sizes uniform, without replacement (Leverage SHAP, Musco & Witter 2024).

    Every coalition of size s is taken with probability min(1, c/C(n, s)), c such that the budget is spent; an odd
    budget leaves one evaluation unspent. The weights are the Shapley kernel's over these probabilities. A larger
    budget with the same seed begins where the smaller ended, size by size.
    """
    sizes = np.arange(1, n // 2 + 1)
    capacity = _capacity(sizes, n)
    pairs = int(min(max(0, budget - 2) // 2, capacity.sum()))
    counts = _share_out(capacity, sizes, n, pairs, np.random.default_rng(seed))
    drawn = [_distinct(n, int(s), int(m), np.random.default_rng([seed, int(s)])) for s, m in zip(sizes, counts)]
    rows = np.concatenate([np.zeros((0, n), bool), *drawn])
    return with_ends(paired(rows), budget, seed, np.concatenate([[0.0, 0.0], np.repeat(kernel_weights(rows), 2)]))


def kernel_weights(rows: Bools) -> Floats:
    """The Shapley kernel of all pairs of a row's size, up to a constant, over the rows (h, n) taken of it."""
    present, where, counts, _ = _sizes(rows)
    n = rows.shape[1]
    weights: Floats = np.where(2 * present == n, 0.5, 1.0) / (present * (n - present) * counts)
    return weights[where]


def _capacity(sizes: Ints, n: int) -> Floats:
    """How many pairs S, S̄ there are of each size, at most 10^18: more than anyone takes."""
    return np.array([min(comb(n, int(s)) // (2 if 2 * s == n else 1), 10**18) for s in sizes], dtype=float)


def _share_out(capacity: Floats, sizes: Ints, n: int, pairs: int, rng: np.random.Generator) -> Ints:
    """How many pairs of each size: floor(expected + u), which grows with the budget, sums to `pairs`."""
    offset = rng.random(len(sizes))
    share = np.where(2 * sizes == n, 1.0, 2.0)  # a pair of size n/2 stands for one size, others for two

    def counts(c: float) -> Floats:
        return np.minimum(np.floor(np.minimum(capacity, c * share) + offset), capacity)

    low, high = 0.0, pairs + 1.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if counts(middle).sum() <= pairs else (low, middle)
    found = counts(low).astype(int)
    for i in np.argsort(-np.sign(pairs - found.sum()) * offset):
        step = int(np.sign(pairs - found.sum()))
        if step and 0 <= found[i] + step <= capacity[i]:
            found[i] += step
    return found


def _distinct(n: int, size: int, count: int, rng: np.random.Generator) -> Bools:
    """`count` distinct coalitions of `size` in random order; of those of half the players one of each pair."""
    rows = np.zeros((0, n), bool)
    while len(rows) < count:  # one order of the players after the other, however many at a time, so more begin alike
        orders = rng.permuted(np.tile(np.arange(n), (max(count - len(rows), count // 2, 1), 1)), axis=1)
        drawn = np.zeros(orders.shape, bool)
        np.put_along_axis(drawn, orders[:, :size], True, axis=1)
        rows = np.concatenate([rows, drawn])
        alike = rows ^ rows[:, :1] if 2 * size == n else rows
        first: dict[bytes, int] = {}
        for i, row in enumerate(np.packbits(alike, axis=1)):
            first.setdefault(row.tobytes(), i)
        rows = rows[list(first.values())]
    return rows[:count]


def leverage_solve(design: Design, values: Floats) -> Estimate:
    """φ = total/n + argmin Σ w (odd − (z − ½)·φ)² over Σφ = 0, with HC2 errors of independent pairs.

    Both rows of a pair say the same of the odd part, so one equation per pair is the whole regression. Errors are less
    for sizes that are nearly exhausted: what is taken whole has no sampling error.
    """
    assert design.weights is not None
    (rows, odd), total, weights = odd_parts(design, values), values[1] - values[0], design.weights[2::2, None]
    n, (_, where, counts, capacity) = rows.shape[1], _sizes(rows)
    open_share = 1.0 - (counts / capacity)[where]
    target = odd - (rows.sum(axis=1) / n - 0.5)[:, None] * total
    centred = rows - rows.mean(axis=1, keepdims=True)
    influence = np.linalg.pinv(centred.T @ (centred * weights), rcond=1e-10, hermitian=True) @ (centred * weights).T
    estimate = influence @ target
    values = estimate + total / n
    if n == 1:
        return Estimate(values, np.zeros_like(values), np.zeros((1, len(total), len(total))))
    rank = np.linalg.matrix_rank(centred) if len(rows) else 0
    if rank < n - 1:
        note = "Fewer independent pairs than players: the regression has many answers; the one of least norm is shown."
        return Estimate(values, np.full_like(values, np.nan), note=note)
    freedom = 1.0 - np.minimum(np.einsum("np,pn->p", influence, centred), 1.0)
    exhausted = open_share <= 1e-12
    if (freedom[~exhausted] < 1e-9).any():
        return Estimate(values, np.full_like(values, np.nan))
    # Student's t, as in `solvers.mean_of`: with hardly more pairs than players the residuals themselves are few.
    widened = stdtrit(max(1, len(rows) - n + 1), 0.975) / stdtrit(np.inf, 0.975)
    residual = (target - centred @ estimate) * widened * np.sqrt(open_share / np.where(exhausted, 1.0, freedom))[:, None]
    return Estimate(values, *spread(influence, residual))


def pair_values(rows: Bools, odd: Floats, total: Floats) -> Floats:
    """Shapley values (n, k) of sum `total` (k,) from one coalition of each of distinct pairs (h, n) and its odd part (h, k).

    As `leverage_solve`, by the Shapley kernel's weights and without errors: one small system."""
    n, weights = rows.shape[1], kernel_weights(rows)[:, None]
    target = odd - (rows.sum(axis=1) / n - 0.5)[:, None] * total
    centred = rows - rows.mean(axis=1, keepdims=True)
    weighted = centred * weights
    values: Floats = np.linalg.pinv(centred.T @ weighted, rcond=1e-10, hermitian=True) @ (weighted.T @ target) + total / n
    return values


def _sizes(rows: Bools) -> tuple[Ints, Ints, Ints, Floats]:
    """Sizes of the pairs (of the smaller coalition), each row's place among them, pairs taken and all of each size."""
    n, size = rows.shape[1], rows.sum(axis=1)
    present, where, counts = np.unique(np.minimum(size, n - size), return_inverse=True, return_counts=True)
    return present, where, counts, _capacity(present, n)


def permutations(n: int, budget: int, seed: int) -> Design:
    """Random orders and their reverses: after v(∅) and v(N), the n − 1 coalitions on the way of each, two by two.

    One round costs 2(n − 1) evaluations; what is left of the budget after whole rounds stays unspent.
    """
    rounds = (budget - 2) // (2 * (n - 1)) if n > 1 else 0
    rng = np.random.default_rng(seed)
    rows = np.zeros((rounds, 2, max(n - 1, 0), n), bool)
    for r in range(rounds):
        order = rng.permutation(n)
        for direction, players in enumerate((order, order[::-1])):
            for step in range(n - 1):
                rows[r, direction, step:, players[step]] = True
    return with_ends(rows.reshape(-1, n), budget, seed)


def permutation_solve(design: Design, values: Floats) -> Estimate:
    """Mean marginal on the way from ∅ to N over independent pairs of an order and its reverse (antithetic)."""
    n, k = design.coalitions.shape[1], values.shape[1]
    total = values[1] - values[0]
    if n == 1:
        return Estimate(total[None], np.zeros((1, k)), np.zeros((1, k, k)))
    ways = design.coalitions[2:].reshape(-1, n - 1, n)
    passed = (values[2:] - values[0]).reshape(-1, n - 1, k)
    ends = np.broadcast_to(total, (len(ways), 1, k))
    steps = np.diff(np.concatenate([np.zeros((len(ways), 1, k)), passed, ends], axis=1), axis=1)
    entered = n - 1 - ways.sum(axis=1)  # (ways, n): the step at which each player came
    marginals = np.take_along_axis(steps, entered[:, :, None], axis=1)
    return mean_of(marginals.reshape(-1, 2, n, k).mean(axis=1))
