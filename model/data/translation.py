"""The game of a few-shot translation prompt: which examples, or which sources of examples, make translations good?

Players are the examples, or all examples of one origin; a coalition is the prompt with its examples alone, in their
order. It is judged on a set of sentences by the cross-entropy of their reference translations, and by chrF and BLEU of
the translations that the model then writes (Isik et al., arXiv 2402.04177, compare the same two kinds of figure for
pre-training data). A coalition's examples are read once; every sentence is scored and continued from there.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from model.data.judging import Judge
from model.data.pairs import MAX_EVALUATION, MAX_EXAMPLES, Pair
from model.language import Language
from model.text.generation import join
from xai.checks import check_coalitions
from xai.game import Values
from xai.typing import Bools, Floats, Ints

PLAYERS = ("example", "origin")
MEASURES = ("cross-entropy", "chrF", "BLEU")
POSITIONS = 8192  # cached positions of one batch: 300 MB of keys and values for the 270M model
ROWS = 64  # translations that are written at once
EXTRA = 8  # tokens that a translation may have beyond one and a half times its reference's
HEAD_TOKENS = 1.6  # the output layer costs at one token as much as so many take in all others, for the 270M model
STEP_TOKENS = 4.0  # one token written costs as much as this many read, at ROWS rows


class TranslationGame:
    """bool (m, n_players) → float64 (m, k): one column per sentence, then chrF and BLEU of all; see `outputs`.

    A sentence's column is the negative cross-entropy of its reference, the mean natural log-probability of the
    reference's tokens. chrF and BLEU (0 to 100) are those of sacrebleu over the whole set, of translations that the
    model writes greedily up to the end of the line; BLEU with the tokenizer that the references' language needs.
    `weights(measure)` picks a measure out of the columns.

    Parameters
    ----------
    examples, evaluation : lists of Pair;  players : "example" or "origin"
    languages : their names in the prompt, source and target
    generate : False leaves chrF and BLEU out, which is most of the cost
    tokenizer : of BLEU, one of `judging.TOKENIZERS`; None for that of the references' language

    Attributes
    ----------
    outputs : names of the columns;  members : for each example the player it belongs to
    signatures : of chrF and BLEU, as sacrebleu writes them
    work : average cost of one coalition, in tokens run through the model
    """

    def __init__(
        self,
        gemma: Language,
        examples: Sequence[Pair],
        evaluation: Sequence[Pair],
        players: str = "example",
        languages: Sequence[str] = ("English", "French"),
        generate: bool = True,
        tokenizer: str | None = None,
    ) -> None:
        if players not in PLAYERS:
            raise ValueError(f"players must be one of {list(PLAYERS)}; got {players!r}")
        _check_number("examples", examples, MAX_EXAMPLES)
        _check_number("evaluation pairs", evaluation, MAX_EVALUATION)
        self.examples, self.evaluation, self.languages = list(examples), list(evaluation), tuple(languages)
        self.labels, self.members = _players(self.examples, players)
        self.n_players, self.generate = len(self.labels), generate
        self.outputs = [pair.source for pair in self.evaluation] + (["chrF", "BLEU"] if generate else [])
        self._judge = Judge([pair.target for pair in self.evaluation], tokenizer) if generate else None
        self.signatures = self._judge.signatures if self._judge else {}
        self._gemma, self._reader = gemma, gemma.reader()
        self._encode()
        longest = max(len(text) + limit for text, limit in zip(self._texts, self._limits))
        gemma.check_length(len(self._context), longest)
        added = gemma.tokenizer.added_tokens_decoder
        self._special = {id for id, token in added.items() if token.special} | set(gemma.tokenizer.all_special_ids)
        self._ends: dict[int, bool] = {}
        after = sum(len(text) + len(target) for text, target in zip(self._texts, self._targets))
        written = sum(map(len, self._targets)) if generate else 0
        self.work = len(self._context) / 2 + after + STEP_TOKENS * written
        self.batch_size = self._at_once(len(self._context) // 2)

    def __call__(self, coalitions: Bools) -> Floats:
        coalitions = check_coalitions(coalitions, self.n_players)
        unique, back = np.unique(coalitions, axis=0, return_inverse=True)
        values = np.zeros((len(unique), len(self.outputs)))
        for group in self._groups(unique):
            scores, written = self._evaluate(unique[group])
            values[group, : len(self.evaluation)] = scores
            if self._judge:
                values[group, len(self.evaluation) :] = [self._judge(texts) for texts in written]
        return values[back.reshape(-1)]

    @property
    def full(self) -> Values | None:
        """As of `model.text.text_game.TextGame`."""
        return self._gemma.unrounded(self) if self._gemma.rounds else None

    def weights(self, measure: str) -> Floats:
        """Weights (k,) of the columns that give a measure, for `Attribution.combine`; cross-entropy's is negative.

        "cross-entropy" is the mean over the sentences, with the sign of the columns: more is better, as for the others.
        """
        count = len(self.evaluation)
        if measure not in MEASURES or (measure != "cross-entropy" and not self.generate):
            raise ValueError(f"measure must be one of {list(MEASURES[: 3 if self.generate else 1])}; got {measure!r}")
        if measure == "cross-entropy":
            return np.append(np.full(count, 1.0 / count), np.zeros(len(self.outputs) - count))
        one: Floats = np.eye(len(self.outputs))[count + MEASURES.index(measure) - 1]
        return one

    def translations(self, coalition: ArrayLike) -> list[str]:
        """What the model writes for each sentence when just these players (n_players,) are in the prompt."""
        return self._evaluate(np.asarray(coalition, dtype=bool)[None], generate=True)[1][0]

    def sentences_within(self, tokens: float) -> int:
        """How many of the sentences, at least one, a coalition reads with so many tokens run; nothing is written then."""
        each = [len(text) + (1 + HEAD_TOKENS) * len(target) for text, target in zip(self._texts, self._targets)]
        return max(1, int(np.searchsorted(np.cumsum(each), tokens - len(self._context) / 2, side="right")))

    def prompt(self, coalition: ArrayLike, sentence: int = 0) -> str:
        """The prompt of a coalition (n_players,) for one of the sentences."""
        here = np.asarray(coalition, dtype=bool)[self.members]
        lines = [self._line(pair) for pair, present in zip(self.examples, here) if present]
        return "".join(lines) + self._question(self.evaluation[sentence])

    def _line(self, pair: Pair) -> str:
        return f"{self.languages[0]}: {pair.source}\n{self.languages[1]}: {pair.target}\n"

    def _question(self, pair: Pair) -> str:
        return f"{self.languages[0]}: {pair.source}\n{self.languages[1]}:"

    def _encode(self) -> None:
        """Tokens of the whole prompt, once: the examples with their owners, then each sentence and its reference."""
        ends = np.cumsum([0] + [len(self._line(pair)) for pair in self.examples]).tolist()
        spans = list(zip(ends, ends[1:]))
        everyone = np.ones(self.n_players, bool)
        self._texts, self._targets, self._limits = [], [], []
        for i, pair in enumerate(self.evaluation):
            encoded = self._gemma.encode(self.prompt(everyone, i))
            owner = np.array(encoded.players(spans)[1])
            cut = int(np.flatnonzero(owner >= 0)[-1]) + 1
            self._context, self._owner = np.array(encoded.ids[:cut]), owner[:cut]
            self._texts.append(encoded.ids[cut:])
            self._targets.append(self._gemma.target_ids(f" {pair.target}"))
            self._limits.append(int(1.5 * len(self._targets[-1])) + EXTRA)

    def _groups(self, coalitions: Bools) -> Iterator[Ints]:
        """Indices of coalitions to run together: of like length, as many as the cache has room for."""
        lengths = np.array([len(context) for context in map(self._present, coalitions)])
        order, start = np.argsort(lengths, kind="stable")[::-1], 0
        while start < len(order):
            count = self._at_once(int(lengths[order[start]]))
            yield order[start : start + count]
            start += count

    def _at_once(self, length: int) -> int:
        longest = length + max(len(text) + limit for text, limit in zip(self._texts, self._limits))
        return int(np.clip(min(POSITIONS // longest, ROWS) // len(self.evaluation), 1, ROWS))

    def _present(self, coalition: Bools) -> list[int]:
        here = np.append(coalition[self.members], True)[self._owner]  # owner −1 is always present
        tokens: list[int] = self._context[here].tolist()
        return tokens

    def _evaluate(self, coalitions: Bools, generate: bool | None = None) -> tuple[Floats, list[list[str]]]:
        """Scores (m, sentences) of a batch of coalitions and, for each, the translations it writes."""
        generate = self.generate if generate is None else generate
        contexts = self._reader.contexts([self._present(coalition) for coalition in coalitions])
        read = self._reader.score(contexts, self._texts, self._targets)
        scores = np.stack([found.mean(axis=1) for _, found in read], axis=1)
        if not generate:
            return scores, []
        limits = [limit for limit in self._limits for _ in coalitions]
        tokens = self._reader.continue_greedily(join([rows for rows, _ in read]), limits, self._is_end)
        texts = [self._gemma.tokenizer.decode(row, skip_special_tokens=True).strip() for row in tokens]
        count = len(coalitions)
        return scores, [texts[i::count] for i in range(count)]

    def _is_end(self, token: int) -> bool:
        """Does this token end the line, or the text?"""
        if token not in self._ends:
            self._ends[token] = token in self._special or "\n" in self._gemma.tokenizer.decode([token])
        return self._ends[token]


def _players(examples: list[Pair], players: str) -> tuple[list[str], Ints]:
    """Labels of the players, and for each example the player it belongs to."""
    if players == "example":
        return [pair.source for pair in examples], np.arange(len(examples))
    if not all(pair.origin for pair in examples):
        raise ValueError("some examples have no origin: name one for each, or let every example be a player of its own")
    labels = list(dict.fromkeys(pair.origin for pair in examples))
    return labels, np.array([labels.index(pair.origin) for pair in examples])


def _check_number(what: str, pairs: Sequence[Pair], most: int) -> None:
    if not 1 <= len(pairs) <= most:
        raise ValueError(f"give 1 to {most} {what}; got {len(pairs)}")
