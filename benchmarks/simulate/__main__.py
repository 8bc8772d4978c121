"""Do the maps help? From a map alone, is a planted shortcut found, and the model's answer to changed rows foretold?

    python -m benchmarks.simulate                      docs/simulate.csv, and the table of docs/guide/do-maps-help.md
    python -m benchmarks.simulate --models 6 --out build    a quick look

Models of made-up tables of ten columns, trees and networks; in every other one a column was planted that tells the class. Four
rows of each are explained, by no method with more than BUDGET evaluations. Readers: a rule (the shortcut is the column of the
largest |value|); a predictor of whether there is one at all, fitted to the maps of half of the models and judged on the other
half; and adding up (the margin without some cells is the margin less their values): is the answer foretold with a random half of
the cells gone, and with the map's own heaviest three, and which share of the squared change of the margin is, for a random half
(−1 where it is less). Intervals of 95 % by drawing models anew.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from benchmarks.parts.command import header, options, row, write_csv
from benchmarks.simulate.planted import MAPS, RowGame, planted

BUDGET, EXPLAINED, CHANGED, DRAWS = 64, 4, 64, 400
READ = {
    "found": "shortcut found",
    "told": "shortcut or none told",
    "half": "answer, half gone",
    "three": "answer, its three gone",
    "change": "change, half gone",
}


def main() -> None:
    given = options(__doc__, models=48, out=Path("docs"))
    tables = []
    for kind in ("trees", "network"):
        maps = pd.DataFrame([one for seed in range(given.models) for one in of_model(kind, seed)])
        for method, part in maps.groupby("method", sort=False):
            tables.append({"model": kind, "method": method, "evaluations": int(part["evaluations"].max())} | read(part))
    given.out.mkdir(parents=True, exist_ok=True)
    write_csv(given.out / "simulate.csv", tables)
    header("model", "map", "evaluations", *READ.values())
    for one in tables:
        cells = (f"{one[k]:.0%} ({one[k + '_low']:.0%} to {one[k + '_high']:.0%})" for k in READ)
        row(one["model"], one["method"], one["evaluations"], *cells)


def of_model(kind: str, seed: int) -> list[dict]:
    """A record for each map of each explained row of one model."""
    model, found = planted(kind, seed, EXPLAINED), []
    for i, x in enumerate(model.rows):
        truth, half = RowGame(model, x), np.random.default_rng([seed, i, 1]).random((CHANGED, len(x))) < 0.5
        whole, changed = truth(np.ones((1, len(x)), bool))[0], truth(~half)
        for method, make in MAPS.items():
            if method == "gradient × input" and model.gradient is None:
                continue
            game = RowGame(model, x)
            values = make(game, BUDGET, seed * EXPLAINED + i)
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
    """The three cells of the largest |value|, bool (n,)."""
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

    Its features are the sorted shares of the values in the map's whole size, so that it knows no column by its place.
    """
    features, first = np.stack(maps["size"].tolist()), (maps["seed"] % 4 < 2).to_numpy()
    fitted = LogisticRegression(C=10.0).fit(features[first], maps["planted"][first])
    right = (fitted.predict(features) == maps["planted"]).to_numpy(float)
    return np.where(first, np.nan, right)


if __name__ == "__main__":
    main()
