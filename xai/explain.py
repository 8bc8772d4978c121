"""From a game to an Attribution: choose the coalitions, pay for the new ones, solve."""

import time
from dataclasses import replace

import numpy as np

from xai.attribution import Attribution, attribution_of
from xai.checks import check_whole
from xai.estimators.designs import Design, with_further_pairs
from xai.estimators.methods import Method, choose
from xai.estimators.walsh import MAX_JOINT
from xai.game import Game
from xai.ledger import Ledger
from xai.threads import one_thread
from xai.typing import Cancel, Floats, Progress


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
) -> Attribution:
    """Banzhaf or Shapley values of the players of `game`.

    Parameters
    ----------
    game : callable, bool (m, n_players) → float64 (m,) or (m, k); see `xai.game`
    index : "banzhaf" (players present with probability p) or "shapley"
    method : banzhaf: "kernel" (Kernel Banzhaf, arXiv 2410.08336), "orthogonal" (pairs that keep interactions apart from
        single players), "walsh", "msr" (Wang & Jia 2023), "monte_carlo", "exact";
        shapley: "kernelshap" (shap.KernelExplainer), "leverage" (Musco & Witter 2024), "permutation" (antithetic),
        "walsh", "exact";
        "walsh" asks for the same coalitions whatever the index, so that the second index costs nothing;
        "auto": exact where the budget covers all 2^n coalitions, else what `estimators.auto` chooses and the note names
    budget : most coalitions the model may evaluate, v(∅) and v(N) among them; "exact" takes all 2^n whatever it says.
        An odd budget leaves the last one unspent where coalitions come in pairs
    seed : of the design; the same seed gives the same result in every process
    ledger : a Ledger of the same game; what it holds is not evaluated again, and Shapley values by "auto" use every
        coalition in it whose complement it holds as well, up to some 1,000 pairs (the note says how many)
    progress : progress(done, total), called between batches
    cancel : cancel() → True stops before the next batch
    p : of Banzhaf values, with which probability the other players are present: φ_i = E[v | i ∈ S] − E[v | i ∉ S] for
        S ~ Bernoulli(p)^n. Other than ½ only for "msr", "monte_carlo" and "exact": pairs S, S̄ are right for ½ alone

    Raises
    ------
    ValueError, TypeError : an argument that is not allowed, or a value of the game that is not finite
    Cancelled : with the ledger, which holds all that was evaluated
    """
    started = time.perf_counter()
    ledger = Ledger(game) if ledger is None else ledger
    if ledger.game is not game:
        raise ValueError("the ledger belongs to another game; make one with Ledger(game), or pass the game it has")
    budget, seed = check_whole("budget", budget), check_whole("seed", seed)
    method, entry = choose(index, method, ledger.n_players, budget, p)
    design = entry.design(ledger.n_players, budget, seed, **({"p": p} if entry.weighted else {}))
    paid = ledger.evaluations
    design, values, shared, note = _pay(ledger, entry, design, progress, cancel)
    with one_thread():
        estimate = entry.solve(design, values if values.ndim == 2 else values[:, None])
    return replace(
        attribution_of(estimate, design, values, ledger.labels, index, method),
        evaluations=ledger.evaluations - paid,
        seconds=time.perf_counter() - started,
        reused=shared,
        note=" ".join(filter(None, [estimate.note, note])),
    )


def _pay(
    ledger: Ledger, entry: Method, design: Design, progress: Progress | None, cancel: Cancel | None
) -> tuple[Design, Floats, int, str]:
    """(design with what the ledger adds to it, its values, how many were paid before, a note that says so)."""
    asked, paid = len({row.tobytes() for row in np.packbits(design.coalitions, axis=1)}), ledger.evaluations
    values = ledger.evaluate(design.coalitions, progress, cancel)
    shared = asked - (ledger.evaluations - paid)
    note = f"{shared} of its {asked} coalitions were paid before." if entry.pools and shared else ""
    if entry.pools and design.weights is None and ledger.evaluations > asked:
        design, more = with_further_pairs(design, ledger.known()[0], 2 * MAX_JOINT)
        values, shared = ledger.evaluate(design.coalitions), shared + more
        note += f" It uses {more} further coalitions that the ledger held." if more else ""
    return design, values, shared, note.strip()
