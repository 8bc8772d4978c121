"""The configuration of a network that a GGUF header describes, as transformers would read it from the checkpoint."""

import math
from typing import Any

import numpy as np

from model.gguf.header import Header
from model.gguf.kinds import KINDS, MAY_LACK, Kind

FREQUENCIES, LONG, SHORT = "rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"
TURNING = (FREQUENCIES, LONG, SHORT)  # tensors that are none of the network's: how far its positions turn
BASE = 10_000.0  # of those turns, where the file states none
SCALING = "rope.scaling."
FIRST = f"{SCALING}original_context_length"
NO_NUMBERS = {"rope.scaling.type": str, "rope.scaling.finetuned": bool, "tensor_data_layout": str, "use_parallel_residual": bool}
MAY_BE_NONE = ("attention.shared_kv_layers", "embedding_length_per_layer_input", "altup.active_idx")  # 0 of them
FLAGS, ANY = ("attention.sliding_window_pattern",), ("activation_sparsity_scale",)  # of each block: yes or no; any number
FRACTIONS = (
    "epsilon",
    "freq_base",
    "freq_base_swa",
    "factor",
    "scale",
    "softcapping",
    "beta_fast",
    "beta_slow",
)  # endings of what need not be whole
SPECIAL = {"bos_token_id": "bos", "eos_token_id": "eos", "unk_token_id": "unknown", "pad_token_id": "padding"}


def read_config(header: Header, turning: dict[str, list[float]] | None = None) -> Any:
    """The transformers configuration; ValueError for a model of another kind, or one that this cannot describe.

    turning : numbers of the tensors in `TURNING` that the file has
    """
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig

    name, kind = kind_of(header)
    stated = {key.removeprefix(f"{name}."): value for key, value in header.fields.items() if key.startswith(f"{name}.")}
    stated |= _listed(header, name, kind, stated)
    scaling, applied = _scaling(kind, stated, turning or {})
    if surplus := sorted(stated.keys() - kind.fields.keys() - applied):
        raise ValueError(f"{header.name} states {f'{name}.{surplus[0]}'!r}, which Swing does not know how to apply")
    needed = {key for key, of in kind.fields.items() if of is not None} - MAY_LACK - set(kind.may_lack)
    if missing := sorted(needed - stated.keys()):
        raise ValueError(f"{header.name} does not state {name}.{missing[0]}: it is damaged or of another kind")
    for key, value in stated.items():
        for one in value if isinstance(value, list) else [value]:
            _check_value(header.name, f"{name}.{key}", key, one)
    head = _check_sizes(header, kind, stated)
    values = {of: stated[key] for key, of in kind.fields.items() if of and key in stated}
    values |= {setting: tensor in header.tensors for setting, tensor in kind.biased.items()}
    values |= _tokens(header)
    values["tie_word_embeddings"] = "output.weight" not in header.tensors
    if of := kind.fields.get("attention.key_length"):
        values[of] = head
    if kind.wide:
        wide = stated["block_count"] == kind.wide
        values["query_pre_attn_scalar"] = stated["embedding_length"] // stated["attention.head_count"] if wide else head
    values |= _turns(kind, stated, head, scaling)
    values |= kind.constant | kind.settle(header, stated, turning or {})
    try:
        config = AutoConfig.for_model(kind.type, architectures=[kind.network], **values)
    except (StrictDataclassError, ValueError, TypeError, LookupError, ArithmeticError) as error:
        why = str(error.__cause__ or error).strip().split("\n")[0]
        raise ValueError(f"{header.name} describes a network that cannot be: {why}") from error
    if kind.paired and FREQUENCIES in (turning or {}):
        config.rope_freqs = (turning or {})[FREQUENCIES]
    return config


def kind_of(header: Header) -> tuple[str, Kind]:
    """What ggml calls the architecture, and how it is read; ValueError for one that is not."""
    name = header.fields.get("general.architecture")
    if not isinstance(name, str) or name not in KINDS:
        raise ValueError(f"{header.name} holds a model of type {name!r:.40}; Swing reads {', '.join(KINDS)} from GGUF files")
    kind = KINDS[name]
    return name, kind.experts if kind.experts and f"{name}.expert_count" in header.fields else kind


def vocabulary(header: Header) -> list[str]:
    """The tokens as the file spells them; ValueError where there are none."""
    tokens = header.fields.get("tokenizer.ggml.tokens")
    if not isinstance(tokens, list) or not tokens:
        raise ValueError(f"{header.name} has no tokens, so that it cannot read text")
    return tokens


def _listed(header: Header, name: str, kind: Kind, stated: dict[str, Any]) -> dict[str, Any]:
    """What is stated of each block, as lists; and a count that older files have as a fraction."""
    found: dict[str, Any] = {}
    for key in kind.listed:
        if isinstance(values := stated.get(key), np.ndarray):
            if len(values) != stated.get("block_count"):
                raise ValueError(
                    f"{header.name} states {name}.{key} of {len(values)} blocks, and has {stated.get('block_count')!r:.20}"
                )
            found[key] = values.tolist()
        elif key in stated and key in FLAGS + ANY:
            raise ValueError(f"{header.name} states {name}.{key} = {values!r:.40}, and not of each block")
    for key in MAY_BE_NONE:
        if type(value := stated.get(key)) is float and value.is_integer():
            found[key] = int(value)
    return found


def _scaling(kind: Kind, stated: dict[str, Any], turning: dict[str, list[float]]) -> tuple[dict[str, Any], set[str]]:
    """How positions are scaled ({} where they are not, or in a way that this kind does not have), and what said so."""
    way, factor = stated.get(f"{SCALING}type"), stated.get(f"{SCALING}factor", "")
    first = stated.get(FIRST)
    said = {f"{SCALING}{key}" for key in ("type", "factor", "finetuned", "original_context_length")}
    if "longrope" in kind.scaled:
        said = {FIRST, f"{SCALING}attn_factor"}
        if not {LONG, SHORT} <= turning.keys():
            return {}, said
        scaling: dict[str, Any] = {"rope_type": "longrope", "long_factor": turning[LONG], "short_factor": turning[SHORT]}
        scaling["original_max_position_embeddings"] = first
        if f"{SCALING}attn_factor" in stated:
            scaling["attention_factor"] = stated[f"{SCALING}attn_factor"]
        return scaling, said
    if way == "none":
        return {}, said
    if way not in kind.scaled or type(factor) not in (int, float):
        return {}, set()
    if way == "linear":
        return {"rope_type": "linear", "factor": float(factor)}, said
    scaling = {"rope_type": "yarn", "factor": float(factor), "original_max_position_embeddings": first}
    bounds = {f"{SCALING}yarn_{of}": of for of in ("beta_fast", "beta_slow")}
    return scaling | {of: stated[key] for key, of in bounds.items() if key in stated}, said | bounds.keys()


def _turns(kind: Kind, stated: dict[str, Any], head: int, scaling: dict[str, Any]) -> dict[str, Any]:
    """The settings of how positions turn, none where they do not."""
    if "rope.freq_base" not in kind.fields:
        return {}
    if kind.type == "gemma3_text":  # two ways of turning, which it tells apart by itself
        return {"rope_scaling": scaling} if scaling else {}
    turns = {"rope_type": "default", "rope_theta": stated.get("rope.freq_base", BASE), **scaling}
    if scaling:
        turns |= kind.turns
    if kind.partial:
        turns["partial_rotary_factor"] = stated.get("rope.dimension_count", head) / head
    if "longrope" in kind.scaled and FIRST in stated:  # which transformers' Phi 3 has beside them, and believes
        return {"rope_parameters": turns, "original_max_position_embeddings": stated[FIRST]}
    return {"rope_parameters": turns}


def _tokens(header: Header) -> dict[str, Any]:
    """What the file says of its name and tokens; None of a special token that it does not name."""
    values: dict[str, Any] = {"vocab_size": len(vocabulary(header))}
    wanted: dict[str, tuple[str, type]] = {"_model_name_or_path": ("general.name", str)}
    wanted |= {name: (f"tokenizer.ggml.{key}_token_id", int) for name, key in SPECIAL.items()}
    for name, (key, of) in wanted.items():
        if (value := header.fields.get(key)) is not None and type(value) is not of:
            raise ValueError(f"{header.name} states {key} = {value!r:.40}, which is no {of.__name__}")
        if value is not None or name in ("bos_token_id", "eos_token_id", "pad_token_id"):
            values[name] = value
    return values


def _check_value(name: str, key: str, setting: str, value: Any) -> None:
    if setting in NO_NUMBERS:
        if type(value) is not NO_NUMBERS[setting]:
            raise ValueError(f"{name} states {key} = {value!r:.40}, which is no {NO_NUMBERS[setting].__name__}")
        return
    if setting in FLAGS + ANY:
        if type(value) is not (bool if setting in FLAGS else float):
            raise ValueError(
                f"{name} states {key} with {value!r:.40}, which is {'neither yes nor no' if setting in FLAGS else 'no number'}"
            )
        return
    whole = not setting.endswith(FRACTIONS)
    least = 0 if setting in MAY_BE_NONE else 1 if whole else 5e-324
    good = type(value) in ((int,) if whole else (int, float)) and math.isfinite(value) and least <= value < 1 << 31
    if not good:
        raise ValueError(f"{name} states {key} = {value!r:.40}; a positive {'whole ' * whole}number is expected")


def _check_sizes(header: Header, kind: Kind, stated: dict[str, Any]) -> int:
    """Numbers of a head. What fields say of the network must be what the tensors are, before it is made after them."""
    blocks = {name.split(".")[1] for name in header.tensors if name.startswith("blk.")}
    if blocks != {str(i) for i in range(min(stated["block_count"], len(blocks) + 1))}:
        raise ValueError(f"{header.name} states {stated['block_count']} blocks, and has tensors of {len(blocks)}")
    head: int = stated["embedding_length"] // stated["attention.head_count"]
    if kind.fields.get("attention.key_length"):
        head = stated.get("attention.key_length", stated.get("rope.dimension_count", head))
    if stated.get("attention.value_length", head) != stated.get("attention.key_length", head):
        raise ValueError(f"{header.name} states keys and values of different lengths, which this architecture does not have")
    experts, asked = (stated.get(f"expert_{of}", 0) for of in ("count", "used_count"))
    if asked > experts:
        raise ValueError(f"{header.name} states that each token asks {asked} of {experts} experts: it is damaged")
    turned = stated.get("rope.dimension_count", head)
    if stated.get("attention.key_length", head) != head or not (turned == head or kind.partial and turned < head):
        raise ValueError(f"{header.name} states heads of {head} numbers, and another length of their keys or turns")
    if head < 1 or turned % 2 and "rope.freq_base" in kind.fields:
        raise ValueError(f"{header.name} states heads of {head} numbers, of which {turned} turn in pairs")
    tokens = len(vocabulary(header))
    if stated.get("vocab_size", tokens) != tokens:
        raise ValueError(f"{header.name} states {stated['vocab_size']} tokens, and lists {tokens}")
    return head
