"""Which leaves a row reaches with some of its columns exchanged: the compiled loops of `xai.trees.exact`.

A path's conditions on one column are met by a row or not, all together: so what a leaf knows of a row is one bit for
each column on its path. Rows with the same bits are the same to the leaf, and few patterns occur: every pattern of an
explicand meets every pattern of the background once, whatever the number of rows. numba compiles this on first use and
keeps it on disk.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from xai.trees.arrays import TreeArrays, Words
from xai.typing import Bytes, Floats, Ints

CATEGORICAL, DEFAULT_LEFT, ZERO_MISSING, NAN_MISSING = 1, 2, 4, 8
_ZERO = 1.0000000180025095e-35  # LightGBM's kZeroThreshold, a float32


@njit(cache=True, nogil=True)
def decisions(columns: Floats, first: int, last: int, trees: TreeArrays) -> Bytes:
    """Who goes left at the nodes first … last − 1, uint8 (nodes, rows): LightGBM's rules (include/LightGBM/tree.h)."""
    out = np.empty((last - first, columns.shape[1]), np.uint8)
    for node in range(first, last):
        values, went, flags = columns[trees.feature[node]], out[node - first], trees.flags[node]
        if flags & CATEGORICAL:
            start = trees.first_word[node]
            _in_set(values, trees.categories[start : start + trees.words[node]], flags, went)
        else:
            _at_most(values, trees.threshold[node], flags, went)
    return out


@njit(cache=True, nogil=True)
def _in_set(values: Floats, words: NDArray[np.uint32], flags: int, went: Bytes) -> None:
    of_nan = np.uint8(flags & DEFAULT_LEFT != 0)
    for r in range(len(values)):
        went[r] = of_nan if np.isnan(values[r]) else 0  # negative, or beyond every category of the set
        if -1.0 < values[r] < 32.0 * len(words):
            category = np.int64(values[r])
            went[r] = words[category // 32] >> (category % 32) & 1


@njit(cache=True, nogil=True)
def _at_most(values: Floats, threshold: float, flags: int, went: Bytes) -> None:
    nan_missing, zero_missing = flags & NAN_MISSING != 0, flags & ZERO_MISSING != 0
    default = np.uint8(flags & DEFAULT_LEFT != 0)
    of_nan = default if nan_missing or zero_missing else np.uint8(threshold >= 0.0)  # else a missing value counts as 0
    for r in range(len(values)):
        value = values[r]
        went[r] = of_nan if np.isnan(value) else np.uint8(value <= threshold)
        if zero_missing and -_ZERO <= value <= _ZERO:
            went[r] = default


@njit(cache=True, nogil=True)
def margins(columns: Floats, trees: TreeArrays, outputs: int) -> Floats:
    """Sums of leaf values, (outputs, rows), of columns (features, rows)."""
    out = np.zeros((outputs, columns.shape[1]))
    left, right, value = trees.left, trees.right, trees.leaf_value
    for t in range(len(trees.root)):
        first, root, total = trees.node_start[t], trees.root[t], out[trees.output[t]]
        went = decisions(columns, first, trees.node_start[t + 1], trees)
        for r in range(columns.shape[1]):
            node = root
            while node >= 0:
                node = left[node] if went[node - first, r] else right[node]
            total[r] += value[-1 - node]
    return out


@njit(cache=True, nogil=True)
def _patterns(leaf: int, first: int, decided: Bytes, trees: TreeArrays, met: Bytes, out: Ints) -> None:
    """out[r] = bits of the columns on the leaf's path whose conditions row r meets."""
    out[:] = 0
    for j in range(trees.slot_start[leaf], trees.slot_start[leaf + 1]):
        met[:] = 1
        for s in range(trees.step_start[j], trees.step_start[j + 1]):
            wanted, went = trees.step_left[s], decided[trees.step_node[s] - first]
            for r in range(len(met)):
                met[r] &= went[r] == wanted
        bit = j - trees.slot_start[leaf]
        for r in range(len(met)):
            out[r] |= np.int64(met[r]) << bit


@njit(cache=True, nogil=True)
def _distinct(patterns: Ints, table: Ints, found: Ints, counts: Ints, which: Ints) -> int:
    """Number u of distinct patterns; fills found[:u], counts[:u], and which[r] = place of row r's pattern."""
    mask, u = len(table) - 1, 0
    table[:] = -1
    for r in range(len(patterns)):
        pattern = patterns[r]
        slot = (pattern ^ (pattern >> 7) ^ (pattern >> 17) ^ (pattern >> 37)) & mask
        while table[slot] >= 0 and found[table[slot]] != pattern:
            slot = (slot + 1) & mask
        if table[slot] < 0:
            table[slot], found[u], counts[u] = u, pattern, 0
            u += 1
        which[r] = table[slot]
        counts[which[r]] += 1
    return u


@njit(cache=True, nogil=True)
def _room(rows: int) -> tuple[Bytes, Ints, Ints, Ints, Ints, Ints]:
    """Working space of `_patterns` and `_distinct` for this many rows."""
    size = 16
    while size < 2 * rows:
        size *= 2
    ints = np.empty((4, rows), np.int64)
    return np.empty(rows, np.uint8), ints[0], np.empty(size, np.int64), ints[1], ints[2], ints[3]


@njit(cache=True, nogil=True)
def _count(bits: np.int64) -> int:
    n = 0
    while bits:
        bits &= bits - 1
        n += 1
    return n


@njit(cache=True, nogil=True)
def _one_pattern(row: np.int64, k: int, patterns: Ints, counts: Ints, u: int, gain: Floats, loss: Floats, share: Floats) -> bool:
    """share[:k] = what a leaf of value 1 gives its columns, summed over the background; False where that is nothing.

    row : bits that the explicand meets. R, what only the background meets, is its complement; E likewise.
    """
    full = (np.int64(1) << k) - 1
    only_background, alive, lost = full & ~row, False, 0.0
    c = _count(only_background)
    share[:k] = 0.0
    for v in range(u):
        if patterns[v] & only_background != only_background:
            continue  # neither meets one of the columns: the leaf is dead
        only_row = full & ~patterns[v]
        a = _count(only_row)
        if a + c == 0:
            continue
        alive = True
        lost += counts[v] * loss[a, c]
        for j in range(k):
            if only_row >> j & 1:
                share[j] += counts[v] * gain[a, c]
    for j in range(k):
        if only_background >> j & 1:
            share[j] -= lost
    return alive


@njit(cache=True, nogil=True)
def values(
    columns: Floats, others: Ints, starts: Ints, trees: TreeArrays, some: tuple[int, int], gain: Floats, loss: Floats, out: Floats
) -> None:
    """Adds the sums over leaves and background of gain[a, c] for i ∈ E and −loss[a, c] for i ∈ R to out (outputs, rows, columns).

    others, starts : the `patterns` of the background at the leaves of the trees some[0] to some[1] − 1: only these are seen
    """
    rows, before = columns.shape[1], trees.leaf_start[some[0]]
    met, bits, table, found, counts, which = _room(rows)
    shares, alive = np.zeros((rows, gain.shape[0])), np.zeros(rows, np.bool_)
    for t in range(some[0], some[1]):
        first = trees.node_start[t]
        decided = decisions(columns, first, trees.node_start[t + 1], trees)
        total = out[trees.output[t]]
        for leaf in range(trees.leaf_start[t], trees.leaf_start[t + 1]):
            start = trees.slot_start[leaf]
            k = trees.slot_start[leaf + 1] - start
            met_by, often = others[:, starts[leaf - before] : starts[leaf - before + 1]]
            _patterns(leaf, first, decided, trees, met, bits)
            u = _distinct(bits, table, found, counts, which)
            for p in range(u):
                alive[p] = _one_pattern(found[p], k, met_by, often, len(often), gain, loss, shares[p])
                for j in range(k):
                    shares[p, j] *= trees.leaf_value[leaf]
            for r in range(rows):
                if alive[which[r]]:
                    for j in range(k):
                        total[r, trees.slot_feature[start + j]] += shares[which[r], j]


@njit(cache=True, nogil=True)
def patterns(background: Floats, trees: TreeArrays, some: tuple[int, int], limit: int) -> tuple[Ints, Ints]:
    """The distinct patterns of the background at each leaf of the trees some[0] to some[1] − 1, one leaf's after the other's.

    Returns (2, limit): pattern, and how many background rows have it; and where each leaf's begin, (leaves + 1,). The last
    of these may exceed the limit: then the rest is missing.
    """
    before = trees.leaf_start[some[0]]
    out, starts = np.empty((2, limit), np.int64), np.zeros(trees.leaf_start[some[1]] - before + 1, np.int64)
    met, bits, table, found, counts, which = _room(background.shape[1])
    n = 0
    for t in range(some[0], some[1]):
        first = trees.node_start[t]
        decided = decisions(background, first, trees.node_start[t + 1], trees)
        for leaf in range(trees.leaf_start[t], trees.leaf_start[t + 1]):
            _patterns(leaf, first, decided, trees, met, bits)
            u = _distinct(bits, table, found, counts, which)
            if n + u <= limit:
                out[0, n : n + u], out[1, n : n + u] = found[:u], counts[:u]
            n += u
            starts[leaf - before + 1] = n
    return out, starts


@njit(cache=True, nogil=True)
def terms(column: Floats, others: Ints, starts: Ints, trees: TreeArrays) -> Ints:
    """The leaves that mixtures of one explicand (features, 1) and the background reach, as products.

    others, starts : `patterns` of the background. Returns (4, products): leaf, bits of E, bits of R, and how many background
    rows.
    """
    out = np.empty((4, starts[-1]), np.int64)
    met, bits, _, _, _, _ = _room(1)
    n = 0
    for t in range(len(trees.root)):
        first = trees.node_start[t]
        decided = decisions(column, first, trees.node_start[t + 1], trees)
        for leaf in range(trees.leaf_start[t], trees.leaf_start[t + 1]):
            _patterns(leaf, first, decided, trees, met, bits)
            full = (np.int64(1) << (trees.slot_start[leaf + 1] - trees.slot_start[leaf])) - 1
            only_background = full & ~bits[0]
            for v in range(starts[leaf], starts[leaf + 1]):
                if others[0, v] & only_background == only_background:
                    out[0, n], out[1, n], out[2, n], out[3, n] = leaf, full & ~others[0, v], only_background, others[1, v]
                    n += 1
    return out[:, :n]


@njit(cache=True, nogil=True)
def members(leaf: Ints, bits: Ints, trees: TreeArrays, out: Words) -> None:
    """Sets of columns as words of 64, added to out (terms, w), from the bits of each leaf's own slots."""
    for n in range(len(leaf)):
        start = trees.slot_start[leaf[n]]
        for j in range(trees.slot_start[leaf[n] + 1] - start):
            if bits[n] >> j & 1:
                column = trees.slot_feature[start + j]
                out[n, column // 64] |= np.uint64(1) << np.uint64(column % 64)


@njit(cache=True, nogil=True)
def pair_values(
    leaves: Ints, present: Ints, absent: Ints, weights: Floats, trees: TreeArrays, together: Floats, apart: Floats, out: Floats
) -> None:
    """Adds to out (features, features): together[a, c] for two columns of E, [c, a] for two of R, −apart[a, c] else."""
    for n in range(len(leaves)):
        start = trees.slot_start[leaves[n]]
        k = trees.slot_start[leaves[n] + 1] - start
        a, c = _count(present[n]), _count(absent[n])
        for j in range(k):
            for i in range(j):
                first, second = present[n] >> i & 1, present[n] >> j & 1
                if not (first or absent[n] >> i & 1) or not (second or absent[n] >> j & 1):
                    continue
                within = together[a, c] if first else together[c, a]
                value = within if first == second else -apart[a, c]
                one, other = trees.slot_feature[start + i], trees.slot_feature[start + j]
                out[one, other] += weights[n] * value
                out[other, one] += weights[n] * value


@njit(cache=True, nogil=True)
def product_sums(coalitions: Words, present: Words, members: Words, weights: Floats, outputs: Ints, out: Floats) -> None:
    """out[output, S] += Σ weight·[S ∩ members = present], sets as words (·, w) of 64 players; out (outputs, m)."""
    m, words = coalitions.shape[1], coalitions.shape[0]
    agrees = np.empty(m, np.bool_)
    for t in range(len(weights)):
        total, weight = out[outputs[t]], weights[t]
        if words == 1:
            for s in range(m):
                total[s] += weight if coalitions[0, s] & members[t, 0] == present[t, 0] else 0.0
            continue
        agrees[:] = True
        for w in range(words):
            if members[t, w]:
                for s in range(m):
                    agrees[s] &= coalitions[w, s] & members[t, w] == present[t, w]
        for s in range(m):
            total[s] += weight if agrees[s] else 0.0
