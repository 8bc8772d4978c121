"""GGUF files of a tiny random Gemma 3 and of single tensors, as the `gguf` package writes them."""

from pathlib import Path

import numpy as np
from gguf import GGUFWriter, TokenType, get_tensor_name_map, quantize
from gguf.constants import MODEL_ARCH, GGMLQuantizationType

OWN = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
LISTED = [*OWN, "[multimodal]", "<start_of_turn>", "<end_of_turn>", "\n", "\n\n", "  ", "   ", "<b>", "</b>"]
LEARNED = [
    "th",
    "he",
    "the",
    "in",
    "er",
    "an",
    "and",
    "▁t",
    "▁th",
    "▁the",
    "▁a",
    "▁an",
    "▁and",
    "ing",
    "▁w",
    "▁wi",
    "wi",
    "ith",
    "▁with",
]
CONTROLS = {*OWN, "<start_of_turn>", "<end_of_turn>"}
OF_USER = {"[multimodal]", "\n", "\n\n", "  ", "   ", "<b>", "</b>"}


def tiny_config(**changes):
    """Six layers, so that one is global; rows of 64 numbers, which every type of blocks of 32 can hold."""
    from transformers import Gemma3TextConfig

    sizes = {"hidden_size": 64, "intermediate_size": 96, "head_dim": 32, "query_pre_attn_scalar": 32, "num_hidden_layers": 6}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "sliding_window": 16, "max_position_embeddings": 512}
    known = {"vocab_size": len(vocabulary()), "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2, "unk_token_id": 3}
    return Gemma3TextConfig(**{**sizes, **heads, **known, **changes})


def vocabulary() -> list[str]:
    """Spelled as in files: runs of spaces as such."""
    letters = [*map(chr, range(33, 127)), "▁"]
    return [*LISTED, *(f"<0x{byte:02X}>" for byte in range(256)), *LEARNED, *letters]


def tiny_network(config):
    import torch
    from transformers import Gemma3ForCausalLM

    torch.manual_seed(0)
    network = Gemma3ForCausalLM(config).eval()
    for parameter in network.parameters():  # large enough that attention and content matter; norms too
        parameter.data.normal_(0, 0.3)
    return network


def write_gguf(path: Path, network, kind=GGMLQuantizationType.F32, leave=(), add=None, tensors=None, arch="gemma3") -> Path:
    """`network` in a file. kind : of its matrices;  leave : fields and tensors left out;  add, tensors : put in besides"""
    config = network.config
    writer = GGUFWriter(path, arch)
    fields = {
        f"{arch}.context_length": config.max_position_embeddings,
        f"{arch}.embedding_length": config.hidden_size,
        f"{arch}.block_count": config.num_hidden_layers,
        f"{arch}.feed_forward_length": config.intermediate_size,
        f"{arch}.attention.head_count": config.num_attention_heads,
        f"{arch}.attention.head_count_kv": config.num_key_value_heads,
        f"{arch}.attention.key_length": config.head_dim,
        f"{arch}.attention.value_length": config.head_dim,
        f"{arch}.attention.sliding_window": config.sliding_window,
        "tokenizer.ggml.bos_token_id": 2,
        "tokenizer.ggml.eos_token_id": 1,
        "tokenizer.ggml.unknown_token_id": 3,
        "tokenizer.ggml.padding_token_id": 0,
    }
    writer.add_name("tiny")
    for key, value in {**fields, **(add or {})}.items():
        if key not in leave:
            (writer.add_string if isinstance(value, str) else writer.add_uint32)(key, value)
    writer.add_float32(f"{arch}.attention.layer_norm_rms_epsilon", config.rms_norm_eps)
    writer.add_float32(f"{arch}.rope.freq_base", 1_000_000.0)
    words = vocabulary()
    writer.add_tokenizer_model("llama")
    writer.add_token_list(words)
    writer.add_token_scores([-float(i) for i in range(len(words))])
    writer.add_token_types([kind_of(word) for word in words])
    writer.add_add_bos_token(True)
    names = get_tensor_name_map(MODEL_ARCH.GEMMA3, config.num_hidden_layers)
    for name, tensor in network.state_dict().items():
        target = f"{names.get_name(name.removesuffix('.weight'))}.weight"
        if target not in leave and not (name == "lm_head.weight" and config.tie_word_embeddings):
            _add(writer, target, tensor.numpy() + (1 if name.endswith("norm.weight") else 0), kind)
    for name, tensor in (tensors or {}).items():
        _add(writer, name, tensor, kind)
    return finish(writer)


def finish(writer: GGUFWriter) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return Path(writer.path)


def _add(writer: GGUFWriter, name: str, tensor: np.ndarray, kind: GGMLQuantizationType) -> None:
    of = GGMLQuantizationType.F32 if tensor.ndim == 1 else kind
    writer.add_tensor(name, quantize(tensor.astype(np.float32), of), raw_dtype=of)


def kind_of(word: str) -> TokenType:
    if word.startswith("<0x"):
        return TokenType.BYTE
    return TokenType.CONTROL if word in CONTROLS else TokenType.USER_DEFINED if word in OF_USER else TokenType.NORMAL
