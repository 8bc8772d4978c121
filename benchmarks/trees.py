"""Exact tree values beside shap's C++ TreeExplainer (interventional), on the same trees, rows and background.

    python -m benchmarks.trees              1,000 rows × 100 background rows × 100 trees, and other shapes
    python -m benchmarks.trees --quick      the first case alone

Each case is one LightGBM model. Shapley values are compared before a ratio is printed: they must agree to 1e-6. The
compiled loops are warmed up first (numba compiles them once per machine and keeps them); shap needs no warming. The
ratio is of the faster of two runs of each.
"""

from dataclasses import dataclass

import numpy as np
import shap

from benchmarks.parts.command import header, options, row, timed
from benchmarks.parts.games import Table, boosted, communities, shipped_csv
from model.trees.lightgbm_text import read_lightgbm

AGREE = 1e-6  # largest difference, relative to the largest value


@dataclass
class Case:
    name: str
    table: Table
    rows: int = 1000
    background: int = 100
    trees: int = 100
    leaves: int = 31


def cases(quick: bool) -> list[Case]:
    census = shipped_csv("adult_census", "class", ">50K")
    first = [Case("census (14)", census)]
    if quick:
        return first
    return [
        *first,
        Case("california (8)", shipped_csv("california_housing", "MedHouseVal")),
        Case("communities (99)", communities()),
        Case("census (14), one baseline row", census, background=1),
        Case("census (14), 500 trees", census, rows=200, trees=500),
        Case("census (14), 255 leaves", census, rows=200, leaves=255),
    ]


def faster_of_two(call):
    """Seconds and result of the faster of two calls."""
    return min((timed(call) for _ in range(2)), key=lambda found: found[0])


def compare(case: Case) -> list[str]:
    """One row of the table; SystemExit if the values disagree."""
    booster = boosted(case.table, case.trees, case.leaves)
    spread = np.random.default_rng(0).permutation(len(case.table.features))
    rows = case.table.features[spread[: case.rows]]
    background = case.table.features[spread[-case.background :]]
    ensemble = read_lightgbm(booster.model_to_string()).ensemble
    explainer = shap.TreeExplainer(booster, background, feature_perturbation="interventional")
    theirs, want = faster_of_two(lambda: explainer.shap_values(rows, check_additivity=False))
    ours, found = faster_of_two(lambda: ensemble.values(rows, background, "shapley")[:, :, 0])
    banzhaf, _ = faster_of_two(lambda: ensemble.values(rows, background, "banzhaf"))
    worst = np.abs(found - want).max() / np.abs(want).max()
    if worst > AGREE:
        raise SystemExit(f"{case.name}: the values disagree by {worst:.1e}; no ratio is printed")
    shape = f"{case.rows} × {case.background} × {case.trees}"
    ratios = f"{theirs / ours:.0f}", f"{theirs / banzhaf:.0f}"
    return [case.name, shape, *(f"{seconds:.3f}" for seconds in (theirs, ours, banzhaf)), *ratios, f"{worst:.0e}"]


def main() -> None:
    quick = options(__doc__, quick=False).quick
    warm = Table(np.random.default_rng(0).normal(size=(200, 3)), np.arange(200.0), np.zeros(3, bool))
    read_lightgbm(boosted(warm).model_to_string()).ensemble.values(warm.features, warm.features[:2])
    heads = ["case (columns)", "rows × background × trees", "shap C++ [s]", "Swing Shapley [s]", "Swing Banzhaf [s]"]
    header(*heads, "× Shapley", "× Banzhaf", "largest difference")
    for case in cases(quick):
        row(*compare(case))


if __name__ == "__main__":
    main()
