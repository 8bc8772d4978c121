"""Few evaluations of a table's large model and many of a small one, against the large one alone at equal cost.

    python -m benchmarks.documents.two_fidelity             two tables, both indices, two budgets, three costs
    python -m benchmarks.documents.two_fidelity --quick     one table, one budget, one cost

The game is LightGBM with 100 trees of 31 leaves, the proxy the same with few and small trees, one baseline row. Error:
‖φ̂ − φ‖²/‖φ‖² against exact values of the trees, mean over explicands and seeds. "plain" is the estimator that
`two_fidelity` falls back to, "auto" what `explain` does by itself, which is not unbiased. Used: share of the runs that
trusted the proxy.
"""

from itertools import product

import numpy as np

from benchmarks.parts.command import header, options, row
from benchmarks.parts.exact import TreeGame
from benchmarks.parts.games import boosted, scikit_table
from xai import explain, two_fidelity

PLAIN = {"banzhaf": "orthogonal", "shapley": "leverage"}
SEEDS, EXPLICANDS = 4, 3
TABLES = {
    "cancer": lambda: scikit_table("breast_cancer", lambda target: target == 1),
    "digits": lambda: scikit_table("digits", lambda target: target == 3),
}
PROXIES = {"20 trees of 8": (20, 8), "60 trees of 31": (60, 31)}


def mean_error(index: str, games, call) -> tuple[float, list]:
    """Mean relative squared error over games and seeds of call(which, seed), and what was found."""
    found = [(game, call(i, seed)) for i, game in enumerate(games) for seed in range(SEEDS)]
    off = [np.square(one.values - getattr(game, index)).sum() / np.square(getattr(game, index)).sum() for game, one in found]
    return float(np.mean(off)), [one for _, one in found]


def compare(games, proxies, index: str, budget: int, cost: float) -> list[str]:
    """Errors of two fidelities, of the plain estimator and of "auto"; how often the proxy was trusted."""
    error, found = mean_error(index, games, lambda i, seed: two_fidelity(games[i], proxies[i], index, budget, seed, cost))
    alone = [
        mean_error(index, games, lambda i, seed, m=method: explain(games[i], index, m, budget, seed))[0]
        for method in (PLAIN[index], "auto")
    ]
    used = np.mean(["beside" in one.note for one in found])
    return [*(f"{one:.1e}" for one in (error, *alone)), f"{used:.0%}"]


def report(name: str, budgets, costs) -> None:
    table = TABLES[name]()
    large, rows = boosted(table), table.explicands[:EXPLICANDS]
    games = [TreeGame(large, x, table.baseline) for x in rows]
    for proxy, size in PROXIES.items():
        small = boosted(table, *size)
        proxies = [TreeGame(small, x, table.baseline) for x in rows]
        for index, budget, cost in product(PLAIN, budgets, costs):
            row(f"{name} ({games[0].n_players})", proxy, index, budget, cost, *compare(games, proxies, index, budget, cost))


def main() -> None:
    quick = options(__doc__, quick=False).quick
    header("table (columns)", "proxy", "index", "budget", "cost", "two fidelities", "plain", "auto", "used")
    for name in ("cancer",) if quick else TABLES:
        report(name, (700,) if quick else (350, 700), (0.02,) if quick else (0.005, 0.02, 0.1))


if __name__ == "__main__":
    main()
