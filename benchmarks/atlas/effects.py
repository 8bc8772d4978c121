"""Of one game whose 2^n values are all known: both indices, and how much of three effects of taking a part out each foretells."""

from math import comb

import numpy as np
from scipy.stats import rankdata

from benchmarks.parts.exact import enumerated, every_coalition


def record(values: np.ndarray) -> dict:
    """What the atlas keeps of a game, entry r's bit i of `values` (2^n,) saying whether player i is there.

    other_first, other_three : whether the indices differ in the part, or the order of the three parts, of largest |value|
    distance : ‖β − σ‖² / ‖σ‖²;  gap : |Σβ − (v(N) − v(∅))| over |v(N) − v(∅)|
    {banzhaf, shapley}_{half, full, order} : Σ_i E(φ_i − Δ_i)² / Σ_i E Δ_i², where Δ_i is what taking part i out of a random
        half that holds it, the full input, or what has come in a random order when it comes, changes. 1 is what 0 would leave
    full_by_banzhaf : whether the first part by Banzhaf changes the full input more than that by Shapley values
    """
    banzhaf, shapley = enumerated(values)
    n, change = len(banzhaf), values[-1] - values[0]
    orders = [np.argsort(-np.abs(index), kind="stable") for index in (banzhaf, shapley)]
    marginal = np.array([np.diff(values.reshape(-1, 2, 2**i), axis=1).reshape(-1) for i in range(n)])  # (n, 2^(n−1))
    size = every_coalition(n - 1).sum(axis=1)  # of the others: the same order for each i, whose bit is left out
    laws = {
        "half": np.full(2 ** (n - 1), 0.5 ** (n - 1)),
        "full": (size == n - 1).astype(float),
        "order": np.array([1.0 / (n * comb(n - 1, int(s))) for s in range(n)])[size],
    }
    full = np.abs(marginal[:, -1])
    found = {
        "n": n,
        "other_first": bool(orders[0][0] != orders[1][0]),
        "other_three": bool((orders[0][:3] != orders[1][:3]).any()),
        "spearman": float(np.corrcoef(rankdata(banzhaf), rankdata(shapley))[0, 1]),
        "distance": float(np.square(banzhaf - shapley).sum() / np.square(shapley).sum()),
        "gap": float(abs(banzhaf.sum() - change) / max(abs(change), 1e-12)),
        "full_by_banzhaf": bool(full[orders[0][0]] > full[orders[1][0]]),
    }
    for name, index in (("banzhaf", banzhaf), ("shapley", shapley)):
        for law, chance in laws.items():
            missed = np.square(index[:, None] - marginal) @ chance
            found[f"{name}_{law}"] = float(missed.sum() / (np.square(marginal) @ chance).sum())
    return found
