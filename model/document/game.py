"""The game of a document: its words are the players, a question after it is what the model answers."""

from functools import partial

import numpy as np

from model.document.parts import Passage, parts_of
from model.language import Language
from model.text.segments import Span, sentences
from xai.checks import check_coalitions
from xai.game import Values
from xai.typing import Bools, Floats, Ints

MAX_DOCUMENT = 800_000  # characters; some 200,000 tokens, more than any context
BEFORE = "Read the text, then answer the question.\n\n"
AFTER = "\n\nQuestion: {question}\nAnswer:"


def prompt_of(text: str, question: str) -> str:
    """What the model reads."""
    return BEFORE + text + AFTER.replace("{question}", question)


class DocumentGame:
    """bool (m, n_players) → float64 (m, k): log-probability of the answer, then of each of its sentences if it has several.

    A player is a word with what stands between it and the next one, so that what is absent is gone: a coalition's value is
    that of the model reading the prompt without the tokens of these pieces. With absent="read-once" the prompt is read
    once, and absent pieces are hidden from the question alone: a first look, at the cost of the question's tokens.

    Attributes
    ----------
    text : the document, white space around it left out;  root : its parts, places in `text`
    outputs : k names of the columns: "the answer", and the texts of its sentences
    tokens : of the whole prompt;  per_reading : coalitions that cost as much as to read it once
    work, batch_size, computed, foretell : as of `model.text.text_game.TextGame`
    """

    def __init__(self, model: Language, text: str, question: str, target: str, absent: str = "remove") -> None:
        """ValueError where there is no text, where it is too long for the model, where the answer has no token, or where
        nothing can be absent in this way."""
        self.text = text = text.strip()
        if len(text) > MAX_DOCUMENT:
            raise ValueError(f"the document has {len(text):,} characters; at most {MAX_DOCUMENT:,} are read: shorten it")
        if not text:
            raise ValueError("there is no document yet: paste a text, or upload a file")
        words, tokens, self.tokens = words_of(model, text, question)
        model.check_length(self.tokens, len(model.target_ids(target)))
        if len(words) < 2:
            raise ValueError("the document has one word only, which cannot be compared with others: give a longer text")
        self.root: Passage = parts_of(text, words, tokens)
        self.target = target
        shifted = [(start + len(BEFORE), end + len(BEFORE)) for start, end in words]
        self._game = model.text_game(prompt_of(text, question), target, shifted, absent)
        self.n_players = len(words)
        self.labels = [text[start:end].strip() for start, end in words]
        spans = list(sentences(target, 0, len(target)))
        self.outputs = ["the answer", *(target[start:end].strip() for start, end in spans if len(spans) > 1)]
        offsets = model.tokenizer(target, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        self._columns = _columns([end for _, end in offsets], spans)
        self.work, self.batch_size = self._game.work, self._game.batch_size
        self.foretell = self._game.foretell
        self.per_reading = int(self.tokens // self.work)

    @property
    def computed(self) -> float:
        return self._game.computed

    def __call__(self, coalitions: Bools) -> Floats:
        coalitions = check_coalitions(coalitions, self.n_players)
        return self._by(self._game, coalitions)

    @property
    def full(self) -> Values | None:
        """As of `model.text.text_game.TextGame`."""
        full = self._game.full
        return None if full is None else partial(self._by, full)

    def _by(self, game: Values, coalitions: Bools) -> Floats:
        parts = [coalitions[i : i + self.batch_size] for i in range(0, len(coalitions), self.batch_size)]  # bounds memory
        return np.concatenate([np.zeros((0, self._columns.shape[1])), *(game(part) @ self._columns for part in parts)])


def words_of(model: Language, text: str, question: str) -> tuple[list[Span], Ints, int]:
    """Spans of the words that fill a document, the model's tokens of each, (n,), and of the whole prompt."""
    low, high = len(BEFORE), len(BEFORE) + len(text)
    encoded = model.encode(prompt_of(text, question))
    model.check_length(len(encoded.ids))
    starts = [start - low for start, _ in encoded.split("word", (low, high))]
    if not starts:
        raise ValueError("the document has no words: paste a text, or upload a file that has one")
    words = list(zip([0, *starts[1:]], [*starts[1:], len(text)]))
    owner = np.array(encoded.players([(start + low, end + low) for start, end in words])[1])
    return words, np.bincount(owner[owner >= 0], minlength=len(words)), len(encoded.ids)


def _columns(ends: list[int], spans: list[Span]) -> Floats:
    """(tokens, k): which tokens of the answer count to each column, all to the first. A token counts to where it ends."""
    of = np.minimum(np.searchsorted([end for _, end in spans], ends), max(len(spans) - 1, 0))
    columns = np.ones((len(ends), 1))
    if len(spans) > 1:
        columns = np.concatenate([columns, of[:, None] == np.arange(len(spans))], axis=1)
    return columns.astype(np.float64)
