"""Whether a map can be trusted: how well it foretells values of coalitions that no fit has seen, and orders players."""

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from xai.attribution import Attribution, nan_to_none
from xai.checks import check_weights, check_whole
from xai.compare.ranks import certain_top
from xai.ledger import Ledger
from xai.trust.curves import Curves, counts_of, curves_of, order_of, random_curves, steps_of
from xai.trust.held_out import HeldOut, draw
from xai.trust.surrogate import BEST_LAW, Measure, measures
from xai.typing import Bools, Cancel, Floats, Ints, Progress

FORMAT = "swing-fidelity-1"
HELD_OUT, ORDERS, POINTS = 64, 4, 16


@dataclass(frozen=True)
class MapFidelity:
    """One map by both laws, and its curves (None if none were asked for).

    certain : how many of its first ranks by |value| are separable from all that follow
    """

    index: str
    method: str
    uniform: Measure
    shapley: Measure
    curves: Curves | None
    certain: int

    @property
    def own(self) -> Measure:
        """By the law for which this index is the best additive surrogate."""
        return self.uniform if BEST_LAW[self.index] == "uniform" else self.shapley


@dataclass(frozen=True)
class Fidelity:
    """What `fidelity` found.

    Attributes
    ----------
    maps : one per attribution, in the order given
    n_players : of the game;  seed : of the draw;  held_out : unseen coalitions judged, [uniform, shapley]
    exhaustive : all 2^n coalitions were judged instead, the fits' own among them: exact, but not unseen
    counts : players that have come (or gone) at each point of the curves
    random : mean curves of `orders` random orders;  random_spread : standard deviation of their areas
    leave_one_out : curves of the order of v(N) − v(N∖i), greatest first
    evaluations : paid for all this;  reused : of the ledger;  seconds : the model's included
    """

    maps: list[MapFidelity]
    n_players: int
    seed: int
    held_out: list[int]
    exhaustive: bool
    counts: list[int]
    random: Curves | None
    random_spread: float
    leave_one_out: Curves | None
    orders: int
    evaluations: int
    reused: int
    seconds: float

    def to_json(self) -> str:
        """Everything as standard JSON; floats survive exactly, NaN becomes null."""
        return json.dumps({"format": FORMAT, **nan_to_none(asdict(self))}, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Fidelity":
        """What `to_json` wrote; ValueError for anything else."""
        try:
            record = json.loads(text)
            if record.pop("format") != FORMAT:
                raise ValueError("unknown format")
            _whole([record[name] for name in ("n_players", "seed", "orders", "evaluations", "reused")])
            counts, n = _whole(record["counts"]), record["n_players"]
            if len(counts) < 2 or [counts[0], counts[-1]] != [0, n] or sorted(set(counts)) != counts:
                raise ValueError("the points of its curves do not go from no player to all")
            points = len(counts)
            if len(_whole(record["held_out"])) != 2 or not isinstance(record["exhaustive"], bool):
                raise ValueError("its held-out coalitions are not described")
            record["maps"] = [_map(entry, points) for entry in record["maps"]]
            for name in ("random", "leave_one_out"):
                record[name] = _curves(record[name], points)
            drawn = [record["random"], record["leave_one_out"], *(one.curves for one in record["maps"])]
            if len({curve is None for curve in drawn}) != 1:
                raise ValueError("some of its curves are missing")
            for name in ("random_spread", "seconds"):
                record[name] = _float(record[name])
            return cls(**record)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(f"this is not a fidelity that Swing wrote ({error})") from error


def fidelity_cost(
    n: int,
    n_attributions: int = 2,
    held_out: int = HELD_OUT,
    orders: int = ORDERS,
    points: int = POINTS,
    with_curves: bool = True,
) -> int:
    """Most evaluations that `fidelity` takes with these settings; fewer where the ledger holds some of them."""
    inner = len(counts_of(n, points)) - 2
    cost = 2 + 2 * held_out + (n + inner * (2 * n_attributions + orders + 2) if with_curves else 0)
    return min(cost, 2**n) if n < 64 else cost


def fidelity(
    ledger: Ledger,
    attributions: Iterable[Attribution],
    held_out: int | HeldOut = HELD_OUT,
    seed: int = 0,
    weights: ArrayLike | None = None,
    orders: int = ORDERS,
    points: int = POINTS,
    with_curves: bool = True,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Fidelity:
    """Judge attributions of one game on coalitions that its ledger does not hold, and by their order of the players.

    Parameters
    ----------
    ledger : what the attributions were made from; what is evaluated here is added to it
    attributions : of this game, values (n,), or (n, k) that `weights` combine
    held_out : how many unseen coalitions of each law, so twice as many evaluations; or a `held_out.draw` of before,
        which costs nothing once it is evaluated, for attributions that were not fitted after it
    weights : (k,) of the game's output columns; None: their sum
    orders : random orders beside the maps' own;  points : steps of a curve, about, and at most n
    with_curves : False leaves insertion and deletion out, and their evaluations
    progress, cancel : as `xai.explain`

    Raises
    ------
    ValueError : attributions of another game, weights of another shape, a number that is not allowed
    Cancelled : with the ledger, which holds all that was evaluated
    """
    started, paid, n = time.perf_counter(), ledger.evaluations, ledger.n_players
    seed = check_whole("seed", seed)
    if check_whole("points", points) < 2 or check_whole("orders", orders) < 1:
        raise ValueError(f"points must be at least 2 and orders at least 1; got {points} and {orders}")
    maps = _combined(ledger, attributions, weights)
    held_out = held_out if isinstance(held_out, HeldOut) else _drawn(ledger, maps, held_out, seed)
    counts, ask = counts_of(n, points), _Asking(ledger, weights, progress, cancel)
    rows = _rows(n, maps, held_out, counts, orders if with_curves else 0, seed)
    values = ask(rows, yet_to_come=2 * len(counts) - 4 if with_curves else 0)
    judged, random, spread, one_out = [], None, float("nan"), None
    if with_curves:
        steps = steps_of(order_of(values["ends"][1] - values["without one"]), counts)
        one_out = curves_of(ask({"steps": steps})["steps"], counts)
        random, spread = random_curves(values["random"].reshape(orders, -1), counts)
    for m, one in enumerate(maps):
        laws = measures(one.index, one.values, values["ends"][0], held_out, values["uniform"], values["shapley"])
        curves = curves_of(values[m], counts) if with_curves else None
        judged.append(MapFidelity(one.index, one.method, *laws, curves, certain_top(one)))
    spent, held = ledger.evaluations - paid, list(held_out.unseen)
    drawn = counts.tolist(), random, spread, one_out, orders
    seconds = time.perf_counter() - started
    return Fidelity(judged, n, seed, held, held_out.exhaustive, *drawn, spent, len(ask.asked) - spent, seconds)


class _Asking:
    """Values of named groups of coalitions, the output columns combined; tells the progress of all groups as one."""

    def __init__(self, ledger: Ledger, weights: ArrayLike | None, progress: Progress | None, cancel: Cancel | None) -> None:
        self.ledger, self.weights, self.progress, self.cancel = ledger, weights, progress, cancel
        self.paid = ledger.evaluations
        self.asked: set[bytes] = set()

    def __call__(self, groups: dict[str | int, Bools], yet_to_come: int = 0) -> dict[str | int, Floats]:
        rows = np.concatenate(list(groups.values()))
        self.asked |= {row.tobytes() for row in np.packbits(rows, axis=1)}
        before = self.ledger.evaluations - self.paid
        total = before + self.ledger.missing(rows) + yet_to_come
        tell = self.progress
        told = None if tell is None else lambda done, _: tell(before + done, total)
        values = self.ledger.evaluate(rows, told, self.cancel)
        table = values if values.ndim == 2 else values[:, None]
        combined = table @ check_weights(self.weights, table.shape[1])
        return dict(zip(groups, np.split(combined, np.cumsum([len(part) for part in groups.values()])[:-1])))


def _map(entry: dict[str, Any], points: int) -> MapFidelity:
    if entry["index"] not in BEST_LAW or not isinstance(entry["method"], str):
        raise ValueError("it is of an unknown index")
    _whole([entry["certain"]])
    for law in ("uniform", "shapley"):
        entry[law] = Measure(**{name: _float(number) for name, number in entry[law].items()})
    entry["curves"] = _curves(entry["curves"], points)
    return MapFidelity(**entry)


def _curves(entry: dict[str, Any] | None, points: int) -> Curves | None:
    if entry is None:
        return None
    insertion, deletion = ([_float(number) for number in entry[name]] for name in ("insertion", "deletion"))
    if {len(insertion), len(deletion)} != {points} or not np.isfinite([insertion, deletion]).all():
        raise ValueError(f"a curve does not have its {points} points")
    return Curves(insertion, deletion, _float(entry["insertion_auc"]), _float(entry["deletion_auc"]))


def _float(value: object) -> float:
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise ValueError(f"{str(value)[:40]!r} stands where a number belongs")
    value = float("nan") if value is None else float(value)
    if np.isinf(value):
        raise ValueError("a number is infinite")
    return value


def _whole(values: list[Any]) -> list[int]:
    for value in values:
        check_whole("a count", value)
    return values


def _drawn(ledger: Ledger, maps: list[Attribution], count: int, seed: int) -> HeldOut:
    if check_whole("held_out", count) < 8:
        raise ValueError(f"held_out must be at least 8 coalitions; got {count}")
    return draw(ledger, maps, count, seed)


def _combined(ledger: Ledger, attributions: Iterable[Attribution], weights: ArrayLike | None) -> list[Attribution]:
    """Maps of values (n,); ValueError for those of another game."""
    maps = [one if one.values.ndim == 1 else one.combine(check_weights(weights, one.values.shape[1])) for one in attributions]
    if any(one.labels != ledger.labels for one in maps):
        raise ValueError("an attribution has other players than the ledger's game; judge maps with their own ledger")
    return maps


def _rows(n: int, maps: list[Attribution], held_out: HeldOut, counts: Ints, orders: int, seed: int) -> dict[str | int, Bools]:
    """The coalitions to ask for, by what they are for; orders : 0 leaves those of the curves out."""
    rng = np.random.default_rng([seed, 1])
    rows: dict[str | int, Bools] = {"ends": np.array([np.zeros(n, bool), np.ones(n, bool)]), "uniform": held_out.uniform}
    rows["shapley"] = held_out.shapley
    if orders:
        rows["without one"] = ~np.eye(n, dtype=bool)
        rows["random"] = np.concatenate([steps_of(rng.permutation(n), counts)[: len(counts)] for _ in range(orders)])
        rows |= {m: steps_of(order_of(one.values), counts) for m, one in enumerate(maps)}
    return rows
