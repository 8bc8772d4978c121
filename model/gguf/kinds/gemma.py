"""Gemma's architectures: from the third on layers differ from each other, of which files say much by arrays."""

from math import isfinite
from statistics import NormalDist
from typing import Any

from model.gguf.header import Header
from model.gguf.kinds.experts import STACKED
from model.gguf.kinds.kind import OWN_HEADS, WINDOW, Kind, Named, Settings

EXPERTS = ("expert_count", "expert_used_count", "expert_feed_forward_length")  # of the larger Gemma 4
CAPPED = {"final_logit_softcapping": "final_logit_softcapping"}
LAYERED = {  # of Gemma 3n and 4
    **OWN_HEADS,
    **WINDOW,
    **CAPPED,
    "attention.shared_kv_layers": "num_kv_shared_layers",
    "embedding_length_per_layer_input": "hidden_size_per_layer_input",
    "rope.freq_base": None,
    "rope.freq_base_swa": None,
}
PATTERN, SPARSE = "attention.sliding_window_pattern", "activation_sparsity_scale"
FULL, SLIDING = "full_attention", "sliding_attention"
PER_LAYER, LAUREL, ALTUP = "per_layer_token_embd.weight", "blk.0.laurel_l.weight", "altup_proj.weight"
SLOWED = "rope_freqs.weight"
UNTURNED = 1e30  # by which the converter slows what does not turn
BASE_SLIDING = 10_000.0  # how far positions turn there, where a file of Gemma 3n states none
KEYS = ("attn_k", "attn_v", "attn_k_norm")


def settle_3n(header: Header, stated: Settings, turning: dict[str, list[float]]) -> Settings:
    """Gemma 3n's layers, its tables for each, and how sparse its gates are, which files state in standard deviations."""
    sizes = {name: _rows(header, name) for name in (PER_LAYER, LAUREL, ALTUP)}
    inputs, active = stated["altup.num_inputs"], stated["altup.active_idx"]
    if inputs != sizes[ALTUP] + 1:
        raise ValueError(f"{header.name} states {inputs} inputs of AltUp, and has tensors of {sizes[ALTUP] + 1}")
    if active >= inputs:
        raise ValueError(f"{header.name} states gemma3n.altup.active_idx = {active}, and {inputs} inputs of AltUp: it is damaged")
    return {
        **_layers(header, stated),
        "vocab_size_per_layer_input": sizes[PER_LAYER],
        "laurel_rank": sizes[LAUREL],
        "activation_sparsity_pattern": _sparsity(header, stated[SPARSE]),
        "rope_parameters": {
            FULL: {"rope_type": "default", "rope_theta": _needed(header, stated, "rope.freq_base")},
            SLIDING: {"rope_type": "default", "rope_theta": stated.get("rope.freq_base_swa", BASE_SLIDING)},
        },
    }


def settle_4(header: Header, stated: Settings, turning: dict[str, list[float]]) -> Settings:
    """Gemma 4's two kinds of layers: their heads, which part of those turns, and how wide they are."""
    sliding = stated["attention.key_length_swa"]
    for key in ("attention.value_length_swa", "rope.dimension_count_swa"):
        if stated.get(key, sliding) != sliding:
            raise ValueError(
                f"{header.name} states heads of {sliding} numbers in sliding layers, and gemma4.{key} = {stated[key]}"
            )
    _needed(header, stated, "final_logit_softcapping")
    layers, sparse = _layers(header, stated), any(key in stated for key in EXPERTS)
    if sparse:
        for key in EXPERTS:
            _needed(header, stated, key)
    bases = [_needed(header, stated, key) for key in ("rope.freq_base", "rope.freq_base_swa")]
    part = _turning_part(header, stated["attention.key_length"], turning.get(SLOWED))
    return {
        **layers,
        **_heads(header, stated, layers["layer_types"]),
        **_widths(header, stated),
        "head_dim": sliding,
        "enable_moe_block": sparse,
        **({"vocab_size_per_layer_input": _rows(header, PER_LAYER)} if stated["embedding_length_per_layer_input"] else {}),
        "rope_parameters": {
            FULL: {"rope_type": "proportional", "rope_theta": bases[0], "partial_rotary_factor": part},
            SLIDING: {"rope_type": "default", "rope_theta": bases[1]},
        },
    }


def _rows(header: Header, name: str) -> int:
    tensor = header.tensors.get(name)
    if tensor is None or not tensor.shape:
        raise ValueError(f"{header.name} lacks the tensor {name!r}: it is damaged or of another kind")
    return tensor.shape[0]


def _needed(header: Header, stated: Settings, key: str) -> Any:
    if key not in stated:
        raise ValueError(f"{header.name} does not state {header.fields['general.architecture']}.{key}: make it anew")
    return stated[key]


def _layers(header: Header, stated: Settings) -> Settings:
    """Which of its layers see a window alone; the last ones share keys and values with those before."""
    types, shared = [SLIDING if one else FULL for one in stated[PATTERN]], stated["attention.shared_kv_layers"]
    own = types[: len(types) - shared] if shared <= len(types) else []
    if types[-1] != FULL or not set(types) <= set(own):
        raise ValueError(f"{header.name} states {shared} layers with the keys and values of others, or windows, that cannot be")
    return {"layer_types": types}


def _sparsity(header: Header, deviations: list[float]) -> list[float]:
    """The shares that are left out, of how far above the mean the others are. Files have seven digits of these."""
    if any(one != -float("inf") and not isfinite(one) for one in deviations):
        raise ValueError(f"{header.name} states gemma3n.{SPARSE} with what are no numbers: it is damaged")
    return [round(NormalDist().cdf(one), 6) for one in deviations]


def _heads(header: Header, stated: Settings, types: list[str]) -> Settings:
    """How many keys and values layers have, and whether those that see all take their keys for values."""
    counts = stated["attention.head_count_kv"]
    listed = counts if isinstance(counts, list) else [counts] * len(types)
    found = {kind: sorted({count for count, own in zip(listed, types) if own == kind}) for kind in (SLIDING, FULL)}
    if any(len(different) > 1 for different in found.values()):
        raise ValueError(f"{header.name} states layers of one kind with different numbers of keys, which Swing cannot apply")
    first = types.index(FULL)
    full = found[FULL][0]
    return {
        "num_key_value_heads": (found[SLIDING] or [full])[0],
        "num_global_key_value_heads": full,
        "attention_k_eq_v": f"blk.{first}.attn_v.weight" not in header.tensors,
    }


def _widths(header: Header, stated: Settings) -> Settings:
    """How wide layers are: the same, or twice as wide where they share keys and values."""
    width = stated["feed_forward_length"]
    if not isinstance(width, list):
        return {}
    shared = stated["attention.shared_kv_layers"]
    double = len(set(width)) > 1
    if width != [width[0]] * (len(width) - shared) + [width[0] * (1 + double)] * shared:
        raise ValueError(f"{header.name} states widths of layers, gemma4.feed_forward_length, that Gemma 4 does not have")
    return {"intermediate_size": width[0], "use_double_wide_mlp": double}


def _turning_part(header: Header, head: int, slowed: list[float] | None) -> float:
    """Which part of a head turns in layers that see all: the pairs that are not slowed to a standstill."""
    if slowed is None:
        raise ValueError(f"{header.name} lacks the tensor {SLOWED!r}: it is damaged or of another kind")
    turned = slowed.count(1.0)
    part = 2 * turned / head
    if slowed[turned:] != [slowed[-1]] * (len(slowed) - turned) or len(slowed) != head // 2 or int(part * head // 2) != turned:
        raise ValueError(f"{header.name} has {SLOWED!r} that Gemma 4 does not have: it is damaged or of another kind")
    if turned < len(slowed) and slowed[-1] < UNTURNED / 2:
        raise ValueError(f"{header.name} has {SLOWED!r} by which positions turn slower, which Swing does not know how to apply")
    return part


def shared_keys(config: Any) -> set[str]:
    """The keys and values of layers that take those of others: checkpoints have them, and nothing reads them."""
    count = config.num_hidden_layers
    return {f"blk.{i}.{name}.weight" for i in range(count - config.num_kv_shared_layers, count) for name in KEYS}


GEMMAS = {
    "gemma": Kind("gemma", "GemmaForCausalLM", OWN_HEADS, norm_plus=-1.0),
    "gemma2": Kind(
        "gemma2",
        "Gemma2ForCausalLM",
        {
            **OWN_HEADS,
            **WINDOW,
            "attn_logit_softcapping": "attn_logit_softcapping",
            "final_logit_softcapping": "final_logit_softcapping",
        },
        wide=46,
        norm_plus=-1.0,
    ),
    "gemma3": Kind(
        "gemma3_text",
        "Gemma3ForCausalLM",
        {**OWN_HEADS, **WINDOW, "rope.freq_base_swa": "rope_local_base_freq"},
        ("rope.freq_base_swa",),
        scaled=("linear",),
        wide=62,
        norm_plus=-1.0,
    ),
    "gemma3n": Kind(
        "gemma3n_text",
        "Gemma3nForCausalLM",
        {
            **LAYERED,
            PATTERN: "layer_types",
            SPARSE: "activation_sparsity_pattern",
            "altup.active_idx": "altup_active_idx",
            "altup.num_inputs": "altup_num_inputs",
        },
        listed=("feed_forward_length", PATTERN, SPARSE),
        settle=settle_3n,
        named=(
            Named(r"model\.altup_projections\.(\d+)\.weight", ("altup_proj.weight",), stacked=True),
            Named(r"model\.altup_unembed_projections\.(\d+)\.weight", ("altup_unembd_proj.weight",), stacked=True),
            Named(r"model\.layers\.(\d+)\.altup\.correct_output_scale", (r"blk.\1.altup_correct_scale.weight",)),
        ),
        unused=shared_keys,
    ),
    "gemma4": Kind(
        "gemma4_text",
        "Gemma4ForCausalLM",
        {
            **LAYERED,
            PATTERN: "layer_types",
            "attention.key_length": "global_head_dim",
            "attention.key_length_swa": "head_dim",
            "attention.value_length_swa": None,
            "rope.dimension_count_swa": None,
            "expert_count": "num_experts",
            "expert_used_count": "top_k_experts",
            "expert_feed_forward_length": "moe_intermediate_size",
        },
        EXPERTS,
        listed=("feed_forward_length", "attention.head_count_kv", PATTERN),
        settle=settle_4,
        proportional=True,
        named=(
            Named(r"model\.layers\.(\d+)\.layer_scalar", (r"blk.\1.layer_output_scale.weight",)),
            Named(r"model\.layers\.(\d+)\.router\.scale", (r"blk.\1.ffn_gate_inp.scale",)),
            Named(r"model\.layers\.(\d+)\.router\.per_expert_scale", (r"blk.\1.ffn_down_exps.scale",)),
            Named(r"model\.layers\.(\d+)\.experts\.gate_up_proj", (r"blk.\1.ffn_gate_up_exps.weight",)),
            *STACKED,
        ),
        unused=shared_keys,
    ),
}
