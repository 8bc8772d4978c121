"""Checkpoints with eyes that are not used: their text is explained, and one sentence says why no more than that."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny import IMAGE4, build_tokenizer, randomise, sizes_of_layers, write_tiny_gemma4

from model import load_model
from model.about import look

PROMPT, TARGET = "what is the plot", " dog"
PHOTO = np.zeros((30, 70, 3), np.uint8)


def says(model, why):
    """Whether the model's notes, what is known before it is loaded, and a refused picture all say why."""
    with pytest.raises(ValueError, match=f"reads text only; .*{why}"):
        model.image_game(PHOTO, PROMPT, TARGET)
    return sum(f"only text is explained: {model.blind}." in note for note in model.notes) == 1 and why in model.blind


def agrees(model, network):
    """Whether the whole prompt's value is the plain pass of a network of transformers."""
    ids, goal = model.encode(PROMPT).ids, model.target_ids(TARGET)
    with torch.no_grad():
        logits = network(input_ids=torch.tensor([ids + goal])).logits[0, -len(goal) - 1 : -1]
    want = torch.log_softmax(logits.double(), -1)[range(len(goal)), goal].numpy()
    game = model.text_game(PROMPT, TARGET)
    return np.abs(game(np.ones((1, game.n_players), bool))[0] - want).max() < 1e-4


def gemma3n(directory):
    """The language model of a Gemma 3n, and the directory of a checkpoint that has it beside towers."""
    from transformers import Gemma3nConfig, Gemma3nForCausalLM, Gemma3nTextConfig

    tokenizer = build_tokenizer(chat=False)
    small = {"laurel_rank": 4, "altup_num_inputs": 2, "activation_sparsity_pattern": [0.0] * 4}
    config = Gemma3nTextConfig(**sizes_of_layers(tokenizer, 16), **small)
    made = Gemma3nForCausalLM(config)
    randomise(made)
    made.save_pretrained(directory)
    network = Gemma3nForCausalLM.from_pretrained(directory).eval()
    weights = load_file(directory / "model.safetensors")
    weights = {name.replace("model.", "model.language_model.", 1): weight for name, weight in weights.items()}
    weights["model.vision_tower.timm_model.weight"] = torch.zeros(2, 2)
    save_file(weights, directory / "model.safetensors", metadata={"format": "pt"})
    Gemma3nConfig(text_config=config).save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return network


def test_of_gemma_3n_the_language_model_is_explained(tmp_path):
    network = gemma3n(tmp_path)
    model = load_model(str(tmp_path))
    assert model.vision is None and agrees(model, network) and says(model, "timm")
    assert look(str(tmp_path)).blind == model.blind


def test_a_weight_that_a_language_model_lacks_is_named(tmp_path):
    gemma3n(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    del weights["model.language_model.layers.1.mlp.up_proj.weight"]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match="its files lack 1 of its weights, 'model.layers.1.mlp.up_proj.weight' among them"):
        load_model(str(tmp_path))


def test_of_gemma_4_without_a_tower_text_is_explained(tmp_path):
    from transformers import Gemma4UnifiedConfig, Gemma4UnifiedForConditionalGeneration
    from transformers import Gemma4UnifiedTextConfig as TextConfig
    from transformers import Gemma4UnifiedVisionConfig as VisionConfig

    tokenizer = build_tokenizer(False, IMAGE4)
    sizes = {name: size for name, size in sizes_of_layers(tokenizer, 16).items() if "per_layer" not in name}
    config = Gemma4UnifiedConfig(
        text_config=TextConfig(**sizes, global_head_dim=32),
        vision_config=VisionConfig(patch_size=4, pooling_kernel_size=2, mm_embed_dim=32, mm_posemb_size=100, output_proj_dims=32),
        video_token_id=3,
        audio_token_id=3,
        **{f"{name}_id": tokenizer.convert_tokens_to_ids(token) for name, token in IMAGE4.items()},
    )
    made = Gemma4UnifiedForConditionalGeneration(config)
    randomise(made)
    made.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    model = load_model(str(tmp_path))
    network = Gemma4UnifiedForConditionalGeneration.from_pretrained(tmp_path).eval()
    assert model.vision is None and agrees(model, network) and says(model, "torchvision")
    assert look(str(tmp_path)).blind == model.blind


@pytest.fixture(scope="module")
def checkpoint4(tmp_path_factory):
    torch.manual_seed(0)
    return write_tiny_gemma4(tmp_path_factory.mktemp("gemma4") / "tiny")


@pytest.mark.parametrize("family", ["gemma3", "gemma4"])
def test_without_a_processor_text_is_explained(family, tiny_seeing_checkpoint, checkpoint4, tmp_path):
    directory = tmp_path / "blind"
    shutil.copytree({"gemma3": tiny_seeing_checkpoint, "gemma4": checkpoint4}[family], directory)
    for name in ("preprocessor_config.json", "processor_config.json"):
        (directory / name).unlink(missing_ok=True)
    assert not look(str(directory)).blind
    model = load_model(str(directory))
    assert model.vision is None and says(model, "without a processor")


def test_a_processor_of_another_tower_is_refused(checkpoint4, tmp_path):
    directory = tmp_path / "other"
    shutil.copytree(checkpoint4, directory)
    file = directory / "preprocessor_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"patch_size": 8}))
    with pytest.raises(ValueError, match="its processor cuts patches of 8 pixels and pools 2 × 2 of them, its tower 4 and 2 × 2"):
        load_model(str(directory))


def test_models_that_are_seen_or_have_no_eyes_say_nothing(checkpoint4, tiny_checkpoint, tiny_seeing_checkpoint, tiny_gemma):
    assert [look(str(one)).blind for one in (checkpoint4, tiny_checkpoint, tiny_seeing_checkpoint)] == [""] * 3
    assert not tiny_gemma.blind and not any("only text" in note for note in tiny_gemma.notes)
    with pytest.raises(ValueError, match="reads text only; pictures need a multimodal checkpoint of Gemma 3 and Gemma 4"):
        tiny_gemma.image_game(PHOTO, PROMPT, TARGET)
