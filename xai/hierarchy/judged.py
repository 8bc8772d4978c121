"""How right an explained tree is: the three judgements of `xai.judge`, of the values of parts that together are the whole."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xai.estimators.designs import subsets
from xai.hierarchy.found import Hierarchy, Path
from xai.hierarchy.inner import BANZHAF, SHAPLEY, Inner
from xai.hierarchy.parts import Layout, Part, Place
from xai.hierarchy.rounds import MAX_EXACT
from xai.ledger import Ledger
from xai.trust.adding_up import Unseen, share, unseen
from xai.trust.chance import both, of_the_fit, of_the_unseen
from xai.trust.held_out import HeldOut, draw_unseen
from xai.trust.judge import FEWEST, Judgement, computed, upper_slope
from xai.trust.truth import around
from xai.typing import Bools, Cancel, Floats, Progress

METHOD = "tree"
LEAST, MOST, SHARE = 8, 32, 10  # unseen coalitions of each law: a tenth of the search's budget, within these
_CELLS = 2**25  # of a coalition matrix, at a time


def judging_cost(budget: int) -> int:
    """Most coalitions that `judge_tree` asks for of trees that were searched with this budget each."""
    return 2 * held_out(budget)


def held_out(budget: int) -> int:
    """Unseen coalitions of each law."""
    return min(max(LEAST, budget // SHARE), MOST)


def judge_tree(
    ledger: Ledger,
    tree: Part,
    found: Sequence[Hierarchy],
    paths: Sequence[Path],
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> list[list[Judgement]]:
    """Judge hierarchies of one tree by what its ledger holds and by coalitions of parts that no search has seen.

    Judged are the values of the parts at `paths` as one map: each part present or absent as a whole. Values of deeper parts
    are of games of their own, and the best additive map may be another: of the share that adding up explains the lower end is
    told, and the upper left open, unless all parts are children of the tree itself.

    Parameters
    ----------
    ledger : what all of `found` was made from; the unseen coalitions are added to it, at most `judging_cost`
    paths : of parts of every hierarchy, none inside another, that hold each player once
    seed, progress, cancel : as of `xai.judge`

    Returns
    -------
    list : of each hierarchy, of each output column a `Judgement` whose method is "tree"

    Raises
    ------
    ValueError : paths that overlap or leave players out, a hierarchy by the index "symmetric", which no law of coalitions has
    Cancelled : with the ledger, which holds all that was evaluated
    """
    if wrong := [one.index for one in found if one.index not in (BANZHAF, SHAPLEY)]:
        raise ValueError(f"judged are hierarchies by 'banzhaf' and 'shapley'; got {wrong[0]!r}")
    layout, paid = Layout(tree, ledger.labels), ledger.evaluations
    places = _places(layout, paths)
    parts = _parts(layout, places, paths)
    rows, values = _known(ledger, layout, parts)
    exact = _enumerated(ledger, layout, places, paths)
    held = draw_unseen(len(parts), rows, held_out(max(one.budget for one in found)), seed, len(rows))
    asked = _spread(np.concatenate([held.uniform, held.shapley]), layout, parts)
    told = ledger.evaluate(asked, progress, cancel).reshape(len(asked), -1)
    laws = {BANZHAF: told[: len(held.uniform)], SHAPLEY: told[len(held.uniform) :]}
    if held.exhaustive:
        rows, values = held.uniform, laws[BANZHAF]
    seen = _Seen(rows, values, held, exact, ledger.evaluations - paid)
    return [[_judged(one, parts, j, seen, laws[one.index][:, j], seed) for j in range(values.shape[1])] for one in found]


@dataclass(frozen=True, eq=False)
class _Seen:
    """rows, values : coalitions of parts (m, parts) that were fitted and their values (m, k);  held : those that were not

    exact : every game above the parts was enumerated;  paid : evaluations, for those that were not fitted
    """

    rows: Bools
    values: Floats
    held: HeldOut
    exact: bool
    paid: int


def _places(layout: Layout, paths: Sequence[Path]) -> dict[Path, Place]:
    """The parts at these paths, those above them and their siblings."""
    places: dict[Path, Place] = {(): layout.root}
    for path in paths:
        for level in range(len(path)):
            if path[:level] in places and path[: level + 1] not in places:
                places.update({child.path: child for child in layout.children(places[path[:level]])})
        if path not in places:
            raise ValueError(f"there is no part {path} in the tree")
    return places


def _parts(layout: Layout, places: dict[Path, Place], paths: Sequence[Path]) -> list[Place]:
    """The parts from left to right."""
    parts = sorted((places[path] for path in paths), key=lambda place: place.start)
    ends = [0, *(part.stop for part in parts)]
    if [part.start for part in parts] != ends[:-1] or ends[-1] != len(layout.order):
        raise ValueError("the parts at `paths` must hold each player of the tree once")
    return parts


def _enumerated(ledger: Ledger, layout: Layout, places: dict[Path, Place], paths: Sequence[Path]) -> bool:
    """Whether the ledger holds every coalition of the game of each part above these."""
    for path in {one[:level] for one in paths for level in range(len(one))}:
        levels = [(layout.children(places[path[:level]]), path[level]) for level in range(len(path))]
        inner = Inner(layout, levels, layout.children(places[path]), BANZHAF)
        if inner.q > MAX_EXACT or 2**inner.q > ledger.evaluations or ledger.missing(inner.coalitions(subsets(inner.q))):
            return False
    return True


def _known(ledger: Ledger, layout: Layout, parts: list[Place]) -> tuple[Bools, Floats]:
    """Of all that is paid for, the distinct coalitions of whole parts, bool (m, parts), and their values (m, k)."""
    known, values = ledger.known()
    starts = [part.start for part in parts]
    lengths = np.array([part.stop - part.start for part in parts])
    at_once = max(_CELLS // ledger.n_players, 1)
    counts = np.concatenate(
        [
            np.add.reduceat(known[low : low + at_once][:, layout.order], starts, axis=1, dtype=np.int32)
            for low in range(0, len(known), at_once)
        ]
    )
    whole = ((counts == 0) | (counts == lengths)).all(axis=1)
    rows, first = np.unique(counts[whole] > 0, axis=0, return_index=True)
    return rows, values.reshape(len(values), -1)[whole][first]


def _spread(bits: Bools, layout: Layout, parts: list[Place]) -> Bools:
    """Coalitions of the game's players from those of parts."""
    return np.repeat(bits, [part.stop - part.start for part in parts], axis=1)[:, layout.inverse]


def _judged(one: Hierarchy, parts: list[Place], column: int, seen: _Seen, told: Floats, seed: int) -> Judgement:
    """Of one output column. told : values of the unseen coalitions of the index's law, (m,)"""
    nodes = [one.nodes[part.path] for part in parts]
    mean = np.array([np.ravel(node.value)[column] for node in nodes])
    error = np.array([np.ravel(node.standard_error)[column] for node in nodes])
    true = around(mean, error, seed)
    of = unseen(one.index, seen.held, told, float(np.ravel(one.empty_value)[column]))
    additive, (low, high) = share(of, true, seed)
    if high == high and any(len(part.path) > 1 for part in parts):
        high = 1.0
    first, three, order, off = computed(mean, true)
    return Judgement(
        index=one.index,
        method=METHOD,
        exact=seen.exact and not error.any(),
        first=first,
        first_three=three,
        order=order,
        expected_error=min(off, 1e6),
        additive=additive,
        additive_interval=(low, high),
        chance=_chance(mean, seen.rows, seen.values[:, column], of, seed),
        kept=upper_slope(mean, of),
        held_out=of.unseen,
        exhaustive=of.exhaustive,
        evaluations=seen.paid,
    )


def _chance(mean: Floats, rows: Bools, values: Floats, of: Unseen, seed: int) -> float:
    rng = np.random.default_rng([seed, 4])
    fit = of_the_fit(rows, values, rng)
    if of.exhaustive or of.unseen < FEWEST:
        return fit
    return both(fit, of_the_unseen((of.rows @ mean)[: of.unseen], of.values[: of.unseen], rng))
