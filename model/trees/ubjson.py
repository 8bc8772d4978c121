"""UBJSON, as XGBoost writes it, read strictly: objects, arrays, numbers, texts; nothing else, nothing beyond the file's end."""

import struct
from typing import Any

import numpy as np

_INTS = {"i": ">i1", "U": ">u1", "I": ">i2", "u": ">u2", "l": ">i4", "L": ">i8"}
_NUMBERS = {**_INTS, "d": ">f4", "D": ">f8"}
_PLAIN: dict[str, Any] = {"Z": None, "T": True, "F": False}
_DEEPEST = 64  # XGBoost's own models are nested some ten deep
_CUT = "its UBJSON cannot be read: it ends too early, so it was cut short, or is damaged"


def read_ubjson(data: bytes) -> dict[str, Any]:
    """The object that the bytes hold; arrays of one type of number become numpy's. ValueError with one sentence otherwise."""
    try:
        reader = _Reader(data)
        found = reader.value(reader.mark(), 0)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError(_CUT) from error
    if not isinstance(found, dict) or reader.at != len(data):
        raise ValueError("its UBJSON cannot be read: it is not one object and nothing after it")
    return found


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.data):
            raise ValueError(_CUT)
        self.at += size
        return self.data[self.at - size : self.at]

    def mark(self) -> str:
        return self.take(1).decode("latin-1")

    def peek(self) -> str:
        return self.data[self.at : self.at + 1].decode("latin-1")

    def numbers(self, mark: str, count: int) -> Any:
        kind = np.dtype(_NUMBERS[mark])
        return np.frombuffer(self.take(count * kind.itemsize), kind).astype(kind.newbyteorder("="))

    def length(self) -> int:
        mark = self.mark()
        if mark not in _INTS:
            raise ValueError(f"its UBJSON cannot be read: a length of type {mark!r}")
        return int(self.numbers(mark, 1)[0])

    def text(self) -> str:
        return self.take(self.length()).decode("utf-8")

    def value(self, mark: str, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError("its UBJSON cannot be read: it is nested too deeply")
        if mark in _NUMBERS:
            return self.numbers(mark, 1)[0].item()
        if mark in _PLAIN:
            return _PLAIN[mark]
        if mark == "S":
            return self.text()
        if mark == "C":
            return self.mark()
        if mark == "[":
            return self.array(depth)
        if mark == "{":
            return self.object(depth)
        raise ValueError(f"its UBJSON cannot be read: a value of type {mark!r}")

    def head(self) -> tuple[str, int]:
        """The type and the number of what follows, "" and −1 where it does not say."""
        kind, count = "", -1
        if self.peek() == "$":
            self.take(1)
            kind = self.mark()
            if self.peek() != "#":
                raise ValueError("its UBJSON cannot be read: a type without a length")
        if self.peek() == "#":
            self.take(1)
            count = self.length()
            if count < 0 or count > len(self.data):
                raise ValueError(_CUT)
        return kind, count

    def array(self, depth: int) -> Any:
        kind, count = self.head()
        if kind in _NUMBERS:
            return self.numbers(kind, count)
        found: list[Any] = []
        while len(found) != count:
            mark = kind or self.mark()
            if mark == "]" and count < 0:
                break
            found.append(self.value(mark, depth + 1))
        return found

    def object(self, depth: int) -> dict[str, Any]:
        kind, count = self.head()
        found: dict[str, Any] = {}
        read = 0
        while read != count:
            if count < 0 and self.peek() == "}":
                self.take(1)
                break
            name = self.text()
            found[name] = self.value(kind or self.mark(), depth + 1)
            read += 1
        return found
