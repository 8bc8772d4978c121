"""What a search through a tree may spend: distinct coalitions it asks for, whoever paid for them before.

So a run is a function of game, tree, budget and seed alone, and goes on alike from the ledger of a cancelled one.
"""

from collections.abc import Iterator
from hashlib import blake2b

import numpy as np

from xai.hierarchy.inner import Inner
from xai.ledger import Ledger
from xai.typing import Bools, Cancel, Floats, Progress

_CELLS = 2**25  # of a coalition matrix: at most so many at a time, whatever the number of players


class Purse:
    """budget : of distinct coalitions;  kept : of which so many are set aside for the end;  asked : so far."""

    def __init__(self, ledger: Ledger, budget: int, progress: Progress | None, cancel: Cancel | None) -> None:
        self.ledger, self.budget, self.kept = ledger, budget, 0
        self._progress, self._cancel = progress, cancel
        self._seen: set[bytes] = set()

    @property
    def asked(self) -> int:
        return len(self._seen)

    @property
    def left(self) -> int:
        return self.budget - self.kept - self.asked

    def allow(self, coalitions: int) -> None:
        """Lets so many be spent from now on, if fewer are left."""
        self.budget += max(0, coalitions - self.left)

    def new(self, inner: Inner, bits: Bools) -> int:
        """How many coalitions of these it has not asked for."""
        return len({key for rows in self._parts(inner, bits) for key in _keys(rows)} - self._seen)

    def values(self, inner: Inner, bits: Bools) -> Floats:
        """Values (m, k) of coalitions (m, q) of an inner game."""
        return np.concatenate([self.evaluate(rows) for rows in self._parts(inner, bits)])

    def evaluate(self, coalitions: Bools) -> Floats:
        """Values (m, k) of coalitions (m, n). They are asked for in the order of their players, the absent first.

        So those that agree on the first players come one after the other: a model that reads from left to right begins
        where they part.
        """
        packed = [row.tobytes() for row in np.packbits(coalitions, axis=1)]
        order = np.array(sorted(range(len(packed)), key=packed.__getitem__), dtype=np.int64)
        found = self.ledger.evaluate(coalitions[order], self._told(), self._cancel)
        self._seen.update(_keys(coalitions))
        values: Floats = np.empty_like(found)
        values[order] = found
        return values.reshape(len(values), -1)

    def _told(self) -> Progress | None:
        progress, before = self._progress, self.asked
        if progress is None:
            return None
        return lambda done, _: progress(min(before + done, self.budget), self.budget)

    def end(self) -> None:
        """Tells that nothing more will be asked."""
        if self._progress is not None:
            self._progress(self.asked, self.asked)

    def _parts(self, inner: Inner, bits: Bools) -> Iterator[Bools]:
        at_once = max(_CELLS // self.ledger.n_players, 1)
        for start in range(0, len(bits), at_once):
            yield inner.coalitions(bits[start : start + at_once])


def _keys(coalitions: Bools) -> list[bytes]:
    return [blake2b(row.tobytes(), digest_size=16).digest() for row in np.packbits(coalitions, axis=1)]
