"""The bytes of a file, or of several that are its parts, read at any place without joining them."""

import hashlib
import os
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

AT_ONCE = 1 << 20


class Source:
    """A file in one part or more, open while it is used as a context.

    Attributes
    ----------
    name : what sentences call it;  size : bytes of all parts together
    """

    def __init__(self, paths: Iterable[Path], name: str) -> None:
        """OSError where a part cannot be opened."""
        self.name, self.size = name, 0
        with ExitStack() as opened:
            self._parts = []
            for path in paths:
                file = opened.enter_context(open(path, "rb", buffering=0))
                begin, self.size = self.size, self.size + os.fstat(file.fileno()).st_size
                self._parts.append((begin, self.size, file))
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def read_into(self, buffer: memoryview | bytearray, at: int) -> None:
        """Fill `buffer` with what stands at byte `at`; ValueError where the file ends before."""
        view = memoryview(buffer).cast("B")
        for begin, end, file in self._parts:
            if begin <= at < end and view:
                file.seek(at - begin)
                while view and at < end:
                    count = file.readinto(view)
                    if not count:
                        break
                    view, at = view[count:], at + count
        if view:
            raise ValueError(f"{self.name} ends {len(view)} bytes too early: it is damaged, get it again")

    def sha256(self) -> str:
        """Checksum of the whole file, in hexadecimal."""
        digest, buffer = hashlib.sha256(), bytearray(AT_ONCE)
        for at in range(0, self.size, AT_ONCE):
            view = memoryview(buffer)[: self.size - at]
            self.read_into(view, at)
            digest.update(view)
        return digest.hexdigest()
