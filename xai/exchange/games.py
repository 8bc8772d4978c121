"""Functions and games of other libraries as games of ours: f(X) with background rows, estimators, shapiq's games."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from xai.checks import check_coalitions
from xai.exchange.cells import ArrayCells, FrameCells
from xai.typing import Bools, Floats

ROWS_PER_CALL = 16_384


def game_of(f: Any, row: Any = None, background: Any = None) -> "RowGame | ShapiqGame":
    """A game of a function and a row, or of a shapiq.Game.

    The value of a coalition is f's mean over the background rows, whose cells stand where the row's are absent: the
    interventional expectation of shap (Lundberg & Lee 2017), the one that KernelExplainer and shapiq's marginal imputer use.

    Parameters
    ----------
    f : callable of an array or frame (rows, n), as background is one, → (rows,) or (rows, k); or a fitted estimator with
        scikit-learn's methods, of which the first that it has is asked: predict_proba, decision_function, predict; or a
        shapiq.Game, whose values are given as they were before it was normalised, and which takes nothing else
    row : the n cells that are explained: array, list, Series, dict or a frame of one row; by name where both have names
    background : array or frame (rows, n), rows that lend the absent cells

    Raises
    ------
    TypeError, ValueError : an argument that is not allowed, or cells that do not fit the background's columns
    """
    shapiq = sys.modules.get("shapiq")
    if shapiq is not None and isinstance(f, shapiq.Game):
        if row is not None or background is not None:
            raise ValueError("a shapiq.Game knows its row and its background: leave both out")
        return ShapiqGame(f)
    if row is None or background is None:
        raise TypeError("game_of needs row, the cells to explain, and background, the rows that lend absent cells")
    return RowGame(f, row, background)


class ShapiqGame:
    """A shapiq.Game; v(no player) is what it was before shapiq subtracted `normalization_value`."""

    def __init__(self, game: Any) -> None:
        self.game, self.n_players = game, int(game.n_players)
        names = sorted(game.player_name_lookup, key=game.player_name_lookup.__getitem__)
        self.labels = [str(name) for name in names] or [f"player {i}" for i in range(self.n_players)]

    def __call__(self, coalitions: Bools) -> Floats:
        coalitions = check_coalitions(coalitions, self.n_players)
        values: Floats = np.asarray(self.game(coalitions), dtype=np.float64) + self.game.normalization_value
        return values


class RowGame:
    """bool (m, n) → float64 (m,) or (m, k); see `game_of`.

    labels : names of the columns, or "column 0" …;  outputs : names of the k outputs, None where f names none
    """

    def __init__(self, f: Any, row: Any, background: Any) -> None:
        self._answer, self.outputs = answers_of(f)
        self._cells = FrameCells(row, background) if hasattr(background, "columns") else ArrayCells(row, background)
        self.labels, self._rows = self._cells.labels, self._cells.rows
        self.n_players = len(self.labels)
        self.batch_size = int(np.clip(ROWS_PER_CALL // self._rows, 1, 1024))

    def __call__(self, coalitions: Bools) -> Floats:
        coalitions = check_coalitions(coalitions, self.n_players)
        parts = [coalitions[at : at + self.batch_size] for at in range(0, len(coalitions), self.batch_size)]
        return np.concatenate([self._values(part) for part in parts or [coalitions]])

    def _values(self, coalitions: Bools) -> Floats:
        answers, asked = self._answer(self._cells.mixed(coalitions)), len(coalitions) * self._rows
        try:
            answers = np.asarray(answers, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"the function's answers are not numbers ({error})") from error
        if answers.ndim not in (1, 2) or len(answers) != asked:
            raise ValueError(f"the function answers {asked} rows by shape {answers.shape}; (rows,) or (rows, k) is needed")
        means: Floats = answers.reshape(len(coalitions), self._rows, *answers.shape[1:]).mean(axis=1)
        return means


def answers_of(f: Any) -> tuple[Callable[[Any], Any], list[str] | None]:
    """What is asked for a value: a callable itself, else an estimator's method; and the names of its outputs."""
    classes = [str(name) for name in getattr(f, "classes_", ())]
    if callable(f):
        return f, None
    if hasattr(f, "predict_proba"):
        return f.predict_proba, classes or None
    if hasattr(f, "decision_function"):
        return f.decision_function, classes if len(classes) > 2 else None
    if hasattr(f, "predict") and not classes:
        return f.predict, None
    raise TypeError(
        "f must be callable, or an estimator with predict_proba, decision_function or, where it has no classes, predict; "
        f"got {type(f).__name__}"
    )
