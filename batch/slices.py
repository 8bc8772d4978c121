"""Some rows of a run, as they stand in its files and in its source; and all of them cut into slices by a column."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from batch.parts import ROWS, part_name, rows_of, table_of
from batch.settings import Settings
from batch.sources import Bad, Source, chunks
from model.files.numerals import judge, number

MOST = 12  # slices of a column
MISSING, OTHERS = "(missing)", "(all others)"


def rows_between(out: Path, size: int, first: int, count: int, columns: list[str] | None = None) -> list[dict[str, Any]]:
    """The committed ones of `count` rows from the row `first` on, from 0. size : rows of a part"""
    found: list[dict[str, Any]] = []
    for part in range(first // size, -(-(first + count) // size)):
        path = out / ROWS / part_name(part)
        if rows_of(path):
            found += table_of(path, columns).to_pylist()
    return [row for row in found if first <= row["row"] < first + count]


def cells_of(source: Source, settings: Settings, row: int) -> Any:
    """A row of a source as its kind reads it: a frame of one, a dict of cells, or a `Bad`; ValueError where it is none."""
    frames = settings.kind == "table"
    for chunk in islice(chunks(source, None, None, frames, settings.part_rows), row // settings.part_rows, None):
        i = row - chunk.first
        if i < len(chunk.ids):
            return chunk.rows.iloc[[i]] if frames else chunk.rows[i]
        break
    raise ValueError(f"{source.name} has no row {row}")


def slices(source: Source, column: str, frames: bool) -> list[str]:
    """Of each row in their order the slice that it is in, by its cell of a column.

    Cells that are all numbers, of which there are many, are cut into quarters of like size; others are slices by themselves,
    the most frequent ones where they are many.
    """
    cells = list(_cells(source, column, frames))
    counts = Counter(cell for cell in cells if cell is not None)
    if len(counts) <= MOST:
        named = {cell: str(cell) for cell in counts}
    elif (numbers := _numbers(list(counts))) is not None:
        named = _quarters(counts, numbers)
    else:
        named = {cell: str(cell) for cell, _ in counts.most_common(MOST - 1)}
    return [MISSING if cell is None else named.get(cell, OTHERS) for cell in cells]


def _cells(source: Source, column: str, frames: bool) -> Iterator[Any]:
    """None where there is none. Texts stand without blanks around them."""
    import pandas as pd

    def clean(cell: Any) -> Any:
        if isinstance(cell, (dict, list, bytes, np.ndarray)):
            raise ValueError(f"{column!r} holds no single values, by which rows could be cut into slices")
        if cell is None or pd.isna(cell):
            return None
        return cell.strip() or None if isinstance(cell, str) else cell

    if frames:
        for frame in source.frames(1 << 12):
            yield from map(clean, frame[column].tolist())
    else:
        yield from (None if isinstance(row, Bad) else clean(row.get(column)) for row in source.rows([column]))


def _numbers(cells: list[Any]) -> list[float] | None:
    """What cells are as numbers; None where one is none, or could be two."""
    if all(isinstance(cell, (int, float)) and not isinstance(cell, bool) for cell in cells):
        found = [float(cell) for cell in cells]
    elif all(isinstance(cell, str) for cell in cells):
        judged = judge(cells)
        if judged is None or judged.clash or (judged.open and not judged.told):
            return None
        found = [number(cell, judged.mark or ".") for cell in cells]
    else:
        return None
    return found if np.isfinite(found).all() else None


def _quarters(counts: Counter[Any], numbers: list[float]) -> dict[Any, str]:
    values, weights = np.array(numbers), np.array([counts[cell] for cell in counts])
    order = np.argsort(values)
    share = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    place = np.empty(len(values), int)
    place[order] = np.minimum((4 * share).astype(int), 3)
    named = {}
    for k in np.unique(place):
        low, high = values[place == k].min(), values[place == k].max()
        named[int(k)] = f"{low:.10g} to {high:.10g}" if low < high else f"{low:.10g}"
    return {cell: named[int(k)] for cell, k in zip(counts, place)}
