"""Reading once: what a plain pass says whose mask hides absent parts from the question alone."""

import threading

import numpy as np
import pytest
import torch
from plain import LONG, PROMPT, TARGET, masked

from benchmarks.languages.networks import NETWORKS, make
from model.text import once, scoring
from model.text.handshake import Handshake, shake
from model.text.once import HidingSequence, OnceScorer
from model.text.scoring import read
from xai import Cancelled, Ledger

SETTINGS = {title: (configuration, settings) for title, _, configuration, settings in NETWORKS}
QUESTION = "\nSentiment:"


def game_of(gemma, prompt, players="word", target=TARGET):
    spans = gemma.encode(prompt).split(players, (0, prompt.index(QUESTION)))
    return gemma.text_game(prompt, target, spans, "read-once")


def want(gemma, game, prompt, row):
    encoded, target = gemma.encode(prompt), gemma.target_ids(TARGET)
    _, owner = encoded.players(game.spans)
    hidden = np.array([o >= 0 and not row[o] for o in owner] + [False] * len(target))
    return masked(gemma.model, encoded.ids + target, int(np.flatnonzero(np.array(owner) >= 0)[-1]) + 1, hidden, target)


@pytest.mark.parametrize("prompt", [PROMPT, LONG], ids=["short", "past the window"])
@pytest.mark.parametrize("players", ["word", "token", "sentence"])
def test_agrees_with_plain_passes_of_the_equivalent_mask(tiny_gemma, prompt, players):
    game = game_of(tiny_gemma, prompt, players)
    z = np.random.default_rng(0).random((12, game.n_players)) < 0.5
    z[0], z[1] = False, True
    found = game(z)
    np.testing.assert_allclose(found, [want(tiny_gemma, game, prompt, row) for row in z], atol=2e-5)
    assert found.dtype == np.float64 and len(np.unique(found[:, 0].round(4))) > 2
    removed = tiny_gemma.text_game(prompt, TARGET, game.spans, "remove")(z)
    np.testing.assert_allclose(found[1], removed[1], atol=2e-5)  # with all parts nothing is hidden
    assert np.abs(found - removed).max() > 0.1  # and else it is another thing


def test_the_prompt_lies_past_the_window_of_the_tiny_model(tiny_gemma):
    tokens, window = len(tiny_gemma.encode(LONG).ids), tiny_gemma.model.config.sliding_window
    assert tokens >= 2 * window


@pytest.mark.parametrize(
    ("title", "kind"),
    [("Llama", "full_attention"), ("Qwen 3", "full_attention"), ("Mistral", "sliding_attention"), ("Gemma 2", None)],
)
def test_other_architectures_say_the_same(title, kind):
    network, rng = make(*SETTINGS[title]), np.random.default_rng(2)
    prefix, question, target = (rng.integers(3, network.config.vocab_size, count) for count in (23, 4, 2))
    seen = rng.random((6, len(prefix))) < 0.5
    seen[0] = True
    follows, after = np.append(question, target[:-1]), len(prefix) + np.arange(len(question) + len(target) - 1)
    asked = [HidingSequence(follows, after, np.ones(len(follows), bool), row) for row in seen]
    found = OnceScorer(network, threading.RLock(), prefix, target).score(asked)
    ids = [*prefix.tolist(), *question.tolist(), *target.tolist()]
    wanted = [masked(network, ids, len(prefix), np.append(~row, np.zeros(6, bool)), target, kind) for row in seen]
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_a_coalition_costs_the_question_and_the_prompt_is_read_once(tiny_gemma, monkeypatch):
    once._prompts.clear()
    shapes, forward = [], tiny_gemma.model.base_model.forward
    monkeypatch.setattr(
        tiny_gemma.model.base_model, "forward", lambda **options: shapes.append(options["input_ids"].shape) or forward(**options)
    )
    game, other = game_of(tiny_gemma, LONG), game_of(tiny_gemma, LONG, target=" dog")
    question = len(game._ids) - game._start
    z = np.random.default_rng(1).random((20, game.n_players)) < 0.5
    one, two = game(z[:10]), game(z[10:])
    assert shapes[0] == (1, game._start) and {width for _, width in shapes[1:]} == {question + len(game.outputs) - 1}
    assert sum(rows for rows, _ in shapes[1:]) == 20
    assert game.work == game_of(tiny_gemma, PROMPT).work  # however long the text before the question is
    before = len(shapes)
    other(z[:3])
    assert shapes[before:] == [(3, question + len(other.outputs) - 1)]  # another target of the same prompt
    np.testing.assert_allclose(np.concatenate([one, two]), game(z), atol=2e-5)


def test_two_prompts_stay_read(tiny_gemma):
    once._prompts.clear()
    games = [game_of(tiny_gemma, text + PROMPT) for text in ("", "one two. ", "three four. ")]
    values = [game(np.ones((1, game.n_players), bool)) for game in games]
    assert len(once._prompts[tiny_gemma.model]) == 2
    np.testing.assert_array_equal(games[0](np.ones((1, games[0].n_players), bool)), values[0])


def test_a_run_can_be_cancelled_between_batches_and_goes_on(tiny_gemma):
    game = game_of(tiny_gemma, PROMPT)
    z = np.unique(np.random.default_rng(3).random((30, game.n_players)) < 0.5, axis=0)
    ledger, asked = Ledger(game, batch_size=10), []
    with pytest.raises(Cancelled):
        ledger.evaluate(z, None, lambda: asked.append(1) or len(asked) > 1)
    assert 0 < ledger.evaluations < len(z)
    np.testing.assert_allclose(ledger.evaluate(z), game(z), atol=2e-5)


def test_without_a_question_it_is_refused(tiny_gemma):
    with pytest.raises(ValueError, match="nothing stands after the last part, and reading once .*: put the question there"):
        tiny_gemma.text_game("hello world", " dog", "word", "read-once")
    assert tiny_gemma.text_game("hello world", " dog", [(0, 5)], "read-once")(np.ones((1, 1), bool)).shape == (1, 2)


@pytest.mark.parametrize(
    ("title", "able"), [("Llama", True), ("Gemma 2", True), ("GPT-OSS", True), ("Bloom", False), ("Mamba", False)]
)
def test_the_handshake_says_whether_a_model_can_be_read_once(title, able):
    found = shake(make(*SETTINGS[title]), threading.RLock(), title)
    assert found.once == able
    if not able:
        with pytest.raises(ValueError, match="this model .*: choose that absent parts are removed"):
            found.way("read-once")


def test_a_mask_over_what_was_read_that_is_ignored_is_found(monkeypatch):
    monkeypatch.setattr(OnceScorer, "_seen", lambda scorer, batch: True)
    found = shake(make(*SETTINGS["Llama"]), threading.RLock(), "it")
    assert found.hidden == "prefix" and not found.once
    with pytest.raises(ValueError, match="this model cannot be read once"):
        found.way("read-once")
    assert Handshake().way("read-once").name == "read-once"


@pytest.mark.parametrize("title", [None, "Llama", "Mistral", "Gemma 2"])
@pytest.mark.parametrize("piece", [5, 7, 24])
def test_a_prompt_read_in_pieces_is_the_prompt_read_at_once(tiny_gemma, monkeypatch, title, piece):
    network = tiny_gemma.model if title is None else make(*SETTINGS[title])
    prefix = np.random.default_rng(4).integers(3, network.config.vocab_size, 61)  # sliding windows have 16 tokens and fewer
    with torch.no_grad():
        whole = read(network, prefix)
        shapes, forward = [], network.base_model.forward
        monkeypatch.setattr(
            network.base_model, "forward", lambda **options: shapes.append(options["input_ids"].shape[1]) or forward(**options)
        )
        monkeypatch.setattr(scoring, "READ", piece)
        pieces = read(network, prefix)
    assert max(shapes) == piece and sum(shapes) == len(prefix)
    assert whole.get_seq_length() == pieces.get_seq_length() == len(prefix)
    for one, other in zip(whole.layers, pieces.layers):
        assert one.keys.shape == other.keys.shape  # a sliding layer keeps its window alone
        np.testing.assert_allclose(other.keys, one.keys, atol=2e-5)
        np.testing.assert_allclose(other.values, one.values, atol=2e-5)
