"""Accuracy on a real language-model game: Gemma 3, ten words, all 1,024 values known, two ways of being absent."""

import json
from pathlib import Path

import numpy as np
import pytest
from games import tabulated

from xai import explain

ORACLE = json.loads((Path(__file__).parents[2] / "data" / "sentiment10.json").read_text())
BUDGETS = (42, 64, 100, 160, 256)


def median_errors(game, index, method):
    """Relative squared error at each budget, median over 15 seeds."""
    truth = explain(game, index, "exact").values
    errors = [
        [np.square(explain(game, index, method, budget=b, seed=s).values - truth).sum() for s in range(15)] for b in BUDGETS
    ]
    return np.median(errors, axis=1) / np.square(truth).sum()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("index", "peer", "method", "most"),
    [
        ("banzhaf", "kernel", "walsh", 0.4),  # promised 0.6; 0.30 when written
        ("banzhaf", "kernel", "orthogonal", 0.4),
        ("banzhaf", "kernel", "auto", 0.35),
        ("shapley", "kernelshap", "walsh", 0.6),  # promised 0.9; 0.39 when written
    ],
)
def test_error_beside_the_published_methods(index, peer, method, most):
    ratios = []
    for policy in ("remove", "hole"):
        game = tabulated(np.array(ORACLE["log_probs"][policy]) @ [1.0, -1.0])
        ratios.append(median_errors(game, index, method) / median_errors(game, index, peer))
    assert np.exp(np.log(ratios).mean()) < most
