"""What a page compares: two attributions of one input, how far to trust them, and what the ledger holds."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from ui.names import DEFAULT_PANES, METHODS, Pane
from ui.settings import Settings, choice, number
from xai import Attribution, Cancelled, Fidelity, Judgement, Ledger, Redrawn, explain, fidelity, fidelity_cost, judge, preliminary
from xai.closed import closed_form, is_closed
from xai.trust.held_out import draw
from xai.typing import Bools, Cancel, Progress

HELD_OUT, ORDERS, POINTS = 32, 2, 8  # what judging a run costs; `xai.trust.fidelity` says what each is
FIRST_LOOK = 24  # evaluations after which a running job first shows values; then at each third more


_PANES = {pane.key: str(pane) for index in METHODS for pane in (Pane(index, method) for method in METHODS[index])}


def _pane(default: Pane, title: str) -> Any:
    return choice(_PANES, default, title, made=Pane.of, plain=lambda pane: pane.key)


@dataclass(frozen=True)
class Plan(Settings):
    """How a game is explained: the two panes, most evaluations for each, the seed of the designs."""

    left: Pane = _pane(DEFAULT_PANES[0], "Left map")
    right: Pane = _pane(DEFAULT_PANES[1], "Right map")
    budget: int = number(0, 2**31 - 1, 256, "Evaluations per map, at most")
    seed: int = number(0, 2**31 - 1, 0, "Seed")
    what = "a plan"

    @property
    def panes(self) -> tuple[Pane, Pane]:
        return self.left, self.right

    def cost(self, n: int, closed: bool = False) -> int:
        """Most evaluations, those that judge the maps included. closed : exact values need none"""
        every = 2**n if n < 64 else np.inf
        judging = fidelity_cost(n, 2, HELD_OUT, ORDERS, POINTS)
        paid = [pane for pane in {self.left, self.right} if not (closed and pane.method == "exact")]
        return int(min(every, len(paid) * min(self.budget, every) + judging))


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
        if weights is None or not self.judgements:
            return self.judgements
        held = draw(self.ledger, self.maps, HELD_OUT, self.plan.seed)
        return tuple(judge(self.ledger, one, weights, self.plan.seed, held) for one in self.maps)

    def focused(self, weights: ArrayLike | None = None) -> list[Attribution]:
        """The maps of the weighted sum of the outputs, values (n,)."""
        return [one.combine(self.weights if weights is None else weights) for one in self.maps]


Tell = Callable[[int, int, str], object]  # tell(done, total, sentence)
Publish = Callable[[Comparison], object]


def compare(
    ledger: Ledger, plan: Plan, outputs: list[str], weights: list[float], tell: Tell, publish: Publish, cancel: Cancel
) -> Comparison:
    """Both maps and their fidelity from one ledger; where `cancel()` says stop, what the ledger tells, marked partial.

    `publish` is given what is known so far. Cancelled is raised only where the ledger tells nothing yet.
    """
    total, begun = plan.cost(ledger.n_players, is_closed(ledger.game)), ledger.evaluations
    finished: list[Attribution] = []
    now = Comparison(plan, (), list(outputs), list(weights), ledger, state="preliminary")
    next_look = FIRST_LOOK

    def show() -> None:
        if maps := so_far():  # a page cannot draw what is not there yet
            publish(replace(now, maps=maps))

    def look(sentence: str) -> Progress:
        def told(done: int, of: int) -> None:
            nonlocal next_look
            tell(ledger.evaluations - begun, max(total, ledger.evaluations - begun), f"{sentence}: {done} of {of}")
            if done < of and ledger.evaluations >= next_look:
                next_look = max(next_look, ledger.evaluations) * 4 // 3
                show()

        return told

    def so_far() -> tuple[Attribution, ...]:
        open_panes = plan.panes[len(finished) :]
        guesses = [preliminary(ledger, pane.index) for pane in open_panes]
        return (*finished, *[guess for guess in guesses if guess is not None])

    try:
        for pane in plan.panes:
            finished.append(_explained(ledger, pane, plan, look(str(pane)), cancel))
            show()
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
        maps = so_far()
        if not maps:
            raise
        return replace(now, maps=maps, state="partial")
    return replace(now, maps=tuple(finished), judged=found, state="done", judgements=judgements)


def _explained(ledger: Ledger, pane: Pane, plan: Plan, progress: Progress, cancel: Cancel) -> Attribution:
    if pane.method == "exact" and (known := closed_form(ledger, pane.index, plan.seed)) is not None:
        return known
    every = ledger.n_players < 20 and 2**ledger.n_players <= plan.budget
    method = "exact" if every else pane.method
    return explain(ledger.game, pane.index, method, plan.budget, plan.seed, ledger, progress, cancel)


class Paid:
    """The game of a run that was reopened or imported: its players are known, but no model answers any more."""

    def __init__(self, labels: list[str]):
        self.labels, self.n_players = labels, len(labels)

    def __call__(self, coalitions: Bools) -> NoReturn:
        raise ValueError("this run holds only what was paid for; press Explain to ask the model again")
