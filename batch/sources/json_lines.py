"""Rows of JSON, one object a line."""

import io
import json
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from batch.sources.source import Bad, Place, digest_of

if TYPE_CHECKING:
    import pandas as pd


class JsonLines:
    def __init__(self, place: Place) -> None:
        self.name, self._place = place.name, place
        if all(isinstance(row, Bad) for row in self.rows(None)):
            raise ValueError(f"{self.name} has no line that is a JSON object")

    @cached_property
    def columns(self) -> list[str]:
        """Of all objects: one leaves out what it does not know."""
        known = dict[str, None]()
        for row in self.rows(None):
            known |= {} if isinstance(row, Bad) else dict.fromkeys(row)
        return list(known)

    def digest(self) -> str:
        return digest_of([self._place])

    @cached_property
    def _count(self) -> int:
        return sum(1 for _ in self._lines())

    def count(self, frames: bool = False) -> int:
        return self._count

    def _lines(self) -> Iterator[tuple[int, str]]:
        with self._place.open() as stream, io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape") as text:
            for number, line in enumerate(text, 1):
                if line.strip():
                    yield number, line

    def rows(self, needs: list[str] | None) -> Iterator[dict[str, Any] | Bad]:
        for number, line in self._lines():
            try:
                row = json.loads(line.encode("utf-8", "surrogateescape"))
            except (ValueError, RecursionError):  # bytes that are no UTF-8 among them
                row = None
            if isinstance(row, dict):
                yield row if needs is None else {name: row.get(name) for name in needs}
            else:
                yield Bad(f"line {number} is no JSON object")

    def frames(self, most: int) -> "Iterator[pd.DataFrame]":
        import pandas as pd

        rows = self.rows(None)
        while part := list(islice(rows, most)):
            bad = next((row for row in part if isinstance(row, Bad)), None)
            if bad:
                raise ValueError(f"{self.name}: {bad.why}, and a table's rows must all be read")
            cells = (item for row in part if isinstance(row, dict) for item in row.items())
            nested = next((name for name, cell in cells if isinstance(cell, (dict, list))), None)
            if nested is not None:
                raise ValueError(f"the column {nested!r} of {self.name} holds lists or records; give single values")
            yield pd.DataFrame(part, columns=self.columns)
