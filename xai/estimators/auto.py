"""The method "auto": which solver the values themselves speak for.

Banzhaf: the calls of "orthogonal", solved by least squares or by the posterior of "walsh", whichever foretells a pair
from the others better; but always by least squares where the calls are a whole code of strength 5 or more. There the
posterior is the same estimate, each value shrunk by what it takes the confounded terms to be, and no pair tells how large
they are. What shrinking gains on games that have such terms was measured as at most 3 % of the squared error (Gemma 3,
networks, sums of degree 5 and 7); what it costs those that have none, such as most trees, is all the error there is.
With more calls than that the posterior gains up to four times, and the whole code is kept for games that show no term
it would confound. Shapley: the posterior of "walsh", and "leverage" beyond the pairs that a posterior can hold; at two
evaluations per player least squares on pairs that a Hadamard matrix makes as orthogonal as can be, exact where no more
than two players act together. Both are exact where the budget covers all coalitions (`xai.estimators.methods.choose`).
The two keep designs of their own, for the ladder of sizes that Shapley values need was measured to raise the error of
Banzhaf values by 20 to 70 %. Half of the calls or more are the same, and the Shapley values use the rest as well.
"""

import numpy as np
from scipy.linalg import solve_triangular

from xai.estimators.designs import Design, paired, with_ends
from xai.estimators.orthogonal import balanced_pairs, complete_pairs, orthogonal_solve
from xai.estimators.shapley import leverage_design, leverage_solve
from xai.estimators.solvers import Estimate, gram_inverse
from xai.estimators.spectral import MAX_PAIRS, pairs_of, posterior_estimate, shapley_design, walsh_shapley
from xai.estimators.walsh import Fit, Prior
from xai.typing import Bools, Floats, Ints

MAX_JUDGED = 200  # pairs whose leave-one-out errors decide
MAX_COMPARED = 2000  # pairs up to which both solvers are tried; beyond, least squares
FEW = 2.125  # evaluations per player up to which Shapley values are those of least squares
_ROUNDING = 1e-24  # of the energy of the odd parts: what is left of linear ones
_NOTHING = 1e-10  # of the energy of the odd parts, in each direction
_DIRECTIONS = 8


def auto_banzhaf(design: Design, values: Floats) -> Estimate:
    """Least squares or posterior on an orthogonal design, see above; the note says which."""
    rows, odd, even = pairs_of(design, values)
    n, pairs = rows.shape[1], len(design.coalitions) // 2 - 1
    if len(rows) == 2 ** (n - 1):
        return _named(posterior_estimate("banzhaf", rows, odd, even, values)[0], "enumeration of all coalitions")
    whole, strength = complete_pairs(n, pairs)
    if len(rows) - 1 > MAX_COMPARED:
        if whole == pairs:
            return _named(orthogonal_solve(design, values), _on_whole(whole, strength))
        return _named(orthogonal_solve(design, values), "least squares")
    estimate, fits = posterior_estimate("banzhaf", rows, odd, even, values)
    if not fits:  # nothing varies
        return _named(estimate, "least squares")
    scale = np.sqrt(np.square(odd).mean(axis=0))
    varies = scale > 1e-13 * np.abs(values).max(axis=0)
    unit = odd[:, varies] / scale[varies]
    if whole and (whole == pairs or _of_low_degree(rows, unit)):
        part = Design(design.coalitions[: 2 + 2 * whole], design.budget, design.seed)
        found = orthogonal_solve(part, values[: 2 + 2 * whole])
        return _named(_cautious(found, estimate), _on_whole(whole, strength))
    first = 1 - int((design.coalitions[2::2] == design.coalitions[2::2, :1]).all(axis=1).any())
    if pairs == n == len(rows) - first and _linear_holds(rows, unit, first):
        return _named(_cautious(orthogonal_solve(design, values), estimate), "least squares")
    judged = np.arange(first, len(rows))  # the pair ∅, N only where the design itself has it, else least squares does not
    if len(judged) > MAX_JUDGED:
        judged = np.sort(np.random.default_rng(0).choice(judged, MAX_JUDGED, replace=False))
    linear = _linear_left_out(rows[first:], unit[first:], judged - first)
    if np.square(_left_out(fits, judged)).mean() <= np.square(linear).mean():
        return _named(estimate, "a posterior over Walsh coefficients")
    return _named(orthogonal_solve(design, values), "least squares")


def _on_whole(pairs: int, strength: int) -> str:
    return f"least squares on {2 * pairs} coalitions of strength {strength}: exact for games of degree {strength - 1} or less"


def _of_low_degree(rows: Bools, unit: Floats) -> bool:
    """Whether the odd parts `unit` (h, k), of unit scale, show terms of degrees 1 and 3 alone.

    In some directions of these rows no such term has a part: what is seen there is of degree 5 and more, which leaves
    as much in each value of a whole code. Below `_NOTHING` of the whole, that is less than any posterior's error; with
    fewer than `_DIRECTIONS` of them nothing is said.
    """
    x, none = np.where(rows, 1.0, -1.0), 1e-7
    fit = Fit(x, unit, Prior(np.array([0.5, 0.5, 0.0]), none, np.ones(rows.shape[1])))
    seen = np.square(fit.residual()).sum(axis=0).max()
    if seen > _NOTHING * len(rows):
        return False
    inverse = solve_triangular(fit.factor, np.eye(len(rows)), lower=True, check_finite=False)
    directions = none * np.square(inverse).sum()
    return bool(directions >= _DIRECTIONS and seen <= _NOTHING * directions)


def _linear_holds(rows: Bools, unit: Floats, first: int) -> bool:
    """Whether least squares on as many pairs as players, from `first`, foretells the pair ∅, N.

    It does where the odd part is linear. A design that has this pair itself has nothing to be held against: it is taken.
    """
    a = np.where(rows[first:], 0.5, -0.5)
    if gram_inverse(a) is None:
        return False
    missed = unit[:first] - 0.5 * np.linalg.solve(a, unit[first:]).sum(axis=0)
    return first == 0 or bool(np.abs(missed).max() <= np.sqrt(_NOTHING))


def _cautious(found: Estimate, guess: Estimate) -> Estimate:
    """Values found by least squares, with its errors or the posterior's, whichever are larger.

    The residual of a whole code hardly tells what it confounds: least squares' own errors alone were measured to cover
    88 % of the values of some games of degree 7 where these cover 93 to 98 %.
    """
    if found.standard_error is None or guess.standard_error is None:
        return found
    error = np.fmax(found.standard_error, np.hypot(guess.standard_error, found.values - guess.values))
    wider = error / np.maximum(guess.standard_error, 1e-300)
    covariance = None if guess.covariance is None else guess.covariance * wider[:, :, None] * wider[:, None, :]
    return Estimate(found.values, error, covariance)


def _left_out(fits: list[Fit], rows: Ints) -> Floats:
    """`Fit.left_out` of rows of all fits together, each foretold by the rest of its own fit."""
    found, start = [], 0
    for fit in fits:
        own = rows[(rows >= start) & (rows < start + len(fit.x))] - start
        found.append(fit.left_out(own))
        start += len(fit.x)
    return np.concatenate(found)


def auto_shapley_design(n: int, budget: int, seed: int) -> Design:
    """`shapley_design`, begun with `balanced_pairs` at 2 to FEW evaluations per player; that of "leverage" beyond its reach."""
    if (budget - 2) // 2 > MAX_PAIRS and n > MAX_PAIRS.bit_length():
        return leverage_design(n, budget, seed)
    design = shapley_design(n, budget, seed)
    if not _is_small(design):
        return design
    rows = np.concatenate([balanced_pairs(n, seed), design.coalitions[2::2]])
    _, first = np.unique(np.packbits(rows ^ rows[:, :1], axis=1), axis=0, return_index=True)
    return with_ends(paired(rows[np.sort(first)][: len(design.coalitions) // 2 - 1]), budget, seed)


def _is_small(design: Design) -> bool:
    """Whether the pairs of a design are as many as those that begin with `balanced_pairs`."""
    n, coalitions = design.coalitions.shape[1], len(design.coalitions)
    return bool(n > 2 and 2 * n <= coalitions <= FEW * n)


def auto_shapley(design: Design, values: Floats) -> Estimate:
    """The solver that belongs to the design: only that of "leverage" has weights.

    At 2 to FEW evaluations per player least squares on the pairs, with the posterior's errors or their distance from it,
    whichever is larger: so few tell nothing of their own error. What the sum leaves of v(N) − v(∅) is shared equally. With
    more, least squares where the odd parts are linear to the last digits: the posterior would shrink them a little.
    """
    if design.weights is not None:
        return _named(leverage_solve(design, values), "Leverage SHAP")
    guess, (rows, odd, _) = walsh_shapley(design, values), pairs_of(design, values)
    n, small = rows.shape[1], _is_small(design)
    signs = np.where(rows, 0.5, -0.5)
    inverse = gram_inverse(signs) if small or n + _DIRECTIONS <= len(rows) < 2 ** (n - 1) else None
    if inverse is not None:
        found = inverse @ (signs.T @ odd)
        left = np.square(odd - signs @ found).sum(axis=0)
        if small or (left <= _ROUNDING * np.square(odd).sum(axis=0)).all():
            found += (2.0 * odd[0] - found.sum(axis=0)) / n
            least = "least squares on pairs and the pair of none and all: exact for games of degree 2 or less"
            return _named(_cautious(Estimate(found, np.full_like(found, np.nan)), guess), least)
    return _named(guess, "a posterior over Walsh coefficients")


def _linear_left_out(rows: Bools, odd: Floats, judged: Ints) -> Floats:
    """What least squares on the other pairs leaves of each judged odd part (len(judged), k); infinite if it cannot."""
    a = np.where(rows, 0.5, -0.5)
    inverse = gram_inverse(a) if len(a) > a.shape[1] else None
    if inverse is None:
        return np.full((len(judged), odd.shape[1]), np.inf)
    some = a[judged]
    freedom: Floats = 1.0 - np.einsum("pn,nm,pm->p", some, inverse, some, optimize=True)
    return (odd[judged] - some @ (inverse @ (a.T @ odd))) / np.maximum(freedom, 1e-9)[:, None]


def _named(estimate: Estimate, solver: str) -> Estimate:
    note = " ".join(filter(None, [f"Solved by {solver}.", estimate.note]))
    return Estimate(estimate.values, estimate.standard_error, estimate.covariance, note)
