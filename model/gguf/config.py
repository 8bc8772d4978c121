"""The configuration of a Gemma that a GGUF header describes, as transformers would read it from that file."""

import math
from typing import Any

from model.gguf.header import Header

ARCHITECTURES = {"gemma3": "gemma3_text"}  # in the file, in transformers: what has been checked against plain passes
NETWORK = "Gemma3ForCausalLM"
COMPARED = {"attention.value_length"}  # only compared with what another field says
MAY_LACK = {"rope.freq_base", "rope.dimension_count", "vocab_size"}
LARGEST = 62  # blocks of the 27B model: its scale of queries stands nowhere in the file, ggml's network knows it by these
SCALED = {"rope.scaling.type", "rope.scaling.factor"}  # of the positions that global layers see, from 4B on


def read_config(header: Header) -> Any:
    """The transformers configuration; ValueError for a model of another kind, or one that this cannot describe."""
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig
    from transformers.integrations.ggml import GGUF_CONFIG_MAPPING

    kind = header.fields.get("general.architecture")
    if not isinstance(kind, str) or kind not in ARCHITECTURES:
        raise ValueError(
            f"{header.name} holds a model of type {kind!r:.40}; Swing reads {', '.join(ARCHITECTURES)} from GGUF files"
        )
    names: dict[str, str | None] = GGUF_CONFIG_MAPPING[kind]
    stated = {key.removeprefix(f"{kind}."): value for key, value in header.fields.items() if key.startswith(f"{kind}.")}
    scaling = _scaling(stated)
    if surplus := sorted(stated.keys() - names.keys() - COMPARED - (SCALED if scaling else set())):
        raise ValueError(f"{header.name} states {f'{kind}.{surplus[0]}'!r}, which Swing does not know how to apply")
    if missing := sorted(names.keys() - stated.keys() - MAY_LACK):
        raise ValueError(f"{header.name} does not state {kind}.{missing[0]}: it is damaged or of another kind")
    for key, value in stated.items():
        if not (scaling and key == "rope.scaling.type"):
            _check_number(header.name, f"{kind}.{key}", value)
    _check_sizes(header, stated)
    values: dict[str, Any] = {name: stated[key] for key, name in names.items() if name and key in stated}
    for group, of in (("general", str), ("tokenizer", int)):
        for key, name in GGUF_CONFIG_MAPPING[group].items():
            if (value := header.fields.get(f"{group}.{key}")) is not None:
                if type(value) is not of:
                    raise ValueError(f"{header.name} states {group}.{key} = {value!r:.40}, which is no {of.__name__}")
                values[name] = value
    values["vocab_size"] = len(vocabulary(header))
    values["tie_word_embeddings"] = "output.weight" not in header.tensors
    values["query_pre_attn_scalar"] = stated["attention.key_length"]
    if stated["block_count"] == LARGEST:
        values["query_pre_attn_scalar"] = stated["embedding_length"] // stated["attention.head_count"]
    if scaling:
        values["rope_scaling"] = scaling
    del values["model_type"]
    try:
        return AutoConfig.for_model(ARCHITECTURES[kind], architectures=[NETWORK], **values)
    except StrictDataclassError as error:
        why = str(error.__cause__ or error).strip().split("\n")[0]
        raise ValueError(f"{header.name} describes a network that cannot be: {why}") from error


def vocabulary(header: Header) -> list[str]:
    """The tokens as the file spells them; ValueError where there are none."""
    tokens = header.fields.get("tokenizer.ggml.tokens")
    if not isinstance(tokens, list) or not tokens:
        raise ValueError(f"{header.name} has no tokens, so that it cannot read text")
    return tokens


def _scaling(stated: dict[str, Any]) -> dict[str, Any] | None:
    """How positions are scaled, None where they are not, or in a way that Gemma 3 does not have."""
    linear = stated.get("rope.scaling.type") == "linear" and type(stated.get("rope.scaling.factor")) in (int, float)
    return {"rope_type": "linear", "factor": float(stated["rope.scaling.factor"])} if linear else None


def _check_number(name: str, key: str, value: Any) -> None:
    whole = not key.endswith(("epsilon", "freq_base", "scaling.factor"))
    good = type(value) in ((int,) if whole else (int, float)) and math.isfinite(value) and 0 < value < 1 << 31
    if not good:
        raise ValueError(f"{name} states {key} = {value!r:.40}; a positive {'whole ' * whole}number is expected")


def _check_sizes(header: Header, stated: dict[str, Any]) -> None:
    """What the fields say of the network must be what the tensors are, before a network is made after them."""
    blocks = {name.split(".")[1] for name in header.tensors if name.startswith("blk.")}
    if blocks != {str(i) for i in range(min(stated["block_count"], len(blocks) + 1))}:
        raise ValueError(f"{header.name} states {stated['block_count']} blocks, and has tensors of {len(blocks)}")
    if stated.get("attention.value_length", stated["attention.key_length"]) != stated["attention.key_length"]:
        raise ValueError(f"{header.name} states keys and values of different lengths, which Gemma 3 does not have")
    tokens = len(vocabulary(header))
    if stated.get("vocab_size", tokens) != tokens:
        raise ValueError(f"{header.name} states {stated['vocab_size']} tokens, and lists {tokens}")
