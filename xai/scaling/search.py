"""The search for a law's parameters: least Huber loss of log values, by L-BFGS from a grid of starts.

That is the objective and the method of Isik et al. (arXiv 2402.04177). L-BFGS crawls where the loss is nearly absolute
and where parameters trade off, so all its ends are then polished to convergence on the same objective.
"""

from functools import partial

import numpy as np
from scipy.optimize import minimize

from xai.scaling.laws import Law
from xai.threads import one_thread
from xai.typing import Floats

SEARCH = 40  # steps of L-BFGS from each start
STEPS, FEW_STEPS = 100, 60  # most steps of a polish; the second for simulated runs, begun near their law
BEST, MANY_STEPS = 4, 3000  # so many of the polished ends are taken on: where E is far below all losses it is slow
TRIES = 8  # steps without gain that end a polish


@one_thread()
def minimise(law_type: type[Law], x: Floats, log_y: Floats) -> Floats:
    """The three parameters that meet log_y (m,) at x (m,) best; x ascending, around 0."""
    delta, bounds = law_type.delta, law_type.bounds(x)

    def objective(theta: Floats) -> tuple[float, Floats]:
        value, slope = law_type.log_value(theta, x)
        residual = (value - log_y) / delta
        inside = np.clip(residual, -1.0, 1.0)
        return float((inside * residual - inside * inside / 2).sum()), inside @ slope / delta

    search = partial(minimize, objective, jac=True, method="L-BFGS-B", bounds=bounds.tolist(), options={"maxiter": SEARCH})
    ends = np.array([search(start).x for start in law_type.starts(x, log_y)])
    theta, cost = polish(law_type, x, np.broadcast_to(log_y, (len(ends), len(x))), ends)
    best = theta[np.argsort(cost)[:BEST]]
    theta, cost = polish(law_type, x, np.broadcast_to(log_y, (len(best), len(x))), best, MANY_STEPS)
    least: Floats = theta[np.argmin(cost)]
    return least


def polish(law_type: type[Law], x: Floats, log_y: Floats, theta: Floats, steps: int = STEPS) -> tuple[Floats, Floats]:
    """Minima (b, 3) of the same Huber objective near `theta` (b, 3) for the data `log_y` (b, m), and its values (b,).

    Damped Gauss-Newton steps with Huber weights, all b problems at once: they converge where L-BFGS crawls. A parameter
    at a bound that its gradient pushes against is held there.
    """
    delta, (low, high) = law_type.delta, law_type.bounds(x).T

    def state(theta: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        value, slope = law_type.log_value(theta, x)
        residual = value - log_y
        weight = delta / np.maximum(np.abs(residual), delta)
        inside = weight * residual
        return (inside * residual - inside * inside / 2).sum(axis=1), inside, weight, slope

    theta = np.clip(theta, low, high)
    cost, inside, weight, slope = state(theta)
    damping, tries = np.full(len(theta), 1e-3), np.zeros(len(theta), int)
    for _ in range(steps):
        gradient = np.einsum("bm,bmp->bp", inside, slope)
        curvature = np.einsum("bmp,bm,bmq->bpq", slope, weight, slope)
        held = ((theta <= low) & (gradient > 0)) | ((theta >= high) & (gradient < 0))
        free = ~held[:, :, None] & ~held[:, None, :]
        diagonal = np.einsum("bpp->bp", curvature)
        ridge = np.where(held, 1.0, damping[:, None] * diagonal + 1e-14 * diagonal.max(axis=1, keepdims=True) + 1e-300)
        matrix = np.where(free, curvature, 0.0) + ridge[:, :, None] * np.eye(len(low))
        step = np.linalg.solve(matrix, np.where(held, 0.0, -gradient)[:, :, None])[:, :, 0]
        trial = np.clip(theta + step, low, high)
        new = state(trial)
        better = new[0] < cost
        gain = np.where(better, cost - new[0], 0.0)
        tries = np.where(gain > 1e-9 * cost, 0, tries + 1)
        theta = np.where(better[:, None], trial, theta)
        cost = np.where(better, new[0], cost)
        inside, weight = (np.where(better[:, None], a, b) for a, b in zip(new[1:3], (inside, weight)))
        slope = np.where(better[:, None, None], new[3], slope)
        damping = np.where(better, np.maximum(damping / 5.0, 1e-15), np.minimum(damping * 5.0, 1e6))
        if tries.min() >= TRIES:
            break
    return theta, cost
