"""Scoring sequences of which many begin alike: each distinct beginning is computed once, and stays for later batches."""

import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from model.latest import Latest
from model.text.nodes.forward import Layers, is_known
from model.text.nodes.tree import Tree, in_order
from model.text.scoring import PrefixScorer, Sequence
from model.text.ways import pays
from xai.typing import Ints

if TYPE_CHECKING:
    from torch import Tensor

NODES = 1024  # new ones of one pass over the layers; more gains no speed
KEPT_BYTES = 200e6  # keys and values of a game's nodes that stay: some 5,400 nodes of the 270M model
GAMES = 2  # whose nodes stay: that of a run, and of one that got in between its batches

_trunks: "Latest[Trunk]" = Latest(GAMES)  # by the game


class SharedScorer(PrefixScorer[Sequence]):
    """A PrefixScorer that computes what sequences share once, where that is right and pays for this model and machine.

    sample : gives sequences like those that will be asked for, the longest among them: they tell whether it pays
    """

    def __init__(
        self, model: Any, lock: threading.RLock, prefix: ArrayLike, target: ArrayLike, sample: Callable[[], list[Sequence]]
    ) -> None:
        super().__init__(model, lock, prefix, target)
        self._sample, self._game = sample, object()

    def join(self, other: "SharedScorer") -> None:
        """Keep one tree with another game after the same prefix; ValueError after another one."""
        if not np.array_equal(self._prefix, other._prefix):
            raise ValueError("games of different prompts have no beginnings in common")
        self._game = other._game

    @functools.cached_property
    def shares(self) -> bool:
        """Whether beginnings are computed once here; the first question takes some seconds."""
        if self.model.device.type != "cpu" or not is_known(self.model):  # many small steps keep a GPU waiting
            return False
        sample = self._sample()
        kept = 4 * max(len(s.ids) for s in sample) <= room_of(self.model)
        return kept and pays(self.model, self.lock, Trunk, sample, len(self._target))

    def _groups(self, sequences: list[Sequence]) -> list[list[int]]:
        if not self.shares:
            return super()._groups(sequences)
        return list(in_order(sequences, min(NODES, room_of(self.model) // 2)))

    def _run(self, batch: list[Sequence]) -> "Tensor":
        if not self.shares:
            return super()._run(batch)
        return trunk(self.model, self._prefix, self._game).run(self.model, batch, len(self._target))


class Trunk:
    """A prefix and the tree that grows after it, with keys and values. model : not kept;  room : nodes it may have"""

    def __init__(self, model: Any, prefix: Ints) -> None:
        self.room = room_of(model)
        self._tree, self._layers = Tree(), Layers(model, prefix, self.room)

    def run(self, model: Any, sequences: list[Sequence], last: int) -> "Tensor":
        """Final hidden states (m, last, width) of the last tokens of sequences that have at most `room` nodes together."""
        growth = self._tree.grow(sequences, last)
        if self._tree.used + len(growth.ids) > self.room:
            self._layers.move(self._tree.thin(max(0, self.room // 2 - len(growth.ids))))
            growth = self._tree.grow(sequences, last)
            if self._tree.used + len(growth.ids) > self.room:  # what was forgotten was theirs
                self._tree = Tree()
                growth = self._tree.grow(sequences, last)
        states = self._layers.forward(model, growth)
        self._tree.keep(growth)
        return states


def trunk(model: Any, prefix: Ints, game: object) -> Trunk:
    """That of a game after a prefix, new or from its earlier calls.

    Of its own calls alone: what another game of the prompt had computed would change its values in the last digits.
    """
    return _trunks.value(model, game, lambda: Trunk(model, prefix))


def forget(model: Any) -> None:
    """Let go of all that was computed for prompts of a model."""
    _trunks.pop(model, None)


def room_of(model: Any) -> int:
    """How many nodes of a model are kept."""
    config = model.config
    each = 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim * 4
    return max(NODES // 2, int(KEPT_BYTES / each))
