"""One cell of `benchmarks.accuracy`: a method on a game at a budget, over runs, within a time limit."""

import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from benchmarks.parts.estimators import ESTIMATORS, Counted, spread_of

TOP = 5
EXACT = 1e-15  # relative squared errors below are rounding, a relative error of 3e-8


@dataclass
class Cell:
    """Quartiles of the relative squared error over the runs, medians of the ranks, the most evaluations, mean seconds.

    status : "ok", or why there is no error; noise : σ over the game's own spread
    """

    index: str
    game: str
    n: int
    budget: int
    noise: float
    method: str
    runs: int = 0
    error_25: float = np.nan
    error: float = np.nan
    error_75: float = np.nan
    spearman: float = np.nan
    top_overlap: float = np.nan
    evaluations: int = 0
    seconds: float = np.nan
    status: str = "ok"

    @property
    def doubt(self) -> float:
        """Standard error of the logarithm of the median, from the quartiles as if the logarithms were normal."""
        if self.runs < 4:
            return np.inf
        spread = np.log(max(self.error_75, EXACT) / max(self.error_25, EXACT)) / 1.349
        return 1.253 * spread / np.sqrt(self.runs)


class TooSlow(BaseException):
    """The processor time of a call ran out; no Exception, for scikit-learn's searches swallow those."""


@contextmanager
def limited(seconds: float):
    """Raises TooSlow after so many seconds of this process's own time; a call inside LAPACK ends first."""

    def stop(*_):
        raise TooSlow

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def read_cells(path: Path) -> list[Cell]:
    """Cells of an earlier run's CSV, none where there is no such file."""
    return [Cell(**record) for record in pd.read_csv(path).to_dict("records")] if path.exists() else []


def budgets_of(n: int, factors) -> list[int]:
    """Distinct budgets factor·n, at most 2^n."""
    return sorted({min(int(factor * n), 2**n if n < 63 else 2**62) for factor in factors})


def measure(index, name, games, budget, method, runs, limit, noise=0.0, estimators=ESTIMATORS, clock=time.process_time) -> Cell:
    """Errors of `method` over `runs` seeds, run r on games[r % len(games)]; no more than one call where it is slow.

    limit : processor seconds one call may take, the game's included; noise : σ over the game's own spread
    estimators : index → name → estimator(game, budget, seed); clock() : processor seconds, of all that such a call keeps busy
    """
    cell = Cell(index, name, games[0].n_players, budget, noise, method)
    rows = []
    for run in range(runs):
        game = games[run % len(games)]
        counted = Counted(game, noise * spread_of(game) if noise else 0.0, run)
        started = clock()
        try:
            with limited(4 * limit):
                values = estimators[index][method](counted, budget, run)
        except TooSlow:
            cell.status, cell.seconds = "too slow", clock() - started
            return cell
        except Exception as error:  # a peer's own failure is a finding, not ours to hide or to stop at
            cell.status = f"failed: {type(error).__name__}: {str(error)[:60]}"
            return cell
        seconds = clock() - started
        if run == 0 and seconds > limit:
            cell.status, cell.seconds = "too slow", seconds
            return cell
        rows.append([*compare(values, getattr(game, index)), counted.asked, seconds])
    rows = np.array(rows)
    cell.runs = len(rows)
    cell.error_25, cell.error, cell.error_75 = np.quantile(rows[:, 0], [0.25, 0.5, 0.75])
    cell.spearman, cell.top_overlap = np.median(rows[:, 1:3], axis=0)
    cell.evaluations, cell.seconds = int(rows[:, 3].max()), float(rows[:, 4].mean())
    return cell


def compare(values, truth) -> tuple[float, float, float]:
    """Relative squared error, Spearman's correlation, and the share of the TOP largest values (by size) found."""
    error = np.square(values - truth).sum() / np.square(truth).sum()
    ranks = rankdata(values), rankdata(truth)
    spearman = np.corrcoef(*ranks)[0, 1] if np.ptp(values) > 0 else 0.0
    top = [set(np.argsort(-np.abs(array), kind="stable")[:TOP].tolist()) for array in (values, truth)]
    return float(error), float(spearman), len(top[0] & top[1]) / TOP
