"""Error against exact truth at equal numbers of model evaluations: Swing, the paper's methods, shap and shapiq.

    python -m benchmarks.accuracy                    all games, 30 runs, budgets 2n to 80n: docs/accuracy.csv and .png
    python -m benchmarks.accuracy --quick            five games, 6 runs, three budgets, engine times up to n = 64
    python -m benchmarks.accuracy --games adult,cancer --keep    these only; the other rows of the CSV stay
    python -m benchmarks.accuracy --methods walsh auto --keep    after a change of these

The experiment of Kernel Banzhaf (arXiv 2410.08336): relative squared error ‖φ̂ − φ‖²/‖φ‖², median and quartiles over the
runs; also Spearman's correlation, overlap of the five largest, and values blurred by noise. Prints what must hold and
whether it does. A cell whose call takes over a second of processor time is not measured: "too slow", and its seconds.
"""

import multiprocessing
import sys
import time
import warnings
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks.engine_time import SIZES, engine_times
from benchmarks.parts import accuracy_figure, verdicts
from benchmarks.parts.command import options, write_csv
from benchmarks.parts.estimators import ESTIMATORS, warm_up
from benchmarks.parts.games import GAMES
from benchmarks.parts.measure import Cell, budgets_of, measure, read_cells

FACTORS, QUICK_FACTORS = (2, 2.5, 5, 10, 20, 40, 80), (2.5, 10, 40)
LIMIT = 1.0  # processor seconds that one call may take
QUICK = ("gemma remove", "diabetes", "adult", "degree 7", "cancer")
NOISY, NOISE_FACTOR, SIGMAS = ("adult", "cancer"), 20, (0.02, 0.1, 0.5)


def main() -> None:
    given = options(__doc__, quick=False, out=Path("docs"), games="", methods=[], keep=False, runs=0, jobs=2)
    runs, factors, beginnings = (6, QUICK_FACTORS, QUICK) if given.quick else (30, FACTORS, tuple(GAMES))
    runs, started = given.runs or runs, time.perf_counter()
    wanted = [name for name in GAMES if name.startswith(tuple(given.games.split(",")) if given.games else beginnings)]
    path = given.out / "accuracy.csv"
    names = {index: [m for m in ESTIMATORS[index] if m in (given.methods or ESTIMATORS[index])] for index in ESTIMATORS}
    measured = {(index, name, method) for index in ESTIMATORS for name in wanted for method in names[index]}
    cells = kept(path, measured) if given.keep else []
    given.out.mkdir(parents=True, exist_ok=True)
    with multiprocessing.Pool(given.jobs, initializer=prepare) as pool:
        for index, name in [(index, name) for name in wanted for index in ESTIMATORS]:
            tasks = [(index, name, method, runs, factors) for method in names[index]]
            cells += [cell for found in pool.imap_unordered(cells_of, tasks) for cell in found]
            cells.sort(key=place)
            write_csv(path, [asdict(cell) for cell in cells])  # an interrupted run keeps what it has; --keep goes on
            print(f"{time.perf_counter() - started:.0f} s: {index}, {name}", file=sys.stderr, flush=True)
    prepare()  # only now: a process that has started threads must not fork
    times = engine_times(0.5, SIZES[:2]) if given.quick else engine_times(5.0, SIZES)
    write_csv(given.out / "engine_time.csv", times)
    accuracy_figure.draw(cells, given.out / "accuracy.png")
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


def cells_of(task) -> list[Cell]:
    """All budgets of one method on one game, noise last; after the first budget that is too slow, no larger one."""
    index, name, method, runs, factors = task
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        games = built(name)
        n, cells = games[0].n_players, []
        tasks = [(budget, 0.0) for budget in budgets_of(n, factors)]
        if index == "banzhaf" and name.startswith(NOISY):
            tasks += [(NOISE_FACTOR * n, sigma) for sigma in SIGMAS]
        for budget, sigma in tasks:
            last = cells[-1] if cells else None
            if last and last.status == "too slow" and bool(last.noise) == bool(sigma):
                cells.append(replace(last, budget=budget, noise=sigma))
            else:
                cells.append(measure(index, name, games, budget, method, runs, LIMIT, sigma))
    return cells


@lru_cache(maxsize=2)
def built(name: str) -> list:
    return GAMES[name]()


def kept(path: Path, measured: set[tuple[str, str, str]]) -> list[Cell]:
    """Cells of an earlier run's CSV, less those of (index, game, method) that are measured now."""
    return [cell for cell in read_cells(path) if (cell.index, cell.game, cell.method) not in measured]


if __name__ == "__main__":
    main()
