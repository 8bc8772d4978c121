"""Planted documents, and the methods that look for what was planted, on a game whose sentences' weights are known."""

import re

import numpy as np
import pytest

from benchmarks.documents import rivals
from benchmarks.documents.planted import DECOYS, KINDS, LANGUAGES, plant
from benchmarks.documents.rivals import METHODS, Sentences
from model.document.game import DocumentGame


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_facts_stand_where_they_were_planted(language, kind):
    for depth in (0.0, 0.5, 1.0):
        asked = plant(language, kind, 20, depth, 3)
        assert all(asked.text.count(fact) == 1 for fact in asked.facts)
        assert abs(asked.text.index(asked.facts[0]) / len(asked.text) - depth) < 0.1
        place = asked.answers[0]
        assert asked.evidence(f"In {place}.") == (asked.facts[:1] if kind == "contradicted" else asked.facts)
        assert asked.evidence("Nowhere.") == [] and asked.evidence(" ".join(asked.answers * 2))[:0] == []
        if kind == "contradicted":
            assert asked.evidence(asked.answers[1]) == asked.facts[1:] and asked.evidence(" ".join(asked.answers)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_key_stands_among_the_keys_of_others(language):
    asked = plant(language, "key", 20, 0.5, 1)
    numbers = re.findall(r"\d{4}", asked.text)
    assert len(numbers) == len(set(numbers)) == 1 + DECOYS and asked.answers[0] in numbers


@pytest.fixture(scope="module")
def sentences(tiny_gemma):
    asked = plant("English", "single", 20, 0.4, 0)
    return Sentences(tiny_gemma, DocumentGame(tiny_gemma, asked.text, asked.question, " fox"), asked.question)


def test_sentences_are_the_documents(sentences):
    text = sentences.game.text
    assert sentences.n_players == 20
    assert "".join(text[part.start : part.end] for part in sentences.parts) == text
    row = np.ones((1, 20), bool)
    row[0, 7] = False
    words = np.ones((1, sentences.game.n_players), bool)
    words[0, sentences.parts[7].first : sentences.parts[7].last] = False
    sentences.spent = 0.0
    np.testing.assert_allclose(sentences(row), sentences.game(words)[:, 0], atol=1e-4)
    assert sentences.spent == sentences.whole - sentences.parts[7].tokens


@pytest.mark.parametrize("name", sorted(set(METHODS) - {"attention", "Swing, first look"}))
def test_a_sentence_that_carries_all_comes_first(sentences, monkeypatch, name):
    weights = np.random.default_rng(0).normal(0, 0.01, 20)
    weights[[8, 13]] = 6.0, 3.0
    monkeypatch.setattr(Sentences, "__call__", lambda self, z: np.asarray(z, float) @ weights - 10.0)
    scores = METHODS[name](sentences, 80.0 * sentences.whole, 0)
    assert scores.shape == (20,) and list(np.argsort(-scores)[:2]) == [8, 13]


@pytest.mark.parametrize("name", ["attention", "Swing, first look"])
def test_what_reads_once_scores_every_sentence(sentences, name):
    sentences.spent = 0.0
    scores = METHODS[name](sentences, 0.0, 0)
    assert scores.shape == (20,) and np.isfinite(scores).all() and sentences.spent >= sentences.whole
    if name == "attention":
        assert (scores > 0).all() and rivals.attention(sentences, 0.0, 1).tolist() == scores.tolist()
