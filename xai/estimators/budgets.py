"""Budgets at which something becomes true of every game of some degree, whatever the seed.

A game is of degree d where no more than d players act together: v(S) is a sum of terms of at most d players each.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from xai.checks import check_whole
from xai.estimators.codes import strengths
from xai.estimators.methods import METHODS
from xai.estimators.orthogonal import linear_pairs


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
    if (index, method) in _EXACT and every <= most:
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
_EXACT = {("banzhaf", name) for name in ("auto", "orthogonal", "walsh", "exact")}
_EXACT |= {("shapley", name) for name in ("auto", "walsh", "orthogonal", "leverage", "kernelshap", "exact")}
