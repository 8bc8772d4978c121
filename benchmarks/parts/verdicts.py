"""What the accuracy benchmark must show, judged from its cells and printed as PASS or FAIL with the numbers."""

from collections import defaultdict

import numpy as np

from benchmarks.engine_time import SHARE
from benchmarks.parts.command import header, row
from benchmarks.parts.estimators import ESTIMATORS, PAPER
from benchmarks.parts.games import polynomial
from benchmarks.parts.measure import EXACT, compare
from xai import explain
from xai.estimators.codes import nested_code

TIE = 1.1
LISTED = 40  # cells named under a check that fails


def report(cells, times) -> None:
    """Tables of medians, what was not measured, and the checks."""
    for index in ESTIMATORS:
        print(f"\n## Median relative squared error, {index}\n")
        error_table([c for c in at_three_budgets(cells) if c.index == index], index, "budget", lambda c: f"{c.budget / c.n:.3g}n")
    noisy = {c.game for c in cells if c.noise}
    print("\n## The same at 20n with noise N(0, σ²) on every value, σ over the game's own spread\n")
    beside = [c for c in cells if c.game in noisy and c.budget == 20 * c.n and c.index == "banzhaf"]
    error_table(beside, "banzhaf", "σ", lambda c: f"{c.noise:g}")
    not_measured(cells)
    time_table(times)
    print("\n## What must hold\n")
    paper_order(cells)
    orthogonal_against_kernel(cells)
    degree_four()
    auto_against(cells, "banzhaf", ("kernel", "orthogonal", "walsh"), "the better of kernel, orthogonal and walsh")
    for index in ESTIMATORS:
        auto_against(cells, index, [m for m in ESTIMATORS[index] if m != "auto"], "the best of all methods and peers")
    engine(times)


def rows_of(cells) -> dict:
    """(index, game, noise, budget) → method → cell, measured ones only."""
    rows = defaultdict(dict)
    for c in cells:
        if c.status == "ok":
            rows[c.index, c.game, c.noise, c.budget][c.method] = c
    return rows


def ratio(mine, other) -> float:
    """Median error of one cell over that of another, 1 where both are rounding."""
    return max(mine.error, EXACT) / max(other.error, EXACT)


def doubt(mine, other) -> str:
    """The factor by which chance alone may move their ratio: two standard errors."""
    return f"chance ÷× {np.exp(2 * np.hypot(mine.doubt, other.doubt)):.2f}"


def geometric(ratios) -> float:
    return float(np.exp(np.mean(np.log(ratios)))) if len(ratios) else np.nan


def verdict(holds: bool, sentence: str, cells=()) -> None:
    print(f"{'PASS' if holds else 'FAIL'}  {sentence}")
    for line in list(cells)[:LISTED]:
        print(f"      {line}")
    if len(cells) > LISTED:
        print(f"      … and {len(cells) - LISTED} more")


def named(key, players) -> str:
    """A cell in words: game, budget per player, noise."""
    _, game, noise, budget = key
    return f"{game}, {budget} = {budget / players[game]:.3g}n" + (f", noise {noise:g}" if noise else "")


def paper_order(cells) -> None:
    """Kernel Banzhaf far below Monte Carlo and Maximum Sample Reuse, at 20n or the nearest budget measured."""
    found, worse = defaultdict(list), []
    for game in dict.fromkeys(c.game for c in cells):
        rows = {k: v for k, v in rows_of(c for c in cells if c.game == game and not c.noise).items() if k[0] == "banzhaf"}
        rows = {k: v for k, v in rows.items() if set(PAPER) <= v.keys()}
        n = next(c.n for c in cells if c.game == game)
        if rows:
            key = min(rows, key=lambda k: abs(np.log(k[3] / (20 * n))))
            for other in PAPER[1:]:
                r = ratio(rows[key]["kernel"], rows[key][other])
                if rows[key]["kernel"].error > EXACT:
                    found[other].append(r)
                if r > 1:
                    worse.append(f"{named(key, {game: n})}: {r:.2f} × {other}")
    means = {other: geometric(found[other]) for other in PAPER[1:]}
    holds = not worse and all(m <= 0.25 for m in means.values())
    text = ", ".join(f"{m:.3f} × {other}" for other, m in means.items())
    verdict(holds, f"order as in the paper near 20n: kernel is {text} (geometric means; at most 0.25 asked)", worse)


def orthogonal_against_kernel(cells) -> None:
    rows = rows_of(c for c in cells if c.index == "banzhaf" and not c.noise and c.budget >= 2.5 * c.n - 1)
    both = {key: found for key, found in rows.items() if {"orthogonal", "kernel"} <= found.keys()}
    every, ratios, worse, _ = against(both, "orthogonal", ["kernel"], cells)
    verdict(not worse, f"orthogonal at most {TIE} × kernel from 2.5n on: {len(worse)} of {len(ratios)} cells above", worse)
    mean, exact = geometric(ratios), len(every) - len(ratios)
    verdict(mean <= 0.5, f"geometric mean of that ratio: {mean:.3f} (at most 0.5), {exact} cells left out as exact")


def against(rows, mine: str, rivals, cells) -> tuple[list[float], list[float], list[str], list[str]]:
    """Of each row the error of `mine` over the least of the rivals': all ratios, and those where it is not exact; rows
    where it is more than a tie, in words, the worst first; rows that lack it.
    """
    players = {c.game: c.n for c in cells}
    every, ratios, worse, lacking = [], [], [], []
    for key, found in rows.items():
        best = min((found[m] for m in rivals if m in found), key=lambda c: c.error, default=None)
        if best and mine not in found:
            lacking.append(f"not measured: {named(key, players)}")
        elif best:
            own = found[mine]
            every.append(ratio(own, best))
            ratios += every[-1:] if own.error > EXACT else []
            if every[-1] > TIE:
                errors = f"{own.error:.1e} against {best.error:.1e}, {doubt(own, best)}"
                worse.append((every[-1], f"{named(key, players)}: {every[-1]:.2f} × {best.method} ({errors})"))
    return every, ratios, [line for _, line in sorted(worse, reverse=True)], lacking


def degree_four() -> None:
    """Games of degree 4 at a full design of strength 5."""
    worst = {}
    for n in (10, 20, 30, 64):
        _, levels = nested_code(n, n - 1)
        budget = 2 * 2 ** levels[1] + 2
        game = polynomial(n, 4)
        worst[budget, n] = max(
            compare(explain(game, method="orthogonal", budget=budget, seed=s).values, game.banzhaf)[0] for s in range(3)
        )
    text = ", ".join(f"n={n} m={budget}: {error:.0e}" for (budget, n), error in worst.items())
    verdict(max(worst.values()) <= 1e-9, f"exact on games of degree 4 at a full design of strength 5: {text}")


def auto_against(cells, index, rivals, words) -> None:
    every, ratios, worse, lacking = against(rows_of(c for c in cells if c.index == index), "auto", rivals, cells)
    sentence = f"{index}: auto at most {TIE} × {words}: {len(worse)} of {len(every)} cells above"
    sentence += f"; geometric mean of the ratio where auto is not exact {geometric(ratios):.2f}"
    if lacking:
        sentence += f"; {len(lacking)} cells where auto is too slow to be measured"
    verdict(not worse and not lacking, sentence, worse + lacking)


def engine(times) -> None:
    ours = [t for t in times if t["method"] in ("orthogonal", "walsh", "auto", "leverage", "permutation")]
    for call in ("first", "again"):
        worse = []
        for t in ours:
            share = t.get(call, np.inf) / (1e-3 * t["budget"])
            if t["status"] != "ok" or share > SHARE:
                spent = f"{t[call]:.3f} s, {100 * share:.1f} %" if t["status"] == "ok" else t["status"]
                worse.append(f"{t['index']} {t['method']}, n = {t['n']}, budget {t['budget']}: {spent}")
        words = "a first call" if call == "first" else "a later call"
        sentence = f"our own time of {words} below {100 * SHARE:.0f} % of a model of 1 ms a coalition"
        verdict(not worse, f"{sentence}: {len(worse)} of {len(ours)} above", worse)


def at_three_budgets(cells) -> list:
    """The cells without noise nearest to 2.5, 10 and 40 evaluations per player."""
    plain, budgets = [c for c in cells if not c.noise], defaultdict(set)
    for c in plain:
        budgets[c.game, c.index].add(c.budget)

    def nearest(c, factor: float) -> int:
        return min(budgets[c.game, c.index], key=lambda budget: abs(np.log(budget / (factor * c.n))))

    return [c for c in plain if c.budget in (nearest(c, factor) for factor in (2.5, 10, 40))]


def error_table(cells, index: str, second: str, label) -> None:
    """Median errors: a row for each game and `label` of its cells, a column for each method."""
    methods, rows = [m for m in ESTIMATORS[index] if any(c.method == m for c in cells)], defaultdict(dict)
    for c in cells:
        rows[c.game, label(c)][c.method] = c
    header("game", second, *methods)
    for key, found in rows.items():
        row(*key, *(shown(found.get(m)) for m in methods))


def shown(cell) -> str:
    if cell is None or cell.status.startswith("failed"):
        return "–"
    if cell.status == "too slow":
        return "too slow"
    return "exact" if cell.error <= EXACT else f"{cell.error:.1e}"


def not_measured(cells) -> None:
    lost = defaultdict(list)
    for c in cells:
        if c.status != "ok":
            what = f"too slow ({c.seconds:.1f} s)" if c.status == "too slow" else c.status
            lost[c.index, c.method, c.game, what].append(f"{c.budget / c.n:.3g}n")
    print(f"\n## Not measured: {sum(map(len, lost.values()))} of {len(cells)} cells\n")
    for (index, method, game, what), budgets in lost.items():
        print(f"- {index} {method}, {game}: {', '.join(dict.fromkeys(budgets))}: {what}")
    over = {}
    for c in cells:
        if c.status == "ok" and c.evaluations > c.budget:
            over[c.method] = max(over.get(c.method, 0), c.evaluations - c.budget)
    if over:
        names = ", ".join(f"{method} by up to {more}" for method, more in sorted(over.items()))
        print(f"- asked for more coalitions than allowed: {names}")


def time_table(times) -> None:
    columns = list(dict.fromkeys((t["n"], t["budget"]) for t in times))
    print("\n## Engine time (design and solve, no model), processor seconds of a first call and a later one\n")
    header("index", "method", *(f"n={n}, {b}" for n, b in columns))
    for index, method in dict.fromkeys((t["index"], t["method"]) for t in times):
        found = {(t["n"], t["budget"]): t for t in times if (t["index"], t["method"]) == (index, method)}
        cells = (f"{t['first']:.3f} / {t['again']:.3f}" if t["status"] == "ok" else t["status"] for t in map(found.get, columns))
        row(index, method, *cells)
    row("5 % of 1 ms a coalition", "", *(f"{SHARE * 1e-3 * b:.3f}" for _, b in columns))
