"""Which prior the data speak for: hyper-parameters of `walsh` by marginal likelihood on a part of the pairs."""

from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri, dpotrs

from xai.estimators.walsh import Fit, Prior, degree_kernels
from xai.typing import Floats, Ints

MAX_ROWS = 160  # pairs that the search looks at; three numbers need no more
HEREDITY = (0.5, 1.0)  # candidate powers of a player's first-order value in its weight ρ
PASSES = 2  # times these values are estimated: with all players alike, then by the prior that this led to
_START = np.array([-2.5, -4.0, -4.0])  # log energy of degrees 3 and 5 and log noise, relative to degree 1
# The same where the even parts of the pairs are known: intercept and slope over the log of their energy, relative to
# the odd parts'. What is nearly additive in pairs of players is so in threes: read off tables, networks and prompts.
_BY_EVEN = np.array([[-0.8, 1.1], [-1.8, 1.4], [-2.8, 1.5]])
_NONE = 1e-12  # of that energy and less is rounding
_WIDTH = 2.0  # and how far from there, in logarithms, nothing surprises
_LOW, _HIGH = -16.0, 4.0  # bounds of every logarithm
_STEP = 2.0  # longest step of the search, in logarithms
_STEPS = 12  # of them at most
_ENOUGH = 0.1  # gain in log evidence below which the search ends
_FLOOR = 0.1  # weight, relative to the typical player's value, that every player keeps
_Found = tuple[float, Prior, Floats]  # negative log posterior, prior, where the search ended


def flat_prior(x: Floats, odd: Floats) -> Prior:
    """As `choose_prior`, all players alike."""
    rows = part_of(len(x))
    return _search(x[rows], odd[rows], np.ones(x.shape[1]), _START, _START)[1]


def choose_prior(x: Floats, odd: Floats, even_energy: float | None = None) -> Prior:
    """The prior of greatest evidence for odd (h, k), columns of unit scale, at rows x (h, n); one for all columns.

    even_energy : variance of the pairs' even parts in the same units, which says how additive the game is
    """
    n, rows = x.shape[1], part_of(len(x))
    guesses = [_START]
    if even_energy is not None:
        by_even = np.clip(_BY_EVEN @ [1.0, np.log(max(even_energy, _NONE))], _LOW, _HIGH)
        guesses = [by_even, _START] if even_energy < _NONE else [by_even]  # no even part: an additive game, or a vote
    tries = [(_search(x[rows], odd[rows], np.ones(n), guess, guess), guess) for guess in guesses]
    flat, expected = min(tries, key=lambda tried: tried[0][0])
    best = _weighed(x[rows], odd[rows], _ridge(x, odd, flat[1]), flat[2], expected, flat)
    for _ in range(PASSES - 1 if len(rows) == len(x) else 0):  # with more rows the first values are sure enough
        best = _weighed(x, odd, Fit(x, odd, best[1]).values("banzhaf")[0], flat[2], expected, best)
    return best[1]


def _weighed(x: Floats, odd: Floats, first: Floats, start: Floats, expected: Floats, best: _Found) -> _Found:
    """The best of `best` and the priors whose players weigh as their first-order values (n, k) do, to each power."""
    size = np.sqrt(np.square(first).mean(axis=1))
    typical = np.sqrt(np.mean(np.square(size)))
    if len(size) > 2 and typical > 0:
        for power in HEREDITY:
            rho = np.hypot(size / typical, _FLOOR) ** power
            best = min(best, _search(x, odd, rho / rho.mean(), start, expected), key=lambda found: found[0])
    return best


def _ridge(x: Floats, odd: Floats, prior: Prior) -> Floats:
    """First-order values (n, k) of a prior without players' weights, all higher degrees taken for noise."""
    h, n = x.shape
    ridge = n * (prior.energy[1:].sum() + prior.noise)
    if h < n:
        return x.T @ np.linalg.solve(x @ x.T + ridge * np.eye(h), odd)
    return np.linalg.solve(x.T @ x + ridge * np.eye(n), x.T @ odd)


def part_of(count: int) -> Ints:
    """Which of `count` rows a search looks at: all of few; else the first, which may be N, and some of the others."""
    if count <= MAX_ROWS:
        return np.arange(count)
    others = np.random.default_rng(0).choice(count - 1, MAX_ROWS - 1, replace=False) + 1
    return np.concatenate([[0], np.sort(others)])


def _search(x: Floats, odd: Floats, rho: Floats, start: Floats, expected: Floats) -> _Found:
    """(negative log posterior, prior, where) of the best energies for these weights."""
    cost, energy, where = best_energies(degree_kernels(x, x, rho), odd, start, expected)
    return cost, Prior(energy[:-1], energy[-1], rho), where


def best_energies(kernels: list[Floats], data: Floats, start: Floats, expected: Floats) -> tuple[float, Floats, Floats]:
    """Energies of the kernels (h, h), the first being 1, and of the noise, by marginal likelihood of data (h, k).

    Each column has a scale of its own, which is profiled out. start, expected : logarithms of all energies but the
    first, where to begin and around which they are taken to lie. Returns (cost, energies, their logarithms).
    """

    tried = _evaluate(kernels, data, np.clip(start, _LOW, _HIGH), expected)
    for _ in range(_STEPS):
        gradient, curvature = _derivatives(kernels, data, tried, expected)
        step = np.linalg.solve(curvature, -gradient)
        step *= _STEP / max(_STEP, np.abs(step).max())
        gain = -gradient @ step
        while gain > _ENOUGH:
            where = np.clip(tried.where + step, _LOW, _HIGH)
            found = _evaluate(kernels, data, where, expected)
            if found.cost < tried.cost:
                break
            step, gain = step / 4.0, gain / 4.0
        else:
            break
        tried = found
    return tried.cost, tried.energy, tried.where


class _Trial(NamedTuple):
    """One point of the search: cost, where (logarithms), energy of each kernel and of the noise, Cholesky factor."""

    cost: float
    where: Floats
    energy: Floats
    factor: Floats
    solved: Floats  # C⁻¹ data
    square: Floats  # data' C⁻¹ data of each column


def _evaluate(kernels: list[Floats], data: Floats, where: Floats, expected: Floats) -> _Trial:
    energy = np.concatenate([[1.0], np.exp(where)])
    matrix = kernels[0] + sum(a * kernel for a, kernel in zip(energy[1:], kernels[1:]))
    matrix[np.diag_indices(len(matrix))] += energy[-1]
    factor, failed = dpotrf(matrix.T, lower=1, clean=1, overwrite_a=1)
    if failed:
        return _Trial(np.inf, where, energy, factor, data, data[0])
    solved = dpotrs(factor, data, lower=1)[0]
    square = np.maximum(np.einsum("hk,hk->k", data, solved), 1e-300)
    evidence = data.shape[1] * np.log(np.diag(factor)).sum() + 0.5 * len(data) * np.log(square / len(data)).sum()
    return _Trial(evidence + _surprise(where, expected), where, energy, factor, solved, square)


def _surprise(where: Floats, expected: Floats) -> float:
    return 0.5 * float(np.sum(np.square((where - expected) / _WIDTH)))


def _derivatives(kernels: list[Floats], data: Floats, at: _Trial, expected: Floats) -> tuple[Floats, Floats]:
    """Gradient and average information (Gilmour, Thompson & Cullis 1995), which is never indefinite."""
    h, k = data.shape
    inverse = dpotri(at.factor, lower=1)[0].T  # one triangle; the kernels are symmetric
    diagonal = np.diag(inverse)
    weighted = at.solved / at.square
    pulls, gradient = [], []
    for a, kernel in zip(at.energy[1:-1], kernels[1:]):
        trace = a * (2.0 * np.vdot(inverse, kernel) - diagonal @ np.diag(kernel))
        pulls.append(a * (kernel @ at.solved))
        gradient.append(0.5 * k * trace - 0.5 * h * np.vdot(weighted, pulls[-1]))
    pulls.append(at.energy[-1] * at.solved)
    gradient.append(0.5 * k * at.energy[-1] * diagonal.sum() - 0.5 * h * np.vdot(weighted, pulls[-1]))
    slopes = np.array([np.einsum("hk,hk->k", at.solved, pull) / at.square for pull in pulls])  # (parameters, k)
    answers = [dpotrs(at.factor, pull, lower=1)[0] / at.square for pull in pulls]
    information = np.array([[np.vdot(pull, answer) for answer in answers] for pull in pulls]) - slopes @ slopes.T
    precision = np.eye(len(pulls)) / _WIDTH**2
    return np.array(gradient) + precision @ (at.where - expected), 0.5 * h * information + precision
