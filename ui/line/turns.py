"""Whose job is next: visitors take turns, however many jobs each of them brings, and what has shown nothing yet goes first.

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
MOST_AHEAD = 20  # visitors whose new jobs go ahead in a row, before one that stepped back has a whole turn


class Turns(Generic[W]):
    """What waits, in the order of its turns. waiting : (round, what waits);  now : the round that goes on"""

    def __init__(self, waiting: list[tuple[int, W]] | None = None, now: int = 0) -> None:
        self._waiting, self._round = waiting or [], now

    def __iter__(self) -> Iterator[W]:
        return (one for _, one in self._waiting)

    def __len__(self) -> int:
        return len(self._waiting)

    def copy(self) -> "Turns[W]":
        return Turns(self._waiting.copy(), self._round)

    def of(self, owner: str | None) -> list[W]:
        """What a visitor has waiting."""
        return [one for one in self if one.owner == owner]

    def add(self, new: W) -> None:
        """Behind all of its round, which is the next one that its owner has no turn in."""
        rounds = [number for number, one in self._waiting if one.owner == new.owner]
        self._waiting.append((max([self._round, *rounds]) + 1, new))
        self._waiting.sort(key=itemgetter(0))

    def go_on(self, one: W) -> None:
        """Before all others: its turn is not over yet."""
        self._waiting.insert(0, (self._round, one))

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


class Places(Generic[W]):
    """The places in a line: of what is new, and of what stepped back, having had its first turn.

    What is new goes first, so that all see something soon. That of one visitor goes ahead of what others wait to go on with
    once only until one of these has had a whole turn, and that of `MOST_AHEAD` visitors at most: nothing new, however much of
    it comes, stops what has begun.
    """

    def __init__(self) -> None:
        self._new, self._begun = Turns[W](), Turns[W]()
        self._ahead: set[str | None] = set()  # visitors who went ahead since the last whole turn

    def __iter__(self) -> Iterator[W]:
        """In the order of their next turns, as if no more came."""
        rest = Places[W]()
        rest._new, rest._begun, rest._ahead = self._new.copy(), self._begun.copy(), self._ahead.copy()
        begun = len(rest._begun)
        while (one := rest.take()) is not None:
            yield one
            if len(rest._begun) < begun:
                begun -= 1
                rest.turn_over()

    def __len__(self) -> int:
        return len(self._new) + len(self._begun)

    def of(self, owner: str | None) -> list[W]:
        """What a visitor has waiting."""
        return [*self._begun.of(owner), *self._new.of(owner)]

    def add(self, new: W) -> None:
        """What has had no turn yet."""
        self._new.add(new)

    def step_back(self, one: W, over: bool) -> None:
        """What has had its first turn, or another. over : whether that is over; else it goes on before all that stepped back"""
        (self._begun.add if over else self._begun.go_on)(one)

    def turn_over(self) -> None:
        """What had stepped back has had a whole turn: everybody may go ahead once more."""
        self._ahead.clear()

    def give_way(self, current: W) -> bool:
        """Whether something new may go ahead of what has its turn."""
        return any(map(self._may_go_ahead(current.owner), self._new))

    def take(self) -> W | None:
        """Whose turn it is from now on; None where nothing waits."""
        if (new := self._new.take(self._may_go_ahead())) is None:
            return self._begun.take()
        if any(one.owner != new.owner for one in self._begun):
            self._ahead.add(new.owner)
        if not len(self._begun):
            self._ahead.clear()
        return new

    def remove(self, one: W) -> bool:
        """Give a turn up; False where there is none."""
        return self._new.remove(one) or self._begun.remove(one)

    def _may_go_ahead(self, *owners: str | None) -> Callable[[W], bool]:
        """Whether something new goes before what has begun. owners : of that, beside what waits"""
        begun = {one.owner for one in self._begun}.union(owners)
        most = len(self._ahead) >= MOST_AHEAD
        return lambda new: begun <= {new.owner} or not (most or new.owner in self._ahead)
