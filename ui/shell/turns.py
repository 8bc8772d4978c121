"""Whose job is next: visitors take turns, however many jobs each of them brings.

Turns go in rounds, in which a visitor has one at most. Who comes while a round goes on is in the next one, so that every round
ends; further jobs of a visitor are in the rounds after. (Gated round robin: H. Takagi, Analysis of Polling Systems, 1986.)
"""

from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Generic, Protocol, TypeVar


class Waiting(Protocol):
    """What waits. owner : whose it is; None for nobody's, who is a visitor like the others"""

    owner: str | None


W = TypeVar("W", bound=Waiting)


class Turns(Generic[W]):
    """What waits, in the order of its turns."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, W]] = []  # (round, what waits)
        self._round = 0

    def __iter__(self) -> Iterator[W]:
        return (one for _, one in self._waiting)

    def __len__(self) -> int:
        return len(self._waiting)

    def of(self, owner: str | None) -> list[W]:
        """What a visitor has waiting."""
        return [one for one in self if one.owner == owner]

    def add(self, new: W) -> None:
        """Behind all of its round, which is the next one that its owner has no turn in."""
        rounds = [number for number, one in self._waiting if one.owner == new.owner]
        self._waiting.append((max([self._round, *rounds]) + 1, new))
        self._waiting.sort(key=itemgetter(0))

    def take(self, wanted: Callable[[W], bool] = lambda one: True) -> W | None:
        """The first that is wanted, whose round it is from now on; None where none is."""
        for at, (number, one) in enumerate(self._waiting):
            if wanted(one):
                del self._waiting[at]
                self._round = max(self._round, number)
                return one
        return None

    def remove(self, one: W) -> bool:
        """Give a turn up; False where there is none."""
        before = len(self._waiting)
        self._waiting = [(number, other) for number, other in self._waiting if other is not one]
        return len(self._waiting) < before
