"""GGUF files of Gemma 3n and 4, as llama.cpp's converter (conversion/gemma.py) lays out a checkpoint of transformers."""

import functools
import tempfile
from pathlib import Path

import numpy as np
from gguf import GGUFWriter, LlamaHfVocab, SpecialVocab, get_tensor_name_map, quantize
from gguf.constants import MODEL_ARCH_NAMES, GGMLQuantizationType
from gguf_files import finish, vocabulary
from gguf_kinds import tiny, write_pieces

PATTERN = ["sliding_attention", "sliding_attention", "full_attention"] * 2
WHOLE = {"vocab_size": len(vocabulary()), "vocab_size_per_layer_input": len(vocabulary()), "num_hidden_layers": len(PATTERN)}
SHARED = {"num_kv_shared_layers": 3, "hidden_size_per_layer_input": 32, "sliding_window": 16, "layer_types": PATTERN}


def tiny_3n(**changes):
    """Sparse gates in half of its layers, a cap on its logits; the last three layers share keys and values."""
    from transformers import Gemma3nTextConfig

    sparse = [0.95, 0.5, 0.9, 0.0, 0.0, 0.0]
    bases = {"full_attention": 5000.0, "sliding_attention": 100.0}
    rope = {kind: {"rope_type": "default", "rope_theta": base} for kind, base in bases.items()}
    own = {"laurel_rank": 8, "activation_sparsity_pattern": sparse, "altup_active_idx": 1, "final_logit_softcapping": 3.0}
    return tiny(Gemma3nTextConfig, **{**WHOLE, **SHARED, "head_dim": 16, "rope_parameters": rope, **own, **changes})


def tiny_4(**changes):
    """Heads of two widths, the wider of which turn in part."""
    from transformers import Gemma4TextConfig

    turns = {"rope_type": "proportional", "rope_theta": 5000.0, "partial_rotary_factor": 0.25}
    rope = {"full_attention": turns, "sliding_attention": {"rope_type": "default", "rope_theta": 100.0}}
    own = {"head_dim": 16, "global_head_dim": 32, "rope_parameters": rope, "final_logit_softcapping": 3.0}
    network = tiny(Gemma4TextConfig, **{**WHOLE, **SHARED, **own, **changes})
    for i, layer in enumerate(network.model.layers):
        layer.layer_scalar.fill_(0.5 + 0.1 * i)
    return network


def write_layered(path: Path, network, kind=GGMLQuantizationType.F32, leave=(), add=None, tensors=None) -> Path:
    """kind : of its tables of tokens;  leave : fields and tensors left out
    add : method of GGUFWriter without "add_", or a whole field → what is stated besides, or instead;  tensors : put in so too
    """
    config = network.config
    arch = config.model_type.removesuffix("_text")
    writer = GGUFWriter(path, arch)
    said = {**_shared(config), **(_of_3n if arch == "gemma3n" else _of_4)(config), **(add or {})}
    for method, value in said.items():
        if method in leave or value is None:
            continue
        if "." in method:
            (writer.add_float32 if isinstance(value, float) else writer.add_uint32)(method, value)
        else:
            getattr(writer, f"add_{method}")(value)
    write_pieces(writer, leads=False) if arch == "gemma3n" else write_listed(writer)
    placed = {**dict(_laid_out(network, arch)), **(tensors or {})}
    for name, array in placed.items():
        if name not in leave:
            of = kind if name.endswith("token_embd.weight") else GGMLQuantizationType.F32
            writer.add_tensor(name, quantize(np.ascontiguousarray(array, np.float32), of), raw_dtype=of)
    return finish(writer)


def _shared(config) -> dict:
    """What the converter of Gemma 3 states of both."""
    rope, stated = config.rope_parameters, config.to_dict()
    return {
        "context_length": config.max_position_embeddings,
        "embedding_length": config.hidden_size,
        "block_count": config.num_hidden_layers,
        "feed_forward_length": config.intermediate_size,
        "head_count": config.num_attention_heads,
        "head_count_kv": stated["num_key_value_heads"],
        "layer_norm_rms_eps": config.rms_norm_eps,
        "key_length": stated["head_dim"],
        "value_length": stated["head_dim"],
        "rope_freq_base": rope["full_attention"]["rope_theta"],
        "rope_freq_base_swa": rope["sliding_attention"]["rope_theta"],
        "final_logit_softcapping": config.final_logit_softcapping,
        "sliding_window": config.sliding_window,
        "shared_kv_layers": config.num_kv_shared_layers,
        "embedding_length_per_layer_input": config.hidden_size_per_layer_input,
        "sliding_window_pattern": [kind == "sliding_attention" for kind in config.layer_types],
        "bos_token_id": 2,
        "eos_token_id": 1,
        "pad_token_id": 0,
        "add_bos_token": True,
    }


def _of_3n(config) -> dict:
    import torch

    normal = torch.distributions.normal.Normal(0, 1)
    scale = [normal.icdf(torch.tensor(share)).item() for share in config.activation_sparsity_pattern]
    inputs = {"altup_active_idx": config.altup_active_idx, "altup_num_inputs": config.altup_num_inputs}
    return {**inputs, "activation_sparsity_scale": scale}


def _of_4(config) -> dict:
    count, shared = config.num_hidden_layers, config.num_kv_shared_layers
    layers = [config.per_layer_config[i] for i in range(count)]
    full, sliding = config.per_layer_config["full_attention"], config.to_dict()["head_dim"]
    said = {
        "key_length": full.head_dim,
        "value_length": full.head_dim,
        "key_length_swa": sliding,
        "value_length_swa": sliding,
        "rope_dimension_count": full.head_dim,
        "rope_dimension_count_swa": sliding,
    }
    if config.use_double_wide_mlp:
        said["feed_forward_length"] = [config.intermediate_size * (1 + (i >= count - shared)) for i in range(count)]
    if config.enable_moe_block:
        said |= {"expert_count": config.num_experts, "expert_used_count": config.top_k_experts}
        said["expert_feed_forward_length"] = config.moe_intermediate_size
    if config.attention_k_eq_v:
        said["head_count_kv"] = [layer.num_key_value_heads for layer in layers]
    return said


def _laid_out(network, arch: str):
    """Names and arrays of the file; keys and values of the layers that share them too, which checkpoints have."""
    config, random = network.config, np.random.default_rng(0)
    kind = next(key for key, name in MODEL_ARCH_NAMES.items() if name == arch)
    names = get_tensor_name_map(kind, config.num_hidden_layers)
    stacks: dict[str, list] = {}
    for name, tensor in network.state_dict().items():
        if name.startswith(("model.altup_projections", "model.altup_unembed_projections")):
            stacks.setdefault(name.split(".")[1], []).append(tensor.numpy())
        elif ".router." in name or ".experts." in name:
            yield _expert_name(name), tensor.numpy()
        elif name.endswith(("_scale", "layer_scalar")):
            yield f"{names.get_name(name)}.weight", tensor.numpy()
        elif name != "lm_head.weight" or not config.tie_word_embeddings:
            stem, end = name.rsplit(".", 1)
            yield f"{names.get_name(stem)}.{end}", tensor.numpy()
    for name, arrays in stacks.items():
        yield f"{names.get_name(f'model.{name}')}.weight", np.stack(arrays)
    for i in range(config.num_hidden_layers - config.num_kv_shared_layers, config.num_hidden_layers):
        for part in ("attn_k", "attn_v"):
            yield f"blk.{i}.{part}.weight", random.normal(size=(32, config.hidden_size))
        yield f"blk.{i}.attn_k_norm.weight", random.normal(size=16)
    if arch == "gemma4":
        full = config.per_layer_config["full_attention"].head_dim
        turned = int(full * config.rope_parameters["full_attention"]["partial_rotary_factor"] / 2)
        yield "rope_freqs.weight", np.array([1.0] * turned + [1e30] * (full // 2 - turned))


def _expert_name(name: str) -> str:
    """Of Gemma 4's, whose gates and ups stay in one tensor."""
    ends = {
        "router.proj.weight": "ffn_gate_inp.weight",
        "router.scale": "ffn_gate_inp.scale",
        "router.per_expert_scale": "ffn_down_exps.scale",
        "experts.gate_up_proj": "ffn_gate_up_exps.weight",
        "experts.down_proj": "ffn_down_exps.weight",
    }
    _, _, block, end = name.split(".", 3)
    return f"blk.{block}.{ends[end]}"


def tiny_tokenizer():
    """Gemma's of transformers, of the words of the other files."""
    from transformers import GemmaTokenizer
    from transformers.tokenization_utils_base import generate_merges

    vocab = {"▁" * len(word) if word.isspace() and "\n" not in word else word: i for i, word in enumerate(vocabulary())}
    merges = generate_merges(vocab, {word: -i for word, i in vocab.items()})
    return GemmaTokenizer(vocab=vocab, merges=merges, extra_special_tokens=["<start_of_turn>", "<end_of_turn>"])


@functools.cache
def _listed():
    """Tokens with their scores and types, and merges, as the converter finds them in a directory."""
    with tempfile.TemporaryDirectory() as directory:
        tiny_tokenizer().save_pretrained(directory)
        special = SpecialVocab(directory, load_merges=True)
        return list(LlamaHfVocab(Path(directory)).all_tokens()), special.merges


def write_listed(writer: GGUFWriter) -> None:
    """The tokenizer of Gemma 4: SentencePiece's tokens and their merges."""
    tokens, merges = _listed()
    writer.add_tokenizer_model("gemma4")
    writer.add_token_list([text for text, _, _ in tokens])
    writer.add_token_scores([score for _, score, _ in tokens])
    writer.add_token_types([kind for _, _, kind in tokens])
    writer.add_token_merges(merges)
    writer.add_unk_token_id(3)
