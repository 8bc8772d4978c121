"""The words × words matrix of a translation from the engine alone: what the Data page must show."""

from dataclasses import dataclass

import numpy as np

from model.data.source_words import target_words
from model.local import LocalModel
from model.text.text_game import TextGame
from xai import Attribution, Ledger, explain
from xai.typing import Cancel, Floats, Progress


@dataclass(frozen=True, eq=False)
class WordMatrix:
    """banzhaf, shapley : (source words, target words), natural log-probability of the target word by the source word.

    banzhaf_error, shapley_error : their standard errors, the same shape, or None where the method has none
    source, target : the words;  by_index : the two attributions whose columns are the target's tokens
    words : (target words, tokens), which tokens a word has: `attribution.combine(words[j])` is column j
    """

    source: list[str]
    target: list[str]
    banzhaf: Floats
    shapley: Floats
    banzhaf_error: Floats | None
    shapley_error: Floats | None
    by_index: dict[str, Attribution]
    words: Floats


def source_word_game(
    gemma: LocalModel, before: str, sentence: str, after: str, translation: str, absent: str = "remove"
) -> TextGame:
    """The game of before + sentence + after whose players are the words of `sentence`; `before` and `after` stay.

    translation : without the white space around it; it follows the prompt after a space, as in "French: …"
    """
    prompt = before + sentence + after
    words = gemma.encode(prompt).split("word", (len(before), len(before) + len(sentence)))
    if not words:
        raise ValueError("the source sentence has no words: write what is to be translated")
    if not translation.strip():
        raise ValueError("the translation is empty: write the words that are to be explained")
    return gemma.text_game(prompt, f" {translation.strip()}", words, absent)


def word_matrix(
    gemma: LocalModel,
    game: TextGame,
    methods: tuple[str, str] = ("auto", "auto"),
    budget: int = 256,
    seed: int = 0,
    ledger: Ledger | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> WordMatrix:
    """Banzhaf and Shapley values of every source word for every target word of a `source_word_game`.

    methods : for Banzhaf and for Shapley values, as in `xai.explain`; budget : of each, and what one has paid the other
    does not pay again. progress(done, total) and cancel() as in `xai.explain`
    """
    ledger = Ledger(game) if ledger is None else ledger
    found = {
        index: explain(game, index, method, budget, seed, ledger, progress, cancel)
        for index, method in zip(("banzhaf", "shapley"), methods)
    }
    labels, words = target_words(gemma, game.target)
    columns = {index: [attribution.combine(word) for word in words] for index, attribution in found.items()}
    banzhaf, shapley = (np.stack([one.values for one in row], axis=1) for row in columns.values())
    known = [[one.standard_error for one in row if one.standard_error is not None] for row in columns.values()]
    banzhaf_error, shapley_error = (np.stack(row, axis=1) if row else None for row in known)
    return WordMatrix(game.labels, labels, banzhaf, shapley, banzhaf_error, shapley_error, found, words)
