"""What a source of rows is."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Bad:
    """A row that cannot be read, and why, in one sentence."""

    why: str


class Source(Protocol):
    """Rows in an order that is the same each time they are read.

    name : for sentences;  columns : their names, [] where rows have none
    """

    name: str

    @property
    def columns(self) -> list[str]: ...

    def digest(self) -> str:
        """Of every byte that is read."""
        ...

    def count(self, frames: bool = False) -> int:
        """How many rows, the bad ones among them; or how many those of all frames have."""
        ...

    def rows(self, needs: list[str] | None) -> Iterator[Any]:
        """Each row, a dict of the cells that are needed, a file, or a `Bad`."""
        ...

    def frames(self, most: int) -> "Iterator[pd.DataFrame]":
        """All rows as frames of at most `most`, their cells with types; ValueError where rows are no table."""
        ...


class Place:
    """A file here, or one that a URI names, which pyarrow's file systems reach (s3://, gs://, hdfs://, file://)."""

    def __init__(self, path: str) -> None:
        """ValueError for a URI that none of them knows."""
        self.path, self._remote = path, None
        self.name = path.rstrip("/").rsplit("/", 1)[-1] or path
        if "://" in path:
            import pyarrow as pa
            from pyarrow.fs import FileSystem

            try:
                self._remote, self._inner = FileSystem.from_uri(path)
            except (pa.ArrowException, ValueError, OSError) as error:
                raise ValueError(f"{path} cannot be reached ({str(error).splitlines()[0][:200]})") from error

    @property
    def local(self) -> Path:
        """ValueError for a URI."""
        if self._remote is not None:
            raise ValueError(f"{self.path} is a URI; give a folder of this machine")
        return Path(self.path)

    @property
    def is_folder(self) -> bool:
        return self._remote is None and self.local.is_dir()

    def open(self) -> IO[bytes]:
        """ValueError with one sentence for what cannot be opened."""
        try:
            if self._remote is not None:
                found: IO[bytes] = self._remote.open_input_file(self._inner)
                return found
            if self.local.exists() and not (self.local.is_file() or self.is_folder):
                raise ValueError(f"{self.path} is a pipe or a device, which is read once: save it as a file first")
            return self.local.open("rb")
        except OSError as error:
            raise ValueError(f"{self.path} cannot be read ({error.strerror or str(error)[:200]})") from error

    def head(self, count: int) -> bytes:
        with self.open() as stream:
            return stream.read(count)

    def add_to(self, whole: Any) -> None:
        """Its bytes to a hash."""
        with self.open() as stream:
            while part := stream.read(_AT_ONCE):
                whole.update(part)


def missing(cell: Any) -> bool:
    """Whether a cell holds nothing, as None, NaN and what stands for them in frames do."""
    import pandas as pd

    return cell is None or (not isinstance(cell, (str, list, dict, bytes)) and pd.isna(cell) is True)


def check_names(columns: list[str], name: str) -> None:
    """ValueError where two columns are called alike: a row holds one cell for each name."""
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise ValueError(f"{name} has {columns.count(twice[0])} columns called {twice[0]!r}: rename one")


def digest_of(places: list[Place], names: list[str] | None = None) -> str:
    """Of the bytes of files in their order, and of what they are called where that counts."""
    whole = hashlib.sha256()
    for i, place in enumerate(places):
        whole.update(f"{names[i] if names else ''}\n".encode())
        place.add_to(whole)
    return whole.hexdigest()[:32]
