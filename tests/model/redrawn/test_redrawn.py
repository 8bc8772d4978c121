"""Models that learned nothing: the real one is untouched to the bit, a seed says which, and all stages differ."""

import numpy as np
import pandas as pd
import pytest

from model import TableModel, load_image_classifier, load_model
from model.redrawn.classifier import redrawn_classifier
from model.redrawn.gemma import STAGES, redrawn_gemma
from model.redrawn.table import on_redrawn_reader, shuffled_fit
from model.table.gemma_game import gemma_table_game
from xai import explain

PROMPT, TARGET = "one two three four five six", " seven"


def bits(model):
    return {name: tensor.numpy().tobytes() for name, tensor in model.state_dict().items()}


def values(gemma):
    game = gemma.text_game(PROMPT, TARGET)
    return game(np.random.default_rng(0).random((16, game.n_players)) < 0.5)


def test_the_real_network_is_untouched_and_shares_what_is_not_redrawn(tiny_gemma):
    before, said = bits(tiny_gemma.model), values(tiny_gemma)
    stages = list(redrawn_gemma(tiny_gemma, 0))
    made = [values(stage) for stage in stages]
    assert len(stages) == len(STAGES) and bits(tiny_gemma.model) == before
    assert np.array_equal(values(tiny_gemma), said)
    for one, other in zip([said, *made], made):
        assert np.isfinite(other).all() and np.abs(one - other).max() > 1e-3
    real = dict(tiny_gemma.model.named_parameters())
    layers = len(tiny_gemma.model.model.layers)
    for stage, redrawn in zip(stages, (1, 2, 3)):  # a quarter, a half and all of three layers
        for name, parameter in stage.model.named_parameters():
            if name not in real:
                assert "embed_tokens.table" in name and parameter is real["model.embed_tokens.weight"]
                continue
            at = int(name.split(".")[2]) if ".layers." in name else -1
            shared = parameter.ndim == 1 or at < layers - redrawn
            assert (parameter is real[name]) == shared, name
            if not shared:
                assert parameter.data_ptr() != real[name].data_ptr() and not parameter.requires_grad
                assert abs(float(parameter.std() / real[name].std()) - 1) < 0.2
    drawn = [dict(stage.model.named_parameters()) for stage in stages]
    assert drawn[0]["model.layers.2.mlp.up_proj.weight"] is drawn[2]["model.layers.2.mlp.up_proj.weight"]


def test_the_same_seed_gives_the_same_network(tiny_gemma):
    one, again, other = ([values(stage) for stage in redrawn_gemma(tiny_gemma, seed)] for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, again))
    assert all(np.abs(a - b).max() > 1e-3 for a, b in zip(one, other))


def test_words_are_read_anew_at_the_last_stage_alone(tiny_gemma):
    import torch

    ids = torch.tensor([[5, 9, 5]])
    first, last = [[*redrawn_gemma(tiny_gemma, 0)][at].model for at in (0, 2)]
    assert torch.equal(first.model.embed_tokens(ids), tiny_gemma.model.model.embed_tokens(ids))
    read = last.model.embed_tokens(ids)
    assert torch.equal(read[0, 0], read[0, 2]) and not torch.equal(read[0, 0], read[0, 1])
    assert not torch.equal(read, tiny_gemma.model.model.embed_tokens(ids))
    assert last.lm_head.weight is tiny_gemma.model.lm_head.weight


def test_no_room_is_one_sentence(tiny_gemma, monkeypatch, tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 99 kB\nMemAvailable: 1 kB\n")
    monkeypatch.setattr("model.redrawn.gemma.MEMORY", tmp_path / "meminfo")
    with pytest.raises(ValueError, match="take a smaller model"):
        next(redrawn_gemma(tiny_gemma, 0))


@pytest.fixture(scope="module")
def tiny_seeing4(tmp_path_factory):
    import torch
    from tiny import write_tiny_gemma4

    torch.manual_seed(0)
    return load_model(str(write_tiny_gemma4(tmp_path_factory.mktemp("gemma4") / "tiny")))


@pytest.mark.parametrize("family", ["tiny_seeing", "tiny_seeing4"])
@pytest.mark.parametrize("absent", ["soft-token", "pixel"])
def test_a_network_that_sees_gets_new_eyes_last(family, absent, request):
    tiny_seeing = request.getfixturevalue(family)
    image = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    before = bits(tiny_seeing.vision.model)

    def say(gemma):
        game = gemma.image_game(image, "one two", " three", (3, 3), absent)
        return game(np.random.default_rng(0).random((6, 9)) < 0.5)

    said, stages = say(tiny_seeing), list(redrawn_gemma(tiny_seeing, 0))
    made = [say(stage) for stage in stages]
    assert bits(tiny_seeing.vision.model) == before and np.array_equal(say(tiny_seeing), said)
    for one, other in zip([said, *made], made):
        assert np.isfinite(other).all() and np.abs(one - other).max() > 1e-4
    for stage, new in zip(stages, (False, False, True)):
        assert stage.model.model is stage.vision.model.model.language_model
        towers = [model.model.vision_tower.parameters() for model in (tiny_seeing.vision.model, stage.vision.model)]
        assert any(a is not b for a, b in zip(*towers)) == new


def test_nothing_is_left_of_what_is_read_for_each_layer(tiny_seeing4):
    import torch

    real, ids = tiny_seeing4.model.model, torch.tensor([[5, 9, 5]])
    first, last = [[*redrawn_gemma(tiny_seeing4, 0)][at].model.model for at in (0, 2)]
    assert torch.equal(first.get_per_layer_inputs(ids), real.get_per_layer_inputs(ids))
    assert first.per_layer_model_projection.weight is real.per_layer_model_projection.weight
    read = last.get_per_layer_inputs(ids)
    assert torch.equal(read[0, 0], read[0, 2]) and (read != real.get_per_layer_inputs(ids)).all()
    assert (last.per_layer_model_projection.weight != real.per_layer_model_projection.weight).all()


@pytest.mark.slow
def test_the_classifier():
    real = load_image_classifier("cpu")
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    coalitions = np.random.default_rng(0).random((4, 9)) < 0.5
    game = real.game(image, grid=(3, 3))
    said = game(coalitions)
    one, again = ([game.asked_of(stage)(coalitions) for stage in redrawn_classifier(real, seed)] for seed in (0, 0))
    assert np.array_equal(game(coalitions), said)
    assert len(one) == len(STAGES) and all(np.array_equal(a, b) for a, b in zip(one, again))
    for before, after in zip([said, *one], one):
        assert before.shape == after.shape == (4, 5) and np.isfinite(after).all()
        assert np.abs(before - after).max() > 1e-3 and after.std(axis=0).min() > 0
    other = [game.asked_of(stage)(coalitions) for stage in redrawn_classifier(real, 1)]
    assert all(np.abs(a - b).max() > 1e-3 for a, b in zip(one, other))


def table(rows=400):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.normal(size=rows) for name in "abcd"} | {"city": rng.choice(["Rom", "Oslo", None], rows)})
    number = 3 * frame["a"] - 2 * frame["b"] + rng.normal(size=rows) / 10
    frame["y"] = number.where(rng.random(rows) > 0.05)  # some rows have no target
    frame["class"] = np.where(number > 1, "high", np.where(number < -1, "low", "middle"))
    return frame


@pytest.mark.parametrize("target", ["y", "class"])
@pytest.mark.parametrize("kind", ["trees", "linear", "network"])
def test_a_shuffled_target_leaves_nothing_to_learn(kind, target):
    frame = table().drop(columns=["class" if target == "y" else "y"])
    real = TableModel.fit(frame, target, model=kind)
    row, said = frame.iloc[[0]], real.predict(frame).margin
    one, again, other = (shuffled_fit(real, frame, target, seed) for seed in (0, 0, 1))
    assert np.array_equal(real.predict(frame).margin, said)
    assert one.labels == real.labels and one.outputs == real.outputs and one.background is real.background
    assert np.array_equal(one.predict(frame).margin, again.predict(frame).margin)
    assert not np.array_equal(one.predict(frame).margin, other.predict(frame).margin)
    assert one.predict(frame).margin.std() < 0.6 * said.std()
    game = one.game(row)
    for index in ("banzhaf", "shapley"):
        values = explain(game, index, "exact").values
        assert (game.exact is not None) == (kind != "network")
        if kind != "network":
            np.testing.assert_allclose(game.exact(index), values, atol=1e-9)


def test_a_row_that_gemma_reads(tiny_gemma):
    frame = table(60)[["a", "city", "class"]]
    game = gemma_table_game(tiny_gemma, frame, "class", frame.iloc[[0]], shots=2)
    coalitions = np.array([[False, True], [True, True]])
    made = list(on_redrawn_reader(tiny_gemma, frame, "class", frame.iloc[[0]], 2, game.label).games(0))
    assert {one.label for one in made} == {game.label} and all(one.labels == game.labels for one in made)
    assert all(np.abs(one(coalitions) - game(coalitions)).max() > 1e-4 for one in made)
