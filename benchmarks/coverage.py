"""How often nominal 95 % intervals hold the truth: share of values inside, over 500 seeds a cell.

    python -m benchmarks.coverage                    seven games, budgets 5n, 13n, 40n: docs/coverage.csv
python -m benchmarks.coverage --seeds 50 --methods walsh,auto
"""

import argparse
import csv
import multiprocessing
import sys
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.parts.games import GAMES
from xai import explain

GAMES_MEASURED = ("california", "gemma remove", "gemma hole", "diabetes", "wine", "degree 7", "cancer")
FACTORS = (5, 13, 40)
METHODS = {
    "banzhaf": ("kernel", "orthogonal", "walsh", "auto", "msr", "monte_carlo"),
    "shapley": ("kernelshap", "leverage", "permutation", "walsh", "auto"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--methods", type=lambda text: text.split(","))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    options = parser.parse_args()
    names = [name for name in GAMES if name.startswith(GAMES_MEASURED)]
    tasks = [
        (name, index, method, options.seeds)
        for name in names
        for index, methods in METHODS.items()
        for method in methods
        if not options.methods or method in options.methods
    ]
    with multiprocessing.Pool(options.jobs, initializer=threadpool_limits, initargs=(1,)) as pool:
        rows = [row for found in pool.imap(cells, tasks) for row in found]
    print("| index | method | game | budget | seeds | covered | interval over error |\n" + "|---" * 7 + "|")
    for row in rows:
        print("| " + " | ".join(map(str, row.values())) + " |")
    with (options.out / "coverage.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    outside = [row for row in rows if not 0.92 <= row["covered"] <= 0.98]
    low = sum(row["covered"] < 0.92 for row in rows)
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
