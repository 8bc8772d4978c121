"""The scorer against plain forward passes on a tiny Gemma 3, past the sliding window too."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st
from plain import LONG, PROMPT, TARGET, plain

from benchmarks.languages.networks import NETWORKS
from model import load_gemma
from model.image.image_scoring import ImageScorer
from model.text.scoring import Limits, limits_of, on_processor, plan_batches
from model.text.shared import SharedScorer


@pytest.mark.parametrize("absent", ["remove", "hole", "replace"])
@pytest.mark.parametrize("prompt", [PROMPT, LONG], ids=["short", "past the window"])
@pytest.mark.parametrize("players", ["word", "token", "sentence", "line"])
def test_agrees_with_plain_forward_passes(tiny_gemma, prompt, players, absent):
    game = tiny_gemma.text_game(prompt, TARGET, players, absent)
    rng = np.random.default_rng(0)
    z = rng.random((12, game.n_players)) < rng.random((12, 1))
    z[0], z[1] = False, True
    got = game(z)
    assert got.shape == (12, len(tiny_gemma.target_ids(TARGET)))
    assert got.dtype == np.float64
    want = [plain(tiny_gemma, prompt, TARGET, game.spans, absent, row) for row in z]
    np.testing.assert_allclose(got, want, atol=2e-5)


@pytest.mark.parametrize("window", [16, 512], ids=["past the window", "within it"])
def test_an_absent_last_token_is_not_told_by_a_hole(tmp_path, window):
    from tiny import write_tiny_checkpoint

    torch.manual_seed(0)
    gemma = load_gemma(str(write_tiny_checkpoint(tmp_path, window)))
    ends = {}
    for last in (" is", " but"):
        game = gemma.text_game(PROMPT + last, TARGET, [(8, 12), (len(PROMPT), len(PROMPT + last))], "hole")
        ends[last] = game(np.array([[1, 0], [1, 1]], bool))
        want = [plain(gemma, PROMPT + last, TARGET, game.spans, "hole", row) for row in ([1, 0], [1, 1])]
        np.testing.assert_allclose(ends[last], want, atol=2e-5)
    lengths = {len(gemma.encode(PROMPT + last).ids) for last in ends}
    assert len(lengths) == 1 and np.abs(ends[" is"][1] - ends[" but"][1]).max() > 0.1
    np.testing.assert_allclose(ends[" is"][0], ends[" but"][0], atol=2e-5)


def test_a_fixed_prefix_and_a_fixed_suffix_change_nothing_but_the_cost(tiny_gemma):
    start = PROMPT.index(" plot")
    spans = [(start, start + 5), (PROMPT.index(" acting"), PROMPT.index(" superb"))]
    game = tiny_gemma.text_game(PROMPT, TARGET, spans)
    z = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], bool)
    np.testing.assert_allclose(game(z), [plain(tiny_gemma, PROMPT, TARGET, spans, "remove", row) for row in z], atol=2e-5)
    assert game.labels == ["plot", "acting is"]


def test_batch_size_changes_nothing(tiny_gemma, monkeypatch):
    game = tiny_gemma.text_game(LONG, TARGET)
    z = np.random.default_rng(1).random((30, game.n_players)) < 0.5
    together = game(z)
    np.testing.assert_allclose(np.concatenate([game(row[None]) for row in z]), together, atol=2e-5)
    monkeypatch.setattr("model.text.scoring.MAX_TOKENS", 64)
    np.testing.assert_allclose(game(z), together, atol=2e-5)
    monkeypatch.setattr("model.text.text_game.AT_ONCE", 7)
    np.testing.assert_allclose(game(z), together, atol=2e-5)
    assert game(z[:0]).shape == (0, together.shape[1])


def test_repeated_coalitions_are_run_once(tiny_gemma, monkeypatch):
    game = tiny_gemma.text_game(PROMPT, TARGET)
    game(np.ones((1, game.n_players), bool))
    rows = []
    run = game._scorer._run
    monkeypatch.setattr(game._scorer, "_run", lambda batch: rows.append(len(batch)) or run(batch))
    values = game(np.ones((50, game.n_players), bool))
    assert rows == [1]
    assert (values == values[0]).all()


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError()])
def test_a_batch_that_does_not_fit_is_halved(tiny_gemma, monkeypatch, error):
    game = tiny_gemma.text_game(PROMPT, TARGET)
    z = np.random.default_rng(2).random((40, game.n_players)) < 0.5
    want = game(z)
    run, refused = game._scorer._run, []

    def small_memory(batch):
        if len(batch) > 3:
            refused.append(len(batch))
            raise error
        return run(batch)

    monkeypatch.setattr(game._scorer, "_run", small_memory)
    np.testing.assert_allclose(game(z), want, atol=2e-5)
    assert refused


def test_an_error_that_is_not_memory_is_not_swallowed(tiny_gemma, monkeypatch):
    game = tiny_gemma.text_game(PROMPT, TARGET)
    monkeypatch.setattr(game._scorer, "_run", lambda batch: (_ for _ in ()).throw(RuntimeError("shapes differ")))
    with pytest.raises(RuntimeError, match="shapes differ"):
        game(np.ones((2, game.n_players), bool))


def test_players_up_to_both_ends_of_the_prompt(tiny_gemma):
    game = tiny_gemma.text_game("hello world", " dog", "word")
    z = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], bool)
    want = [plain(tiny_gemma, "hello world", " dog", game.spans, "remove", row) for row in z]
    np.testing.assert_allclose(game(z), want, atol=2e-5)


@pytest.mark.parametrize("seed", range(5))
def test_plan_covers_every_sequence_once_within_limits(seed):
    lengths = np.random.default_rng(seed).integers(1, 300, 150).tolist()
    groups = plan_batches(lengths, 100, on_processor())
    assert sorted(i for group in groups for i in group) == list(range(150))
    for group in groups:
        widest = max(lengths[i] for i in group)
        assert len(group) == 1 or len(group) * widest <= 2048
        assert len(group) == 1 or len(group) * (widest + 100) <= 16384


@given(
    lengths=st.lists(st.integers(1, 400), max_size=300),
    prefix=st.integers(0, 500),
    limits=st.builds(Limits, st.integers(0, 5000), st.integers(1, 5000), st.integers(1, 20000), st.integers(1, 400)),
)
def test_a_plan_keeps_to_any_limits(lengths, prefix, limits):
    groups = plan_batches(lengths, prefix, limits)
    assert sorted(i for group in groups for i in group) == list(range(len(lengths)))
    for group in groups:
        widest = max(lengths[i] for i in group)
        assert len(group) == 1 or (len(group) * widest <= limits.tokens and len(group) * (widest + prefix) <= limits.cached)


def test_a_plan_of_few_cuts_costs_little_more_than_the_best():
    lengths = np.random.default_rng(0).binomial(200, 0.5, 1024).tolist()

    def cost(cuts):
        groups = plan_batches(lengths, 0, Limits(512, 65536, 10**6, cuts))
        return sum(512 + len(group) * max(lengths[i] for i in group) for group in groups)

    assert cost(1024) <= cost(64) < 1.01 * cost(1024)


@pytest.mark.parametrize("free", [80e9, 2e9, 1e6])
def test_a_gpu_takes_batches_by_its_free_memory(tiny_gemma, gpu, free):
    config = tiny_gemma.model.config.__class__(hidden_size=640, num_hidden_layers=18)
    limits = limits_of(gpu(free, config))
    assert limits.tokens == min(65536, max(2048, int(free / 4 / (2 * 32 * 640))))
    assert limits.cached == max(16384, int(free / 4 / (2 * 2 * 18 * 640)))


@pytest.mark.parametrize(("kind", "sizes"), [network[2:] for network in NETWORKS], ids=[network[0] for network in NETWORKS])
def test_a_gpu_takes_batches_of_every_architecture(gpu, kind, sizes):
    limits = limits_of(gpu(80e9, getattr(transformers, kind)(**sizes)))
    assert limits.tokens == 65536 and limits.cached > 10**6


def test_a_gpu_takes_batches_of_pictures_as_a_processor_does(gpu):
    scorer = ImageScorer(SimpleNamespace(model=gpu(80e9, None)), None, [1], None)
    assert scorer._limits() == on_processor()


@pytest.fixture()
def gpu(monkeypatch):
    """Of free bytes and a configuration, a model of bfloat16 on a GPU that has so much memory left."""

    def make(free, config):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free - 3e5, 80e9))
        return SimpleNamespace(device=torch.device("cuda"), dtype=torch.bfloat16, config=config)

    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 5e5)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 2e5)
    return make


def test_a_gpu_shares_no_beginnings(tiny_gemma):
    game = tiny_gemma.text_game(PROMPT, TARGET)
    model = SimpleNamespace(device=torch.device("cuda"), config=tiny_gemma.model.config, dtype=torch.float32)
    nobody = np.zeros(0, np.int64)
    assert not SharedScorer(model, tiny_gemma.lock, nobody, nobody, game._sample).shares


def test_chat_template_is_applied_once_and_never_a_player(tmp_path):
    from tiny import write_tiny_checkpoint

    gemma = load_gemma(str(write_tiny_checkpoint(tmp_path, chat=True)))
    prompt = "  Review: superb \n"
    encoded = gemma.encode(prompt)
    text = gemma.tokenizer.decode(encoded.ids)
    assert text == "<bos><start_of_turn>user\nReview: superb<end_of_turn>\n<start_of_turn>model\n"
    game = gemma.text_game(prompt, " dog", "token")
    assert "".join(prompt[a:b] for a, b in game.spans) == "Review: superb"
    want = [plain(gemma, prompt, " dog", game.spans, "remove", row) for row in np.eye(game.n_players, dtype=bool)]
    np.testing.assert_allclose(game(np.eye(game.n_players, dtype=bool)), want, atol=2e-5)


@pytest.mark.parametrize("prompt", ["model", "o", "user"])
def test_a_prompt_that_also_stands_in_the_template_is_found(tmp_path, prompt):
    from tiny import write_tiny_checkpoint

    encoded = load_gemma(str(write_tiny_checkpoint(tmp_path, chat=True))).encode(prompt)
    assert encoded.spans[0] is None and encoded.spans[-1] is None
    spans = [span for span in encoded.spans if span]
    assert "".join(prompt[a:b] for a, b in spans) == prompt
