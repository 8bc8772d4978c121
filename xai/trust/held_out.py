"""Which coalitions a map is judged on: ones that no fit has seen, drawn by two laws, or all there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import ArrayLike

from xai.attribution import Attribution
from xai.checks import check_weights
from xai.closed import is_closed_form
from xai.estimators.designs import MAX_EXACT_PLAYERS, Design, every_coalition, pairs_among
from xai.estimators.methods import METHODS, Method, choose
from xai.ledger import Ledger
from xai.typing import Bools, Floats

_LISTED = 12  # players up to which all coalitions are listed to draw from
_ROUNDS = 50  # of drawing again what was seen already, where coalitions are too many to list


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Coalitions and what each weighs; the weights of a law sum to 1.

    Attributes
    ----------
    uniform, shapley : (m, n) bool, drawn uniformly, and by the Shapley kernel: sizes s = 1 … n − 1 with probability
        ∝ 1/(s(n − s)), coalitions of one size alike. Where the maps saw half of a size or more, so that hardly any of it
        is unseen (single players, say), those they saw stand for that size, after the unseen ones
    uniform_weights, shapley_weights : (m,)
    unseen : how many of each, the first ones, no map has seen
    exhaustive : both are all 2^n coalitions, the fits' own among them, so that what they say has no sampling error
    """

    uniform: Bools
    shapley: Bools
    uniform_weights: Floats
    shapley_weights: Floats
    unseen: tuple[int, int]
    exhaustive: bool


def draw(ledger: Ledger, maps: Sequence[Attribution], count: int, seed: int) -> HeldOut:
    """`count` distinct coalitions of each law that none of `maps` was fitted to, or fewer; nothing is evaluated.

    All 2^n where the ledger holds them, or the maps saw so many that fewer than 2·count are left. The draw depends on
    the maps and the seed, not on what was judged before, so that the same run is judged by the same coalitions again,
    and for nothing. Of S and S̄ only one can be drawn, as long as there are enough: estimators that take every pair of a
    ledger find none here, so that what is held out stays so.
    """
    return draw_unseen(ledger.n_players, seen_by(ledger, maps), count, seed, ledger.evaluations)


def draw_unseen(n: int, seen: Bools, count: int, seed: int, paid: int = 0) -> HeldOut:
    """The same of n players, for maps that were fitted to the distinct coalitions `seen`, (m, n). paid : how many are known"""
    if n <= MAX_EXACT_PLAYERS and (2**n <= len(seen) + 2 * count or paid == 2**n):
        rows = every_coalition(n, 2**n, seed).coalitions
        return HeldOut(rows, rows, np.full(len(rows), 1.0 / len(rows)), kernel_law(rows), (len(rows), len(rows)), True)
    rng = np.random.default_rng([seed, n, count])
    sample = _from_list if n <= _LISTED else _by_rejection
    taken = np.concatenate([seen, ~seen])
    uniform = sample(n, count, taken, rng, None)
    law, size = size_law(n), seen.sum(axis=1)
    filled = [s for s in range(1, n) if 2 * np.count_nonzero(size == s) >= comb(n, s)]
    open_law = law.copy()
    open_law[filled] = 0.0
    shapley = sample(n, count, taken, rng, open_law / open_law.sum()) if open_law.sum() > 0 else uniform[:0]
    parts = [shapley, *(seen[size == s] for s in filled)]
    weights = [1.0 - law[filled].sum(), *law[filled]]
    shares = [np.full(len(part), weight / max(len(part), 1)) for part, weight in zip(parts, weights)]
    drawn = np.concatenate(shares)
    whole = np.full(len(uniform), 1.0 / max(len(uniform), 1))
    unseen = len(uniform), len(shapley)
    return HeldOut(uniform, np.concatenate(parts), whole, drawn / max(drawn.sum(), 1e-300), unseen, False)


def size_law(n: int) -> Floats:
    """Probability of each size 0 … n under the Shapley kernel, 0 for ∅ and N; all 0 for one player."""
    size = np.arange(n + 1)
    inner = (size > 0) & (size < n)
    law: Floats = np.where(inner, 1.0 / np.where(inner, size * (n - size), 1), 0.0)
    return law / float(max(law.sum(), 1e-300))


def seen_by(ledger: Ledger, maps: Sequence[Attribution]) -> Bools:
    """The distinct coalitions (m, n) that maps of this ledger were fitted to, as far as can be told."""
    n = ledger.n_players
    rows = [np.array([np.zeros(n, bool), np.ones(n, bool)])]
    for one in maps:
        if is_closed_form(one):
            continue
        rows.append(design_of(one).coalitions)
        if METHODS[one.index][one.method].pools:
            known = ledger.known()[0]
            rows += [known[side] for side in pairs_among(known)]
    return np.unique(np.concatenate(rows), axis=0)


def fitted(ledger: Ledger, one: Attribution, weights: ArrayLike | None) -> tuple[Method, Design, Floats]:
    """How an attribution was made: its method, its design, and the values (m,) in the sum of the columns by weights (k,).

    No model call: ValueError where the ledger lacks what it was made from.
    """
    design = design_of(one)
    if missing := ledger.missing(design.coalitions):
        raise ValueError(f"the ledger lacks {missing} of the coalitions of this attribution; pass the one it was made with")
    values = ledger.evaluate(design.coalitions)
    table = values if values.ndim == 2 else values[:, None]
    return METHODS[one.index][one.method], design, table @ check_weights(weights, table.shape[1])


def design_of(one: Attribution) -> Design:
    """The design that an attribution was made from; ValueError where `explain` cannot have made it."""
    _, entry = choose(one.index, one.method, len(one.labels), one.budget, one.p)
    return entry.design(len(one.labels), one.budget, one.seed, **({"p": one.p} if entry.weighted else {}))


def _candidates(rows: Bools) -> Bools:
    """Of every S and S̄ the one that may be held out, whatever the seed: by a hash of its members."""
    digits = np.random.default_rng(rows.shape[1]).integers(0, 2**63, rows.shape[1], dtype=np.uint64)
    one, other = (part.astype(np.uint64) @ digits for part in (rows, ~rows))
    for key in (one, other):  # the mixing of splitmix64 (Steele, Lea & Flood 2014)
        key ^= key >> np.uint64(30)
        key *= np.uint64(0xBF58476D1CE4E5B9)
        key ^= key >> np.uint64(27)
        key *= np.uint64(0x94D049BB133111EB)
        key ^= key >> np.uint64(31)
    found: Bools = one < other
    return found


def kernel_law(rows: Bools) -> Floats:
    """Weights of all coalitions under the Shapley kernel, 0 for ∅ and N; all 0 for one player."""
    size = rows.sum(axis=1)
    law = size_law(rows.shape[1]) / np.maximum(np.bincount(size, minlength=rows.shape[1] + 1), 1)
    weights: Floats = law[size]
    return weights


def _from_list(n: int, count: int, taken: Bools, rng: np.random.Generator, law: Floats | None) -> Bools:
    rows = every_coalition(n, 2**n, 0).coalitions
    place = 1 << np.arange(n)
    free = _candidates(rows) & ~np.isin(rows @ place, taken @ place)
    if np.count_nonzero(free) < count:
        free = ~np.isin(rows @ place, taken[: len(taken) // 2] @ place)
    chance = free.astype(float)
    if law is not None:
        size = rows.sum(axis=1)
        chance *= (law / np.maximum(np.bincount(size[free], minlength=n + 1), 1))[size]
    count = min(count, int(np.count_nonzero(chance)))
    return rows[rng.choice(len(rows), count, replace=False, p=chance / chance.sum())] if count else rows[:0]


def _by_rejection(n: int, count: int, taken: Bools, rng: np.random.Generator, law: Floats | None) -> Bools:
    keys = {row.tobytes() for row in np.packbits(taken, axis=1)}
    sizes = None if law is None else rng.choice(n + 1, count, p=law)  # drawn once: a full size is not passed over
    found: list[Bools] = []
    waiting = np.arange(count)
    for _ in range(_ROUNDS):
        draws = rng.random((len(waiting), n))
        rows = draws < 0.5 if sizes is None else draws.argsort(axis=1).argsort(axis=1) < sizes[waiting, None]
        left = []
        for i, row, allowed, packed in zip(waiting, rows, _candidates(rows), np.packbits(rows, axis=1)):
            key = packed.tobytes()
            if allowed and key not in keys:
                keys.add(key)
                found.append(row)
            else:
                left.append(i)
        waiting = np.array(left, int)
        if not left:
            break
    return np.array(found, bool).reshape(-1, n)
