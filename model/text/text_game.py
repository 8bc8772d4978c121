"""The game of a prompt: where a coalition of its parts becomes a sequence of tokens."""

import copy
import functools
from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np

from model.text.handshake import Handshake, Sample, Scorer
from model.text.nodes.foretold import Asked, tokens_of
from model.text.once import READ_ONCE, HidingSequence
from model.text.prompt import Prompt
from model.text.scoring import Sequence
from model.text.segments import Span
from model.text.shared import SharedScorer
from xai.checks import check_coalitions
from xai.game import Values
from xai.typing import Bools, Floats, Ints

MAX_PROMPT = 20_000  # characters that are explained at a time, checked before anything is tokenised
MAX_PLAYERS = 256
ABSENT = ("remove", "hole", "replace", READ_ONCE)
NEUTRAL = " ..."
HEAD_TOKENS = 2.5  # one row of the output layer costs as much as this many tokens of the 270M model; measured
SAMPLE, SAMPLE_TOKENS = 256, 2**18  # coalitions whose sequences tell how much a run's have in common; bounds their memory
AT_ONCE = 1024  # coalitions that are sorted and batched together: bounds memory however many are asked for


class LanguageModel(Protocol):
    """What the game of a text asks of a model; `model.language.Language` is one."""

    tokenizer: Any
    handshake: Handshake
    batch_tokens: int
    rounds: bool
    batch_rows: int

    def encode(self, prompt: str) -> Prompt: ...

    def target_ids(self, target: str) -> list[int]: ...

    def check_length(self, *tokens: int) -> None: ...

    def scorer(self, prefix: Ints, target: Ints, sample: Sample | None, absent: str) -> Scorer: ...

    def unrounded(self, game: Values) -> Values: ...


class TextGame:
    """bool (m, n_players) → float64 (m, target tokens), natural log-probabilities; see `Gemma.text_game`.

    Attributes
    ----------
    prompt, target : the texts;  spans : the players' (start, end) in the prompt;  labels : their texts
    outputs : the texts of the target's tokens
    work : average cost of one coalition that is run alone, in tokens run through the model
    computed : what has been run for all that was asked, in the same tokens
    batch_size : coalitions that together are about one second's work on two cores, more on a GPU
    """

    def __init__(
        self, gemma: LanguageModel, prompt: str, target: str, players: str | Iterable[Span] = "word", absent: str = "remove"
    ) -> None:
        if absent not in ABSENT:
            raise ValueError(f"absent must be one of {list(ABSENT)}; got {absent!r}")
        encoded = gemma.encode(prompt)
        self.spans, owner = encoded.players(players)
        self._target = gemma.target_ids(target)
        gemma.check_length(len(encoded.ids), len(self._target))
        self.prompt, self.target, self.absent = prompt, target, absent
        self.n_players = len(self.spans)
        self.labels = [prompt[start:end].strip() or repr(prompt[start:end])[1:-1] for start, end in self.spans]
        self.outputs = [gemma.tokenizer.decode([token]) for token in self._target]

        self._ids, self._owner = np.array(encoded.ids), np.array(owner)
        playing = np.flatnonzero(self._owner >= 0)
        start = int(playing[0])
        if playing[-1] == len(self._ids) - 1:
            start -= 1  # nothing follows the players: the fixed token before them predicts when all are absent
        if absent == READ_ONCE:
            start = int(playing[-1]) + 1
            if start == len(self._ids):
                raise ValueError(
                    "nothing stands after the last part, and reading once hides parts from what stands after them alone: "
                    "put the question there, or choose another way of absence"
                )
        if start < 0:
            raise ValueError("every token of the prompt is a player: at least one must always be present before them")
        self._start = start
        self._neutral = gemma.tokenizer(NEUTRAL, add_special_tokens=False)["input_ids"][0]
        # Up to the window, hiding a token from attention equals leaving it out and keeping the others' positions;
        # beyond, sliding layers would count the tokens left, so absent ones stay in place behind a mask.
        total = len(self._ids) + len(self._target)
        self.work = float(self._mean_length() + HEAD_TOKENS * len(self._target))
        self._in_place = absent == "hole" and gemma.handshake.in_place(total)
        self.batch_size = int(np.clip(gemma.batch_tokens // self.work, 4, gemma.batch_rows))
        self._gemma = gemma
        self._scorer = gemma.scorer(self._ids[:start], np.array(self._target), self._sample, absent)
        self._rows, self._begun = 0, False

    def __call__(self, coalitions: Bools) -> Floats:
        coalitions = check_coalitions(coalitions, self.n_players)
        unique, back = np.unique(coalitions, axis=0, return_inverse=True)
        self._rows += len(unique)
        parts = [unique[start : start + AT_ONCE] for start in range(0, len(unique), AT_ONCE)]
        values = [self._scorer.score([self._sequence(row) for row in part]) for part in parts]
        return np.concatenate([np.zeros((0, len(self.outputs))), *values])[back.reshape(-1)]

    @property
    def full(self) -> Values | None:
        """These values where nothing is rounded; None where nothing is anyhow."""
        if not self._gemma.rounds:
            return None
        other = copy.copy(self)  # which takes up nothing that was computed with rounding
        other._scorer = self._gemma.scorer(self._ids[: self._start], np.array(self._target), None, self.absent)
        return self._gemma.unrounded(other)

    def begin_where(self, other: "TextGame") -> "TextGame":
        """This game; from now on it and the other one, of the same prompt, take up what either has computed."""
        if isinstance(self._scorer, SharedScorer) and isinstance(other._scorer, SharedScorer):
            self._scorer.join(other._scorer)
            self._begun = True
        return self

    @property
    def computed(self) -> float:
        return self._scorer.computed + self._heads(self._rows)

    @functools.cached_property
    def likely(self) -> float:
        """As `work`, of one coalition among those of a run: what many begin with alike may be run once."""
        if not self._scorer.sharing:
            return self.work + self._scorer.anew
        rows = np.random.default_rng(0).permutation(self._rows_like())
        calls = [rows[start : start + self.batch_size] for start in range(0, len(rows), self.batch_size)]
        return self.foretell(calls) / len(rows)

    def foretell(self, calls: Iterable[Bools]) -> float:
        """What `computed` would grow by if this game, not asked before, were called with these coalitions."""
        scorer, last, owner = self._scorer, len(self._target), self._owner[self._start :]
        here = [np.column_stack([call, np.ones(len(call), bool)])[:, owner] for call in calls]
        rows = sum(len(one) for one in here)
        if self._begun and scorer.sharing == "tree":  # the other game has run all but the target
            return last * rows + self._heads(rows)
        all_run = self.absent == "replace" or (self._in_place and not scorer.sharing)
        asked = [Asked(one, np.ones_like(one) if all_run else one) for one in here]
        before = scorer.anew * rows or self._start
        return before + tokens_of(asked, last, scorer.sharing) + self._heads(rows)

    def _heads(self, rows: int) -> float:
        return HEAD_TOKENS * len(self._target) * rows

    def _mean_length(self) -> float:
        playing = (self._owner[self._start :] >= 0).sum()
        shorter = 0 if self.absent == "replace" else playing / 2
        return len(self._ids) - self._start - shorter + len(self._target) - 1

    def _sample(self) -> list[Sequence]:
        """Sequences of coalitions like those of a run, and of the full one."""
        return [self._sequence(row) for row in self._rows_like()]

    def _rows_like(self) -> Bools:
        count = int(np.clip(SAMPLE_TOKENS // len(self._ids), 2, SAMPLE))
        rows = np.random.default_rng(0).random((count, self.n_players)) < 0.5
        rows[0] = True
        return np.unique(rows, axis=0)

    def _sequence(self, present: Bools) -> Sequence:
        """What follows the cached prefix when just these players are present."""
        ids, owner = self._ids[self._start :], self._owner[self._start :]
        here = np.append(present, True)[owner]  # owner −1 is always present
        positions = np.arange(self._start, len(self._ids))
        target = self._target[:-1]
        if self.absent == "replace":
            ids, visible = np.where(here, ids, self._neutral), np.ones(len(ids), bool)
        elif self._in_place:
            visible = here
        else:
            ids, positions = ids[here], positions[here]
            visible = np.ones(len(ids), bool)
            if self.absent == "remove":
                positions = np.arange(self._start, self._start + len(ids))
        end = len(self._ids) if self.absent == "hole" else positions[-1] + 1
        after = end + np.arange(len(target))
        follows = (
            np.concatenate([ids, target]).astype(np.int64),
            np.concatenate([positions, after]).astype(np.int64),
            np.concatenate([visible, np.ones(len(target), bool)]),
        )
        if self.absent == READ_ONCE:
            return HidingSequence(*follows, before=np.append(present, True)[self._owner[: self._start]])
        return Sequence(*follows)
