"""How often what Swing says of a map is so: stated probabilities against the truth, games × methods × budgets × seeds.

python -m benchmarks.stability               docs/stability.csv, docs/stability.png; about half an hour on two cores
python -m benchmarks.stability --seeds 4     a look in a few minutes
python -m benchmarks.stability --stopping    of runs that stop when sure: a table, docs/stopping.csv; about five minutes
python -m benchmarks.stability --one-set     of Shapley values from Banzhaf's calls: two tables; about two minutes
"""

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.parts.command import header, options, row, write_csv
from benchmarks.parts.one_set import erred, games_of, one_set_tables
from benchmarks.parts.stability_figure import draw
from benchmarks.parts.stopping import ABLE, ran, stopping_tables
from benchmarks.parts.trust_games import TRUST_GAMES
from xai import Ledger, explain, judge
from xai.estimators.methods import METHODS
from xai.trust.held_out import kernel_law
from xai.trust.judge import of_draws

FACTORS = (3, 5, 10, 20, 40)
STATED = ("first", "first_three", "order")


def main() -> None:
    given = options(__doc__, seeds=20, jobs=2, games="", stopping=False, one_set=False, out=Path("docs"))
    names = [name for name in TRUST_GAMES if name.startswith(tuple(given.games.split(",")))]
    if given.stopping:
        tasks = [(name, *method, given.seeds) for name in names for method in ABLE]
        write_csv(given.out / "stopping.csv", stopping_tables(_all(ran, tasks, given.jobs)))
        return
    if given.one_set:
        one_set_tables(_all(erred, [(name, given.seeds) for name in games_of(names)], given.jobs))
        return
    tasks = [(name, index, method, given.seeds) for name in names for index in METHODS for method in METHODS[index]]
    tasks = [task for task in tasks if task[2] != "exact"]
    found = _all(judged, tasks, given.jobs)
    bins = calibration(found)
    header("stated", "cases", "mean stated", "was so")
    for record in bins:
        row(record["what"], record["cases"], f"{record['stated']:.2f}", f"{record['so']:.2f}")
    for what, value in summary(found).items():
        print(f"{what}: {value}")
    write_csv(given.out / "stability.csv", bins)
    draw(bins, found, given.out / "stability.png")


def _all(work: Callable, tasks: list, jobs: int) -> pd.DataFrame:
    with multiprocessing.Pool(jobs, initializer=threadpool_limits, initargs=(1,)) as pool:
        return pd.DataFrame([record for records in pool.imap_unordered(work, tasks, 1) for record in records])


def judged(task: tuple[str, str, str, int]) -> list[dict]:
    """One record per budget and seed: what was stated, and what was so."""
    name, index, method, seeds = task
    games, found = TRUST_GAMES[name](), []
    n = games[0].n_players
    shares = {}
    for factor in FACTORS:
        for seed in range(seeds):
            which = seed % len(games)
            game, budget = games[which], factor * n
            if n < 20 and budget >= 2**n:
                continue
            ledger = Ledger(game)
            try:
                one = explain(game, index, method, budget, seed, ledger)
            except ValueError:  # a budget below the smallest of the method
                continue
            j, true = judge(ledger, one, seed=seed), getattr(game, index)
            first, three, order = of_draws(one.values, true[None])
            size = float(np.square(true).sum())
            error = float(np.square(one.values - true).sum()) / size if size > 0 else np.inf
            if which not in shares:
                shares[which] = true_share(game, index)
            low, high = j.additive_interval
            found.append(
                {"game": name, "index": index, "method": method, "factor": factor, "seed": seed, "worth": j.worth}
                | {"first": j.first, "first_three": j.first_three, "order": j.order, "chance": j.chance, "kept": j.kept}
                | {"is_first": first, "is_first_three": three, "is_order": order, "headline": j.headline}
                | {"expected_error": j.expected_error, "error": error, "additive": j.additive}
                | {"low": low, "high": high, "share": shares[which]}
            )
    return found


def true_share(game, index: str) -> float:
    """What the exact values explain of the game: of all coalitions, or of 20,000 of their law."""
    n, values = game.n_players, getattr(game, index)
    rng = np.random.default_rng(0)
    if n <= 14:
        rows = ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(bool)
        weights = np.full(len(rows), 1.0 / len(rows)) if index == "banzhaf" else kernel_law(rows)
    else:
        rows, weights = rng.random((20000, n)) < 0.5, np.full(20000, 1.0 / 20000)
        if index == "shapley":
            sizes = np.arange(1, n)
            chance = 1.0 / (sizes * (n - sizes))
            drawn = rng.choice(sizes, len(rows), p=chance / chance.sum())
            rows = rng.random(rows.shape).argsort(axis=1).argsort(axis=1) < drawn[:, None]
    v = game(rows)
    left = v - rows @ values
    left -= weights @ left if index == "banzhaf" else float(game(np.zeros((1, n), bool))[0])
    moved = weights @ np.square(v - weights @ v)
    return float(np.clip(1.0 - weights @ np.square(left) / moved, 0.0, 1.0))


def calibration(found: pd.DataFrame) -> list[dict]:
    """Stated probabilities by tenths of all three kinds: how often each came true. Noise and parity have no true order."""
    some = found[~found.game.str.startswith(("noise", "parity"))]
    records = []
    for what in STATED:
        stated, so = some[what].to_numpy(), some[f"is_{what}"].to_numpy()
        place = np.clip((stated * 10).astype(int), 0, 9)
        for tenth in range(10):
            here = place == tenth
            if here.any():
                record = {"what": what, "tenth": tenth, "cases": int(here.sum())}
                records.append(record | {"stated": float(stated[here].mean()), "so": float(so[here].mean())})
    return records


def summary(found: pd.DataFrame) -> dict[str, str]:
    """The promises of docs/judgement.md, each as a share of the cases it is about."""
    noise = found[found.game.str.startswith("noise")]
    real = found[~found.game.str.startswith(("noise", "parity"))]
    right = real[(real.is_first_three == 1.0)]
    parity, sure = found[found.game.str.startswith("parity")], real[real.worth == "sure"]
    ordered = real[real.worth == "order"]
    inside = (found.low <= found.share + 1e-9) & (found.share <= found.high + 1e-9)
    return {
        "maps judged": f"{len(found):,}",
        "of pure noise, called more than worthless": f"{(noise.worth != 'worthless').mean():.3f} of {len(noise):,}",
        "of parity, called more than worthless": f"{(parity.worth != 'worthless').mean():.3f} of {len(parity):,}",
        "with the true first three, called better": f"{(right.worth != 'worthless').mean():.3f} of {len(right):,}",
        "called sure, with an error above 0.02": f"{(sure.error > 0.02).mean():.3f} of {len(sure):,}",
        "called order, in the true order": f"{ordered.is_order.mean():.3f} of {len(ordered):,}",
        "intervals that hold the additive share": f"{inside.mean():.3f} of {len(found):,}",
    }


if __name__ == "__main__":
    main()
