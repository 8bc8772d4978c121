"""Fitting a model of a table: which rows teach, which say when to stop, which judge; and what they judge."""

import numpy as np

from model.table.columns import Column
from model.table.target import Target
from xai.typing import Cancel, Floats, Ints, Progress

ROUNDED = 0.1  # standard deviations of a target by which float32 may round it
ROUNDS, PATIENCE = 300, 20  # trees per output at most; rounds without a better loss before stopping
THREADS = 2  # LightGBM's sums depend on their number: a fixed one gives the same trees everywhere


class FitCancelled(Exception):
    """Raised when `cancel()` said so; nothing of the model is kept."""


class Watcher:
    """What a fit calls after each of its rounds: says how far it is, and stops where somebody says so."""

    def __init__(self, progress: Progress | None = None, cancel: Cancel | None = None) -> None:
        self.progress, self.cancel = progress, cancel

    def __call__(self, done: int, total: int) -> None:
        if self.cancel is not None and self.cancel():
            raise FitCancelled(f"the fit was cancelled after round {done}")
        if self.progress is not None:
            self.progress(done, total)


def split(y: Floats, target: Target, seed: int) -> tuple[Ints, Ints, Ints]:
    """Places of the rows to train on (3 of 5), to watch (1 of 5) and to hold out (1 of 5), classes in equal shares.

    A class that would miss from the training rows has its few rows there. ValueError if no row is left to hold out.
    """
    order = np.random.default_rng(seed).permutation(len(y))
    if target.kind == "classification":
        order = order[np.argsort(y[order], kind="stable")]
    part = np.arange(len(y)) % 5
    if target.kind == "classification":
        part[~np.isin(y[order], y[order][part < 3])] = 0
    train, watch, held = order[part < 3], order[part == 3], order[part == 4]
    if not len(watch) or not len(held):
        raise ValueError(f"the target {target.label!r} has too few rows of each class to hold any out; choose another")
    return train, watch, held


def fit_trees(
    columns: list[Column], target: Target, cells: Floats, y: Floats, train: Ints, watch: Ints, seed: int, told: Progress
) -> str:
    """LightGBM's text of the trees with the least loss on the rows that are watched; told(done, total) each round.

    ValueError for a target whose numbers are nearly the same one: LightGBM keeps them in float32.
    """
    import lightgbm

    if not target.classes and np.abs(y.astype(np.float32) - y).max() > ROUNDED * y.std():
        raise ValueError(
            f"the numbers of the target {target.label!r} differ too little for trees, which know seven digits: subtract "
            f"{y.mean():.7g} from each, or choose a linear model or a network"
        )
    few = int(np.clip(len(train) // 20, 1, 20))
    settings = {
        "objective": {0: "regression", 2: "binary"}.get(len(target.classes), "multiclass"),
        **({"num_class": target.n_outputs} if target.n_outputs > 1 else {}),
        **{"num_leaves": 31 if len(train) >= 1000 else 15, "min_data_in_leaf": few, "min_data_per_group": min(100, 5 * few)},
        **{"seed": seed, "deterministic": True, "force_row_wise": True, "num_threads": THREADS, "verbose": -1},
    }
    categories = [i for i, column in enumerate(columns) if column.kind == "category"]
    data = lightgbm.Dataset(cells[train], y[train], categorical_feature=categories, params=settings)
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    watched = data.create_valid(cells[watch], y[watch])
    booster = lightgbm.train(
        settings, data, ROUNDS, valid_sets=[watched], callbacks=[lambda now: told(now.iteration + 1, ROUNDS), stop]
    )
    return booster.model_to_string()


def figures(target: Target, y: Floats, answer: Floats) -> dict[str, float]:
    """Of numbers (rows,): rmse, mae, r2. Of probabilities (rows, classes): accuracy, log_loss, auc of two classes."""
    if target.kind == "regression":
        error, spread = answer - y, np.square(y - y.mean()).sum()
        r2 = 1.0 - np.square(error).sum() / spread if spread else np.nan
        return {"rmse": float(np.sqrt(np.square(error).mean())), "mae": float(np.abs(error).mean()), "r2": float(r2)}
    truth = y.astype(int)
    chance = np.maximum(answer[np.arange(len(y)), truth], 1e-15)
    found = {"accuracy": float((answer.argmax(axis=1) == truth).mean()), "log_loss": float(-np.log(chance).mean())}
    return found | ({"auc": _auc(answer[:, 1], truth)} if len(target.classes) == 2 else {})


def _auc(score: Floats, truth: Ints) -> float:
    """Share of pairs of one row of each class that the score puts in order, a tie counting half; NaN without pairs."""
    from scipy.stats import rankdata

    ones = int(truth.sum())
    pairs = ones * (len(truth) - ones)
    return float((rankdata(score)[truth == 1].sum() - ones * (ones + 1) / 2) / pairs) if pairs else float("nan")


def guess(target: Target, y: Floats, rows: int) -> Floats:
    """What a model that reads no column says of each row: the mean of y, or the shares of its classes."""
    if target.kind == "regression":
        return np.full(rows, y.mean())
    return np.tile(np.bincount(y.astype(int), minlength=len(target.classes)) / len(y), (rows, 1))
