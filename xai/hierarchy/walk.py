"""The search through a tree of parts: which part is opened next, and what is asked once more."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial

import numpy as np

from xai.checks import check_whole
from xai.game import Game, error_of
from xai.hierarchy.found import Hierarchy, Node, Path, Redundant, Value
from xai.hierarchy.inner import BANZHAF, SHAPLEY, Inner, index_at
from xai.hierarchy.opened import Opened
from xai.hierarchy.parts import Layout, Part, Place, fan
from xai.hierarchy.purse import Purse
from xai.hierarchy.redundant import pairs_for, redundant_pairs
from xai.hierarchy.rounds import MAX_EXACT, Plan, lean_plan, plan
from xai.ledger import Ledger, ledger_of
from xai.typing import Cancel, Floats, Progress

SoFar = Callable[[Hierarchy], object]
_INDICES = (BANZHAF, SHAPLEY, "symmetric")
_LOOKS = 8  # rounds a part may get between the openings of two of its children


def explain_tree(
    game: Game,
    tree: Part,
    index: str = "banzhaf",
    budget: int = 2000,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    ledger: Ledger | None = None,
    only: Collection[Path] | None = None,
    also: Sequence[Path] = (),
    so_far: SoFar | None = None,
) -> Hierarchy:
    """Values of the parts of `tree`, the heaviest opened into their own parts until the budget is spent.

    A part's children are valued in the game in which they and, whole, the part's siblings and those of each part above it
    are the players: ordinary values on m − 1 + p players for a union of p parts among m. Opened next is the part whose
    value may be the largest (upper confidence bound); where it cannot be told from its siblings' noise, they get another
    round instead. What is left in the end makes the least certain values surer.

    Parameters
    ----------
    game : callable, bool (m, n_players) → float64 (m,) or (m, k); see `xai.game`
    tree : every player of the game once, at most 1,000 levels; a part of several leaves opens into single players
    index : "banzhaf": Banzhaf–Owen values (Owen 1981), in which two children add up to their part (Lehrer 1988) and more
        need not; "shapley": Owen values (Owen 1977), on more levels Winter's (1989); "symmetric": the symmetric coalitional
        Banzhaf value (Alonso-Meijide & Fiestras-Janeiro 2002), Banzhaf among the uppermost parts, Shapley inside them
    budget : most distinct coalitions that are asked for, those that the ledger holds among them
    seed : of all that is drawn; the same arguments give the same result, also from the ledger of a cancelled run
    progress, cancel : progress(done, total), called between batches; cancel() → True stops before the next batch
    ledger : a Ledger of the same game; what it holds is not evaluated again
    only : paths of the parts that the search may open below the first level; None for any
    also : paths that are opened after it, whatever they carry, and beyond the budget: what that costs, `opening_cost` says.
        The search itself stays as it was without them
    so_far : so_far(Hierarchy), called with what is found whenever the evaluations have doubled since; pairs are not in it

    Returns
    -------
    Hierarchy : `nodes`, path → value, standard error, what its children do together; units of the game. Estimates are
        unbiased for a fixed number of rounds. Standard errors are those of a mean of independent rounds, and 0 for a part
        whose game, with few players, was enumerated

    Raises
    ------
    ValueError, TypeError : a tree whose parts overlap, miss players, are empty or too deep; a budget too small for the first
        level; a value that is not finite; a path of `also` that is no part, or is a single player
    Cancelled : with the ledger, which holds all that was evaluated
    """
    started = time.perf_counter()
    ledger = ledger_of(game, ledger)
    if index not in _INDICES:
        raise ValueError(f"index must be one of {list(_INDICES)}; got {index!r}")
    budget, seed = check_whole("budget", budget), check_whole("seed", seed)
    layout, paid = Layout(tree, ledger.labels), ledger.evaluations
    if budget < 2:
        raise ValueError(f"budget must be at least 2, for v(no player) and v(all players); got {budget}")
    made = partial(_made, ledger, (paid, started), (index, seed, budget))
    told = None if so_far is None else lambda nodes, ends: so_far(made(nodes, ends, []))
    return made(*_found(layout, index, seed, Purse(ledger, budget, progress, cancel), only, also, told))


def opening_cost(children: int, index: str, budget: int, level: int = 1) -> int:
    """Most coalitions that opening one part of so many children by `also` takes, after a search of this budget.

    level : of the part, 0 for the tree itself. Redundant pairs, looked for anew, are counted
    """
    first, count = plan(children, index_at(index, level), _most(budget)), pairs_for(budget, False)
    return (first.first * first.rows if children > 1 else 0) + count * (count + 1) // 2


def _most(budget: int) -> int:
    """Coalitions that the first rounds of a part may take together."""
    return max(64, budget // 4)


def _made(
    ledger: Ledger,
    before: tuple[int, float],
    asked: tuple[str, int, int],
    nodes: dict[Path, Node],
    ends: list[Value],
    redundant: list[Redundant],
) -> Hierarchy:
    """before : evaluations that were paid, and the time, when it began;  asked : index, seed and budget"""
    paid, started = before
    return Hierarchy(nodes, redundant, *asked, ledger.evaluations - paid, time.perf_counter() - started, *ends)


def _found(
    layout: Layout,
    index: str,
    seed: int,
    purse: Purse,
    only: Collection[Path] | None,
    also: Sequence[Path],
    told: Callable[[dict[Path, Node], list[Value]], object] | None,
) -> tuple[dict[Path, Node], list[Value], list[Redundant]]:
    """Nodes, v(∅) and v(N), and redundant pairs."""
    n = len(layout.order)
    whole = purse.evaluate(np.array([[False] * n, [True] * n]))
    scalar = purse.ledger.n_outputs is None
    ends = [value(end, scalar) for end in whole]
    walk = _Walk(layout, index, seed, purse, whole[1] - whole[0], only)
    for _ in walk.run():
        if told is not None:
            told(_nodes(walk, scalar), ends)
    for path in also:
        walk.open_also(path)
    nodes = _nodes(walk, scalar)
    pairs = redundant_pairs(purse, layout, walk.places, nodes, walk.checked)
    purse.end()
    return nodes, ends, pairs


class _Walk:
    """opened : parts in the order of their opening, a part after the one above it;  checked : coalitions kept for pairs"""

    def __init__(
        self, layout: Layout, index: str, seed: int, purse: Purse, total: Floats, only: Collection[Path] | None = None
    ) -> None:
        self.layout, self.index, self.seed, self.purse, self.total = layout, index, seed, purse, total
        self.only = None if only is None else set(only)
        self.opened: list[Opened] = []
        self.places: dict[Path, Place] = {(): layout.root}
        self.above: dict[Path, list[tuple[list[Place], int]]] = {(): []}
        n = len(layout.order)
        self.whole = n <= MAX_EXACT and 2**n <= purse.budget
        self.checked = pairs_for(purse.budget, self.whole)
        self.most = _most(purse.budget)

    def run(self) -> Iterator[None]:
        """Yields whenever the coalitions asked for have doubled."""
        if not fan(self.layout.root):
            return
        if not self._open(self.layout.root, self.total, np.zeros_like(self.total)):
            root = self.layout.root
            raise ValueError(
                f"budget must be at least {self._least(root) + 2} to open the {fan(root)} parts of {root.label!r}; "
                f"got {self.purse.budget}"
            )
        kept = self.checked * (self.checked + 1) // 2
        if kept > self.purse.left:
            kept = self.checked = 0
        self.purse.kept = 0 if self.whole else kept
        yield
        before = self.purse.asked
        while self._step():
            if self.purse.asked >= 2 * before:
                yield
                before = self.purse.asked
        self._make_surer()

    def open_also(self, path: Path) -> None:
        """Opens a part, and those above it that are closed, whatever that costs."""
        for level in range(len(path) + 1):
            place = self.places.get(path[:level])
            if place is None or not fan(place):
                raise ValueError(f"there is no part {path} to open: {path[:level]} is a single player, or not in the tree")
            node = next((node for node in self.opened if node.place.path == place.path), None)
            if node is None:
                parent = next(node for node in self.opened if node.place.path == place.path[:-1])
                self.purse.allow(self._first(place))
                self._open(place, parent.mean[path[level - 1]], parent.error[path[level - 1]])

    def _step(self) -> bool:
        """Opens the likeliest part, or asks once more about it and its siblings; whether anything was left to open."""
        likeliest = [node.likeliest() for node in self.opened]
        at = max(range(len(likeliest)), key=lambda i: likeliest[i][0])
        node, (score, child, told) = self.opened[at], likeliest[at]
        if score < 0.0:
            return False
        if not told and node.looked < _LOOKS and self._surer(node):
            return True
        node.pending[child] = False
        node.looked = 0
        self._open(node.inner.children[child], node.mean[child], node.error[child])
        return True

    def _open(self, place: Place, total: Floats, error: Floats) -> bool:
        """Whether the budget sufficed."""
        asked: Plan | None = self._plan(place)
        if self._least(place) > self.purse.left:
            asked = self._lean(place)
        if asked is None:
            return False
        node = Opened(place, self._inner(place), total, error, self.seed, asked)
        if not node.enumerate(self.purse, self.whole):
            if node.cost > self.purse.left:
                return False
            node.ask(self.purse)
        self.opened.append(node)
        if self.only is not None:
            node.pending &= [child.path in self.only for child in node.inner.children]
        above = self.above[place.path]
        for i, child in enumerate(node.inner.children):
            self.places[child.path] = child
            if fan(child):
                self.above[child.path] = [*above, (node.inner.children, i)] if node.inner.p > 1 else above
        return True

    def _least(self, place: Place) -> int:
        """Fewest coalitions that opening a place may take, as it is told before its game is made."""
        p, above = fan(place), self.above[place.path]
        if p == 1 or self.whole:
            return 0
        q = p + sum(len(places) - 1 for places, _ in above)
        return min(self._first(place), 2**q - 2 if q <= MAX_EXACT else self._first(place))

    def _first(self, place: Place) -> int:
        """Coalitions of the rounds with which a place begins, where its game is not enumerated."""
        first = self._plan(place)
        return first.first * first.rows

    def _lean(self, place: Place) -> Plan | None:
        """What is left, where that is good for nothing else: nothing that is open could be made surer."""
        wasted = bool(self.opened) and all(node.exact for node in self.opened)
        return lean_plan(fan(place), self.purse.left) if wasted else None

    def _plan(self, place: Place) -> Plan:
        return plan(fan(place), index_at(self.index, len(self.above[place.path])), self.most)

    def _inner(self, place: Place) -> Inner:
        return Inner(self.layout, self.above[place.path], self.layout.children(place), self.index)

    def _surer(self, node: Opened) -> bool:
        """Another round, or all coalitions, of a part's game; whether that was affordable and had any use."""
        if node.exact:
            return False
        if node.enumerate(self.purse):
            return True
        if node.cost > self.purse.left:
            return False
        node.ask(self.purse)
        return True

    def _make_surer(self) -> None:
        """Spends what is left where the errors are largest."""
        unsure = [node for node in self.opened if not node.exact]
        while unsure:
            node = max(unsure, key=lambda one: float(np.square(one.error).sum()))
            if not self._surer(node) or node.exact:
                unsure.remove(node)


def value(array: Floats, scalar: bool) -> Value:
    return float(array[0]) if scalar else array


def _nodes(walk: _Walk, scalar: bool) -> dict[Path, Node]:
    """Values from above, so that children whose values add up by their nature do so to their part's."""
    zero, rounding = np.zeros_like(walk.total), walk.purse.ledger.rounding
    spread = zero if rounding is None else rounding.diagonal()  # what rounding adds to a coalition's value, and so
    found: dict[Path, tuple[Floats, Floats, Floats, bool]] = {(): (walk.total, np.sqrt(2.0 * spread), zero, False)}  # to two
    for node in walk.opened:
        total, error, _, _ = found[node.place.path]
        values, errors, together = node.mean, np.hypot(node.error, np.sqrt(error_of(spread, node.inner.q))), zero
        if node.inner.adds_up:
            values = values + (total - values.sum(axis=0)) / node.inner.p
            errors = np.hypot(errors, error / node.inner.p)
        else:
            together = total - values.sum(axis=0)
        found[node.place.path] = (total, error, together, True)
        for child, one, its in zip(node.inner.children, values, errors):
            found[child.path] = (one, its, zero, False)
    nodes = {}
    for path, place in sorted(walk.places.items()):
        three = [value(array, scalar) for array in found[path][:3]]
        nodes[path] = Node(place.label, three[0], three[1], three[2], found[path][3], place.stop - place.start)
    return nodes
