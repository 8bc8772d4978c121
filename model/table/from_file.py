"""A tree model from outside, fitted to the columns of a table at hand."""

from collections.abc import Hashable
from dataclasses import replace

import numpy as np
import pandas as pd

from model.table.columns import Column, cell_text, profile
from model.table.rows import encode, target_position
from model.table.target import Target, of_classes, understand_target
from model.trees.columns import fits, understood
from model.trees.file import Field, TreeFile
from model.trees.names import paired
from model.trees.readers import read_trees
from xai.typing import Floats

_ONE_SIDE = (
    "The graph sends all missing cells to one side, which the model that it was made of may not do: compare a column of its "
    "predictions."
)


def loaded(
    data: bytes | TreeFile, frame: pd.DataFrame, target: Hashable | None
) -> tuple[tuple[list[Column], Target, TreeFile], Floats, Floats | None]:
    """((columns, target, model), cells (rows, columns), y (rows,) or None); see `TableModel.load`."""
    model = data if isinstance(data, TreeFile) else read_trees(data)
    columns = profile(frame)
    at = None if target is None else target_position(columns, target)
    places, notes = paired(model.writer, model.names, len(model.fields), columns, at)
    cells = [frame.iloc[:, place] for place in places]
    fields = _with_levels(model, cells, [columns[place].label for place in places])
    chosen: list[Column] = [
        understood(field, columns[place], own, model.missing, model.writer == "xgboost")
        for field, place, own in zip(fields, places, cells)
    ]
    goal = _target(model, frame, at, columns)
    encoded = encode(chosen, frame, places)
    if not model.sorts_missing and np.isnan(encoded).any():
        notes = [*notes, _ONE_SIDE]
    if at is not None and not model.classes and not pd.api.types.is_numeric_dtype(frame.iloc[:, at].dtype):
        notes = [*notes, *_in_order(goal)]
    told = [f"{column.label}: {column.note}" for column in chosen if column.note]
    y = None if at is None else goal.encode(frame.iloc[:, at])
    return (chosen, goal, replace(model, notes=[*model.notes, *notes, *told])), encoded, y


def _with_levels(model: TreeFile, cells: list[pd.Series], labels: list[str]) -> list[Field]:
    """The fields, those of LightGBM's lists of levels with these: in the order of the lists, where all that is known fits.

    ValueError where no assignment fits, or more than one: the file does not say which column a list is of.
    """
    fields, lists = model.fields, model.levels
    if not lists:
        return fields
    coded = [i for i, field in enumerate(fields) if field.kind == "category"]
    if len(coded) == len(lists) and all(_could_be(fields[i], own) for i, own in zip(coded, lists)):
        ways = [coded]  # its own word; `understood` says where the table's column is another
        if not all(fits(own, cells[i]) for i, own in zip(coded, lists)):
            ways = _ways(lists, [_fitting(fields, cells, own, False) for own in lists]) or ways
    else:
        ways = []
    for strictly in (True, False) if not ways else ():
        ways = ways or _ways(lists, [_fitting(fields, cells, own, strictly) for own in lists])
    if len(ways) != 1:
        told = ", ".join(repr(cell_text(level)) for level in lists[0][:5])
        several = sorted({labels[i] for way in ways for i in way})
        raise ValueError(
            f"the model has a category of the levels {told}, and its file does not say of which column: "
            + (f"it could be one of {', '.join(map(repr, several[:6]))}" if ways else "no column of the table holds these")
        )
    given = {i: Field(fields[i].name, "category", tuple(own)) for i, own in zip(ways[0], lists)}
    return [given.get(i, field) for i, field in enumerate(fields)]


def _could_be(field: Field, levels: list[object]) -> bool:
    """Do the codes, or the range, that the file gives for a column stay within a list of levels?"""
    if field.codes is not None:
        return max(field.codes, default=0) < len(levels)
    return bool(np.isnan(field.low)) or field.low >= 0 and field.low % 1 == 0 and field.high % 1 == 0 and field.high < len(levels)


def _fitting(fields: list[Field], cells: list[pd.Series], levels: list[object], strictly: bool) -> list[int]:
    """Columns that a list of levels may be of. strictly : of those that the file calls categories only"""
    return [
        i
        for i, field in enumerate(fields)
        if (field.kind == "category" or not strictly) and _could_be(field, levels) and fits(levels, cells[i])
    ]


def _ways(lists: list[list[object]], fitting: list[list[int]]) -> list[list[int]]:
    """Up to two ways to give every list a column of its own, in the order of the columns."""
    ways: list[list[int]] = [[]]
    for candidates in fitting:
        ways = [[*way, i] for way in ways for i in candidates if not way or i > way[-1]]
        by_end: dict[int, list[list[int]]] = {}
        for way in ways:  # two of each end are enough to know that there is more than one
            by_end.setdefault(way[-1], []).append(way)
        ways = [way for same in by_end.values() for way in same[:2]]
    return ways[:2]


def _target(model: TreeFile, frame: pd.DataFrame, at: int | None, columns: list[Column]) -> Target:
    """What the model predicts: as many classes or numbers as its file says, in the words of the table's column."""
    outputs, link = model.ensemble.n_outputs, model.link
    of_numbers = link in ("identity", "exp", "square", "softplus")
    count = 0 if of_numbers else max(2, outputs)
    scores = outputs if outputs > 1 else 0
    names = [cell_text(name) for name in model.classes] if model.classes and count else []
    if at is None:
        if not count:
            return Target("prediction", "regression", scores=scores)
        return Target("prediction", "classification", names or [str(i) for i in range(count)], scores=scores)
    cells, label = frame.iloc[:, at], columns[at].label
    if of_numbers and outputs > 1:
        raise ValueError(
            f"the model gives {outputs} sums for each row, and its file does not say how they answer the one column {label!r}: "
            "load it without a column to predict"
        )
    if of_numbers or link == "logistic" and not model.classes and _is_share(cells):
        return understand_target(cells, label, "regression")
    goal = understand_target(cells, label, "classification")
    if names:
        return of_classes(cells, label, names, scores)
    if len(goal.classes) != count:
        raise ValueError(f"the model knows {count} classes; the column {label!r} has {len(goal.classes)}")
    return replace(goal, scores=scores)


def _in_order(goal: Target) -> list[str]:
    """A sentence where classes are numbers written as texts, whose order as texts is another."""
    as_texts = sorted(goal.classes)
    if as_texts == goal.classes:
        return []
    told, other = (", ".join(classes[:4]) + ", …" * (len(classes) > 4) for classes in (goal.classes, as_texts))
    return [
        f"The file does not name its classes: they are taken in the order of their numbers, {told}. A model that was fitted to "
        f"them as texts has them in the order {other}: compare a column of its predictions, or give the column as numbers."
    ]


def _is_share(cells: pd.Series) -> bool:
    """Are they numbers from 0 to 1, and not 0 and 1 alone?"""
    if not pd.api.types.is_numeric_dtype(cells.dtype):
        return False
    values = cells.dropna().to_numpy(float)
    return len(np.unique(values)) > 2 and bool((values >= 0).all() and (values <= 1).all())
