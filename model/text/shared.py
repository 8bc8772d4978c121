"""Scoring sequences of which many begin alike: each distinct beginning is computed once, and stays for later batches."""

import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from model.latest import Latest
from model.text.nodes.foretold import Sharing
from model.text.nodes.forward import Layers, bytes_of, is_known
from model.text.nodes.trail import Trail
from model.text.nodes.tree import Tree, by_tokens, in_order
from model.text.scoring import PrefixScorer, Sequence
from model.text.ways import Make, Own, agrees, pays
from xai.typing import Ints

if TYPE_CHECKING:
    from torch import Tensor

LONG = 512  # tokens from which on sequences are run one by one: each alone fills the processor
LONG_BYTES = 1.5e9  # keys and values of a sequence that is run so, at most: some 40,000 tokens of the 270M model
NODES = 1024  # new ones of one pass over the layers; more gains no speed
KEPT_BYTES = 200e6  # keys and values of a game's nodes that stay: some 5,400 nodes of the 270M model
GAMES = 2  # whose nodes stay: that of a run, and of one that got in between its batches

_trunks: "Latest[Own]" = Latest(GAMES)  # by the game


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
        return self._way is not None

    @property
    def sharing(self) -> Sharing:  # type: ignore[override]  # of others it is the same for all
        """Decided by `shares`, which may ask the model."""
        if not self.shares:
            return ""
        return "trail" if self._way is Trail else "tree"

    @functools.cached_property
    def _way(self) -> "Make | None":
        if self.model.device.type != "cpu" or not is_known(self.model):  # many small steps keep a GPU waiting
            return None
        sample = self._sample()
        longest = max(len(s.ids) for s in sample)
        if longest >= LONG:
            right = bytes_of(self.model, len(self._prefix) + longest) <= LONG_BYTES and agrees(self.model, self.lock, Trail)
            return Trail if right else None
        kept = 4 * longest <= room_of(self.model)
        return Trunk if kept and pays(self.model, self.lock, Trunk, sample, len(self._target)) else None

    def _groups(self, sequences: list[Sequence]) -> list[list[int]]:
        if not self.shares:
            return super()._groups(sequences)
        if self._way is Trail:
            return [[i] for i in by_tokens(sequences)]
        return list(in_order(sequences, min(NODES, room_of(self.model) // 2)))

    def _run(self, batch: list[Sequence]) -> "Tensor":
        make = self._way if self.shares else None
        if make is None:
            return super()._run(batch)
        own = grown(self.model, self._prefix, self._game, make)
        states = own.run(self.model, batch, len(self._target))
        self.computed += own.spent()
        return states


class Trunk:
    """A prefix and the tree that grows after it, with keys and values. model : not kept;  room : nodes it may have"""

    def __init__(self, model: Any, prefix: Ints) -> None:
        self.room = room_of(model)
        self._tree, self._layers = Tree(), Layers(model, prefix, self.room)
        self._spent = len(prefix)

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
        self._spent += len(growth.ids)
        return states

    def spent(self) -> int:
        """Tokens run since this was last asked."""
        spent, self._spent = self._spent, 0
        return spent


def grown(model: Any, prefix: Ints, game: object, make: Make) -> Own:
    """What a game has computed after a prefix, new by `make` or from its earlier calls.

    Of its own calls alone: what another game of the prompt had computed would change its values in the last digits.
    """
    return _trunks.value(model, game, lambda: make(model, prefix))


def forget(model: Any) -> None:
    """Let go of all that was computed for prompts of a model."""
    _trunks.pop(model, None)


def room_of(model: Any) -> int:
    """How many nodes of a model are kept."""
    return max(NODES // 2, int(KEPT_BYTES / bytes_of(model, 1)))
