"""A language model as the model of a table: which cells of a row, written as text, swing the label it gives?"""

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from model.language import Language
from model.table.columns import Column, cell_text, profile
from model.table.rows import Rows, as_frame, positions, target_position
from model.table.target import Target, understand_target
from model.text.text_game import TextGame
from xai.game import Values
from xai.typing import Bools, Floats

MAX_LABELS = 6  # every label is scored for every coalition


class GemmaTableGame:
    """bool (m, columns) → float64 (m,): log-odds of one label against the others, given the row's present cells.

    Attributes
    ----------
    prompt : the examples and the row;  spans : each column's (start, end) in it;  labels : the columns' names
    label : the one whose log-odds are the value;  classes : all labels
    """

    def __init__(self, games: dict[str, TextGame], label: str, labels: list[str]) -> None:
        self.classes, self.label, self.labels = list(games), label, labels
        self._games = list(games.values())
        first = self._games[0]
        self.n_players, self.prompt, self.spans = first.n_players, first.prompt, first.spans
        self.batch_size = max(4, min(game.batch_size for game in self._games) // len(self._games))

    def __call__(self, coalitions: Bools) -> Floats:
        return self._odds(self.scores(coalitions))

    @property
    def full(self) -> Values | None:
        """As of `model.text.text_game.TextGame`."""
        full = [game.full for game in self._games]
        if None in full:
            return None
        return lambda coalitions: self._odds(np.column_stack([of(coalitions).sum(axis=1) for of in full if of]))

    def _odds(self, scores: Floats) -> Floats:
        mine = self.classes.index(self.label)
        others: Floats = np.logaddexp.reduce(np.delete(scores, mine, axis=1), axis=1)
        return scores[:, mine] - others

    def scores(self, coalitions: Bools) -> Floats:
        """Natural log-probability of each class's text, (m, classes)."""
        return np.column_stack([game(coalitions).sum(axis=1) for game in self._games])


def gemma_table_game(
    gemma: Language,
    frame: pd.DataFrame,
    target: Hashable,
    row: Rows,
    shots: int = 8,
    label: object = None,
    absent: str = "remove",
    seed: int = 0,
) -> GemmaTableGame:
    """The game of a row that Gemma classifies after reading examples: its cells are the players.

    gemma : from `load_gemma`;  frame : a table whose rows are the examples;  target : its column of labels, few of them
    row : the row to explain, a Series, a dict or a frame of one; never among the examples
    shots : how many examples, the labels in turn, drawn with the seed
    label : whose log-odds against the others are the value; None for the one that Gemma gives the whole row
    absent : "remove", "hole", "replace" or "read-once" (see `Gemma.text_game`): an absent cell's name goes with it

    ValueError for a target that has no few labels, or a row that lacks a column.
    """
    columns = profile(frame)
    at = target_position(columns, target)
    goal = understand_target(frame.iloc[:, at], columns.pop(at).label, "classification")
    if len(goal.classes) > MAX_LABELS:
        raise ValueError(f"the target {goal.label!r} has {len(goal.classes)} labels; Gemma is asked for {MAX_LABELS} at most")
    if label is not None and str(label) not in goal.classes:
        raise ValueError(f"label must be one of {goal.classes}; got {label!r}")
    given = as_frame(row)
    if len(given) != 1:
        raise ValueError(f"give one row to explain; got {len(given)}")
    cells = given.iloc[0, positions(columns, given.columns)].tolist()
    others, y = frame.iloc[:, [i for i in range(frame.shape[1]) if i != at]], goal.encode(frame.iloc[:, at])
    prompt = "".join(_examples(columns, goal, others, y, cells, shots, seed))
    spans = []
    for column, cell in zip(columns, cells):
        start = len(prompt)
        prompt += _written(column, cell)
        spans.append((start, len(prompt)))
    prompt += f" {goal.label}:"
    games = [gemma.text_game(prompt, f" {name}\n", spans, absent) for name in goal.classes]
    for other in games[1:]:  # the row is read once for all labels
        other.begin_where(games[0])
    game = GemmaTableGame(dict(zip(goal.classes, games)), "", [column.label for column in columns])
    whole = game.scores(np.ones((1, game.n_players), bool))[0]
    game.label = str(label) if label is not None else goal.classes[int(whole.argmax())]
    return game


def _examples(
    columns: list[Column], goal: Target, others: pd.DataFrame, y: Floats, cells: list[object], shots: int, seed: int
) -> Iterator[str]:
    """Lines of the examples: rows of each class in turn, in an order drawn with the seed."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(np.flatnonzero(~np.isnan(y)))
    row = [_value(cell) for cell in cells]
    waiting = [[i for i in order if y[i] == k] for k in range(len(goal.classes))]
    chosen: list[int] = []
    while len(chosen) < shots and any(waiting):
        for rows in waiting:
            while rows and [_value(cell) for cell in others.iloc[rows[0]]] == row:
                rows.pop(0)  # the explained row itself would give its label away
            if rows and len(chosen) < shots:
                chosen.append(rows.pop(0))
    for i in rng.permutation(chosen):
        line = "".join(_written(column, others.iat[i, j]) for j, column in enumerate(columns))
        yield f"{line} {goal.label}: {goal.classes[int(y[i])]}\n"


def _written(column: Column, cell: object) -> str:
    return f" {column.label}: {_value(cell)},"


def _value(cell: Any) -> str:
    """A cell as a reader would say it: four digits of a number, "unknown" for a missing one."""
    if pd.api.types.is_scalar(cell) and pd.isna(cell):
        return "unknown"
    if isinstance(cell, (float, np.floating)) and not float(cell).is_integer():
        return f"{cell:.4g}"
    return " ".join(cell_text(cell).split()) or "unknown"
