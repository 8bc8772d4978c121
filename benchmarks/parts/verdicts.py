"""What the accuracy benchmark must show, judged from its cells and printed as PASS or FAIL with the numbers."""

from collections import defaultdict

import numpy as np

from benchmarks.engine_time import SHARE
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
        table_of([c for c in cells if c.index == index and not c.noise], index)
    noise_table([c for c in cells if c.noise or (c.budget == 20 * c.n and c.game in {c.game for c in cells if c.noise})])
    not_measured(cells)
    if times:
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
    players = {c.game: c.n for c in cells}
    worse, ratios, exact = [], [], 0
    for key, row in rows_of(c for c in cells if c.index == "banzhaf" and not c.noise).items():
        if key[3] < 2.5 * players[key[1]] - 1 or not {"orthogonal", "kernel"} <= row.keys():
            continue
        if row["orthogonal"].error <= EXACT:
            exact += 1
            continue
        r = ratio(row["orthogonal"], row["kernel"])
        ratios.append(r)
        if r > TIE:
            worse.append((r, f"{named(key, players)}: {r:.2f} × ({doubt(row['orthogonal'], row['kernel'])})"))
    lines = [line for _, line in sorted(worse, reverse=True)]
    verdict(not worse, f"orthogonal at most {TIE} × kernel from 2.5n on: {len(worse)} of {len(ratios)} cells above", lines)
    mean = geometric(ratios)
    verdict(mean <= 0.5, f"geometric mean of that ratio: {mean:.3f} (at most 0.5), {exact} cells left out as exact")


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
    players, worse, total, lacking = {c.game: c.n for c in cells}, [], 0, []
    ratios = []
    for key, row in rows_of(c for c in cells if c.index == index).items():
        others = {m: e for m, e in row.items() if m in rivals}
        if not others:
            continue
        if "auto" not in row:
            lacking.append(named(key, players))
            continue
        total += 1
        best = min(others, key=lambda m: others[m].error)
        r = ratio(row["auto"], others[best])
        if row["auto"].error > EXACT:
            ratios.append(r)
        if r > TIE:
            errors = f"{row['auto'].error:.1e} against {others[best].error:.1e}, {doubt(row['auto'], others[best])}"
            worse.append((r, f"{named(key, players)}: {r:.2f} × {best} ({errors})"))
    sentence = f"{index}: auto at most {TIE} × {words}: {len(worse)} of {total} cells above"
    sentence += f"; geometric mean of the ratio where auto is not exact {geometric(ratios):.2f}"
    if lacking:
        sentence += f"; {len(lacking)} cells where auto is too slow to be measured"
    lines = [line for _, line in sorted(worse, reverse=True)] + [f"not measured: {name}" for name in lacking]
    verdict(not worse and not lacking, sentence, lines)


def engine(times) -> None:
    if not times:
        print("----  engine time: not measured in this run")
        return
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


def table_of(cells, index) -> None:
    """Median errors at up to three budgets a game."""
    methods = [m for m in ESTIMATORS[index] if any(c.method == m for c in cells)]
    print(f"\n## Median relative squared error, {index}\n\n| game | budget | " + " | ".join(methods) + " |")
    print("|---" * (len(methods) + 2) + "|")
    for game in dict.fromkeys(c.game for c in cells):
        part = [c for c in cells if c.game == game]
        budgets = sorted({c.budget for c in part})
        for budget in dict.fromkeys(min(budgets, key=lambda b: abs(np.log(b / (f * part[0].n)))) for f in (2.5, 10, 40)):
            row = {c.method: c for c in part if c.budget == budget}
            print(f"| {game} | {budget / part[0].n:.3g}n | " + " | ".join(shown(row.get(m)) for m in methods) + " |")


def shown(cell) -> str:
    if cell is None or cell.status.startswith("failed"):
        return "–"
    if cell.status == "too slow":
        return "too slow"
    return "exact" if cell.error <= EXACT else f"{cell.error:.1e}"


def noise_table(cells) -> None:
    cells = [c for c in cells if c.index == "banzhaf"]
    methods = [m for m in ESTIMATORS["banzhaf"] if any(c.method == m for c in cells)]
    if not cells:
        return
    print("\n## The same at 20n with noise N(0, σ²) on every value, σ over the game's own spread\n")
    print("| game | σ | " + " | ".join(methods) + " |\n" + "|---" * (len(methods) + 2) + "|")
    for game, noise in dict.fromkeys((c.game, c.noise) for c in cells):
        row = {c.method: c for c in cells if (c.game, c.noise) == (game, noise)}
        print(f"| {game} | {noise:g} | " + " | ".join(shown(row.get(m)) for m in methods) + " |")


def not_measured(cells) -> None:
    lost = defaultdict(list)
    for c in cells:
        if c.status != "ok":
            what = f"too slow ({c.seconds:.1f} s)" if c.status == "too slow" else c.status
            lost[c.index, c.method, c.game, what].append(f"{c.budget / c.n:.3g}n")
    print(f"\n## Not measured: {sum(map(len, lost.values()))} of {len(cells)} cells\n")
    for (index, method, game, what), budgets in lost.items():
        print(f"- {index} {method}, {game}: {', '.join(dict.fromkeys(budgets))}: {what}")
    over = [c for c in cells if c.status == "ok" and c.evaluations > c.budget]
    if over:
        names = sorted(
            {f"{c.method} by up to {max(x.evaluations - x.budget for x in over if x.method == c.method)}" for c in over}
        )
        print(f"- asked for more coalitions than allowed: {', '.join(names)}")


def time_table(times) -> None:
    columns = list(dict.fromkeys((t["n"], t["budget"]) for t in times))
    print("\n## Engine time (design and solve, no model), processor seconds of a first call and a later one\n")
    print("| index | method | " + " | ".join(f"n={n}, {b}" for n, b in columns) + " |\n" + "|---" * (len(columns) + 2) + "|")
    for index, method in dict.fromkeys((t["index"], t["method"]) for t in times):
        row = {(t["n"], t["budget"]): t for t in times if (t["index"], t["method"]) == (index, method)}
        cells = [f"{t['first']:.3f} / {t['again']:.3f}" if t["status"] == "ok" else t["status"] for t in map(row.get, columns)]
        print(f"| {index} | {method} | " + " | ".join(cells) + " |")
    print("| 5 % of 1 ms a coalition | | " + " | ".join(f"{SHARE * 1e-3 * b:.3f}" for _, b in columns) + " |")
