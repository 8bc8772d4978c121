"""Games that are fast to evaluate and whose Banzhaf and Shapley values are exact: the truth of `benchmarks.accuracy`.

Three kinds: products of presences and absences (what a tree ensemble with one baseline row is), sums of Walsh
functions, and tables of all 2^n values. Each has `n_players`, `labels`, `batch_size`, and its own `banzhaf` and
`shapley`, (n,).
"""

from dataclasses import dataclass, field
from math import factorial

import numpy as np

_TABLE_PLAYERS = 12  # players of one lookup table
BATCH = 1 << 20  # one call of the game per ledger: these games are vectorised


@dataclass
class Exact:
    """A game as the engine takes it, and its exact values (n,)."""

    banzhaf: np.ndarray
    shapley: np.ndarray
    batch_size: int = field(default=BATCH, init=False)

    @property
    def n_players(self) -> int:
        return len(self.banzhaf)

    @property
    def labels(self) -> list[str]:
        return [f"player {i}" for i in range(self.n_players)]


class ProductGame(Exact):
    """v(S) = Σ w·[E ⊆ S]·[R ∩ S = ∅].

    terms : (w, E, R), a float and two disjoint bit masks of players. With a = |E|, c = |R| a term adds to the Banzhaf
    value w·2^{1−a−c} for i ∈ E and its negative for i ∈ R; to the Shapley value w·(a−1)!c!/(a+c)! for i ∈ E and
    −w·a!(c−1)!/(a+c)! for i ∈ R.
    """

    def __init__(self, n: int, terms: list[tuple[float, int, int]]):
        banzhaf, shapley = np.zeros(n), np.zeros(n)
        for w, present, absent in terms:
            a, c = present.bit_count(), absent.bit_count()
            for i in members(present):
                banzhaf[i] += w * 2.0 ** (1 - a - c)
                shapley[i] += w * factorial(a - 1) * factorial(c) / factorial(a + c)
            for i in members(absent):
                banzhaf[i] -= w * 2.0 ** (1 - a - c)
                shapley[i] -= w * factorial(a) * factorial(c - 1) / factorial(a + c)
        super().__init__(banzhaf, shapley)
        groups = _group(terms, max(_TABLE_PLAYERS, n if n <= 16 else 0))
        self._powers = np.zeros((n, len(groups)), np.float32)
        tables = []
        for g, (union, part) in enumerate(groups):
            players = members(union)
            self._powers[players, g] = 2.0 ** np.arange(len(players))
            tables.append(_tabulate(players, part))
        self._offsets = np.cumsum([0] + [len(table) for table in tables[:-1]])
        self._table = np.concatenate(tables)

    def __call__(self, coalitions) -> np.ndarray:
        rows = (np.asarray(coalitions, dtype=np.float32).reshape(-1, self.n_players) @ self._powers).astype(np.int64)
        return self._table[rows + self._offsets].sum(axis=1)


def members(mask: int) -> list[int]:
    """Players of a bit mask, in order."""
    return [i for i in range(mask.bit_length()) if mask >> i & 1]


def _group(terms, most):
    """Terms shared out to groups of at most `most` players, each (union, terms); longer terms stand alone."""
    groups = []
    for term in sorted(terms, key=lambda term: -(term[1] | term[2]).bit_count()):
        mask = term[1] | term[2]
        fits = [g for g in groups if (g[0] | mask).bit_count() <= most]
        if fits:
            best = min(fits, key=lambda g: (g[0] | mask).bit_count() - g[0].bit_count())
            best[0] |= mask
            best[1].append(term)
        else:
            groups.append([mask, [term]])
    return groups


def _tabulate(players, terms):
    """Sum of the terms over all coalitions of `players`, entry r's bit k saying whether players[k] is in."""
    local = {player: 1 << k for k, player in enumerate(players)}
    grid, table = np.arange(2 ** len(players)), np.zeros(2 ** len(players))
    for w, present, absent in terms:
        inside, outside = (sum(local[i] for i in members(mask)) for mask in (present, absent))
        table[(grid & (inside | outside)) == inside] += w
    return table


class WalshGame(Exact):
    """v(S) = Σ c_T·χ_T(S), χ_T(S) = Π_{i∈T} ±1: Banzhaf 2·c_{i}, Shapley Σ_{T∋i, |T| odd} 2·c_T/|T|.

    coefficients (t,), sets : t lists of players.
    """

    def __init__(self, n: int, coefficients, sets):
        banzhaf, shapley = np.zeros(n), np.zeros(n)
        for c, players in zip(coefficients, sets):
            if len(players) == 1:
                banzhaf[players] += 2.0 * c
            if len(players) % 2:
                shapley[players] += 2.0 * c / len(players)
        super().__init__(banzhaf, shapley)
        self._coefficients = np.asarray(coefficients, float)
        self._member = np.zeros((n, len(sets)), np.float32)
        for t, players in enumerate(sets):
            self._member[players, t] = 1.0

    def __call__(self, coalitions) -> np.ndarray:
        absent = 1.0 - np.asarray(coalitions, dtype=np.float32).reshape(-1, self.n_players)
        return (1.0 - 2.0 * (np.rint(absent @ self._member) % 2)) @ self._coefficients


class TableGame(Exact):
    """The game of all 2^n values: entry r's bit i says whether player i is in. Truth by enumeration."""

    def __init__(self, values):
        values = np.asarray(values, dtype=np.float64)
        n = int(len(values)).bit_length() - 1
        super().__init__(*enumerated(values))
        self._values, self._powers = values, 2.0 ** np.arange(n)

    def __call__(self, coalitions) -> np.ndarray:
        rows = np.asarray(coalitions, dtype=np.float64).reshape(-1, self.n_players) @ self._powers
        return self._values[rows.astype(np.int64)]


def every_coalition(n: int) -> np.ndarray:
    """All coalitions, bool (2^n, n), in the order of a TableGame."""
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(bool)


def enumerated(values) -> tuple[np.ndarray, np.ndarray]:
    """Banzhaf and Shapley values (n,) of a table of 2^n values, as weighted sums of all marginals."""
    n = int(len(values)).bit_length() - 1
    size = every_coalition(n).sum(axis=1)
    chance = np.array([factorial(s) * factorial(n - 1 - s) / factorial(n) for s in range(n)])
    banzhaf, shapley = np.zeros(n), np.zeros(n)
    for i in range(n):
        without, having = np.moveaxis(values.reshape(-1, 2, 2**i), 1, 0)
        marginal = having - without
        banzhaf[i] = marginal.mean()
        shapley[i] = (chance[size.reshape(-1, 2, 2**i)[:, 0]] * marginal).sum()
    return banzhaf, shapley


def tree_terms(model: dict, x, baseline) -> list[tuple[float, int, int]]:
    """Terms of a ProductGame: a LightGBM ensemble (`booster.dump_model()`) at explicand x over one baseline row.

    A leaf is reached by the mixture of x and baseline that meets every condition on its path: E are the features whose
    conditions only x meets, R those that only the baseline meets; a feature that neither meets kills the leaf.
    Numerical splits without missing values only, which is what `benchmarks.parts.games` fits.
    """
    terms = []
    for tree in model["tree_info"]:
        waiting = [(tree["tree_structure"], 0, 0)]
        while waiting:
            node, present, absent = waiting.pop()
            if "leaf_value" in node:
                terms.append((node["leaf_value"], present, absent))
                continue
            if node["decision_type"] != "<=":
                raise ValueError(f"only numerical splits are exact here; got {node['decision_type']!r}")
            bit = 1 << node["split_feature"]
            goes = [bool(row[node["split_feature"]] <= node["threshold"]) for row in (x, baseline)]
            for side, left in (("left_child", True), ("right_child", False)):
                by_x, by_baseline = (went == left for went in goes)
                only_x, only_baseline = by_x and not by_baseline, by_baseline and not by_x
                dead = not (by_x or by_baseline) or (only_x and absent & bit) or (only_baseline and present & bit)
                if not dead:
                    waiting.append((node[side], present | bit * only_x, absent | bit * only_baseline))
    merged = {}
    for w, present, absent in terms:
        merged[present, absent] = merged.get((present, absent), 0.0) + w
    return [(w, present, absent) for (present, absent), w in merged.items()]
