"""The network of a GGUF file: its tensors read and de-quantised piece by piece, straight into the type they are used in."""

import warnings
from collections.abc import Callable
from math import prod
from typing import Any

from model.gguf.config import TURNING, kind_of
from model.gguf.header import Header, Tensor
from model.gguf.kinds import Kind
from model.gguf.places import places_of
from model.gguf.source import Source

TABLES = "model.embed_tokens.weight", "model.embed_tokens_per_layer.weight", "lm_head.weight"  # of tokens
PACKED = 8  # ggml's number of Q8_0
AT_ONCE = 1 << 18  # numbers: what a core's cache holds; a quarter of it takes twice, a sixteenth four times as long


def read_network(source: Source, header: Header, config: Any, dtype: Any, told: Callable[[float], None]) -> Any:
    """A network of transformers in eval mode, without gradients. told(share) is called as its numbers are read.

    Beyond the weights themselves it takes memory for one piece, or for one tensor that lies otherwise in the file, such as the
    experts of a layer. In float32 a table of tokens stays quantised where it can (`model.gguf.packed`). ValueError where the
    tensors are not the network's.
    """
    import torch
    import transformers

    kind = kind_of(header)[1]
    network = getattr(transformers, kind.network)
    places = places_of(header, kind, network, config)
    total = sum(prod(place.shape) for place in places.values())
    state, tables, done = {}, {}, 0
    for name, place in places.items():
        tensor = place.tensors[0]
        plus = kind.norm_plus if name.endswith("norm.weight") else 0.0
        if name in TABLES and dtype == torch.float32 and tensor.kind == PACKED:
            tables[name], state[name] = read_packed(source, tensor), torch.zeros(()).expand(tensor.shape)  # takes no memory
        else:
            found = [read_tensor(source, one, dtype, plus) for one in place.tensors]
            state[name] = (place.join.make(found) if place.join else _laid(kind, config, name, found[0])).view(place.shape)
        done += prod(place.shape)
        told(done / total)
    # without a path transformers makes the network on no device, puts these tensors in and computes the buffers
    model: Any = network.from_pretrained(None, config=config, state_dict=state, dtype=dtype)
    for name, table in tables.items():
        part, _, attribute = name.rpartition(".")
        setattr(model.get_submodule(part), attribute, torch.nn.Parameter(table, requires_grad=False))
    if tables and config.tie_word_embeddings:
        model.lm_head.weight = model.model.embed_tokens.weight
    if slower := getattr(config, "rope_freqs", None):
        _slow_turns(header, model.model.rotary_emb, slower)
    return model.eval().requires_grad_(False)


def read_turning(source: Source, header: Header) -> dict[str, list[float]]:
    """Name → numbers of the tensors that say how far positions turn; ValueError for what cannot be."""
    import torch

    found = {}
    for name in TURNING:
        if (tensor := header.tensors.get(name)) is not None:
            numbers = read_tensor(source, tensor, torch.float32).flatten().tolist() if tensor.size < AT_ONCE else []
            if not numbers or not all(0 < number < float("inf") for number in numbers):
                raise ValueError(f"{header.name} has {name!r} with what are no factors of its positions: it is damaged")
            found[name] = numbers
    return found


def _slow_turns(header: Header, rotary: Any, slower: list[float]) -> None:
    """As ggml does: each pair of numbers of a head turns so many times slower."""
    for name in ("inv_freq", "original_inv_freq"):
        turns = getattr(rotary, name)
        if len(turns) != len(slower):
            raise ValueError(f"{header.name} has {len(slower)} factors of its positions, and turns {len(turns)} pairs of numbers")
        turns /= turns.new_tensor(slower)


def _laid(kind: Kind, config: Any, name: str, found: Any) -> Any:
    """A tensor of the file as the network has it."""
    if name.endswith(kind.flipped):
        return found.T.contiguous()
    if kind.paired and (which := next((key for key in ("q_proj", "k_proj") if f".{key}." in name), "")):
        heads = config.num_attention_heads if which == "q_proj" else config.num_key_value_heads
        return found.reshape(heads, -1, 2, *found.shape[1:]).transpose(1, 2).reshape(found.shape).contiguous()
    return found


def read_packed(source: Source, tensor: Tensor) -> Any:
    """A `model.gguf.packed.Packed` of a file's numbers of type Q8_0."""
    import torch

    from model.gguf.packed import unpacked

    raw = torch.empty(tensor.size, dtype=torch.uint8)
    source.read_into(raw.numpy().data, tensor.at)
    return unpacked(raw, tensor.shape)


def read_tensor(source: Source, tensor: Tensor, dtype: Any, plus: float = 0.0) -> Any:
    """A torch tensor of a file's numbers, `plus` added in float32. ValueError for a type that `gguf` cannot read."""
    import numpy as np
    import torch
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, dequantize

    kind = GGMLQuantizationType(tensor.kind)
    per_block, block = GGML_QUANT_SIZES[kind]
    found = torch.empty(tensor.shape, dtype=dtype)
    flat, blocks = found.view(-1), max(1, AT_ONCE // per_block)
    buffer = bytearray(min(blocks * block, tensor.size))
    for begin in range(0, tensor.size, blocks * block):
        view = memoryview(buffer)[: tensor.size - begin]
        source.read_into(view, tensor.at + begin)
        try:
            with np.errstate(all="ignore"):  # a damaged file's scales may be no numbers
                values = dequantize(np.frombuffer(view, np.uint8)[None], kind)[0]
                values = values + np.float32(plus) if plus else values
        except NotImplementedError:
            raise ValueError(f"{source.name} is quantised as {kind.name}, which the package gguf cannot read") from None
        first = begin // block * per_block
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # torch fears for arrays that cannot be written; it only reads
            flat[first : first + len(values)].copy_(torch.from_numpy(values))
    return found
