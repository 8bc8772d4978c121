"""Readers of maps, who see nothing else of a model, and how often they are right."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from benchmarks.simulate.maps import GRADIENT, MAPS, Counted

BUDGET, CHANGED, DRAWS = 64, 64, 400
READ = {
    "found": "shortcut found",
    "told": "shortcut or none told",
    "half": "answer, half gone",
    "three": "answer, its three gone",
    "change": "change, half gone",
}


class Explained(Protocol):
    """A model whose maps are read.

    shortcut : the player that is one, None in a model without;  rows : what is explained
    has_gradient : may its games be asked for `gradient_input`
    game : one of the rows → its game, the margin between two answers, with nothing counted yet
    """

    shortcut: int | None
    rows: Sequence[Any]
    has_gradient: bool

    def game(self, row: Any) -> Counted: ...


def of_model(model: Explained, seed: int) -> list[dict]:
    """A record for each map of each explained row of one model."""
    found = []
    for i, x in enumerate(model.rows):
        truth = model.game(x)
        half = np.random.default_rng([seed, i, 1]).random((CHANGED, truth.n_players)) < 0.5
        whole, changed = truth(np.ones((1, truth.n_players), bool))[0], truth(~half)
        for method, make in MAPS.items():
            if method == GRADIENT and not model.has_gradient:
                continue
            game = model.game(x)
            values = make(game, BUDGET, seed * len(model.rows) + i)
            assert game.asked <= BUDGET
            three, foretold = heaviest(values), whole - half @ values
            missed = np.square(foretold - changed).sum() / np.square(changed - whole).sum()
            right = {
                "found": int(np.argmax(np.abs(values))) == model.shortcut,
                "half": float(((foretold > 0) == (changed > 0)).mean()),
                "three": float((whole - values[three].sum() > 0) == (truth(~three)[0] > 0)),
                "change": max(-1.0, 1.0 - float(missed)),
            }
            size = np.sort(np.abs(values))[::-1] / max(np.abs(values).sum(), 1e-12)
            of = {"method": method, "seed": seed, "planted": model.shortcut is not None}
            found.append(of | {"evaluations": game.asked, "size": size} | right)
    return found


def heaviest(values: np.ndarray) -> np.ndarray:
    """The three players of the largest |value|, bool (n,)."""
    return np.argsort(np.argsort(-np.abs(values))) < 3


def read(maps: pd.DataFrame) -> dict:
    """What each reader got right of one method's maps, and its interval."""
    maps = maps.assign(told=told(maps))
    rng, seeds = np.random.default_rng(0), maps["seed"].unique()
    groups = dict(list(maps.groupby("seed")))

    def shares(of: pd.DataFrame) -> pd.Series:
        return pd.Series({k: of.loc[of["planted"], k].mean() if k == "found" else of[k].astype(float).mean() for k in READ})

    drawn = pd.DataFrame([shares(pd.concat([groups[s] for s in rng.choice(seeds, len(seeds))])) for _ in range(DRAWS)])
    low, high, middle = drawn.quantile(0.025), drawn.quantile(0.975), shares(maps)
    return {f"{k}{end}": float(of[k]) for k in READ for end, of in (("", middle), ("_low", low), ("_high", high))}


def told(maps: pd.DataFrame) -> np.ndarray:
    """Whether a predictor says rightly that a map's model has a shortcut, NaN for the maps it was fitted to.

    Its features are the sorted shares of the values in the map's whole size, so that it knows no player by its place.
    """
    features, first = np.stack(maps["size"].tolist()), (maps["seed"] % 4 < 2).to_numpy()
    fitted = LogisticRegression(C=10.0).fit(features[first], maps["planted"][first])
    right = (fitted.predict(features) == maps["planted"]).to_numpy(float)
    return np.where(first, np.nan, right)
