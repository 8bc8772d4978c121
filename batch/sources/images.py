"""Rows that are the pictures of a folder and of the folders in it, by extension or content, in the order of their names."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from batch.sources.source import Place, digest_of
from model.image.formats import SUFFIXES, is_picture

if TYPE_CHECKING:
    import pandas as pd

_HEAD = 1024


class Images:
    def __init__(self, folder: Path) -> None:
        self.name, self.columns, self.folder = folder.name, list[str](), folder
        if not self._files:
            raise ValueError(f"{folder.name} holds no picture, no Parquet file and no saved data set")

    @cached_property
    def _files(self) -> list[Path]:
        seen = (file for file in self.folder.rglob("*") if not _hidden(file.relative_to(self.folder)) and file.is_file())
        return sorted(file for file in seen if file.suffix.lower() in SUFFIXES or is_picture(Place(str(file)).head(_HEAD)))

    @property
    def names(self) -> list[str]:
        return [file.relative_to(self.folder).as_posix() for file in self._files]

    def digest(self) -> str:
        return digest_of([Place(str(file)) for file in self._files], self.names)

    def count(self, frames: bool = False) -> int:
        return len(self._files)

    def rows(self, needs: list[str] | None) -> Iterator[Path]:
        yield from self._files

    def frames(self, most: int) -> "NoReturn | Iterator[pd.DataFrame]":
        raise ValueError(f"{self.name} is a folder of pictures; a table is CSV, Parquet or JSON lines")


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
