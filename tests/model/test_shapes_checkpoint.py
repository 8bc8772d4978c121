"""The bundled small Gemma 3 with eyes: it loads as any checkpoint does, reads its words, answers as its card says."""

import numpy as np
import pytest

from benchmarks.shapes import CHECKPOINT, PatchGame, Shapes, accuracy
from model.scenes import N_PATCHES, draw_scene
from model.shapes_batch import FLOOR
from model.shapes_parts import ANSWERS, SPECIAL, build_tokenizer

TEXTS = ["what colour is the circle?", "what shape is red?", "how many shapes?", "what is left of the square?"]


@pytest.fixture(scope="module")
def shapes():
    return Shapes()


def test_it_is_small_and_complete():
    files = {file.name: file.stat().st_size for file in CHECKPOINT.iterdir()}
    assert sum(files.values()) < 8_000_000
    assert {"config.json", "model.safetensors", "tokenizer.json", "processor_config.json", "README.md"} <= set(files)


def test_it_is_a_genuine_gemma_3(shapes):
    config = shapes.model.config
    assert type(shapes.model).__name__ == "Gemma3ForConditionalGeneration"
    assert 1_000_000 <= shapes.model.num_parameters() <= 3_000_000
    assert set(config.text_config.layer_types) == {"sliding_attention", "full_attention"}
    assert config.mm_tokens_per_image == N_PATCHES
    for name, index in [("start", "boi_token_index"), ("end", "eoi_token_index")]:
        assert shapes.tokenizer.convert_tokens_to_ids(f"<{name}_of_image>") == getattr(config, index)


def test_its_tokenizer_is_the_one_the_code_builds(shapes):
    assert shapes.tokenizer.get_vocab() == build_tokenizer().get_vocab()


@pytest.mark.parametrize("text", [*TEXTS, " ".join(ANSWERS), "What\n\ncolour?"])
def test_words_keep_their_places_and_come_back(shapes, text):
    encoded = shapes.tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)
    assert shapes.tokenizer.decode(encoded["input_ids"]) == text.lower()
    spans = encoded["offset_mapping"]
    assert spans[0][0] == 0 and spans[-1][1] == len(text)
    assert all(left[1] == right[0] for left, right in zip(spans, spans[1:]))
    assert shapes.tokenizer.unk_token_id not in encoded["input_ids"]


def test_markers_are_single_tokens_and_unknown_words_are_unknown(shapes):
    ids = shapes.tokenizer("".join(SPECIAL), add_special_tokens=False)["input_ids"]
    assert shapes.tokenizer.convert_ids_to_tokens(ids) == list(SPECIAL)
    assert shapes.tokenizer("elephant", add_special_tokens=False)["input_ids"] == [shapes.tokenizer.unk_token_id]


def test_it_answers_held_out_scenes_as_well_as_its_card_says(shapes):
    table = accuracy(shapes, 25)
    for kind, least in [("colour", 0.97), ("shape", 0.97), ("count", 0.9), ("left", 0.85)]:
        right, asked = np.sum([table[kind, count] for count in range(1, 5)], axis=0)
        assert right / asked >= least, (kind, right, asked)


def test_it_generates_one_word_and_ends_its_turn(shapes):
    scene = draw_scene(np.random.default_rng(1), 1)
    content = [{"type": "image", "image": scene.image}, {"type": "text", "text": "how many shapes?"}]
    ready = shapes.processor.apply_chat_template(
        [{"role": "user", "content": content}],
        tokenize=True, return_dict=True, return_tensors="pt", add_generation_prompt=True,
    )  # fmt: skip
    out = shapes.model.generate(**ready, max_new_tokens=5, do_sample=False)
    assert shapes.tokenizer.decode(out[0, ready["input_ids"].shape[1] :]) == "one<end_of_turn>"


@pytest.mark.parametrize("absent", ["soft-token", "strict", "pixel"])
def test_what_is_hidden_is_not_known_and_what_is_shown_is(shapes, absent):
    """Without the asked thing the right colour is about as likely as training says; with it alone, nearly sure."""
    hidden, alone = [], []
    for seed in range(10):
        scene = draw_scene(np.random.default_rng([99, seed]), 3)
        question = next((q for q in scene.questions() if q.kind == "colour" and q.about), None)
        if question:
            game = PatchGame(shapes, scene.pixels, question.text, question.answer, absent)
            target = scene.patches(*question.about)
            empty, without, only = game(np.stack([np.zeros(N_PATCHES, bool), ~target, target]))
            assert empty < -2
            hidden.append(without)
            alone.append(only)
    assert len(hidden) >= 5
    assert np.median(hidden) < FLOOR / 2
    assert np.median(alone) > -0.3
