"""The bundled small Gemma 3 with eyes: it loads as any checkpoint does, reads its words, answers as its card says."""

import numpy as np
import pytest

from benchmarks.shapes import CHECKPOINT, accuracy, play, questions_for_games, tensor_of
from model import load_gemma
from model.shapes.batch import FLOOR
from model.shapes.parts import ANSWERS, SPECIAL, build_tokenizer
from model.shapes.scenes import N_PATCHES, draw_scene
from xai import explain

TEXTS = ["what colour is the circle?", "what shape is red?", "how many shapes?", "what is left of the square?"]


@pytest.fixture(scope="module")
def seeing():
    return load_gemma(str(CHECKPOINT))


def test_it_is_small_and_complete():
    files = {file.name: file.stat().st_size for file in CHECKPOINT.iterdir()}
    assert sum(files.values()) < 8_000_000
    assert {"config.json", "model.safetensors", "tokenizer.json", "processor_config.json", "README.md"} <= set(files)


def test_it_is_a_genuine_gemma_3(seeing):
    config = seeing.vision.model.config
    assert type(seeing.vision.model).__name__ == "Gemma3ForConditionalGeneration"
    assert 1_000_000 <= seeing.vision.model.num_parameters() <= 3_000_000
    assert set(config.text_config.layer_types) == {"sliding_attention", "full_attention"}
    assert config.mm_tokens_per_image == N_PATCHES
    for name, index in [("start", "boi_token_index"), ("end", "eoi_token_index")]:
        assert seeing.tokenizer.convert_tokens_to_ids(f"<{name}_of_image>") == getattr(config, index)


def test_its_tokenizer_is_the_one_the_code_builds(seeing):
    assert seeing.tokenizer.get_vocab() == build_tokenizer().get_vocab()


@pytest.mark.parametrize("text", [*TEXTS, " ".join(ANSWERS), "What\n\ncolour?"])
def test_words_keep_their_places_and_come_back(seeing, text):
    encoded = seeing.tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)
    assert seeing.tokenizer.decode(encoded["input_ids"]) == text.lower()
    spans = encoded["offset_mapping"]
    assert spans[0][0] == 0 and spans[-1][1] == len(text)
    assert all(left[1] == right[0] for left, right in zip(spans, spans[1:]))
    assert seeing.tokenizer.unk_token_id not in encoded["input_ids"]


def test_markers_are_single_tokens_and_unknown_words_are_unknown(seeing):
    ids = seeing.tokenizer("".join(SPECIAL), add_special_tokens=False)["input_ids"]
    assert seeing.tokenizer.convert_ids_to_tokens(ids) == list(SPECIAL)
    assert seeing.tokenizer("elephant", add_special_tokens=False)["input_ids"] == [seeing.tokenizer.unk_token_id]


@pytest.mark.slow
def test_it_answers_held_out_scenes_as_well_as_its_card_says(seeing):
    table = accuracy(seeing, 15)
    for kind, least in [("colour", 0.98), ("shape", 0.98), ("count", 0.95), ("left", 0.95), ("missing", 0.98)]:
        right, asked = np.sum([table[kind, count] for count in range(1, 5)], axis=0)
        assert right / asked >= least, (kind, right, asked)


def test_it_generates_one_word_and_ends_its_turn(seeing):
    scene = draw_scene(np.random.default_rng(1), 1)
    assert seeing.generate(f"what colour is the {scene.things[0].shape}?", image=scene.image) == scene.things[0].colour


def test_the_processor_takes_the_pixels_as_they_are(seeing):
    scene = draw_scene(np.random.default_rng(0), 2)
    seen = seeing.vision.look(scene.image)
    np.testing.assert_allclose(seen.pixels.numpy(), tensor_of(scene.pixels[None]).numpy(), atol=1e-6)


@pytest.mark.parametrize("absent", ["soft-token", "strict", "pixel"])
def test_what_is_hidden_is_not_known_and_what_is_shown_is(seeing, absent):
    """Without the asked thing the right colour is about as likely as training says; with it alone, nearly sure."""
    hidden, alone = [], []
    for seed in range(10):
        scene = draw_scene(np.random.default_rng([99, seed]), 3)
        question = next((q for q in scene.questions() if q.kind == "colour" and q.about), None)
        if question:
            game = seeing.image_game(scene.image, question.text, question.answer, absent=absent)
            target = scene.patches(*question.about)
            empty, without, only = game(np.stack([np.zeros(N_PATCHES, bool), ~target, target]))[:, 0]
            assert empty < -2
            hidden.append(without)
            alone.append(only)
    assert len(hidden) >= 5
    assert np.median(hidden) < FLOOR / 2
    assert np.median(alone) > -0.3


@pytest.mark.slow
@pytest.mark.parametrize("absent", ["soft-token", "strict", "pixel"])
def test_the_heaviest_patch_lies_on_the_thing_and_deleting_flips_the_answer(seeing, absent):
    for scene, question in questions_for_games(seeing, 2):
        played = play(seeing, scene, question, absent, "auto")
        assert played["banzhaf"] == played["shapley"] == (True, True)


@pytest.mark.slow
def test_in_one_game_of_words_and_patches_the_words_that_matter_and_the_thing_rank_on_top(seeing):
    ((scene, question),) = questions_for_games(seeing, 1)
    game = seeing.image_game(scene.image, question.text, question.answer, absent="strict", words=True)
    values = explain(game, index="banzhaf", method="kernel", budget=512).values[:, 0]
    first = np.argsort(-values)[:3]
    asked = question.text.rstrip("?").split()
    assert {game.labels[i] for i in first} >= {asked[1], asked[-1]}
    assert set(first[first < N_PATCHES]) <= set(np.flatnonzero(scene.patches(*question.about)))
