"""The one file format of a ledger: a header, then a record per batch, each checked by itself.

A record is `length, crc32, body`; a body is a JSON line, then the packed coalitions, then their values as float64.
Appending a record is all that paying for a batch needs. A kill can only tear the last record, and reading ends before
it; anything else that is wrong is an error. Numbers are little-endian.
"""

import json
import os
import struct
import zlib
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from xai.typing import Bytes, Floats

MAGIC = b"swing-ledger-1\n"
_HEAD = struct.Struct("<QI")
Batch = tuple[Bytes, Floats, float]  # packed coalitions, values, seconds


def start(stream: BinaryIO, labels: list[str], journal: bool) -> None:
    """Begin a new file; journal: whether a ledger that reads it goes on writing it."""
    stream.write(MAGIC)
    _write(stream, json.dumps({"labels": labels, "journal": journal}).encode())


def append(stream: BinaryIO, packed: Bytes, values: Floats, seconds: float) -> None:
    """Add one batch, see `to_body`; then sync."""
    _write(stream, to_body(packed, values, seconds))
    stream.flush()
    os.fsync(stream.fileno())


def to_body(packed: Bytes, values: Floats, seconds: float) -> bytes:
    """One batch as bytes: packed coalitions uint8 (m, bytes), values (m,) or (m, k), and the seconds they took."""
    line = {"coalitions": packed.shape, "values": values.shape, "seconds": seconds}
    arrays = np.ascontiguousarray(packed, "u1").tobytes() + np.ascontiguousarray(values, "<f8").tobytes()
    return json.dumps(line).encode() + b"\n" + arrays


def _write(stream: BinaryIO, body: bytes) -> None:
    stream.write(_HEAD.pack(len(body), zlib.crc32(body)) + body)


def read(path: str | PathLike[str]) -> tuple[dict[str, Any], list[Batch], int]:
    """Header, [(packed, values, seconds), …], the length in bytes of what is whole; ValueError if it is no ledger."""
    with Path(path).open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            raise ValueError("it does not begin as a ledger does")
        size = os.fstat(stream.fileno()).st_size
        header = _next(stream, size)
        if header is None:
            raise ValueError("its header is torn")
        batches, whole = [], stream.tell()
        while (body := _next(stream, size)) is not None:
            batches.append(from_body(body))
            whole = stream.tell()
    return json.loads(header), batches, whole


def _next(stream: BinaryIO, size: int) -> bytes | None:
    """The next body; None at the end of the file or where its last record is torn."""
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length, checksum = _HEAD.unpack(head)
    if not length or stream.tell() + length > size:
        return None
    body = stream.read(length)
    if zlib.crc32(body) != checksum:
        if stream.tell() == size:
            return None
        raise ValueError("a record in the middle is damaged")
    return body


def from_body(body: bytes) -> Batch:
    """The batch that `to_body` wrote."""
    line, _, arrays = body.partition(b"\n")
    about = json.loads(line)
    (rows, width), shape = about["coalitions"], tuple(about["values"])
    packed = np.frombuffer(arrays, "u1", rows * width).reshape(rows, width)
    values = np.frombuffer(arrays, "<f8", offset=rows * width).astype(np.float64).reshape(shape)
    return packed, values, float(about["seconds"])
