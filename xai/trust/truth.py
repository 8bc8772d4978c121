"""What the true values may be, given all that a ledger holds: draws to judge any map of its game against.

Two answers are at hand: the method's own estimate and standard errors, solved again from its coalitions, and the
posterior of `xai.estimators.walsh` given every pair S, S̄ of the ledger, whatever asked for it. The surer one is taken.
A map is compared with it whatever its own values say, so that one that was spoilt is found out.
"""

from dataclasses import dataclass

import numpy as np

from xai.attribution import Attribution
from xai.estimators.designs import MAX_EXACT_PLAYERS, Design, pairs_among
from xai.estimators.solvers import Estimate, exact_banzhaf, exact_shapley
from xai.estimators.spectral import posterior_estimate
from xai.game import error_of
from xai.ledger import Ledger
from xai.threads import one_thread
from xai.trust.held_out import fitted
from xai.typing import Bools, Floats

DRAWS = 2000
MAX_PAIRS = 2200  # of a ledger that the posterior is given; of more, as many spread evenly
# Calibrated by `benchmarks.stability`: errors follow Student's t, for the spread is an estimate as well.
_FREEDOM = 6.0


@dataclass(frozen=True, eq=False)
class Truth:
    """mean, error (n,): of each true value;  draws (DRAWS, n);  exact : nothing is left open;  known : else nothing is known."""

    mean: Floats
    error: Floats
    draws: Floats
    exact: bool = False

    @property
    def known(self) -> bool:
        return bool(np.isfinite(self.draws).all())


def truth(
    ledger: Ledger, one: Attribution, weights: Floats, seed: int = 0, own: bool = True, solved: Estimate | None = None
) -> Truth:
    """Of the index of `one`, values (n,), in the sum of the output columns by weights (k,); no model call.

    own : whether its own method is asked, or just the posterior, which any map of the game may be held against.
    solved : what its method makes of its coalitions in that sum, (n, 1), where that is known
    ValueError where the ledger lacks coalitions that the attribution was made from.
    """
    rows, values = ledger.known()
    combined = (values if values.ndim == 2 else values[:, None]) @ weights
    n = ledger.n_players
    rounded = 0.0 if ledger.rounding is None else float(np.sqrt(error_of(weights @ ledger.rounding @ weights, n).clip(0.0)))
    if n <= MAX_EXACT_PLAYERS and len(rows) == 2**n:
        solver = exact_banzhaf if one.index == "banzhaf" else exact_shapley
        first = np.argsort(rows.sum(axis=1), kind="stable")[[0, -1]]
        order = np.concatenate([first, np.delete(np.arange(len(rows)), first)])
        return _exact(solver(Design(rows[order], len(rows), 0, p=one.p), combined[order, None]).values[:, 0], rounded, seed)
    if one.method == "exact":
        return _exact(one.values, rounded, seed)
    with one_thread():
        found = [_column(solved) if solved else _solved_again(ledger, one, weights)] if own else []
        if one.p == 0.5:
            found.append(_from_pairs(one.index, rows, combined))
    if not found:
        found.append((one.values, np.full(n, np.nan)))
    mean, error = min(found, key=lambda pair: float(np.square(pair[1]).sum()) if np.isfinite(pair[1]).all() else np.inf)
    return around(mean, np.hypot(error, rounded), seed)


def around(mean: Floats, error: Floats, seed: int = 0) -> Truth:
    """What true values may be of which estimates and their standard errors are known, both (n,)."""
    rng = np.random.default_rng([seed, 2])
    wide = np.sqrt(_FREEDOM / rng.chisquare(_FREEDOM, DRAWS))
    return Truth(mean, error, mean + error * wide[:, None] * rng.standard_normal((DRAWS, len(mean))))


def _exact(values: Floats, rounded: float, seed: int) -> Truth:
    """rounded : the error that is left, by rounding"""
    if rounded:
        return around(values, np.full(len(values), rounded), seed)
    return Truth(values, np.zeros(len(values)), np.broadcast_to(values, (DRAWS, len(values))), True)


def _solved_again(ledger: Ledger, one: Attribution, weights: Floats) -> tuple[Floats, Floats]:
    entry, design, values = fitted(ledger, one, weights)
    return _column(entry.solve(design, values[:, None]))


def _from_pairs(index: str, rows: Bools, values: Floats) -> tuple[Floats, Floats]:
    one, other = pairs_among(rows)  # the first of each lacks the first player: ∅ of the pair ∅, N
    ends = int(np.flatnonzero(~rows[one].any(axis=1))[0])
    others = np.delete(np.arange(len(one)), ends)
    if len(others) > MAX_PAIRS:
        others = others[np.linspace(0, len(others) - 1, MAX_PAIRS).astype(int)]
    chosen = np.concatenate([[ends], others])
    here, there = values[other[chosen], None] - values[one[ends]], values[one[chosen], None] - values[one[ends]]
    odd, even = (here - there) / 2.0, (here + there - here[:1]) / 2.0
    return _column(posterior_estimate(index, rows[other[chosen]], odd, even, values[:, None])[0])


def _column(estimate: Estimate) -> tuple[Floats, Floats]:
    error = estimate.standard_error
    values = estimate.values[:, 0]
    return values, np.full(len(values), np.nan) if error is None else error[:, 0]
