"""What ways of scoring are compared on: a few random sequences, and by how much one is off."""

import logging
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from model.text.generation import Reader
from model.text.once import HidingSequence, OnceScorer, forget
from model.text.scoring import Sequence, WholeScorer
from xai.typing import Bools, Floats, Ints

log = logging.getLogger("swing.model")

PREFIX, BODY, TARGET = 6, 14, 2  # tokens of the sequences that are compared
QUESTION = 3  # of the body, which reading once runs alone


class Cases(NamedTuple):
    """Random sequences after a prefix, in which the same tokens are absent in three ways: out, out with the others'
    positions kept, behind a mask. The first has all of its tokens, the last lacks the last one before the target."""

    prefix: Ints
    target: Ints
    removed: list[Sequence]
    gaps: list[Sequence]
    place: list[Sequence]


class Steps:
    """Called before each pass, where what it raises is no failure of a way."""

    def __init__(self, told: Callable[[float], None] | None, most: int) -> None:
        self._told, self._most, self._done = told, most, 0

    def __call__(self) -> None:
        if self._told is not None:
            self._told(min(1.0, self._done / self._most))
        self._done += 1

    def score(self, scorer: WholeScorer, sequences: list[Sequence]) -> Floats:
        """One by one, as that scorer does anyway."""
        rows = []
        for sequence in sequences:
            self()
            rows.append(scorer.score([sequence]))
        return np.concatenate(rows)


def cases_of(model: Any, seed: int = 0) -> Cases:
    """The same for a model's vocabulary and a seed."""
    rng = np.random.default_rng(seed)
    prefix, body, target = (rng.integers(3, model.config.vocab_size, count) for count in (PREFIX, BODY, TARGET))
    cases = Cases(prefix, target, [], [], [])
    for absent in ([], [2, 5, 6, 11], [0, 1, 3, 4, 5, 7, 8, 9, 12, BODY - 1]):
        here: Bools = ~np.isin(np.arange(BODY), absent)
        seen, after = np.append(here, np.ones(TARGET - 1, bool)), target[:-1]
        ids, positions = np.append(body, after), PREFIX + np.arange(len(seen))
        count = int(seen.sum())
        cases.removed.append(Sequence(ids[seen], PREFIX + np.arange(count), np.ones(count, bool)))
        cases.gaps.append(Sequence(ids[seen], positions[seen], np.ones(count, bool)))
        cases.place.append(Sequence(ids, positions, seen))
    return cases


def read_on(model: Any, lock: threading.RLock, cases: Cases) -> float:
    """The same of a `Reader`, with a text of two tokens between contexts and target."""
    text, contexts = cases.target, [np.append(cases.prefix, s.ids) for s in cases.removed]
    rows = [np.concatenate([context, text, cases.target[:-1]]) for context in contexts]
    whole = WholeScorer(model, lock, cases.prefix[:0], cases.target)
    wanted = whole.score([Sequence(row, np.arange(len(row)), np.ones(len(row), bool)) for row in rows])

    def ask() -> Floats:
        reader = Reader(model, lock)
        read = reader.contexts([context.tolist() for context in contexts])
        return reader.score(read, [text.tolist()], [cases.target.tolist()])[0][1]

    return tried("reading on", ask, wanted)


def read_once(model: Any, lock: threading.RLock, cases: Cases) -> float:
    """The same of a `OnceScorer`, asked to hide all from some token to the question: no token that stays has seen them."""
    full, cut = cases.place[0], BODY - QUESTION
    before = [np.arange(PREFIX + cut) < PREFIX + cut - count for count in (0, 2, cut)]
    asked = [HidingSequence(full.ids[cut:], full.positions[cut:], full.visible[cut:], seen) for seen in before]
    rows = [Sequence(full.ids, full.positions, np.append(seen[PREFIX:], full.visible[cut:])) for seen in before]
    wanted = WholeScorer(model, lock, cases.prefix, cases.target).score(rows)
    prefix = np.concatenate([cases.prefix, full.ids[:cut]])
    forget(model)  # another window left other keys
    off = tried("reading once", lambda: OnceScorer(model, lock, prefix, cases.target).score(asked), wanted)
    forget(model)
    return off


def tried(said: str, ask: Callable[[], Floats], wanted: Floats) -> float:
    """By how much the answer is off; infinite where it fails, whatever a network makes of it: the next way may do."""
    try:
        return differ(ask(), wanted)
    except Exception as error:
        log.info("%s: %s: %s", said, type(error).__name__, error)
        return float("inf")


def differ(one: Floats, other: Floats) -> float:
    off = float(np.abs(one - other).max())
    return off if np.isfinite(off) else float("inf")
