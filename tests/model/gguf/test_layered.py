"""Gemma 3n and 4, whose layers differ from each other: tensors, answers and tokens of a file against the checkpoint of it."""

import numpy as np
import pytest
from gguf.constants import GGMLQuantizationType
from gguf_files import vocabulary
from gguf_layered import PATTERN, tiny_3n, tiny_4, tiny_tokenizer, write_layered
from scripts import CORPUS

from model import load_model
from model.gguf import load_gguf
from model.gguf.packed import Packed

NONE_SHARED = {"num_kv_shared_layers": 0}
USUAL = {"final_logit_softcapping": 30.0, "rope_parameters": None}
KEYS_FOR_VALUES = {"attention_k_eq_v": True, "num_global_key_value_heads": 1, "hidden_size_per_layer_input": 0}
EXPERTS = {"enable_moe_block": True, "num_experts": 6, "top_k_experts": 2, "moe_intermediate_size": 32}
CASES = {  # what makes the network, what it is given, what the file does not state
    "3n": (tiny_3n, {}, ()),
    "3n, nothing shared": (tiny_3n, NONE_SHARED, ()),
    "3n, usual": (tiny_3n, USUAL, ("final_logit_softcapping", "rope_freq_base_swa")),
    "3n, widths": (tiny_3n, {"intermediate_size": [96, 96, 64, 64, 128, 128]}, ()),
    "4": (tiny_4, {}, ()),
    "4, nothing shared": (tiny_4, NONE_SHARED, ()),
    "4, twice as wide": (tiny_4, {"use_double_wide_mlp": True}, ()),
    "4, keys for values": (tiny_4, {**NONE_SHARED, **KEYS_FOR_VALUES}, ()),
    "4, experts": (tiny_4, {**NONE_SHARED, **KEYS_FOR_VALUES, **EXPERTS}, ()),
}


def load(path, dtype="float32"):
    import torch

    return load_gguf(path, "my file", getattr(torch, dtype), "cpu")


def answers(network):
    import torch

    with torch.no_grad():
        return network(torch.arange(60)[None] * 7 % len(vocabulary())).logits


@pytest.fixture(scope="module")
def networks():
    return {"gemma3n": tiny_3n(), "gemma4": tiny_4()}


@pytest.mark.parametrize("case", CASES)
def test_the_network_is_the_one_that_was_written(tmp_path, case):
    import torch

    make, given, leave = CASES[case]
    network = make(**given)
    loaded, tokenizer = load(write_layered(tmp_path / "tiny.gguf", network, leave=leave))
    found = loaded.state_dict()
    assert found.keys() == network.state_dict().keys() and len(tokenizer) == len(vocabulary())
    for name, tensor in network.state_dict().items():
        assert torch.equal(found[name], tensor), name
    want = answers(network)
    assert torch.allclose(answers(loaded), want, atol=1e-5) and want.std() > 0.05
    assert loaded.lm_head.weight is loaded.model.embed_tokens.weight and not loaded.training


def test_gates_and_ups_of_experts_may_lie_apart(tmp_path):
    """As ggml's network takes them too."""
    network = tiny_4(**NONE_SHARED, **EXPERTS)
    fused = {f"blk.{i}.ffn_gate_up_exps.weight": layer.experts.gate_up_proj for i, layer in enumerate(network.model.layers)}
    parts = {
        name.replace("gate_up", kind): tensor[:, rows].detach().numpy()
        for name, tensor in fused.items()
        for kind, rows in (("gate", slice(32)), ("up", slice(32, None)))
    }
    loaded = load(write_layered(tmp_path / "tiny.gguf", network, leave=list(fused), tensors=parts))[0]
    for layer, name in zip(loaded.model.layers, fused):
        assert layer.experts.gate_up_proj.equal(fused[name])


@pytest.mark.parametrize("arch", ["gemma3n", "gemma4"])
def test_a_file_is_loaded_and_explained(networks, tmp_path, monkeypatch, arch):
    monkeypatch.setenv("SWING_HOME", str(tmp_path))
    model = load_model(write_layered(tmp_path / "tiny.gguf", networks[arch]))
    assert model.handshake.removed == "batches" and model.handshake.hidden == "batches"  # for layers share keys
    assert model.text_game("the thing with an other", " in", "word").n_players == 5


@pytest.mark.parametrize("arch", ["gemma3n", "gemma4"])
def test_tables_that_are_looked_up_stay_as_the_file_has_them(networks, tmp_path, arch):
    import torch

    network = networks[arch]
    loaded = load(write_layered(tmp_path / "tiny.gguf", network, GGMLQuantizationType.Q8_0))[0]
    for name in ("embed_tokens", "embed_tokens_per_layer"):
        table, whole = (getattr(one.model, name).weight for one in (loaded, network))
        assert isinstance(table.data, Packed) and torch.allclose(table.data.rows(slice(None)), whole, atol=0.01)
    assert torch.allclose(answers(loaded), answers(network), atol=0.1)


def test_older_files_count_the_layers_that_share_by_a_fraction(networks, tmp_path):
    """As the gguf package wrote that field when Gemma 3n was new."""
    older = {"leave": ["shared_kv_layers"], "add": {"gemma3n.attention.shared_kv_layers": 3.0}}
    loaded = load(write_layered(tmp_path / "tiny.gguf", networks["gemma3n"], **older))[0]
    assert loaded.config.num_kv_shared_layers == 3


def test_the_tokenizer_of_gemma_4_is_the_checkpoints_own(networks, tmp_path):
    own, tokenizer = tiny_tokenizer(), load(write_layered(tmp_path / "tiny.gguf", networks["gemma4"]))[1]
    for text in CORPUS:
        expected = own(text, add_special_tokens=False, return_offsets_mapping=True)
        found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        assert (found["input_ids"], found["offset_mapping"]) == (expected["input_ids"], expected["offset_mapping"]), text
        assert tokenizer(text)["input_ids"] == [2, *expected["input_ids"]]
    assert tokenizer.added_tokens_decoder[tokenizer.convert_tokens_to_ids("<end_of_turn>")].special


SHORT, STOPPED = np.array([1.0] * 3 + [1e30] * 12), np.array([1.0, 1e30] * 8)
LEFT = [kind == "sliding_attention" for kind in PATTERN[1:] + PATTERN[:1]]
MANY = {"expert_count": 4, "expert_used_count": 2, "expert_feed_forward_length": 32}
REFUSED = {  # architecture, what is changed, the sentence
    "no pattern": ("gemma3n", {"leave": ["sliding_window_pattern"]}, "does not state gemma3n.attention.sliding_window_pattern"),
    "a period": ("gemma4", {"add": {"sliding_window_pattern": 3}}, "sliding_window_pattern = 3, and not of each block"),
    "other pattern": ("gemma4", {"add": {"sliding_window_pattern": [True, False]}}, "of 2 blocks, and has 6"),
    "last is a window": ("gemma4", {"add": {"sliding_window_pattern": LEFT}}, "or windows, that cannot be"),
    "all share": ("gemma3n", {"add": {"shared_kv_layers": 6}}, "states 6 layers with the keys and values of others"),
    "more share": ("gemma4", {"add": {"shared_kv_layers": 99}}, "states 99 layers with the keys and values of others"),
    "more inputs": (
        "gemma3n",
        {"add": {"altup_num_inputs": 2**31 - 1}},
        "states 2147483647 inputs of AltUp, and has tensors of 4",
    ),
    "no such input": ("gemma3n", {"add": {"altup_active_idx": 4}}, "altup.active_idx = 4, and 4 inputs of AltUp"),
    "sparse": ("gemma3n", {"add": {"activation_sparsity_scale": [float("nan")] * 6}}, "with what are no numbers"),
    "no base": ("gemma4", {"leave": ["rope_freq_base"]}, "does not state gemma4.rope.freq_base"),
    "no local base": ("gemma4", {"leave": ["rope_freq_base_swa"]}, "does not state gemma4.rope.freq_base_swa"),
    "no cap": ("gemma4", {"leave": ["final_logit_softcapping"]}, "does not state gemma4.final_logit_softcapping"),
    "other values": ("gemma4", {"add": {"value_length_swa": 8}}, "gemma4.attention.value_length_swa = 8"),
    "other turns": ("gemma4", {"add": {"rope_dimension_count_swa": 8}}, "gemma4.rope.dimension_count_swa = 8"),
    "widths": ("gemma4", {"add": {"feed_forward_length": [96, 96, 64, 64, 96, 96]}}, "widths of layers"),
    "keys": ("gemma4", {"add": {"head_count_kv": [2, 1, 2, 2, 2, 2]}}, "layers of one kind with different numbers of keys"),
    "no turns": ("gemma4", {"leave": ["rope_freqs.weight"]}, "lacks the tensor 'rope_freqs.weight'"),
    "few turns": ("gemma4", {"tensors": {"rope_freqs.weight": SHORT}}, "'rope_freqs.weight' that Gemma 4 does not have"),
    "mixed turns": ("gemma4", {"tensors": {"rope_freqs.weight": STOPPED}}, "'rope_freqs.weight' that Gemma 4 does not have"),
    "slow turns": (
        "gemma4",
        {"tensors": {"rope_freqs.weight": np.array([1.0] * 4 + [8.0] * 12)}},
        "by which positions turn slower, which Swing does not know how to apply",
    ),
    "stretched": ("gemma3n", {"add": {"rope_scaling_factor": 2.0}}, "states 'gemma3n.rope.scaling.factor', which Swing does not"),
    "lacking": ("gemma3n", {"leave": ["blk.0.laurel_l.weight"]}, "lacks the tensor 'blk.0.laurel_l.weight'"),
    "no scalar": ("gemma4", {"leave": ["blk.3.layer_output_scale.weight"]}, "lacks the tensor 'blk.3.layer_output_scale.weight'"),
    "stacked": ("gemma3n", {"tensors": {"altup_proj.weight": np.zeros((3, 64, 32))}}, "of shape .* needs .3, 64, 64"),
    "some of experts": ("gemma4", {"add": {"expert_count": 4}}, "does not state gemma4.expert_used_count"),
    "no experts": ("gemma4", {"add": MANY}, "lacks the tensor 'blk.0.ffn_gate_inp.scale'"),
    "own keys": ("gemma4", {"tensors": {"blk.0.attn_k.bias": np.zeros(32)}}, "a tensor 'blk.0.attn_k.bias', which this network"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_read_rightly_is_refused(networks, tmp_path, why):
    arch, changes, sentence = REFUSED[why]
    path = write_layered(tmp_path / "tiny.gguf", networks[arch], **changes)
    with pytest.raises(ValueError, match=f"^my file .*{sentence}") as caught:
        load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("arch", ["gemma3n", "gemma4"])
def test_a_damaged_file_loads_or_is_refused_and_nothing_else(networks, tmp_path_factory, arch):
    """One byte of what describes the network is another."""
    path = write_layered(tmp_path_factory.mktemp("damaged") / "tiny.gguf", networks[arch])
    content, random = path.read_bytes(), np.random.default_rng(0)
    end, refused = content.index(b"tokenizer.ggml.tokens"), 0
    for place in random.choice(np.arange(50, end), 60, replace=False):
        changed = bytearray(content)
        changed[place] = random.integers(256)
        path.write_bytes(changed)
        try:
            load(path)
        except ValueError as error:
            assert str(error).startswith("my file ") and "\n" not in str(error)
            refused += 1
    assert refused > 10
