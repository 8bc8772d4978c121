"""The game that is played when a part of a tree is opened.

Its players are the part's own children (inside) and, whole, the siblings of the part and of each part above it (the
context): Owen's quotient game with one union opened, level by level (Owen 1977; Winter 1989). It does not depend on
what else has been opened, so a part's value is the same whichever way the search went.
"""

import numpy as np

from xai.hierarchy.parts import Layout, Place
from xai.typing import Bools, Floats

BANZHAF, SHAPLEY = "banzhaf", "shapley"


def index_at(index: str, level: int) -> str:
    """By which index the children of a part at this level count: "symmetric" is Banzhaf among the uppermost alone."""
    if index == "symmetric":
        return SHAPLEY if level else BANZHAF
    return index


class Inner:
    """players (q,): groups of the context, one a level from above, then the p children of the part.

    children : the part's;  sizes : how many siblings each level of the context has;  kinds : by which index they come and go
    kind : by which index the children count
    """

    def __init__(self, layout: Layout, above: list[tuple[list[Place], int]], children: list[Place], index: str) -> None:
        """above : of each level the places of which one was opened, and which of them."""
        siblings = [[place for i, place in enumerate(places) if i != at] for places, at in above]
        self.children, self.p = children, len(children)
        self.sizes = [len(group) for group in siblings]
        self.kinds = [index_at(index, level) for level in range(len(siblings))]
        self.kind = index_at(index, len(siblings))
        players = [place for group in [*siblings, children] for place in group]
        self.q = len(players)
        starts = np.array([place.start for place in players])
        self._by_start = np.argsort(starts)
        self._lengths = (np.array([place.stop for place in players]) - starts)[self._by_start]
        self._inverse = layout.inverse

    @property
    def adds_up(self) -> bool:
        """Whether the children's values add up to their part's: Shapley's efficiency, or Lehrer's (1988) for two."""
        return self.kind == SHAPLEY or self.p <= 2

    def coalitions(self, bits: Bools) -> Bools:
        """Coalitions of the game's own players, bool (m, n), from those of this game, bool (m, q)."""
        return np.repeat(bits[:, self._by_start], self._lengths, axis=1)[:, self._inverse]

    def context(self, rng: np.random.Generator) -> Bools:
        """Who of the context is present, bool (q − p,): each with ½ or, for Shapley, those before a random place."""
        drawn = []
        for size, kind in zip(self.sizes, self.kinds):
            drawn.append(rng.random(size) < 0.5 if kind == BANZHAF else rng.permutation(size) < rng.integers(size + 1))
        return np.concatenate([np.zeros(0, bool), *drawn])

    def context_chance(self, bits: Bools) -> Floats:
        """With which probability `context` draws the context of each row of bits (m, q)."""
        chance, start = np.ones(len(bits)), 0
        for size, kind in zip(self.sizes, self.kinds):
            present = bits[:, start : start + size].sum(axis=1)
            chance *= 2.0**-size if kind == BANZHAF else order_chance(size)[present]
            start += size
        return chance


def order_chance(size: int) -> Floats:
    """s!(size − s)!/(size + 1)! for s = 0 … size: that of `size` others just these s come before one in a random order."""
    chance = np.full(size + 1, 1.0 / (size + 1))
    for s in range(1, size + 1):
        chance[s] = chance[s - 1] * s / (size - s + 1)
    return chance
