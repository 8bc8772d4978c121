"""Smooth models of a table: linear, and a small neural network; both add up what each column says in their first layer.

So a mixture of two rows needs no rows of its own: what it says is the sum over columns, some from one row, some from
the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from model.table.columns import Column
from model.table.target import Target
from xai.typing import Bools, Floats, Ints, Progress

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

UNITS = 32  # of the network's hidden layer
EPOCHS, _PATIENCE = 100, 8


class Design:
    """Encoded cells (rows, columns) → the sparse matrix that a linear layer reads: numbers in standard units with an
    indicator of missing ones, one indicator per code of a category (missing has one too).

    owner (width,) : the column each entry belongs to
    """

    def __init__(self, columns: list[Column], cells: Floats) -> None:
        self._categories = [column.codes if column.kind == "category" else 0 for column in columns]
        used = np.array([column.used for column in columns])
        widths = np.array([codes + 1 if codes else 2 for codes in self._categories]) * used
        self._first = np.cumsum(widths) - widths
        self.owner = np.repeat(np.arange(len(columns)), widths)
        self._used = np.flatnonzero(used)
        self._size = np.maximum(np.abs(np.nan_to_num(cells)).max(axis=0, initial=0.0), 1e-300)  # squares stay finite
        unit = np.ma.masked_invalid(cells / self._size)
        self._mean, spread = unit.mean(axis=0).filled(0.0), unit.std(axis=0).filled(0.0)
        self._spread = np.where(spread > 1e-12, spread, 1.0)

    def __call__(self, cells: Floats) -> "csr_matrix":
        """scipy.sparse CSR (rows, width)."""
        from scipy.sparse import csr_matrix

        rows, at, entries = [], [], []
        everyone = np.arange(len(cells))
        for i in self._used:
            missing = np.isnan(cells[:, i])
            if self._categories[i]:
                code = np.where(missing, self._categories[i], np.clip(cells[:, i], 0, self._categories[i] - 1))
                offset, entry = np.nan_to_num(code).astype(int), np.ones(len(cells))
            else:
                value = (cells[:, i] / self._size[i] - self._mean[i]) / self._spread[i]
                offset, entry = missing.astype(int), np.where(missing, 1.0, value)
            rows.append(everyone)
            at.append(self._first[i] + offset)
            entries.append(entry)
        where = (np.concatenate(rows), np.concatenate(at)) if rows else (np.zeros(0, int), np.zeros(0, int))
        return csr_matrix((np.concatenate([np.zeros(0), *entries]), where), shape=(len(cells), len(self.owner)))


@dataclass(frozen=True)
class SmoothModel:
    """margin = after(bias + Σ over columns of what each says): the identity, or tanh and one more layer.

    weights (width, units), bias (units,): of the first layer;  last (units, outputs), last_bias (outputs,): of the
    second, None for a linear model
    """

    design: Design
    n_columns: int
    weights: Floats
    bias: Floats
    last: Floats | None = None
    last_bias: Floats | None = None

    @property
    def linear(self) -> bool:
        return self.last is None

    def margins(self, cells: Floats) -> Floats:
        """(rows, outputs)"""
        return self._after(self.design(cells) @ self.weights + self.bias)

    def says(self, cells: Floats) -> Floats:
        """What each column adds to each unit of the first layer, (rows, columns, units)."""
        entries = self.design(cells).tocoo()
        out = np.zeros((len(cells), self.n_columns, self.weights.shape[1]))
        np.add.at(out, (entries.row, self.design.owner[entries.col]), entries.data[:, None] * self.weights[entries.col])
        return out

    def game(self, row: Floats, background: Floats) -> Callable[[Bools], Floats]:
        """bool (m, columns) → (m, outputs): mean margin of the mixtures of one row (columns,) and the background."""
        mine, others = self.says(row[None])[0], self.says(background)
        base = self.bias + others.sum(axis=1)

        def value(coalitions: Bools) -> Floats:
            z = np.asarray(coalitions, float)
            if self.linear:
                mean: Floats = z @ (mine - others.mean(axis=0)) + base.mean(axis=0)
                return mean
            margins = (self._after(z @ (mine - other) + start) for other, start in zip(others, base))
            return sum(margins, np.zeros(())) / len(others)

        return value

    def _after(self, units: Floats) -> Floats:
        if self.last is None or self.last_bias is None:
            return units
        return np.tanh(units) @ self.last + self.last_bias


def fit_linear(
    columns: list[Column], target: Target, cells: Floats, y: Floats, train: Ints, watch: Ints, seed: int, told: Progress
) -> SmoothModel:
    """Ridge regression, or logistic regression with the same penalty of 1; arguments as of `fitting.fit_trees`."""
    from sklearn.linear_model import LogisticRegression, Ridge

    told(0, EPOCHS)
    cells, y = cells[train], y[train]
    design = Design(columns, cells)
    if target.classes:
        fitted = LogisticRegression(max_iter=1000, random_state=seed).fit(design(cells), y)
        return SmoothModel(design, len(columns), fitted.coef_.T.copy(), fitted.intercept_.copy())
    mean, spread = y.mean(), y.std() or 1.0
    fitted = Ridge(solver="lsqr").fit(design(cells), (y - mean) / spread)
    bias = np.atleast_1d(fitted.intercept_) * spread + mean
    return SmoothModel(design, len(columns), fitted.coef_.reshape(-1, 1) * spread, bias)


def fit_network(
    columns: list[Column], target: Target, cells: Floats, y: Floats, train: Ints, watch: Ints, seed: int, told: Progress
) -> SmoothModel:
    """A network of 32 tanh units; of its epochs the one with the least loss on the rows that are watched."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    told(0, EPOCHS)
    design, classes, goal = Design(columns, cells[train]), len(target.classes), y[train]
    x, held = design(cells[train]), design(cells[watch])
    mean, spread = (0.0, 1.0) if classes else (goal.mean(), goal.std() or 1.0)
    kind = MLPClassifier if classes else MLPRegressor
    settings = {"hidden_layer_sizes": (UNITS,), "activation": "tanh", "alpha": 1e-3, "learning_rate_init": 3e-3}
    network = kind(**settings, random_state=seed)
    known = {"classes": np.arange(classes)} if classes else {}
    best, since = np.inf, 0
    weights: list[Floats] = []
    for epoch in range(EPOCHS):
        network.partial_fit(x, (goal - mean) / spread if not classes else goal.astype(int), **known)
        loss = _loss(network, held, y[watch], classes, mean, spread)
        told(epoch + 1, EPOCHS)
        since += 1
        if loss < best or not weights:
            best, since = loss, 0
            weights = [part.copy() for part in (*network.coefs_, *network.intercepts_)]
        if since >= _PATIENCE:
            break
    first, last, bias, last_bias = weights
    return SmoothModel(design, len(columns), first, bias, last * spread, last_bias * spread + mean)


def _loss(network: Any, x: "csr_matrix", target: Floats, classes: int, mean: float, spread: float) -> float:
    if not classes:
        return float(np.square(network.predict(x) * spread + mean - target).mean())
    chance = network.predict_proba(x)[np.arange(len(target)), target.astype(int)]
    return float(-np.log(np.maximum(chance, 1e-12)).mean())
