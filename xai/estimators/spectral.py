"""The method "walsh": one design for Banzhaf and Shapley values, and its solvers on the posterior of `walsh`.

Three pairs in four are orthogonal (`orthogonal`): coalitions of about half the players, which is where Banzhaf
values live. The fourth is a ladder of coalition sizes: every single player (and all but that one), then every two
players, and so on. Shapley values weigh all sizes alike, and uniform coalitions hardly ever show the extreme ones.
Where Shapley values alone are asked for, the first rung is filled up sooner (`shapley_design`).
"""

from collections.abc import Callable, Iterator
from itertools import combinations
from math import comb

import numpy as np

from xai.estimators.designs import MAX_EXACT_PLAYERS, Design, paired, with_ends
from xai.estimators.evidence import choose_prior
from xai.estimators.orthogonal import orthogonal_pairs
from xai.estimators.shapley import pair_values
from xai.estimators.solvers import MAX_COVARIANCE, Estimate, exact_banzhaf, exact_shapley
from xai.estimators.walsh import Fit, committee, posterior
from xai.typing import Bools, Floats

MAX_PAIRS = 16000  # some seconds for 256 players; more budget is left unspent
LADDER_EVERY = 4  # one pair in so many climbs the ladder
# Calibrated over seeds on tables, networks and language-model games: a posterior variance is multiplied by
# a·(1 + b·(n/h)²), for with few pairs the prior itself is uncertain. Terms above degree 5, which the prior calls noise,
# are part of a Shapley value too: of their energy this share, over n, joins its variance.
_CALIBRATION = {"banzhaf": (1.25, 1.5), "shapley": (0.95, 4.0)}
_TAIL = 2.0 / 7.0
_CORRECTED = 5  # pairs per player from which a regression on what the posterior left gains more than it adds of chance


def walsh_design(n: int, budget: int, seed: int) -> Design:
    """v(∅), v(N), then pairs: three of the orthogonal design, one of the ladder of sizes, and so on; none twice.

    The same for both indices, so that the second costs nothing. An odd budget leaves one evaluation unspent, and a
    budget beyond 2·MAX_PAIRS + 2 leaves the rest. A budget that covers all 2^n coalitions takes each once.
    """
    return _climbing(n, budget, seed, lambda pairs: pairs // LADDER_EVERY)


def shapley_design(n: int, budget: int, seed: int) -> Design:
    """As `walsh_design`, but between 1.25 and 2.25 pairs per player all go to single players, until each had its turn.

    Whole, that rung tells the marginals at ∅ and at N, which are 2/n of a Shapley value; a part of it says little. At 4 to 8
    evaluations per player the errors were measured at 0.4 to 1.0 of those of `walsh_design`, and those of Banzhaf values
    above them by a fifth.
    """
    return _climbing(n, budget, seed, lambda pairs: max(pairs // LADDER_EVERY, min(pairs - n - n // 4, n)))


def _climbing(n: int, budget: int, seed: int, climbed: Callable[[int], int]) -> Design:
    """Orthogonal pairs and, of the first so many pairs, climbed(so many) of the ladder: at most one more for one more."""
    every = 2 ** (n - 1) - 1 if n < 64 else np.inf
    pairs = int(min(max(0, budget - 2) // 2, every, MAX_PAIRS))
    middle, climb = iter(orthogonal_pairs(n, pairs - climbed(pairs), seed)), _ladder(n, seed)
    seen, turn = {np.zeros(n, bool).tobytes()}, 0
    rows: list[Bools] = []
    while len(rows) < pairs:
        turn += 1
        row = next(climb) if climbed(turn) > climbed(turn - 1) else next(middle, None)
        row = next(climb) if row is None else row  # few players: rows that both sources hold leave room for more
        key = (row ^ row[0]).tobytes()  # the same for a coalition and its complement
        if key not in seen:
            seen.add(key)
            rows.append(row)
    return with_ends(paired(np.array(rows, bool).reshape(-1, n)), budget, seed)


def _ladder(n: int, seed: int) -> Iterator[Bools]:
    """Every coalition of at most half the players, smaller ones first; within a size, all players in turn."""
    rng = np.random.default_rng([seed, n])
    for size in range(1, n // 2 + 1):
        total = comb(n, size)
        seen = set()
        for _ in range(4 * total * size // n + 1):
            order = rng.permutation(n)
            for start in range(0, n - size + 1, size):
                members = tuple(sorted(order[start : start + size].tolist()))
                if members not in seen:
                    seen.add(members)
                    yield np.bincount(members, minlength=n) > 0
            if len(seen) == total:
                break
        else:
            rest = [members for members in combinations(range(n), size) if members not in seen]
            for i in rng.permutation(len(rest)):
                yield np.bincount(rest[i], minlength=n) > 0


def walsh_banzhaf(design: Design, values: Floats) -> Estimate:
    """Posterior means and standard errors of the Banzhaf values; exact where the design holds all 2^n coalitions."""
    return posterior_estimate("banzhaf", *pairs_of(design, values), values)[0]


def walsh_shapley(design: Design, values: Floats) -> Estimate:
    """Posterior means and standard errors of the Shapley values, efficient; exact where all 2^n coalitions are known.

    What the posterior takes for noise belongs to terms of degree 7 and more. From `_CORRECTED` pairs per player on it
    gets a regression of its own, that of Leverage SHAP, and is added: an estimate that a model assists (Särndal,
    Swensson & Wretman 1992), which nears the truth as the coalitions of a size run out, whatever the model lacks.
    Below, what the posterior's sum leaves of v(N) − v(∅) is shared equally.
    """
    return posterior_estimate("shapley", *pairs_of(design, values), values)[0]


def posterior_estimate(index: str, rows: Bools, odd: Floats, even: Floats, values: Floats) -> tuple[Estimate, list[Fit]]:
    """The estimate from pairs (h, n), their odd and even parts (h, k), and the fits; none where nothing was left open.

    values : those of the design, whose size says what of the odd parts is rounding
    """
    n, k = rows.shape[1], odd.shape[1]
    if n <= MAX_EXACT_PLAYERS and len(rows) == 2 ** (n - 1):
        return _exact(index, rows, odd), []
    scale = np.sqrt(np.square(odd).mean(axis=0))
    varies = scale > 1e-13 * np.abs(values).max(axis=0)
    mean, variance, shape, fits = np.zeros((n, k)), np.zeros(n), np.zeros((k, k)), []
    if varies.any():
        x, unit = np.where(rows, 1.0, -1.0), odd[:, varies] / scale[varies]
        energy = np.mean(np.var(even[:, varies], axis=0) / np.square(scale[varies]))
        prior = choose_prior(x, unit, energy)
        fits = committee(x, unit, prior)
        mean[:, varies], variance, shape[np.ix_(varies, varies)] = posterior(index, fits)
        shape *= scale[:, None] * scale
        mean *= scale
        tail = 0.0
        if index == "shapley":
            left = np.zeros_like(odd)
            left[:, varies] = np.concatenate([fit.residual() for fit in fits])
            mean += _shared_rest(rows, left * scale, 2.0 * odd[0] - mean.sum(axis=0))
            tail = _TAIL * prior.noise / n
        level, haste = _CALIBRATION[index]
        variance = level * (1.0 + haste * (n / len(x)) ** 2) * variance + tail
        if index == "shapley":
            variance *= 1.0 - len(rows) / 2.0 ** (n - 1)  # what is left to draw
    error = np.sqrt(variance[:, None] * np.diag(shape))
    covariance = variance[:, None, None] * shape if n * k * k <= MAX_COVARIANCE else None
    return Estimate(mean, error, covariance), fits


def _shared_rest(rows: Bools, left: Floats, total: Floats) -> Floats:
    """Shapley values (n, k), of sum `total` (k,), of what the posterior left (h, k) of the odd parts."""
    n = rows.shape[1]
    if len(rows) <= _CORRECTED * n:
        return np.broadcast_to(total / n, (n, len(total)))
    return pair_values(rows[1:], left[1:], total)


def pairs_of(design: Design, values: Floats) -> tuple[Bools, Floats, Floats]:
    """One coalition of each distinct pair, N of the pair ∅, N first (h, n), its odd part (v(S) − v(S̄))/2 (h, k), and
    its even part (v(S) + v(S̄))/2 less that of the pair ∅, N (h, k).
    """
    rows = np.concatenate([design.coalitions[1:2], design.coalitions[2::2]])
    one = np.concatenate([values[1:2], values[2::2]]) - values[:1]  # a huge offset would cost digits
    other = np.concatenate([values[:1], values[3::2]]) - values[:1]
    odd, even = (one - other) / 2.0, (one + other - one[:1]) / 2.0
    _, first = np.unique(np.packbits(rows ^ rows[:, :1], axis=1), axis=0, return_index=True)
    first = np.sort(first)
    return rows[first], odd[first], even[first]


def _exact(index: str, rows: Bools, odd: Floats) -> Estimate:
    """Both indices see the odd part alone, so that of every pair is all there is to know."""
    solver = exact_banzhaf if index == "banzhaf" else exact_shapley
    return solver(Design(np.concatenate([rows, ~rows]), 2 * len(rows), 0), np.concatenate([odd, -odd]))
