"""What a run that goes on has to show: maps of what is paid for, and how far to trust them, at little expense."""

import time
from collections.abc import Callable, Sequence

from ui.names import Pane
from xai import Attribution, Judgement, Ledger, explain, judge_early, preliminary
from xai.trust.held_out import design_of

FIRST_LOOK = 24  # evaluations after which a running job first shows values; then at each third more
SOON = 1.0  # seconds between two looks: a page that is drawn anew more often only flickers
SLOW = 8.0  # seconds after which a job whose evaluations are slow is looked at again, whatever it has paid
SHARE = 0.1  # of the time since maps were last judged, which judging them again may take


class SoFar:
    """Looks at a ledger that is being paid for.

    free : the pane, if any, that is made of the first map's calls, and stands for the second until that is paid for
    weights : (k,) of the output columns that are judged;  clock : seconds
    """

    def __init__(
        self, ledger: Ledger, free: Pane | None, weights: list[float], seed: int, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._next = FIRST_LOOK
        self._ledger, self._free, self._weights, self._seed, self._clock = ledger, free, weights, seed, clock
        self._beside: Attribution | None = None
        self._last, self._took = clock(), 0.0
        self._due, self._seen = self._last, ledger.evaluations
        self._judged: tuple[Judgement, ...] = ()

    def due(self) -> bool:
        """Whether a third more is paid for than at the last look, or anything at all more and the last was long ago.

        Never within a second of the last look, but for the first.
        """
        paid, now = self._ledger.evaluations, self._clock()
        since = now - self._due
        enough = paid >= self._next and (since >= SOON or self._next == FIRST_LOOK)
        if not enough and not (paid > self._seen and since >= SLOW):
            return False
        self._seen, self._due = paid, now
        if paid >= self._next:
            self._next = paid * 4 // 3
        return True

    def maps(self, panes: Sequence[Pane], finished: Sequence[Attribution]) -> tuple[Attribution, ...]:
        """Those that are finished, and of the other panes what the ledger tells: fewer maps where it tells nothing."""
        guesses = [preliminary(self._ledger, pane.index) for pane in panes[len(finished) :]]
        return (*finished, *[guess for guess in guesses if guess is not None])

    def shown(self, panes: Sequence[Pane], finished: Sequence[Attribution]) -> tuple[Attribution, ...]:
        """The same while the run goes on: with the free map in the second place, once the first map is finished."""
        if len(finished) == 1 and self._free is not None:
            if self._beside is None:
                self._beside = of_calls(self._ledger, self._free, finished[0])
            if self._beside is not None:
                return finished[0], self._beside
        return self.maps(panes, finished)

    def judgements(self, maps: Sequence[Attribution]) -> tuple[Judgement, ...]:
        """Of these maps; those of an earlier look at the same two where judging again would take too long."""
        began = self._clock()
        same = [_name(one) for one in self._judged] == [_name(one) for one in maps]
        if not same or self._took <= SHARE * (began - self._last):
            self._judged = tuple(judge_early(self._ledger, one, self._weights, self._seed) for one in maps)
            self._last = self._clock()
            self._took = self._last - began
        return self._judged


def of_calls(ledger: Ledger, free: Pane, first: Attribution) -> Attribution | None:
    """The map of a free pane from the calls of the first map; None where the ledger lacks some of them, or they are all."""
    if first.method == "exact" or ledger.missing(design_of(first).coalitions):
        return None
    return explain(ledger.game, free.index, free.method, first.budget, first.seed, ledger)


def _name(one: Attribution | Judgement) -> tuple[str, str]:
    return one.index, one.method
