"""What a game takes is counted as it goes through the layers, and foretold from coalitions alone."""

from dataclasses import replace

import numpy as np
import pytest
from plain import LONG, PROMPT, TARGET, let_small_models_share

from model.text import shared, ways
from model.text.nodes import trail
from model.text.nodes.forward import Layers
from model.text.text_game import HEAD_TOKENS
from xai.game import JoinedGame


@pytest.fixture(autouse=True)
def _small(monkeypatch, tmp_path):
    let_small_models_share(monkeypatch)
    monkeypatch.setenv("SWING_HOME", str(tmp_path))


@pytest.fixture
def counted(monkeypatch):
    """How many tokens went through the layers, each time, by a tree or a trail."""
    found, run, forward = [], trail.run_layers, Layers.forward
    monkeypatch.setattr(trail, "run_layers", lambda model, ids, *rest: found.append(len(ids)) or run(model, ids, *rest))
    monkeypatch.setattr(Layers, "forward", lambda *args: found.append(len(args[2].ids)) or forward(*args))
    return found


def calls(n, count=30, each=7, seed=0):
    z = np.unique(np.random.default_rng(seed).random((count, n)) < 0.5, axis=0)
    z = np.random.default_rng(seed).permutation(z)
    return [z[i : i + each] for i in range(0, len(z), each)]


def asked(game, given):
    for one in given:
        game(one)
    return game.computed - HEAD_TOKENS * len(game._target) * sum(map(len, given))


@pytest.mark.parametrize("absent", ["remove", "hole", "replace"])
@pytest.mark.parametrize("way", ["trail", "tree"])
@pytest.mark.parametrize("players", ["word", "sentence"])
def test_what_is_shared_is_counted_once_and_foretold(tiny_gemma, monkeypatch, counted, way, players, absent):
    monkeypatch.setattr(shared, "LONG", 0 if way == "trail" else 10_000)
    game = tiny_gemma.text_game(LONG, TARGET, players, absent)
    assert game._scorer.sharing == way
    given = calls(game.n_players)
    told = game.foretell(given)
    counted.clear()
    took = asked(game, given)
    assert took == sum(counted) + (game._start if way == "tree" else 0)  # a tree's prefix goes by a plain pass
    assert told == pytest.approx(game.computed, rel=0.02)  # by chance what is left out may be followed by tokens like its own
    if players == "word":
        assert took < 0.95 * sum((game.work - HEAD_TOKENS * len(game._target)) * len(one) for one in given)


@pytest.mark.parametrize("removed", ["prefix", "batches", "whole"])
def test_plain_passes_are_counted_without_what_fills_them_up(tiny_gemma, monkeypatch, removed):
    monkeypatch.setattr(ways, "SMALL", 1e12)
    monkeypatch.setattr(tiny_gemma, "handshake", replace(tiny_gemma.handshake, removed=removed))
    found = []
    hook = tiny_gemma.model.get_input_embeddings().register_forward_pre_hook(lambda _, given: found.append(given[0].numel()))
    try:
        game = tiny_gemma.text_game(PROMPT, TARGET, "word")
        given = [row[None] for call in calls(game.n_players) for row in call]  # one by one, so that nothing fills up
        assert game.foretell(given) - HEAD_TOKENS * len(game._target) * len(given) == asked(game, given) == sum(found)
        assert game.likely == game.work + (0 if removed == "prefix" else game._start)
    finally:
        hook.remove()


def test_another_answer_after_the_same_beginnings_costs_its_own_tokens(tiny_gemma, monkeypatch):
    monkeypatch.setattr(shared, "LONG", 10_000)
    game, rather = (tiny_gemma.text_game(LONG, target, "word") for target in (" dog", " fox"))
    rather.begin_where(game)
    both, given = JoinedGame(game, rather), calls(game.n_players)
    told = [one.foretell(given) for one in (game, rather)]
    for one in given:
        both(one)
    assert told == [game.computed, rather.computed] and told[1] < told[0] / 2
    assert rather.likely < game.likely < game.work


def test_a_run_like_the_sample_takes_what_the_sample_foretells(tiny_gemma, monkeypatch):
    monkeypatch.setattr(shared, "LONG", 10_000)
    game = tiny_gemma.text_game(LONG, TARGET, "word")
    rows = np.concatenate(calls(game.n_players, 200, seed=5))
    asked(game, [rows])
    assert game.computed == pytest.approx(game.likely * len(rows), rel=0.1)
    assert game.computed < 0.9 * game.work * len(rows)
