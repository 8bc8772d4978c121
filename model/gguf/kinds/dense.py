"""The architectures without experts, but for Gemma's."""

from model.gguf.kinds.experts import MIXTRAL
from model.gguf.kinds.kind import COMPARED, OWN_HEADS, SIZES, STRETCHED, TURNING, USUAL, WINDOW, Kind

_BIASES = {"attention_bias": "blk.0.attn_q.bias", "mlp_bias": "blk.0.ffn_up.bias"}
DENSE = {
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
            **USUAL,
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
        {**OWN_HEADS, "tensor_data_layout": None},
        may_lack=("attention.key_length",),
        scaled=STRETCHED,
        paired=True,
        biased=_BIASES,
        experts=MIXTRAL,
    ),
    "olmo2": Kind("olmo2", "Olmo2ForCausalLM", USUAL),
    "phi2": Kind("phi", "PhiForCausalLM", {**SIZES, **TURNING, "attention.layer_norm_epsilon": "layer_norm_eps"}, partial=True),
    "phi3": Kind(
        "phi3", "Phi3ForCausalLM", {**USUAL, **WINDOW}, ("attention.sliding_window",), scaled=("longrope",), partial=True
    ),
    "qwen2": Kind("qwen2", "Qwen2ForCausalLM", USUAL, scaled=STRETCHED),
    "qwen3": Kind("qwen3", "Qwen3ForCausalLM", OWN_HEADS, scaled=STRETCHED),
    "smollm3": Kind("smollm3", "SmolLM3ForCausalLM", USUAL, scaled=STRETCHED, paired=True, biased=_BIASES),
    "stablelm": Kind(
        "stablelm",
        "StableLmForCausalLM",
        {
            **SIZES,
            **TURNING,
            **COMPARED,
            "attention.layer_norm_epsilon": "layer_norm_eps",
            "use_parallel_residual": "use_parallel_residual",
        },
        partial=True,
        biased={"use_qkv_bias": "blk.0.attn_q.bias"},
    ),
    "starcoder2": Kind(
        "starcoder2",
        "Starcoder2ForCausalLM",
        {**SIZES, **TURNING, **COMPARED, "attention.layer_norm_epsilon": "norm_epsilon"},
        biased={"use_bias": "blk.0.attn_q.bias"},
    ),
}
