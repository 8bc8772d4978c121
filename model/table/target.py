"""What is to be predicted: a number, or which of a few classes."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from model.table.columns import numbers, profile, texts_of
from xai.typing import Floats

MAX_CLASSES = 50
LARGEST = 1e30  # of a number to predict: LightGBM keeps it in float32
_FEW = 10  # whole numbers with at most this many values are classes, unless the user says otherwise


@dataclass(frozen=True)
class Target:
    """label, kind ("regression" or "classification"), and of a classification its classes, in order; the margin of
    two classes is the log-odds of the second. scores : margins of one row, where a model has other ones than usual"""

    label: str
    kind: str
    classes: list[str] = field(default_factory=list)
    scores: int = 0

    @property
    def n_outputs(self) -> int:
        """Margins of one row: one per class, but one alone for a number or for two classes."""
        return self.scores or (len(self.classes) if len(self.classes) > 2 else 1)

    def encode(self, cells: pd.Series) -> Floats:
        """float64 (rows,): the number, or the place of the class; NaN where missing or of no known class."""
        if self.kind == "regression":
            return numbers(cells)
        texts, where = texts_of(cells)
        known = {name: i for i, name in enumerate(self.classes)}
        return np.array([known.get(text, np.nan) for text in texts] + [np.nan])[where]


def understand_target(cells: pd.Series, label: str, kind: str | None = None) -> Target:
    """The target by its cells, or as `kind` says. ValueError for one that cannot be predicted."""
    if kind not in (None, "regression", "classification"):
        raise ValueError(f"kind must be None, 'regression' or 'classification'; got {kind!r}")
    column = profile(cells.to_frame(name=label))[0]
    texts, _ = texts_of(cells)
    if not texts:
        raise ValueError(f"every cell of the target {label!r} is missing; choose another column")
    if len(texts) == 1:
        raise ValueError(
            f"the target {label!r} has one value only, {texts[0]!r}: there is nothing to predict; choose another column"
        )
    values = numbers(cells)
    numeric = not np.isnan(values[~cells.isna().to_numpy()]).any()
    if kind is None:
        whole = numeric and len(texts) <= _FEW and (values[~np.isnan(values)] % 1 == 0).all()
        of_numbers = numeric and column.kind not in ("boolean", "category") and len(texts) > 2
        kind = "regression" if of_numbers and not whole else "classification"
    if kind == "regression":
        if np.isnan(values).all() or column.kind == "category" and not numeric:
            raise ValueError(f"the target {label!r} holds texts, not numbers: predict it as a classification")
        if np.nanmax(np.abs(values)) > LARGEST:
            raise ValueError(f"the target {label!r} has numbers beyond ±{LARGEST:g}; give it in another unit")
        return Target(label, kind)
    if len(texts) > MAX_CLASSES:
        raise ValueError(
            f"the target {label!r} has {len(texts)} different values; at most {MAX_CLASSES} classes are predicted: "
            "choose another column" + (", or a regression" if numeric else "")
        )
    order = np.argsort(np.array([float(text) for text in texts])) if _all_numbers(texts) else np.argsort(texts)
    return Target(label, kind, [texts[i] for i in order])


def _all_numbers(texts: list[str]) -> bool:
    return not np.isnan(numbers(pd.Series(texts, dtype=object))).any() and not {"True", "False"} & set(texts)
