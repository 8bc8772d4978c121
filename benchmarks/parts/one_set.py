"""Shapley values from the calls that Banzhaf values have paid for, beside those of as many calls of their own: a part of
`benchmarks.stability`. Median relative squared errors; the geometric mean is over the games that neither has exactly.
"""

import numpy as np
import pandas as pd

from benchmarks.parts.command import header, row
from benchmarks.parts.stopping import MISLEADING
from benchmarks.parts.trust_games import TRUST_GAMES
from xai import explain
from xai.estimators.orthogonal import orthogonal
from xai.estimators.shapley import pair_values
from xai.estimators.spectral import pairs_of

FACTORS = (3, 5, 10, 20, 40)
EXACT = 1e-12
SOLVED = {
    "posterior": "from Banzhaf's calls, a posterior (the one taken)",
    "kernel": "from Banzhaf's calls, by the Shapley kernel",
    "uniform": "from uniform pairs, a posterior",
    "auto": "as many calls of its own, “auto”",
    "kernelshap": "as many calls of its own, KernelSHAP",
}
METHODS = {"posterior": "orthogonal", "uniform": "kernel", "auto": "auto", "kernelshap": "kernelshap"}


def erred(task: tuple[str, int]) -> list[dict]:
    """One record per budget and seed: the relative squared error of each way."""
    name, seeds = task
    games, found = TRUST_GAMES[name](), []
    for factor in FACTORS:
        for seed in range(seeds):
            game = games[seed % len(games)]
            n, budget = game.n_players, factor * game.n_players
            if n < 20 and budget >= 2**n:
                continue
            ways = {way: explain(game, "shapley", method, budget, seed).values for way, method in METHODS.items()}
            design = orthogonal(n, budget, seed)
            rows, odd, _ = pairs_of(design, game(design.coalitions)[:, None])
            ways["kernel"] = pair_values(rows[1:], odd[1:], 2.0 * odd[0])[:, 0]
            size = float(np.square(game.shapley).sum())
            errors = {way: float(np.square(values - game.shapley).sum()) / size for way, values in ways.items()}
            found.append({"game": name, "factor": factor, **errors})
    return found


def one_set_tables(found: pd.DataFrame) -> None:
    """Prints the medians of the way that is taken beside KernelSHAP's, and the ratios of all ways to KernelSHAP."""
    medians = found.groupby(["game", "factor"])[list(SOLVED)].median().unstack("factor")
    header("game", *(f"{factor} n" for factor in FACTORS))
    for game, line in medians.iterrows():
        row(game, *(f"{line['posterior', f]:.1e} / {line['kernelshap', f]:.1e}" for f in FACTORS))
    inexact = medians[(medians > EXACT).all(axis=1) | medians.isna().any(axis=1)]
    print()
    header("error over KernelSHAP's, geometric mean", *(f"{factor} n" for factor in FACTORS))
    for way, words in SOLVED.items():
        ratios = np.log(inexact[way].clip(EXACT) / inexact["kernelshap"].clip(EXACT))
        row(words, *(f"{np.exp(ratios[f].mean()):.2f}" for f in FACTORS))


def games_of(names: list[str]) -> list[str]:
    return [name for name in names if not name.startswith(MISLEADING)]
