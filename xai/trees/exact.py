"""Exact Banzhaf and Shapley values of a tree ensemble: what does each column add over all coalitions?

One explicand x, one background row b: a mixture takes the present columns from x and the absent ones from b. It reaches
a leaf when it meets every condition on its path. Let E be the columns whose conditions only x meets, R those that only
b meets; a column that neither meets kills the leaf. The leaf then adds w·[E ⊆ S]·[R ∩ S = ∅] to v(S), and with a = |E|,
c = |R| its values are, for i ∈ E and (negative) for i ∈ R,

    Banzhaf  w·2^{1−a−c},  w·2^{1−a−c};    Shapley  w·(a−1)!c!/(a+c)!,  w·a!(c−1)!/(a+c)!

(the Shapley line is interventional TreeSHAP: Lundberg et al. 2020, Nature Machine Intelligence 2, section "Methods").
Values are averaged over the background rows. A column that occurs several times on a path has its conditions combined
first. `xai.trees.leaves` holds the compiled loops.
"""

from collections.abc import Callable
from math import factorial

import numpy as np
from numpy.typing import ArrayLike

from xai.checks import check_index
from xai.trees import leaves
from xai.trees.arrays import Tree, TreeArrays, Words, joined
from xai.typing import Bools, Floats, Ints

_ROWS = 2048  # explicands at a time: bounds the working space
_KEPT = 1 << 26  # bytes of a background's patterns that are kept, or made at a time


class TreeEnsemble:
    """A sum of trees, whatever library grew them.

    Attributes
    ----------
    n_features, n_outputs : columns that it reads; sums that it gives
    offset : (n_outputs,), added to the sums
    single : values are rounded to float32 before they are compared (XGBoost)

    Raises ValueError for a tree that is not one: a child that does not exist or has two parents, a column that does not
    exist, more than 62 columns on one path, a number that is not finite.
    """

    def __init__(
        self, trees: list[Tree], n_features: int, n_outputs: int = 1, offset: ArrayLike = 0.0, single: bool = False
    ) -> None:
        self.n_features, self.n_outputs, self.single = int(n_features), int(n_outputs), bool(single)
        self.offset: Floats = np.broadcast_to(np.asarray(offset, float), (self.n_outputs,)).copy()
        self.arrays = joined(trees, self.n_features, self.n_outputs)
        self._last: tuple[bytes, tuple[Ints, Ints]] | None = None  # a background, and its patterns

    def margins(self, rows: ArrayLike) -> Floats:
        """Raw sums (rows, n_outputs) for rows (rows, n_features), NaN where missing."""
        rows = np.asarray(rows, float)
        parts = [self._columns(rows[start : start + _ROWS]) for start in range(0, len(rows), _ROWS)]
        found = [leaves.margins(part, self.arrays, self.n_outputs).T for part in parts]
        sums: Floats = np.concatenate([np.zeros((0, self.n_outputs)), *found])
        return sums + self.offset

    def values(self, rows: ArrayLike, background: ArrayLike, index: str = "banzhaf") -> Floats:
        """Exact values (rows, n_features, n_outputs) over the mean of the background rows (b, n_features)."""
        gain, loss = _weights(index, self._most_slots())
        rows, background = np.asarray(rows, float), self._background(background)
        out, ranges = np.empty((len(rows), self.n_features, self.n_outputs)), self._ranges(background.shape[1])
        for start in range(0, len(rows), _ROWS):
            part = self._columns(rows[start : start + _ROWS])
            found = np.zeros((self.n_outputs, part.shape[1], self.n_features))
            for some in ranges:
                others, starts = self._patterns(background, some)
                leaves.values(part, others, starts, self.arrays, some, gain, loss, found)
            out[start : start + _ROWS] = np.moveaxis(found, 0, 2)
        out /= background.shape[1]
        return out

    def interactions(self, row: ArrayLike, background: ArrayLike, index: str = "banzhaf") -> Floats:
        """Exact interactions (n_features, n_features, n_outputs) of every two columns for one row (n_features,).

        0 on the diagonal, else the mean of v(S∪ij) − v(S∪i) − v(S∪j) + v(S) over S without i and j: all S alike
        (Banzhaf), or all sizes of S alike (Shapley).
        """
        together, apart = _pair_weights(index, self._most_slots())
        leaf, present, absent, weight = self._terms(row, background)
        out = np.zeros((self.n_features, self.n_features, self.n_outputs))
        owner = self._owners()[leaf]
        for output in range(self.n_outputs):
            mine, total = owner == output, np.zeros((self.n_features, self.n_features))
            leaves.pair_values(leaf[mine], present[mine], absent[mine], weight[mine], self.arrays, together, apart, total)
            out[:, :, output] = total
        return out

    def game(self, row: ArrayLike, background: ArrayLike) -> "TreeGame":
        """The game of one explicand: mean margin of the mixtures of `row` and the background rows."""
        return TreeGame(self, row, background)

    def _columns(self, rows: ArrayLike) -> Floats:
        rows = np.asarray(rows, float)
        if rows.ndim != 2 or rows.shape[1] != self.n_features:
            raise ValueError(f"rows must have shape (rows, {self.n_features}); got {rows.shape}")
        rows = rows.astype(np.float32).astype(float) if self.single else rows
        return np.ascontiguousarray(rows.T)

    def _background(self, rows: ArrayLike) -> Floats:
        columns = self._columns(rows)
        if not columns.shape[1]:
            raise ValueError("the background has no rows; give at least one")
        return columns

    def _most_slots(self) -> int:
        return int(np.diff(self.arrays.slot_start).max(initial=0))

    def _owners(self) -> Ints:
        return np.repeat(self.arrays.output, np.diff(self.arrays.leaf_start))

    def _terms(self, row: ArrayLike, background: ArrayLike) -> tuple[Ints, Ints, Ints, Floats]:
        """Leaf, bits of E, bits of R, and weight of each product of one explicand's v."""
        column, background = self._columns(np.asarray(row, float)[None]), self._background(background)
        others, starts = self._patterns(background, (0, len(self.arrays.root)))
        leaf, present, absent, often = leaves.terms(column, others, starts, self.arrays)
        return leaf, present, absent, often * self.arrays.leaf_value[leaf] / background.shape[1]

    def _ranges(self, rows: int) -> list[tuple[int, int]]:
        """Trees, first and behind the last, of whose leaves the patterns of so many background rows fit into `_KEPT`; all where
        that is so of all, and one where it is of none."""
        ends, first, found = self._bytes(rows), 0, []
        while first < len(self.arrays.root):
            last = max(first + 1, int(np.searchsorted(ends, ends[first] + _KEPT, "right")) - 1)
            found.append((first, last))
            first = last
        return found

    def _bytes(self, rows: int) -> Floats:
        """Of the patterns of so many background rows, at most, in all trees before each: (trees + 1,)."""
        most = np.minimum(rows, 2.0 ** np.diff(self.arrays.slot_start))
        found: Floats = 16.0 * np.append(0.0, np.cumsum(most))[self.arrays.leaf_start]
        return found

    def _patterns(self, background: Floats, some: tuple[int, int]) -> tuple[Ints, Ints]:
        """`leaves.patterns` of a background; those of the last in all trees are kept: it is mostly the same from row to row."""
        key = background.tobytes() if some == (0, len(self.arrays.root)) else None
        if key is not None and self._last is not None and self._last[0] == key:
            return self._last[1]
        ends = self._bytes(background.shape[1])
        room = int(min(ends[some[1]] - ends[some[0]], _KEPT)) // 16
        found, starts = leaves.patterns(background, self.arrays, some, room)
        if starts[-1] > room:
            found, starts = leaves.patterns(background, self.arrays, some, int(starts[-1]))
        found = np.ascontiguousarray(found[:, : starts[-1]])
        if key is not None:
            self._last = (key, (found, starts)) if found.nbytes <= _KEPT else None
        return found, starts


class TreeGame:
    """bool (m, n_features) → float64 (m, n_outputs): the mean over the background of the margins of m·b mixtures.

    No mixture is built: the same products [E ⊆ S]·[R ∩ S = ∅] that give the exact values are summed for each S.
    """

    def __init__(self, ensemble: TreeEnsemble, row: ArrayLike, background: ArrayLike) -> None:
        self.n_players, self._offset = ensemble.n_features, ensemble.offset
        leaf, present, absent, weight = ensemble._terms(row, background)
        output = ensemble._owners()[leaf]
        words = [self._words(ensemble.arrays, leaf, bits) for bits in (present, absent)]
        keys: Words = np.column_stack([output.astype(np.uint64), *words])
        order = np.lexsort(keys.T)  # equal products side by side: they become one
        keys = keys[order]
        first = np.flatnonzero(np.append(True, (keys[1:] != keys[:-1]).any(axis=1))[: len(keys)])
        self._weight = np.add.reduceat(weight[order], first) if len(keys) else weight
        self._output, width = output[order][first], words[0].shape[1]
        self._present = np.ascontiguousarray(keys[first, 1 : 1 + width])
        self._members = self._present | keys[first, 1 + width :]

    def __call__(self, coalitions: Bools) -> Floats:
        packed = _packed(np.asarray(coalitions, bool))
        out = np.zeros((len(self._offset), packed.shape[1]))
        leaves.product_sums(packed, self._present, self._members, self._weight, self._output, out)
        return out.T + self._offset

    def _words(self, arrays: TreeArrays, leaf: Ints, bits: Ints) -> Words:
        """Sets of columns as words of 64, uint64 (terms, w), from the bits of each leaf's own slots."""
        out = np.zeros((len(leaf), -(-self.n_players // 64)), np.uint64)
        leaves.members(leaf, bits, arrays, out)
        return out


def _packed(coalitions: Bools) -> Words:
    """Coalitions as words of 64 players, uint64 (w, m)."""
    m, n = coalitions.shape
    room = np.zeros((m, -(-n // 64) * 8), np.uint8)
    room[:, : -(-n // 8)] = np.packbits(coalitions, axis=1, bitorder="little")
    return np.ascontiguousarray(room.view("<u8").astype(np.uint64).T)


def _weights(index: str, most: int) -> tuple[Floats, Floats]:
    """What a leaf of value 1 gives a column of E, and takes from one of R, by [a, c]."""
    check_index(index)
    if index == "banzhaf":
        return (_table(most, lambda a, c: 2.0 ** (1 - a - c)),) * 2
    gain = _table(most, lambda a, c: factorial(a - 1) * factorial(c) / factorial(a + c) if a else 0.0)
    return gain, _table(most, lambda a, c: factorial(a) * factorial(c - 1) / factorial(a + c) if c else 0.0)


def _pair_weights(index: str, most: int) -> tuple[Floats, Floats]:
    """Interaction of two columns of E, and (negative) of one of E and one of R, in a leaf of value 1, by [a, c].

    Shapley: the two are merged into one of a + c − 1 players that comes after the rest of E and before the rest of R.
    """
    check_index(index)
    if index == "banzhaf":
        return (_table(most, lambda a, c: 2.0 ** (2 - a - c)),) * 2
    together = _table(most, lambda a, c: factorial(a - 2) * factorial(c) / factorial(a + c - 1) if a >= 2 else 0.0)
    return together, _table(most, lambda a, c: factorial(a - 1) * factorial(c - 1) / factorial(a + c - 1) if a and c else 0.0)


def _table(most: int, of: Callable[[int, int], float]) -> Floats:
    """of(a, c) wherever a + c is at most `most`, else 0."""
    return np.array([[of(a, c) if a + c <= most else 0.0 for c in range(most + 1)] for a in range(most + 1)])
