"""Solvers: from the values of a design's coalitions to the players' values. Pure functions, all columns at once.

Each takes a Design and its values (m, k), row by row, and returns an Estimate. Standard errors come from the spread
between independent draws (pairs, coalitions or marginals), so they hold for games that are far from linear.
"""

from dataclasses import dataclass
from math import comb

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.special import stdtrit

from xai.estimators.designs import Design
from xai.typing import Bools, Floats

MAX_COVARIANCE = 2_000_000  # numbers; beyond, only the diagonal is kept


@dataclass(frozen=True)
class Estimate:
    """values, standard_error : (n, k);  covariance : (n, k, k) between columns, or None;  note : "" or a sentence."""

    values: Floats
    standard_error: Floats | None = None
    covariance: Floats | None = None
    note: str = ""


def least_squares(design: Design, values: Floats) -> Estimate:
    """Least squares without intercept on paired rows ±½ (Kernel Banzhaf, arXiv 2410.08336, Algorithm 1).

    A pair's two rows are negatives of each other, so the fit is that of ±½ on the pair's odd part
    (v(S) − v(S̄))/2. With fewer independent pairs than players the fit has no unique answer: Maximum Sample Reuse on
    the same rows is returned instead, and the note says so. Errors: heteroscedasticity-consistent (HC3), over pairs.
    """
    rows, odd = odd_parts(design, values)
    a = np.where(rows, 0.5, -0.5)
    n = a.shape[1]
    inverse = gram_inverse(a) if len(a) >= n else None
    if inverse is None:
        return _paired_reuse(a, odd)
    influence = inverse @ a.T
    estimate = influence @ odd
    leverage = np.einsum("np,pn->p", influence, a)
    freedom = 1.0 - np.minimum(leverage, 1.0)
    if len(a) == n or freedom.min() < 1e-9:
        return Estimate(estimate, np.full_like(estimate, np.nan))
    residual = (odd - a @ estimate) / freedom[:, None]
    return Estimate(estimate, *spread(influence, residual))


def gram_inverse(a: Floats) -> Floats | None:
    """(a'a)⁻¹ of rows ±½ (p, n), or None where they leave a player's value open."""
    factor, failed = dpotrf(a.T @ a, lower=1, clean=1)
    if failed or np.diag(factor).min() ** 2 < 1e-9 * len(a):
        return None
    lower: Floats = dpotri(factor, lower=1)[0]
    return lower + np.tril(lower, -1).T


def _paired_reuse(a: Floats, odd: Floats) -> Estimate:
    note = (
        "Fewer independent pairs than players: least squares has no unique answer, "
        "so these are Maximum Sample Reuse estimates on the same coalitions."
    )
    if not len(a):
        n = a.shape[1]
        return Estimate(np.zeros((n, odd.shape[1])), np.full((n, odd.shape[1]), np.nan), note=note)
    signed = 4.0 * a[:, :, None] * odd[:, None, :]  # (pairs, n, k): each pair's own estimate
    return mean_of(signed, note)


def sample_reuse(design: Design, values: Floats) -> Estimate:
    """E[v | i ∈ S] − E[v | i ∉ S] over one sample of coalitions (Maximum Sample Reuse, Wang & Jia 2023)."""
    z = design.coalitions[2:].astype(float)
    v = values[2:] - values[2:].mean(axis=0) if len(z) else values[2:]
    estimate, covariance, bare = np.zeros(()), np.zeros(()), np.zeros(z.shape[1], bool)
    for sign, group in ((1, z.T), (-1, 1 - z.T)):
        size = group.sum(axis=1)
        bare |= size < 2
        mean = group @ v / np.maximum(size, 1)[:, None]
        estimate = estimate + sign * mean
        second = np.einsum("ns,sj,sl->njl", group, v, v, optimize=True) / np.maximum(size, 1)[:, None, None]
        spread = second - mean[:, :, None] * mean[:, None, :]
        covariance = covariance + spread / np.maximum(size - 1, 1)[:, None, None]
    covariance = np.where(bare[:, None, None], np.nan, covariance)
    return Estimate(estimate, _diagonal_error(covariance), covariance)


def mean_marginal(design: Design, values: Floats) -> Estimate:
    """Mean of independent marginals v(S ∪ i) − v(S), S random among the others."""
    n = design.coalitions.shape[1]
    pairs = values[2:].reshape(-1, n, 2, values.shape[1])
    return mean_of(pairs[:, :, 1] - pairs[:, :, 0])


def exact_banzhaf(design: Design, values: Floats) -> Estimate:
    """E[v | i ∈ S] − E[v | i ∉ S] over all coalitions S ~ Bernoulli(p)^n; for p = ½, 2·mean(χ_i v)."""
    z, p = design.coalitions, design.p
    if p == 0.5:
        signs = np.where(z, 1.0, -1.0)
        return exact(2.0 * signs.T @ (values - values[0]) / len(values))
    chance = np.where(z, p, 1.0 - p).prod(axis=1)
    return exact((np.where(z, 1.0 / p, -1.0 / (1.0 - p)) * chance[:, None]).T @ (values - values[0]))


def exact_shapley(design: Design, values: Floats) -> Estimate:
    """Σ_{S∋i} (s−1)!(n−s)!/n! · v(S) − Σ_{S∌i} s!(n−s−1)!/n! · v(S) over all coalitions."""
    z = design.coalitions
    n, size = z.shape[1], z.sum(axis=1)
    present = np.array([1.0 / (n * comb(n - 1, s - 1)) if s else 0.0 for s in range(n + 1)])
    absent = np.array([1.0 / (n * comb(n - 1, s)) if s < n else 0.0 for s in range(n + 1)])
    weight = np.where(z, present[size][:, None], -absent[size][:, None])
    return exact(weight.T @ (values - values[0]))


def exact(values: Floats) -> Estimate:
    """Values (n, k) that no sampling blurs."""
    n, k = values.shape
    covariance = np.zeros((n, k, k)) if n * k * k <= MAX_COVARIANCE else None
    return Estimate(values, np.zeros_like(values), covariance)


def odd_parts(design: Design, values: Floats) -> tuple[Bools, Floats]:
    """First coalition of each pair (pairs, n) and its odd part (v(S) − v(S̄))/2 (pairs, k)."""
    return design.coalitions[2::2], (values[2::2] - values[3::2]) / 2.0


def mean_of(draws: Floats, note: str = "") -> Estimate:
    """Mean over the first axis of independent draws (r, n, k), with the covariance of that mean.

    With few draws the spread itself is uncertain: it is widened (Student's t) so that ±1.96 errors still cover 95 %.
    """
    mean = draws.mean(axis=0)
    if len(draws) < 2:
        return Estimate(mean, np.full_like(mean, np.nan), note=note)
    widened = stdtrit(len(draws) - 1, 0.975) / stdtrit(np.inf, 0.975)
    centred = (draws - mean) * (widened / np.sqrt(len(draws) * (len(draws) - 1.0)))
    if centred[0].size * mean.shape[1] > MAX_COVARIANCE:
        return Estimate(mean, np.sqrt(np.square(centred).sum(axis=0)), note=note)
    covariance = np.einsum("rnj,rnl->njl", centred, centred, optimize=True)
    return Estimate(mean, _diagonal_error(covariance), covariance, note)


def spread(influence: Floats, residual: Floats) -> tuple[Floats, Floats | None]:
    """Standard error (n, k) and covariance (n, k, k) of influence (n, p) @ independent residuals (p, k)."""
    square = np.square(influence)
    if len(influence) * residual.shape[1] ** 2 > MAX_COVARIANCE:
        return np.sqrt(square @ np.square(residual)), None
    covariance: Floats = np.einsum("np,pj,pl->njl", square, residual, residual, optimize=True)
    return _diagonal_error(covariance), covariance


def _diagonal_error(covariance: Floats) -> Floats:
    variance: Floats = np.einsum("njj->nj", covariance)
    return np.sqrt(np.maximum(variance, 0.0))
