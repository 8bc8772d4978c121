"""The method "auto": which solver the values themselves speak for.

Banzhaf: the calls of "orthogonal", solved by least squares or by the posterior of "walsh", whichever foretells a pair
from the others better. Shapley: "walsh", and "leverage" beyond the pairs that a posterior can hold. Both are exact
where the budget covers all coalitions (`xai.estimators.methods.choose`).
The two keep designs of their own, for the ladder of sizes that Shapley values need was measured to raise the error of
Banzhaf values by 20 to 70 %. Three quarters of the calls are the same, and the Shapley values use the rest as well.
"""

import numpy as np

from xai.estimators.designs import Design
from xai.estimators.orthogonal import orthogonal_solve
from xai.estimators.shapley import leverage_design, leverage_solve
from xai.estimators.solvers import Estimate, gram_inverse
from xai.estimators.spectral import MAX_PAIRS, pairs_of, posterior_estimate, walsh_design, walsh_shapley
from xai.estimators.walsh import Fit
from xai.typing import Bools, Floats, Ints

MAX_JUDGED = 200  # pairs whose leave-one-out errors decide
MAX_COMPARED = 2000  # pairs up to which both solvers are tried; beyond, least squares


def auto_banzhaf(design: Design, values: Floats) -> Estimate:
    """Least squares or posterior on an orthogonal design, by their leave-one-out errors; the note says which."""
    rows, odd, even = pairs_of(design, values)
    if len(rows) - 1 > MAX_COMPARED:
        return _named(orthogonal_solve(design, values), "least squares")
    estimate, fits = posterior_estimate("banzhaf", rows, odd, even, values)
    if not fits:
        return _named(estimate, "enumeration of all coalitions")
    judged = np.arange(1, len(rows))  # not the pair ∅, N, which least squares does not use
    if len(judged) > MAX_JUDGED:
        judged = np.sort(np.random.default_rng(0).choice(judged, MAX_JUDGED, replace=False))
    scale = np.sqrt(np.square(odd).mean(axis=0))
    varies = scale > 1e-13 * np.abs(values).max(axis=0)
    linear = _linear_left_out(rows[1:], odd[1:], judged - 1)[:, varies] / scale[varies]
    if np.square(_left_out(fits, judged)).mean() <= np.square(linear).mean():
        return _named(estimate, "a posterior over Walsh coefficients")
    return _named(orthogonal_solve(design, values), "least squares")


def _left_out(fits: list[Fit], rows: Ints) -> Floats:
    """`Fit.left_out` of rows of all fits together, each foretold by the rest of its own fit."""
    found, start = [], 0
    for fit in fits:
        own = rows[(rows >= start) & (rows < start + len(fit.x))] - start
        found.append(fit.left_out(own))
        start += len(fit.x)
    return np.concatenate(found)


def auto_shapley_design(n: int, budget: int, seed: int) -> Design:
    """That of "walsh", or of "leverage" where the budget is beyond it."""
    beyond = (budget - 2) // 2 > MAX_PAIRS and n > MAX_PAIRS.bit_length()
    return leverage_design(n, budget, seed) if beyond else walsh_design(n, budget, seed)


def auto_shapley(design: Design, values: Floats) -> Estimate:
    """The solver that belongs to the design: only that of "leverage" has weights."""
    if design.weights is not None:
        return _named(leverage_solve(design, values), "Leverage SHAP")
    return _named(walsh_shapley(design, values), "a posterior over Walsh coefficients")


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
