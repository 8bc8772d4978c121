"""The table of methods: index → name → (design, solver, smallest budget). Adding a method is one line here.

Below it, what they owe: budgets at which something becomes true of every game of some degree, whatever the seed.
A game is of degree d where no more than d players act together: v(S) is a sum of terms of at most d players each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from xai.checks import check_whole
from xai.estimators import auto, designs, kernelshap, orthogonal, shapley, solvers, spectral
from xai.estimators.codes import strengths
from xai.estimators.designs import MAX_EXACT_PLAYERS, Design
from xai.estimators.orthogonal import linear_pairs
from xai.estimators.solvers import Estimate
from xai.typing import Floats


@dataclass(frozen=True)
class Method:
    """design(n_players, budget, seed) → Design;  solve(Design, values) → Estimate;  smallest(n_players) → budget.

    weighted : design takes p as well, and the solver is that of the p-weighted Banzhaf value
    pools : the solver can use any pair S, S̄, so `explain` hands it those that the ledger holds beside the design's
    whole : why a run cannot stop before its budget, "" where it can: smaller designs are parts of larger ones
    """

    design: Callable[[int, int, int], Design]
    solve: Callable[[Design, Floats], Estimate]
    smallest: Callable[[int], int]
    weighted: bool = False
    pools: bool = False
    whole: str = ""


_EXACT = "Exact values take every coalition, so they do not stop early."
_SHAP = "KernelSHAP draws other coalitions for every budget, so it does not stop early."

METHODS: dict[str, dict[str, Method]] = {
    "banzhaf": {
        "auto": Method(orthogonal.orthogonal, auto.auto_banzhaf, lambda n: 4),
        "kernel": Method(designs.paired_uniform, solvers.least_squares, lambda n: 4),
        "orthogonal": Method(orthogonal.orthogonal, orthogonal.orthogonal_solve, lambda n: 4),
        "walsh": Method(spectral.walsh_design, spectral.walsh_banzhaf, lambda n: 4),
        "msr": Method(designs.independent, solvers.sample_reuse, lambda n: 4, weighted=True),
        "monte_carlo": Method(designs.marginals, solvers.mean_marginal, lambda n: 2 * n + 2, weighted=True),
        "exact": Method(designs.every_coalition, solvers.exact_banzhaf, lambda n: 0, weighted=True, whole=_EXACT),
    },
    "shapley": {
        "auto": Method(auto.auto_shapley_design, auto.auto_shapley, lambda n: 4, pools=True),
        "kernelshap": Method(kernelshap.kernelshap_design, kernelshap.kernelshap_solve, lambda n: 4, whole=_SHAP),
        "leverage": Method(shapley.leverage_design, shapley.leverage_solve, lambda n: 4),
        "orthogonal": Method(orthogonal.orthogonal, spectral.walsh_shapley, lambda n: 4),
        "kernel": Method(designs.paired_uniform, spectral.walsh_shapley, lambda n: 4),
        "permutation": Method(shapley.permutations, shapley.permutation_solve, lambda n: 2 * n),
        "walsh": Method(spectral.walsh_design, spectral.walsh_shapley, lambda n: 4),
        "exact": Method(designs.every_coalition, solvers.exact_shapley, lambda n: 0, whole=_EXACT),
    },
}


def choose(index: str, method: str, n_players: int, budget: int, p: float = 0.5) -> tuple[str, Method]:
    """The method's own name and its entry; "auto" becomes "exact" where the budget covers all 2^n."""
    if index not in METHODS:
        raise ValueError(f"index must be one of {sorted(METHODS)}; got {index!r}")
    if method == "auto" and n_players <= MAX_EXACT_PLAYERS and 2**n_players <= budget:
        method = "exact"
    if method not in METHODS[index]:
        raise ValueError(f"method for {index} must be one of {list(METHODS[index])}; got {method!r}")
    entry = METHODS[index][method]
    if not 0.0 < p < 1.0:
        raise ValueError(f"p, the probability of a player's presence, must be between 0 and 1, both excluded; got {p}")
    if p != 0.5 and not entry.weighted:
        able = [name for name, other in METHODS["banzhaf"].items() if other.weighted]
        raise ValueError(f"method {method!r} for {index} has p = 0.5 only; got {p}. Banzhaf values of another p come from {able}")
    if budget < entry.smallest(n_players):
        raise ValueError(
            f"method {method!r} needs a budget of at least {entry.smallest(n_players)} evaluations "
            f"for {n_players} players; got {budget}"
        )
    return method, entry


class Complete(NamedTuple):
    """At `budget` evaluations the values of every game up to this degree are exact; of all games at degree n_players."""

    budget: int
    degree: int


def completing(n_players: int, index: str = "banzhaf", method: str = "auto", most: int = 4096) -> list[Complete]:
    """The budgets up to `most` from which a method owes exact values to more games than below; smaller ones first.

    Just these budgets, and not all above them: "orthogonal" needs whole codes, which a few evaluations more are not.
    Empty where the method promises nothing, as those do that draw coalitions at random.

    Raises
    ------
    ValueError, TypeError : no such index or method, or a number that is not whole or too small
    """
    n, most = check_whole("n_players", n_players), check_whole("most", most)
    if n < 1:
        raise ValueError(f"n_players must be at least 1; got {n}")
    if index not in METHODS:
        raise ValueError(f"index must be one of {sorted(METHODS)}; got {index!r}")
    if method not in METHODS[index]:
        raise ValueError(f"method for {index} must be one of {list(METHODS[index])}; got {method!r}")
    found = _PROMISES.get((index, method), _nothing)(n, most)
    every = 2**n if n < most.bit_length() else most + 1
    if (index, method) in _ENUMERATED and every <= most:
        found = [one for one in found if one.budget < every] + [Complete(every, n)]
    return [one for one in found if one.budget <= most]


def _nothing(n: int, most: int) -> list[Complete]:
    return []


def _codes(n: int, most: int) -> list[Complete]:
    """Of the orthogonal design: 2 evaluations a pair, and v(∅) and v(N)."""
    known = strengths(n, max(1, (most // 2).bit_length()))
    whole = [(2 ** (bits + 1) + 2, now - 1) for bits, (before, now) in enumerate(pairwise(known), 1) if n > now > max(before, 3)]
    return [Complete(2 * linear_pairs(n) + 2, 2), *(Complete(*one) for one in whole)]


def _permutations(n: int, most: int) -> list[Complete]:
    """One permutation and its reverse: each pair of players is met in both orders."""
    return [Complete(2 * n, min(n, 2))]


_PROMISES: dict[tuple[str, str], Callable[[int, int], list[Complete]]] = {
    ("banzhaf", "auto"): _codes,
    ("banzhaf", "orthogonal"): _codes,
    ("shapley", "permutation"): _permutations,
}
_ENUMERATED = {("banzhaf", name) for name in ("auto", "orthogonal", "walsh", "exact")}
_ENUMERATED |= {("shapley", name) for name in ("auto", "walsh", "orthogonal", "leverage", "kernelshap", "exact")}
