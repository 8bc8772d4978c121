"""Does a model predict as it should? A column of predictions made elsewhere, beside the model's own."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from model.table.columns import cell_text, numbers
from model.table.model import TableModel
from xai.typing import Floats

CLOSE = 1e-5  # of a prediction, or of 1: what float32 rounds away is no difference
_READABLE = 0.95


@dataclass(frozen=True)
class Agreement:
    """form : what the column holds, in words;  rows : how many were compared;  differing : how many of them differ
    largest : difference, and `row`, the place where it is;  theirs, ours : as written there
    """

    form: str
    rows: int
    differing: int
    largest: float
    row: int
    theirs: str
    ours: str

    @property
    def sentence(self) -> str:
        if not self.differing:
            told = "" if self.form == "the class" else f"; the largest difference is {self.largest:.2g}, in row {self.row + 1}"
            return f"It predicts as it should: the column holds {self.form}, the same in all {self.rows:,} rows{told}."
        most = "first" if self.form == "the class" else f"most, by {self.largest:.4g},"
        return (
            f"It does not predict as it should: read as {self.form}, the column differs in {self.differing:,} of {self.rows:,} "
            f"rows, {most} in row {self.row + 1}, which holds {self.theirs} where the model says {self.ours}."
        )


def agreement(model: TableModel, frame: pd.DataFrame, column: pd.Series) -> Agreement:
    """The column of predictions (rows,) beside the model's of the rows of `frame`: as margins, as answers (numbers, or the
    probability of a class), or as classes, whichever comes closest. ValueError where it can be none of these.
    """
    if len(column) != len(frame):
        raise ValueError(f"there are {len(column)} predictions for {len(frame)} rows")
    margin, chances = model.predict(frame)
    values = numbers(column)
    given = ~column.isna().to_numpy()
    if not given.any():
        raise ValueError("the column of predictions is empty")
    numeric = np.isnan(values[given]).mean() <= 1 - _READABLE
    forms = _forms(model, margin, chances) if numeric else {}
    found = [_of_numbers(form, values, ours) for form, ours in forms.items()]
    if chances is not None:
        found += _of_classes(model, column, given, chances)
    if not found:
        raise ValueError("the column holds texts that are no predictions of this model: neither numbers nor its classes")
    return min(found, key=lambda one: (one.differing / one.rows, one.largest))


def _forms(model: TableModel, margin: Floats, chances: Floats | None) -> dict[str, Floats]:
    """What numbers may be, in words → the model's own, (rows,)."""
    margins = margin.reshape(len(margin), -1)
    names = model.outputs
    raw = {(f"the raw score of {name}" if len(names) > 1 else "the raw score"): margins[:, k] for k, name in enumerate(names)}
    if chances is not None:
        return raw | {f"the probability of {name}": chances[:, k] for k, name in enumerate(model.target.classes)}
    answers = model.answers(margin).reshape(len(margin), -1)
    told = {(f"the prediction of {name}" if len(names) > 1 else "the prediction"): answers[:, k] for k, name in enumerate(names)}
    return told if model.link == "identity" else told | raw


def _of_numbers(form: str, theirs: Floats, ours: Floats) -> Agreement:
    known = np.flatnonzero(~np.isnan(theirs))
    gap = np.abs(theirs[known] - ours[known])
    place = int(known[np.argmax(gap)])
    differing = int((gap > CLOSE * np.maximum(1.0, np.abs(ours[known]))).sum())
    return Agreement(form, len(known), differing, float(gap.max()), place, f"{theirs[place]:.6g}", f"{ours[place]:.6g}")


def _of_classes(model: TableModel, column: pd.Series, given: "np.typing.NDArray[np.bool_]", chances: Floats) -> list[Agreement]:
    """The column as classes, by name, where they are the model's."""
    known = {name: i for i, name in enumerate(model.target.classes)}
    rows = np.flatnonzero(given)
    texts = [cell_text(cell) for cell in column.iloc[rows]]
    if not set(texts) <= set(known):
        return []
    ours = chances.argmax(axis=1)[rows]
    wrong = np.array([known[text] for text in texts]) != ours
    place = int(np.argmax(wrong))
    told = texts[place], model.target.classes[int(ours[place])]
    return [Agreement("the class", len(rows), int(wrong.sum()), float(wrong.any()), int(rows[place]), *told)]
