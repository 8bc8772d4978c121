"""A posterior over odd Walsh coefficients: Banzhaf and Shapley values from the same model calls.

v(S) = Σ_T v̂(T)·χ_T(S), χ_T(S) = ±1. Both indices live in the odd part o(S) = (v(S) − v(S̄))/2, which a pair measures:
Banzhaf φ_i = 2·v̂({i}); Shapley φ_i = Σ_{T∋i, |T| odd} 2·v̂(T)/|T|, for a term's total worth is shared by its members.
Prior: independent v̂(T) ~ N(0, τ²_{|T|}·Π_{i∈T} ρ_i), |T| = 1, 3, 5; what is left of o is noise. So o is a Gaussian
process whose kernel is a sum of elementary symmetric polynomials of ρ_i·x_i·x'_i (with ρ = 1, Krawtchouk polynomials of
the Hamming distance), and both indices have posterior means and variances in closed form. The weights ρ_i follow the
players' first-order values, since players that matter alone mostly interact more; `xai.estimators.evidence` chooses
how much, and the τ, by marginal likelihood, and estimates those values twice: the second time by the prior so found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from xai.typing import Floats, Ints

DEGREES = (1, 3, 5)
MAX_JOINT = 1100  # rows of one factorization
_BLOCK = 64


def symmetric_polynomials(powers: Sequence[Floats | float], top: int) -> list[Any]:
    """e_0 … e_top from the power sums p_1 … p_top, arrays or numbers, by Newton's identities."""
    e: list[Any] = [1.0]
    for k in range(1, top + 1):
        e.append(sum((-1.0) ** (j - 1) * e[k - j] * powers[j - 1] for j in range(1, k + 1)) / k)
    return e


@dataclass(frozen=True)
class Prior:
    """Variance of o by degree: energy (3,) of degrees 1, 3, 5, noise;  rho (n,): weights of the players, mean 1."""

    energy: Floats
    noise: float
    rho: Floats

    @property
    def tau(self) -> dict[int, float]:
        """τ²_j, so that degree j has the variance energy_j at every coalition."""
        e = symmetric_polynomials([np.sum(self.rho**k) for k in range(1, 6)], 5)
        # Fewer players than the degree: there is no such term (and e_j is 0 up to rounding).
        return {j: a / e[j] if j <= len(self.rho) else 0.0 for j, a in zip(DEGREES, self.energy)}


def degree_kernels(x: Floats, other: Floats, rho: Floats) -> list[Floats]:
    """Covariance (h, h') of o between two sets of rows (±1), per degree 1, 3, 5, each 1 between a row and itself."""
    powers = [(x * rho**k) @ other.T if k % 2 else np.sum(rho**k) for k in range(1, 6)]
    e = symmetric_polynomials(powers, 5)
    top = symmetric_polynomials([np.sum(rho**k) for k in range(1, 6)], 5)
    return [e[j] / top[j] if j <= len(rho) else np.zeros((len(x), len(other))) for j in DEGREES]


def covariance(x: Floats, prior: Prior) -> Floats:
    """Lower triangle (h, h) of the covariance of what is observed at the rows of x, noise included; zeros above it.

    One polynomial in the power sums p_1, p_3, p_5 instead of `degree_kernels`, in blocks that stay in the cache; the
    columns lie one after the other in memory, so that the factorization works in place.
    """
    tau, p = prior.tau, [np.sum(prior.rho**k) for k in range(6)]
    t1, t3, t5 = (tau[j] for j in DEGREES)
    first, third, fifth = t1 - t3 * p[2] / 2 + t5 * (p[2] ** 2 / 8 - p[4] / 4), t3 / 6 - t5 * p[2] / 12, t5 / 120
    linear = (t3 / 3 - t5 * p[2] / 6) * prior.rho**3 + t5 / 5 * prior.rho**5
    flat = np.all(prior.rho == 1.0)
    if flat:
        first, third = first + linear[0], third + t5 / 6
    out = np.zeros((len(x), len(x)))
    for start in range(0, len(x), _BLOCK):
        part, other = x[start : start + _BLOCK], x[start:].T
        p1 = (part * prior.rho) @ other
        square = np.square(p1)
        block = np.multiply(square, fifth, out=out[start : start + _BLOCK, start:])
        block += third
        block *= square
        block += first
        block *= p1
        if not flat:
            block += (part * linear) @ other
            square *= (part * (t5 / 6 * prior.rho**3)) @ other
            block += square
        block[np.tril_indices(len(part), -1)] = 0.0
    out[np.diag_indices(len(x))] += prior.noise
    return out.T


def cross_covariance(index: str, x: Floats, prior: Prior) -> tuple[Floats, Floats]:
    """Cov(φ_i, o(S)) as (n, h), and the prior variance of φ_i (n,)."""
    n, tau = x.shape[1], prior.tau
    signed = (x * prior.rho).T
    variance = 4.0 * tau[1] * prior.rho
    if index == "banzhaf":
        return 2.0 * tau[1] * signed, variance
    cross = np.full_like(signed, 2.0 * tau[1])
    sums: list[Floats | float] = [x @ prior.rho, np.sum(prior.rho**2), x @ prior.rho**3, np.sum(prior.rho**4)]
    without = _leave_one_out(signed, sums)
    without_prior = _leave_one_out(prior.rho, [np.sum(prior.rho**k) for k in range(1, 5)])
    for j, e, e_prior in zip(DEGREES[1:], without, without_prior):
        if j <= n:
            cross += 2.0 / j * tau[j] * e
            variance = variance + 4.0 / j**2 * tau[j] * prior.rho * e_prior
    cross *= signed
    return cross, variance


def _leave_one_out(entries: Floats, sums: Sequence[Floats | float]) -> tuple[Floats, Floats]:
    """e_2 and e_4 of the entries (n, ...) without the i-th, from the power sums of all."""
    e = symmetric_polynomials(sums, 4)
    second = e[2] - entries * (e[1] - entries)
    third = e[3] - entries * second
    third *= entries
    return second, e[4] - third


class Fit:
    """The posterior given odd (h, k) at rows x (h, n): one factorization for both indices and for what it foretells."""

    def __init__(self, x: Floats, odd: Floats, prior: Prior) -> None:
        self.x, self.prior = x, prior
        self.factor = cholesky(covariance(x, prior), lower=True, overwrite_a=True, check_finite=False)
        self.white = solve_triangular(self.factor, odd, lower=True, check_finite=False)

    def values(self, index: str) -> tuple[Floats, Floats, Floats]:
        """Posterior mean (n, k) and variance (n,) of the values, and their variance (n,) before any data."""
        cross, variance = cross_covariance(index, self.x, self.prior)
        weights = solve_triangular(self.factor, cross.T, lower=True, check_finite=False)  # (h, n)
        left = variance - np.einsum("hn,hn->n", weights, weights)
        return weights.T @ self.white, np.maximum(left, 0.0), variance

    def residual(self) -> Floats:
        """What the posterior takes for noise in the odd part of each of its own rows (h, k)."""
        return self.prior.noise * solve_triangular(self.factor, self.white, lower=True, trans=1, check_finite=False)

    def left_out(self, rows: Ints) -> Floats:
        """What the posterior given all other rows leaves of the odd part of each of `rows` (len(rows), k)."""
        unit = np.zeros((len(self.x), len(rows)), order="F")
        unit[rows, np.arange(len(rows))] = 1.0
        unit = solve_triangular(self.factor, unit, lower=True, overwrite_b=True, check_finite=False)
        square: Floats = np.einsum("hr,hr->r", unit, unit)
        return unit.T @ self.white / square[:, None]


def committee(x: Floats, odd: Floats, prior: Prior) -> list[Fit]:
    """One fit up to MAX_JOINT rows; beyond, fits of about equal parts, each of consecutive rows.

    The cost is then linear in the rows. Consecutive rows of a nested code form complete blocks.
    """
    parts = np.array_split(np.arange(len(x)), -(-len(x) // MAX_JOINT))
    return [Fit(x[part], odd[part], prior) for part in parts]


def posterior(index: str, fits: list[Fit]) -> tuple[Floats, Floats, Floats]:
    """Posterior of the values given all fits, as if parts of the data told of the values independently.

    The precisions add, the prior's counted once (Tresp 2000, "A Bayesian Committee Machine"); one fit is exact.
    Returns mean (n, k), variance (n,), scales (k, k): the covariance of player i's values between columns is
    variance_i · scales, which the data set as well: odd' C⁻¹ odd / h.
    """
    means, variances, priors = zip(*(fit.values(index) for fit in fits))
    count = sum(len(fit.x) for fit in fits)
    scales = sum((fit.white.T @ fit.white for fit in fits), np.zeros(())) / count
    if len(fits) == 1:
        return means[0], variances[0], scales
    least = 1e-12 * np.maximum(priors[0], 1e-300)
    precision = [1.0 / np.maximum(variance, least) for variance in variances]
    total = sum(precision) - (len(fits) - 1) / np.maximum(priors[0], least)
    mean = sum(p[:, None] * m for p, m in zip(precision, means)) / total[:, None]
    return mean, 1.0 / total, scales
