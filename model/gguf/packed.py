"""A table of tokens that stays as its file has it, in a quarter or half of the memory: rows are made floats when they are used.

The table is two thirds of the small Gemma 3. Its rows are looked up one by one where words are read, and a slab at a time
where an answer is told (`model.text.head`), so that what is made floats stays in a processor's cache.
"""

from typing import Any

import torch
from torch.nn import functional
from torch.utils._pytree import tree_map

BLOCK = 32  # numbers that share a scale in ggml's Q8_0: two bytes of scale, then a byte for each number
SLAB = 1024  # rows at a time, where all of them are wanted


class Packed(torch.Tensor):
    """A float32 table (rows, width) of codes (rows, blocks, …) and, or None, their scales (rows, blocks, 1).

    Each number is code × scale, computed in float32, as `gguf.dequantize` has it: of Q8_0 int8 and float16, of bfloat16 the
    numbers themselves and no scales. It can be sliced by rows, looked up
    (`functional.embedding`) and multiplied by (`functional.linear`); anything else is done with the whole table of floats,
    which is right, and takes the memory. TypeError where it would be written to.
    """

    codes: torch.Tensor
    scales: torch.Tensor | None

    @staticmethod
    def __new__(cls, codes: torch.Tensor, scales: torch.Tensor | None) -> "Packed":
        shape = len(codes), codes.shape[1] * codes.shape[2]
        made: Packed = torch.Tensor._make_wrapper_subclass(cls, shape, dtype=torch.float32, device=codes.device)
        made.codes, made.scales = codes, scales
        return made

    @property
    def nbytes(self) -> int:  # type: ignore[override]  # torch declares it as an attribute
        """Bytes that it takes of memory."""
        return self.codes.nbytes + (0 if self.scales is None else self.scales.nbytes)

    def rows(self, which: Any) -> torch.Tensor:
        """Rows as floats, by a slice or an array of their numbers."""
        numbers = self.codes[which].float()
        return (numbers if self.scales is None else numbers.mul_(self.scales[which].float())).flatten(-2)

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        with torch._C.DisableTorchFunctionSubclass():
            if function is functional.linear and args[2:] in ((), (None,)) and not kwargs and isinstance(args[1], cls):
                return _linear(*args[:2])
            if function in (torch.Tensor.numpy, torch.Tensor.__array__, torch.Tensor.tolist):
                return function(args[0].rows(slice(None)), *args[1:], **(kwargs or {}))
            return function(*args, **(kwargs or {}))

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]  # torch declares it as an attribute
        cls, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        aten, first = torch.ops.aten, args[0]
        if function is aten.detach.default:
            return cls(first.codes, first.scales)
        if function is aten.slice.Tensor and args[1:2] in ((), (0,)) and len(args) < 5:
            scales = None if first.scales is None else aten.slice.Tensor(first.scales, *args[1:])
            return cls(aten.slice.Tensor(first.codes, *args[1:]), scales)
        if function is aten.embedding.default and not isinstance(args[1], cls):
            return first.rows(args[1])
        if function._schema.is_mutable and isinstance((kwargs or {}).get("out", first), cls):
            raise TypeError("a packed table of tokens cannot be written to")
        floats = tree_map(lambda one: one.rows(slice(None)) if isinstance(one, cls) else one, (args, kwargs or {}))
        return function(*floats[0], **floats[1])


def _linear(states: torch.Tensor, table: Packed) -> torch.Tensor:
    flat = states.reshape(-1, states.shape[-1])
    slabs = [torch.mm(flat, table.rows(slice(start, start + SLAB)).t()) for start in range(0, len(table), SLAB)]
    return torch.cat(slabs, 1).view(*states.shape[:-1], len(table))


def packed(table: torch.Tensor) -> Packed:
    """That of numbers (rows, width) in a shorter type, such as bfloat16."""
    return Packed(table[:, None], None)


def unpacked(raw: torch.Tensor, shape: tuple[int, ...]) -> Packed:
    """A table of the bytes of a tensor of type Q8_0. raw : uint8, all of them;  shape : (rows, width)"""
    blocks = raw.view(shape[0], shape[1] // BLOCK, BLOCK + 2)
    return Packed(blocks[..., 2:].contiguous().view(torch.int8), blocks[..., :2].contiguous().view(torch.float16))
