"""Few evaluations of a table's large model and many of a small one, against the large one alone at equal cost.

    python -m benchmarks.documents.two_fidelity             two tables, both indices, two budgets, three costs; --out DIR
    python -m benchmarks.documents.two_fidelity --quick     one table, one budget, one cost

The game is LightGBM with 100 trees of 31 leaves, the proxy the same with few and small trees, one baseline row. Error:
‖φ̂ − φ‖²/‖φ‖² against exact values of the trees, mean over explicands and seeds. "plain" is the estimator that
`two_fidelity` falls back to, "auto" what `explain` does by itself, which is not unbiased. Used: share of the runs that
trusted the proxy. docs/two_fidelity.csv has the rows of this command and of `benchmarks.documents.texts`.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.parts.command import options, row, write_csv
from benchmarks.parts.exact import TreeGame
from benchmarks.parts.games import boosted, scikit_table
from xai import explain, two_fidelity
from xai.estimators.two_fidelity import seeds_of

PLAIN = {"banzhaf": "orthogonal", "shapley": "leverage"}
SEEDS, EXPLICANDS = 12, 3
TABLES = {
    "cancer": lambda: scikit_table("breast_cancer", lambda target: target == 1),
    "digits": lambda: scikit_table("digits", lambda target: target == 3),
}
COLUMNS = ["game", "proxy", "index", "budget", "cost", "correlation", "two fidelities", "plain", "auto", "used"]
Record = dict[str, str | float]
PROXIES = {"20 trees of 8": (20, 8), "60 trees of 31": (60, 31)}


def mean_error(index: str, games, call) -> tuple[float, list]:
    """Mean relative squared error over games and seeds of call(which, seed), and what was found."""
    found = [(game, call(i, seed)) for i, game in enumerate(games) for seed in range(SEEDS)]
    off = [np.square(one.values - getattr(game, index)).sum() / np.square(getattr(game, index)).sum() for game, one in found]
    return float(np.mean(off)), [one for _, one in found]


def keep(out: Path, records: list[Record]) -> None:
    """Print rows and put them into the CSV, in the place of those of the same game, proxy, index and budget."""
    path, fresh = out / "two_fidelity.csv", pd.DataFrame(records, columns=COLUMNS)
    for one in fresh.itertuples(index=False):
        row(*(f"{cell:.3g}" if isinstance(cell, float) else cell for cell in one))
    which = ["game", "proxy", "index", "budget"]
    if path.exists():
        known = pd.read_csv(path)
        there = known.set_index(which).index.isin(fresh.set_index(which).index)
        fresh = pd.concat([known[~there], fresh]) if not there.all() else fresh
    out.mkdir(parents=True, exist_ok=True)
    write_csv(path, fresh.to_dict("records"))


def compare(games, proxies, index: str, budget: int, cost: float) -> Record:
    """Errors of two fidelities, of the plain estimator and of "auto"; how often the proxy was trusted."""
    error, found = mean_error(index, games, lambda i, seed: two_fidelity(games[i], proxies[i], index, budget, seed, cost))
    record: Record = {"index": index, "budget": budget, "cost": cost, "two fidelities": error}
    alike = [seeds_of(seed, games[0].n_players)[1] for seed in range(SEEDS)]  # the design that two fidelities begin with
    for name, method in (("plain", PLAIN[index]), ("auto", "auto")):
        record[name] = mean_error(index, games, lambda i, seed, m=method: explain(games[i], index, m, budget, alike[seed]))[0]
    return record | {"used": float(np.mean(["beside" in one.note for one in found]))}


def report(out: Path, name: str, budgets, costs) -> None:
    table = TABLES[name]()
    large, rows = boosted(table), table.explicands[:EXPLICANDS]
    games = [TreeGame(large, x, table.baseline) for x in rows]
    for proxy, size in PROXIES.items():
        small = boosted(table, *size)
        proxies = [TreeGame(small, x, table.baseline) for x in rows]
        about: Record = {"game": f"{name} ({games[0].n_players})", "proxy": proxy}
        keep(out, [about | compare(games, proxies, *asked) for asked in product(PLAIN, budgets, costs)])


def main() -> None:
    given = options(__doc__, quick=False, out=Path("docs"))
    row(*COLUMNS)
    for name in ("cancer",) if given.quick else TABLES:
        report(given.out, name, (700,) if given.quick else (350, 700), (0.02,) if given.quick else (0.005, 0.02, 0.1))


if __name__ == "__main__":
    main()
