"""Which coalitions a map is judged on: ones that no fit has seen, drawn by two laws, or all there are."""

from dataclasses import dataclass

import numpy as np

from xai.estimators.designs import MAX_EXACT_PLAYERS, every_coalition
from xai.ledger import Ledger
from xai.typing import Bools, Floats

_ROUNDS = 50  # of drawing again what was seen already, where coalitions are too many to list


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Coalitions and what each weighs; the weights of a law sum to 1.

    Attributes
    ----------
    uniform, shapley : (m, n) bool, drawn uniformly, and by the Shapley kernel: sizes s = 1 … n − 1 with probability
        ∝ 1/(s(n − s)), coalitions of one size alike
    uniform_weights, shapley_weights : (m,)
    exhaustive : both are all 2^n coalitions, the fits' own among them, so that what they say has no sampling error
    """

    uniform: Bools
    shapley: Bools
    uniform_weights: Floats
    shapley_weights: Floats
    exhaustive: bool


def draw(ledger: Ledger, count: int, seed: int) -> HeldOut:
    """`count` distinct coalitions of each law that the ledger does not hold yet; nothing is evaluated.

    All 2^n where the ledger holds so many that fewer than 2·count are left. Where the ledger holds every coalition of
    some size (single players, say), none of that size can be unseen: the law is then that of the sizes that are left,
    where additive maps explain less; so R² errs on the low side (0.38 for 0.43 was measured on ten words).
    """
    n = ledger.n_players
    if n <= MAX_EXACT_PLAYERS and 2**n <= ledger.evaluations + 2 * count:
        rows = every_coalition(n, 2**n, seed).coalitions
        return HeldOut(rows, rows, np.full(len(rows), 1.0 / len(rows)), _kernel(rows), True)
    rng, seen = np.random.default_rng([seed, n, count]), ledger.known()[0]
    sample = _from_list if n <= MAX_EXACT_PLAYERS else _by_rejection
    uniform, shapley = (sample(n, count, seen, rng, by_size) for by_size in (False, True))
    uniform_weights, shapley_weights = (np.full(len(rows), 1.0 / len(rows)) for rows in (uniform, shapley))
    return HeldOut(uniform, shapley, uniform_weights, shapley_weights, False)


def _kernel(rows: Bools) -> Floats:
    """Weights of all coalitions under the Shapley kernel, 0 for ∅ and N; all 0 for one player."""
    n, size = rows.shape[1], rows.sum(axis=1)
    counts = np.bincount(size, minlength=n + 1)
    inner = (size > 0) & (size < n)
    weights: Floats = np.where(inner, 1.0 / np.where(inner, size * (n - size) * counts[size], 1), 0.0)
    return weights / float(max(weights.sum(), 1e-300))


def _from_list(n: int, count: int, seen: Bools, rng: np.random.Generator, by_size: bool) -> Bools:
    rows = every_coalition(n, 2**n, 0).coalitions
    chance = _kernel(rows) if by_size else np.full(len(rows), 1.0)
    place = 1 << np.arange(n)
    chance[np.isin(rows @ place, seen @ place)] = 0.0
    count = min(count, int(np.count_nonzero(chance)))
    return rows[np.sort(rng.choice(len(rows), count, replace=False, p=chance / chance.sum()))]


def _by_rejection(n: int, count: int, seen: Bools, rng: np.random.Generator, by_size: bool) -> Bools:
    keys = {row.tobytes() for row in np.packbits(seen, axis=1)}
    found: list[Bools] = []
    sizes = np.arange(1, n)
    chance = 1.0 / (sizes * (n - sizes))
    for _ in range(_ROUNDS):
        draws = rng.random((count, n))
        if by_size:
            drawn = rng.choice(sizes, count, p=chance / chance.sum())
            rows = draws.argsort(axis=1).argsort(axis=1) < drawn[:, None]
        else:
            rows = draws < 0.5
        for row, key in zip(rows, np.packbits(rows, axis=1)):
            if key.tobytes() not in keys and len(found) < count:
                keys.add(key.tobytes())
                found.append(row)
        if len(found) == count:
            break
    return np.array(found, bool).reshape(-1, n)
