"""Valid files made invalid, or valid in ways that nobody writes: by bytes, by words, and inside what a container holds."""

import io
import json
import struct
import zipfile
import zlib
from typing import Any

import numpy as np

MOST = 2_000_000  # bytes of a damaged file
_NUMBERS = [0, 1, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**53 + 1, 2**63 - 1, 2**64 - 1]
_WORDS = ["", "nan", "inf", "-inf", "1e400", "-1", "0", "1" * 400, "9" * 20, "1e-400", "null", "true", "[]", "{}", '"', "'"]
_WORDS += [",", ";", "\t", "\n", "\r\n", "\0", "\ufeff", "\u200b", "é", "中文", "👩‍👩‍👧", "\ud800", "=1+1", "1,5", "1.234,5"]
_WORDS += ["2020-13-45", "9999-12-31", "%s{0}", "a" * 5000]
_VALUES: list[Any] = [None, True, False, -1, 0, 1, 10**6, 2**31, 2**70, 0.5, 1e308, float("nan"), float("inf"), "", "x", "1"]
_VALUES += ["1e999", "\0", "[1E0,2E0]", [], {}, [[]], [None], [0] * 1000, {"": None}, [1, "a"]]


def damaged(rng: np.random.Generator, data: bytes, others: list[bytes]) -> bytes:
    """`data` with one to four faults. others : files of the same kind, of which parts may be taken"""
    for _ in range(int(rng.choice([1, 1, 2, 4]))):
        if rng.random() < 0.6:
            data = _inside(rng, data)
        elif rng.random() < 0.1 and others:
            other = others[int(rng.integers(len(others)))]
            data = data[: _at(rng, data)] + other[_at(rng, other) :]
        else:
            data = _bytes(rng, data)
    return data[:MOST]


def _at(rng: np.random.Generator, data: bytes | list[Any] | str) -> int:
    """A place; half of the time near the beginning, where headers are."""
    most = len(data) if rng.random() < 0.5 else min(len(data), 200)
    return int(rng.integers(most + 1))


def _bytes(rng: np.random.Generator, data: bytes) -> bytes:
    at, size = _at(rng, data), int(rng.choice([1, 2, 4, 8, 60, 1000]))
    kind = rng.integers(6)
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + data[at + size :]
    if kind == 2:
        return data[:at] + data[at : at + size] * int(rng.choice([2, 3, 50])) + data[at + size :]
    if kind == 3:
        return data[:at] + rng.bytes(size) + data[at + size * int(rng.integers(2)) :]
    if kind == 4:
        number, width = int(rng.choice(np.array(_NUMBERS, dtype=object))), int(rng.choice([1, 2, 4, 8]))
        packed = (number % 256**width).to_bytes(width, "little" if rng.random() < 0.5 else "big")
        return data[:at] + packed + data[at + width :]
    changed = bytearray(data)
    for place in rng.integers(0, max(len(data), 1), int(rng.choice([1, 3, 20]))):
        if changed:
            changed[place] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _inside(rng: np.random.Generator, data: bytes) -> bytes:
    """A fault in what the file holds, with its checksums made right again."""
    if data.startswith(b"PK"):
        return _zip(rng, data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(rng, data)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _bytes(rng, data)
    if text.lstrip().startswith("{") and rng.random() < 0.8:
        try:
            return json.dumps(_json(rng, json.loads(text))).encode()
        except (ValueError, RecursionError):
            pass
    return _text(rng, text).encode("utf-8", "surrogatepass")


def _zip(rng: np.random.Generator, data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # it was damaged before
        return _bytes(rng, data)
    if not files:
        return _bytes(rng, data)
    chosen = list(files)[int(rng.integers(len(files)))]
    kind = rng.random()
    if kind < 0.1:
        del files[chosen]
    elif kind < 0.15:
        files[chosen + "x"] = files.pop(chosen)
    else:
        files[chosen] = (_bytes if rng.random() < 0.4 else _inside)(rng, files[chosen])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def _png(rng: np.random.Generator, data: bytes) -> bytes:
    chunks, at = [], 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    if not chunks:
        return _bytes(rng, data)
    i = int(rng.integers(len(chunks)))
    name, body = chunks[i]
    chunks[i] = (name, _bytes(rng, body))
    written = (struct.pack(">I", len(b)) + n + b + struct.pack(">I", zlib.crc32(n + b)) for n, b in chunks)
    return data[:8] + b"".join(written)


def _text(rng: np.random.Generator, text: str) -> str:
    word = str(rng.choice(np.array(_WORDS, dtype=object)))
    kind, at = rng.integers(5), _at(rng, text)
    if kind == 0:
        return text[:at] + word + text[at:]
    if kind == 1:  # in the place of a cell, or a number
        end = next((i for i in range(at, len(text)) if text[i] in ',;\t\n "=:[]{}'), len(text))
        return text[:at] + word + text[end:]
    lines = text.split("\n")
    place = int(rng.integers(len(lines)))
    if kind == 2:
        lines[place:place] = [lines[place]] * int(rng.choice([1, 2, 300]))
    elif kind == 3:
        del lines[place]
    else:
        one, other = rng.choice(list(',;\t|. "\n'), 2)
        return text.replace(one, other, int(rng.choice([1, 5, -1])))
    return "\n".join(lines)


def _json(rng: np.random.Generator, value: Any) -> Any:
    """The same with one value anywhere in it changed, left out or put deep into others."""
    if isinstance(value, (dict, list)) and value and rng.random() < 0.93:
        key = list(value)[int(rng.integers(len(value)))] if isinstance(value, dict) else int(rng.integers(len(value)))
        if rng.random() < 0.05:
            del value[key]
        elif rng.random() < 0.03 and isinstance(value, list):
            value[key:key] = [value[key]] * int(rng.choice([1, 50]))
        else:
            value[key] = _json(rng, value[key])
        return value
    if rng.random() < 0.03:
        for _ in range(900):
            value = [value]
        return value
    if isinstance(value, (int, float)) and rng.random() < 0.3:
        return value * int(rng.choice([-1, 2, 1000, 10**9])) + int(rng.integers(-2, 3))
    return _VALUES[int(rng.integers(len(_VALUES)))]
