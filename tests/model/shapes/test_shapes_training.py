"""Training examples: packed questions answer as six plain forward passes would, and beliefs are what they say."""

import numpy as np
import pytest
import torch

from model.shapes.batch import BRANCH, BRANCHES, FLOOR, BatchMaker, believe, draw_pictures
from model.shapes.parts import build_model, build_processor, build_tokenizer
from model.shapes.scenes import UNKNOWN, Question, draw_scene

EVENLY = [0.25] * 4


@pytest.fixture(scope="module")
def parts():
    tokenizer = build_tokenizer()
    processor = build_processor(tokenizer)
    torch.manual_seed(0)
    model = build_model(tokenizer).eval()
    model.set_attn_implementation("eager")
    return model, tokenizer, processor, BatchMaker(tokenizer, processor)


def test_packed_questions_equal_plain_forward_passes(parts):
    from model.shapes.train import look, read

    model, tokenizer, processor, maker = parts
    rng = np.random.default_rng(3)
    pictures = draw_pictures(rng, 1, [0, 0, 1, 0], 0.0)
    batch = maker.ask(rng, pictures)
    pixels, tower, ids, positions, seen = map(
        torch.from_numpy, (pictures.pixels, pictures.tower, batch.ids, batch.positions, batch.seen)
    )
    with torch.no_grad():
        features = look(model, pixels, tower)[1]
        packed = model.lm_head(read(model, maker, features, ids, positions, seen)[0])[0]
        for k in range(BRANCHES):
            start, end = len(maker.prefix) + k * BRANCH, int(batch.ends[k]) + 1
            shown = seen[0, start:end]
            if not shown.all():
                continue
            alone = torch.cat([ids[:, : len(maker.prefix)], ids[:, start:end]], dim=1)
            plain = model(
                input_ids=alone,
                pixel_values=pixels,
                token_type_ids=(alone == tokenizer.image_token_id).long(),
                attention_mask=torch.ones_like(alone),
            ).logits[0]
            torch.testing.assert_close(packed[start:end], plain[-(end - start) :], atol=2e-5, rtol=1e-4)


def test_the_prefix_is_the_processors_own(parts):
    _, tokenizer, processor, maker = parts
    scene = draw_scene(np.random.default_rng(0), 2)
    text = "what colour is the circle?"
    content = [{"type": "image", "image": scene.image}, {"type": "text", "text": text}]
    ready = processor.apply_chat_template(
        [{"role": "user", "content": content}], tokenize=True, return_dict=True, return_tensors="pt", add_generation_prompt=True
    )
    words = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert ready["input_ids"][0].tolist() == [*maker.prefix, *words, *maker.opening]
    np.testing.assert_allclose(ready["pixel_values"][0].numpy(), scene.pixels.transpose(2, 0, 1) / 127.5 - 1, atol=1e-6)


def test_what_is_hidden_reaches_no_answer(parts):
    from model.shapes.train import look, read

    model, _, _, maker = parts
    rng = np.random.default_rng(5)
    pictures = draw_pictures(rng, 8, EVENLY, 1.0)
    batch, tower, pixels = maker.ask(rng, pictures), torch.from_numpy(pictures.tower), pictures.pixels
    assert not tower.all()
    blocks = np.repeat(np.repeat(pictures.tower.reshape(-1, 1, 8, 8), 8, axis=2), 8, axis=3)
    noise = np.random.default_rng(0).uniform(-1, 1, pixels.shape).astype(np.float32)
    changed = np.where(blocks, pixels, noise)
    rest = [torch.from_numpy(a) for a in (batch.ids, batch.positions, batch.seen)]
    with torch.no_grad():
        first, second = (read(model, maker, look(model, torch.from_numpy(p), tower)[1], *rest)[0] for p in (pixels, changed))
    rows = np.repeat(np.arange(8), BRANCHES)
    torch.testing.assert_close(first[rows, batch.ends], second[rows, batch.ends], atol=1e-5, rtol=1e-5)


def test_every_belief_is_a_distribution(parts):
    rng = np.random.default_rng(1)
    batch = parts[3].ask(rng, draw_pictures(rng, 32, EVENLY, 0.7))
    np.testing.assert_allclose(batch.beliefs.sum(axis=1), 1, atol=1e-5)
    assert batch.beliefs.min() >= 0


@pytest.mark.parametrize("kind, answer", [("colour", "red"), ("shape", "star"), ("left", "star"), ("count", "one")])
def test_what_is_seen_is_believed_and_what_is_not_is_unknown(kind, answer):
    about = (0, 1) if kind == "left" else (0,)
    question, things = Question("", answer, kind, about), len(about)
    assert believe(question, np.ones(things)) == pytest.approx({**believe(question, np.ones(things)), answer: 1.0})
    nothing = believe(question, np.zeros(things))
    assert max(nothing, key=nothing.get) == ("zero" if kind == "count" else UNKNOWN)
    if kind != "count":
        assert np.log(nothing[answer]) == pytest.approx(FLOOR)
        half = believe(question, np.full(things, 0.45))
        assert np.log(half[answer]) == pytest.approx(FLOOR / 2)
        assert believe(question, np.ones(things), told=False)[UNKNOWN] > 0.9


def test_a_training_that_was_stopped_goes_on_as_if_it_never_had_been(tmp_path, monkeypatch):
    from model.shapes import train as train_shapes
    from model.shapes.train import Trainer

    monkeypatch.setattr(train_shapes, "WARM_UP", 1)
    straight = Trainer(4, 2, 0, "cpu")
    found = [straight.advance() for _ in range(4)]
    stopped = Trainer(4, 2, 0, "cpu")
    assert [stopped.advance() for _ in range(3)] == found[:3]
    stopped.store(tmp_path)
    resumed = Trainer(4, 2, 0, "cpu")
    resumed.restore(tmp_path)
    assert resumed.advance() == found[3]
    with pytest.raises(ValueError, match="this run has"):
        Trainer(5, 2, 0, "cpu").restore(tmp_path)


def test_stopped_and_resumed_it_writes_the_same_checkpoint(tmp_path):
    from model.shapes.train import STATE, train

    straight = train(tmp_path / "straight", steps=5, batch=2, device="cpu")
    stopped = train(tmp_path / "stopped", steps=5, batch=2, minutes=0, device="cpu")
    assert (stopped / STATE).exists()
    train(stopped, steps=5, batch=2, resume=True, device="cpu")
    assert not (stopped / STATE).exists()
    names = [file.name for file in sorted(straight.iterdir())]
    assert "model.safetensors" in names
    assert [(stopped / name).read_bytes() for name in names] == [(straight / name).read_bytes() for name in names]
