"""Orthogonal designs for Banzhaf values: which pairs of coalitions leave the fewest terms of a game confounded.

A pair S, S̄ measures the odd part (v(S) − v(S̄))/2 = Σ v̂(T)·χ_T(S), |T| odd, and the value of player i is 2·v̂({i}).
Coalitions whose signs form an array of strength t (`codes`) keep v̂({i}) apart from every term of fewer than t
players: strength 3 is exact for games of degree ≤ 2, strength 5 for degree ≤ 4. Model calls are the cost, so this is
where they are saved: independent pairs would let every term of degree 3 pass for linear at the rate of 1/pairs.
Each block of rows is shifted by a random coalition and its columns belong to players in random order. The shift
alone makes every linear estimate on these rows unbiased, for it gives each term that is confounded a random sign.
"""

import numpy as np
from scipy.special import stdtrit

from xai.estimators.codes import hadamard, hadamard_order, nested_code, strengths
from xai.estimators.designs import MAX_EXACT_PLAYERS, Design, paired, with_ends
from xai.estimators.evidence import flat_prior
from xai.estimators.solvers import Estimate, exact, least_squares, odd_parts, spread
from xai.estimators.walsh import Prior
from xai.typing import Bools, Floats

_CROSSINGS = 40  # draws of what is left of a Hadamard matrix that is larger than the players are many
_TERMS = 300  # terms of each degree, fewer of very many pairs, drawn to see how many the design confounds


def orthogonal(n: int, budget: int, seed: int) -> Design:
    """Pairs from Hadamard matrices at small budgets, then from nested codes of growing strength.

    An odd budget leaves one evaluation unspent. Below the size of the first complete code (2n to 8n evaluations) the
    pairs are the rows of Hadamard matrices of the smallest order ≥ n, so that 2n evaluations, and a few more where n is
    no multiple of 4, are orthogonal already. From there on a larger budget begins with the rows of the smaller one.
    A budget that covers all 2^n coalitions takes each once.
    """
    pairs = 2 ** (n - 1) if n < 64 and budget >= 2**n else max(0, budget - 2) // 2
    return with_ends(paired(orthogonal_pairs(n, pairs, seed)), budget, seed)


def orthogonal_pairs(n: int, pairs: int, seed: int) -> Bools:
    """The first coalition of each pair, bool (pairs, n); no pair occurs twice unless they exceed 2^(n−1)."""
    pairs = min(pairs, 2 ** (n - 1))
    rng = np.random.default_rng(seed)
    code, levels = nested_code(n, int(max(pairs - 1, 1)).bit_length())
    first = 2 ** levels[0] if levels else 1
    if pairs < first - 1 and hadamard_order(n) < first:
        return hadamard_pairs(n, pairs, rng)
    rows = np.broadcast_to(rng.random(n) < 0.5, (pairs, n)).copy()
    code = code[:, rng.permutation(n)]
    for bit, generator in enumerate(code):
        rows[(np.arange(pairs) >> bit) & 1 == 1] ^= generator
    return rows


def complete_pairs(n: int, pairs: int) -> tuple[int, int]:
    """(count, strength) of the most of the design's first pairs that are a whole code of strength 5 or more; (0, 1) if none.

    Least squares on these alone is exact for every game of degree below the strength; on more, only once they are whole
    again.
    """
    known = strengths(n, int(max(pairs - 1, 1)).bit_length())
    bits = max((bits for bits in range(len(known)) if 2**bits <= pairs), default=0)
    return (2**bits, known[bits]) if known[bits] >= 5 else (0, 1)


def linear_pairs(n: int) -> int:
    """How many pairs of the design hold every player's value apart from the others', whatever the seed.

    From there on least squares is exact for games of degree ≤ 2, whose odd parts are linear. Of a Hadamard matrix of
    order k > n any k − 1 rows do: what a row takes away from the n columns is orthogonal to a column that is left out.
    """
    order, levels = hadamard_order(n), nested_code(n, 1)[1]
    first = 2 ** levels[0] if levels else 1
    if order < first:
        return order - (order > n)
    rows = np.where(orthogonal_pairs(n, first, 0), 1.0, -1.0)
    return next(pairs for pairs in range(n, first + 1) if np.linalg.matrix_rank(rows[:pairs]) == n)


def hadamard_pairs(n: int, pairs: int, rng: np.random.Generator) -> Bools:
    """Rows (pairs, n) of Hadamard matrices of the smallest order ≥ n, each shifted, its rows and columns in random order."""
    order = hadamard_order(n)
    matrix = hadamard(order) > 0
    blocks = []
    for _ in range(-(-pairs // order)):
        columns = rng.choice(order, n, replace=False)
        blocks.append(matrix[np.ix_(rng.permutation(order), columns)] ^ (rng.random(n) < 0.5))
    return np.concatenate([np.zeros((0, n), bool), *blocks])[:pairs]


def balanced_pairs(n: int, seed: int) -> Bools:
    """The first coalitions (n − 1, n) of pairs that with ∅, N leave no game of degree 2 open, as orthogonal as can be.

    Rows of a Hadamard matrix of an order m ≥ n, one of which is the pair ∅, N, for the signs of its columns are those of that
    row. Without k = m − n rows and columns it has full rank where the k × k part in which they cross has (Jacobi 1841): of
    `_CROSSINGS` draws the one is taken whose part has the largest determinant.
    """
    rng, order = np.random.default_rng(seed), hadamard_order(n)
    matrix = hadamard(order).astype(float)
    best, found = -1.0, np.zeros((n - 1, n), bool)
    for _ in range(_CROSSINGS if order > n else 1):
        ends, *others = rng.permutation(order)
        columns, rows = rng.permutation(order), np.array(others, int)
        signs = matrix[rows][:, columns] * matrix[ends, columns]
        size = abs(np.linalg.det(signs[n - 1 :, n:]))
        if size > best:
            best, found = size, signs[: n - 1, :n] > 0
    return found


def orthogonal_solve(design: Design, values: Floats) -> Estimate:
    """Least squares without intercept on the pairs, as `solvers.least_squares`, with the errors of this design.

    On complete blocks it equals the plain mean; on a block filled in part it takes the linear part's share out, which
    the mean leaves in. With fewer pairs than players it is that mean. Errors: those of independent pairs (HC2, widened
    by Student's t), times how much less of each degree this design confounds with single players. How the residual
    divides into degrees is the prior of greatest evidence (`evidence`); a complete design of strength 5 thus
    answers only for what it takes to be of degree 5 and more.
    """
    estimate = least_squares(design, values)
    rows, odd = odd_parts(design, values)
    h, n = rows.shape
    if n <= MAX_EXACT_PLAYERS and h == 2 ** (n - 1):
        return exact(estimate.values)
    a = np.where(rows, 0.5, -0.5)
    if h <= n or estimate.note:
        return estimate
    influence = np.linalg.inv(a.T @ a) @ a.T
    residual = odd - a @ estimate.values
    freedom = 1.0 - np.einsum("np,pn->p", influence, a)
    scale = np.sqrt(np.square(odd).mean(axis=0))
    varies = scale > 1e-13 * np.abs(values).max(axis=0)
    if freedom.min() < 1e-9 or not varies.any():
        return estimate
    widened = stdtrit(h - n, 0.975) / stdtrit(np.inf, 0.975)
    share = _confounded_share(influence, 2.0 * a, flat_prior(2.0 * a, odd[:, varies] / scale[varies]))
    return Estimate(estimate.values, *spread(influence, residual * (widened * np.sqrt(share / freedom))[:, None]))


def _confounded_share(influence: Floats, x: Floats, prior: Prior) -> float:
    """Variance that terms above degree 1 leave in the estimates influence @ odd, over that from independent pairs."""
    n, rng = x.shape[1], np.random.default_rng(0)
    independent = np.square(influence).sum(axis=1).mean()
    energy = np.append(prior.energy[1:], prior.noise)
    left = np.array([0.0, 0.0, prior.noise])
    count = min(_TERMS, 30 + 1_000_000 // len(x))
    for d, degree in enumerate((3, 5)):
        if degree <= n:
            terms = rng.permuted(np.tile(np.arange(n), (count, 1)), axis=1)[:, :degree]
            taken = influence @ x[:, terms].prod(axis=2)  # (n, count): what each term adds to each value
            left[d] = energy[d] * np.square(taken).mean() / independent
    return float(left.sum() / energy.sum())
