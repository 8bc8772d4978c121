"""What a ledger says so far: values from whatever coalitions it holds, and how far to trust them, without one more evaluation."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from xai.attribution import Attribution, attribution_of
from xai.checks import check_weights
from xai.estimators.auto import auto_banzhaf
from xai.estimators.designs import Design, with_ends, with_further_pairs
from xai.estimators.solvers import sample_reuse
from xai.estimators.spectral import walsh_shapley
from xai.estimators.walsh import MAX_JOINT
from xai.ledger import Ledger
from xai.threads import one_thread
from xai.trust.chance import of_the_fit
from xai.trust.held_out import design_of
from xai.trust.judge import Judgement, computed
from xai.trust.truth import truth

UNKNOWN = float("nan")


def preliminary(ledger: Ledger, index: str = "banzhaf") -> Attribution | None:
    """Banzhaf or Shapley values from all coalitions in the ledger whose complement it holds as well; free of charge.

    For a run that goes on, or one that was cancelled. Solved as by the method "auto" (`auto`); Banzhaf values of a
    ledger without pairs by Maximum Sample Reuse. None where the ledger holds too little: v(∅), v(N), and two more
    pairs, or for Maximum Sample Reuse every player both present and absent.
    """
    if not ledger.evaluations:
        return None
    rows = ledger.known()[0]
    n, size = rows.shape[1], rows.sum(axis=1)
    if not ((size == 0).any() and (size == n).any()):
        return None
    ends = with_ends(np.zeros((0, n), bool), len(rows), 0)
    design, further = with_further_pairs(ends, rows, 2 * MAX_JOINT if index == "shapley" else len(rows))
    solve = auto_banzhaf if index == "banzhaf" else walsh_shapley
    if further < 4 and 2 ** (n - 1) > 1 + further // 2:
        others = rows[(size > 0) & (size < n)]
        if index == "shapley" or not (others.any(axis=0) & ~others.all(axis=0)).all():
            return None
        design, solve = Design(np.concatenate([ends.coalitions, others]), len(rows), 0), sample_reuse
    found = ledger.evaluate(design.coalitions)
    with one_thread():
        estimate = solve(design, found.reshape(len(found), -1))
    solved = attribution_of(estimate, design, found, ledger.labels, index, "auto", ledger.rounding)
    return replace(solved, note=f"Preliminary, from {len(design.coalitions)} coalitions. {solved.note}".strip())


def judge_early(ledger: Ledger, attribution: Attribution, weights: ArrayLike | None = None, seed: int = 0) -> Judgement:
    """How well a map was computed, and whether it is more than chance, by its ledger alone; of adding up nothing is said.

    The map may be one of `preliminary`, whose coalitions are all that the ledger holds. Arguments as of `judge`; nothing
    is evaluated. ValueError for an attribution of another game, or where the ledger lacks v(∅) or v(N).
    """
    if attribution.labels != ledger.labels:
        raise ValueError("the attribution has other players than the ledger's game; judge a map with its own ledger")
    rows, values = ledger.known()
    size = rows.sum(axis=1)
    if not ((size == 0).any() and (size == ledger.n_players).any()):
        raise ValueError("the ledger lacks v(no player) or v(all players); judge a map once both are paid for")
    table = values if values.ndim == 2 else values[:, None]
    weights = check_weights(weights, table.shape[1])
    one = attribution if attribution.values.ndim == 1 else attribution.combine(weights)
    true = truth(ledger, one, weights, seed, own=_is_of(ledger, one))
    first, three, order, error = computed(one.values, true)
    return Judgement(
        index=one.index,
        method=one.method,
        exact=true.exact and error == 0.0,
        first=first,
        first_three=three,
        order=order,
        expected_error=min(error, 1e6) if error == error else error,
        additive=UNKNOWN,
        additive_interval=(0.0, 1.0),
        chance=of_the_fit(rows, table @ weights, np.random.default_rng([seed, 4])),
        kept=UNKNOWN,
        held_out=0,
        exhaustive=False,
        evaluations=0,
    )


def _is_of(ledger: Ledger, one: Attribution) -> bool:
    """Whether the ledger holds the design that a map names."""
    try:
        return not ledger.missing(design_of(one).coalitions)
    except ValueError:  # a preliminary map of fewer coalitions than its method takes
        return False
