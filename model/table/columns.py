"""What is in each column of a table, and how a cell of it becomes a number."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from model.table.cells.column import CORRECTIONS, KINDS, UNUSED, Column
from model.table.cells.kinds import Seen, compared, joined, understood
from model.table.cells.values import cell_text, numbers, texts_of

__all__ = ["CORRECTIONS", "KINDS", "UNUSED", "Column", "cell_text", "numbers", "profile", "texts_of", "unique_labels"]


def profile(frame: pd.DataFrame, kinds: Mapping[Any, str] | None = None) -> list[Column]:
    """What every column of a table is, by its cells; `kinds` (label or name → kind) corrects it.

    Raises TypeError for what is no frame, ValueError for a kind or a column that does not exist.
    """
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"a table must be a pandas DataFrame; got {type(frame).__name__}")
    labels, kinds = unique_labels(frame.columns), dict(kinds or {})
    names = dict(zip(labels, frame.columns))
    for key, kind in kinds.items():
        if kind not in CORRECTIONS:
            raise ValueError(f"the kind of a column must be one of {list(CORRECTIONS)}; got {kind!r} for {key!r}")
        if key not in names and key not in names.values():
            raise ValueError(f"the table has no column {key!r} whose kind could be {kind!r}")
    columns = []
    seen = [Seen.of(frame.iloc[:, i], label, kinds.get(label, kinds.get(names[label]))) for i, label in enumerate(labels)]
    for label, one in zip(labels, compared(seen, frame.attrs)):
        column = replace(understood(one), name=names[label])
        if str(names[label]) != label and not isinstance(names[label], tuple):
            column = replace(column, note=joined(f"Another column is called {names[label]!r} too.", column.note))
        columns.append(column)
    return columns


def unique_labels(names: Iterable[Hashable]) -> list[str]:
    """Names as text; the second "a" becomes "a (2)", a blank one says its place."""
    labels: list[str] = []
    texts = [" / ".join(map(str, name)) if isinstance(name, tuple) else str(name).strip() for name in names]
    for i, text in enumerate(texts):
        label, number = text or f"column {i + 1}", 2
        while label in labels or (number > 2 and label in texts):
            label, number = f"{text or f'column {i + 1}'} ({number})", number + 1
        labels.append(label)
    return labels
