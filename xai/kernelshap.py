"""KernelSHAP through the shap package itself, split into a design and a solver.

`shap.KernelExplainer` draws its coalitions, calls the model once with all of them and solves. To batch, report
progress and cancel, it is run twice with the same seed: once with a model that only records what is asked (the
design), and once with a model that looks the values up (the solver). It draws from numpy's global state, which is
therefore seeded and put back under a lock; no model call happens while the lock is held.
"""

import threading
import warnings
from math import comb

import numpy as np

from xai.designs import Design, with_ends
from xai.solvers import Estimate, spread

_global_state = threading.Lock()


def kernelshap_design(n: int, budget: int, seed: int) -> Design:
    """The coalitions that shap.KernelExplainer(nsamples = budget − 2) asks for, after v(∅) and v(N)."""
    asked = []

    def record(rows):
        asked.append(rows.astype(bool))
        return np.zeros(len(rows))

    _run_shap(record, n, budget, seed)
    return with_ends(np.concatenate([np.zeros((0, n), bool), *asked[2:]]), budget, seed)


def kernelshap_solve(design: Design, values: np.ndarray) -> Estimate:
    """What shap.KernelExplainer makes of these values; all columns (m, k) in one run."""
    n = design.coalitions.shape[1]
    row = {z.tobytes(): i for i, z in enumerate(design.coalitions)}

    def look_up(rows):
        return values[[row[z.tobytes()] for z in rows.astype(bool)]] - values[0]

    result, caught, explainer = _run_shap(look_up, n, design.budget, design.seed)
    result = result.reshape(n, values.shape[1])
    singular = any("singular" in str(warning.message) for warning in caught)
    if singular:
        note = "Fewer coalitions than players: shap's regression was singular and it returned a least-norm answer."
        return Estimate(result, np.full_like(result, np.nan), note=note)
    return Estimate(result, *_errors(explainer, result, design, values))


def _errors(explainer, result, design, values):
    """Standard error (HC2) and covariance of shap's own weighted regression, over its pairs S, S̄.

    shap enumerates the smallest and largest sizes and samples the rest; only what it sampled has an error.
    """
    n = design.coalitions.shape[1]
    if n == 1:
        return np.zeros_like(result), None
    used = explainer.nsamplesAdded
    masks, weights = explainer.maskMatrix[:used].astype(bool), explainer.kernelWeights[:used]
    row = {z.tobytes(): i for i, z in enumerate(design.coalitions)}
    value = values[[row[z.tobytes()] for z in masks]] - values[0]
    first = masks ^ masks[:, :1]  # the same for a coalition and its complement
    _, where = np.unique(np.packbits(first, axis=1), axis=0, return_inverse=True)
    a = masks - masks.mean(axis=1, keepdims=True)
    target = value - masks.mean(axis=1)[:, None] * (values[1] - values[0])
    weighted = a * weights[:, None]
    influence = np.linalg.pinv(a.T @ weighted, rcond=1e-10, hermitian=True) @ weighted.T
    freedom = 1.0 - np.minimum(2.0 * np.einsum("np,pn->p", influence, a), 1.0)  # of a pair: its two rows weigh alike
    size = masks.sum(axis=1)
    counts = np.bincount(size, minlength=n + 1)
    sampled = np.array([counts[s] < comb(n, int(s)) for s in size])
    if (freedom[sampled] < 1e-9).any():
        return np.full_like(result, np.nan), None
    residual = (target - a @ result) * (sampled / np.sqrt(np.where(sampled, freedom, 1.0)))[:, None]
    # The centred rows of a pair are each other's negatives: its influence is one, on the difference of its residuals.
    signed = np.where(masks[:, :1], 1.0, -1.0) * residual
    pairs = where.max() + 1
    summed, pair_influence = np.zeros((pairs, residual.shape[1])), np.zeros((n, pairs))
    np.add.at(summed, where, signed)
    pair_influence[:, where] = influence * np.where(masks[:, 0], 1.0, -1.0)
    return spread(pair_influence, summed)


def _run_shap(model, n, budget, seed):
    with _global_state, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        import shap  # its own imports warn, too

        before = np.random.get_state()
        np.random.seed(seed % 2**32)
        try:
            explainer = shap.KernelExplainer(model, np.zeros((1, n)))
            result = explainer.shap_values(np.ones((1, n)), nsamples=budget - 2, l1_reg=False, silent=True)
        finally:
            np.random.set_state(before)
    return np.asarray(result), caught, explainer
