"""The network of a GGUF file: its tensors read and de-quantised piece by piece, straight into the type they are used in."""

import warnings
from collections.abc import Callable
from math import prod
from typing import Any

from model.gguf.header import Header, Tensor
from model.gguf.source import Source

TABLES = "model.embed_tokens.weight", "lm_head.weight"  # of tokens
PACKED = 8  # ggml's number of Q8_0
AT_ONCE = 1 << 18  # numbers: what a core's cache holds; a quarter of it takes twice, a sixteenth four times as long


def read_network(source: Source, header: Header, config: Any, dtype: Any, told: Callable[[float], None]) -> Any:
    """A network of transformers in eval mode, without gradients. told(share) is called as its numbers are read.

    Beyond the weights themselves it takes memory for one piece. In float32 a table of tokens stays quantised where it can
    (`model.gguf.packed`). ValueError where the tensors are not the network's.
    """
    import torch
    from transformers import Gemma3ForCausalLM

    places = _places(header, config)
    total = sum(prod(tensor.shape) for tensor in places.values())
    state, tables, done = {}, {}, 0
    for name, tensor in places.items():
        is_norm = name.endswith("norm.weight")  # ggml's are what is multiplied by, Gemma's that less one
        if name in TABLES and dtype == torch.float32 and tensor.kind == PACKED:
            tables[name], state[name] = read_packed(source, tensor), torch.zeros(()).expand(tensor.shape)  # takes no memory
        else:
            state[name] = read_tensor(source, tensor, dtype, -1.0 if is_norm else 0.0)
        done += prod(tensor.shape)
        told(done / total)
    # without a path transformers makes the network on no device, puts these tensors in and computes the buffers
    model: Any = Gemma3ForCausalLM.from_pretrained(None, config=config, state_dict=state, dtype=dtype)
    for name, table in tables.items():
        part, _, attribute = name.rpartition(".")
        setattr(model.get_submodule(part), attribute, torch.nn.Parameter(table, requires_grad=False))
    if config.tie_word_embeddings:
        model.lm_head.weight = model.model.embed_tokens.weight
    return model.eval().requires_grad_(False)


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


def _places(header: Header, config: Any) -> dict[str, Tensor]:
    """Name in the network → its tensor in the file; every one, none left over, and of the same shape."""
    import torch
    from gguf import MODEL_ARCH_NAMES, get_tensor_name_map
    from transformers import Gemma3ForCausalLM

    kind = next(key for key, name in MODEL_ARCH_NAMES.items() if name == header.fields["general.architecture"])
    in_file = get_tensor_name_map(kind, config.num_hidden_layers)
    with torch.device("meta"):
        wanted = {name: tuple(tensor.shape) for name, tensor in Gemma3ForCausalLM(config).state_dict().items()}
    if config.tie_word_embeddings:
        del wanted["lm_head.weight"]
    names = {name: f"{in_file.get_name(name.removesuffix('.weight'))}.weight" for name in wanted}
    if surplus := sorted(header.tensors.keys() - set(names.values())):
        raise ValueError(f"{header.name} has a tensor {surplus[0]!r}, which this network has no place for")
    for name, shape in wanted.items():
        if (tensor := header.tensors.get(names[name])) is None:
            raise ValueError(f"{header.name} lacks the tensor {names[name]!r}: it is damaged or of another kind")
        if tensor.shape != shape:
            raise ValueError(f"{header.name} has {names[name]!r} of shape {tensor.shape}; the network needs {shape}")
    return {name: header.tensors[names[name]] for name in wanted}
