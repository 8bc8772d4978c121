"""What is to be predicted: a number, or which of a few classes."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from model.files.numerals import number
from model.table.cells.values import as_float
from model.table.columns import Column, numbers, profile, texts_of
from xai.typing import Floats, Ints

MAX_CLASSES = 50
LARGEST = 1e30  # of a number to predict: LightGBM keeps it in float32
SMALLEST = 1e-30  # that numbers to predict must differ by: the same, and squares of errors stay above 0
_FEW = 10  # whole numbers with at most this many values are classes, unless the user says otherwise


@dataclass(frozen=True)
class Target:
    """label, kind ("regression" or "classification"), and of a classification its classes, in order; the margin of
    two classes is the log-odds of the second.

    scores : margins of one row, where a model has other ones than usual;  mark : before the decimals of numbers written
    as text;  note : how many rows have no target that can be used, and why
    """

    label: str
    kind: str
    classes: list[str] = field(default_factory=list)
    scores: int = 0
    mark: str = "."
    note: str = ""

    @property
    def n_outputs(self) -> int:
        """Margins of one row: one per class, but one alone for a number or for two classes."""
        return self.scores or (len(self.classes) if len(self.classes) > 2 else 1)

    def encode(self, cells: pd.Series) -> Floats:
        """float64 (rows,): the number, or the place of the class; NaN where missing or of no known class."""
        if self.kind == "regression":
            return numbers(cells, self.mark)
        texts, where = texts_of(cells)
        known = {name: i for i, name in enumerate(self.classes)}
        same = {number(name, self.mark): i for i, name in enumerate(self.classes)}  # 7 for the class 007; NaN equals none
        found = [known.get(text, same.get(number(text, self.mark), np.nan)) for text in texts]
        return np.array([*found, np.nan])[where]


def understand_target(cells: pd.Series, label: str, kind: str | None = None, column: Column | None = None) -> Target:
    """The target by its cells, or as `kind` says. column : as `profile` understood it among its table's others

    Whole numbers of at most ten values are classes; other numbers are numbers, however few, unless `kind` says so. What is
    infinite or a text among numbers is no target: its row is left out. ValueError for one that cannot be predicted.
    """
    if kind not in (None, "regression", "classification"):
        raise ValueError(f"kind must be None, 'regression' or 'classification'; got {kind!r}")
    column = column or profile(cells.to_frame(name=label))[0]
    texts, where = texts_of(cells)
    values = numbers(cells, column.mark)
    held = ~np.isnan(values)
    of_numbers = column.kind not in ("boolean", "category", "date") and column.otherwise != "category" and held.any()
    if of_numbers:
        spelt = np.full(len(texts) + 1, np.nan)
        spelt[where] = values
        texts = list({value: text for value, text in zip(spelt, texts) if value == value}.values())  # 7 and 007 are one
    if not texts:
        raise ValueError(f"every cell of the target {label!r} is missing; choose another column")
    if len(texts) == 1:
        raise ValueError(
            f"the target {label!r} has one value only, {texts[0]!r}: there is nothing to predict; choose another column"
        )
    if kind != "classification":
        _check_numbers(label, column, bool(held.any()))
    numeric = of_numbers or not np.isnan(values[~cells.isna().to_numpy()]).any()
    if kind is None:
        whole = len(texts) <= _FEW and (values[held] % 1 == 0).all()
        kind = "regression" if of_numbers and len(texts) > 2 and not whole else "classification"
    note = _unusable(cells, values if of_numbers else np.where(where < 0, np.nan, 0.0), where)
    if kind == "regression":
        if np.isnan(values).all() or column.kind == "category" and not numeric:
            raise ValueError(f"the target {label!r} holds texts, not numbers: predict it as a classification")
        if np.nanmax(np.abs(values)) > LARGEST:
            raise ValueError(f"the target {label!r} has numbers beyond ±{LARGEST:g}; give it in another unit")
        if np.ptp(values[held]) < SMALLEST:
            raise ValueError(f"the numbers of the target {label!r} differ by less than {SMALLEST:g}; give it in another unit")
        return Target(label, kind, mark=column.mark, note=note)
    if len(texts) > MAX_CLASSES:
        raise ValueError(
            f"the target {label!r} has {len(texts)} different values; at most {MAX_CLASSES} classes are predicted: "
            "choose another column" + (", or a regression" if numeric else "")
        )
    spelt = numbers(pd.Series(texts, dtype=object), column.mark)
    order = np.argsort(spelt) if _all_numbers(texts, spelt) else np.argsort(texts)
    return Target(label, kind, [texts[i] for i in order], mark=column.mark, note=note)


def of_classes(cells: pd.Series, label: str, names: list[str], scores: int = 0) -> Target:
    """The target of a model that names its classes; ValueError where a cell holds another."""
    unknown = sorted(set(texts_of(cells)[0]) - set(names))
    if unknown:
        raise ValueError(f"the model knows the classes {', '.join(names[:8])}; the column {label!r} has {unknown[0]!r} too")
    return Target(label, "classification", names, scores=scores)


def _check_numbers(label: str, column: Column, held: bool) -> None:
    """ValueError for dates, and for a column of numbers without one. held : whether a cell is a number"""
    if column.kind == "date" or any(reading.startswith("date") for reading in column.readings):
        other = "correct it to a number" if column.serial else "give it as numbers, such as days since one of them"
        raise ValueError(
            f"the target {label!r} holds dates, which are not predicted: choose another column, {other}, or say that the target "
            "is classes"
        )
    if column.kind == "number" and not held:
        raise ValueError(f"the target {label!r} is to be a number, and no cell of it is one; choose another column or kind")


def _unusable(cells: pd.Series, values: Floats, where: Ints) -> str:
    """A sentence on the rows whose target among numbers is none; "" where there are no such rows."""
    missing, infinite = int((where < 0).sum()), int(np.isinf(as_float(cells)[np.isnan(values)]).sum())
    texts = int(np.isnan(values).sum()) - missing - infinite
    told = [
        f"{count:,} {'is' if count == 1 else 'are'} {what}"
        for count, what in ((missing, "missing"), (infinite, "infinite"), (texts, "no number"))
        if count
    ]
    return f"Of its cells {', '.join(told)}: those rows are left out." if told else ""


def _all_numbers(texts: list[str], spelt: Floats) -> bool:
    return not np.isnan(spelt).any() and not {"True", "False"} & set(texts)
