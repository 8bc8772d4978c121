"""A posterior over odd Walsh coefficients: Banzhaf and Shapley values from the same model calls.

v(S) = Σ_T v̂(T)·χ_T(S), χ_T(S) = ±1. Both indices live in the odd part o(S) = (v(S) − v(S̄))/2, which a pair measures:
Banzhaf φ_i = 2·v̂({i}); Shapley φ_i = Σ_{T∋i, |T| odd} 2·v̂(T)/|T|, for a term's total worth is shared by its members.
Prior: independent v̂(T) ~ N(0, τ²_{|T|}·Π_{i∈T} ρ_i), |T| = 1, 3, 5; what is left of o is noise. So o is a Gaussian
process whose kernel is a sum of elementary symmetric polynomials of ρ_i·x_i·x'_i (with ρ = 1, Krawtchouk polynomials of
the Hamming distance), and both indices have posterior means and variances in closed form. The weights ρ_i follow the
players' first-order values, since players that matter alone mostly interact more; `xai.evidence` chooses
how much, and the τ, by marginal likelihood.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_triangular

DEGREES = (1, 3, 5)
_BLOCK = 1024


def symmetric_polynomials(powers, top: int) -> list:
    """e_0 … e_top from the power sums p_1 … p_top, arrays or numbers, by Newton's identities."""
    e = [1.0]
    for k in range(1, top + 1):
        e.append(sum((-1.0) ** (j - 1) * e[k - j] * powers[j - 1] for j in range(1, k + 1)) / k)
    return e


@dataclass(frozen=True)
class Prior:
    """Variance of o by degree: energy (3,) of degrees 1, 3, 5, noise;  rho (n,): weights of the players, mean 1."""

    energy: np.ndarray
    noise: float
    rho: np.ndarray

    @property
    def tau(self) -> dict[int, float]:
        """τ²_j, so that degree j has the variance energy_j at every coalition."""
        e = symmetric_polynomials([np.sum(self.rho**k) for k in range(1, 6)], 5)
        # Fewer players than the degree: there is no such term (and e_j is 0 up to rounding).
        return {j: a / e[j] if j <= len(self.rho) else 0.0 for j, a in zip(DEGREES, self.energy)}


def degree_kernels(x, other, rho) -> list[np.ndarray]:
    """Covariance (h, h') of o between two sets of rows (±1), per degree 1, 3, 5, each 1 between a row and itself."""
    powers = [(x * rho**k) @ other.T if k % 2 else np.sum(rho**k) for k in range(1, 6)]
    e = symmetric_polynomials(powers, 5)
    top = symmetric_polynomials([np.sum(rho**k) for k in range(1, 6)], 5)
    return [e[j] / top[j] if j <= len(rho) else np.zeros((len(x), len(other))) for j in DEGREES]


def covariance(x, prior: Prior) -> np.ndarray:
    """Covariance (h, h) of what is observed at the rows of x, noise included; in blocks, for the memory's sake."""
    out = np.empty((len(x), len(x)))
    for start in range(0, len(x), _BLOCK):
        part = slice(start, start + _BLOCK)
        kernels = degree_kernels(x[part], x, prior.rho)
        out[part] = sum(a * kernel for a, kernel in zip(prior.energy, kernels))
    out[np.diag_indices(len(x))] += prior.noise
    return out


def cross_covariance(index, x, prior: Prior):
    """Cov(φ_i, o(S)) as (n, h), and the prior variance of φ_i (n,)."""
    n, tau = x.shape[1], prior.tau
    signed = x * prior.rho
    cross = 2.0 * tau[1] * signed
    variance = 4.0 * tau[1] * prior.rho
    if index == "shapley":
        without, without_prior = _leave_one_out(signed), _leave_one_out(prior.rho[None])
        for j in DEGREES[1:]:
            if j <= n:
                cross = cross + 2.0 / j * tau[j] * signed * without[j - 1]
                variance = variance + 4.0 / j**2 * tau[j] * prior.rho * without_prior[j - 1][0]
    return cross.T, variance


def _leave_one_out(rows):
    """e_0 … e_4 of each row's entries without the i-th, each (h, n)."""
    e = symmetric_polynomials([(rows**k).sum(axis=1, keepdims=True) for k in range(1, 5)], 4)
    without = [np.ones_like(rows)]
    for m in range(1, 5):
        without.append(e[m] - rows * without[m - 1])
    return without


def posterior(index, x, odd, prior: Prior):
    """Posterior of the values given odd (h, k) at rows x, one prior up to a scale for each column.

    Returns mean (n, k), variance (n,), scales (k, k): the covariance of player i's values between columns is
    variance_i · scales, which the data set as well: odd' C⁻¹ odd / h.
    """
    factor = cholesky(covariance(x, prior), lower=True, overwrite_a=True, check_finite=False)
    white = solve_triangular(factor, odd, lower=True, check_finite=False)
    cross, variance = cross_covariance(index, x, prior)
    weights = solve_triangular(factor, cross.T, lower=True, check_finite=False)  # (h, n)
    return weights.T @ white, np.maximum(variance - np.square(weights).sum(axis=0), 0.0), white.T @ white / len(x)


def leave_one_out(x, odd, prior: Prior) -> np.ndarray:
    """What the posterior given all other rows leaves of each row's odd part (h, k), in closed form."""
    factor = cholesky(covariance(x, prior), lower=True, overwrite_a=True, check_finite=False)
    inverse = solve_triangular(factor, np.eye(len(x)), lower=True, check_finite=False)
    return inverse.T @ (inverse @ odd) / np.square(inverse).sum(axis=0)[:, None]
