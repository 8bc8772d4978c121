"""The method "auto": exact where it can be, else the better of two solvers on the same calls."""

import numpy as np
import pytest
from games import additive, brute_force, tabulated, unanimity

from xai import Ledger, explain

INDICES = ("banzhaf", "shapley")


@pytest.mark.parametrize("index", INDICES)
def test_exact_where_the_budget_covers_all(index):
    game = tabulated(np.random.default_rng(0).normal(size=64))
    a = explain(game, index=index, budget=64)
    assert a.method == "exact" and np.allclose(a.values, brute_force(game, index))


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("budget", [4, 7, 12, 63, 200])
def test_never_more_than_the_budget_and_the_solver_named(index, budget):
    game, *truths = additive(np.linspace(0, 1, 11))
    a = explain(game, index=index, budget=budget)
    assert a.evaluations <= budget and "Solved by" in a.note
    assert budget < 60 or np.allclose(a.values, truths[0], atol=1e-3)


def test_beyond_what_a_posterior_holds():
    game, banzhaf, shapley = additive(np.linspace(0, 1, 24))
    assert np.allclose(explain(game, budget=4200).values, banzhaf, atol=1e-9)
    a = explain(game, index="shapley", budget=33000)
    assert "Leverage" in a.note and np.allclose(a.values, shapley, atol=1e-9)


def test_no_worse_than_kernel_and_orthogonal():
    for game, truth, _ in (unanimity(14, [0, 1, 2]), unanimity(14, [3, 5, 6, 9, 10])):
        error = {
            method: np.median(
                [np.square(explain(game, method=method, budget=120, seed=s).values - truth).sum() for s in range(25)]
            )
            for method in ("auto", "kernel", "orthogonal")
        }
        assert error["auto"] <= 1.1 * min(error.values())


def test_shapley_reuses_what_banzhaf_paid():
    game, _, _ = unanimity(16, [0, 1, 2])
    ledger = Ledger(game)
    explain(game, budget=400, ledger=ledger)
    a = explain(game, index="shapley", budget=400, ledger=ledger)
    assert a.evaluations + a.reused == ledger.evaluations == 400 + a.evaluations
    assert a.evaluations <= 120 and "were paid before" in a.note and "further coalitions" in a.note


def test_more_pairs_in_the_ledger_do_shapley_good_whichever_was_paid_first():
    game, _, truth = unanimity(16, [0, 1, 2])
    alone = [explain(game, index="shapley", budget=100, seed=s).values for s in range(15)]
    together = []
    for seed in range(15):
        ledger, other = Ledger(game), Ledger(game)
        explain(game, budget=100, seed=seed, ledger=ledger)
        together.append(explain(game, index="shapley", budget=100, seed=seed, ledger=ledger).values)
        explain(game, index="shapley", budget=100, seed=seed, ledger=other)
        explain(game, budget=100, seed=seed, ledger=other)
        again = explain(game, index="shapley", budget=100, seed=seed, ledger=other)
        assert np.array_equal(again.values, together[-1]) and again.evaluations == 0
    errors = [np.median(np.square(values - truth).sum(axis=1)) for values in (alone, together)]
    assert errors[1] < errors[0]
