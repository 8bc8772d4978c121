"""What sequences of tokens share: a tree in which each distinct beginning stands once, and what of it is new.

After deletion, coalitions that agree on the first players begin with the same tokens. A node is a token at a position
after certain others; whatever is hidden is not in the tree, for nothing ever looks at it. Nodes stay when a batch is
done, so that the next one, which asks for other coalitions of the same prompt, begins where they end.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.text.scoring import Sequence
from xai.typing import Bools, Ints

BLOCK = 64  # new nodes whose attention is computed together, over all that any of them descends from


@dataclass(frozen=True)
class Branch:
    """A sequence in the tree: the slots of all its nodes, their tokens and positions, and how many of them were there."""

    path: Ints
    ids: Ints
    positions: Ints
    known: int


@dataclass(frozen=True)
class Growth:
    """The new nodes of a batch, t of them, each after those that it descends from.

    ids, positions, slots : (t,), which token, where, and in which slot its keys and values go
    ends : (m, last), which of the new nodes are the last ones of each sequence
    keys : (blocks, k), slots that the block's nodes look at, −1 where a block has fewer;  places : their positions
    seen : bool (blocks, BLOCK, k), which of them each node descends from, itself among them
    """

    ids: Ints
    positions: Ints
    slots: Ints
    ends: Ints
    keys: Ints
    places: Ints
    seen: Bools
    branches: list[Branch]
    children: dict[tuple[int, int, int], int]


class Tree:
    """Nodes in slots 0, 1, …, parents before children. used : how many slots are taken"""

    def __init__(self) -> None:
        self._children: dict[tuple[int, int, int], int] = {}  # (parent, token, position) → node
        self._visits: list[float] = []

    @property
    def used(self) -> int:
        return len(self._visits)

    def grow(self, sequences: list[Sequence], last: int) -> Growth:
        """What is new in these sequences; `keep` makes it part of the tree once it is computed.

        The `last` nodes of each sequence are always new and do not stay: their final hidden states are wanted, which are
        not kept.
        """
        children: dict[tuple[int, int, int], int] = {}
        paths = [self._walk(sequence, last, children) for sequence in sequences]
        free = self.used + len(children)
        branches = []
        for row, (sequence, path, known) in enumerate(paths):
            own = np.arange(last) + free + row * last
            slots = np.concatenate([np.array(path, np.int64), own])
            branches.append(Branch(slots, sequence.ids[sequence.visible], sequence.positions[sequence.visible], known))
        count = [len(branch.path) - branch.known for branch in branches]
        ends = np.cumsum(count)[:, None] - last + np.arange(last)
        keys, places, seen = _blocks(branches)
        return Growth(
            ids=np.concatenate([branch.ids[branch.known :] for branch in branches]),
            positions=np.concatenate([branch.positions[branch.known :] for branch in branches]),
            slots=np.concatenate([branch.path[branch.known :] for branch in branches]),
            ends=ends,
            keys=keys,
            places=places,
            seen=seen,
            branches=branches,
            children=children,
        )

    def keep(self, growth: Growth) -> None:
        """What was new stays, but for the last nodes of each sequence."""
        self._children.update(growth.children)
        self._visits += [0.0] * len(growth.children)
        for branch in growth.branches:
            for node in branch.path[: len(branch.path) - growth.ends.shape[1]].tolist():
                self._visits[node] += 1

    def thin(self, most: int) -> Ints:
        """Forget all but the `most` nodes that were passed most often; which slots those had that are now 0, 1, …"""
        visits = np.array(self._visits)
        kept = np.sort(np.argsort(-visits, kind="stable")[:most])  # a parent is passed as often as its child, and older
        number = {int(old): new for new, old in enumerate(kept)}
        number[-1] = -1
        self._visits = (visits[kept] / 2).tolist()
        self._children = {
            (number[parent], token, position): number[node]
            for (parent, token, position), node in self._children.items()
            if node in number
        }
        return kept

    def _walk(self, sequence: Sequence, last: int, children: dict[tuple[int, int, int], int]) -> tuple[Sequence, list[int], int]:
        """The sequence, the nodes of it that stay, those that are new added to `children`, and how many are not new."""
        ids, positions = sequence.ids[sequence.visible].tolist(), sequence.positions[sequence.visible].tolist()
        node, path, known = -1, [], 0
        for token, position in zip(ids[: len(ids) - last], positions):
            key = node, token, position
            child = self._children.get(key, children.get(key))
            if child is None:
                child = children[key] = self.used + len(children)
            else:
                known += 1
            node = child
            path.append(node)
        return sequence, path, known


def in_order(sequences: list[Sequence], most: int) -> Iterator[list[int]]:
    """Which sequences to run together: neighbours in the order of their tokens, of about `most` nodes or fewer."""
    found = _sorted(sequences, 0)
    total = sum(new for _, new in found)
    goal = total / max(1, -(-total // most))
    group: list[int] = []
    nodes = 0.0
    for i, new in found:
        if group and nodes + new / 2 > goal:
            yield group
            group, nodes = [], 0.0
        group.append(i)
        nodes += new
    if group:
        yield group


def by_tokens(sequences: list[Sequence]) -> list[int]:
    """Which sequence comes when, in the order of their tokens: what begins alike stands together."""
    return [i for i, _ in _sorted(sequences, 0)]


def distinct(sequences: list[Sequence], last: int) -> int:
    """How many nodes a tree computes for these sequences, of each of which the `last` are its own."""
    return sum(new for _, new in _sorted(sequences, last)) + last * len(sequences)


def _sorted(sequences: list[Sequence], last: int) -> list[tuple[int, int]]:
    """(index, tokens not shared with the one before) of sequences in the order of their tokens, their `last` left out."""
    rows = [np.stack([s.ids[s.visible], s.positions[s.visible]], 1) for s in sequences]
    rows = [row[: len(row) - last] for row in rows]
    order = sorted(range(len(rows)), key=lambda i: rows[i].ravel().tolist())
    nothing = np.zeros((0, 2), np.int64)
    return [(i, _unshared(rows[i], before)) for i, before in zip(order, [nothing, *(rows[i] for i in order)])]


def _unshared(row: Ints, before: Ints) -> int:
    """How many tokens of a sequence come after what it shares with the one before."""
    both = min(len(row), len(before))
    other = np.flatnonzero((row[:both] != before[:both]).any(1))
    return len(row) - (int(other[0]) if len(other) else both)


def _blocks(branches: list[Branch]) -> tuple[Ints, Ints, Bools]:
    """`keys`, `places` and `seen` of a `Growth`."""
    pieces: list[list[tuple[int, Branch, int, int]]] = [[]]  # of each block: (row in it, branch, from, to)
    filled = 0
    for branch in branches:
        start = branch.known
        while start < len(branch.path):
            if filled == BLOCK:
                pieces.append([])
                filled = 0
            end = min(len(branch.path), start + BLOCK - filled)
            pieces[-1].append((filled, branch, start, end))
            filled, start = filled + end - start, end
    found = [np.unique(np.concatenate([branch.path[:end] for _, branch, _, end in block])) for block in pieces]
    keys = np.full((len(pieces), max(map(len, found))), -1)
    places, seen = np.zeros_like(keys), np.zeros((len(pieces), BLOCK, keys.shape[1]), bool)
    for number, (block, slots) in enumerate(zip(pieces, found)):
        keys[number, : len(slots)] = slots
        for row, branch, start, end in block:
            at = np.searchsorted(slots, branch.path[:end])
            places[number, at] = branch.positions[:end]
            descends = np.tri(end - start, end, start, dtype=bool)
            seen[number, row : row + end - start, at] = descends.T
    return keys, places, seen
