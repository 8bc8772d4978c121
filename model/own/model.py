"""A table model of somebody's own: what its answers are, and its games, whose rows are asked for as the model takes them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from model.own.asking import Asker
from model.own.frames import as_typed
from model.table.columns import Column
from model.table.links import CLIP
from xai.exchange.cells import FrameCells
from xai.typing import Bools, Floats

MIXED = 1 << 15  # rows of mixtures that are made at a time


@dataclass(frozen=True)
class OwnModel:
    """asker : the model;  template : its columns, their types;  columns : as understood
    link : from margins to answers, of `model.table.links.LINKS`;  units : what a margin is, in words
    joint : do the probabilities of the classes add up to 1?
    """

    asker: Asker
    template: pd.DataFrame
    columns: list[Column]
    link: str
    units: str
    joint: bool = True
    linear: ClassVar[bool] = False

    def cells(self, frame: pd.DataFrame, at: list[int]) -> pd.DataFrame:
        """Rows as the model takes them; column i is the frame's column at[i]."""
        return as_typed(self.template, self.columns, frame, at)

    def margins(self, cells: pd.DataFrame) -> Floats:
        """(rows, outputs): numbers and scores as they are, of two classes the second's less the first's; log-odds of
        probabilities."""
        return self._margins(self.asker(cells))

    def predict(self, cells: pd.DataFrame) -> tuple[Floats, Floats | None]:
        """(margins, probabilities of the classes); scores choose a class, whose probability is 1."""
        return self.told(self.asker(cells))

    def told(self, answers: Floats) -> tuple[Floats, Floats | None]:
        """`predict` of answers (rows, k) that are there."""
        if self.link == "identity":
            return answers, None
        if self.link == "step":
            best = answers.argmax(axis=1) if answers.shape[1] > 1 else (answers[:, 0] > 0).astype(int)
            return self._margins(answers), np.eye(max(2, answers.shape[1]))[best]
        return self._margins(answers), answers

    def game(self, row: pd.DataFrame, background: pd.DataFrame) -> Callable[[Bools], Floats]:
        """bool (m, columns) → (m, outputs): mean margin of the mixtures of one row and the background."""
        cells, rows = FrameCells(row, background), len(background)
        step = max(1, MIXED // rows)

        def value(coalitions: Bools) -> Floats:
            parts = [self.margins(cells.mixed(coalitions[i : i + step])) for i in range(0, len(coalitions), step)]
            margins = np.concatenate(parts) if parts else self.margins(background.iloc[:0])
            mean: Floats = margins.reshape(len(coalitions), rows, margins.shape[1]).mean(axis=1)
            return mean

        return value

    def _margins(self, answers: Floats) -> Floats:
        if self.link in ("logistic", "each"):
            odds = log_odds(answers, self.joint)
            return odds[:, 1:] if self.link == "logistic" else odds
        if answers.shape[1] == 2 and self.link in ("share", "step"):
            return answers[:, 1:] if self.link == "share" else answers[:, 1:] - answers[:, :1]
        return answers


def log_odds(chances: Floats, joint: bool) -> Floats:
    """log(p / (1 − p)) of the probabilities (rows, classes), of which each, and what it leaves, counts as `CLIP` at least.

    joint : what it leaves is the sum of the others; 1 − p has no digits where p is nearly 1
    """
    rest = chances @ (1.0 - np.eye(chances.shape[1])) if joint else 1.0 - chances
    odds: Floats = np.log(np.maximum(chances, CLIP)) - np.log(np.maximum(rest, CLIP))
    return odds
