"""KernelSHAP through the shap package itself, split into a design and a solver.

`shap.KernelExplainer` draws its coalitions, calls the model once with all of them and solves. To batch, report
progress and cancel, it is run twice with the same seed: once with a model that only records what is asked (the
design), and once with a model that looks the values up (the solver). It draws from numpy's global state, which is
therefore seeded and put back under a lock; no model call happens while the lock is held.
"""

import threading
import warnings

import numpy as np

from xai.designs import Design, with_ends
from xai.solvers import Estimate

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

    result, caught = _run_shap(look_up, n, design.budget, design.seed)
    singular = any("singular" in str(warning.message) for warning in caught)
    note = "Fewer coalitions than players: shap's regression was singular and it returned a least-norm answer."
    return Estimate(result.reshape(n, values.shape[1]), note=note if singular else "")


def _run_shap(model, n, budget, seed):
    import shap

    with _global_state, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = np.random.get_state()
        np.random.seed(seed % 2**32)
        try:
            explainer = shap.KernelExplainer(model, np.zeros((1, n)))
            result = explainer.shap_values(np.ones((1, n)), nsamples=budget - 2, l1_reg=False, silent=True)
        finally:
            np.random.set_state(before)
    return np.asarray(result), caught
