"""When do Banzhaf and Shapley values differ, and which foretells what? 1,000 rows and prompts where both are exact.

    python -m benchmarks.atlas                     docs/atlas.csv, and the tables of docs/guide/which-index.md
    python -m benchmarks.atlas --rows 20 --prompts 0 --out build    a quick look, without the language model

Rows of four tables by LightGBM's trees, of one by a network, and short film reviews by the bundled Gemma 3. Every game's 2^n
values are all evaluated, so that nothing below is an estimate: expectations over a random half or a random order are sums.
"""

import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

import model  # noqa: F401 (before torch: it sets how OpenMP waits)
from benchmarks.atlas.effects import record
from benchmarks.parts.command import header, options, row, write_csv
from benchmarks.parts.exact import TreeGame, every_coalition
from benchmarks.parts.games import Table, boosted, scikit_table, shipped_csv, wine_network

TABLES = {
    "california, 8 columns (trees)": lambda: shipped_csv("california_housing", "MedHouseVal"),
    "diabetes, 10 columns (trees)": lambda: scikit_table("diabetes"),
    "bike, 12 columns (trees)": lambda: shipped_csv("bike", "count"),
    "adult, 14 columns (trees)": lambda: shipped_csv("adult_census", "class", ">50K"),
}
WINE, REVIEWS = "wine, 13 columns (network)", "reviews, 7 words (Gemma 3)"
BEFORE = "Review: I loved this film. Sentiment: positive\nReview: I want my money back. Sentiment: negative\nReview: "
GAPS = (0.0, 0.02, 0.1, 0.3, np.inf)  # how far the Banzhaf values' sum is from v(N) − v(∅), over the latter


def main() -> None:
    given = options(__doc__, rows=212, network=112, prompts=40, out=Path("docs"))
    records = []
    for name, make in TABLES.items():
        table = make()
        booster, present = boosted(table), every_coalition(table.features.shape[1])
        for x in spread_over(table, given.rows):
            records.append({"family": name} | record(TreeGame(booster, x, table.baseline)(present)))
        print(f"{name}: {given.rows} rows", file=sys.stderr, flush=True)
    rows = spread_over(scikit_table("wine"), given.network)
    records += [{"family": WINE} | record(game(every_coalition(game.n_players))) for game in wine_network(rows)]
    if given.prompts:
        records += [{"family": REVIEWS} | record(values) for values in of_reviews(given.prompts)]
    found = pd.DataFrame(records)
    given.out.mkdir(parents=True, exist_ok=True)
    write_csv(given.out / "atlas.csv", records)
    summary(found, "family", dict.fromkeys(found["family"]))
    bins = pd.cut(
        found["gap"], GAPS, right=False, labels=[f"{a:.0%} to {b:.0%}" for a, b in zip(GAPS, GAPS[1:-1])] + ["30% and more"]
    )
    summary(found.assign(bin=bins.astype(str)), "bin", bins.cat.categories)


def spread_over(table: Table, count: int) -> np.ndarray:
    """`count` rows at equal distances of a table."""
    return table.features[np.linspace(0, len(table.features) - 1, count).astype(int)]


def reviews(count: int) -> list[str]:
    """`count` reviews of seven words each, at equal distances among all that two patterns make."""
    things, words, did = (
        ("plot", "acting", "music", "ending"),
        ("superb", "awful", "fine", "boring"),
        ("loved", "hated", "forgave"),
    )
    found = [f"The {a} was {x}, the {b} {y}" for a, b in product(things, things) if a != b for x, y in product(words, words)]
    found += [f"I {v} the {a} but {w} everything" for v, w, a in product(did, did, things) if v != w]
    return [found[i] for i in np.linspace(0, len(found) - 1, count).astype(int)]


def of_reviews(count: int):
    """The log-probability of the model's own answer to each review, over all coalitions of its words."""
    gemma = model.load_gemma()
    for text in reviews(count):
        prompt = f"{BEFORE}{text}. Sentiment:"
        words = gemma.encode(prompt).split("word", (len(BEFORE), len(BEFORE) + len(text)))
        game = gemma.text_game(prompt, gemma.generate(prompt, stop="\n"), players=words, absent="remove")
        present = every_coalition(game.n_players)
        parts = [present[i : i + game.batch_size] for i in range(0, len(present), game.batch_size)]
        yield np.concatenate([game(part) for part in parts]).sum(axis=1)


def summary(found: pd.DataFrame, by: str, names) -> None:
    """A line for each group: how often and how far the indices differ, and what each leaves of three effects (medians)."""
    print()
    header(
        by, "games", "other first part", "other first three", "Spearman", "distance", *(f"{i} {e}" for e in "abc" for i in "BS")
    )
    for name in names:
        part = found[found[by] == name]
        if len(part):
            middle = part.median(numeric_only=True)
            shares = f"{part['other_first'].mean():.0%}", f"{part['other_three'].mean():.0%}"
            left = (
                f"{middle[f'{index}_{effect}']:.3f}" for effect in ("half", "full", "order") for index in ("banzhaf", "shapley")
            )
            row(name, len(part), *shares, f"{middle['spearman']:.2f}", f"{middle['distance']:.4f}", *left)
    nearer = found[found["other_first"]]
    wins = nearer.groupby(by)["full_by_banzhaf"].mean()
    told = ", ".join(f"{name}: {wins[name]:.0%} of {(nearer[by] == name).sum()}" for name in names if name in wins)
    print(f"\nWhere they name other first parts, Banzhaf's changes the full input more in: {told}")


if __name__ == "__main__":
    main()
