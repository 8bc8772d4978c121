"""Scoring by a tree of what sequences share: the values of plain passes, with fewer tokens, in bounded memory."""

import gc
import logging
import threading
import weakref

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain import LONG, PROMPT, TARGET, let_small_models_share, plain

from model import load_gemma
from model.text import shared, ways
from model.text.nodes.forward import Layers
from model.text.nodes.tree import BLOCK, Tree, distinct, in_order
from model.text.scoring import PrefixScorer, Sequence

PROMPTS = {"short": PROMPT, "past the window": LONG}


@pytest.fixture(autouse=True)
def _measured(monkeypatch, tmp_path):
    let_small_models_share(monkeypatch)
    monkeypatch.setenv("SWING_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """The tiny model with a window that no prompt here reaches."""
    from tiny import write_tiny_checkpoint

    directory = tmp_path_factory.mktemp("wide")
    torch.manual_seed(1)
    write_tiny_checkpoint(directory, window=512)
    return load_gemma(str(directory))


def rows(n, count=40, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.random((count, n)) < rng.random((count, 1))
    z[0], z[1] = False, True
    return z


def without_sharing(gemma, prompt, target, players, absent):
    game = gemma.text_game(prompt, target, players, absent)
    game._scorer.shares = False
    return game


@pytest.mark.parametrize("absent", ["remove", "hole", "replace"])
@pytest.mark.parametrize("name", PROMPTS)
@pytest.mark.parametrize("players", ["word", "token", "sentence", "line"])
def test_values_are_those_of_plain_passes(tiny_gemma, name, players, absent):
    prompt = PROMPTS[name]
    game = tiny_gemma.text_game(prompt, TARGET, players, absent)
    z = rows(game.n_players)
    got = np.concatenate([game(z[:13]), game(z[13:])])
    assert game._scorer.shares
    want = [plain(tiny_gemma, prompt, TARGET, game.spans, absent, row) for row in z]
    np.testing.assert_allclose(got, want, atol=2e-5)
    np.testing.assert_allclose(game(z[::-1]), want[::-1], atol=2e-5)  # all of it is in the tree


@pytest.mark.parametrize("absent", ["remove", "hole", "replace"])
def test_a_prefix_longer_than_the_window(tiny_gemma, absent):
    spans = tiny_gemma.encode(LONG).split("word", (LONG.index("superb"), len(LONG)))
    game = tiny_gemma.text_game(LONG, TARGET, spans, absent)
    assert game._start > tiny_gemma.model.config.sliding_window
    z = rows(game.n_players)
    want = [plain(tiny_gemma, LONG, TARGET, game.spans, absent, row) for row in z]
    np.testing.assert_allclose(game(z), want, atol=2e-5)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_coalitions_in_any_batches(wide, tiny_gemma, data):
    gemma = data.draw(st.sampled_from([wide, tiny_gemma]))
    absent, name = data.draw(st.sampled_from(["remove", "hole", "replace"])), data.draw(st.sampled_from(sorted(PROMPTS)))
    target = data.draw(st.sampled_from([" dog", TARGET, " positive one two three four"]))
    game = gemma.text_game(PROMPTS[name], target, "word", absent)
    other = without_sharing(gemma, PROMPTS[name], target, "word", absent)
    bits = st.lists(st.booleans(), min_size=game.n_players, max_size=game.n_players)
    batches = data.draw(st.lists(st.lists(bits, min_size=1, max_size=12), min_size=1, max_size=4))
    for batch in batches:
        np.testing.assert_allclose(game(np.array(batch)), other(np.array(batch)), atol=2e-5)


def test_another_target_begins_where_the_first_has_been(wide, monkeypatch):
    counted = []
    forward = Layers.forward
    monkeypatch.setattr(Layers, "forward", lambda *args: counted.append(len(args[2].ids)) or forward(*args))
    game, rather = (wide.text_game(LONG, target, "word") for target in (" dog", " fox"))
    z = rows(game.n_players)
    game(z)
    first = sum(counted)
    rather.begin_where(game)(z)
    assert len(rather._target) <= 3 and sum(counted) - first <= len(z) * len(rather._target)
    want = [plain(wide, LONG, " fox", game.spans, "remove", row) for row in z]
    np.testing.assert_allclose(rather(z), want, atol=2e-5)


def test_games_of_other_prompts_share_nothing(wide):
    with pytest.raises(ValueError, match="different prompts"):
        wide.text_game(PROMPT, " dog", [(4, 7), (8, 13)]).begin_where(wide.text_game(PROMPT, " dog", "word"))


def test_what_is_shared_is_computed_once_over_all_batches(wide, monkeypatch):
    counted = []
    forward = Layers.forward
    game = wide.text_game(LONG, TARGET, "word")
    assert game._scorer.shares
    monkeypatch.setattr(Layers, "forward", lambda *args: counted.append(len(args[2].ids)) or forward(*args))
    z = np.unique(rows(game.n_players, 200), axis=0)
    sequences = [game._sequence(row) for row in z]
    for start in range(0, len(z), 16):
        game(z[np.random.default_rng(0).permutation(len(z))][start : start + 16])
    assert sum(counted) == distinct(sequences, len(game._target)) < 0.8 * sum(len(s.ids) for s in sequences)


@pytest.mark.parametrize("room", [150, 300])
def test_a_tree_that_is_full_forgets_what_was_passed_least(wide, monkeypatch, room):
    monkeypatch.setattr(shared, "room_of", lambda model: room)
    game, other = wide.text_game(PROMPT, TARGET, "word"), without_sharing(wide, PROMPT, TARGET, "word", "remove")
    z = rows(game.n_players, 300)
    thinned, thin = [], Tree.thin
    monkeypatch.setattr(Tree, "thin", lambda tree, most: thinned.append(most) or thin(tree, most))
    for start in range(0, 300, 50):
        np.testing.assert_allclose(game(z[start : start + 50]), other(z[start : start + 50]), atol=2e-5)
    trunk = shared.grown(wide.model, game._scorer._prefix, game._scorer._game, shared.Trunk)
    assert thinned and trunk._tree.used <= room and trunk._layers._pairs[0].shape[1] == len(game._scorer._prefix) + room


def test_sequences_too_long_to_keep_go_by_plain_passes(wide, monkeypatch):
    game = wide.text_game(PROMPT, TARGET, "word")
    longest = len(game._sequence(np.ones(game.n_players, bool)).ids)
    monkeypatch.setattr(shared, "room_of", lambda model: 4 * longest - 1)
    monkeypatch.setattr(shared.Trunk, "run", None)
    assert not game._scorer.shares
    want = [plain(wide, PROMPT, TARGET, game.spans, "remove", row) for row in rows(game.n_players)]
    np.testing.assert_allclose(game(rows(game.n_players)), want, atol=2e-5)


def test_a_failed_batch_leaves_the_tree_as_it_was(wide, monkeypatch):
    game, other = wide.text_game(PROMPT, TARGET, "word"), without_sharing(wide, PROMPT, TARGET, "word", "remove")
    z, forward, refused = rows(game.n_players), Layers.forward, []

    def small_memory(layers, model, growth):
        if len(growth.ends) > 3:
            refused.append(len(growth.ends))
            forward(layers, model, growth)  # as far as it came
            raise MemoryError
        return forward(layers, model, growth)

    monkeypatch.setattr(Layers, "forward", small_memory)
    np.testing.assert_allclose(game(z), other(z), atol=2e-5)
    assert refused


def test_what_other_games_computed_changes_no_bit(wide):
    z = rows(wide.text_game(PROMPT, TARGET, "word").n_players)
    first = wide.text_game(PROMPT, TARGET, "word")(z)
    wide.text_game(PROMPT, " dog", "word")(z[::-2])
    again = wide.text_game(PROMPT, TARGET, "word")
    np.testing.assert_array_equal(again(z), first)
    assert again._scorer.shares


def test_two_games_at_most_are_kept_and_none_of_a_model_that_is_gone(tmp_path):
    from tiny import write_tiny_checkpoint

    gemma = load_gemma(str(write_tiny_checkpoint(tmp_path, window=512)))
    for prompt in (PROMPT, LONG, "one two three", "the quick fox"):
        game = gemma.text_game(prompt, TARGET, [(4, 7), (8, 13)])
        game(rows(2, 4))
    assert len(shared._trunks[gemma.model]) == 2
    gone = weakref.ref(gemma.model)
    del gemma, game
    gc.collect()
    assert gone() is None


def test_where_it_disagrees_plain_passes_are_taken(wide, monkeypatch, caplog):
    forward = Layers.forward
    monkeypatch.setattr(Layers, "forward", lambda *args: forward(*args) * 1.001)
    game = wide.text_game(PROMPT, TARGET, "word")
    with caplog.at_level(logging.WARNING, "swing.model"):
        got = game(rows(game.n_players))
    assert not game._scorer.shares and "differ from plain ones" in caplog.text
    np.testing.assert_allclose(got, without_sharing(wide, PROMPT, TARGET, "word", "remove")(rows(game.n_players)), atol=1e-12)


@pytest.mark.parametrize("change", [{"attn_logit_softcapping": 50.0}, {"use_bidirectional_attention": True}])
def test_what_it_does_not_know_goes_by_plain_passes(tmp_path, change):
    from tiny import write_tiny_checkpoint

    gemma = load_gemma(str(write_tiny_checkpoint(tmp_path)))
    for key, value in change.items():
        setattr(gemma.model.config, key, value)
    game = gemma.text_game(PROMPT, TARGET, "word")
    sample = game._sample()
    assert ways.pays(gemma.model, gemma.lock, shared.Trunk, sample, 1) is False


@pytest.mark.parametrize(("cost", "pays"), [(0.5, True), (3.0, False)])
def test_it_must_be_faster_here(wide, monkeypatch, cost, pays):
    monkeypatch.setattr(ways, "node_cost", lambda *_: cost)
    game = wide.text_game(PROMPT, TARGET, "word")
    assert ways.pays(wide.model, wide.lock, shared.Trunk, game._sample(), 1) is pays


def test_the_speed_is_measured_once_per_machine_and_shape(wide, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(ways, "_speeds", {})
    seen, measured = [], ways._measured
    monkeypatch.setattr(ways, "_measured", lambda *args: seen.append(1) or measured(*args))
    monkeypatch.setattr(ways, "_file", lambda: home / "speeds.json")
    home = ways.Path(str(wide.name))
    first = ways.node_cost(wide.model, wide.lock, shared.Trunk)
    ways._speeds.clear()
    assert ways.node_cost(wide.model, wide.lock, shared.Trunk) == first > 0 and len(seen) == 1
    ways._speeds.clear()
    (home / "speeds.json").write_text("[1]")
    assert ways.node_cost(wide.model, wide.lock, shared.Trunk) > 0 and len(seen) == 2


def sequence(ids, positions=None, visible=None):
    ids = np.array(ids)
    positions = np.arange(len(ids)) if positions is None else np.array(positions)
    return Sequence(ids, positions, np.ones(len(ids), bool) if visible is None else np.array(visible, bool))


def test_a_node_is_a_token_at_a_place_after_others():
    few = [sequence([5, 6, 7, 9]), sequence([5, 6, 8, 9]), sequence([5, 6, 7, 9], [0, 2, 3, 4])]
    tree = Tree()
    growth = tree.grow(few, 1)
    assert growth.ids.tolist() == [5, 6, 7, 9, 8, 9, 6, 7, 9] and growth.ends.tolist() == [[3], [5], [8]]
    seen = [growth.keys[0][growth.seen[0, row]].tolist() for row in range(9)]
    assert seen[3] == sorted(growth.slots[[0, 1, 2, 3]].tolist()) and len(seen[8]) == 4
    tree.keep(growth)
    again = tree.grow(few[::-1], 1)
    assert again.ids.tolist() == [9, 9, 9] and tree.used == 6


@pytest.mark.parametrize("seed", range(4))
def test_every_node_sees_its_beginning_and_nothing_else(seed):
    rng = np.random.default_rng(seed)
    tree = Tree()
    of_slot = {}
    for _ in range(3):
        few = [sequence(rng.integers(0, 3, rng.integers(3, 30)), visible=None) for _ in range(25)]
        growth = tree.grow(few, 2)
        for branch in growth.branches:
            for depth, slot in enumerate(branch.path.tolist()):
                of_slot[slot] = branch.ids[: depth + 1].tolist()
        for row, slot in enumerate(growth.slots.tolist()):
            block, at = divmod(row, BLOCK)
            chosen = growth.keys[block][growth.seen[block, at]]
            beginning = of_slot[slot]
            assert sorted(of_slot[key] for key in chosen.tolist()) == [beginning[: d + 1] for d in range(len(beginning))]
        tree.keep(growth)


@pytest.mark.parametrize("most", [1, 20, 10_000])
def test_groups_cover_every_sequence_once(most):
    rng = np.random.default_rng(0)
    few = [sequence(rng.integers(0, 2, rng.integers(2, 12))) for _ in range(60)]
    groups = list(in_order(few, most))
    assert sorted(i for group in groups for i in group) == list(range(60))
    assert list(in_order([], most)) == [] and distinct([], 1) == 0
    assert all(len(Tree().grow([few[i] for i in group], 1).ids) <= most + 12 for group in groups)


@pytest.mark.checkpoint
@pytest.mark.parametrize("absent", ["remove", "hole", "replace"])
def test_the_bundled_model(gemma, monkeypatch, absent):
    if gemma.model.dtype != torch.float32:
        pytest.skip("the layers are computed in float32 alone")
    text = "Review: the first half was slow, yet its last hour made me laugh. Sentiment:"
    game = gemma.text_game(text, " positive\n", [(8 + 6 * i, 14 + 6 * i) for i in range(8)], absent)
    z = rows(game.n_players, 12)
    got = np.concatenate([game(z[:5]), game(z[5:])])
    assert game._scorer.shares
    scorer = PrefixScorer(gemma.model, threading.RLock(), game._ids[: game._start], game._target)
    np.testing.assert_allclose(got, scorer.score([game._sequence(row) for row in z]), atol=4e-5)
