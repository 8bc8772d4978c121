"""The engine's own time per method: design and solve on a game that costs nothing, beside a 1 ms model."""

import time

import numpy as np

from benchmarks.parts.estimators import ESTIMATORS, Counted
from benchmarks.parts.exact import WalshGame
from benchmarks.parts.measure import TooSlow, limited
from xai.estimators import codes

SIZES, FACTORS = (16, 64, 256), (8, 64)
SHARE = 0.05  # of a model that takes 1 ms a coalition


def game_of(n: int):
    """Single players and 3n pairs and triples: something to solve, microseconds a coalition."""
    rng = np.random.default_rng(n)
    sets = [[i] for i in range(n)]
    sets += [rng.choice(n, size, replace=False).tolist() for size in (2, 3, 3) for _ in range(n)]
    return WalshGame(n, rng.normal(size=len(sets)) / np.array([len(t) for t in sets]), sets)


def engine_times(limit: float, sizes) -> list[dict]:
    """One record per index, method, n and budget: processor seconds of a first call and of one more, or why none.

    The first call builds what the engine remembers per number of players (its codes); later ones find it there.
    limit : seconds of one call; a method that exceeds it is not asked for more at that size.
    """
    records = []
    for n in sizes:
        game = game_of(n)
        for index, methods in ESTIMATORS.items():
            for method, estimator in methods.items():
                slow = False
                for factor in FACTORS:
                    record = {"index": index, "method": method, "n": n, "budget": factor * n, "status": "ok"}
                    try:
                        if slow:
                            raise TooSlow
                        forget()
                        record["first"] = once(estimator, game, factor * n, limit)
                        record["again"] = once(estimator, game, factor * n, limit)
                    except TooSlow:
                        slow, record["status"] = True, f"over {limit:g} s"
                    except Exception as error:
                        record["status"] = f"failed: {type(error).__name__}"
                    records.append(record)
    return records


def forget() -> None:
    """Empties every cache of `xai.estimators.codes`."""
    for function in vars(codes).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()


def once(estimator, game, budget, limit) -> float:
    counted, started = Counted(game), time.process_time()
    with limited(limit):
        estimator(counted, budget, 0)
    return time.process_time() - started - counted.seconds
