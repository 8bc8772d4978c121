"""KernelSHAP through the shap package itself, split into a design and a solver.

`shap.KernelExplainer` draws its coalitions, calls the model once with all of them and solves. To batch, report
progress and cancel, it is run with a model that only records what is asked: that is the design, with shap's own
weights. The solver is shap's own too, given those coalitions, weights and the values that they have. What is drawn
comes from numpy's global state, which is therefore seeded and put back under a lock; no model call happens while the
lock is held.
"""

import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from math import comb
from typing import Any

import numpy as np

from xai.estimators.designs import Design, with_ends
from xai.estimators.solvers import Estimate, spread
from xai.typing import Floats

_global_state = threading.Lock()


def kernelshap_design(n: int, budget: int, seed: int) -> Design:
    """The coalitions that shap.KernelExplainer(nsamples = budget − 2) asks for, after v(∅) and v(N), and its weights."""
    asked, weights = [], np.zeros(0)

    def record(rows: Floats) -> Floats:
        asked.append(rows.astype(bool))
        return np.zeros(len(rows))

    with _global_state, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = np.random.get_state()
        np.random.seed(seed % 2**32)
        try:
            explainer = _explainer(record, n)
            explainer.shap_values(np.ones((1, n)), nsamples=budget - 2, l1_reg=False, silent=True)
        finally:
            np.random.set_state(before)
    rows = np.concatenate([np.zeros((0, n), bool), *asked[2:]])
    if n > 1:
        weights = explainer.kernelWeights[: len(rows)]  # near 2^n shap may stop before it has filled all its room
    return with_ends(rows, budget, seed, np.append([0.0, 0.0], weights))


def kernelshap_solve(design: Design, values: Floats) -> Estimate:
    """What shap.KernelExplainer makes of these values, column by column (m, k)."""
    n, k = design.coalitions.shape[1], values.shape[1]
    gains = values - values[0]
    assert design.weights is not None
    if n == 1:
        return Estimate(gains[1:2].copy(), np.zeros((1, k)))
    with _global_state, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        explainer = _explainer(lambda rows: np.zeros((len(rows), k)), n)
        explainer.M, explainer.l1_reg = n, False
        explainer.maskMatrix, explainer.kernelWeights = design.coalitions[2:].astype(float), design.weights[2:]
        explainer.ey, explainer.fx = gains[2:], gains[1]
        result = np.column_stack([explainer.solve(1.0, column)[0] for column in range(k)])
    if any("singular" in str(warning.message) for warning in caught):
        note = "Fewer coalitions than players: shap's regression was singular and it returned a least-norm answer."
        return Estimate(result, np.full_like(result, np.nan), note=note)
    return Estimate(result, *_errors(result, design, values))


def _explainer(model: Callable[[Floats], Floats], n: int) -> Any:
    """One baseline row of zeros: a row's ones are the players that are present."""
    return _shap().KernelExplainer(model, np.zeros((1, n)))  # whose imports warn, too


@cache
def _shap() -> Any:
    """The package. It keeps an error of its own import for good, and with it whatever called that: here an empty thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(import_module, "shap").result()


def _errors(result: Floats, design: Design, values: Floats) -> tuple[Floats, Floats | None]:
    """Standard error (HC2) and covariance of shap's own weighted regression, over its pairs S, S̄.

    shap enumerates the smallest and largest sizes and samples the rest; only what it sampled has an error.
    """
    assert design.weights is not None
    n, used = design.coalitions.shape[1], np.flatnonzero(design.weights)
    masks, weights, value = design.coalitions[used], design.weights[used], values[used] - values[0]
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
    summed = np.column_stack([np.bincount(where, column, pairs) for column in signed.T])
    pair_influence = np.zeros((n, pairs))
    pair_influence[:, where] = influence * np.where(masks[:, 0], 1.0, -1.0)
    return spread(pair_influence, summed)  # type: ignore[arg-type] # numpy's stub forgets that weighted counts are floats
