"""Where a file has each of a network's tensors."""

import re
from collections import Counter
from typing import Any, NamedTuple

from model.gguf.config import FREQUENCIES, LONG, SHORT
from model.gguf.header import Header, Tensor
from model.gguf.kinds import Kind
from model.gguf.kinds.kind import Join

Shape = tuple[int, ...]


class Place(NamedTuple):
    """tensors : the file's, or the part of one that is the network's;  shape : in the network
    join : how they make it; None where one is it
    """

    tensors: tuple[Tensor, ...]
    shape: Shape
    join: Join | None


class _Name(NamedTuple):
    """theirs : names in the file;  part : its number there, where several of the network are stacked in one
    join : how they make one of the network's
    """

    theirs: tuple[str, ...]
    part: int | None = None
    join: Join | None = None


def places_of(header: Header, kind: Kind, network: Any, config: Any) -> dict[str, Place]:
    """Name in the network → its place; every one, none left over, and of the same shape. ValueError where that is not so."""
    import torch

    try:
        with torch.device("meta"):
            wanted = {name: tuple(tensor.shape) for name, tensor in network(config).state_dict().items()}
    except (RuntimeError, ValueError, ArithmeticError, LookupError) as error:
        why = str(error).strip().split("\n")[0]
        raise ValueError(f"{header.name} describes a network that cannot be: {why}") from error
    if config.tie_word_embeddings:
        del wanted["lm_head.weight"]
    names = _names(header, kind, config, list(wanted))
    known = {theirs for name in names.values() for theirs in name.theirs} | kind.unused(config) | _turning_of(kind)
    if surplus := sorted(header.tensors.keys() - known):
        raise ValueError(f"{header.name} has a tensor {surplus[0]!r}, which this network has no place for")
    counts = Counter(name.theirs for name in names.values() if name.part is not None)
    places = {}
    for ours, shape in wanted.items():
        name = names[ours]
        needed = shape[::-1] if ours.endswith(kind.flipped) else shape
        if name.part is not None:
            needed = (counts[name.theirs], *shape)
        elif name.join:
            needed = name.join.each(shape)
        found = [_found(header, theirs, needed) for theirs in name.theirs]
        places[ours] = Place(tuple(found if name.part is None else [_part(found[0], name.part)]), shape, name.join)
    return places


def _names(header: Header, kind: Kind, config: Any, wanted: list[str]) -> dict[str, _Name]:
    from gguf import MODEL_ARCH_NAMES, get_tensor_name_map

    architecture = next(key for key, name in MODEL_ARCH_NAMES.items() if name == header.fields["general.architecture"])
    listed = get_tensor_name_map(architecture, config.num_hidden_layers)
    found = {}
    for ours in wanted:
        own = []
        for named in kind.named:
            if match := re.fullmatch(named.ours, ours):
                theirs = tuple(match.expand(one) for one in named.theirs)
                own.append(_Name(theirs, int(match[1]) if named.stacked else None, named.join))
        stem, _, end = ours.rpartition(".")
        own = own or [_Name((f"{listed.get_name(stem)}.{end}",))]
        found[ours] = next((name for name in own if header.tensors.keys() >= set(name.theirs)), own[0])
    return found


def _found(header: Header, name: str, shape: Shape) -> Tensor:
    if (tensor := header.tensors.get(name)) is None:
        raise ValueError(f"{header.name} lacks the tensor {name!r}: it is damaged or of another kind")
    if _without_ones(tensor.shape) != _without_ones(shape):
        raise ValueError(f"{header.name} has {name!r} of shape {tensor.shape}; the network needs {shape}")
    return tensor


def _part(tensor: Tensor, number: int) -> Tensor:
    """One of those that are stacked along its first dimension."""
    count, *shape = tensor.shape
    size = tensor.size // count
    return tensor._replace(shape=tuple(shape), at=tensor.at + number * size, size=size)


def _without_ones(shape: Shape) -> Shape:
    """A shape as some converters write it."""
    return tuple(size for size in shape if size != 1)


def _turning_of(kind: Kind) -> set[str]:
    """The tensors of `model.gguf.config.TURNING` that this kind applies."""
    return {LONG, SHORT} if "longrope" in kind.scaled else {FREQUENCIES} if kind.paired or kind.proportional else set()
