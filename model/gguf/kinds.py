"""The architectures that are read from GGUF files: what ggml calls a setting, what transformers calls it, and what differs.

What ggml's converter (convert_hf_to_gguf.py of llama.cpp) makes of a checkpoint, it undoes: rows of queries and keys laid
as pairs, norms with the one that Gemma adds, GPT-2's matrices turned over. Only what has been compared, tensor by tensor
and answer by answer, with a checkpoint of transformers stands here.
"""

from dataclasses import dataclass, field
from typing import Any

Names = dict[str, str | None]

_SIZES: Names = {
    "context_length": "max_position_embeddings",
    "block_count": "num_hidden_layers",
    "feed_forward_length": "intermediate_size",
    "embedding_length": "hidden_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "vocab_size": "vocab_size",
}
_TURNING: Names = {"rope.freq_base": "rope_theta", "rope.dimension_count": None}
_HEADS: Names = {"attention.key_length": "head_dim", "attention.value_length": None}
_COMPARED: Names = {"attention.key_length": None, "attention.value_length": None}
_RMS: Names = {"attention.layer_norm_rms_epsilon": "rms_norm_eps"}
_GEMMA: Names = {**_SIZES, **_TURNING, **_HEADS, **_RMS}
_USUAL: Names = {**_SIZES, **_TURNING, **_COMPARED, **_RMS}
_WINDOW: Names = {"attention.sliding_window": "sliding_window"}
MAY_LACK = {  # ggml's network has a value for them, which is transformers' too
    "attention.head_count_kv",
    "rope.freq_base",
    "vocab_size",
    "use_parallel_residual",
    "attn_logit_softcapping",
    "final_logit_softcapping",
}


@dataclass(frozen=True)
class Kind:
    """type, network : the configuration's `model_type` and the class, both of transformers
    fields : setting in the file → in the configuration; None for one that is compared with what others say
    may_lack : settings that files may leave out besides `MAY_LACK`
    scaled : the ways to scale positions that it has
    wide : blocks of its largest model, which scales queries otherwise; the file does not say so, ggml's network knows it by these
    norm_plus : what is added to the norms of a file;  paired : whether rows of queries and keys lie as pairs
    flipped : endings of the names of matrices that lie the other way round
    partial : whether `rope.dimension_count` may be a part of a head
    constant : what no file says;  biased : setting → the tensor of the first block whose presence says it
    """

    type: str
    network: str
    fields: Names
    may_lack: tuple[str, ...] = ()
    scaled: tuple[str, ...] = ()
    wide: int = 0
    norm_plus: float = 0.0
    paired: bool = False
    flipped: tuple[str, ...] = ()
    partial: bool = False
    constant: dict[str, Any] = field(default_factory=dict)
    biased: dict[str, str] = field(default_factory=dict)


_BIASES = {"attention_bias": "blk.0.attn_q.bias", "mlp_bias": "blk.0.ffn_up.bias"}
_STRETCHED = ("linear", "yarn")
KINDS = {
    "gemma": Kind("gemma", "GemmaForCausalLM", _GEMMA, norm_plus=-1.0),
    "gemma2": Kind(
        "gemma2",
        "Gemma2ForCausalLM",
        {
            **_GEMMA,
            **_WINDOW,
            "attn_logit_softcapping": "attn_logit_softcapping",
            "final_logit_softcapping": "final_logit_softcapping",
        },
        wide=46,
        norm_plus=-1.0,
    ),
    "gemma3": Kind(
        "gemma3_text",
        "Gemma3ForCausalLM",
        {**_GEMMA, **_WINDOW, "rope.freq_base_swa": "rope_local_base_freq"},
        ("rope.freq_base_swa",),
        scaled=("linear",),
        wide=62,
        norm_plus=-1.0,
    ),
    "gpt2": Kind(
        "gpt2",
        "GPT2LMHeadModel",
        {
            "context_length": "n_positions",
            "block_count": "n_layer",
            "feed_forward_length": "n_inner",
            "embedding_length": "n_embd",
            "attention.head_count": "n_head",
            "attention.layer_norm_epsilon": "layer_norm_epsilon",
            "vocab_size": "vocab_size",
        },
        flipped=("attn.c_attn.weight", "attn.c_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight"),
    ),
    "granite": Kind(
        "granite",
        "GraniteForCausalLM",
        {
            **_USUAL,
            "attention.scale": "attention_multiplier",
            "embedding_scale": "embedding_multiplier",
            "residual_scale": "residual_multiplier",
            "logit_scale": "logits_scaling",
        },
        paired=True,
        biased=_BIASES,
    ),
    "llama": Kind(
        "llama",
        "LlamaForCausalLM",
        {**_SIZES, **_TURNING, **_HEADS, **_RMS, "tensor_data_layout": None},
        may_lack=("attention.key_length",),
        scaled=_STRETCHED,
        paired=True,
        biased=_BIASES,
    ),
    "olmo2": Kind("olmo2", "Olmo2ForCausalLM", _USUAL),
    "phi2": Kind("phi", "PhiForCausalLM", {**_SIZES, **_TURNING, "attention.layer_norm_epsilon": "layer_norm_eps"}, partial=True),
    "phi3": Kind(
        "phi3", "Phi3ForCausalLM", {**_USUAL, **_WINDOW}, ("attention.sliding_window",), scaled=("longrope",), partial=True
    ),
    "qwen2": Kind("qwen2", "Qwen2ForCausalLM", _USUAL, scaled=_STRETCHED),
    "qwen3": Kind("qwen3", "Qwen3ForCausalLM", {**_SIZES, **_TURNING, **_HEADS, **_RMS}, scaled=_STRETCHED),
    "smollm3": Kind("smollm3", "SmolLM3ForCausalLM", _USUAL, scaled=_STRETCHED, paired=True, biased=_BIASES),
    "stablelm": Kind(
        "stablelm",
        "StableLmForCausalLM",
        {
            **_SIZES,
            **_TURNING,
            **_COMPARED,
            "attention.layer_norm_epsilon": "layer_norm_eps",
            "use_parallel_residual": "use_parallel_residual",
        },
        partial=True,
        biased={"use_qkv_bias": "blk.0.attn_q.bias"},
    ),
    "starcoder2": Kind(
        "starcoder2",
        "Starcoder2ForCausalLM",
        {**_SIZES, **_TURNING, **_COMPARED, "attention.layer_norm_epsilon": "norm_epsilon"},
        biased={"use_bias": "blk.0.attn_q.bias"},
    ),
}
