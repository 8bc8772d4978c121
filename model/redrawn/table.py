"""A model of a table fitted in the same way to a target that was shuffled among the rows: there was nothing to learn."""

from collections.abc import Hashable

import numpy as np
import pandas as pd

from model.language import Language
from model.redrawn.gemma import on_redrawn
from model.table.fitting import Watcher, fit_trees, split
from model.table.gemma_game import gemma_table_game
from model.table.model import TableModel
from model.table.rows import Rows, encode, positions
from model.table.smooth import SmoothModel, fit_linear, fit_network
from model.trees.lightgbm_text import read_lightgbm
from xai import Redrawn
from xai.trees.exact import TreeEnsemble
from xai.typing import Cancel

STAGES = ("a model fitted in the same way to a shuffled target",)


def on_shuffled(table: TableModel, frame: pd.DataFrame, target: Hashable, row: Rows, background: pd.DataFrame | None) -> Redrawn:
    """The one stage for the control `xai.randomised_control`. frame : what `table` was fitted to"""
    return Redrawn(STAGES, lambda seed: iter([shuffled_fit(table, frame, target, seed).game(row, background)]))


def on_redrawn_reader(
    gemma: Language, frame: pd.DataFrame, target: Hashable, row: Rows, shots: int, label: str
) -> Redrawn | None:
    """The stages where a Gemma 3 reads the row: see `model.redrawn.gemma`. shots, label : as in `gemma_table_game`"""
    return on_redrawn(gemma, lambda other: gemma_table_game(other, frame, target, row, shots, label))


def shuffled_fit(
    table: TableModel, frame: pd.DataFrame, target: Hashable, seed: int, fitted_with: int = 0, cancel: Cancel | None = None
) -> TableModel:
    """A model as `TableModel.fit(frame, target, seed=fitted_with)` gave `table`, of a shuffled target.

    The same kind, settings, columns, background and rows with a target, which is dealt out anew among them with `seed`.
    FitCancelled where `cancel` said so.
    """
    names = list(frame.columns)
    at = next(i for i, name in enumerate(names) if name == target or str(name) == table.target.label)
    y = table.target.encode(frame.iloc[:, at])
    known = ~np.isnan(y)
    cells = encode(table.columns, frame, positions(table.columns, names))[known]
    y = np.random.default_rng([seed, 3]).permutation(y[known])
    train, watch, _ = split(y, table.target, fitted_with)
    parts = (table.columns, table.target, cells, y, train, watch, fitted_with, Watcher(cancel=cancel))
    fitted: TreeEnsemble | SmoothModel
    if table.model == "trees":
        fitted = read_lightgbm(fit_trees(*parts)).ensemble
    else:
        fitted = (fit_linear if table.model == "linear" else fit_network)(*parts)
    return TableModel(table.columns, table.target, fitted, table.background, table.model)
