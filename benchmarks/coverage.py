"""How often nominal 95 % intervals hold the truth: share of values inside, over 500 seeds a cell.

    python -m benchmarks.coverage                    seven games, budgets 5n, 13n, 40n: docs/coverage.csv
python -m benchmarks.coverage --seeds 50 --methods walsh,auto
"""

import multiprocessing
import sys
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.parts.command import header, options, row, write_csv
from benchmarks.parts.games import GAMES
from xai import explain

GAMES_MEASURED = ("california", "gemma remove", "gemma hole", "diabetes", "wine", "degree 7", "cancer")
FACTORS = (5, 13, 40)
METHODS = {
    "banzhaf": ("kernel", "orthogonal", "walsh", "auto", "msr", "monte_carlo"),
    "shapley": ("kernelshap", "leverage", "permutation", "walsh", "auto"),
}


def main() -> None:
    given = options(__doc__, seeds=500, methods="", jobs=2, out=Path("docs"))
    names = [name for name in GAMES if name.startswith(GAMES_MEASURED)]
    tasks = [
        (name, index, method, given.seeds)
        for name in names
        for index, methods in METHODS.items()
        for method in methods
        if method in (given.methods.split(",") if given.methods else methods)
    ]
    with multiprocessing.Pool(given.jobs, initializer=threadpool_limits, initargs=(1,)) as pool:
        rows = [cell for found in pool.imap(cells, tasks) for cell in found]
    header("index", "method", "game", "budget", "seeds", "covered", "interval over error")
    for found in rows:
        row(*found.values())
    write_csv(given.out / "coverage.csv", rows)
    outside = [found for found in rows if not 0.92 <= found["covered"] <= 0.98]
    low = sum(found["covered"] < 0.92 for found in rows)
    print(f"{len(rows) - len(outside)} of {len(rows)} cells cover 92 to 98 %; {low} less", file=sys.stderr)


def cells(task) -> list[dict]:
    """One row per budget: the share of (seed, player) whose interval holds the truth; its width over the error."""
    name, index, method, seeds = task
    games, found = GAMES[name](), []
    n = games[0].n_players
    for factor in FACTORS:
        budget = factor * n
        if n < 20 and budget >= 2**n:
            continue
        inside, ratio = [], []
        for seed in range(seeds):
            game = games[seed % len(games)]
            a, truth = explain(game, index, method, budget, seed), getattr(game, index)
            error = np.abs(a.values - truth)
            inside.append(error <= 1.96 * a.standard_error + 1e-9 * np.abs(truth).max())
            ratio.append(np.sqrt(np.square(a.standard_error).mean() / max(np.square(error).mean(), 1e-300)))
        covered, wide = round(float(np.mean(inside)), 3), round(float(np.median(ratio)), 2)
        found.append(
            {"index": index, "method": method, "game": name, "budget": f"{factor}n", "seeds": seeds}
            | {"covered": covered, "se_over_error": wide}
        )
    return found


if __name__ == "__main__":
    main()
