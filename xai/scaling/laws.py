"""The two scaling laws: their formulas, their derivatives, and where a search for their parameters begins.

A translation score f(D) = (log(A·D^α))^β and a cross-entropy L(D) = E + A/D^α, D in tokens (Isik et al., arXiv
2402.04177). D reaches 1e12, and there A and α trade off almost freely; so both are kept in coordinates centred on the
measured sizes, x = log D − centre.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from xai.typing import Floats


@dataclass(frozen=True)
class ScoreLaw:
    """f(D) = (log(A·D^α))^β = (log A + α·log D)^β, increasing in D (α, β ≥ 0).

    Stored as log f = level + slope·log(1 + bend·x)/bend with x = log D − centre, bend = α/(log A + α·centre) and
    slope = β·bend: the slope of log f at the centre, and how fast it flattens. A flat law has slope 0.
    """

    level: float
    slope: float
    bend: float
    centre: float
    kind = "score"
    delta = 0.1  # where the Huber loss turns from square to absolute, in log units, as in the paper

    def __call__(self, tokens: ArrayLike) -> Floats:
        """Score at `tokens`; 0 where the law's own logarithm would be negative."""
        inner = 1.0 + self.bend * (np.log(np.asarray(tokens, dtype=np.float64)) - self.centre)
        log_value = self.level + self.beta * np.log(np.maximum(inner, 1e-300))
        return np.where((inner > 0) | (self.slope == 0), bounded_exp(log_value), 0.0)

    @property
    def beta(self) -> float:
        return self.slope / self.bend

    @property
    def alpha(self) -> float:
        return self.bend * self._inner

    @property
    def log_a(self) -> float:
        """log A; A itself, exp of it, can exceed any float."""
        return self._inner * (1.0 - self.bend * self.centre)

    @property
    def parameters(self) -> dict[str, float]:
        return {"log A": self.log_a, "α": self.alpha, "β": self.beta}

    @property
    def _inner(self) -> float:  # log A + α·centre
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            return float(np.exp(np.float64(self.level) / self.beta))

    def theta(self, centre: float) -> tuple[float, float, float]:
        """Level, slope and bend about another centre."""
        inner = 1.0 + self.bend * (centre - self.centre)
        return self.level + self.beta * np.log(inner), self.slope / inner, self.bend / inner

    @staticmethod
    def bounds(x: Floats) -> Floats:
        width = x[-1] - x[0]  # bend: from nearly a power law to a logarithm that starts at the first point
        return np.array([(-np.inf, np.inf), (0.0, np.inf), (1e-4 / width, (1.0 - 1e-9) / -x[0])])

    @classmethod
    def starts(cls, x: Floats, log_y: Floats) -> list[tuple[float, float, float]]:
        low, high = cls.bounds(x)[2]
        rise = max((log_y[-1] - log_y[0]) / (x[-1] - x[0]), 1e-3)
        return [(log_y.mean(), s * rise, low + b * (high - low)) for s in (0.3, 1, 2) for b in (0.01, 0.2, 0.5, 0.8, 0.97)]

    @staticmethod
    def log_value(theta: Floats, x: Floats) -> tuple[Floats, Floats]:
        """log f (…, m) and its derivatives (…, m, 3) for theta (…, 3)."""
        level, slope, bend = _columns(theta)
        inner = 1.0 + bend * x
        curve = np.log(inner) / bend
        return level + slope * curve, _side_by_side(1.0, curve, slope * (x / inner - curve) / bend)


@dataclass(frozen=True)
class LossLaw:
    """L(D) = E + A/D^α, decreasing in D, towards E ≥ 0; stored as log E, log(A/exp(α·centre)), α and the centre."""

    log_floor: float
    log_gap: float
    alpha: float
    centre: float
    kind = "cross-entropy"
    delta = 1e-3

    def __call__(self, tokens: ArrayLike) -> Floats:
        x = np.log(np.asarray(tokens, dtype=np.float64)) - self.centre
        return bounded_exp(np.logaddexp(self.log_floor, self.log_gap - self.alpha * x))

    @property
    def floor(self) -> float:
        """E, the cross-entropy that no amount of this data would undercut."""
        return float(np.exp(self.log_floor))

    @property
    def log_a(self) -> float:
        return self.log_gap + self.alpha * self.centre

    @property
    def parameters(self) -> dict[str, float]:
        return {"E": self.floor, "log A": self.log_a, "α": self.alpha}

    def theta(self, centre: float) -> tuple[float, float, float]:
        """log E, log gap and α about another centre."""
        return self.log_floor, self.log_gap - self.alpha * (centre - self.centre), self.alpha

    @staticmethod
    def bounds(x: Floats) -> Floats:
        return np.array([(-40.0, 40.0), (-60.0, 40.0), (0.0, 10.0)])

    @classmethod
    def starts(cls, x: Floats, log_y: Floats) -> list[tuple[float, float, float]]:
        low, middle = np.exp(log_y.min()), np.exp(log_y.mean())
        shares = (0.001, 0.3, 0.6, 0.9, 0.99)  # of the lowest value that is E
        return [(np.log(s * low), np.log(middle - s * low), alpha) for s in shares for alpha in (0.05, 0.2, 0.5, 1.5)]

    @staticmethod
    def log_value(theta: Floats, x: Floats) -> tuple[Floats, Floats]:
        """log L (…, m) and its derivatives (…, m, 3) for theta (…, 3)."""
        floor, gap, alpha = _columns(theta)
        fading = gap - alpha * x
        value = np.logaddexp(floor, fading)
        share = np.exp(fading - value)
        return value, _side_by_side(np.exp(floor - value), share, -x * share)


def _columns(theta: Floats) -> tuple[Floats, Floats, Floats]:
    """The three parameters (…, 1) of theta (…, 3). A fit asks thousands of times: numpy's moveaxis took longest of it."""
    return theta[..., 0, None], theta[..., 1, None], theta[..., 2, None]


def _side_by_side(first: Floats | float, second: Floats, third: Floats) -> Floats:
    """(…, m, 3) of three arrays (…, m), as np.stack would, in a third of its time."""
    out = np.empty((*second.shape, 3))
    out[..., 0], out[..., 1], out[..., 2] = first, second, third
    return out


def bounded_exp(log_value: Floats) -> Floats:
    """exp, kept within what a float can hold: laws refitted to few, wild runs shoot beyond it when extrapolated."""
    return np.exp(np.clip(log_value, -700.0, 700.0))


Law = ScoreLaw | LossLaw
LAWS: dict[str, type[Law]] = {law.kind: law for law in (ScoreLaw, LossLaw)}
