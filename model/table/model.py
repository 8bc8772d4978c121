"""A model of a table: fitted or read from a file, with honest figures, its games, and exact values where they exist."""

from collections.abc import Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from model.own.model import OwnModel
from model.table.cells.giveaway import giveaways
from model.table.cells.kinds import joined
from model.table.columns import Column, profile
from model.table.fitting import Watcher, figures, fit_trees, guess, split
from model.table.game import Prediction, TableGame
from model.table.links import numbers_of, shares_of, units_of
from model.table.rows import Rows, as_frame, encode, positions, target_position
from model.table.smooth import SmoothModel, fit_linear, fit_network
from model.table.target import Target, understand_target
from model.trees.file import TreeFile
from model.trees.lightgbm_text import read_lightgbm
from model.trees.onnx_trees import NoTrees
from model.trees.readers import content_of
from xai.checks import check_index
from xai.trees.exact import TreeEnsemble
from xai.typing import Cancel, Floats, Ints, Progress

if TYPE_CHECKING:
    from model.own.way import Way

Fitted = TreeEnsemble | SmoothModel | OwnModel
MODELS = ("trees", "linear", "network")
BACKGROUND = 100  # rows drawn from the training rows where no background is given
MIN_ROWS = 10
_WITHOUT = {"network": "a network's", "own": "this model's"}  # whose exact values have no closed form


class TableModel:
    """A model of one column of a table, made by `TableModel.fit`, `TableModel.load` or `TableModel.of`.

    Attributes
    ----------
    columns : what each was understood as (`columns.Column`), the target left out;  labels : their names, unique
    target : label, kind ("regression" or "classification") and classes
    model : "trees", "linear", "network", or "own"
    metrics, baseline : figures of the hold-out rows, of the model and of the guess that reads no column (the training
        mean, or the training shares of the classes): rmse, mae, r2; or accuracy, log_loss, and auc of two classes
    rows : how many were "trained" on, "watched" to stop early, "held out", and had "no target"
    used : "trained", "watched" and "held out" → places of these rows in the table; empty for a model from a file, of
        which nobody knows
    background : rows (b, columns), encoded or of a model of one's own as they are, from which absent columns come where none
        is given: at most 100 training rows, drawn with the seed
    units : what a margin is, in words
    text : of trees fitted here, LightGBM's own text of them, which LightGBM can load; else None
    notes : of a model from outside, what was not plain when it was read and fitted to the table, sentences
    link, slope : from margins to answers, see `model.table.links`
    """

    def __init__(self, columns: list[Column], target: Target, fitted: Fitted, background: Any, model: str = "trees") -> None:
        self.columns, self.target, self.fitted, self.model = columns, target, fitted, model
        self.labels = [column.label for column in columns]
        self.background = background
        self.metrics: dict[str, float] = {}
        self.baseline: dict[str, float] = {}
        self.rows: dict[str, int] = {}
        self.used: dict[str, Ints] = {}
        self.text: str | None = None
        self.notes: list[str] = []
        self.slope, self.link = 1.0, "softmax" if target.kind == "classification" else "identity"

    @classmethod
    def fit(
        cls,
        frame: pd.DataFrame,
        target: Hashable,
        kind: str | None = None,
        model: str = "trees",
        seed: int = 0,
        kinds: Mapping[Any, str] | None = None,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> "TableModel":
        """Fit a model of the column `target` of a frame on all others.

        kind : None (by the target's cells), "regression" or "classification"
        model : "trees" (LightGBM, with its own categories and missing values), "linear" or "network"
        seed : of the split, the model and the background; the same seed gives the same model
        kinds : corrections of what columns hold, label → one of `model.table.columns.KINDS`
        progress : progress(done, total), rounds of fitting, after each;  cancel : cancel() → True stops at the next

        A fifth of the rows is held out for the metrics, a fifth is watched to stop early. TypeError or ValueError with
        one sentence for a table or a target that no model can be fitted to; FitCancelled where `cancel` said so.
        """
        if model not in MODELS:
            raise ValueError(f"model must be one of {list(MODELS)}; got {model!r}")
        columns = profile(frame, kinds)
        at = target_position(columns, target)
        own = columns.pop(at)
        goal = understand_target(frame.iloc[:, at], own.label, kind, own)
        if not any(column.used for column in columns):
            raise ValueError("no column is left to predict from: all others are empty, constant or identifiers")
        y = goal.encode(frame.iloc[:, at])
        known = ~np.isnan(y)
        if known.sum() < MIN_ROWS:
            raise ValueError(f"the table has {known.sum()} rows with a target; at least {MIN_ROWS} are needed")
        others = [i for i in range(frame.shape[1]) if i != at]
        told = giveaways(frame, columns, others, goal, y)
        columns = [replace(one, note=joined(one.note, told.get(one.label, ""))) for one in columns]
        cells, y = encode(columns, frame, others)[known], y[known]
        train, watch, held = split(y, goal, seed)
        drawn = np.random.default_rng([seed, 1]).permutation(train)[:BACKGROUND]
        parts = (columns, goal, cells, y, train, watch, seed, Watcher(progress, cancel))
        text = fit_trees(*parts) if model == "trees" else None
        smooth = fit_linear if model == "linear" else fit_network
        table = cls(columns, goal, read_lightgbm(text).ensemble if text else smooth(*parts), cells[drawn], model)
        table.text, places = text, np.flatnonzero(known)
        table.used = {"trained": places[train], "watched": places[watch], "held out": places[held]}
        table.rows = {"trained": len(train), "watched": len(watch), "held out": len(held), "no target": int((~known).sum())}
        table.metrics = figures(goal, y[held], table._answer(cells[held]))
        table.baseline = figures(goal, y[held], guess(goal, y[train], len(held)))
        return table

    @classmethod
    def load(cls, data: bytes | str | Path, frame: pd.DataFrame, target: Hashable | None = None, seed: int = 0) -> "TableModel":
        """A model from a file or its content, read without executing anything: `model.trees.readers.KNOWN` says which.

        frame : a table with the model's columns, from which the background is drawn; with `target`, the model is judged
            on its rows (they may be those it was trained on). Columns are found by name, categories by their levels

        An ONNX graph of anything but trees is asked as `of` asks, in a process with limits of memory and time.
        ValueError with one sentence for another file, or a table whose columns do not fit.
        """
        data = content_of(data)
        try:
            return cls._of_trees(data, frame, target, seed)
        except NoTrees:
            from model.graphs.table import way_of_graph

            return cls._own(way_of_graph(data, frame), frame, target, seed)

    @classmethod
    def of(cls, model: Any, frame: pd.DataFrame, target: Hashable | None = None, seed: int = 0) -> "TableModel":
        """A model of your own: a fitted estimator of scikit-learn's interface, or any function of a DataFrame.

        model : is asked by its predict_proba, decision_function or predict, the first that it has, or is called. It takes
            rows with the frame's own types and answers (rows,) or (rows, classes). Probabilities become log-odds, other
            numbers stay as they are
        frame : a table with the model's columns, from which the background is drawn; with `target`, the model is judged
            on its rows (they may be those it was fitted to)

        Trees of LightGBM and scikit-learn get exact values where those trees predict what the model does: of raw margins, and
        of probabilities where they are a forest's. A handshake asks any other model first; `notes` says what it found.
        ValueError or TypeError with one sentence where the answers are not finite, differ when asked again, or do not fit the
        table.
        """
        from model.own.trees import with_trees
        from model.own.way import way_of

        way = way_of(model)
        found = with_trees(model, way, frame, target, lambda trees, own: cls._of_trees(trees, own, target, seed))
        return found or cls._own(way, frame, target, seed)

    @classmethod
    def _of_trees(cls, data: bytes | TreeFile, frame: pd.DataFrame, target: Hashable | None, seed: int) -> "TableModel":
        from model.table.from_file import loaded

        (columns, goal, model), cells, y = loaded(data, frame, target)
        drawn = np.random.default_rng([seed, 1]).permutation(len(cells))[:BACKGROUND]
        table = cls(columns, goal, model.ensemble, cells[drawn])
        table.slope, table.link, table.notes = model.slope, model.link, model.notes
        if y is not None:
            known = ~np.isnan(y)
            table.rows = {"judged": int(known.sum()), "no target": int((~known).sum())}
            table.metrics = figures(goal, y[known], table._answer(cells[known]))
            table.baseline = figures(goal, y[known], guess(goal, y[known], int(known.sum())))
        return table

    @classmethod
    def _own(cls, way: "Way", frame: pd.DataFrame, target: Hashable | None, seed: int) -> "TableModel":
        from model.own.fitted import fitted

        parts, said = fitted(way, frame, target, seed, BACKGROUND)
        table = cls(*parts, "own")
        vars(table).update(said)
        return table

    @property
    def closed(self) -> bool:
        """Do exact values have a closed form?"""
        return isinstance(self.fitted, TreeEnsemble) or self.fitted.linear

    @property
    def units(self) -> str:
        if isinstance(self.fitted, OwnModel):
            return self.fitted.units
        return units_of(self.target, self.link, self.slope)

    @property
    def outputs(self) -> list[str]:
        """Names of the margins: every class if there are more than two, else the target's or the second class's."""
        if self.target.n_outputs > 1:
            return list(self.target.classes) or [f"output {i + 1}" for i in range(self.target.n_outputs)]
        return [self.target.classes[1] if self.target.classes else self.target.label]

    def encode(self, rows: Rows) -> Floats:
        """Cells as numbers, float64 (rows, columns), NaN where missing (see `Column.encode`).

        rows : a frame, or one row as a Series or a dict; further columns, such as the target, are ignored. ValueError
        for a column that is missing, TypeError for anything else.
        """
        frame = as_frame(rows)
        return encode(self.columns, frame, positions(self.columns, frame.columns))

    def predict(self, rows: Rows) -> Prediction:
        """Raw margins, and probabilities for a classification, of rows as in `encode`."""
        cells, chance = self._cells(rows), None
        if isinstance(self.fitted, OwnModel):
            margin, chance = self.fitted.predict(cells)
        else:
            margin = self.fitted.margins(cells)
            chance = self.answers(margin) if self.target.kind == "classification" else None
        return Prediction(margin if self.target.n_outputs > 1 else margin[:, 0], chance)

    def game(self, row: Rows, background: Rows | None = None) -> TableGame:
        """The game of one row: which of its cells make the margin what it is.

        background : rows from which absent columns take their cells, as in `encode`; None for `self.background`
        """
        exact = (lambda index: self.exact(row, index, background)[0]) if self.closed else None
        value = self.fitted.game(self._one(row), self._background(background))
        return TableGame(value, self.labels, self.outputs, exact, 64 if isinstance(self.fitted, OwnModel) else 4096)

    def game_of(self, cells: Any) -> TableGame:
        """The game of a row that `encode` has read, float64 (columns,), without its exact values."""
        return TableGame(self.fitted.game(cells, self.background), self.labels, self.outputs)

    def exact(self, rows: Rows, index: str = "banzhaf", background: Rows | None = None) -> Floats:
        """Exact values of every column, (rows, columns), or (rows, columns, classes) for more than two classes.

        Of the mean raw margin over the background (one row: a single baseline; None: `self.background`). Trees:
        `xai.trees.exact`; a linear model: weight times difference, for both indices alike. ValueError for a network.
        """
        check_index(index)
        cells, others = self._cells(rows), self._background(background)
        if isinstance(self.fitted, TreeEnsemble):
            values = self.fitted.values(cells, others, index)
        elif isinstance(self.fitted, SmoothModel) and self.fitted.linear:
            values = self.fitted.says(cells) - self.fitted.says(others).mean(axis=0)
        else:
            raise ValueError(
                f"{_WITHOUT[self.model]} values have no closed form; use explain(table.game(row), method='exact') for few columns"
            )
        return values if self.target.n_outputs > 1 else values[:, :, 0]

    def interactions(self, row: Rows, index: str = "banzhaf", background: Rows | None = None) -> Floats:
        """Exact interactions of every two columns for one row, (columns, columns) or (columns, columns, classes).

        Symmetric, 0 on the diagonal. ValueError for a network.
        """
        check_index(index)
        if isinstance(self.fitted, TreeEnsemble):
            values = self.fitted.interactions(self._one(row), self._background(background), index)
        elif self.fitted.linear:
            values = np.zeros((len(self.columns), len(self.columns), self.target.n_outputs))
        else:
            raise ValueError(f"{_WITHOUT[self.model]} interactions have no closed form; use xai.interactions(table.game(row))")
        return values if self.target.n_outputs > 1 else values[:, :, 0]

    def _cells(self, rows: Rows) -> Any:
        """Rows as the model reads them: encoded (rows, columns), or a frame for a model of one's own."""
        if not isinstance(self.fitted, OwnModel):
            return self.encode(rows)
        frame = as_frame(rows)
        return self.fitted.cells(frame, positions(self.columns, frame.columns))

    def _one(self, row: Rows) -> Any:
        cells = self._cells(row)
        if len(cells) != 1:
            raise ValueError(f"give one row to explain; got {len(cells)}")
        return cells if isinstance(self.fitted, OwnModel) else cells[0]

    def _background(self, background: Rows | None) -> Any:
        cells = self.background if background is None else self._cells(background)
        if not len(cells):
            raise ValueError("the background has no rows; give at least one")
        return cells

    def _answer(self, cells: Any) -> Floats:
        return self.answers(self.fitted.margins(cells))

    def answers(self, margin: Floats) -> Floats:
        """What margins (rows,) or (rows, outputs) stand for: numbers of the same shape, (rows,) for one output; or
        probabilities (rows, classes)."""
        margin = margin.reshape(len(margin), self.target.n_outputs)
        if self.target.kind == "classification":
            return shares_of(margin, self.link, self.slope)
        numbers = numbers_of(margin, self.link, self.slope)
        return numbers if self.target.n_outputs > 1 else numbers[:, 0]
