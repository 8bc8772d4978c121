"""The figure of `benchmarks.stability`: what was stated against what was so, and what maps were worth on games that mislead."""

from pathlib import Path

import matplotlib
import pandas as pd

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402 – after its backend

NAMES = {"first": "comes first", "first_three": "first three", "order": "order of the three"}
WORTHS = {"worthless": "#b9b9b9", "hint": "#e8c468", "order": "#6aaed6", "sure": "#1f5f99", "exact": "#12355b"}


def draw(bins: list[dict], found: pd.DataFrame, path: Path) -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), width_ratios=(1, 1.3))
    left.plot([0, 1], [0, 1], color="#999999", linewidth=1, label="as stated")
    for (what, name), marker in zip(NAMES.items(), "os^"):
        some = [one for one in bins if one["what"] == what and one["cases"] >= 100]
        left.plot([one["stated"] for one in some], [one["so"] for one in some], marker=marker, label=name)
    left.set(xlabel="stated probability", ylabel="how often it was so", xlim=(0, 1), ylim=(0, 1.02))
    left.legend(frameon=False)
    shares = found.groupby("game").worth.value_counts(normalize=True).unstack(fill_value=0.0)
    start = pd.Series(0.0, shares.index)
    for worth, colour in WORTHS.items():
        if worth in shares:
            right.barh(shares.index, shares[worth], left=start, color=colour, label=worth)
            start = start + shares[worth]
    right.set(xlabel="share of maps, all methods and budgets", xlim=(0, 1))
    right.legend(frameon=False, ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
