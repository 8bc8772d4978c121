"""The picture of both indices in guide/indices.md: `python -m docs.indices` writes docs/pictures/indices.png.

Left, how likely a part is met with how many of the other parts: binomial for Banzhaf values, uniform for Shapley values.
Right, the value of each of k parts of which the answer needs all (v = 1 where all are there, else 0) or of which one is
enough, computed over all coalitions by `xai.explain`.
"""

from math import comb
from pathlib import Path

import numpy as np

from benchmarks.parts.exact import TableGame
from xai import explain

OUT = Path(__file__).parent / "pictures" / "indices.png"
COLOURS = {"banzhaf": "#0072B2", "shapley": "#D55E00"}  # Okabe & Ito's
PARTS = 14


def main() -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
    sizes = np.arange(PARTS)
    for shift, (index, chance) in zip((-0.2, 0.2), met(PARTS).items()):
        left.bar(sizes + shift, chance, 0.4, color=COLOURS[index], label=index.capitalize())
    left.set_xlabel(f"how many of the other {PARTS - 1} parts are there")
    left.set_ylabel("chance")
    left.set_title("With how much else a part is met")
    several = range(1, 9)
    for index, colour in COLOURS.items():
        right.plot(several, [of_each(k, index) for k in several], marker="o", color=colour, label=index.capitalize())
    right.set_xlabel("parts that the answer needs all of, or any one of")
    right.set_ylabel("value of each")
    right.set_title("What is left for each of several")
    for axis in (left, right):
        axis.legend(frameon=False)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(OUT, dpi=100)


def met(n: int) -> dict[str, np.ndarray]:
    """Index → chance (n,) that a part is met with 0 … n − 1 of the others."""
    return {"banzhaf": np.array([comb(n - 1, size) / 2 ** (n - 1) for size in range(n)]), "shapley": np.full(n, 1 / n)}


def of_each(k: int, index: str) -> float:
    """The value of each of k players in the game that is 1 where all are there, the same as where one is enough."""
    needs_all = np.zeros(2**k)
    needs_all[-1] = 1.0
    any_one = 1.0 - needs_all[::-1]
    values = np.array([explain(TableGame(game), index, "exact").values for game in (needs_all, any_one)])
    assert np.ptp(values) < 1e-12  # the two games are each other's dual
    return float(values[0, 0])


if __name__ == "__main__":
    main()
