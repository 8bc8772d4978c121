"""Models that no device alone has room for: what goes where, and that answers stay the same."""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from gguf_files import vocabulary
from gguf_kinds import tiny, write_kind
from transformers import AutoModelForCausalLM, LlamaConfig

from model.weights import devices
from model.weights.devices import spread_over

ROOT = Path(__file__).parents[3]


@pytest.fixture()
def bare(tiny_checkpoint):
    """A network of no numbers, and the bytes that they would take in bfloat16."""
    network = AutoModelForCausalLM.from_pretrained(tiny_checkpoint)
    return network.to("meta"), 2 * sum(one.numel() for one in network.parameters())


def test_a_model_goes_to_one_gpu_where_it_fits_and_to_more_where_it_does_not(bare, monkeypatch):
    network, size = bare
    for found in ({}, {0: size}, {0: size, 1: size}):
        monkeypatch.setattr(devices, "rooms", lambda found=found: found)
        assert spread_over(network, 2, "mine") == {}
    monkeypatch.setattr(devices, "rooms", lambda: {0: size - 2, 1: size})
    places = spread_over(network, 2, "mine")
    assert set(places.values()) == {torch.device("cuda", 0), torch.device("cuda", 1)}
    held = dict.fromkeys(places.values(), 0)
    for name, parameter in network.named_parameters():
        part = [part for part in places if name == part or name.startswith(f"{part}.")]
        assert len(part) == 1  # no layer is in two places
        held[places[part[0]]] += 2 * parameter.numel()
    assert held[torch.device("cuda", 0)] <= size - 2 and sum(held.values()) == size
    layers = [part for part in places if ".layers." in part]
    assert all(part.count(".") == 2 for part in layers)


def test_what_does_not_fit_or_cannot_be_spread_is_one_sentence(bare, monkeypatch):
    network, size = bare
    monkeypatch.setattr(devices, "rooms", lambda: {0: size // 4, 1: size // 4})
    with pytest.raises(
        devices.NoRoom, match="^mine takes 0.1 MB of the memory of GPUs, and 0.1 MB are free on 2 here: take a smal"
    ):
        spread_over(network, 2, "mine")
    monkeypatch.setattr(devices, "rooms", lambda: dict.fromkeys(range(8), size // 8 + 1))
    with pytest.raises(devices.NoRoom, match="^mine has parts that do not fit into what each of 8 GPUs has free: take a smaller"):
        spread_over(network, 2, "mine")
    monkeypatch.setattr(devices, "rooms", lambda: {0: size - 2, 1: size})
    monkeypatch.setattr(devices, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match='the package accelerate spreads it over 2: pip install "swing\\[gpus\\]"$'):
        spread_over(network, 2, "mine")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    network = tiny(LlamaConfig, vocab_size=len(vocabulary()), tie_word_embeddings=False, max_position_embeddings=2048)
    return write_kind(tmp_path_factory.mktemp("file") / "tiny.gguf", network, "llama")


@pytest.fixture(scope="module")
def lora(tiny_checkpoint, tmp_path_factory):
    from peft import LoraConfig, get_peft_model

    directory = tmp_path_factory.mktemp("lora")
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of what training sets
        of = LoraConfig(r=2, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM", init_lora_weights=False)
        get_peft_model(AutoModelForCausalLM.from_pretrained(tiny_checkpoint), of).save_pretrained(directory)
    return directory


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["tiny_checkpoint", "tiny_seeing_checkpoint", "file", "lora"])
def test_a_model_over_two_devices_answers_as_on_one(request, tmp_path, kind):
    """Of devices that are made up, and as strict as GPUs: see `two_devices`."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    command = [sys.executable, str(Path(__file__).with_name("spread_out.py")), str(request.getfixturevalue(kind))]
    ran = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": paths, "SWING_HOME": str(tmp_path)}, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads(ran.stdout.splitlines()[-1])
    assert len(found["off"]) >= 6 and max(found["off"].values()) < 1e-5 and found["same"]
    assert set(found["places"]) == {"privateuseone:0", "privateuseone:1"}
    assert found["ways"] == ["prefix"] * 4 and found["reads"] == [True, True] and found["redrawn"]
