"""A randomised control: the map of the same input on a network whose weights were drawn anew must be another map.

Adebayo et al., "Sanity Checks for Saliency Maps" (2018, arXiv 1810.03292), section 3: weights are redrawn from the
output down, and the map of what is left is correlated with the real one. A map that stays shows the input, or the
method, and not what the model learned.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from xai.attribution import Attribution
from xai.checks import check_weights, check_whole
from xai.compare.likeness import correlations, mean, p_of_likeness, ranks, spread
from xai.compare.ranks import one_column
from xai.estimators.methods import choose
from xai.explain import explain
from xai.game import Game
from xai.ledger import Cancelled, Ledger
from xai.typing import Cancel, Floats, Progress

SPREAD, MOST_DRAWS = 0.25, 3  # unrelated maps of n players correlate 0 ± 1/√(n − 1), the mean of several draws less
PER_PLAYER, FEWEST = 3, 32  # evaluations of a redrawn network's map
ALIKE, CLEAR, LEVEL = 0.7, 0.5, 0.05  # correlation of maps that are the same; of sums and answers; of false alarms
STRONG = 0.5  # of the real map's spread: below it a map of the same order is another map
ONE_SIDED = 1.6448536269514722  # of the normal law: 95 % below it


@dataclass(frozen=True)
class Redrawn:
    """What gives the networks.

    stages : what each is, as it stands in a sentence after "On", least redrawn first
    games(seed) : for each stage in turn the game of the real one's players and outputs; the same seed, the same weights
    """

    stages: tuple[str, ...]
    games: Callable[[int], Iterator[Game]]


@dataclass(frozen=True, eq=False)
class Stage:
    """One stage against the real map, every figure the mean over its draws; NaN where a map is constant.

    Attributes
    ----------
    name : as in `Redrawn.stages`;  maps : (draws, n) its maps
    spearman, pearson : correlation with the real map;  spearman_sizes, pearson_sizes : of |values|
    ratio : spread of its maps over that of the real one
    reliable : share of the variance of its values that is no error of sampling, 0 … 1; NaN where errors are unknown
    foretold : Pearson's correlation of what the real map adds up to with its answers, over the coalitions it was asked
    foretold_error : at most the standard error of that where there is nothing to foretell
    p_value : of the larger of the two Spearman correlations, if its maps had nothing to do with the real one
    """

    name: str
    maps: Floats
    spearman: float
    pearson: float
    spearman_sizes: float
    pearson_sizes: float
    ratio: float
    reliable: float
    foretold: float
    foretold_error: float
    p_value: float

    @property
    def likeness(self) -> float:
        """The larger Spearman correlation, of values or of sizes."""
        return max(self.spearman, self.spearman_sizes)


@dataclass(frozen=True, eq=False)
class Randomised:
    """What `randomised_control` found.

    Attributes
    ----------
    real : (n,) values of the real map;  reliable : as in `Stage`, of the real map
    stages : least redrawn first;  evaluations : of all redrawn networks together
    """

    real: Floats
    reliable: float
    stages: tuple[Stage, ...]
    evaluations: int

    @property
    def finding(self) -> str:
        """What the last stage says: "flat", "gone", "stays", "partly", "learned", "noise" or "unknown".

        "learned" needs one of two: that maps of networks redrawn like this one correlate less than 0.7 with the real
        one, errors of sampling taken out of it, or that what the real map adds up to correlates less than 0.5 with
        their answers, both at the upper end of a one-sided 95 % interval. Where networks answer each coalition at
        random the first needs many evaluations, the second few.
        """
        last = self.stages[-1]
        if spread(self.real[None])[0] <= 0:
            return "flat"
        if last.ratio == 0:
            return "gone"
        if last.likeness >= ALIKE and last.p_value <= LEVEL:
            return "stays"
        if self.reliable < CLEAR:
            return "noise"
        if last.p_value <= LEVEL:
            return "partly"
        n, draws = len(self.real), len(last.maps)
        ceiling = np.sqrt(self.reliable * last.reliable)
        by_chance = 1.0 / np.sqrt(max(n - 1, 1) * draws)
        likest = (last.likeness + ONE_SIDED * by_chance) / ceiling if ceiling > 0 else np.nan
        unlike = likest < ALIKE or last.foretold + ONE_SIDED * last.foretold_error < CLEAR
        return "learned" if self.reliable >= CLEAR and unlike else "unknown"

    def sentence(self, parts: str = "players") -> str:
        """In plain words, whether the map depends on what was learned."""
        last, finding = self.stages[-1], self.finding
        if finding == "flat":
            return "All values of this map are the same, so that there is nothing to compare."
        if finding == "gone":
            return f"On {last.name} nothing is left of the map, so that it depends on what was learned."
        said = f"On {last.name} the map correlates {last.spearman:.2f} with this one"
        if last.spearman_sizes > last.spearman:
            said = f"On {last.name} the sizes of the map’s values correlate {last.spearman_sizes:.2f} with those of this one"
        if finding == "learned":
            told = (
                f", and what this one adds up to {last.foretold:.2f} with the answers" if last.foretold == last.foretold else ""
            )
            return f"{said}{told}: this map depends on what was learned."
        if finding == "stays":
            if last.ratio >= STRONG:
                return f"{said}: this map hardly depends on what was learned. Do not take it as an explanation of the model."
            return f"{said}, at {last.ratio:.0%} of its strength: do not take the order of this map for what was learned."
        if finding == "partly":
            order = (
                f", more than chance, at {last.ratio:.0%} of its strength: part of its order is there without what was learned."
            )
            return said + order
        if finding == "noise":
            return f"{said}, but this map is mostly noise at its budget, which resembles nothing: raise the budget first."
        return f"{said}, which says nothing yet: with so few {parts} or so much noise it could be chance, or hide a likeness."


def randomised_budget(n: int, most: int) -> tuple[int, int]:
    """(evaluations for each map of a redrawn network, how many networks with everything redrawn), of n players.

    So many networks that unrelated maps correlate 0 ± 0.25 on average, at most three.  most : evaluations for one map
    """
    draws = int(np.clip(np.ceil(1 / (SPREAD**2 * max(n - 1, 1))), 1, MOST_DRAWS))
    return min(check_whole("most", most), max(FEWEST, PER_PLAYER * n)), draws


def randomised_control(
    real: Attribution,
    redrawn: Redrawn,
    weights: ArrayLike | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Randomised:
    """Maps of redrawn networks, of the real one's index and method, beside the real one.

    real : values (n,) or (n, k);  weights : (k,) of the games' output columns, None: their sum. Of a real map that was
        combined already they are those that it was combined with
    seed : of the weights drawn and of the maps' coalitions
    progress(done, total) : in evaluations, between batches;  cancel() : True raises Cancelled

    The budget is that of `randomised_budget`, the last stage has several draws. Exact values are compared with exact
    ones where a game has `exact(index)` or few enough players, else with the best estimate. ValueError for a game of
    other players.
    """
    check_whole("seed", seed)
    real = real if real.values.ndim == 1 else real.combine(check_weights(weights, real.values.shape[1]))
    budget, draws = randomised_budget(len(real.labels), real.budget)
    total, paid = budget * (len(redrawn.stages) + draws - 1), 0
    found: list[list[_Drawn]] = [[] for _ in redrawn.stages]
    for draw in range(draws):
        for at, game in enumerate(redrawn.games(seed + draw)):
            if cancel is not None and cancel():
                raise Cancelled(Ledger(game))
            if not draw or at == len(redrawn.stages) - 1:
                told = None if progress is None else _after(progress, paid, total)
                found[at].append(_drawn(game, real, weights, budget, seed + draw, told, cancel))
                paid += found[at][-1].map.evaluations
    stages = tuple(_stage(name, drawn, real) for name, drawn in zip(redrawn.stages, found))
    return Randomised(real.values, _reliable(real), stages, paid)


def _after(progress: Progress, before: int, total: int) -> Progress:
    return lambda done, of: progress(before + done, max(total, before + of))


class _Drawn(NamedTuple):
    """The map of one redrawn network, and what the real one foretells of its answers, of which there are so many."""

    map: Attribution
    foretold: float
    answers: int


def _drawn(
    game: Game,
    real: Attribution,
    weights: ArrayLike | None,
    budget: int,
    seed: int,
    progress: Progress | None,
    cancel: Cancel | None,
) -> _Drawn:
    n, ledger, exactly = len(real.labels), Ledger(game), getattr(game, "exact", None)
    if ledger.labels != real.labels:
        raise ValueError("the redrawn network's game has other players than the map")
    if real.method == "exact" and exactly is not None:
        values = np.asarray(exactly(real.index), dtype=np.float64).reshape(n, -1)
        values = values @ check_weights(weights, values.shape[1])
        return _Drawn(replace(real, values=values, standard_error=np.zeros(n), covariance=None, evaluations=0), np.nan, 0)
    method = "auto" if real.method == "exact" else real.method
    entry = choose(real.index, method, n, 2**62)[1]
    p = real.p if entry.weighted else 0.5
    made = explain(game, real.index, method, max(budget, entry.smallest(n)), seed, ledger, progress, cancel, p)
    made = made.combine(check_weights(weights, made.values.size // n))
    coalitions, answers = ledger.known()
    inner = coalitions.any(axis=1) & ~coalitions.all(axis=1)
    answers = answers.reshape(len(answers), -1) @ check_weights(weights, answers.size // len(answers))
    return _Drawn(made, float(correlations((coalitions @ real.values)[None, inner], answers[None, inner])[0]), int(inner.sum()))


def _stage(name: str, drawn: list[_Drawn], real: Attribution) -> Stage:
    maps = np.array([one.map.values for one in drawn])
    values = np.broadcast_to(real.values, maps.shape)
    of_values, of_sizes = (values, maps), (np.abs(values), np.abs(maps))
    ranked = [(ranks(one), ranks(other)) for one, other in (of_values, of_sizes)]
    spearman, pearson, spearman_sizes, pearson_sizes = (
        mean(correlations(*two)) for two in (ranked[0], of_values, ranked[1], of_sizes)
    )
    whole, answers = spread(values)[0], sum(one.answers for one in drawn)
    return Stage(
        name,
        maps,
        spearman,
        pearson,
        spearman_sizes,
        pearson_sizes,
        ratio=float(spread(maps).mean() / whole) if whole > 0 else np.nan,
        reliable=mean(np.array([_reliable(one.map) for one in drawn])),
        foretold=mean(np.array([one.foretold for one in drawn])),
        foretold_error=float(np.sqrt(2.0 / answers)) if answers else np.nan,  # S and its complement answer as one
        p_value=p_of_likeness(ranked),
    )


def _reliable(attribution: Attribution) -> float:
    if attribution.method == "exact":
        return 1.0
    values, error = one_column(attribution, "the control needs")
    variance = float(values.var())
    return float(np.clip(1.0 - np.square(error).mean() / variance, 0.0, 1.0)) if variance > 0 else np.nan
