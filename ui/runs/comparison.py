"""What a page compares: two attributions of one input, how far to trust them, and what the ledger holds."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from ui.names import DEFAULT_PANES, FREE, NAMED, Pane
from ui.runs.so_far import SoFar, of_calls
from ui.settings import Settings, choice, flag, number
from xai import Attribution, Cancelled, Fidelity, Judgement, Ledger, Redrawn, explain, fidelity, fidelity_cost, judge
from xai.closed import closed_form, is_closed
from xai.trust.held_out import design_of, draw
from xai.typing import Bools, Cancel, Progress

HELD_OUT, ORDERS, POINTS = 32, 2, 8  # what judging a run costs; `xai.trust.fidelity` says what each is


def _pane(default: Pane, title: str) -> Any:
    return choice(NAMED, default, title, made=Pane.of, plain=lambda pane: pane.key)


@dataclass(frozen=True)
class Plan(Settings):
    """How a game is explained: the two panes, most evaluations for each, the seed of the designs.

    stop : a map that is sure is done before its budget is spent
    one_set : the right map is made of the left one's calls, where `free` says how
    """

    left: Pane = _pane(DEFAULT_PANES[0], "Left map")
    right: Pane = _pane(DEFAULT_PANES[1], "Right map")
    budget: int = number(0, 2**31 - 1, 256, "Evaluations per map, at most")
    seed: int = number(0, 2**31 - 1, 0, "Seed")
    stop: bool = flag(True, "Stop when sure", before=False)
    one_set: bool = flag(False, "Both from one set of calls", before=False)
    what = "a plan"

    @property
    def free(self) -> Pane | None:
        """Shapley values from the calls that the left map's Banzhaf values have paid for; None where there are none."""
        if self.left.index != "banzhaf" or self.right.index != "shapley" or self.right.method == "exact":
            return None
        return Pane("shapley", FREE[self.left.method]) if self.left.method in FREE else None

    @property
    def panes(self) -> tuple[Pane, Pane]:
        """What the two maps are of: with one set of calls the right one is free, where there is such a map."""
        return self.left, (self.one_set and self.free) or self.right

    def cost(self, n: int, closed: bool = False, spared: int = 0) -> int:
        """Most evaluations, those that judge the maps included. closed : exact values need none;  spared : by sure maps"""
        every = 2**n if n < 64 else np.inf
        judging = fidelity_cost(n, 2, HELD_OUT, ORDERS, POINTS)
        left, right = self.panes
        paid = [pane for pane in {left, left if right == self.free else right} if not (closed and pane.method == "exact")]
        return int(min(every, len(paid) * min(self.budget, every) - spared + judging))


@dataclass(frozen=True)
class Comparison:
    """One input, explained twice.

    maps : the attributions of the panes, one column per output of the game; while a run goes on, maybe one
    weights : (k,) of the output columns, what the page shows first;  outputs : what the columns are
    judged : on coalitions no map was fitted to, of the maps weighted by `weights`; None where not judged yet
    judgements : of each of these maps, what the page says of it; () where not judged yet
    state : "preliminary" (a run goes on), "partial" (cancelled) or "done"
    ledger : everything paid; its game may be one that cannot be asked any more (`Paid`)
    redrawn : as in `ui.kind.Subject`; None where the run was only reopened, for no model is at hand
    """

    plan: Plan
    maps: tuple[Attribution, ...]
    outputs: list[str]
    weights: list[float]
    ledger: Ledger = field(repr=False)
    judged: Fidelity | None = None
    state: str = "done"
    judgements: tuple[Judgement, ...] = ()
    redrawn: Redrawn | None = field(default=None, repr=False)

    def to_record(self) -> dict[str, Any]:
        """Everything but the ledger and what may be asked, as JSON can hold it."""
        judgements = {"judgements": [json.loads(one.to_json()) for one in self.judgements]} if self.judgements else {}
        return {
            "maps": [json.loads(one.to_json()) for one in self.maps],
            "outputs": self.outputs,
            "weights": self.weights,
            "judged": None if self.judged is None else json.loads(self.judged.to_json()),
            "state": self.state,
            **judgements,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any], plan: Plan, ledger: Ledger) -> "Comparison":
        """What `to_record` gave; ValueError for anything else."""
        try:
            maps = tuple(Attribution.from_json(json.dumps(one)) for one in record["maps"])
            judged = record["judged"] and Fidelity.from_json(json.dumps(record["judged"]))
            judgements = tuple(Judgement.from_json(json.dumps(one)) for one in record.get("judgements", ()))
            if judgements and [(one.index, one.method) for one in judgements] != [(one.index, one.method) for one in maps]:
                raise ValueError("its judgements are not of its maps")
            outputs, weights = [str(text) for text in record["outputs"]], [float(w) for w in record["weights"]]
            if not 1 <= len(maps) <= 2 or any(one.labels != ledger.labels for one in maps):
                raise ValueError("its maps are of other players than its ledger")
            shapes = {(len(ledger.labels), len(weights)), (len(ledger.labels),) if len(weights) == 1 else ()}
            if any(one.values.shape not in shapes for one in maps) or len(outputs) != len(weights):
                raise ValueError("its maps and its outputs do not match")
            if record["state"] not in ("partial", "done"):
                raise ValueError("its state is unknown")
            return cls(plan, maps, outputs, weights, ledger, judged, record["state"], judgements)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is not a comparison that Swing wrote ({error})") from error

    def judgements_of(self, weights: list[float] | None) -> tuple[Judgement, ...]:
        """Of the maps of other output columns: by the same coalitions, which are known, so that no model is asked."""
        if weights is None or weights == self.weights or not self.judgements:
            return self.judgements
        if self.state == "preliminary":  # its ledger is being written to
            return ()
        held = draw(self.ledger, self.maps, HELD_OUT, self.plan.seed)
        return tuple(judge(self.ledger, one, weights, self.plan.seed, held) for one in self.maps)

    def focused(self, weights: ArrayLike | None = None) -> list[Attribution]:
        """The maps of the weighted sum of the outputs, values (n,)."""
        return [one.combine(self.weights if weights is None else weights) for one in self.maps]

    @cached_property
    def saved(self) -> int:
        """Evaluations that a run did not pay for because its maps were sure before."""
        rows = [
            design_of(replace(one, budget=self.plan.budget)).coalitions
            for pane, one in zip(self.plan.panes, self.maps)
            if self.plan.stop and self.state == "done" and one.method == pane.method != "exact" and one.budget < self.plan.budget
        ]
        return self.ledger.missing(np.concatenate(rows)) if rows else 0

    @cached_property
    def beside(self) -> Attribution | None:
        """Shapley values from the left map's calls, where the right map has Shapley values from calls of its own."""
        free, own = self.plan.free, len(self.maps) == 2 and self.state == "done" and self.maps[1].method == self.plan.right.method
        return of_calls(self.ledger, free, self.maps[0]) if own and free and self.plan.panes[1] != free else None


Tell = Callable[[int, int, str], object]  # tell(done, total, sentence)
Publish = Callable[[Comparison], object]


def compare(
    ledger: Ledger, plan: Plan, outputs: list[str], weights: list[float], tell: Tell, publish: Publish, cancel: Cancel
) -> Comparison:
    """Both maps and their fidelity from one ledger; where `cancel()` says stop, what the ledger tells, marked partial.

    `publish` is given what is known so far. Cancelled is raised only where the ledger tells nothing yet.
    """
    closed, begun, spared = is_closed(ledger.game), ledger.evaluations, 0
    finished: list[Attribution] = []
    now = Comparison(plan, (), list(outputs), list(weights), ledger, state="preliminary")
    looks = SoFar(ledger, plan.free, now.weights, plan.seed)

    def show() -> None:
        if maps := looks.shown(plan.panes, finished):  # a page cannot draw what is not there yet
            publish(replace(now, maps=maps, judgements=looks.judgements(maps)))

    def look(sentence: str, most: str = "") -> Progress:
        def told(done: int, of: int) -> None:
            paid = ledger.evaluations - begun
            tell(paid, max(plan.cost(ledger.n_players, closed, spared), paid), f"{sentence}: {done} of {most}{of}")
            if done < of and looks.due():
                show()

        return told

    try:
        for pane in plan.panes:
            progress = look(str(pane), "at most " if plan.stop else "")
            finished.append(_explained(ledger, pane, plan, weights, progress, cancel))
            if plan.stop and plan.panes[1] != plan.free and finished[-1].method == pane.method:
                spared += max(0, plan.budget - finished[-1].budget)
            show()
        if plan.panes[1] == plan.free:
            finished = _of_one_set(ledger, finished)
        held = draw(ledger, finished, HELD_OUT, plan.seed)
        found = fidelity(
            ledger,
            finished,
            held,
            plan.seed,
            weights,
            ORDERS,
            POINTS,
            progress=look("Judging the maps on unseen coalitions"),
            cancel=cancel,
        )
        judgements = tuple(judge(ledger, one, weights, plan.seed, held) for one in finished)
    except Cancelled:
        maps = looks.maps(plan.panes, finished)
        if not maps:
            raise
        return replace(now, maps=maps, state="partial")
    return replace(now, maps=tuple(finished), judged=found, state="done", judgements=judgements)


def _explained(ledger: Ledger, pane: Pane, plan: Plan, weights: list[float], progress: Progress, cancel: Cancel) -> Attribution:
    if pane.method == "exact" and (known := closed_form(ledger, pane.index, plan.seed)) is not None:
        return known
    every = ledger.n_players < 20 and 2**ledger.n_players <= plan.budget
    method = "exact" if every else pane.method
    stop, game = plan.stop and method != "exact", ledger.game
    return explain(
        game, pane.index, method, plan.budget, plan.seed, ledger, progress, cancel, stop_when_sure=stop, weights=weights
    )


def _of_one_set(ledger: Ledger, maps: list[Attribution]) -> list[Attribution]:
    """Two maps of one design, each by all the calls that both together needed to be sure; what each paid for stays told."""
    most = max(one.budget for one in maps)
    return [one if one.budget == most else _grown(ledger, one, most) for one in maps]


def _grown(ledger: Ledger, one: Attribution, budget: int) -> Attribution:
    more = explain(ledger.game, one.index, one.method, budget, one.seed, ledger)
    return replace(more, evaluations=one.evaluations, reused=more.reused - one.evaluations)


class Paid:
    """The game of a run that was reopened or imported: its players are known, but no model answers any more."""

    def __init__(self, labels: list[str]):
        self.labels, self.n_players = labels, len(labels)

    def __call__(self, coalitions: Bools) -> NoReturn:
        raise ValueError("this run holds only what was paid for; press Explain to ask the model again")
