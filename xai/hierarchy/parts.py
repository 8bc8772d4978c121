"""A tree of parts over a game's players, and where each part lies once its players stand in the tree's own order."""

from dataclasses import dataclass

import numpy as np

from xai.typing import Ints

MAX_DEPTH = 1000  # levels; a part's path is as long as its level


@dataclass(frozen=True, eq=False)
class Part:
    """A union of players: `leaves`, their numbers in the game, or smaller `parts`; one of the two.

    A part of several leaves opens into these players one by one. What a tree must be is checked by `explain_tree`.
    """

    label: str
    leaves: tuple[int, ...] = ()
    parts: tuple["Part", ...] = ()

    def __repr__(self) -> str:
        return f"Part({self.label!r}, {len(self.parts)} parts, {len(self.leaves)} leaves)"  # a whole tree could be deep


@dataclass(frozen=True)
class Place:
    """A part or, with `part` None, a single player of a part: its players are order[start:stop] of the layout."""

    path: tuple[int, ...]
    label: str
    start: int
    stop: int
    part: Part | None


class Layout:
    """A checked tree over n players.

    order : (n,) players as the tree names them, so that every part is a slice of it
    inverse : (n,) where each player stands in it
    """

    def __init__(self, tree: Part, labels: list[str]) -> None:
        self.labels = labels
        self._slice: dict[int, tuple[int, int]] = {}  # id of a part → its slice
        self.order = _checked_order(self._walk(tree), len(labels))
        self.inverse = np.argsort(self.order)
        self.root = Place((), str(tree.label), 0, len(labels), tree)

    def _walk(self, tree: Part) -> list[tuple[Part, int]]:
        """(part, player) of each leaf from left to right; without recursion, for trees may be deep."""
        leaves: list[tuple[Part, int]] = []
        stack: list[tuple[object, int | None]] = [(tree, None)]  # a part, and where it began once it was entered
        depth = 0
        while stack:
            part, began = stack.pop()
            if began is not None:
                self._slice[id(part)] = (began, len(leaves))
                depth -= 1
                continue
            _check_part(part, depth, id(part) in self._slice)
            assert isinstance(part, Part)
            self._slice[id(part)] = (len(leaves), len(leaves))
            stack.append((part, len(leaves)))
            depth += 1
            leaves += [(part, leaf) for leaf in part.leaves]
            stack += [(child, None) for child in reversed(part.parts)]
        return leaves

    def children(self, place: Place) -> list[Place]:
        """What a place opens into; nothing for a single player."""
        part = place.part
        if part is None or not fan(place):
            return []
        if len(part.parts):
            slices = [self._slice[id(child)] for child in part.parts]
            return [Place((*place.path, i), str(c.label), *at, c) for i, (c, at) in enumerate(zip(part.parts, slices))]
        at = range(place.start, place.stop)
        return [Place((*place.path, i), self.labels[self.order[j]], j, j + 1, None) for i, j in enumerate(at)]


def fan(place: Place) -> int:
    """How many children a place has; 0 for a single player."""
    if place.part is None or (len(place.part.leaves) == 1 and not len(place.part.parts)):
        return 0
    return len(place.part.parts) or len(place.part.leaves)


def _check_part(part: object, depth: int, known: bool) -> None:
    if not isinstance(part, Part):
        raise TypeError(f"a tree consists of Part(label, leaves=… or parts=…); got {type(part).__name__}")
    if depth >= MAX_DEPTH:
        raise ValueError(f"the tree is too deep: part {part.label!r} lies below {MAX_DEPTH} levels, which are the most allowed")
    if known:
        raise ValueError(f"part {part.label!r} stands in the tree twice; parts must not overlap")
    for name in ("leaves", "parts"):
        if not isinstance(getattr(part, name), (tuple, list, range, np.ndarray)):
            raise TypeError(f"part {part.label!r} has {name} of type {type(getattr(part, name)).__name__}; give a tuple")
    if not len(part.leaves) and not len(part.parts):
        raise ValueError(f"part {part.label!r} is empty; give it at least one leaf or part")
    if len(part.leaves) and len(part.parts):
        raise ValueError(f"part {part.label!r} has leaves and parts; give it one of the two")


def _checked_order(leaves: list[tuple[Part, int]], n: int) -> Ints:
    """The leaves' players (n,); ValueError where they are not every player once."""
    owner: dict[int, Part] = {}
    for part, leaf in leaves:
        if isinstance(leaf, bool) or not isinstance(leaf, (int, np.integer)) or not 0 <= leaf < n:
            raise ValueError(f"part {part.label!r} has the leaf {leaf!r}; leaves are players, whole numbers from 0 to {n - 1}")
        if leaf in owner:
            raise ValueError(
                f"player {leaf} is a leaf of {owner[leaf].label!r} and again of {part.label!r}; parts must not overlap"
            )
        owner[int(leaf)] = part
    if len(owner) < n:
        missed = next(i for i in range(n) if i not in owner)
        raise ValueError(f"the tree misses {n - len(owner)} of the game's {n} players, player {missed} first; it must hold each")
    return np.array([leaf for _, leaf in leaves], dtype=np.int64)
