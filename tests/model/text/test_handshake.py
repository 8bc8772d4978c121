"""Networks of many architectures: the way that is taken says what plain passes say, and faults are found, not scored."""

import threading

import numpy as np
import pytest
import torch
from plain import plain

from benchmarks.languages.networks import NETWORKS, make, write
from model import load_model
from model.text import handshake, scoring
from model.text.handshake import Handshake, shake
from model.text.scoring import BatchScorer, PrefixScorer

SETTINGS = {title: (configuration, settings) for title, _, configuration, settings in NETWORKS}
DECODERS = [title for title in SETTINGS if title not in ("BERT", "BART")]
SLOWER = {"Gemma 3n": "batches", "Mamba": "batches", "RecurrentGemma": "whole", "Jamba": "batches"}
UNHIDDEN = {"Bloom": "no places", "Falcon, ALiBi": "no places", "Mamba": "no attention", "RecurrentGemma": "reach the answer"}
PROMPT = "Count: one two three four five six seven eight nine ten, and the acting is superb"


@pytest.fixture(autouse=True)
def _home(monkeypatch, tmp_path):
    monkeypatch.setenv("SWING_HOME", str(tmp_path))


def shaken(title):
    return shake(make(*SETTINGS[title]), threading.RLock(), title)


@pytest.mark.parametrize("title", ["Llama", "GPT-2", "Gemma 2", "GPT-OSS", *SLOWER, "Bloom", "Falcon, ALiBi"])
def test_what_is_taken(title):
    found = shaken(title)
    assert found.removed == SLOWER.get(title, "prefix") and found.off <= handshake.AGREE
    assert any("without the prefix cache" in line or "whole passes" in line for line in found.lines) == (title in SLOWER)
    assert bool(found.hidden) == (title not in UNHIDDEN)
    if title in UNHIDDEN:
        assert UNHIDDEN[title] in found.lines[-1]
        with pytest.raises(ValueError, match=f"this model .*{UNHIDDEN[title]}.*: choose that absent parts are removed"):
            found.way("hole")


@pytest.mark.slow
@pytest.mark.parametrize("title", ["Llama", "GPT-2", "Mistral", "GPT-Neo", "Gemma 3n", "Gemma 4", "GPT-OSS", "Mamba", "Cohere 2"])
@pytest.mark.parametrize("absent", ["remove", "hole", "replace"])
def test_games_of_a_directory_say_what_plain_passes_say(tmp_path, title, absent):
    model = load_model(write(tmp_path / "checkpoint", *SETTINGS[title]))
    if absent == "hole" and not model.handshake.hidden:
        with pytest.raises(ValueError, match="choose that absent parts are removed"):
            model.text_game(PROMPT, " eleven", "word", absent)
        return
    game = model.text_game(PROMPT, " eleven", "word", absent)
    z = np.random.default_rng(0).random((9, game.n_players)) < 0.5
    z[0], z[1] = False, True
    with torch.no_grad():
        want = [plain(model, PROMPT, " eleven", game.spans, absent, row) for row in z]
    np.testing.assert_allclose(game(z), want, atol=2e-5)
    assert len({round(float(value), 3) for value in game(z).sum(1)}) > 5
    assert isinstance(model.generate(PROMPT, max_new_tokens=3), str) and len(model.next_tokens(PROMPT)) == 10


def test_a_token_stands_before_every_word(tmp_path):
    model = load_model(write(tmp_path / "checkpoint", *SETTINGS["GPT-2"]))
    encoded = model.encode("one two")
    assert encoded.ids[0] == model.tokenizer.bos_token_id and encoded.spans[0] is None
    assert len(encoded.ids) == len(encoded.spans) and any("<bos> stands before every prompt" in note for note in model.notes)
    assert np.isfinite(model.text_game("one two", " three")(np.zeros((1, 2), bool))).all()


def test_a_handshake_is_remembered(tmp_path, monkeypatch):
    path = write(tmp_path / "checkpoint", *SETTINGS["Bloom"])
    first = load_model(path).handshake
    monkeypatch.setattr("model.loading.shake", None)
    assert load_model(path).handshake == first
    file = tmp_path / "handshakes.json"
    file.write_text(file.read_text().replace('"off"', '"other"'))
    with pytest.raises(TypeError):  # what is remembered of another version is asked anew
        load_model(path)


def test_a_wrong_cache_is_found_and_the_next_way_taken(monkeypatch):
    def garbled(cache, rows):
        fresh = repeat(cache, rows)
        for layer in fresh.layers:
            layer.keys = layer.keys.flip(2)
        return fresh

    repeat = scoring._repeat
    monkeypatch.setattr(scoring, "_repeat", garbled)
    found = shaken("Llama")
    assert found.removed == found.hidden == "batches"
    assert "is scored without the prefix cache: " in found.lines[0] and "× slower" in found.lines[0]


def test_wrong_batches_leave_whole_passes(monkeypatch):
    run = PrefixScorer._run
    monkeypatch.setattr(PrefixScorer, "_run", lambda scorer, batch: run(scorer, batch) * (1 + 1e-3 * len(batch)))
    found = shaken("Qwen 2")
    assert found.removed == found.hidden == "whole" and "by whole passes, one by one" in found.lines[0]


def test_a_way_that_differs_only_beyond_the_window_is_not_taken(monkeypatch):
    """Within the window of the model itself, 64 tokens, nothing is wrong."""
    network = make("MistralConfig", {**SETTINGS["Mistral"][1], "sliding_window": 64})
    run = PrefixScorer._run

    def windowless(scorer, batch):
        kept, scorer.model.config.sliding_window = scorer.model.config.sliding_window, 64
        try:
            return run(scorer, batch)
        finally:
            scorer.model.config.sliding_window = kept

    lock = threading.RLock()
    assert shake(network, lock, "it").removed == "prefix" and shake(network, lock, "it").gaps
    monkeypatch.setattr(PrefixScorer, "_run", windowless)
    assert shake(network, lock, "it").removed == "whole" and network.config.sliding_window == 64


class Wrapped(torch.nn.Module):
    """A network whose logits are changed on their way out."""

    def __init__(self, network, change):
        super().__init__()
        forward = network.forward

        def changed(*args, **options):
            out = forward(*args, **options)
            out.logits = change(out.logits)
            return out

        network.forward = changed


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda logits: logits * torch.nan, "answers with what is no log-probability"),
        (lambda logits: logits + torch.randn(logits.shape[-1]), "gives other answers when asked the same again"),
        (lambda logits: logits + logits[:, -1:], "does not go from left to right"),
    ],
)
def test_what_no_way_does_justice_to_is_refused(change, sentence):
    network = make(*SETTINGS["Llama"])
    Wrapped(network, change)
    with pytest.raises(ValueError, match=f"^mine .*{sentence}.*, so it cannot be explained$"):
        shake(network, threading.RLock(), "mine")


def test_what_reads_both_ways_is_refused():
    with pytest.raises(ValueError, match="BERT reads what follows before it answers"):
        shaken("BERT")


def test_shorter_types_are_held_to_their_own_rounding(monkeypatch):
    network = make(*SETTINGS["Llama"]).to(torch.bfloat16)
    found = shake(network, threading.RLock(), "it")
    assert handshake.AGREE < found.off <= found.allowed < 2 and found.lines[0].startswith("rounds: its fast scoring differs")
    run = BatchScorer._run
    monkeypatch.setattr(PrefixScorer, "_run", lambda scorer, batch: run(scorer, batch).flip(0))
    assert shake(network, threading.RLock(), "it").removed == "whole"


@pytest.mark.parametrize("kind", ["dynamic", "longrope"])
def test_positions_that_later_text_turns_bound_the_context(kind):
    from types import SimpleNamespace

    from model.local import context_of

    rope = {"rope_type": kind, "original_max_position_embeddings": 64}
    config = SimpleNamespace(rope_parameters=rope, max_position_embeddings=512)
    tokenizer = SimpleNamespace(model_max_length=int(1e30))
    assert context_of(config, tokenizer) == 64
    assert context_of(SimpleNamespace(max_position_embeddings=512), tokenizer) == 512
    assert context_of(SimpleNamespace(), tokenizer) == 32768


@pytest.mark.checkpoint
def test_the_bundled_model_is_known_by_heart(gemma):
    if gemma.model.dtype == torch.float32:
        found = shake(gemma.model, gemma.lock, gemma.name)
        assert found == Handshake(window=512, off=found.off) == Handshake(**{**vars(gemma.handshake), "off": found.off})
