"""Other architectures than Gemma 3: tensors and answers of a file against the checkpoint of transformers it was made of."""

import pytest
from gguf import RopeScalingType
from gguf.constants import GGMLQuantizationType
from gguf_files import vocabulary
from gguf_kinds import SPECIAL, byte_pairs, scaled, tiny, write_byte_pairs, write_kind, write_pieces
from scripts import CORPUS

from model import load_model
from model.about import look
from model.gguf import load_gguf
from model.gguf.kinds import KINDS

WORDS = len(vocabulary())
LONG = {"rope_type": "longrope", "long_factor": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "short_factor": [1.0, 1.1, 1.2, 1.3, 1.4, 1.5]}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
TURNS = {"rope_theta": 10_000.0, "original_max_position_embeddings": 32}
CAPS = {"attn_logit_softcapping": 7.0, "final_logit_softcapping": 3.0}
SCALES = {"attention_multiplier": 0.2, "embedding_multiplier": 3.0, "residual_multiplier": 0.4, "logits_scaling": 2.0}
EXPERTS = {"expert_count": 6, "expert_used_count": 2}
LOCAL = {"num_local_experts": 6, "num_experts_per_tok": 2}
ASKED = {"num_experts": 6, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
GPT_OSS = {"rope_type": "yarn", "factor": 8.0, "beta_fast": 32.0, "beta_slow": 1.0, "truncate": False}
CASES = {  # the architecture in the file, the configuration's class, what it is given, what the file says besides
    "Gemma 1": ("gemma", "GemmaConfig", {"head_dim": 32}, {}),
    "Gemma 2": (
        "gemma2",
        "Gemma2Config",
        {"head_dim": 32, "query_pre_attn_scalar": 32, "sliding_window": 16, **CAPS},
        {"sliding_window": 16, "attn_logit_softcapping": 7.0, "final_logit_softcapping": 3.0},
    ),
    "Llama": ("llama", "LlamaConfig", {"head_dim": 32}, {}),
    "Llama, tied": ("llama", "LlamaConfig", {"tie_word_embeddings": True, "num_key_value_heads": 4}, {}),
    "Llama with biases": ("llama", "LlamaConfig", {"attention_bias": True, "mlp_bias": True}, {}),
    "Llama 3.1": ("llama", "LlamaConfig", {"rope_parameters": {**LLAMA3, **TURNS}}, {}),
    "Llama, stretched": (
        "llama",
        "LlamaConfig",
        {"rope_parameters": {"rope_type": "linear", "factor": 4.0, **TURNS}},
        scaled(RopeScalingType.LINEAR, 4.0),
    ),
    "Mistral": ("llama", "MistralConfig", {"head_dim": 16, "sliding_window": None}, {}),
    "Qwen 2": ("qwen2", "Qwen2Config", {}, {}),
    "Qwen 2, stretched": (
        "qwen2",
        "Qwen2Config",
        {"rope_parameters": {"rope_type": "yarn", "factor": 4.0, **TURNS}},
        scaled(RopeScalingType.YARN, 4.0, 32),
    ),
    "Qwen 3": ("qwen3", "Qwen3Config", {"head_dim": 32}, {}),
    "Phi 2": ("phi2", "PhiConfig", {"num_key_value_heads": 4}, {}),
    "Phi 3": ("phi3", "Phi3Config", {"sliding_window": 16}, {"sliding_window": 16, "rope_scaling_orig_ctx_len": 128}),
    "Phi 4 mini": (
        "phi3",
        "Phi3Config",
        {"rope_parameters": {**LONG, **TURNS, "partial_rotary_factor": 0.75}, "original_max_position_embeddings": 32},
        {"rope_scaling_orig_ctx_len": 32},
    ),
    "GPT-2": ("gpt2", "GPT2Config", {"intermediate_size": None, "max_position_embeddings": 1024}, {}),
    "GPT-2, untied": ("gpt2", "GPT2Config", {"n_inner": 96, "tie_word_embeddings": False}, {}),
    "StarCoder 2": ("starcoder2", "Starcoder2Config", {}, {}),
    "StableLM": ("stablelm", "StableLmConfig", {"use_qkv_bias": True}, {"parallel_residual": False}),
    "StableLM, parallel": ("stablelm", "StableLmConfig", {"use_parallel_residual": True}, {"parallel_residual": True}),
    "OLMo 2": ("olmo2", "Olmo2Config", {}, {}),
    "SmolLM 3": ("smollm3", "SmolLM3Config", {}, {}),
    "Granite": (
        "granite",
        "GraniteConfig",
        SCALES,
        {"attention_scale": 0.2, "embedding_scale": 3.0, "residual_scale": 0.4, "logit_scale": 2.0},
    ),
    "Mixtral": ("llama", "MixtralConfig", LOCAL, EXPERTS),
    "Mixtral of Llama 3.1": ("llama", "MixtralConfig", {**LOCAL, "rope_parameters": {**LLAMA3, **TURNS}}, EXPERTS),
    "Qwen 2 MoE": (
        "qwen2moe",
        "Qwen2MoeConfig",
        {**ASKED, "shared_expert_intermediate_size": 48},
        {**EXPERTS, "expert_feed_forward_length": 32, "expert_shared_feed_forward_length": 48},
    ),
    "Qwen 3 MoE": (
        "qwen3moe",
        "Qwen3MoeConfig",
        {**ASKED, "head_dim": 32, "norm_topk_prob": True},
        {**EXPERTS, "expert_feed_forward_length": 32},
    ),
    "Qwen 3 MoE, stretched": (
        "qwen3moe",
        "Qwen3MoeConfig",
        {**ASKED, "head_dim": 16, "norm_topk_prob": True, "rope_parameters": {"rope_type": "yarn", "factor": 4.0, **TURNS}},
        {**EXPERTS, "expert_feed_forward_length": 32, **scaled(RopeScalingType.YARN, 4.0, 32)},
    ),
    "GPT-OSS": (
        "gpt-oss",
        "GptOssConfig",
        {**LOCAL, "head_dim": 32, "sliding_window": 16, "rope_parameters": {**GPT_OSS, **TURNS}},
        {**EXPERTS, "expert_feed_forward_length": 96, "sliding_window": 16, **scaled(RopeScalingType.YARN, 8.0, 32)},
    ),
    "GPT-OSS, other bounds": (
        "gpt-oss",
        "GptOssConfig",
        {
            **LOCAL,
            "head_dim": 32,
            "sliding_window": 16,
            "rope_parameters": {**GPT_OSS, **TURNS, "beta_fast": 8.0, "beta_slow": 2.0},
        },
        {
            **EXPERTS,
            "expert_feed_forward_length": 96,
            "sliding_window": 16,
            **scaled(RopeScalingType.YARN, 8.0, 32),
            "rope_scaling_yarn_beta_fast": 8.0,
            "rope_scaling_yarn_beta_slow": 2.0,
        },
    ),
}
SPARSE = ["Mixtral", "Qwen 2 MoE", "Qwen 3 MoE", "GPT-OSS"]
THEIRS = [
    "Gemma 2",
    "Llama",
    "Llama, tied",
    "Qwen 2",
    "GPT-2",
    "StarCoder 2",
    "StableLM",
]  # the others it reads otherwise, or not
TIED = {"Gemma 1", "Gemma 2", "Llama, tied", "GPT-2", "StarCoder 2", "SmolLM 3"}


def source(case):
    import transformers

    _, config, given, _ = CASES[case]
    return tiny(getattr(transformers, config), **{"vocab_size": WORDS, "tie_word_embeddings": case in TIED, **given})


def write(case, path):
    network = source(case)
    return network, write_kind(path, network, CASES[case][0], **CASES[case][3])


def load(path, dtype="float32"):
    import torch

    return load_gguf(path, "my file", getattr(torch, dtype), "cpu")


def answers(network):
    import torch

    with torch.no_grad():
        return network(torch.arange(60)[None] * 7 % WORDS).logits


@pytest.mark.parametrize("case", CASES)
def test_the_network_is_the_one_that_was_written(tmp_path, case):
    import torch

    network, path = write(case, tmp_path / "tiny.gguf")
    loaded, tokenizer = load(path)
    assert (
        type(loaded).__name__ == ("LlamaForCausalLM" if case == "Mistral" else type(network).__name__) and len(tokenizer) == WORDS
    )
    found = loaded.state_dict()
    assert found.keys() == network.state_dict().keys()
    for name, tensor in network.state_dict().items():
        if CASES[case][0].startswith("gemma") and name.endswith("norm.weight"):  # one is added and taken away again
            assert torch.allclose(found[name], tensor, atol=1e-6)
        else:
            assert torch.equal(found[name], tensor), name
    want = answers(network)
    assert torch.allclose(answers(loaded), want, atol=1e-4) and want.std() > 0.05
    assert not loaded.training and not any(parameter.requires_grad for parameter in loaded.parameters())
    assert (loaded.get_output_embeddings().weight is loaded.get_input_embeddings().weight) == (case in TIED)
    assert loaded.config.max_position_embeddings == network.config.max_position_embeddings


def test_every_architecture_that_is_read_is_compared():
    """Here, in test_load.py and in test_layered.py."""
    assert {arch for arch, *_ in CASES.values()} | {"gemma3", "gemma3n", "gemma4"} == set(KINDS)


@pytest.mark.parametrize("case", THEIRS)
def test_transformers_reads_the_same(tmp_path, case):
    """So that what these tests write is what others write too."""
    import torch
    from transformers import AutoModelForCausalLM

    _, path = write(case, tmp_path / "tiny.gguf")
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file=path.name, dtype=torch.float32).eval()
    ours = load(path)[0].state_dict()
    for name, tensor in theirs.state_dict().items():
        assert torch.equal(ours[name], tensor), name


@pytest.mark.parametrize("case", ["Llama 3.1", "Llama, stretched", "Qwen 2, stretched", "Phi 4 mini"])
def test_scaled_positions_count(tmp_path, case):
    """Without what the file says of them the answers are others; a shorter type scales them as finely."""
    import torch

    network, path = write(case, tmp_path / "tiny.gguf")
    plain = tiny(type(network.config), vocab_size=WORDS, tie_word_embeddings=False, **({"rope_parameters": None}))
    if case != "Phi 4 mini":
        plain.load_state_dict(network.state_dict())
        assert not torch.allclose(answers(plain), answers(network), atol=1e-3)
    halves = load(path, "bfloat16")[0]
    rotary = (halves.model.rotary_emb.inv_freq, network.model.rotary_emb.inv_freq)
    assert rotary[0].dtype == torch.float32 and torch.allclose(*rotary, rtol=1e-6)


@pytest.mark.parametrize("like", ["", "gpt-2", "smollm", "llama-bpe", "qwen2"])
def test_a_tokenizer_of_merged_bytes(tmp_path, like):
    arch = "llama" if like else "gpt2"
    case = "Llama" if like else "GPT-2"
    want = byte_pairs(like)
    network = tiny_of(case, want.get_vocab_size())
    path = write_kind(tmp_path / "tiny.gguf", network, arch, write_byte_pairs(like))
    _, tokenizer = load(path)
    begin = [2] if like == "llama-bpe" else []
    assert len(tokenizer) == want.get_vocab_size() and tokenizer.bos_token == SPECIAL[2] and tokenizer.eos_token == SPECIAL[1]
    for text in [*CORPUS, "one 12345 café cafe\u0301 don't" + SPECIAL[1]]:
        expected = want.encode(text)
        found = tokenizer(text, return_offsets_mapping=True)
        assert found["input_ids"] == begin + expected.ids and found["offset_mapping"][len(begin) :] == expected.offsets
        assert tokenizer.decode(expected.ids) == want.decode(expected.ids, skip_special_tokens=False) or like == "qwen2"


def tiny_of(case, words):
    import transformers

    _, config, given, _ = CASES[case]
    return tiny(getattr(transformers, config), **{**given, "vocab_size": words, "tie_word_embeddings": case in TIED})


@pytest.mark.parametrize("case", ["Llama", "Phi 3"])
def test_a_tokenizer_of_sentencepiece_is_as_transformers_makes_it(tmp_path, case):
    from transformers.integrations.gguf import convert_gguf_tokenizer, get_gguf_tokenizer

    _, path = write(case, tmp_path / "tiny.gguf")
    kind, said, _ = get_gguf_tokenizer(str(path))
    theirs = convert_gguf_tokenizer(kind, {**said, "token_type": list(map(int, kinds_of_tokens(path)))})[0]
    _, tokenizer = load(path)
    for text in (text for text in CORPUS if "<s>" not in text and "</s>" not in text):  # which theirs adds to the tokens
        expected = theirs.encode(text, add_special_tokens=False)
        found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        assert (found["input_ids"], found["offset_mapping"]) == (expected.ids, expected.offsets)
        assert tokenizer(text)["input_ids"] == [2, *expected.ids]


def kinds_of_tokens(path):
    from model.gguf.header import read_header
    from model.gguf.source import Source

    with Source([path], "my file") as opened:
        return read_header(opened).fields["tokenizer.ggml.token_type"]


def test_no_space_is_put_before_a_text_where_the_file_says_so(tmp_path):
    network = source("Llama")
    texts = []
    for leads in (True, False):
        path = write_kind(tmp_path / f"{leads}.gguf", network, "llama", lambda writer, leads=leads: write_pieces(writer, leads))
        tokenizer = load(path)[1]
        texts.append(tokenizer.convert_ids_to_tokens(tokenizer("the")["input_ids"]))
    assert texts == [["<bos>", "▁the"], ["<bos>", "the"]]


def test_a_file_is_loaded_and_explained(tmp_path, monkeypatch):
    monkeypatch.setenv("SWING_HOME", str(tmp_path))
    _, path = write("Llama 3.1", tmp_path / "tiny.gguf")
    model = load_model(path)
    assert model.handshake.removed == "prefix" and model.handshake.hidden == "prefix" and not model.notes
    game = model.text_game("the thing with an other", " in", "word")
    assert game.n_players == 5


@pytest.mark.parametrize("case", SPARSE)
def test_a_file_with_experts_is_loaded_and_explained(tmp_path, monkeypatch, case):
    monkeypatch.setenv("SWING_HOME", str(tmp_path))
    network, path = write(case, tmp_path / "tiny.gguf")
    assert look(path).parameters == sum(parameter.numel() for parameter in network.parameters())
    model = load_model(path)
    assert model.handshake.removed == "prefix" and model.handshake.hidden == "prefix"
    assert model.text_game("the thing with an other", " in", "word").n_players == 5


@pytest.mark.parametrize("case", SPARSE)
@pytest.mark.parametrize("part", ["ffn_up_exps", "ffn_gate_inp"])
def test_what_lacks_a_part_of_its_experts_is_refused(tmp_path, case, part):
    arch, _, _, more = CASES[case]
    path = write_kind(tmp_path / "tiny.gguf", source(case), arch, leave=f"blk.2.{part}.weight", **more)
    with pytest.raises(ValueError, match=f"^my file lacks the tensor 'blk.2.{part}.weight'"):
        load(path)


def test_a_row_that_older_converters_wrote_flat(tmp_path):
    """The gate of the experts that are always asked."""
    import torch

    arch, _, _, more = CASES["Qwen 2 MoE"]
    network = source("Qwen 2 MoE")
    loaded = load(write_kind(tmp_path / "tiny.gguf", network, arch, flat=True, **more))[0]
    gates = [one.model.layers[0].mlp.shared_expert_gate.weight for one in (loaded, network)]
    assert torch.equal(*gates) and gates[0].shape == (1, 64)


@pytest.mark.parametrize("kind", [GGMLQuantizationType.MXFP4, GGMLQuantizationType.Q8_0])
def test_quantised_experts(tmp_path, kind):
    """GPT-OSS is published in MXFP4: numbers that this holds exactly come back so, turned as the network has them."""
    import torch

    arch, _, _, more = CASES["GPT-OSS"]
    network = source("GPT-OSS")
    for layer in network.model.layers:
        for name in ("gate_up_proj", "down_proj"):
            one = getattr(layer.mlp.experts, name)
            one.data = torch.randint(-4, 5, one.shape, generator=torch.manual_seed(1)) / 4
    loaded = load(write_kind(tmp_path / "tiny.gguf", network, arch, experts=kind, **more))[0]
    for name, tensor in network.state_dict().items():
        assert torch.allclose(loaded.state_dict()[name], tensor, atol=0 if kind == GGMLQuantizationType.MXFP4 else 0.005), name


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"expert_group_count": 8}, "states 'llama.expert_group_count', which Swing does not know how to apply"),
        ({"expert_count": 8}, "does not state llama.expert_used_count"),
        ({"expert_count": 8, "expert_used_count": 9}, "states that each token asks 9 of 8 experts"),
        ({"expert_count": 8, "expert_used_count": 2}, "a tensor 'blk.0.ffn_down.weight', which this network has no place for"),
        (
            {"rope_scaling_type": RopeScalingType.LONGROPE, "rope_scaling_factor": 2.0},
            "states 'llama.rope.scaling.factor', which",
        ),
        ({"head_count": 3}, "of shape|describes a network that cannot be"),
        ({"head_count": 128, "key_length": None, "value_length": None, "rope_dimension_count": None}, "states heads of"),
        ({"rope_dimension_count": 8}, "another length of their keys or turns"),
        ({"tokens": write_byte_pairs("")}, "does not say how its tokenizer cuts text"),
        ({"tokens": write_byte_pairs("poro-chat")}, "cuts text as 'poro-chat', which Swing does not"),
    ],
)
def test_what_cannot_be_read_rightly_is_refused(tmp_path, change, sentence):
    network = tiny_of("Llama", byte_pairs("").get_vocab_size()) if "tokens" in change else source("Llama")
    path = write_kind(tmp_path / "tiny.gguf", network, **{"arch": "llama", **change})
    with pytest.raises(ValueError, match=f"^my file .*({sentence})") as caught:
        load(path)
    assert "\n" not in str(caught.value)
