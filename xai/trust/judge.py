"""Three judgements of a map, never mixed, each calibrated against the truth: how well it was computed, whether adding up
is enough, and whether it is more than chance. `headline` says in one sentence what follows from the three.
"""

import json
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike

from xai.attribution import Attribution, nan_to_none
from xai.checks import INDICES, check_weights, check_whole
from xai.closed import is_closed_form
from xai.ledger import Ledger
from xai.trust.adding_up import Unseen, share, unseen
from xai.trust.chance import both, of_the_fit, of_the_unseen
from xai.trust.headline import headline, worth
from xai.trust.held_out import HeldOut, draw, fitted
from xai.trust.truth import Truth, truth
from xai.typing import Cancel, Floats, Progress

FORMAT = "swing-judgement-1"
HELD_OUT = 64
FIRST = 3
FEWEST = 4  # unseen coalitions by which anything is judged


@dataclass(frozen=True)
class Judgement:
    """What `judge` found. Probabilities and shares are 0 … 1, NaN where they are not known.

    Attributes
    ----------
    index, method : of the map
    exact : nothing was estimated
    first, first_three, order : that the player of greatest |value|, the first three as a set, and their order are the
        true ones (of fewer players: all of them)
    expected_error : relative squared error of the values, E‖φ̂ − φ‖² / E‖φ‖²; 1 is what a map of zeros has
    additive, additive_interval : share of the movement that adding up explains, by the index's own law; (low, high) 95 %
    chance : p-value of the shuffled controls: how often values that tell nothing look as good
    kept : of what the map foretold for unseen coalitions how much came, at most (upper end of a 95 % interval of the
        slope); 1 for a right map, below ½ for one whose errors are larger than its values
    held_out : unseen coalitions that it was judged on;  exhaustive : all 2^n instead
    evaluations : paid for this
    """

    index: str
    method: str
    exact: bool
    first: float
    first_three: float
    order: float
    expected_error: float
    additive: float
    additive_interval: tuple[float, float]
    chance: float
    kept: float
    held_out: int
    exhaustive: bool
    evaluations: int

    @property
    def worth(self) -> str:
        """ "exact", "sure", "order", "hint" or "worthless"; see `headline`."""
        return worth(self)

    @property
    def headline(self) -> str:
        """One sentence of at most fifteen words that follows from the three judgements by the table in docs/judgement.md."""
        return headline(self)

    def to_json(self) -> str:
        """Everything as standard JSON; floats survive exactly, NaN becomes null."""
        return json.dumps({"format": FORMAT, **nan_to_none(asdict(self) | {"additive_interval": list(self.additive_interval)})})

    @classmethod
    def from_json(cls, text: str) -> "Judgement":
        """What `to_json` wrote; ValueError for anything else."""
        try:
            record = json.loads(text)
            if record.pop("format") != FORMAT:
                raise ValueError("unknown format")
            return _checked(cls(**record))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise ValueError(f"this is not a judgement that Swing wrote ({error})") from error


def judge(
    ledger: Ledger,
    attribution: Attribution,
    weights: ArrayLike | None = None,
    seed: int = 0,
    held_out: int | HeldOut = HELD_OUT,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Judgement:
    """Judge one map by what its ledger holds and by coalitions that it has not seen.

    Parameters
    ----------
    ledger : what the attribution was made from; held-out coalitions are added to it, and nothing else is evaluated
    attribution : values (n,), or (n, k) that `weights` combine
    weights : (k,) of the game's output columns; None: their sum
    seed : of the draw of coalitions and of the shuffles; the same seed and map give the same judgement
    held_out : how many unseen coalitions of the law of its index, or a `held_out.draw` of several maps
    progress, cancel : as `xai.explain`

    Raises
    ------
    ValueError : an attribution of another game, or one whose coalitions the ledger lacks
    Cancelled : with the ledger, which holds all that was evaluated
    """
    seed, paid = check_whole("seed", seed), ledger.evaluations
    if attribution.labels != ledger.labels:
        raise ValueError("the attribution has other players than the ledger's game; judge a map with its own ledger")
    if not isinstance(held_out, HeldOut):
        if check_whole("held_out", held_out) < 8:
            raise ValueError(f"held_out must be at least 8 coalitions; got {held_out}")
        held_out = draw(ledger, [attribution], held_out, seed)
    rows = held_out.uniform if attribution.index == "banzhaf" else held_out.shapley
    asked = np.concatenate([np.zeros((1, ledger.n_players), bool), np.ones((1, ledger.n_players), bool), rows])
    values = ledger.evaluate(asked, progress, cancel)
    table = values if values.ndim == 2 else values[:, None]
    weights = check_weights(weights, table.shape[1])
    combined = table @ weights
    one = attribution if attribution.values.ndim == 1 else attribution.combine(weights)
    true = truth(ledger, one, weights, seed)
    return _judged(ledger, one, weights, true, unseen(one.index, held_out, combined[2:], combined[0]), seed, paid)


def of_draws(values: Floats, draws: Floats) -> tuple[float, float, float]:
    """How often the first by |value|, the first three as a set, and their order are those of the draws; ties are right."""
    place = np.argsort(-np.abs(values), kind="stable")
    drawn = np.abs(draws[:, place])
    top = min(FIRST, len(values))
    slack = 1e-9 * drawn.max(axis=1)
    rest = drawn[:, top:].max(axis=1, initial=0.0)
    first = drawn[:, 0] >= drawn.max(axis=1) - slack
    three = drawn[:, :top].min(axis=1) >= rest - slack
    order = three & (drawn[:, : top - 1] >= drawn[:, 1:top] - slack[:, None]).all(axis=1)
    return float(first.mean()), float(three.mean()), float(order.mean())


def computed(values: Floats, true: Truth, largest: float = 0.0) -> tuple[float, float, float, float]:
    """`of_draws` of what the true values may be, and the expected relative squared error of `values`; NaN where not known.

    largest : |value| of a coalition, by whose rounding both may be off
    """
    if not true.known:
        return (float("nan"),) * 4
    size = float(np.square(true.draws).sum(axis=1).mean())
    off = float(np.square(values - true.draws).sum(axis=1).mean())
    rounding = max(1e-18 * max(size, float(np.square(values).sum())), 1e-28 * largest**2)
    error = 0.0 if off <= rounding else off / size if size > 0 else float("inf")
    return *of_draws(values, true.draws), error


def _judged(ledger: Ledger, one: Attribution, weights: Floats, true: Truth, of: Unseen, seed: int, paid: int) -> Judgement:
    *ranks, error = computed(one.values, true, float(np.abs(of.values).max(initial=0.0)))
    rng = np.random.default_rng([seed, 4])
    additive, interval = share(of, true, seed)
    return Judgement(
        index=one.index,
        method=one.method,
        exact=true.exact and error == 0.0,
        first=ranks[0],
        first_three=ranks[1],
        order=ranks[2],
        expected_error=min(error, 1e6) if error == error else error,
        additive=additive,
        additive_interval=interval,
        chance=_chance(ledger, one, weights, of, rng),
        kept=upper_slope(one.values, of),
        held_out=of.unseen,
        exhaustive=of.exhaustive,
        evaluations=ledger.evaluations - paid,
    )


def _chance(ledger: Ledger, one: Attribution, weights: Floats, of: Unseen, rng: np.random.Generator) -> float:
    found = []
    if not is_closed_form(one):
        _, design, values = fitted(ledger, one, weights)
        rows, first = np.unique(design.coalitions, axis=0, return_index=True)
        found.append(of_the_fit(rows, values[first], rng))
    if not of.exhaustive and of.unseen >= FEWEST:
        found.append(of_the_unseen((of.rows @ one.values)[: of.unseen], of.values[: of.unseen], rng))
    return both(*found) if len(found) == 2 else found[0] if found else float("nan")


def upper_slope(values: Floats, of: Unseen) -> float:
    """Upper end of the slope of what came over what was foretold, by the index's own law."""
    foretold = (of.rows @ values)[: of.unseen]
    weights = of.weights[: of.unseen] / max(float(of.weights[: of.unseen].sum()), 1e-300)
    centred = foretold - weights @ foretold
    spread = float(weights @ np.square(centred))
    if spread <= 1e-24 * float(np.square(foretold).max(initial=0.0)) or len(foretold) < FEWEST:
        return float("nan")
    moved = of.values[: of.unseen] - weights @ of.values[: of.unseen]
    slope = float(weights @ (centred * moved)) / spread
    if of.exhaustive:
        return slope
    left = moved - slope * centred
    return slope + 1.96 * float(np.sqrt(np.square(centred * left).sum())) / (len(left) * spread)


def _checked(found: Judgement) -> Judgement:
    """ValueError where a field is none that `judge` gives; null is read as NaN."""
    low, high = (_number(end) for end in found.additive_interval)
    first, three, order = _number(found.first), _number(found.first_three), _number(found.order)
    additive, chance = _number(found.additive), _number(found.chance)
    if any(value == value and not 0.0 <= value <= 1.0 for value in (low, high, first, three, order, additive, chance)):
        raise ValueError("a probability is not between 0 and 1")
    if not (isinstance(found.exact, bool) and isinstance(found.exhaustive, bool)):
        raise ValueError("exact or exhaustive is neither true nor false")
    for count in (found.held_out, found.evaluations):
        check_whole("a count", count)
    if found.index not in INDICES or not isinstance(found.method, str):
        raise ValueError("it is of an unknown index")
    return Judgement(
        index=found.index,
        method=found.method,
        exact=found.exact,
        first=first,
        first_three=three,
        order=order,
        expected_error=_number(found.expected_error),
        additive=additive,
        additive_interval=(low, high),
        chance=chance,
        kept=_number(found.kept),
        held_out=found.held_out,
        exhaustive=found.exhaustive,
        evaluations=found.evaluations,
    )


def _number(value: object) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
        raise ValueError(f"{str(value)[:40]!r} stands where a number belongs")
    return float(value)
