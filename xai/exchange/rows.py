"""Maps of many rows of a table, one after the other."""

from typing import Any

import numpy as np

from xai.attribution import Attribution
from xai.exchange.games import RowGame
from xai.explain import explain
from xai.typing import Progress

MOST_BACKGROUND = 100


def explain_rows(
    f: Any,
    rows: Any,
    background: Any = None,
    index: str = "shapley",
    budget: int = 512,
    seed: int = 0,
    method: str = "auto",
    progress: Progress | None = None,
) -> list[Attribution]:
    """A map of each row: of a fitted estimator or pipeline of scikit-learn, or any f of `game_of`.

    Parameters
    ----------
    rows : frame or array (rows, n) of what the estimator was fitted to;  f : as `game_of` takes it
    background : rows that lend the absent cells; by default `rows`, or 100 of them drawn with the seed
    index, method, budget, seed : as `explain` takes them, for each row;  progress(done, total) is called after each

    Returns
    -------
    a map of each row; `to_shap(maps, data=rows)` makes them an Explanation, for shap's plots of many rows
    """
    framed = hasattr(rows, "iloc")
    table: Any = rows if framed else np.asarray(rows)
    if table.ndim != 2 or not len(table):
        raise ValueError(f"rows must be a frame or an array of shape (rows, n); got shape {table.shape}")
    if background is None:
        drawn = np.sort(np.random.default_rng(seed).permutation(len(table))[:MOST_BACKGROUND])
        background = table.iloc[drawn] if framed else table[drawn]
    found = []
    for at in range(len(table)):
        game = RowGame(f, table.iloc[[at]] if framed else table[at], background)
        found.append(explain(game, index, method, budget, seed))
        if progress is not None:
            progress(at + 1, len(table))
    return found
