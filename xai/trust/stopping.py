"""When a run may end before its budget: as soon as what is paid for makes its map sure.

A design is looked at in a few sizes, each made of coalitions that the whole one asks for as well: looking costs no
evaluation, and a run that never stops is the run without stopping. One that stops is the run of a smaller budget.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from xai.attribution import attribution_of
from xai.checks import check_weights
from xai.estimators.designs import Design
from xai.estimators.methods import Method
from xai.ledger import Ledger
from xai.threads import one_thread
from xai.trust.chance import of_the_fit
from xai.trust.headline import FALSE_ALARMS, SURE_ORDER
from xai.trust.judge import computed
from xai.trust.truth import truth
from xai.typing import Floats

SURE_ENOUGH = 0.05  # expected relative squared error below which a map may be sure
SMALLEST = 3  # evaluations per player from which judgements are calibrated (`benchmarks.stability`)
GROWTH, MOST_GROWTH = 1.4, 3.0  # from one look to the next; more where the error is still large
GAIN = 1.1  # what the whole design asks for, over a look, that is worth looking
HOPELESS = 3.0  # times SURE_ENOUGH, by the method's own errors: nothing more is asked of such a map

Pay = Callable[[Design], tuple[Design, Floats]]  # → the design with what the ledger adds to it, its values (m,) or (m, k)


def first_sure(
    ledger: Ledger, index: str, name: str, entry: Method, whole: Design, weights: ArrayLike | None, pay: Pay
) -> Design | None:
    """The first look at a design at which its map is sure, as a design of its own; None where none is.

    whole : the design of the full budget; a look pays for none but its coalitions
    weights : (k,) of the output columns whose sum is judged, None: all 1
    """
    n, own = ledger.n_players, _keys(whole)
    budget = max(entry.smallest(n), SMALLEST * n + 2)
    while budget * GAIN <= len(own):
        look = entry.design(n, budget, whole.seed, **({"p": whole.p} if entry.weighted else {}))
        growth = GAIN
        if _keys(look) <= own:
            design, values = pay(look)
            off = _off(ledger, index, name, entry, design, values, weights, design is look)
            if off is None:
                return look
            growth = float(np.clip(np.sqrt(off / SURE_ENOUGH), GROWTH, MOST_GROWTH))
        budget = int(np.ceil(budget * growth))
    return None


def _keys(design: Design) -> set[bytes]:
    return {row.tobytes() for row in np.packbits(design.coalitions, axis=1)}


def _off(
    ledger: Ledger, index: str, name: str, entry: Method, design: Design, values: Floats, weights: ArrayLike | None, bare: bool
) -> float | None:
    """The expected relative squared error of a map that is not sure, 0 where it has no errors of its own yet; None for a sure
    one, whose values are more than chance as well. bare : the design holds nothing that the ledger added to it"""
    table = values if values.ndim == 2 else values[:, None]
    weights = check_weights(weights, table.shape[1])
    of = table @ weights
    with one_thread():
        estimate = entry.solve(design, of[:, None])
    error = estimate.standard_error
    if error is None or not np.isfinite(error).all():
        return 0.0
    own = float(np.square(error).sum() / max(np.square(estimate.values).sum(), 1e-300))
    if own > HOPELESS * SURE_ENOUGH:
        return own
    one = attribution_of(estimate, design, of, ledger.labels, index, name)
    true = truth(ledger, one, weights, design.seed, solved=estimate if bare else None)
    _, _, order, off = computed(one.values, true)
    if not (order >= SURE_ORDER and off < SURE_ENOUGH):
        return float(np.nan_to_num(off))
    rows, first = np.unique(design.coalitions, axis=0, return_index=True)
    chance = of_the_fit(rows, of[first], np.random.default_rng([design.seed, 4]))
    return None if chance <= FALSE_ALARMS else off
