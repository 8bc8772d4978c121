"""`auto` against today's field: shapiq 1.8 in an environment of its own, at equal evaluations and seeds.

    python -m benchmarks.field                                  all games and budgets: docs/field.csv
    python -m benchmarks.field --keep                           what the CSV has stays; an interrupted run goes on
    python -m benchmarks.field --keep --methods auto            after a change of ours
    python -m benchmarks.field --games digits,wine --out build  these only, elsewhere

shapiq 1.8 needs Python 3.12, so the first call makes an environment in build/field, or says in a sentence why it cannot. The
games stay here: a process there asks for coalitions, so both see the same values to the last bit, and what a peer asks for is
counted here. Relative squared error ‖φ̂ − φ‖²/‖φ‖² as in `benchmarks.accuracy`, median over the runs.
"""

import sys
import time
import warnings
from dataclasses import asdict, replace
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks.field.side import Side, side_python
from benchmarks.field.table import report
from benchmarks.parts.command import options, write_csv
from benchmarks.parts.estimators import ours
from benchmarks.parts.games import GAMES
from benchmarks.parts.measure import Cell, budgets_of, measure, read_cells

FACTORS = (2, 2.5, 5, 10, 20, 40)
LIMIT = 5.0  # processor seconds that one call may take
SLOW = ("communities", "synthetic table")  # games whose peers take minutes a cell: only where --games names them


def main() -> None:
    given = options(__doc__, games="", methods=[], runs=30, keep=False, out=Path("docs"), side=Path("build/field"))
    try:
        side = Side(side_python(given.side))
    except RuntimeError as reason:
        sys.exit(str(reason))
    threadpool_limits(1)
    given.out.mkdir(parents=True, exist_ok=True)
    path, estimators = given.out / "field.csv", estimators_of(side)
    wanted = [
        name for name in GAMES if (name.startswith(tuple(given.games.split(","))) if given.games else not name.startswith(SLOW))
    ]
    again = {(name, method) for name in wanted for method in given.methods}
    cells = [c for c in read_cells(path) if (c.game, c.method) not in again] if given.keep else []
    for name in wanted:
        games = None
        for index, methods in estimators.items():
            for method in given.methods or methods:
                done = {c.budget for c in cells if (c.index, c.game, c.method) == (index, name, method)}
                if method in methods and not done:
                    games = games or GAMES[name]()
                    cells += cells_of(index, name, games, method, given.runs, estimators, side)
                    write_csv(path, [asdict(cell) for cell in sorted(cells, key=lambda c: place(c, estimators))])
        print(f"{name}: done", file=sys.stderr, flush=True)
    side.close()
    report(sorted(cells, key=lambda c: place(c, estimators)), f"shapiq {side.version}")


def estimators_of(side: Side) -> dict[str, dict]:
    """Index → name → estimator: ours, and those of shapiq 1.8 for single players, each as its defaults are.

    Left out: ShaplEIG, which wants torch and a search for every evaluation; SPEX, which wants thousands of evaluations; and
    ProxySPEX's own search over parameters, which takes a minute a call (its trees' defaults are measured instead).
    """

    def both(kind: str, **more):
        return {i: side.peer(kind, answer, LIMIT, index=answer, **more) for i, answer in (("banzhaf", "BV"), ("shapley", "SV"))}

    proxies = {
        "RegressionMSR": both("RegressionMSR"),
        "ProxySHAP": both("ProxySHAP", max_order=1),
        "ProxySHAP, adjusted": both("ProxySHAP", max_order=1, adjustment=True),
        "ProxySHAP, adjusted in 5 folds": both("ProxySHAP", max_order=1, adjustment=True, k_folds=5),
        "ProxySPEX": both("ProxySPEX", max_order=1, hpo=False),
        "SVARM": both("SVARM"),
    }
    found = {i: {"auto": ours(i, "auto"), **{name: of[i] for name, of in proxies.items()}} for i in ("banzhaf", "shapley")}
    found["banzhaf"]["RegressionFBII, paired"] = side.peer("RegressionFBII", "BV", LIMIT, max_order=1, pairing_trick=True)
    for name, kind, more in (
        ("OddSHAP", "OddSHAP", {}),
        ("PolySHAP", "PolySHAP", {}),
        ("PolySHAP, paired", "PolySHAP", {"pairing_trick": True}),
        ("LeverageSHAP", "LeverageSHAP", {}),
        ("KernelSHAP, paired", "KernelSHAP", {"pairing_trick": True}),
        ("permutations", "PermutationSamplingSV", {}),
    ):
        found["shapley"][name] = side.peer(kind, "SV", LIMIT, **more)
    return found


def cells_of(index: str, name: str, games: list, method: str, runs: int, estimators: dict, side: Side) -> list[Cell]:
    """All budgets of one method on one game; after the first that is too slow, no larger one."""
    cells: list[Cell] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for budget in budgets_of(games[0].n_players, FACTORS):
            if cells and cells[-1].status == "too slow":
                cells.append(replace(cells[-1], budget=budget))
                continue
            spent = lambda: time.process_time() + side.seconds  # noqa: E731
            cells.append(measure(index, name, games, budget, method, runs, LIMIT, estimators=estimators, clock=spent))
    return cells


def place(cell: Cell, estimators: dict) -> tuple:
    """Where a cell stands in the CSV."""
    return (
        list(estimators).index(cell.index),
        list(GAMES).index(cell.game),
        cell.budget,
        list(estimators[cell.index]).index(cell.method),
    )


if __name__ == "__main__":
    main()
