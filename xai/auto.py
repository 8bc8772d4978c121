"""The method "auto": which solver the values themselves speak for.

Banzhaf: the calls of "orthogonal", solved by least squares or by the posterior of "walsh", whichever foretells a pair
from the others better. Shapley: "walsh", and "leverage" beyond the pairs that a posterior can hold. Both are exact
where the budget covers all coalitions (`xai.methods.choose`).
"""

import numpy as np

from xai.designs import Design
from xai.orthogonal import orthogonal_solve
from xai.shapley import leverage_design, leverage_solve
from xai.solvers import Estimate, odd_parts
from xai.spectral import MAX_PAIRS, pairs_of, posterior_estimate, walsh_design, walsh_shapley
from xai.walsh import leave_one_out

MAX_COMPARED = 2000  # pairs up to which both solvers are tried; beyond, least squares


def auto_banzhaf(design: Design, values: np.ndarray) -> Estimate:
    """Least squares or posterior on an orthogonal design, by their leave-one-out errors; the note says which."""
    rows, odd = pairs_of(design, values)
    if len(rows) - 1 > MAX_COMPARED:
        return _named(orthogonal_solve(design, values), "least squares")
    scale = np.sqrt(np.square(odd).mean(axis=0))
    varies = scale > 1e-13 * np.abs(values).max(axis=0)
    estimate, prior = posterior_estimate("banzhaf", rows, odd, values)
    if prior is None:
        return _named(estimate, "enumeration of all coalitions")
    x = np.where(rows, 1.0, -1.0)
    foretold = leave_one_out(x, odd[:, varies] / scale[varies], prior)[1:]
    linear = _linear_leave_one_out(*odd_parts(design, values))[:, varies] / scale[varies]
    if np.square(foretold).mean() <= np.square(linear).mean():
        return _named(estimate, "a posterior over Walsh coefficients")
    return _named(orthogonal_solve(design, values), "least squares")


def auto_shapley_design(n: int, budget: int, seed: int) -> Design:
    """That of "walsh", or of "leverage" where the budget is beyond it."""
    beyond = (budget - 2) // 2 > MAX_PAIRS and n > MAX_PAIRS.bit_length()
    return leverage_design(n, budget, seed) if beyond else walsh_design(n, budget, seed)


def auto_shapley(design: Design, values: np.ndarray) -> Estimate:
    """The solver that belongs to the design: only that of "leverage" has weights."""
    if design.weights is not None:
        return _named(leverage_solve(design, values), "Leverage SHAP")
    return _named(walsh_shapley(design, values), "a posterior over Walsh coefficients")


def _linear_leave_one_out(rows, odd):
    """What least squares on the other pairs leaves of each pair's odd part (h, k); infinite where it has no answer."""
    a = np.where(rows, 0.5, -0.5)
    if len(a) <= a.shape[1] or np.linalg.matrix_rank(a) < a.shape[1]:
        return np.full_like(odd, np.inf)
    influence = np.linalg.inv(a.T @ a) @ a.T
    freedom = 1.0 - np.einsum("np,pn->p", influence, a)
    return (odd - a @ (influence @ odd)) / np.maximum(freedom, 1e-9)[:, None]


def _named(estimate, solver) -> Estimate:
    note = " ".join(filter(None, [f"Solved by {solver}.", estimate.note]))
    return Estimate(estimate.values, estimate.standard_error, estimate.covariance, note)
