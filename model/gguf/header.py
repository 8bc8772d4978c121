"""The header of a GGUF file: what it says of the model, and where each tensor lies. One pass over plain bytes.

The format is ggml's (docs/gguf.md of its repository), versions 2 and 3, little-endian. A file is a stranger's: no length
that it states is believed before it is compared with the file's own, and nothing is allocated by one. The `gguf`
package's reader makes a numpy array of each of half a million items, which takes half a minute.
"""

import struct
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.gguf.source import Source

VERSIONS = (2, 3)
MOST_BYTES = 1 << 27  # of a header; Gemma's have 7 to 20 million. It bounds time and memory
MOST_DIMENSIONS = 4  # ggml's own limit
AT_ONCE = 1 << 22
ALIGNMENT = 32  # where the file states none
STRING, ARRAY = 8, 9
NUMBERS = {0: "<u1", 1: "<i1", 2: "<u2", 3: "<i2", 4: "<u4", 5: "<i4", 6: "<f4", 7: "?", 10: "<u8", 11: "<i8", 12: "<f8"}
_DTYPES = {kind: np.dtype(name) for kind, name in NUMBERS.items()}
_LENGTH, _KIND, _ITEMS, _PLACE = struct.Struct("<Q"), struct.Struct("<I"), struct.Struct("<IQ"), struct.Struct("<IQ")


class Tensor(NamedTuple):
    """shape : rows last, as in torch;  kind : ggml's number of its quantisation;  at, size : its bytes in the file"""

    shape: tuple[int, ...]
    kind: int
    at: int
    size: int


class Header(NamedTuple):
    """fields : key → int, float, bool, str, list of str, or array of numbers;  tensors : name → where it lies

    start : the byte at which the tensors' data begin
    """

    name: str
    version: int
    fields: dict[str, Any]
    tensors: dict[str, Tensor]
    start: int


def read_header(source: Source) -> Header:
    """The header of a GGUF file; ValueError with one sentence for what is none, or is damaged."""
    reader = _Reader(source)
    if source.size < 4 or bytes(reader.take(4)) != b"GGUF":
        raise reader.refusal("it does not begin with the letters GGUF")
    version = reader.unpack(_KIND)[0]
    if version not in VERSIONS:
        swapped = " (of a machine with the other order of bytes)" if version & 0xFFFF == 0 else ""
        raise reader.refusal(f"its version is {version}{swapped}; Swing reads versions 2 and 3")
    (n_tensors,), (n_fields,) = reader.unpack(_LENGTH), reader.unpack(_LENGTH)
    fields: dict[str, Any] = {}
    for _ in range(n_fields):
        key = reader.text()
        if key in fields:
            raise reader.refusal(f"it states {key!r} twice")
        fields[key] = reader.value(reader.unpack(_KIND)[0])
    infos: dict[str, tuple[tuple[int, ...], int, int]] = {}
    for _ in range(n_tensors):
        name = reader.text()
        if name in infos:
            raise reader.refusal(f"it has the tensor {name!r} twice")
        infos[name] = reader.tensor(name)
    align = fields.get("general.alignment", ALIGNMENT)
    if type(align) is not int or align < 1 or align & (align - 1):
        raise reader.refusal(f"its alignment is {align!r}, which is no power of two")
    start = -(-reader.at // align) * align
    return Header(source.name, version, fields, _placed(reader, infos, start), start)


def _placed(reader: "_Reader", infos: dict[str, tuple[tuple[int, ...], int, int]], start: int) -> dict[str, Tensor]:
    """The tensors with the bytes that each takes, all within the file."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    sizes = {int(kind): size for kind, size in GGML_QUANT_SIZES.items()}
    tensors = {}
    for name, (shape, kind, offset) in infos.items():
        if kind not in sizes:
            raise reader.refusal(f"its tensor {name!r} has the type {kind}, which the package gguf does not know")
        per_block, block = sizes[kind]
        if (shape[-1] if shape else 1) % per_block:
            title = GGMLQuantizationType(kind).name
            raise reader.refusal(f"its tensor {name!r} has rows of {shape[-1:]} numbers, which {title} cannot hold")
        size = prod(shape) // per_block * block
        if start + offset + size > reader.source.size:
            raise reader.refusal(f"its tensor {name!r} lies beyond its end: it is cut off or damaged")
        tensors[name] = Tensor(shape, kind, start + offset, size)
    return tensors


class _Reader:
    """Reads items one after another, each only after it is sure that the file holds it."""

    def __init__(self, source: Source) -> None:
        self.source, self.at = source, 0
        self._data = bytearray()  # all of the file up to some byte beyond `at`

    def refusal(self, why: str) -> ValueError:
        return ValueError(f"{self.source.name} cannot be read as a GGUF file: {why}")

    def take(self, size: int) -> bytearray:
        begin, end = self.at, self.at + size
        if end > len(self._data):
            self._fill(end)
        self.at = end
        return self._data[begin:end]

    def unpack(self, form: struct.Struct) -> tuple[Any, ...]:
        return form.unpack(self.take(form.size))

    def text(self) -> str:
        try:
            return self.take(_LENGTH.unpack(self.take(8))[0]).decode()
        except UnicodeDecodeError as error:
            raise self.refusal(f"a text in its header is not in UTF-8 ({error.reason})") from None

    def value(self, kind: int) -> Any:
        if kind == STRING:
            return self.text()
        if kind != ARRAY:
            return self._numbers(kind, 1)[0].item()
        of, count = self.unpack(_ITEMS)
        if of == ARRAY:
            raise self.refusal("its header has arrays within arrays")
        if of != STRING:
            return self._numbers(of, count)
        self._check(8 * count)  # what the lengths alone take
        return [self.text() for _ in range(count)]

    def tensor(self, name: str) -> tuple[tuple[int, ...], int, int]:
        """Shape, type and offset."""
        dimensions = self.unpack(_KIND)[0]
        if dimensions > MOST_DIMENSIONS:
            raise self.refusal(f"its tensor {name!r} has {dimensions} dimensions; at most {MOST_DIMENSIONS} are allowed")
        shape = struct.unpack(f"<{dimensions}Q", self.take(8 * dimensions))
        kind, offset = self.unpack(_PLACE)
        return shape[::-1], kind, offset

    def _numbers(self, kind: int, count: int) -> NDArray[Any]:
        if kind not in _DTYPES:
            raise self.refusal(f"its header has a value of the unknown type {kind}")
        dtype = _DTYPES[kind]
        raw = self.take(count * dtype.itemsize)
        return np.frombuffer(raw, np.uint8) != 0 if dtype == np.bool_ else np.frombuffer(raw, dtype)

    def _check(self, size: int) -> None:
        end = self.at + size
        if end > self.source.size:
            raise self.refusal("its header goes on beyond its end: it is cut off or damaged")
        if end > MOST_BYTES:
            raise self.refusal(f"its header is larger than {MOST_BYTES >> 20} MiB")

    def _fill(self, end: int) -> None:
        self._check(end - self.at)
        have = len(self._data)
        more = bytearray(min(max(end - have, AT_ONCE), self.source.size - have))
        self.source.read_into(more, have)
        self._data += more
