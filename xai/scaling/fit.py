"""Scaling laws of downstream performance: which curve of pre-training size do the measured runs follow, how surely?

Laws, objective and held-out test are those of Isik et al. (arXiv 2402.04177); see `xai.scaling.laws` for the formulas
and `xai.scaling.search` for the fit. Bands and intervals are ours: the law is fitted again to runs simulated from it,
with noise of a size that is itself drawn from what the runs leave open.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from xai.scaling.laws import LAWS, Law, bounded_exp
from xai.scaling.search import FEW_STEPS, minimise, polish
from xai.typing import Floats

PARAMETERS = 3
FIRST = 4  # points with least data that a held-out test is fitted on, as in the paper
DRAWS = 200
ERRORS = 32  # of one further run, about each drawn law


@dataclass(frozen=True, eq=False)
class Fit:
    """A law fitted to measured runs.

    Attributes
    ----------
    law : ScoreLaw or LossLaw;  tokens, values : what it was fitted to, sorted by tokens
    scatter : standard deviation of the runs about the law in log units (about the relative error of one run), with
        m − 3 degrees of freedom; None for three runs, which any three parameters meet
    draws : laws refitted to data simulated from this one with its scatter, empty where scatter is None
    """

    law: Law
    tokens: Floats
    values: Floats
    scatter: float | None
    draws: tuple[Law, ...] = ()
    noise: tuple[float, ...] = ()  # of each draw, the scatter it was simulated with

    def band(self, tokens: ArrayLike, level: float = 0.9, new_run: bool = False) -> tuple[Floats, Floats] | None:
        """Lower and upper ends, each shaped as `tokens`, between which the law lies at each size; None without draws.

        new_run : the band for one further measured run instead, the runs' own scatter included
        """
        if not self.draws:
            return None
        tokens = np.asarray(tokens, dtype=np.float64)
        curves = np.array([law(tokens) for law in self.draws])
        if new_run:
            errors = ndtri((np.arange(ERRORS) + 0.5) / ERRORS)  # evenly from a normal, so that no luck narrows the band
            scatter = np.multiply.outer(errors, self.noise).reshape(ERRORS, -1, *[1] * tokens.ndim)
            with np.errstate(divide="ignore"):
                curves = bounded_exp(np.log(curves) + scatter).reshape(-1, *tokens.shape)
        ends = np.quantile(curves, [(1.0 - level) / 2, (1.0 + level) / 2], axis=0)
        return ends[0], ends[1]

    def intervals(self, level: float = 0.9) -> dict[str, tuple[float, float]]:
        """For each parameter its (lower, upper) end; empty without draws."""
        table = [law.parameters for law in self.draws]
        tails = [(1.0 - level) / 2, (1.0 + level) / 2]
        ends = {
            name: np.quantile([row[name] for row in table], tails, method="nearest").tolist()
            for name in (self.law.parameters if table else ())
        }
        return {name: (low, high) for name, (low, high) in ends.items()}


def fit(tokens: ArrayLike, values: ArrayLike, kind: str = "score", draws: int = DRAWS, seed: int = 0) -> Fit:
    """The law of `kind` ("score" or "cross-entropy") that meets the runs best, with bootstrap draws of it.

    tokens, values : (m,), positive, in any order, sizes may repeat; at least three different sizes. ValueError else
    """
    tokens, values = check_runs(tokens, values, kind)
    law_type = LAWS[kind]
    if len(np.unique(tokens)) < PARAMETERS:
        raise ValueError(
            f"a scaling law has {PARAMETERS} parameters: give runs of at least {PARAMETERS} different sizes; "
            f"got {len(np.unique(tokens))}"
        )
    centre = float(np.log(tokens).mean())
    x, log_y = np.log(tokens) - centre, np.log(values)
    theta = minimise(law_type, x, log_y)
    law = law_type(*map(float, [*theta, centre]))
    freedom = len(x) - PARAMETERS
    if not freedom:
        return Fit(law, tokens, values, None)
    mean = law_type.log_value(theta, x)[0]
    scatter = float(np.sqrt(np.square(log_y - mean).sum() / freedom))
    if not draws:
        return Fit(law, tokens, values, scatter)
    rng = np.random.default_rng(seed)
    # The scatter is itself uncertain: each draw takes one from its distribution given the runs, as in a t interval.
    noise = scatter * np.sqrt(freedom / rng.chisquare(freedom, draws))
    drawn = mean + noise[:, None] * rng.standard_normal((draws, len(x)))
    refitted = polish(law_type, x, drawn, np.tile(theta, (draws, 1)), FEW_STEPS)[0]
    laws = tuple(law_type(*[*row, centre]) for row in refitted.tolist())
    return Fit(law, tokens, values, scatter, laws, tuple(noise.tolist()))


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A law fitted to the runs with least data and tested on the others.

    error : mean |log(predicted/measured)| over the runs left out, about their mean relative error
    """

    law: Law
    fitted: int
    tokens: Floats
    predicted: Floats
    measured: Floats

    @property
    def error(self) -> float:
        return float(np.abs(np.log(self.predicted / self.measured)).mean())


def held_out(tokens: ArrayLike, values: ArrayLike, kind: str = "score", first: int | None = None) -> HeldOut | None:
    """Fit the runs of the `first` smallest sizes (four, or three of four), test on the rest; None with fewer than four.

    Runs of one size are either all fitted or all left out.
    """
    tokens, values = check_runs(tokens, values, kind)
    sizes = np.unique(tokens)
    first = min(FIRST, len(sizes) - 1) if first is None else first
    if first < PARAMETERS or first >= len(sizes):
        return None
    rest = tokens > sizes[first - 1]
    law = fit(tokens[~rest], values[~rest], kind, draws=0).law
    return HeldOut(law, int((~rest).sum()), tokens[rest], law(tokens[rest]), values[rest])


def check_runs(tokens: ArrayLike, values: ArrayLike, kind: str = "score") -> tuple[Floats, Floats]:
    """Both as float64 (m,), sorted by tokens; ValueError unless all are positive and finite."""
    if kind not in LAWS:
        raise ValueError(f"kind must be one of {list(LAWS)}; got {kind!r}")
    tokens, values = np.array(tokens, dtype=np.float64), np.array(values, dtype=np.float64)
    if tokens.ndim != 1 or tokens.shape != values.shape:
        raise ValueError(f"tokens and values must be two lists of one length; got {tokens.shape} and {values.shape}")
    for name, column in (("tokens", tokens), (kind, values)):
        bad = ~(np.isfinite(column) & (column > 0))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise ValueError(
                f"{name} must be above 0, for the laws take logarithms; got {column[row]:g} in run {row + 1}: leave that run out"
            )
    order = np.argsort(tokens, kind="stable")
    return tokens[order], values[order]


def expected_error(found: Fit, test: HeldOut, quantile: float = 0.98, draws: int = DRAWS) -> float:
    """The held-out error that the runs' own scatter about the law explains: `quantile` of it over simulated runs."""
    law_type, rng = type(found.law), np.random.default_rng(0)
    assert found.scatter is not None  # as many runs as a held-out test needs
    noise = found.scatter * rng.standard_normal((draws, len(found.tokens)))
    drawn = np.log(found.law(found.tokens)) + noise
    centre = float(np.log(found.tokens[: test.fitted]).mean())
    x = np.log(found.tokens) - centre
    start = np.tile(found.law.theta(centre), (draws, 1))
    theta = polish(law_type, x[: test.fitted], drawn[:, : test.fitted], start, FEW_STEPS)[0]
    missed = law_type.log_value(theta, x)[0] - drawn
    return float(np.quantile(np.abs(missed[:, test.fitted :]).mean(axis=1), quantile))
