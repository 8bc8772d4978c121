"""Two fidelities: many evaluations of a cheap proxy, few of the game itself.

β(v) = β(v − γ·w) + γ·β(w) for any game w and any number γ. The first part is estimated from real evaluations, at whose
coalitions the proxy is evaluated too, the second from many more of the proxy: control variates with a mean that is
itself sampled (two-phase sampling, Neyman 1938; multi-fidelity Monte Carlo, Peherstorfer, Willcox & Gunzburger 2016).
γ = c·a. The slope c of the game on the proxy comes from coalitions that are held back for it, so that no proxy, however
wrong, biases the result; a = X/(m + X) pools the proxy's m coalitions of the first part with the X others, which is what
a nested design does. Written so, the parts share no coalition: their covariances add up to that of the whole.

Regressions on more pairs than players take what is linear in the game without error. Only the rest counts there, and the proxy is
judged by it: first by what is held back, a whole factorial of a few random groups of players, in which linear terms part from
others; then, since so few rhyme by chance, by how much the design's own first coalitions leave open beside it. Where that is too
much the plain estimator goes on from these, so that of the game nothing but what was held back is lost.
"""

import time
from dataclasses import replace
from itertools import combinations

import numpy as np

from xai.attribution import Attribution, attribution_of
from xai.checks import check_index, check_whole
from xai.estimators.designs import MAX_EXACT_PLAYERS, Design, distinct, every_coalition, paired, subsets
from xai.estimators.methods import METHODS, Method, choose
from xai.estimators.solvers import Estimate, mean_of
from xai.explain import explain
from xai.game import Game
from xai.ledger import Cancelled, Ledger, ledger_of
from xai.threads import one_thread
from xai.typing import Bools, Cancel, Floats, Progress

PILOT = 0.05  # of the budget, at most, for held-back coalitions
_BASE = {"banzhaf": "orthogonal", "shapley": "leverage"}  # linear in the game
_GROUPS = range(4, 9)  # of players in the factorial of held-back coalitions
_OPEN = 32  # coalitions, beside those that a regression needs, from which the variance of the rest is told
_PARTS = 8  # independent designs of the proxy, of at least so many coalitions each:
_LARGE = 4096
_WORTH = 0.9  # of the plain estimator's variance, above which the proxy is left alone
_CELLS = 20_000_000  # of the proxy's design, players and outputs included


def two_fidelity(
    game: Game,
    proxy: Game,
    index: str = "banzhaf",
    budget: int = 512,
    seed: int = 0,
    cost: float = 0.1,
    ledger: Ledger | None = None,
    proxy_ledger: Ledger | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Attribution:
    """Banzhaf or Shapley values of `game` with the help of a cheap `proxy` of the same players and outputs.

    Unbiased to the game whatever the proxy is. At most 5 % of the budget is held back to say how far the proxy is right, and as
    much goes to what it is asked then; where that is too little, or the budget below 320, the plain estimator spends the rest
    and the note says so: "orthogonal" for Banzhaf values, "leverage" for Shapley values (its regression has a bias in theory;
    over 200 seeds the squared bias was below 0.5 % of the squared error).

    Parameters
    ----------
    game, proxy : callables, bool (m, n_players) → float64 (m,) or (m, k); column j of the proxy stands for the game's column j
    index : "banzhaf" or "shapley"
    budget : in evaluations of the game; one of the proxy takes `cost` of it
    cost : what an evaluation of the proxy costs over one of the game, > 0
    seed : of all designs; the same arguments give the same result
    ledger, proxy_ledger : Ledgers of the game and of the proxy; what they hold is not evaluated again
    progress, cancel : progress(done, total) in evaluations of the game; cancel() → True stops before the next batch

    Returns
    -------
    Attribution : of method "two_fidelity"; standard errors and covariances are those of both parts; `evaluations` counts the
        game's, the note says how many of the proxy there were and how well it foretells the game

    Raises
    ------
    ValueError, TypeError : an argument that is not allowed, or a value that is not finite
    Cancelled : with the game's ledger; what the proxy was asked is kept where `proxy_ledger` was given
    """
    started = time.perf_counter()
    real, cheap = ledger_of(game, ledger, "ledger"), ledger_of(proxy, proxy_ledger, "proxy_ledger")
    budget, seed = check_whole("budget", budget), check_whole("seed", seed)
    _check(index, real, cheap, cost)
    before, told = real.evaluations, None if progress is None else _told(progress, real, cheap, float(cost), budget)
    try:
        found = _Run(index, (real, cheap), float(cost), budget, seed, told, cancel).found()
    except Cancelled as error:
        raise Cancelled(real) from error
    if progress is not None:
        progress(budget, budget)
    new, seconds = real.evaluations - before, time.perf_counter() - started
    again = found.evaluations + found.reused - new
    return replace(found, budget=budget, seed=seed, evaluations=new, reused=again, seconds=seconds)


def seeds_of(seed: int, n: int) -> list[int]:
    """Seeds of what is held back, of the game's design, which is the plain estimator's too, and of the proxy's."""
    return [int(number) for number in np.random.default_rng([seed, n]).integers(2**31, size=3)]


class _Run:
    """One estimate. held, asked : coalitions of the game that are held back to judge the proxy, and were asked for so far"""

    def __init__(
        self,
        index: str,
        ledgers: tuple[Ledger, Ledger],
        cost: float,
        budget: int,
        seed: int,
        told: Progress | None,
        cancel: Cancel | None,
    ) -> None:
        self.index, self.cost, self.budget, self.told, self.cancel = index, cost, budget, told, cancel
        self.real, self.cheap = ledgers
        self.n, self.seeds = self.real.n_players, seeds_of(seed, self.real.n_players)
        able = [q for q in _GROUPS if q <= self.n and 2**q * (1.0 + cost) <= PILOT * budget and cost < 1.0]
        self.groups, self.asked = max(able, default=0), 0
        self.held = 2**self.groups if able else 0
        self.left = budget - int(np.ceil(self.held * (1.0 + cost)))

    def found(self) -> Attribution:
        """The attribution, all coalitions of the game counted as reused or evaluated."""
        if self.n <= MAX_EXACT_PLAYERS and 2**self.n <= self.budget:
            return self._plain("All coalitions were affordable, so the proxy was not asked.", "exact")
        choose(self.index, _BASE[self.index], self.n, self.left)
        if not self.groups:
            return self._plain("The proxy was not asked: the budget is too small, or it too dear, to see what it is worth.")
        rows = _factorial(self.n, self.groups, np.random.default_rng(self.seeds[0]))
        v, w = self._values(self.real, rows), self._values(self.cheap, rows)
        self.asked = self.held
        if v.shape != w.shape:
            raise ValueError(f"the proxy has {w.shape[1]} outputs and the game {v.shape[1]}; they must have the same")
        slope, least, energy = _judged(v, w, self.groups, self._linear_free())
        told = float(np.sum(energy * np.square(least)) / max(energy.sum(), 1e-300))
        slope = np.where(least > 0.0, slope, 0.0)
        m = min(self._shares(1.0 - told, told, v.shape[1])[0], int(PILOT * self.budget / self.cost) - self.held)
        if m < self._fewest():
            return self._plain(
                f"The proxy foretells too little for its cost (correlation at least {np.sqrt(told):.2f}), so it was left alone."
            )
        rest, shared = self._open(slope, m)
        m, x = self._shares(rest, shared, v.shape[1], m)
        told = max(0.0, 1.0 - rest)
        if not m:
            return self._plain(f"The proxy foretold {told:.0%} of what the design leaves open, so it was left alone.")
        return self._both(slope, m, x, told)

    def _linear_free(self) -> bool:
        """Whether the plain estimator takes linear games without error."""
        return self.index == "shapley" or (self.left - 2) // 2 >= self.n

    def _fewest(self) -> int:
        """Coalitions of the game from which the rest of what the design leaves open can be told."""
        return 2 * self.n + _OPEN if self._linear_free() else _OPEN

    def _open(self, slope: Floats, m: int) -> tuple[float, float]:
        """Of the variance that a design of m coalitions leaves open: what is left of it beside the proxy, and the proxy's own.

        The plain estimator begins with the same coalitions, so where the proxy is left alone none of the game's is lost.
        """
        method = METHODS[self.index][_BASE[self.index]]
        design = method.design(self.n, m, self.seeds[1])
        v, w = (self._values(ledger, design.coalitions) for ledger in (self.real, self.cheap))
        whole, rest, proxy = (_variance(_solved(method, design, values)) for values in (v, v - slope * w, slope * w))
        return (rest / whole, proxy / whole) if 0.0 < whole < np.inf else (1.0, 0.0)

    def _shares(self, rest: float, shared: float, k: int, least: int = 0) -> tuple[int, int]:
        """(coalitions of the game, further ones of the proxy); (0, 0) where the plain estimator is hardly worse.

        rest : of the variance of one coalition what is left of it beside the proxy;  shared : the proxy's own
        least : coalitions of the game at least. Variances go as 1/coalitions, but those that a regression uses up
        """
        rest, shared, used = max(rest, 1e-6), max(shared, 0.0), 2 * self.n if self.index == "shapley" else 0
        left, fewest = self.left - used, max(self._fewest(), least)
        m = max(int(used + left / (1.0 + self.cost * np.sqrt(shared / (self.cost * rest)))), fewest)
        most = max(_CELLS // (self.n * k), 2)
        x = int(self.left / self.cost - m / self.cost) - m
        if x > most:
            x, m = most, max(int((self.left - self.cost * most) / (1.0 + self.cost)), fewest)
        if x < m or m > self.left:
            return 0, 0
        variance = rest / (m - used) + (0.0 if self._every(x) else shared / (m + x - used))
        return (m, x) if variance < _WORTH / left else (0, 0)

    def _every(self, x: int) -> bool:
        return self.n <= MAX_EXACT_PLAYERS and 2**self.n <= x

    def _both(self, slope: Floats, m: int, x: int, told: float) -> Attribution:
        method = METHODS[self.index][_BASE[self.index]]
        design = method.design(self.n, m, self.seeds[1])
        v, w = self.real.evaluate(design.coalitions, self.told, self.cancel), self._values(self.cheap, design.coalitions)
        further, many = self._many(method, x)
        gamma = slope * (1.0 if self._every(x) else x / (m + x))
        few = _solved(method, design, v.reshape(w.shape) - gamma * w)
        asked = distinct(np.concatenate([design.coalitions, *further])) + self.held
        note = (
            f"{asked} evaluations of the proxy beside {self.held} + {distinct(design.coalitions)} of the game; "
            f"it foretells {told:.0%} of what the design leaves open."
        )
        found = attribution_of(_sum(few, many, gamma, note), design, v, self.real.labels, self.index, "two_fidelity")
        return replace(found, reused=distinct(design.coalitions) + self.held)

    def _many(self, method: Method, x: int) -> tuple[list[Bools], Estimate]:
        """Coalitions of the proxy alone, and its values from them.

        A large design is divided into independent ones, whose spread is the error: what a single one confounds is then so
        little that its residuals hardly tell. A small one would lose by it.
        """
        if self._every(x):
            designs, method = [every_coalition(self.n, x, 0)], METHODS[self.index]["exact"]
        else:
            parts = _PARTS if x >= _PARTS * _LARGE else 1
            designs = [method.design(self.n, x // parts, self.seeds[2] + part) for part in range(parts)]
        found = [_solved(method, design, self._values(self.cheap, design.coalitions)) for design in designs]
        mean = mean_of(np.array([one.values for one in found])) if len(found) > 1 else found[0]
        return [design.coalitions for design in designs], mean

    def _plain(self, note: str, method: str | None = None) -> Attribution:
        method = method or _BASE[self.index]
        found = explain(self.real.game, self.index, method, self.left, self.seeds[1], self.real, self.told, self.cancel)
        note = " ".join(filter(None, [note, f"Method {method!r} spent the rest." if self.asked else "", found.note]))
        return replace(found, method="two_fidelity", note=note, reused=found.reused + self.asked)

    def _values(self, ledger: Ledger, rows: Bools) -> Floats:
        values = ledger.evaluate(rows, self.told, self.cancel)
        return values.reshape(len(values), -1)


def _check(index: str, real: Ledger, cheap: Ledger, cost: float) -> None:
    check_index(index)
    if real.n_players != cheap.n_players:
        raise ValueError(f"the proxy has {cheap.n_players} players and the game {real.n_players}; they must have the same")
    if isinstance(cost, bool) or not isinstance(cost, (int, float, np.number)) or not 0.0 < cost < np.inf:
        raise ValueError(f"cost, of one evaluation of the proxy over one of the game, must be a number above 0; got {cost!r}")


def _told(progress: Progress, real: Ledger, cheap: Ledger, cost: float, budget: int) -> Progress:
    before, asked = real.evaluations, cheap.evaluations

    def told(done: int, total: int) -> None:
        spent = real.evaluations - before + cost * (cheap.evaluations - asked)
        progress(min(int(spent), budget), budget)

    return told


def _factorial(n: int, groups: int, rng: np.random.Generator) -> Bools:
    """Pairs S, S̄ of all coalitions of random groups, each player turned over at random, bool (2^groups, n)."""
    return paired(_halves(groups)[:, rng.permutation(np.arange(n) % groups)] ^ (rng.random(n) < 0.5))


def _halves(groups: int) -> Bools:
    """Of each pair of complements the one without the last group."""
    return subsets(groups)[: 2 ** (groups - 1)]


def _judged(v: Floats, w: Floats, groups: int, linear_free: bool) -> tuple[Floats, Floats, Floats]:
    """Of each output (k,): slope of the game's terms on the proxy's, a lower bound of their correlation, the game's energy.

    Terms: those of three groups and more, an odd number, and the linear ones where those are not free.
    The bound holds with 95 % (Fisher 1921).
    """
    signs = np.where(_halves(groups), 1.0, -1.0)
    sizes = range(3 if linear_free else 1, groups + 1, 2)
    columns = [signs[:, list(members)].prod(axis=1) for size in sizes for members in combinations(range(groups), size)]
    parts = []
    for values in (v, w):
        term = np.array(columns) @ (values[::2] - values[1::2]) / (2.0 * len(signs))
        seen = np.square(term).sum(axis=0) > np.square(1e-10 * np.abs(values).max(axis=0))  # else rounding
        parts.append(term * seen)
    one, other = parts
    both, energy, cheap = (one * other).sum(axis=0), np.square(one).sum(axis=0), np.square(other).sum(axis=0)
    scale = np.sqrt(energy * cheap)
    r = np.abs(both) / np.where(scale > 0.0, scale, 1.0)
    bound = np.tanh(np.arctanh(np.minimum(r, 1.0 - 1e-12)) - 1.645 / np.sqrt(len(one) - 2.0))
    return both / np.where(cheap > 0.0, cheap, 1.0), np.maximum(bound, 0.0), energy


def _variance(found: Estimate) -> float:
    return np.inf if found.standard_error is None else float(np.square(found.standard_error).sum())


def _solved(method: Method, design: Design, values: Floats) -> Estimate:
    with one_thread():
        return method.solve(design, values)


def _sum(few: Estimate, many: Estimate, gamma: Floats, note: str) -> Estimate:
    """few + γ·many, independent of each other."""
    values = few.values + gamma * many.values
    if few.standard_error is None or many.standard_error is None:
        return Estimate(values, note=note)
    error = np.hypot(few.standard_error, np.abs(gamma) * many.standard_error)
    covariance = None
    if few.covariance is not None and many.covariance is not None:
        covariance = few.covariance + gamma[:, None] * gamma * many.covariance
    return Estimate(values, error, covariance, note)
