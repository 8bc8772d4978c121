"""How often what `judge_tree` says of an explained tree is so, by games whose tree values are known in closed form.

    python -m benchmarks.documents.judged [--seeds 60] [--csv docs/tree_judgement.csv]

A game is a random polynomial of 36 players in six parts of six: single players, and 30 products of three to six. A part's value
in its inner game sums over the products that it has a share in: with a players outside it that come and go one by one and on
their own, ½^a for Banzhaf values, and for Shapley values what a random order gives, level by level. Stated is the probability
that the part of greatest size, the first three as a set, and their order are the true ones.
"""

from pathlib import Path

import numpy as np

from benchmarks.parts.command import header, options, row, write_csv
from xai import Hierarchy, Judgement, Ledger, Part, explain_tree, judge_tree

GROUPS, SIZE, PRODUCTS = 6, 6, 30
BUDGETS = (64, 100, 200, 400, 1000)
TREE = Part("all", parts=tuple(Part(f"part {i}", leaves=tuple(range(SIZE * i, SIZE * i + SIZE))) for i in range(GROUPS)))
BINS = (0.0, 0.3, 0.5, 0.7, 0.9, 0.99, 1.01)
SAID = ("first", "first_three", "order")


class Polynomial:
    """v(S) = Σ c over the products whose players are all in S."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.n_players = GROUPS * SIZE
        self.labels = [f"p{i}" for i in range(self.n_players)]
        alone = rng.normal(0, 1, self.n_players) * rng.choice([0.1, 1, 3], self.n_players)
        sizes, scale = rng.integers(3, 7, PRODUCTS), rng.choice([0.5, 1, 3, 8])
        self.products = [(i,) for i in range(self.n_players)]
        self.products += [tuple(int(i) for i in rng.choice(self.n_players, size, replace=False)) for size in sizes]
        self.factors = np.concatenate([alone, rng.normal(0, scale, PRODUCTS)])

    def __call__(self, coalitions: np.ndarray) -> np.ndarray:
        return np.stack([coalitions[:, list(one)].all(axis=1) for one in self.products], axis=1) @ self.factors

    def value(self, path: tuple[int, ...], index: str) -> float:
        """Of a part, or of a player of an opened part."""
        group, total = path[0], 0.0
        own = set(range(SIZE * group, SIZE * group + SIZE)) if len(path) == 1 else {SIZE * group + path[1]}
        for product, factor in zip(self.products, self.factors):
            if not own & set(product):
                continue
            outside = set(product) - own
            parts = len({i // SIZE for i in outside if i // SIZE != group})
            inside = sum(i // SIZE == group for i in outside)
            chance = 0.5 ** (parts + inside) if index == "banzhaf" else 1.0 / ((parts + 1) * (inside + 1))
            total += factor * chance
        return total


def judged(seed: int, budget: int) -> list[tuple[Hierarchy, Judgement, list[tuple[int, ...]]]]:
    """Of each index the tree, what is said of it, and of which parts."""
    ledger = Ledger(Polynomial(seed))
    found = [explain_tree(ledger.game, TREE, index, budget, seed, ledger=ledger) for index in ("banzhaf", "shapley")]
    opened = set.intersection(*({path for path, node in one.nodes.items() if node.opened} for one in found))
    paths = [path for path in found[0].nodes if path and path not in opened and path[:-1] in opened]
    return [(one, each[0], paths) for one, each in zip(found, judge_tree(ledger, TREE, found, paths, seed))]


def compared(seed: int, budget: int) -> list[dict]:
    """What was said beside what was so."""
    game, records = Polynomial(seed), []
    for one, said, paths in judged(seed, budget):
        values = np.array([one.nodes[path].value for path in paths])
        true = np.array([game.value(path, one.index) for path in paths])
        order, right = np.argsort(-np.abs(values)), np.argsort(-np.abs(true))
        so = order[0] == right[0], set(order[:3]) == set(right[:3]), list(order[:3]) == list(right[:3])
        records.append(
            {
                "seed": seed,
                "index": one.index,
                "budget": budget,
                **{f"{name} stated": getattr(said, name) for name in SAID},
                **{f"{name} so": bool(one) for name, one in zip(SAID, so)},
                "error stated": said.expected_error,
                "error so": float(np.square(values - true).sum() / np.square(true).sum()),
                "worth": said.worth,
            }
        )
    return records


def main() -> None:
    asked = options(__doc__, seeds=60, csv="")
    records = [one for seed in range(asked.seeds) for budget in BUDGETS for one in compared(seed, budget)]
    header("judgement", "stated", "maps", "mean stated", "was so")
    for name in SAID:
        stated, so = (np.array([one[f"{name} {what}"] for one in records]) for what in ("stated", "so"))
        for low, high in zip(BINS, BINS[1:]):
            inside = (stated >= low) & (stated < high)
            if inside.any():
                row(
                    name, f"{low:g} to {min(high, 1):g}", inside.sum(), f"{stated[inside].mean():.2f}", f"{so[inside].mean():.2f}"
                )
    for worth in sorted({one["worth"] for one in records}):
        errors = [one["error so"] for one in records if one["worth"] == worth]
        row("worth", worth, len(errors), "median error", f"{np.median(errors):.2g}, largest {max(errors):.2g}")
    if asked.csv:
        write_csv(Path(asked.csv), records)


if __name__ == "__main__":
    main()
