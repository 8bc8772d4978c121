"""Redundant evidence: two parts of which either is enough, so that leaving one out changes nothing and both, much."""

from itertools import combinations

import numpy as np

from xai.hierarchy.found import Node, Path, Redundant
from xai.hierarchy.parts import Layout, Place
from xai.hierarchy.purse import Purse

_MOST = 12  # parts that are tried in pairs
_SHARE = 40  # one coalition in so many is kept for them
_HALF = 0.5  # of what is lost without both, more than what is lost without either
_STANDS_OUT = 0.3  # of a part's value in one child: its children are meant. Two copies in one part have half of it each
_SMALL = 0.1  # of what all players change, below which a loss is nothing to speak of


def pairs_for(budget: int, whole: bool) -> int:
    """How many parts are tried: their pairs and they themselves are a fortieth of the budget at most.

    whole : every coalition of the game is affordable, and so these are
    """
    count = _MOST
    while not whole and count * (count + 1) // 2 > budget // _SHARE:
        count -= 1
    return count if count > 1 else 0


def redundant_pairs(
    purse: Purse, layout: Layout, places: dict[Path, Place], nodes: dict[Path, Node], count: int
) -> list[Redundant]:
    """Pairs among the `count` parts that carry most, by coalitions of all players but one or two of these parts."""
    candidates = _carrying(nodes, count)
    pairs = list(combinations(range(len(candidates)), 2))
    if not pairs:
        return []
    out = [*((i,) for i in range(len(candidates))), *pairs]
    coalitions = np.ones((1 + len(out), len(layout.order)), bool)
    for row, parts in zip(coalitions[1:], out):
        for i in parts:
            row[layout.order[places[candidates[i]].start : places[candidates[i]].stop]] = False
    values = purse.evaluate(coalitions)
    lost = values[0] - values[1:]
    scalar = purse.ledger.n_outputs is None
    least = _SMALL * max(float(np.linalg.norm(node.value)) for node in nodes.values())
    found = []
    for (i, j), both in zip(pairs, lost[len(candidates) :]):
        size, alone = np.linalg.norm(both), np.linalg.norm(lost[i]) + np.linalg.norm(lost[j])
        if size > least and alone <= _HALF * size:
            three = (float(one[0]) if scalar else one for one in (lost[i], lost[j], both))
            found.append((float(size), Redundant((candidates[i], candidates[j]), *three)))
    return [one for _, one in sorted(found, key=lambda pair: -pair[0])]


def _carrying(nodes: dict[Path, Node], count: int) -> list[Path]:
    """Paths of the heaviest parts, none inside another: a part stands for its children unless one stands out."""
    weight = {path: float(np.linalg.norm(node.value)) for path, node in nodes.items()}
    children: dict[Path, list[Path]] = {}
    for path in nodes:
        if path:
            children.setdefault(path[:-1], []).append(path)
    found: list[Path] = []
    stack: list[Path] = [()]
    while stack:
        path = stack.pop()
        below = children.get(path, [])
        if below and (not path or max(weight[child] for child in below) >= _STANDS_OUT * weight[path]):
            stack += below
        else:
            found.append(path)
    return sorted(found, key=lambda path: (-weight[path], path))[:count]
