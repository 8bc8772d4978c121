"""Linear layers in bfloat16: what is rounded, where it is taken, and that maps say so."""

import json
import threading

import numpy as np
import pandas as pd
import pytest
import torch
from tiny import write_tiny_checkpoint, write_tiny_vision_checkpoint
from torch.nn import functional

from batch.kinds.text import TextKind, pieces_of
from batch.settings import Settings
from model.data.pairs import Pair
from model.data.translation import TranslationGame
from model.document.game import DocumentGame
from model.gguf.packed import packed
from model.halved import HalfLinear
from model.loading import load_model
from model.precision import gain, in_full
from model.table.gemma_game import gemma_table_game
from model.text.handshake import AGREE, shake
from xai import explain, judge
from xai.game import JoinedGame, WeightedGame, full_of, rounding_of
from xai.ledger import Ledger

pytestmark = pytest.mark.slow  # each loads two checkpoints and shakes their hands

PROMPT = "Review: The plot is thin, but the acting is superb. Sentiment:"


def published(directory, write=write_tiny_checkpoint):
    """A checkpoint whose numbers are such of bfloat16."""
    from safetensors.torch import load_file, save_file

    write(directory)
    file = directory / "model.safetensors"
    save_file({name: tensor.bfloat16() for name, tensor in load_file(file).items()}, file, {"format": "pt"})
    config = directory / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"dtype": "bfloat16"}))
    return directory


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The same checkpoint in float32 and in bfloat16."""
    directory = published(tmp_path_factory.mktemp("published") / "tiny")
    return load_model(directory, precision="float32"), load_model(directory, precision="bfloat16")


@pytest.fixture(scope="module")
def seeing(tmp_path_factory):
    directory = published(tmp_path_factory.mktemp("seeing") / "tiny", write_tiny_vision_checkpoint)
    return load_model(directory, precision="float32"), load_model(directory, precision="bfloat16")


def text(model):
    return model.text_game(PROMPT, " positive")


def document(model):
    return DocumentGame(model, "The plot is thin. She said: hello, world!\n\nThe quick brown fox.", "Who?", " The fox. She said.")


def table(model):
    frame = pd.DataFrame({"age": [1, 2, 3, 4], "colour": ["a", "b", "a", "b"], "y": ["no", "yes", "no", "yes"]})
    return gemma_table_game(model, frame, "y", frame.iloc[0], shots=2, label="yes")


def translation(model):
    examples = [Pair("one two", "eins zwei", "a"), Pair("three", "drei", "b"), Pair("four", "vier", "b")]
    return TranslationGame(model, examples, [Pair("five", "the fox jumps", "a")], generate=False)


def picture(model):
    image = np.random.default_rng(0).integers(0, 255, (48, 48, 3), dtype=np.uint8)
    return model.image_game(image, "Review:", " positive", (2, 2), words=True)


def joined(model):
    return JoinedGame(text(model), model.text_game(PROMPT, " superb"))


def weighted(model):
    return WeightedGame(joined(model), np.array([1.0, -2.0, 0.5, 1.0, 3.0]))


@pytest.mark.parametrize("make", [text, document, table, translation, joined, weighted, picture])
def test_each_game_knows_its_unrounded_values_and_how_far_rounding_moves_them(make, both, seeing):
    full, half = (make(model) for model in (seeing if make is picture else both))
    rows = np.random.default_rng(3).random((40, full.n_players)) < 0.5
    exact, rounded = full(rows).reshape(40, -1), half(rows).reshape(40, -1)
    np.testing.assert_allclose(half.full(rows).reshape(40, -1), exact, atol=2e-5)
    assert 1e-4 < abs(rounded - exact).max() < 1.0
    found, real = rounding_of(half), np.cov(rounded - exact, rowvar=False).reshape(2 * exact.shape[1:])
    assert found.shape == real.shape and np.all(np.linalg.eigvalsh(found) > -1e-12)
    ratio = np.trace(found) / np.trace(real)
    assert 0.2 < ratio < 5.0  # of 12 coalitions and of 40
    assert rounding_of(full) is None and full.full is None


def test_what_was_computed_with_rounding_is_not_taken_for_unrounded(both):
    full, half = (text(model) for model in both)
    rows = np.ones((1, full.n_players), bool)
    half(rows)  # keys and values of the prefix are kept now
    np.testing.assert_allclose(half.full(rows), full(rows), atol=2e-5)
    np.testing.assert_array_equal(half(rows), text(both[1])(rows))


def test_maps_carry_it_in_their_errors_and_nothing_is_called_exact(both):
    full, half = (text(model) for model in both)
    ledger = Ledger(half)
    one = explain(half, budget=4096, ledger=ledger)
    exact = explain(full, budget=4096)
    assert one.method == exact.method == "exact" and not exact.standard_error.any() and (one.standard_error > 0).all()
    off = np.sqrt(np.square(one.values - exact.values).mean())
    assert off <= 2 * one.standard_error.mean() and "Rounding moves the value of a coalition by some" in one.note
    found = judge(ledger, one)
    assert not found.exact and 0 < found.expected_error < 0.05 and "Exact" not in found.headline
    few = explain(half, budget=32, ledger=Ledger(half))
    bare = explain(full, budget=32)
    assert (few.standard_error > 0.99 * bare.standard_error - 1e-3).all() and few.covariance is not None


def test_where_weights_are_no_such_numbers_float32_stays(tiny_checkpoint):
    model = load_model(tiny_checkpoint, precision="bfloat16")
    assert not model.rounds and any("its weights are no numbers of bfloat16" in note for note in model.notes)
    assert load_model(tiny_checkpoint).fingerprint == model.fingerprint


@pytest.mark.parametrize(("large", "faster", "rounds"), [(1, 2.0, True), (1, 1.1, False), (10**9, 2.0, False)])
def test_it_is_taken_where_the_model_is_large_and_the_machine_faster(tmp_path, monkeypatch, large, faster, rounds):
    monkeypatch.setattr("model.loading.LARGE", large)
    monkeypatch.setattr("model.loading.gain", lambda network: faster)
    model = load_model(published(tmp_path / "tiny"))
    assert model.rounds == rounds
    said = " ".join(model.notes)
    assert ("multiplies 2.0 × as fast as in float32" in said) == rounds


def test_a_data_set_is_computed_in_float32_whatever_is_faster_at_that_hour(tmp_path, monkeypatch):
    """Its values must not depend on which process measured what, nor a resumed run be of two precisions."""
    monkeypatch.setattr("model.loading.LARGE", 1)
    monkeypatch.setattr("model.loading.gain", lambda network: 2.0)
    directory = str(published(tmp_path / "tiny"))
    settings = Settings(kind="text", model=directory, template="{text} Sentiment:", explain="text", target=" positive")
    with TextKind(settings, pieces_of(settings.template, "the template"), "text").opened() as asker:
        game = next(asker.asked([{"text": "The plot is thin."}])).game
    assert load_model(directory).rounds and full_of(game) is None


def test_it_is_told_that_something_is_measured_only_where_it_is(tmp_path, monkeypatch):
    directory = published(tmp_path / "tiny")
    for large, measured in ((10**9, False), (1, True)):
        told = []
        monkeypatch.setattr("model.loading.LARGE", large)
        load_model(directory, progress=lambda *step, told=told: told.append(step))
        assert any("Measuring in which numbers" in sentence for _, sentence in told) == measured
        assert [share for share, _ in told] == sorted(share for share, _ in told)


def test_another_precision_is_refused_and_the_speed_is_measured_once(tmp_path, monkeypatch, both):
    with pytest.raises(ValueError, match="precision must be one of \\['auto', 'float32', 'bfloat16'\\]; got 'int8'"):
        load_model(precision="int8")
    monkeypatch.setenv("SWING_HOME", str(tmp_path))
    found = gain(both[0].model)
    assert found > 0
    monkeypatch.setattr("model.precision._measured", lambda weight: pytest.fail("measured twice"))
    assert gain(both[0].model) == found


def test_it_is_another_model_to_what_is_kept_and_ways_of_scoring_agree(both):
    full, half = both
    assert full.fingerprint != half.fingerprint
    assert half.handshake.allowed == AGREE and half.handshake.off <= AGREE and half.handshake.removed == "prefix"
    assert shake(half.model, threading.RLock(), "x").allowed == AGREE
    layers = [one for one in half.model.modules() if isinstance(one, HalfLinear)]
    assert len(layers) == 3 * 7 and all(one.weight.dtype == torch.bfloat16 for one in layers)
    assert half.model.dtype == torch.float32 and half.model.lm_head.weight is half.model.get_input_embeddings().weight
    with in_full(half.model, half.lock), pytest.raises(ZeroDivisionError):
        raise ZeroDivisionError
    assert not half.model.swing_rounding.full


def test_a_table_of_bfloat16_is_looked_up_and_multiplied_by_in_float32():
    table = torch.randn(300, 64).bfloat16()
    kept, states, at = packed(table), torch.randn(5, 64), torch.tensor([0, 299, 7])
    assert kept.dtype == torch.float32 and kept.nbytes == table.nbytes
    assert torch.equal(functional.embedding(at, kept), table[at].float())
    torch.testing.assert_close(functional.linear(states, kept), states @ table.float().T)
    assert torch.equal(kept[10:20].clone(), table[10:20].float())
