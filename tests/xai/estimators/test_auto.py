"""The method "auto": exact where it can be, else the better of two solvers on the same calls."""

import numpy as np
import pytest
from games import FakeGame, additive, brute_force, tabulated, unanimity

from xai import Ledger, explain
from xai.estimators.orthogonal import balanced_pairs, orthogonal
from xai.estimators.spectral import pairs_of, posterior_estimate

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


@pytest.mark.slow
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


def test_all_single_players_together_bring_shapley_values_nearer():
    weights = np.array([1.2, 0.9, 0.6, 0.3, 0.3, 0.1, 0.1, 0.05, 0.05, 0.02])
    game = FakeGame(10, lambda z: np.tanh(z @ weights))
    truth = brute_force(game, "shapley")

    def error(method):
        draws = [explain(game, index="shapley", method=method, budget=50, seed=seed).values for seed in range(20)]
        return np.exp(np.mean([np.log(np.square(values - truth).sum()) for values in draws]))

    assert error("auto") < 0.5 * error("walsh")


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


def sums(n, top, seed, terms=60):
    """Terms of each degree up to `top`, each degree of half the energy of the one before; and the Banzhaf values."""
    rng = np.random.default_rng([seed, n, top])
    sets = [[i] for i in range(n)] + [rng.choice(n, d, replace=False) for d in range(2, top + 1) for _ in range(terms)]
    weights = rng.normal(size=len(sets)) * np.sqrt([n / terms / 2.0 ** (len(s) - 1) if len(s) > 1 else 1.0 for s in sets])
    game = FakeGame(n, lambda z: sum(w * (2 * z[:, s] - 1).prod(axis=1) for w, s in zip(weights, sets)), batch_size=4096)
    return game, 2.0 * weights[:n]


def test_the_whole_design_is_solved_by_its_least_squares():
    game, truth = sums(14, 4, 0)
    for seed in range(3):
        auto, plain = (explain(game, method=method, budget=514, seed=seed) for method in ("auto", "orthogonal"))
        assert np.array_equal(auto.values, plain.values) and np.allclose(auto.values, truth, atol=1e-12)
        assert "coalitions of strength 5: exact for games of degree 4 or less" in auto.note
        assert (auto.standard_error > 0).all()  # 512 coalitions cannot know that the game is of degree 4


@pytest.mark.parametrize("budget", [516, 560, 700, 900])
def test_a_few_evaluations_more_lose_nothing_on_a_game_of_low_degree(budget):
    game, truth = sums(14, 4, 1)
    assert np.abs(explain(game, budget=budget).values - truth).max() < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("top", [5, 7])
@pytest.mark.parametrize("budget", [258, 322, 514])
def test_games_of_higher_degree_are_solved_as_well_as_by_the_posterior(budget, top):
    taken, posterior, inside = [], [], []
    for seed in range(16):
        game, truth = sums(12, top, seed)
        design = orthogonal(12, budget, seed)
        values = Ledger(game).evaluate(design.coalitions)[:, None]
        guess = posterior_estimate("banzhaf", *pairs_of(design, values), values)[0]
        found = explain(game, budget=budget, seed=seed)
        taken.append(np.square(found.values - truth).sum())
        posterior.append(np.square(guess.values[:, 0] - truth).sum())
        inside.append(np.abs(found.values - truth) <= 1.96 * found.standard_error)
    assert np.exp(np.mean(np.log(taken) - np.log(posterior))) <= 1.06
    assert np.mean(inside) >= 0.9 and found.standard_error.min() > 0


def test_as_many_pairs_as_players_are_held_against_the_pair_of_none_and_all():
    linear, truth = sums(16, 2, 0)
    assert np.allclose(explain(linear, budget=34).values, truth, atol=1e-12)
    assert "posterior" in explain(sums(16, 3, 0)[0], budget=34).note


def test_a_constant_game_is_not_said_to_be_enumerated():
    a = explain(FakeGame(9, lambda z: np.full(len(z), 3.0)), budget=40)
    assert not a.values.any() and "enumeration" not in a.note


@pytest.mark.parametrize(("n", "budget"), [(3, 6), (9, 18), (12, 25), (20, 40), (20, 42), (64, 136)])
def test_shapley_values_at_two_evaluations_per_player_are_exact_where_two_act_together(n, budget):
    game, _ = sums(n, 2, 0)
    ends = game(np.array([[False] * n, [True] * n]))
    for seed in range(3):
        found, order = (explain(game, "shapley", method, budget, seed) for method in ("auto", "permutation"))
        assert np.allclose(found.values, order.values, atol=1e-9) and np.isfinite(found.standard_error).all()
        assert found.evaluations == budget - budget % 2 and "exact for games of degree 2" in found.note
        assert found.values.sum() == pytest.approx(ends[1] - ends[0])


def test_shapley_values_at_two_evaluations_per_player_are_nearer_than_a_permutation_where_many_act_together():
    game, _ = sums(10, 6, 0)
    truth, errors = brute_force(game, "shapley"), {}
    for method in ("auto", "permutation"):
        draws = [explain(game, "shapley", method, 20, seed).values for seed in range(30)]
        errors[method] = np.mean([np.square(values - truth).sum() for values in draws])
    assert errors["auto"] < 0.75 * errors["permutation"]


@pytest.mark.parametrize("n", [3, 5, 10, 12, 13, 30, 47, 64, 90])
def test_balanced_pairs_and_the_pair_of_none_and_all_are_nearly_orthogonal(n):
    for seed in range(5):
        signs = np.where(np.concatenate([np.ones((1, n), bool), balanced_pairs(n, seed)]), 1.0, -1.0)
        assert signs.shape == (n, n) and np.linalg.cond(signs) < 30
        assert n % 4 or np.allclose(signs @ signs.T, n * np.eye(n))


def test_more_pairs_or_another_budget_are_left_to_the_posterior():
    game, _ = sums(12, 3, 0)
    ledger = Ledger(game)
    explain(game, budget=64, ledger=ledger)
    assert "posterior" in explain(game, "shapley", budget=24, ledger=ledger).note
    for budget in (22, 28, 60):
        assert "posterior" in explain(game, "shapley", budget=budget).note


@pytest.mark.parametrize("n", [12, 30])
def test_where_more_pairs_show_nothing_but_single_players_and_couples_shapley_values_are_exact(n):
    game, truth = sums(n, 2, 1)
    for budget in (2 * (n + 9), 5 * n, 10 * n):
        found = explain(game, "shapley", budget=budget, seed=budget)
        np.testing.assert_allclose(found.values, truth, atol=1e-10)
        assert "least squares" in found.note and (found.standard_error > 0).all()


def test_a_few_further_pairs_join_the_least_squares():
    game, *_ = additive(np.linspace(-1, 1, 64))
    ledger, rows = Ledger(game), np.random.default_rng(0).random((3, 64)) < 0.5
    ledger.evaluate(np.concatenate([rows, ~rows]))
    found = explain(game, "shapley", budget=128, ledger=ledger)
    assert "6 further coalitions" in found.note and "least squares" in found.note
    assert np.allclose(found.values, np.linspace(-1, 1, 64), atol=1e-9)
