"""Orthogonal arrays of two levels: Hadamard matrices, and nested binary codes of growing strength.

An array has strength t when in every t of its columns all 2^t patterns occur equally often. Adding the all-ones word
(every row's complement) to a linear code makes an even strength odd: 2 → 3, 4 → 5, 6 → 7. A linear code is given here
by its generators, one bool row of length n each; its rows are all their sums modulo 2.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from xai.typing import Bools, Ints

# A primitive polynomial over GF(2) for each degree r = 0, 1 …, bit b standing for x^b; octal, as such tables are printed.
_OCTAL = "1 3 7 13 23 45 103 211 435 1021 2011 4005 10123 20033 42103 100003 210013"
_PRIMITIVE = [int(digits, 8) for digits in _OCTAL.split()]
MAX_SMALL = 34  # players up to which the shorter codes of `_sum_free` are searched
MAX_ORDERED = 300  # players up to which the order of the cosets of strength 5 is chosen with care
_SEARCH = 60  # changes of basis tried for each of them
_SUMS = 300_000  # sums of columns that `strengths` looks at to find the first two that agree


def hadamard_order(n: int) -> int:
    """Smallest order of at least n for which `hadamard` knows a construction."""
    order = 1 if n <= 1 else 2 if n <= 2 else -(-n // 4) * 4
    while _construction(order) is None:
        order += 4
    return order


def hadamard(order: int) -> NDArray[np.int8]:
    """A Hadamard matrix, ±1 int8 (order, order), by Sylvester (1867) and Paley (1933, both constructions)."""
    kind = _construction(order)
    if kind == "unit":
        return np.ones((1, 1), np.int8)
    if kind == "double":
        half = hadamard(order // 2)
        return np.block([[half, half], [half, -half]])
    q = order - 1 if kind == "paley1" else order // 2 - 1
    character = np.full(q, -1, np.int8)
    character[np.arange(1, q, dtype=np.int64) ** 2 % q] = 1
    character[0] = 0
    jacobsthal = character[(np.arange(q)[:, None] - np.arange(q)) % q]
    core = np.zeros((q + 1, q + 1), np.int8)
    core[1:, 1:] = jacobsthal
    core[0, 1:] = 1
    core[1:, 0] = -1 if kind == "paley1" else 1
    identity = np.eye(q + 1, dtype=np.int8)
    if kind == "paley1":
        return core + identity
    return np.kron(core, np.array([[1, 1], [1, -1]], np.int8)) + np.kron(identity, np.array([[1, -1], [-1, -1]], np.int8))


def _construction(order: int) -> str | None:
    if order == 1:
        return "unit"
    if order % 4 == 0 and _is_prime(order - 1):
        return "paley1"
    if order % 4 == 0 and (order // 2 - 1) % 4 == 1 and _is_prime(order // 2 - 1):
        return "paley2"
    return "double" if order % 2 == 0 and _construction(order // 2) else None


def _is_prime(q: int) -> bool:
    return q > 1 and all(q % d for d in range(2, int(q**0.5) + 1))


@lru_cache(maxsize=32)
def nested_code(n: int, bits: int) -> tuple[Bools, tuple[int, ...]]:
    """Generators of nested codes, bool (about `bits` or fewer, n), and how many of them complete each level.

    With complements, the first levels[0] generators give strength 3 and the first levels[1] strength 5; each further
    level gives more, up to all coalitions: n − 1 generators, for the all-ones word is the n-th. The levels are the BCH
    codes of words α, α³, α⁵ … over GF(2^r), n ≤ 2^r (Bose & Ray-Chaudhuri 1960); up to MAX_SMALL players the first two
    come from a greedy code instead, which is often shorter.
    """
    echelon: dict[int, int] = {}
    generators: list[Bools] = []
    levels = []
    _independent(_word(np.ones(n, bool)), echelon)
    for rows in _levels(n):
        if len(generators) >= min(bits, n - 1):
            break
        generators += [row for row in rows if _independent(_word(row), echelon)]
        levels.append(len(generators))
    return np.array(generators, bool).reshape(-1, n), tuple(levels)


@lru_cache(maxsize=64)
def strengths(n: int, bits: int) -> tuple[int, ...]:
    """Of the first 0, 1, 2 … generators of `nested_code(n, bits)` with complements: the strength they are known to have.

    n where they span all coalitions. Counted, not read off the construction, as far as `_SUMS` reaches: the codes of up
    to MAX_SMALL players often have more strength than their level promises, or have it earlier. Beyond, the level's.
    """
    code, levels = nested_code(n, bits)
    known = [1]
    for count in range(1, len(code) + 1):
        promised = [2 * k + 3 for k, level in enumerate(levels) if level <= count and n > MAX_SMALL]
        known.append(n if count == n - 1 else max([1, *promised, _counted_strength(code[:count])]))
    return tuple(n if n == 1 else strength for strength in known)


def _counted_strength(code: Bools) -> int:
    """Strength of a code with its complements, or a bound below it.

    A set of columns is confounded with none where it sums to 0; with complements that takes an even number of columns.
    So strength 2t + 1 holds as long as no two sets of t columns have the same sum.
    """
    n, columns = code.shape[1], (code.astype(np.int64) << np.arange(len(code))[:, None]).sum(axis=0)
    sums, last, t = columns, np.arange(n), 1
    while len(np.unique(sums)) == len(sums):
        following = n - 1 - last
        if following.sum() == 0 or following.sum() > _SUMS:
            return int(min(2 * t + 1, n))
        repeated = np.repeat(np.arange(len(sums)), following)
        start = np.repeat(np.cumsum(following) - following, following)
        last = last[repeated] + 1 + np.arange(len(repeated)) - start
        sums, t = sums[repeated] ^ columns[last], t + 1
    return 2 * t - 1


def _levels(n: int) -> Iterator[Bools]:
    """Candidate generators level by level; the last levels span every word."""
    degree = max(1, int(n - 1).bit_length())
    power = 1
    points = np.random.default_rng(n).permutation(2**degree)[:n]  # a plain range would hold many subspaces
    if 4 < n <= MAX_SMALL:
        elements, width, low = _small_code(n, degree)
        if width <= 2 * degree:
            yield _bit_rows(elements, low)
            yield _bit_rows(elements >> low, width - low)
    while power < 2**degree:
        words = _field_power(points, power, degree)
        yield _bit_rows(words if power != 3 else _ordered(points, words, degree), degree)
        power += 2
    yield np.eye(n, dtype=bool)


def _bit_rows(elements: Ints, width: int) -> Bools:
    return ((elements >> np.arange(width)[:, None]) & 1).astype(bool)


def _word(row: Bools) -> int:
    return int.from_bytes(np.packbits(row).tobytes())


def _independent(word: int, echelon: dict[int, int]) -> bool:
    """Whether a word of bits is no sum of the words seen; if so it joins `echelon`, a dict from leading bit to word."""
    while word:
        lead = word.bit_length()
        if lead not in echelon:
            echelon[lead] = word
            return True
        word ^= echelon[lead]
    return False


def _field_power(points: Ints, power: int, degree: int) -> Ints:
    """points^power in GF(2^degree), elements as integers."""
    size = 2**degree
    exp = np.ones(size - 1, np.int64)
    for i in range(1, size - 1):
        shifted = exp[i - 1] << 1
        exp[i] = shifted ^ _PRIMITIVE[degree] if shifted & size else shifted
    log = np.zeros(size, np.int64)
    log[exp] = np.arange(size - 1)
    return np.where(points == 0, 0, exp[log[points] * power % (size - 1)])


def _small_code(n: int, degree: int) -> tuple[Ints, int, int]:
    """n integers of which no two and no four sum to 0 in GF(2)^width; nor any two in the lowest `degree` bits.

    The integers are taken greedily (a lexicode, Conway & Sloane 1986). Then, of a few hundred changes of basis, the one
    is kept whose lowest bits make the fewest fours that sum to 0: such a four lets an interaction of three players
    pass for the value of the fourth, until the level is complete.
    """
    taken = [0]
    blocked = {0}
    candidate = 0
    while len(taken) < n:
        candidate += 1
        if candidate in blocked:
            continue
        taken.append(candidate)
        pairs = {a ^ b for i, a in enumerate(taken) for b in taken[:i]}
        blocked = set(taken) | {pair ^ c for pair in pairs for c in taken}
    elements, width = np.array(taken), max(taken).bit_length()
    rng, best = np.random.default_rng(n), (np.inf, np.inf)
    for _ in range(_SEARCH):
        moved, low = _change_of_basis(elements, width, degree, rng)
        score = sum(2.0**d * _zero_fours(moved & (2**d - 1), d) for d in range(low, width + 1))
        if (low, score) < best:
            best, found, kept = (low, score), moved, low
    return found, width, kept


def _change_of_basis(elements: Ints, width: int, degree: int, rng: np.random.Generator) -> tuple[Ints, int]:
    """The elements in a random basis whose lowest `low` coordinates keep them apart; low ≥ degree, as low as found."""
    apart = np.zeros(2**width, bool)
    apart[(elements[:, None] ^ elements).ravel()] = True  # 0 among them
    dropped: list[int] = []
    space = np.zeros(1, np.int64)
    while len(dropped) < width - degree:
        blocked = apart.copy()
        for x in space:
            blocked |= apart[np.arange(2**width) ^ x]
        free = np.flatnonzero(~blocked)
        free = free[~np.isin(free, space)]
        if not len(free):
            break
        dropped.append(int(rng.choice(free)))
        space = np.concatenate([space, space ^ dropped[-1]])
    kept = np.zeros(1, np.int64)
    basis: list[int] = []
    for x in rng.permutation(2**width):
        if len(basis) < width - len(dropped) and x not in (space[:, None] ^ kept):
            basis.append(int(x))
            kept = np.concatenate([kept, kept ^ x])
    basis += dropped[::-1]
    sums = np.zeros(1, np.int64)
    for vector in basis:
        sums = np.concatenate([sums, sums ^ vector])
    coordinates = np.empty(2**width, np.int64)
    coordinates[sums] = np.arange(2**width)
    return coordinates[elements], width - len(dropped)


def _ordered(points: Ints, words: Ints, degree: int) -> Ints:
    """`words` in a basis whose first coordinates, beside `points`, leave few fours that sum to 0; see `_small_code`."""
    if len(points) > MAX_ORDERED:
        return words
    rows: list[int] = []
    echelon: dict[int, int] = {}
    rng, keys = np.random.default_rng(len(points)), points
    while len(rows) < degree:
        tried = [row for row in rng.integers(1, 2**degree, size=12).tolist() if _independent(row, dict(echelon))]
        if tried:
            added = [(np.bitwise_count(words & row) & 1).astype(np.int64) << (degree + len(rows)) for row in tried]
            best = int(np.argmin([_zero_fours(keys | bit, degree + len(rows) + 1) for bit in added]))
            _independent(tried[best], echelon)
            rows, keys = [*rows, tried[best]], keys | added[best]
    return keys >> degree


def _zero_fours(elements: Ints, width: int) -> int:
    """How many fours of the distinct `elements` sum to 0: pairs of pairs with the same sum."""
    first, second = np.triu_indices(len(elements), 1)
    same = np.bincount(elements[first] ^ elements[second], minlength=2**width)
    return int((same * (same - 1) // 2).sum())  # each four counted three times, as a factor throughout
