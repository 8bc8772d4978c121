"""From a game to an Attribution: choose the coalitions, pay for the new ones, solve."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from numpy.typing import ArrayLike

from xai.attribution import Attribution, attribution_of
from xai.checks import check_whole
from xai.estimators.designs import Design, distinct, with_further_pairs
from xai.estimators.methods import METHODS, Method, choose
from xai.estimators.walsh import MAX_JOINT
from xai.game import Game
from xai.ledger import Ledger, ledger_of
from xai.threads import one_thread
from xai.trust.stopping import first_sure
from xai.typing import Cancel, Floats, Progress

Paid = tuple[Design, Floats, int, str]  # see `_pay`


def explain(
    game: Game,
    index: str = "banzhaf",
    method: str = "auto",
    budget: int = 512,
    seed: int = 0,
    ledger: Ledger | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    p: float = 0.5,
    stop_when_sure: bool = False,
    weights: ArrayLike | None = None,
) -> Attribution:
    """Banzhaf or Shapley values of the players of `game`.

    Parameters
    ----------
    game : callable, bool (m, n_players) → float64 (m,) or (m, k); see `xai.game`
    index : "banzhaf" (players present with probability p) or "shapley"
    method : banzhaf: "kernel" (Kernel Banzhaf, arXiv 2410.08336), "orthogonal" (pairs that keep interactions apart from
        single players), "walsh", "msr" (Wang & Jia 2023), "monte_carlo", "exact";
        shapley: "kernelshap" (shap.KernelExplainer), "leverage" (Musco & Witter 2024), "permutation" (antithetic),
        "walsh", "kernel", "orthogonal" (from the coalitions of that Banzhaf method, so that they cost nothing more), "exact";
        "auto": exact where the budget covers all 2^n coalitions, else what `estimators.auto` chooses and the note names
    budget : most coalitions the model may evaluate, v(∅) and v(N) among them; "exact" takes all 2^n whatever it says.
        An odd budget leaves the last one unspent where coalitions come in pairs
    seed : of the design; the same seed gives the same result in every process
    ledger : a Ledger of the same game; what it holds is not evaluated again, and Shapley values by "auto" use every
        coalition in it whose complement it holds as well, up to some 1,000 pairs (the note says how many)
    progress, cancel : progress(done, total), called between batches; cancel() → True stops before the next batch
    p : of Banzhaf values, with which probability others are present: φ_i = E[v | i ∈ S] − E[v | i ∉ S], S ~ Bernoulli(p)^n.
        Other than ½ only for "msr", "monte_carlo" and "exact": pairs S, S̄ are right for ½ alone
    stop_when_sure : end at the first of a few looks at which `xai.judge` would say that the first three are in the true
        order with 90 % and the expected squared error is below 5 % (`trust.stopping`). The result is then that of a smaller
        budget, which it names; else it is that without stopping. "kernelshap" and "exact" cannot stop, as their note says
    weights : (k,) of the output columns whose sum is looked at, None: all 1

    Raises
    ------
    ValueError, TypeError : an argument that is not allowed, or a value of the game that is not finite
    Cancelled : with the ledger, which holds all that was evaluated
    """
    started = time.perf_counter()
    ledger = ledger_of(game, ledger)
    budget, seed = check_whole("budget", budget), check_whole("seed", seed)
    tried, (method, entry) = method, choose(index, method, ledger.n_players, budget, p)
    tried = tried if tried == "auto" else method  # "auto" is "exact" where that is no dearer, and may be sure before
    design = entry.design(ledger.n_players, budget, seed, **({"p": p} if entry.weighted else {}))
    paid, stopped = ledger.evaluations, ""
    told = None if progress is None else _OfAll(progress, ledger, ledger.missing(design.coalitions))
    pay = partial(_pay, ledger, before=paid, progress=told, cancel=cancel)
    if stop_when_sure:
        method, design, stopped = _stopped(ledger, index, method, tried, design, weights, pay)
        entry = METHODS[index][method]
    found = _solved(ledger, index, method, entry, pay(entry, design), stopped)
    seconds = time.perf_counter() - started - (0.0 if told is None else told.seconds)
    return replace(found, evaluations=ledger.evaluations - paid, seconds=seconds)


def _solved(ledger: Ledger, index: str, method: str, entry: Method, paid: Paid, stopped: str) -> Attribution:
    design, values, shared, note = paid
    with one_thread():
        estimate = entry.solve(design, values if values.ndim == 2 else values[:, None])
    found = attribution_of(estimate, design, values, ledger.labels, index, method, ledger.rounding)
    return replace(found, reused=shared, note=" ".join(filter(None, [found.note, note, stopped])))


def _stopped(
    ledger: Ledger, index: str, method: str, tried: str, design: Design, weights: ArrayLike | None, pay: Callable[..., Paid]
) -> tuple[str, Design, str]:
    """The method and the design with which a run ends that may stop when sure by the method `tried`, and a note."""
    early = METHODS[index][tried]
    if early.whole:
        return method, design, early.whole
    look = first_sure(ledger, index, tried, early, design, weights, lambda look: pay(early, look)[:2])
    if look is None:
        return method, design, ""
    return tried, look, f"Sure after {look.budget} of at most {len(design.coalitions)} evaluations, so it stopped there."


class _OfAll:
    """Told of a part, tells `progress` of the whole: what was paid since now, of `total`. seconds : that it took to be told"""

    def __init__(self, progress: Progress, ledger: Ledger, total: int) -> None:
        self._progress, self._ledger, self._before, self._total = progress, ledger, ledger.evaluations, total
        self.seconds = 0.0

    def __call__(self, done: int, of: int) -> None:
        began = time.perf_counter()
        self._progress(self._ledger.evaluations - self._before, self._total)
        self.seconds += time.perf_counter() - began


def _pay(ledger: Ledger, entry: Method, design: Design, before: int, progress: Progress | None, cancel: Cancel | None) -> Paid:
    """(design with what the ledger adds to it, its values, how many were paid before, a note that says so).

    before : evaluations of the ledger when the run began, whose own looks are a part of it
    """
    asked = distinct(design.coalitions)
    values = ledger.evaluate(design.coalitions, progress, cancel)
    shared = asked - (ledger.evaluations - before)
    note = f"{shared} of its {asked} coalitions were paid before." if entry.pools and shared else ""
    if entry.pools and design.weights is None and ledger.evaluations > asked:
        design, more = with_further_pairs(design, ledger.known()[0], 2 * MAX_JOINT)
        values, shared = ledger.evaluate(design.coalitions), shared + more
        note += f" It uses {more} further coalitions that the ledger held." if more else ""
    return design, values, shared, note.strip()
