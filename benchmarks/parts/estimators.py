"""The methods of `benchmarks.accuracy`: index → name → estimator(game, budget, seed) → values (n,).

Every estimator may ask for at most `budget` coalitions, repeats included. Ours go through `xai.explain`, which counts
v(∅) and v(N). The paper's methods (Kernel Banzhaf, Monte Carlo, Maximum Sample Reuse) need neither, so all their rows
are their own: calling `explain` would take two from them. A method that cannot answer at a budget raises.
"""

import importlib
import time
import warnings
from collections.abc import Callable

import numpy as np

from benchmarks.parts.command import timed
from benchmarks.parts.games import polynomial
from xai import explain
from xai.estimators import designs
from xai.estimators.methods import METHODS

OURS = ("orthogonal", "walsh", "auto")
PAPER = ("kernel", "monte_carlo", "msr")


def ours(index: str, method: str) -> Callable:
    """A method through `xai.explain`, as a user calls it."""
    return lambda game, budget, seed: explain(game, index, method, budget, seed).values


def bare(method: str) -> Callable:
    """A Banzhaf method that needs neither v(∅) nor v(N): its own design and solver, all `budget` rows its own."""
    entry = METHODS["banzhaf"][method]

    def estimate(game, budget, seed):
        design = entry.design(game.n_players, budget + 2, seed)
        if len(design.coalitions) < 4:
            raise ValueError(f"{method} has no draw at a budget of {budget}")
        values = np.concatenate([np.zeros(2), game(design.coalitions[2:])])  # these solvers do not read the first two
        return entry.solve(design, values[:, None]).values[:, 0]

    return estimate


def shapiq(name: str, answer: str, **options) -> Callable:
    """An approximator of shapiq for single players , whose result must be called `answer`: "BV" or "SV"."""

    def estimate(game, budget, seed):
        kind = getattr(importlib.import_module("shapiq.approximator"), name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = kind(n=game.n_players, random_state=seed, **options).approximate(budget, game)
        if found.index != answer:
            raise ValueError(f"shapiq returned {found.index!r}, not {answer!r}")
        return np.array([found[(i,)] for i in range(game.n_players)])

    return estimate


# SVARMIQ of order 1 is SVARM. SPEX needs a budget of thousands before it answers at all. Owen and stratified sampling
# and kADD-SHAP are left out: older variants of what is here.
ESTIMATORS: dict[str, dict[str, Callable]] = {
    "banzhaf": {
        **{name: ours("banzhaf", name) for name in OURS},
        **{name: bare(name) for name in PAPER},
        "shapiq regression": shapiq("RegressionFBII", "BV", max_order=1),
        "shapiq regression, paired": shapiq("RegressionFBII", "BV", max_order=1, pairing_trick=True),
        "shapiq SVARM": shapiq("SVARM", "BV", index="BV"),
        "shapiq SHAP-IQ": shapiq("SHAPIQ", "BV", index="BV", max_order=1),
        "shapiq ProxySPEX": shapiq("ProxySPEX", "BV", index="BV", max_order=1),
    },
    "shapley": {
        **{name: ours("shapley", name) for name in ("walsh", "auto", "leverage", "permutation")},
        "shap KernelExplainer": ours("shapley", "kernelshap"),
        "shapiq KernelSHAP": shapiq("KernelSHAP", "SV"),
        "shapiq KernelSHAP, paired": shapiq("KernelSHAP", "SV", pairing_trick=True),
        "shapiq Unbiased KernelSHAP": shapiq("UnbiasedKernelSHAP", "SV", pairing_trick=True),
        "shapiq SVARM": shapiq("SVARM", "SV", index="SV"),
        "shapiq permutations": shapiq("PermutationSamplingSV", "SV"),
        "shapiq ProxySPEX": shapiq("ProxySPEX", "SV", index="SV", max_order=1),
    },
}


class Counted:
    """A game that counts the rows it is asked for and its own processor seconds, and can blur answers by N(0, σ²)."""

    def __init__(self, game, sigma: float = 0.0, seed: int = 0):
        self.game, self.sigma, self.asked, self.seconds = game, sigma, 0, 0.0
        self.n_players, self.labels, self.batch_size = game.n_players, game.labels, game.batch_size
        self._rng = np.random.default_rng([seed, 1])

    def __call__(self, coalitions) -> np.ndarray:
        took, values = timed(self.game, coalitions, clock=time.process_time)
        self.asked, self.seconds = self.asked + len(values), self.seconds + took
        return values + self.sigma * self._rng.normal(size=len(values)) if self.sigma else values


def warm_up() -> None:
    """Every estimator once on eight players, so that no first call is charged for imports."""
    game = polynomial(8, 3, terms=8)
    for methods in ESTIMATORS.values():
        for estimator in methods.values():
            estimator(game, 120, 0)


def spread_of(game) -> float:
    """Standard deviation of v over uniform coalitions: the unit of the noise experiment."""
    return float(game(designs.independent(game.n_players, 4002, 0).coalitions[2:]).std())
