"""Which prior the data speak for: hyper-parameters of `xai.walsh` by marginal likelihood on a part of the pairs."""

import numpy as np
from scipy.linalg import LinAlgError, cholesky, solve_triangular
from scipy.optimize import minimize

from xai.walsh import Prior, degree_kernels, posterior

MAX_ROWS = 160  # pairs that the search looks at; three numbers need no more
HEREDITY = (0.5, 1.0)  # candidate powers of a player's first-order value in its weight ρ
_START = np.array([-2.5, -4.0, -4.0])  # log energy of degrees 3 and 5 and log noise, relative to degree 1
_WIDTH = 2.0  # and how far from there, in logarithms, nothing surprises
_FLOOR = 0.1  # weight, relative to the typical player's value, that every player keeps


def flat_prior(x, odd) -> Prior:
    """As `choose_prior`, all players alike."""
    rows = part_of(len(x))
    return _search(x[rows], odd[rows], np.ones(x.shape[1]), _START)[1]


def choose_prior(x, odd) -> Prior:
    """The prior of greatest evidence for odd (h, k), columns of unit scale, at rows x (h, n); one for all columns."""
    n, rows = x.shape[1], part_of(len(x))
    flat = _search(x[rows], odd[rows], np.ones(n), _START)
    best = flat
    if n > 2:
        mean = posterior("banzhaf", x, odd, flat[1])[0]
        size = np.sqrt(np.square(mean).mean(axis=1))
        typical = np.sqrt(np.mean(np.square(size)))
        if typical > 0:
            for power in HEREDITY:
                rho = np.hypot(size / typical, _FLOOR) ** power
                tried = _search(x[rows], odd[rows], rho / rho.mean(), flat[2])
                best = min(best, tried, key=lambda found: found[0])
    return best[1]


def part_of(count):
    """Which of `count` rows a search looks at: all of few; else the first, which may be N, and some of the others."""
    if count <= MAX_ROWS:
        return np.arange(count)
    others = np.random.default_rng(0).choice(count - 1, MAX_ROWS - 1, replace=False) + 1
    return np.concatenate([[0], np.sort(others)])


def _search(x, odd, rho, start):
    """(negative log posterior, prior, where) of the best energies for these weights."""
    cost, energy, where = best_energies(degree_kernels(x, x, rho), odd, start, _START)
    return cost, Prior(energy[:-1], energy[-1], rho), where


def best_energies(kernels, data, start, expected):
    """Energies of the kernels (h, h), the first being 1, and of the noise, by marginal likelihood of data (h, k).

    Each column has a scale of its own, which is profiled out. start, expected : logarithms of all energies but the
    first, where to begin and around which they are taken to lie. Returns (cost, energies, their logarithms).
    """

    def energies(where):
        return np.concatenate([[1.0], np.exp(np.clip(where, -16.0, 4.0))])

    def cost(where):
        energy = energies(where)
        matrix = sum(a * kernel for a, kernel in zip(energy, kernels))
        matrix[np.diag_indices(len(matrix))] += energy[-1]
        try:
            factor = cholesky(matrix, lower=True, overwrite_a=True, check_finite=False)
        except LinAlgError:
            return np.inf
        scale = np.square(solve_triangular(factor, data, lower=True, check_finite=False)).mean(axis=0)
        evidence = data.shape[1] * np.log(np.diag(factor)).sum() + 0.5 * len(data) * np.log(scale + 1e-300).sum()
        return evidence + 0.5 * np.sum(np.square((where - expected) / _WIDTH))

    simplex = np.vstack([start, start + np.eye(len(start))])
    options = {"maxfev": 40, "xatol": 0.1, "fatol": 0.05, "initial_simplex": simplex}
    found = minimize(cost, start, method="Nelder-Mead", options=options)
    return found.fun, energies(found.x), found.x
