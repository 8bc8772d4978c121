"""The words × words matrix: sums over tokens of one ledger's columns."""

import numpy as np
import pytest
from words import source_word_game, word_matrix

from model.data.source_words import target_words
from xai import Ledger, explain

BEFORE, SENTENCE, AFTER = "English: good dog\nFrench: fox\nEnglish: ", "She said hello world dog", "\nFrench:"


def test_each_column_is_the_explanation_of_its_word_alone(tiny_gemma):
    game = source_word_game(tiny_gemma, BEFORE, SENTENCE, AFTER, "the lazy dog")
    ledger = Ledger(game)
    found = word_matrix(tiny_gemma, game, ledger=ledger)
    assert found.source == ["She", "said", "hello", "world", "dog"]
    assert found.target == ["the", "lazy", "dog"]
    assert found.banzhaf.shape == found.shapley.shape == found.banzhaf_error.shape == (5, 3)
    assert ledger.evaluations == 32  # exact, and paid once for both indices
    np.testing.assert_array_equal(found.words.sum(axis=0), 1)
    for j, word in enumerate(found.words):

        class Alone:
            n_players, labels = game.n_players, game.labels
            members = word > 0

            def __call__(self, z):
                return game(z)[:, self.members].sum(axis=1)

        for index, matrix in (("banzhaf", found.banzhaf), ("shapley", found.shapley)):
            want = explain(Alone(), index=index, method="exact").values
            np.testing.assert_allclose(matrix[:, j], want, atol=1e-4)
    whole = explain(game, index="shapley", ledger=ledger, budget=256).combine(np.ones(len(game.outputs)))
    np.testing.assert_allclose(found.shapley.sum(axis=1), whole.values, atol=1e-9)


def test_estimates_have_errors_for_every_pair_of_words(tiny_gemma):
    game = source_word_game(tiny_gemma, "", "one two three four five six seven eight", AFTER, "fox over")
    found = word_matrix(tiny_gemma, game, methods=("kernel", "leverage"), budget=60)
    assert found.banzhaf_error.shape == found.shapley_error.shape == (8, 2)
    assert (found.banzhaf_error > 0).all()
    assert found.by_index["banzhaf"].method == "kernel"


@pytest.mark.parametrize("text", [" the lazy dog", " l'été, déjà vu!", " 日本語", " a  b", " dog "])
def test_every_token_belongs_to_one_word(tiny_gemma, text):
    labels, words = target_words(tiny_gemma, text)
    assert words.shape == (len(labels), len(tiny_gemma.target_ids(text)))
    np.testing.assert_array_equal(words.sum(axis=0), 1)
    assert (words.sum(axis=1) > 0).all()


def test_words_of_a_french_target(gemma):
    labels, words = target_words(gemma, " Mon frère boit du café.")
    assert labels == ["Mon", "frère", "boit", "du", "café", "."]
    assert words.sum() == len(gemma.target_ids(" Mon frère boit du café."))


def test_a_translated_word_is_swung_by_its_source_word(gemma):
    """One exact matrix on the bundled model: each of these words owes most to the word that it translates."""
    before = "English: good morning\nFrench: bonjour\nEnglish: the red house\nFrench: la maison rouge\nEnglish: "
    game = source_word_game(gemma, before, "my brother drinks coffee", "\nFrench:", "mon frère boit du café")
    found = word_matrix(gemma, game, budget=16)
    for matrix in (found.banzhaf, found.shapley):
        strongest = {word: found.source[i] for word, i in zip(found.target, matrix.argmax(axis=0))}
        assert (strongest["frère"], strongest["boit"], strongest["café"]) == ("brother", "drinks", "coffee")
    assert np.abs(found.by_index["shapley"].gap).max() < 1e-9


def test_a_sentence_without_words_is_refused(tiny_gemma):
    with pytest.raises(ValueError, match="has no words"):
        source_word_game(tiny_gemma, "Hello ", " ", " there", "fox")
    with pytest.raises(ValueError, match="translation is empty"):
        source_word_game(tiny_gemma, "Hello ", "dog", " there", " ")
