"""Rows of a table of text, or of the first sheet of a workbook: what they are written in is found out by `model.files`."""

import io
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from batch.sources.source import Bad, Place, check_names, digest_of
from model.files.reader import MAX_BYTES, below, cells_said, numbered_lines, read_rows

if TYPE_CHECKING:
    import pandas as pd

HEAD = 8_000_000  # bytes; a larger file is read line by line, by what its beginning says of all
_CODECS = {"UTF-8": "utf-8-sig", "Windows-1252": "cp1252", "Windows-1250": "cp1250", "Windows-1251": "cp1251"}


class Texts:
    def __init__(self, place: Place) -> None:
        self.name, self._place = place.name, place
        self._begins = place.head(HEAD + 1)
        self._large = len(self._begins) > HEAD
        if self._large:
            self._begins = self._begins[: self._begins.rfind(b"\n") + 1]
            if not self._begins or self._begins[:2] == b"PK":
                raise ValueError(f"{self.name} is too large for what it is: save it as Parquet")
        names, _, told, self._laid = read_rows(self._begins, self.name)
        self.columns, self._bare = [str(name).strip() for name in names], "no line of names" in told
        self._encoding = told.split(", ")[1] if self._laid.delimiter else ""
        check_names(self.columns, self.name)
        if self._large and self._encoding not in _CODECS:
            raise ValueError(f"{self.name} is in {self._encoding}; so large a file is read in UTF-8: save it so, or as Parquet")

    def digest(self) -> str:
        return digest_of([self._place])

    @cached_property
    def _count(self) -> int:
        return sum(1 for _ in self.rows([]))

    def count(self, frames: bool = False) -> int:
        return len(self._frame) if frames else self._count

    def rows(self, needs: list[str] | None) -> Iterator[dict[str, Any] | Bad]:
        at = [(i, name) for i, name in enumerate(self.columns) if needs is None or name in needs]
        lines = self._lines() if self._laid.delimiter else ((0, row) for row in read_rows(self._begins, self.name)[1])
        for number, row in lines:
            if len(row) == len(self.columns):
                yield {name: row[i] for i, name in at}
            else:
                yield Bad(f"line {number} has {cells_said(len(row))} under {len(self.columns)} names")

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Number and cells of each line under the names that has a filled cell."""
        try:
            lines = numbered_lines(below(self._stream(), self._laid), self._laid.delimiter, self.name)
            yield from lines if self._bare else islice(lines, 1, None)
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{self.name} begins as text in {self._encoding}, and further on it is none: save it in UTF-8"
            ) from error

    def _stream(self) -> Iterator[str]:
        if self._large:
            with self._place.open() as stream, io.TextIOWrapper(stream, _CODECS[self._encoding], newline="") as text:
                yield from text
        else:
            from model.files.decoding import decoded

            found = decoded(self._begins)
            yield from io.StringIO(found[0].rstrip("\x1a") if found else "", newline="")

    def frames(self, most: int) -> "Iterator[pd.DataFrame]":
        frame = self._frame
        for start in range(0, len(frame), most):
            yield frame.iloc[start : start + most]

    @cached_property
    def _frame(self) -> "pd.DataFrame":
        """Whole: what a column's texts are, numbers or dates or neither, is told by all of them."""
        from model.files.table import read_table

        data = self._begins if not self._large else self._place.head(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError(
                f"{self.name} has more than {MAX_BYTES // 10**6} MB; a larger table is read from Parquet, whose cells have types"
            )
        frame = read_table(data, self.name)
        self.columns = [str(name) for name in frame.columns]
        return frame
