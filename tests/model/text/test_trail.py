"""Scoring long sequences one after the other: the values of plain passes, and what is shared computed once."""

import numpy as np
import pytest
from plain import LONG, PROMPT, TARGET, let_small_models_share, plain

from model import load_gemma
from model.text import shared
from model.text.nodes import trail
from model.text.nodes.tree import distinct


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Short sequences of small models go this way too, in chunks and blocks that none of them fits."""
    let_small_models_share(monkeypatch)
    monkeypatch.setattr(shared, "LONG", 0)
    monkeypatch.setattr(trail, "CHUNK", 11)
    monkeypatch.setattr(trail, "BLOCK", 4)


@pytest.fixture
def counted(monkeypatch):
    """How many tokens went through the layers, each time."""
    found, run = [], trail.run_layers
    monkeypatch.setattr(trail, "run_layers", lambda model, ids, *rest: found.append(len(ids)) or run(model, ids, *rest))
    return found


def rows(n, count=20, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.random((count, n)) < rng.random((count, 1))
    z[0], z[1] = False, True
    return z


@pytest.mark.parametrize("absent", ["remove", "hole", "replace"])
@pytest.mark.parametrize("prompt", [PROMPT, LONG], ids=["short", "past the window"])
@pytest.mark.parametrize("players", ["word", "sentence"])
def test_values_are_those_of_plain_passes(tiny_gemma, counted, prompt, players, absent):
    game = tiny_gemma.text_game(prompt, TARGET, players, absent)
    z = rows(game.n_players)
    got = np.concatenate([game(z[:7]), game(z[7:])])
    want = [plain(tiny_gemma, prompt, TARGET, game.spans, absent, row) for row in z]
    np.testing.assert_allclose(got, want, atol=2e-5)
    assert counted and max(counted) <= 11 + len(game._target)
    np.testing.assert_allclose(game(z[::-1]), want[::-1], atol=2e-5)


def test_several_heads_of_keys_say_the_same(tmp_path):
    from tiny import build_tokenizer, randomise, text_config
    from transformers import Gemma3ForCausalLM

    tokenizer = build_tokenizer(False)
    config = text_config(tokenizer, 16)
    config.num_attention_heads, config.num_key_value_heads = 4, 2
    network = Gemma3ForCausalLM(config)
    randomise(network)
    network.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    gemma = load_gemma(str(tmp_path))
    game = gemma.text_game(LONG, TARGET, "sentence")
    z = rows(game.n_players, 6)
    want = [plain(gemma, LONG, TARGET, game.spans, "remove", row) for row in z]
    np.testing.assert_allclose(game(z), want, atol=2e-5)
    assert game._scorer._way is trail.Trail


def test_a_beginning_is_computed_once_over_all_calls_in_order(tiny_gemma, counted):
    game = tiny_gemma.text_game(LONG, TARGET, "word")
    z = np.unique(rows(game.n_players, 60), axis=0)  # in order, as `Purse` asks
    sequences, last = [game._sequence(row) for row in z], len(game._target)
    game(z[:1])
    for row, before, now in zip(z[1:], sequences, sequences[1:]):
        counted.clear()
        game(row[None])
        alike = [one == other for one, other in zip(before.ids.tolist(), now.ids.tolist())]
        shared = alike.index(False) if False in alike else len(alike)
        assert sum(counted) == len(now.ids) - min(shared, len(now.ids) - last)
    other = tiny_gemma.text_game(LONG, TARGET, "word")
    counted.clear()
    other(z[np.random.default_rng(0).permutation(len(z))])  # in one call in any order
    assert sum(counted) <= distinct(sequences, last) + len(other._scorer._prefix) < 0.8 * sum(len(s.ids) for s in sequences)


def test_a_failed_pass_leaves_what_was_there_right(tiny_gemma, monkeypatch):
    game = tiny_gemma.text_game(LONG, TARGET, "word")
    z = rows(game.n_players, 12)
    run, calls = trail.run_layers, []

    def failing(*asked):
        calls.append(1)
        states = run(*asked)
        if len(calls) % 5 == 0:
            raise MemoryError
        return states

    monkeypatch.setattr(trail, "run_layers", failing)
    failed = 0
    for row in z:
        while True:
            try:
                found = game(row[None])[0]
                break
            except MemoryError:
                failed += 1
        np.testing.assert_allclose(found, plain(tiny_gemma, LONG, TARGET, game.spans, "remove", row), atol=2e-5)
    assert failed > 3


def test_what_does_not_fit_goes_by_plain_passes(tiny_gemma, monkeypatch, counted):
    monkeypatch.setattr(shared, "LONG_BYTES", 1)
    game = tiny_gemma.text_game(PROMPT, TARGET, "word")
    z = rows(game.n_players, 4)
    want = [plain(tiny_gemma, PROMPT, TARGET, game.spans, "remove", row) for row in z]
    np.testing.assert_allclose(game(z), want, atol=2e-5)
    assert not game._scorer.shares and not counted


def test_one_that_differs_from_plain_passes_is_not_taken(tiny_gemma, monkeypatch):
    run = trail.run_layers
    monkeypatch.setattr(trail, "run_layers", lambda *asked: run(*asked) * 1.001)
    game = tiny_gemma.text_game(PROMPT, TARGET, "word")
    z = rows(game.n_players, 4)
    want = [plain(tiny_gemma, PROMPT, TARGET, game.spans, "remove", row) for row in z]
    np.testing.assert_allclose(game(z), want, atol=2e-5)
    assert not game._scorer.shares
