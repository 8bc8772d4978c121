"""Checkpoints: directories, and what is refused."""

import json
import sys
import warnings

import pytest
import torch

from model import load_gemma
from model.text.scoring import READ


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model_type": "vit"}, "type 'vit', which is no decoder-only"),
        ({"model_type": "bart", "is_encoder_decoder": True}, "type 'bart' with an encoder"),
        ({}, "does not say what model it is"),
        ([], "does not say what model it is"),
    ],
)
def test_a_directory_with_another_model_is_refused_by_name(tmp_path, config, message):
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=message):
        load_gemma(str(tmp_path))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("weights.gguf", "weights.gguf cannot be read .No such file"),
        ("not a model", "neither a directory nor a hub id"),
        ("/nonexistent/dir", "neither a directory nor a hub id"),
    ],
)
def test_what_is_no_checkpoint_is_refused(source, message):
    with pytest.raises(ValueError, match=message):
        load_gemma(source)


def test_an_empty_directory_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no config.json"):
        load_gemma(str(tmp_path))


def test_a_checkpoint_without_weights_gets_one_sentence(tiny_checkpoint, tmp_path):
    for file in tiny_checkpoint.iterdir():
        if file.suffix == ".json":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ValueError, match="could not be loaded") as caught:
        load_gemma(str(tmp_path))
    assert "\n" not in str(caught.value)


def broken(directory, tiny_checkpoint, what):
    for file in tiny_checkpoint.iterdir():
        (directory / file.name).write_bytes(file.read_bytes())
    config = directory / "config.json"
    if what == "tokenizer":
        for file in directory.glob("token*"):
            file.unlink()
    elif what == "shapes":
        config.write_text(json.dumps(json.loads(config.read_text()) | {"hidden_size": 48}))
    else:
        config.write_text("{broken")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("tokenizer", r"could not be loaded: its tokenizer knows \d tokens and its network \d+: files of it are missing$"),
        ("shapes", r"could not be loaded: its weights have other shapes than its config\.json says$"),
        ("settings", r"config\.json is damaged: it is no JSON$"),
    ],
)
def test_what_is_wrong_with_a_checkpoint_is_said_in_its_own_words(tiny_checkpoint, tmp_path, what, message):
    broken(tmp_path, tiny_checkpoint, what)
    with pytest.raises(ValueError, match=message):
        load_gemma(str(tmp_path))


def test_a_directory_loads(tiny_gemma, tiny_checkpoint):
    assert tiny_gemma.name == str(tiny_checkpoint)
    assert tiny_gemma.context == 2048
    assert isinstance(tiny_gemma.generate("Review:", max_new_tokens=3), str)
    with pytest.raises(ValueError, match="at most 2048"):
        tiny_gemma.text_game("one two " * 2000, " three")


def test_a_long_prompt_is_read_in_pieces_and_answered_as_by_a_whole_pass(tiny_gemma, monkeypatch):
    prompt = "The plot is thin. She said: hello, world! " * 100
    ids = torch.tensor([tiny_gemma.encode(prompt).ids])
    wanted = ids
    with torch.no_grad():
        for _ in range(4):
            best = tiny_gemma.model(wanted).logits[:, -1].argmax(-1, keepdim=True)
            wanted = torch.cat([wanted, best], dim=1)
    shapes, forward = [], tiny_gemma.model.model.forward
    monkeypatch.setattr(
        tiny_gemma.model.model, "forward", lambda **options: shapes.append(options["input_ids"].shape[1]) or forward(**options)
    )
    said = tiny_gemma.generate(prompt, max_new_tokens=4)
    assert said == tiny_gemma.tokenizer.decode(wanted[0, ids.shape[1] :], skip_special_tokens=True)
    assert max(shapes) == READ < ids.shape[1] and sum(shapes) == ids.shape[1] + 3


def test_an_answer_ends_before_the_text_that_stops_it(tiny_gemma):
    whole = tiny_gemma.generate("Review:", max_new_tokens=40)
    for stop in ("\n", "e", "never there", whole[len(whole) // 2 :][:3], whole[:1]):
        assert tiny_gemma.generate("Review:", max_new_tokens=40, stop=stop) == whole.split(stop, 1)[0]


@pytest.fixture(scope="module")
def adapter(tiny_checkpoint, tmp_path_factory):
    """A random LoRA of the tiny model."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    directory = tmp_path_factory.mktemp("adapter")
    of = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of what training sets
        tuned = get_peft_model(AutoModelForCausalLM.from_pretrained(tiny_checkpoint), of)
    torch.manual_seed(0)
    for name, parameter in tuned.named_parameters():
        if "lora_" in name:
            parameter.data.normal_(0, 0.3)
    tuned.save_pretrained(directory)
    return directory, tuned.eval()


def test_a_lora_is_merged_into_its_model(adapter, tiny_gemma):
    import torch

    directory, tuned = adapter
    merged, ids = load_gemma(directory), torch.arange(40)[None] + 7
    with torch.no_grad():
        want, bare = tuned(input_ids=ids).logits, tiny_gemma.model(ids).logits
        assert torch.allclose(merged.model(ids).logits, want, atol=1e-4) and not torch.allclose(bare, want, atol=0.1)
    assert merged.name == str(directory) and merged.fingerprint != tiny_gemma.fingerprint


def test_a_lora_without_what_it_needs_is_refused(adapter, tmp_path, monkeypatch, tiny_checkpoint):
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "peft", None)
        with pytest.raises(ValueError, match=f"is a LoRA of {tiny_checkpoint}, which the package peft .*: pip install peft"):
            load_gemma(adapter[0])
    config = tmp_path / "adapter_config.json"
    for said, why in (
        ("{}", "does not say which model"),
        ('{"base_model_name_or_path": "a/b"}', "has no adapter_model.safetensors"),
        (json.dumps({"base_model_name_or_path": str(adapter[0])}), "which is one itself"),
    ):
        config.write_text(said)
        with pytest.raises(ValueError, match=why):
            load_gemma(tmp_path)
