"""What `benchmarks.field` found, in words and tables: a row for each game and budget, then what must hold."""

import platform
from collections import defaultdict

import numpy

from benchmarks.parts.command import header, row
from benchmarks.parts.measure import Cell
from benchmarks.parts.verdicts import doubt, geometric, named, ratio, rows_of, shown, verdict

GOAL, SMALL = 0.5, 1e-6  # of the best peer's error, where that is above


def report(cells: list[Cell], version: str) -> None:
    """Prints everything; `version` is the peers' library with its own."""
    print(f"{version}, numpy {numpy.__version__}, Python {platform.python_version()}, {platform.machine()}")
    for index in dict.fromkeys(c.index for c in cells):
        rows = {key: found for key, found in rows_of(cells).items() if key[0] == index and "auto" in found and len(found) > 1}
        players = {c.game: c.n for c in cells}
        print(f"\n## {index.capitalize()}\n")
        header("game", "evaluations", "auto", "best peer", "its error", "ratio", "chance")
        for key, found in rows.items():
            mine, best = found["auto"], best_of(found)
            evaluations = f"{key[3] / players[key[1]]:.3g}n"
            row(
                key[1],
                evaluations,
                shown(mine),
                best.method,
                shown(best),
                f"{ratio(mine, best):.2g}",
                doubt(mine, best).removeprefix("chance "),
            )
        against_each(rows)
        what_holds(index, rows, players)
    for cell in cells:
        if cell.status != "ok":
            print(f"- not measured: {cell.index}, {cell.game}, {cell.budget}: {cell.method}: {cell.status}")


def best_of(found: dict[str, Cell]) -> Cell:
    """The peer of the least median error in a row."""
    return min((c for method, c in found.items() if method != "auto"), key=lambda c: c.error)


def against_each(rows: dict) -> None:
    """A line for each peer: the geometric mean of auto's error over its, by evaluations per player."""
    ratios, factors = defaultdict(list), []
    for found in rows.values():
        mine = found["auto"]
        factor = f"{mine.budget / mine.n:.2g}n" if mine.budget / mine.n in (2, 2.5, 5, 10, 20, 40) else "all"
        factors.append(factor)
        for method, cell in found.items():
            ratios[method, factor].append(ratio(mine, cell))
    print()
    columns = list(dict.fromkeys(factors))
    header("auto's error over that of", *columns)
    for method in dict.fromkeys(method for method, _ in ratios if method != "auto"):
        row(method, *(f"{geometric(ratios[method, factor]):.2g}" if ratios[method, factor] else "–" for factor in columns))


def what_holds(index: str, rows: dict, players: dict) -> None:
    """First in every cell, and at most GOAL of the best peer's error in each where that is above SMALL."""
    every = {key: ratio(found["auto"], best_of(found)) for key, found in rows.items()}
    lost = {key: r for key, r in every.items() if r > 1}
    above = {key: r for key, r in every.items() if r > GOAL and best_of(rows[key]).error > SMALL}

    def lines(some: dict) -> list[str]:
        ordered = sorted(some, key=some.get, reverse=True)
        return [f"{named(key, players)}: {some[key]:.2f} × {best_of(rows[key]).method}" for key in ordered]

    print()
    mean = geometric(list(every.values()))
    verdict(not lost, f"{index}: first in {len(every) - len(lost)} of {len(every)} cells, geometric mean {mean:.3f}", lines(lost))
    verdict(not above, f"{index}: at most {GOAL} of the best peer's error, where that is above {SMALL:g}", lines(above))
