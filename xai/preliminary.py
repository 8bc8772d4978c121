"""What a ledger says so far: values from whatever coalitions it holds, without one more evaluation."""

from dataclasses import replace

import numpy as np

from xai.attribution import Attribution, attribution_of
from xai.estimators.auto import auto_banzhaf
from xai.estimators.designs import Design, with_ends, with_further_pairs
from xai.estimators.solvers import sample_reuse
from xai.estimators.spectral import walsh_shapley
from xai.estimators.walsh import MAX_JOINT
from xai.ledger import Ledger
from xai.threads import one_thread


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
    note = f"Preliminary, from {len(design.coalitions)} coalitions. {estimate.note}".strip()
    return replace(attribution_of(estimate, design, found, ledger.labels, index, "auto"), note=note)
