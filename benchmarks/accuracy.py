"""Error against exact truth at equal numbers of model evaluations: Swing, the paper's methods, shap and shapiq.

    python -m benchmarks.accuracy                    all games, 30 runs, budgets 2n to 80n: docs/accuracy.csv and .png
    python -m benchmarks.accuracy --quick            five games, 6 runs, three budgets, engine times up to n = 64
    python -m benchmarks.accuracy --games adult,cancer --keep    these only; the other rows of the CSV stay
    python -m benchmarks.accuracy --methods walsh auto --keep    after a change of these

The experiment of Kernel Banzhaf (arXiv 2410.08336): relative squared error ‖φ̂ − φ‖²/‖φ‖², median and quartiles over the
runs; also Spearman's correlation, overlap of the five largest, and values blurred by noise. Prints what must hold and
whether it does. A cell whose call takes over a second of processor time is not measured: "too slow", and its seconds.
"""

import argparse
import multiprocessing
import sys
import time
import warnings
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.engine_time import SIZES, engine_times
from benchmarks.parts import accuracy_figure, verdicts
from benchmarks.parts.command import write_csv
from benchmarks.parts.estimators import ESTIMATORS, warm_up
from benchmarks.parts.games import GAMES
from benchmarks.parts.measure import Cell, budgets_of, measure

FACTORS, QUICK_FACTORS = (2, 2.5, 5, 10, 20, 40, 80), (2.5, 10, 40)
QUICK = ("gemma remove", "diabetes", "adult", "degree 7", "cancer")
NOISY, NOISE_FACTOR, SIGMAS = ("adult", "cancer"), 20, (0.02, 0.1, 0.5)


def main() -> None:
    options, started = parsed(), time.perf_counter()
    wanted = [name for name in GAMES if any(name.startswith(part) for part in options.games)]
    path = options.out / "accuracy.csv"
    names = {index: [m for m in ESTIMATORS[index] if m in (options.methods or ESTIMATORS[index])] for index in ESTIMATORS}
    measured = {(index, name, method) for index in options.index for name in wanted for method in names[index]}
    cells = kept(path, measured) if options.keep else []
    options.out.mkdir(parents=True, exist_ok=True)
    with multiprocessing.Pool(options.jobs, initializer=prepare) as pool:
        for index, name in [(index, name) for name in wanted for index in options.index]:
            tasks = [(index, name, method, options) for method in names[index]]
            cells += [cell for found in pool.imap_unordered(cells_of, tasks) for cell in found]
            cells.sort(key=place)
            write_csv(path, [asdict(cell) for cell in cells])  # an interrupted run keeps what it has; --keep goes on
            print(f"{time.perf_counter() - started:.0f} s: {index}, {name}", file=sys.stderr, flush=True)
    prepare()  # only now: a process that has started threads must not fork
    sizes = SIZES[:2] if options.quick else SIZES
    times = engine_times(options.engine_limit, sizes) if options.engine_limit else []
    if times:
        write_csv(options.out / "engine_time.csv", times)
    accuracy_figure.draw(cells, options.out / "accuracy.png")
    verdicts.report(cells, times)


def place(cell: Cell) -> tuple:
    """Where a cell stands in the CSV."""
    names = [*GAMES, *dict.fromkeys(method for methods in ESTIMATORS.values() for method in methods)]
    return cell.index, names.index(cell.game), cell.noise, cell.budget, names.index(cell.method)


def prepare() -> None:
    """One thread and no first call's imports in what is timed."""
    threadpool_limits(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warm_up()


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer games, runs and budgets")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of the CSV and the figure")
    parser.add_argument("--games", help="comma-separated beginnings of names")
    parser.add_argument("--methods", nargs="+", help="names; all if not given")
    parser.add_argument("--index", choices=list(ESTIMATORS), nargs="+", default=list(ESTIMATORS))
    parser.add_argument("--keep", action="store_true", help="keep the CSV's rows of what is not measured now")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=float, default=1.0, help="processor seconds that one call may take")
    parser.add_argument("--engine-limit", type=float, help="the same for the table of engine times; 0 leaves it out")
    options = parser.parse_args()
    options.games = options.games.split(",") if options.games else (QUICK if options.quick else list(GAMES))
    options.factors = QUICK_FACTORS if options.quick else FACTORS
    options.runs = options.runs or (6 if options.quick else 30)
    if options.engine_limit is None:
        options.engine_limit = 0.5 if options.quick else 5.0
    return options


def cells_of(task) -> list[Cell]:
    """All budgets of one method on one game, noise last; after the first budget that is too slow, no larger one."""
    index, name, method, options = task
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        games = built(name)
        n, cells = games[0].n_players, []
        tasks = [(budget, 0.0) for budget in budgets_of(n, options.factors)]
        if index == "banzhaf" and name.startswith(NOISY):
            tasks += [(NOISE_FACTOR * n, sigma) for sigma in SIGMAS]
        for budget, sigma in tasks:
            last = cells[-1] if cells else None
            if last and last.status == "too slow" and bool(last.noise) == bool(sigma):
                cells.append(replace(last, budget=budget, noise=sigma))
            else:
                cells.append(measure(index, name, games, budget, method, options.runs, options.limit, sigma))
    return cells


@lru_cache(maxsize=2)
def built(name: str) -> list:
    return GAMES[name]()


def kept(path: Path, measured: set[tuple[str, str, str]]) -> list[Cell]:
    """Cells of an earlier run's CSV, less those of (index, game, method) that are measured now."""
    if not path.exists():
        return []
    cells = [Cell(**record) for record in pd.read_csv(path).to_dict("records")]
    return [cell for cell in cells if (cell.index, cell.game, cell.method) not in measured]


if __name__ == "__main__":
    main()
