"""Tiny random language models of many architectures, made of their configuration classes: nothing is downloaded."""

from pathlib import Path
from typing import Any

WORDS = 320  # bytes, and a few learned pairs: the tokenizer of all of them
SIZES = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "max_position_embeddings": 512}
HEADS = {**SIZES, "num_key_value_heads": 2, "intermediate_size": 48, "head_dim": 8}
WINDOW = {"sliding_window": 12}
LAYERS = {"layer_types": ["sliding_attention", "sliding_attention", "full_attention"]}
EXPERTS = {"num_experts_per_tok": 2}
GPT2 = {"n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 512}
QK = {"query_pre_attn_scalar": 8}
GEMMA3N = {
    **{"hidden_size_per_layer_input": 8, "vocab_size_per_layer_input": WORDS, "laurel_rank": 4, "altup_num_inputs": 2},
    **{"num_kv_shared_layers": 1, "activation_sparsity_pattern": [0.0] * 4, "num_hidden_layers": 4, "intermediate_size": 48},
    "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"],
}
GEMMA4 = {"hidden_size_per_layer_input": 8, "vocab_size_per_layer_input": WORDS, "global_head_dim": 16, **LAYERS}

# Title, what is particular about it, the class of its configuration, its settings
NETWORKS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("Gemma 1", "", "GemmaConfig", HEADS),
    ("Gemma 2", "caps on attention and logits", "Gemma2Config", {**HEADS, **WINDOW, **QK}),
    ("Gemma 3", "sliding windows", "Gemma3TextConfig", {**HEADS, **WINDOW, **QK, **LAYERS}),
    ("Gemma 3n", "layers that share keys and values", "Gemma3nTextConfig", {**HEADS, **WINDOW, **GEMMA3N}),
    ("Gemma 4", "two widths of heads", "Gemma4TextConfig", {**HEADS, **WINDOW, **GEMMA4}),
    ("VaultGemma", "sliding windows", "VaultGemmaConfig", {**HEADS, **WINDOW, **QK, **LAYERS}),
    ("Llama", "", "LlamaConfig", HEADS),
    ("Mistral", "a sliding window", "MistralConfig", {**HEADS, **WINDOW}),
    ("Ministral", "sliding windows", "MinistralConfig", {**HEADS, **WINDOW, **LAYERS}),
    ("Mixtral", "sparse", "MixtralConfig", {**HEADS, **EXPERTS, "num_local_experts": 4}),
    ("Qwen 2", "", "Qwen2Config", {**HEADS}),
    (
        "Qwen 2 MoE",
        "sparse",
        "Qwen2MoeConfig",
        {**HEADS, **EXPERTS, "num_experts": 4, "moe_intermediate_size": 24, "shared_expert_intermediate_size": 24},
    ),
    ("Qwen 3", "", "Qwen3Config", HEADS),
    ("Qwen 3 MoE", "sparse", "Qwen3MoeConfig", {**HEADS, **EXPERTS, "num_experts": 4, "moe_intermediate_size": 24}),
    (
        "Qwen 3 Next",
        "recurrent layers among others",
        "Qwen3NextConfig",
        {
            **HEADS,
            **EXPERTS,
            "num_experts": 4,
            "moe_intermediate_size": 24,
            "shared_expert_intermediate_size": 24,
            "linear_key_head_dim": 8,
            "linear_value_head_dim": 8,
            "linear_num_key_heads": 2,
            "linear_num_value_heads": 4,
            "layer_types": ["linear_attention", "linear_attention", "full_attention"],
        },
    ),
    ("Phi", "a bias in the output layer", "PhiConfig", {**SIZES, "intermediate_size": 48}),
    ("Phi 3", "a sliding window", "Phi3Config", {**SIZES, **WINDOW, "intermediate_size": 48, "num_key_value_heads": 2}),
    ("GPT-2", "learned positions", "GPT2Config", GPT2),
    (
        "GPT-Neo",
        "learned positions, windows",
        "GPTNeoConfig",
        {
            "hidden_size": 32,
            "num_layers": 2,
            "num_heads": 4,
            "attention_types": [[["global", "local"], 1]],
            "window_size": 12,
            "max_position_embeddings": 512,
        },
    ),
    ("GPT-J", "", "GPTJConfig", {**GPT2, "rotary_dim": 4}),
    ("GPT-NeoX", "", "GPTNeoXConfig", {**SIZES, "intermediate_size": 48}),
    (
        "GPT-OSS",
        "attention sinks, sparse",
        "GptOssConfig",
        {**HEADS, **WINDOW, **EXPERTS, "num_local_experts": 4, "layer_types": LAYERS["layer_types"]},
    ),
    ("GPT BigCode", "learned positions", "GPTBigCodeConfig", GPT2),
    ("OPT", "learned positions", "OPTConfig", {**SIZES, "ffn_dim": 48, "word_embed_proj_dim": 32}),
    ("Bloom", "ALiBi", "BloomConfig", {"hidden_size": 32, "n_layer": 3, "n_head": 4}),
    ("MPT", "ALiBi", "MptConfig", {"d_model": 32, "n_layers": 3, "n_heads": 4, "max_seq_len": 512}),
    ("Falcon", "", "FalconConfig", SIZES),
    ("Falcon, ALiBi", "ALiBi", "FalconConfig", {**SIZES, "alibi": True}),
    ("StableLM", "", "StableLmConfig", {**SIZES, "intermediate_size": 48, "num_key_value_heads": 2}),
    ("StarCoder 2", "", "Starcoder2Config", {**SIZES, "intermediate_size": 48, "num_key_value_heads": 2}),
    ("OLMo", "", "OlmoConfig", {**SIZES, "intermediate_size": 48}),
    ("OLMo 2", "", "Olmo2Config", {**SIZES, "intermediate_size": 48}),
    ("OLMo 3", "sliding windows", "Olmo3Config", {**SIZES, **WINDOW, **LAYERS, "intermediate_size": 48}),
    ("OLMoE", "sparse", "OlmoeConfig", {**SIZES, **EXPERTS, "intermediate_size": 48, "num_experts": 4}),
    ("SmolLM 3", "layers without positions", "SmolLM3Config", {**HEADS, "no_rope_layers": [1, 1, 0]}),
    ("Cohere", "scaled logits", "CohereConfig", {**SIZES, "intermediate_size": 48, "logit_scale": 0.25}),
    ("Cohere 2", "windows, layers without positions", "Cohere2Config", {**SIZES, **WINDOW, **LAYERS, "intermediate_size": 48}),
    ("Granite", "scaled logits", "GraniteConfig", {**SIZES, "intermediate_size": 48, "logits_scaling": 4.0}),
    ("Nemotron", "", "NemotronConfig", {**SIZES, "num_key_value_heads": 2, "intermediate_size": 48}),
    (
        "DeepSeek 3",
        "compressed keys and values, sparse",
        "DeepseekV3Config",
        {
            **SIZES,
            "intermediate_size": 48,
            "moe_intermediate_size": 24,
            "n_routed_experts": 4,
            "n_group": 2,
            "topk_group": 1,
            "num_experts_per_tok": 2,
            "kv_lora_rank": 8,
            "q_lora_rank": 8,
            "qk_rope_head_dim": 4,
            "qk_nope_head_dim": 8,
            "v_head_dim": 8,
            "first_k_dense_replace": 1,
            "num_key_value_heads": 4,
        },
    ),
    ("Mamba", "recurrent", "MambaConfig", {"hidden_size": 32, "num_hidden_layers": 3, "state_size": 8}),
    (
        "Mamba 2",
        "recurrent",
        "Mamba2Config",
        {
            "hidden_size": 32,
            "num_hidden_layers": 3,
            "state_size": 8,
            "num_heads": 8,
            "head_dim": 8,
            "n_groups": 1,
            "chunk_size": 8,
        },
    ),
    (
        "RecurrentGemma",
        "recurrent layers among others",
        "RecurrentGemmaConfig",
        {**SIZES, "num_key_value_heads": 1, "intermediate_size": 96, "lru_width": 32, "attention_window_size": 12},
    ),
    (
        "Jamba",
        "recurrent layers among others, sparse",
        "JambaConfig",
        {
            **SIZES,
            "num_hidden_layers": 4,
            "num_key_value_heads": 2,
            "intermediate_size": 48,
            "num_experts": 4,
            "attn_layer_period": 2,
            "attn_layer_offset": 1,
            "mamba_d_state": 8,
            "mamba_dt_rank": 4,
            "use_mamba_kernels": False,
        },
    ),
    ("BERT", "reads both ways", "BertConfig", {**SIZES, "intermediate_size": 48}),
    (
        "BART",
        "an encoder before it",
        "BartConfig",
        {
            "d_model": 32,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_ffn_dim": 48,
            "decoder_ffn_dim": 48,
            "encoder_attention_heads": 4,
            "decoder_attention_heads": 4,
        },
    ),
)


def make(configuration: str, settings: dict[str, Any]) -> Any:
    """A random network in eval mode, the same on every call. AttributeError where this transformers has none."""
    import torch
    import transformers

    known = {"vocab_size": WORDS, "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}
    config = getattr(transformers, configuration)(**{**known, **settings})
    torch.manual_seed(0)
    network = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    for name, parameter in network.named_parameters():  # large enough that attention, experts and content matter
        if parameter.ndim > 1 and "conv" not in name and "A_log" not in name:
            parameter.data.normal_(0, 0.2)
    return network


def tokenizer() -> Any:
    """Byte-level, as GPT-2's: any text has tokens, and none is needed from elsewhere."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    texts = ["The plot is thin, but the acting is superb. Count: one two three four five six seven eight nine ten eleven"] * 9
    special, letters = ["<pad>", "<eos>", "<bos>"], pre_tokenizers.ByteLevel.alphabet()
    raw.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=WORDS, special_tokens=special, initial_alphabet=letters))
    return PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", eos_token="<eos>", bos_token="<bos>")


def write(directory: Path, configuration: str, settings: dict[str, Any]) -> Path:
    """A checkpoint of it: network and tokenizer."""
    make(configuration, settings).save_pretrained(directory)
    tokenizer().save_pretrained(directory)
    return directory
