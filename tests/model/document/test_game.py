"""The game of a document against plain passes of the unchanged network over what is left of the prompt."""

import numpy as np
import pytest
import torch
from plain import masked

from model.document.game import AFTER, BEFORE, DocumentGame, prompt_of
from model.document.parts import tree_of
from xai import explain_tree

TEXT = "# The plot\n\nThe plot is thin. She said: hello, world!\n\nThe quick brown fox\njumps over the lazy dog. One two three."
ANSWER = " The fox. She said hello."


@pytest.fixture(scope="module")
def game(tiny_gemma):
    return DocumentGame(tiny_gemma, f"\n {TEXT} \n", "Who jumps?", ANSWER)


def plain(gemma, game, present):
    """Log-probabilities of the answer's tokens after the prompt less the tokens that lie in absent words, by one pass."""
    prompt = gemma.encode(prompt_of(game.text, "Who jumps?"))
    low = len(BEFORE)
    ends = [word.end for _, word in game.root.walk() if word.kind == "word"]
    kept = []
    for token, span in zip(prompt.ids, prompt.spans):
        if span and low <= span[0] < low + len(game.text):
            inside = span[1] - 1 - low  # a token's last character, for the space before a word is not the word's
            if not present[next(i for i, end in enumerate(ends) if inside < end)]:
                continue
        kept.append(token)
    target = gemma.target_ids(ANSWER)
    with torch.no_grad():
        logits = gemma.model(torch.tensor([kept + target])).logits[0]
    logs = torch.log_softmax(logits.double(), -1)
    return [float(logs[len(kept) + i - 1, token]) for i, token in enumerate(target)]


def test_values_are_plain_passes_of_the_prompt_without_these_parts(game, tiny_gemma):
    rng = np.random.default_rng(0)
    coalitions = rng.random((8, game.n_players)) < 0.5
    coalitions[0], coalitions[1] = True, False
    for path in [(0,), (1,), (2, 1)]:  # and without whole parts
        part = game.root.at(path)
        row = np.ones((1, game.n_players), bool)
        row[0, part.first : part.last] = False
        coalitions = np.concatenate([coalitions, row])
    expected = np.array([plain(tiny_gemma, game, row) for row in coalitions])
    first = len(tiny_gemma.target_ids(" The fox."))
    columns = [expected.sum(axis=1), expected[:, :first].sum(axis=1), expected[:, first:].sum(axis=1)]
    np.testing.assert_allclose(game(coalitions), np.transpose(columns), atol=1e-3)


def test_the_prompt_is_the_document_and_a_question(game):
    assert prompt_of("A {question} b.", "Who {x}?") == BEFORE + "A {question} b." + AFTER.replace("{question}", "Who {x}?")
    assert game.text == TEXT
    assert game.outputs == ["the answer", "The fox.", "She said hello."]
    assert game.labels[:4] == ["#", "The", "plot", "The"]


def test_read_once_only_the_question_does_not_see_what_is_absent(game, tiny_gemma):
    once = DocumentGame(tiny_gemma, TEXT, "Who jumps?", ANSWER, "read-once")
    rng = np.random.default_rng(0)
    coalitions = rng.random((6, once.n_players)) < 0.5
    coalitions[0] = True
    prompt, target = tiny_gemma.encode(prompt_of(TEXT, "Who jumps?")), tiny_gemma.target_ids(ANSWER)
    low, count = len(BEFORE), len(tiny_gemma.target_ids(" The fox."))
    ends = np.array([low + word.end for _, word in once.root.walk() if word.kind == "word"])
    player = np.array([np.searchsorted(ends, span[1]) if span and low < span[1] <= ends[-1] else -1 for span in prompt.spans])
    start = int(np.flatnonzero(player >= 0)[-1]) + 1
    for row, found in zip(coalitions, once(coalitions)):
        hidden = np.append((player >= 0) & ~row[player], np.zeros(len(target), bool))
        wanted = masked(tiny_gemma.model, prompt.ids + target, start, hidden, target)
        np.testing.assert_allclose(found, [wanted.sum(), wanted[:count].sum(), wanted[count:].sum()], atol=1e-4)
    np.testing.assert_allclose(once(coalitions[:1]), game(coalitions[:1]), atol=1e-3)  # nothing is hidden
    assert once.tokens == len(prompt.ids) and once.work < game.work
    assert once.per_reading == once.tokens // once.work


def test_an_answer_of_one_sentence_is_one_column(tiny_gemma):
    game = DocumentGame(tiny_gemma, TEXT, "Who jumps?", " The fox")
    assert game.outputs == ["the answer"]
    assert game(np.ones((2, game.n_players), bool)).shape == (2, 1)


def test_its_tree_is_explained_level_by_level(game):
    found = explain_tree(game, tree_of(game.root, game.text), budget=200)
    assert found.nodes[()].players == game.n_players
    for path, node in found.nodes.items():
        assert node.label == game.root.at(path).label(game.text)
        children = found.children(path)
        if children:
            assert len(children) == len(game.root.at(path).parts)
            np.testing.assert_allclose(sum(one.value for one in children) + node.together, node.value, atol=1e-9)
        np.testing.assert_allclose(node.value[0], node.value[1:].sum(), atol=1e-9)  # the answer is its sentences


def test_a_thousand_words_are_players(tiny_gemma):
    game = DocumentGame(tiny_gemma, "one two three. " * 360, "Who?", " fox")
    assert game.n_players == 1440
    full = np.ones((1, 1440), bool)
    half = full.copy()
    half[0, :720] = False
    halved = DocumentGame(tiny_gemma, "one two three. " * 180, "Who?", " fox")
    np.testing.assert_allclose(game(half), halved(full[:, :720]), atol=1e-3)


@pytest.mark.parametrize(
    ("text", "target", "sentence"),
    [
        (" \n", " x", "there is no document yet: paste a text, or upload a file"),
        ("word", " x", "the document has one word only"),
        ("a" * 800_001, " x", "the document has 800,001 characters; at most 800,000 are read: shorten it"),
        ("one two three four " * 2000, " x", "prompt and target have .* tokens together; .* reads at most 2048: shorten"),
        ("one two", "", "the target is empty"),
        ("one \x07two", " x", "the prompt has the control character U\\+0007"),
    ],
)
def test_what_cannot_be_explained_gets_one_sentence(tiny_gemma, text, target, sentence):
    with pytest.raises(ValueError, match=sentence):
        DocumentGame(tiny_gemma, text, "Who?", target)
