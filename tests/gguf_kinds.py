"""GGUF files of other architectures, as llama.cpp's converter lays out a checkpoint of transformers."""

from pathlib import Path

import numpy as np
from gguf import GGUFWriter, RopeScalingType, TokenType, get_tensor_name_map, quantize
from gguf.constants import MODEL_ARCH_NAMES, GGMLQuantizationType
from gguf_files import finish, kind_of, vocabulary

PAIRED, GEMMAS = ("llama", "smollm3", "granite"), ("gemma", "gemma2")
FLIPPED = ("c_attn.weight", "c_proj.weight", "c_fc.weight")
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
LEARNED_FROM = ["The plot is thin, but the acting is superb. 123 4567", "don't they're I'll naïve Straße 你好 🙂"] * 20


def tiny(config, **changes):
    """A random network of a configuration's class, and as large as a test can bear; norms and biases are random too."""
    import torch
    from transformers import AutoModelForCausalLM

    sizes = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 4, "num_attention_heads": 4}
    usual = {"num_key_value_heads": 2, "max_position_embeddings": 128, "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0}
    made = config(**{**sizes, **usual, **changes})
    torch.manual_seed(0)
    network = AutoModelForCausalLM.from_config(made).eval()
    for parameter in network.parameters():
        parameter.data.normal_(0, 0.2)
    return network


def write_kind(
    path: Path, network, arch: str, tokens=None, split: int = 0, leave="", flat=False, experts=GGMLQuantizationType.F32, **more
) -> Path:
    """`network` in a file of an architecture of ggml's. tokens : writes the tokenizer, SentencePiece's where it is None

    split : tensors of each part, where it is written in several;  leave : a tensor that is left out
    flat : without dimensions of one;  experts : type of their matrices
    more : method of GGUFWriter, without "add_" → what it is given besides
    """
    config = network.config
    writer = GGUFWriter(path, arch, split_max_tensors=split)
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    said = {
        "context_length": config.max_position_embeddings,
        "embedding_length": config.hidden_size,
        "block_count": config.num_hidden_layers,
        "feed_forward_length": getattr(config, "intermediate_size", None) or 4 * config.hidden_size,
        "head_count": config.num_attention_heads,
        "vocab_size": config.vocab_size,
        "bos_token_id": 2,
        "eos_token_id": 1,
    }
    if arch != "gpt2":
        said |= {"head_count_kv": config.num_key_value_heads, "rope_freq_base": config.rope_parameters["rope_theta"]}
        said["rope_dimension_count"] = int(head * config.rope_parameters.get("partial_rotary_factor", 1))
    if getattr(config, "head_dim", None):
        said |= {"key_length": head, "value_length": head}
    if (epsilon := getattr(config, "rms_norm_eps", None)) is not None:
        said["layer_norm_rms_eps"] = epsilon
    else:
        said["layer_norm_eps"] = next(getattr(config, key) for key in NORMS if hasattr(config, key))
    for method, value in {**said, **more}.items():
        if value is not None:
            getattr(writer, f"add_{method}")(value)
    (tokens or write_pieces)(writer)
    for name, array in laid_out(network, arch):
        if name != leave:
            array = np.ascontiguousarray(array.squeeze() if flat else array, np.float32)
            of = experts if name.endswith("exps.weight") else GGMLQuantizationType.F32
            writer.add_tensor(name, quantize(array, of), raw_dtype=of)
    for name, array in turning(network, arch).items():
        writer.add_tensor(name, np.asarray(array, np.float32))
    return finish(writer)


NORMS = ("layer_norm_eps", "layer_norm_epsilon", "norm_epsilon")


def laid_out(network, arch: str):
    """Names and arrays of the file."""
    config = network.config
    kind = next(key for key, name in MODEL_ARCH_NAMES.items() if name == arch)
    names = get_tensor_name_map(kind, config.num_hidden_layers)
    for name, tensor in network.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        array, (stem, end) = tensor.numpy(), name.rsplit(".", 1)
        if arch in PAIRED and (".q_proj." in name or ".k_proj." in name):
            heads = config.num_attention_heads if ".q_proj." in name else config.num_key_value_heads
            array = array.reshape(heads, 2, len(array) // heads // 2, *array.shape[1:]).swapaxes(1, 2).reshape(array.shape)
        if arch in GEMMAS and name.endswith("norm.weight"):
            array = array + 1
        if arch == "gpt2" and name.endswith(FLIPPED):
            array = array.T
        if ".experts." in name or name.endswith("sinks"):
            yield from experts_of(int(name.split(".")[2]), end, array, arch)
        else:
            yield f"{names.get_name(stem)}.{end}", array


def experts_of(block: int, name: str, array, arch: str):
    """Those of a layer as the converter writes them: gates and ups apart, GPT-OSS's turned, whose gates and ups take turns."""
    if name == "sinks":
        yield f"blk.{block}.attn_sinks.weight", array
        return
    end = "bias" if name.endswith("_bias") else "weight"
    if arch == "gpt-oss" and end == "weight":
        array = array.swapaxes(1, 2)
    if name.startswith("down"):
        yield f"blk.{block}.ffn_down_exps.{end}", array
        return
    wide = array.shape[1] // 2
    parts = (array[:, ::2], array[:, 1::2]) if arch == "gpt-oss" else (array[:, :wide], array[:, wide:])
    for kind, part in zip(("gate", "up"), parts):
        yield f"blk.{block}.ffn_{kind}_exps.{end}", part


def turning(network, arch: str) -> dict:
    """The tensors of how positions turn, where a checkpoint has more to say than a number."""
    rope = getattr(network.config, "rope_parameters", None) or {}
    if rope.get("rope_type") == "longrope":
        return {f"rope_factors_{length}.weight": rope[f"{length}_factor"] for length in ("long", "short")}
    if rope.get("rope_type") != "llama3":
        return {}
    found = network.model.rotary_emb.inv_freq.numpy()
    plain = rope["rope_theta"] ** -(np.arange(0, 2 * len(found), 2) / (2 * len(found)))
    return {"rope_freqs.weight": plain / found}


def scaled(way: RopeScalingType, factor: float, first: int | None = None) -> dict:
    return {"rope_scaling_type": way, "rope_scaling_factor": factor, "rope_scaling_orig_ctx_len": first}


def write_pieces(writer: GGUFWriter, leads=True) -> None:
    """SentencePiece's tokens, those merged first with the best scores."""
    words = vocabulary()
    writer.add_tokenizer_model("llama")
    writer.add_token_list(words)
    writer.add_token_scores([-float(i) for i in range(len(words))])
    writer.add_token_types([kind_of(word) for word in words])
    writer.add_unk_token_id(3)
    writer.add_add_space_prefix(leads)


def byte_pairs(like: str):
    """A tokenizer of merged bytes, as a checkpoint whose text is cut in the way that files call `like` has it."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    raw = Tokenizer(models.BPE(ignore_merges=like == "llama-bpe"))
    first = {"smollm": [pre_tokenizers.Digits(individual_digits=True)]}.get(like, [])
    if like in PATTERNS:
        first = [pre_tokenizers.Split(Regex(PATTERNS[like]), behavior="isolated")]
    raw.pre_tokenizer = pre_tokenizers.Sequence([*first, pre_tokenizers.ByteLevel(False, use_regex=like not in PATTERNS)])
    if like == "qwen2":
        raw.normalizer = normalizers.NFC()
    raw.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    raw.train_from_iterator(
        LEARNED_FROM, trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False)
    )
    return raw


PATTERNS = {  # of the checkpoints' own tokenizer.json
    "llama-bpe": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "qwen2": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}


def write_byte_pairs(like: str):
    """What writes those tokens."""
    import json

    def write(writer: GGUFWriter) -> None:
        model = json.loads(byte_pairs(like).to_str())["model"]
        words = sorted(model["vocab"], key=model["vocab"].get)
        writer.add_tokenizer_model("gpt2")
        if like:
            writer.add_tokenizer_pre(like)
        writer.add_token_list(words)
        writer.add_token_types([TokenType.CONTROL if word in SPECIAL else TokenType.NORMAL for word in words])
        writer.add_token_merges([" ".join(merge) for merge in model["merges"]])

    return write
