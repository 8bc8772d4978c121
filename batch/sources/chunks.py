"""From a source to the chunks that are computed and committed together, each row with the name it has for good."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from batch.sources.images import Images
from batch.sources.source import Bad, Source, missing


@dataclass(frozen=True)
class Chunk:
    """number : 0, 1, …;  first : place of its first row among all;  ids : names;  rows : a list, or a frame"""

    number: int
    first: int
    ids: list[str]
    rows: Any


@dataclass(frozen=True)
class Survey:
    """What a look at all of a source found: how many rows it has, and the digest of its bytes."""

    rows: int
    digest: str


def survey(source: Source, needs: list[str] | None, named: str | None, frames: bool) -> Survey:
    """Look at all of a source; ValueError where a column is missing, or two rows have one name."""
    digest = source.digest()
    if frames:
        next(source.frames(1 << 10), None)  # which may name columns anew
    for name in [*(needs or ()), *([named] if named else [])]:
        if name not in source.columns:
            known = ", ".join(source.columns[:8]) + ", …" * (len(source.columns) > 8)
            raise ValueError(f"{source.name} has no column {name!r}; it has {known or 'none'}")
    count = source.count(frames)
    if not count:
        raise ValueError(f"{source.name} has no rows")
    if named:
        _check_names(source, named, frames)
    return Survey(count, digest)


def _check_names(source: Source, named: str, frames: bool) -> None:
    """ValueError where two rows have one name. Of each name eight bytes are kept: there may be millions."""
    marks = b"".join(_mark(id) for chunk in chunks(source, [], named, frames, 1 << 12) for id in chunk.ids)
    found, count = np.unique(np.frombuffer(marks, np.uint64), return_counts=True)
    if len(found) == len(marks) // 8:
        return
    again = found[count.argmax()].tobytes()
    every = (id for chunk in chunks(source, [], named, frames, 1 << 12) for id in chunk.ids)
    id = next(id for id in every if _mark(id) == again)
    raise ValueError(f"{count.max()} rows of {source.name} have {id!r} in {named!r}: names must differ")


def _mark(id: str) -> bytes:
    return hashlib.blake2b(id.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def chunks(
    source: Source, needs: list[str] | None, named: str | None, frames: bool, size: int, limit: int | None = None
) -> Iterator[Chunk]:
    """The first `limit` rows in chunks of `size`, the last maybe shorter. needs, named : columns that are read"""
    first, left = 0, limit
    needs = [*needs, named] if needs is not None and named is not None and named not in needs else needs
    for number, rows in enumerate(_cut_frames(source, size) if frames else _cut(source.rows(needs), size)):
        rows = rows if left is None else rows[:left]
        if not len(rows):
            return
        yield Chunk(number, first, _names(source, rows, first, named, frames), rows)
        first += len(rows)
        left = None if left is None else left - len(rows)


def _cut(rows: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while part := list(islice(rows, size)):
        yield part


def _cut_frames(source: Source, size: int) -> Iterator[Any]:
    """Frames of `size` rows each: files and row groups end where they like."""
    import pandas as pd

    kept: list[Any] = []
    for frame in source.frames(size):
        while len(frame):
            room = size - sum(map(len, kept))
            kept.append(frame.iloc[:room])
            frame = frame.iloc[room:]
            if sum(map(len, kept)) == size:
                yield kept[0] if len(kept) == 1 else pd.concat(kept, ignore_index=True)
                kept = []
    if kept:
        yield kept[0] if len(kept) == 1 else pd.concat(kept, ignore_index=True)


def _names(source: Source, rows: Any, first: int, named: str | None, frames: bool) -> list[str]:
    if isinstance(source, Images):
        return [path.relative_to(source.folder).as_posix() for path in rows]
    if named is None:
        return [str(first + i) for i in range(len(rows))]
    cells = rows[named].tolist() if frames else [None if isinstance(row, Bad) else row.get(named) for row in rows]
    return [f"row {first + i}" if missing(cell) else str(cell) for i, cell in enumerate(cells)]
