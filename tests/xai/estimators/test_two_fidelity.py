"""Few real and many cheap evaluations: right with any proxy, better with a good one, hardly worse with a useless one."""

import numpy as np
import pytest
from games import FakeGame, additive, majority, unanimity

from xai import Cancelled, Ledger, explain, two_fidelity
from xai.estimators.two_fidelity import PILOT

PLAIN = {"banzhaf": "orthogonal", "shapley": "leverage"}
N = 24
_rng = np.random.default_rng(3)
W = _rng.normal(size=N)
TRIPLES, T = _rng.permutation(N * 3).reshape(-1, 3) % N, _rng.normal(size=N) / 2
OTHERS, U = _rng.permutation(N * 3).reshape(-1, 3) % N, _rng.normal(size=N) / 2


def terms(z, triples, weights):
    return (2 * z - 1)[:, triples].prod(axis=2) @ weights


def real(z):
    """Σ w_i z_i + Σ t χ_a χ_b χ_c: an odd term adds nothing to Banzhaf values and to Shapley values 2t/3 each."""
    return z @ W + terms(z, TRIPLES, T)


def truth(index):
    values = W.copy()
    if index == "shapley":
        for triple, t in zip(TRIPLES, T):
            members, counts = np.unique(triple, return_counts=True)
            odd = members[counts % 2 == 1]
            values[odd] += 2.0 * t / len(odd)
    else:
        for triple, t in zip(TRIPLES, T):
            members, counts = np.unique(triple, return_counts=True)
            odd = members[counts % 2 == 1]
            if len(odd) == 1:
                values[odd] += 2.0 * t
    return values


PROXIES = {
    "perfect": real,
    "scaled": lambda z: 7.0 - 3.0 * real(z),
    "near": lambda z: real(z) + 0.2 * terms(z, OTHERS, U),
    "half": lambda z: real(z) + terms(z, OTHERS, U),
    "useless": lambda z: np.sin(37.0 * z @ np.arange(1.0, N + 1)),
    "constant": lambda z: np.full(len(z), 5.0),
    "linear": lambda z: z @ W[::-1],
}


def game(value=real, n=N):
    return FakeGame(n, value, batch_size=1000)


def error(index, proxy, budget, seeds, cost=0.02):
    found = [two_fidelity(game(), game(PROXIES[proxy]), index, budget, seed, cost) for seed in range(seeds)]
    return np.array([one.values for one in found]) - truth(index), found


@pytest.mark.parametrize("index", PLAIN)
@pytest.mark.parametrize("proxy", ["perfect", "scaled"])
def test_a_perfect_proxy_needs_few_real_evaluations(index, proxy):
    off, (found,) = error(index, proxy, 500, 1)
    plain = explain(game(), index, PLAIN[index], 500, 0).values - truth(index)
    assert found.evaluations < 120
    assert np.square(off).sum() < 0.1 * np.square(plain).sum()
    assert "of the proxy" in found.note


@pytest.mark.parametrize("index", PLAIN)
def test_of_few_players_the_proxy_is_asked_everything_and_a_perfect_one_leaves_no_error(index):
    weights = np.random.default_rng(0).normal(size=(12, 2))
    value = lambda z: np.tanh(z @ weights)  # noqa: E731
    exact = explain(game(value, 12), index, "exact")
    found = two_fidelity(game(value, 12), game(lambda z: 2.0 * value(z) + 1.0, 12), index, 1000, cost=0.01)
    np.testing.assert_allclose(found.values, exact.values, atol=1e-9)
    assert found.evaluations < 150
    assert found.standard_error.max() < 1e-9
    np.testing.assert_array_equal(found.full_value, exact.full_value)


@pytest.mark.slow
@pytest.mark.parametrize("index", PLAIN)
@pytest.mark.parametrize("proxy", PROXIES)
def test_it_is_unbiased_with_any_proxy_and_says_its_error(index, proxy):
    off, found = error(index, proxy, 400, 12)
    told = np.array([one.standard_error for one in found])
    assert np.abs(off.mean(axis=0) / (off.std(axis=0) / np.sqrt(len(off)) + 1e-9)).max() < 5.0
    assert np.mean(np.abs(off) <= 1.96 * told + 1e-9) > 0.88


@pytest.mark.slow
@pytest.mark.parametrize("index", PLAIN)
def test_a_near_proxy_beats_the_plain_estimator_at_equal_cost(index):
    off, found = error(index, "near", 700, 8)
    plain = [explain(game(), index, PLAIN[index], 700, seed).values - truth(index) for seed in range(8)]
    assert np.square(off).sum() < 0.6 * np.square(plain).sum()
    assert all(one.evaluations < 690 for one in found)


@pytest.mark.parametrize("index", PLAIN)
@pytest.mark.parametrize(("proxy", "cost"), [("useless", 0.3), ("constant", 0.02), ("linear", 0.02)])
def test_a_useless_proxy_costs_five_percent_at_most(index, proxy, cost):
    model, cheap = game(), game(PROXIES[proxy])
    found = two_fidelity(model, cheap, index, 600, 3, cost)
    assert model.asked == found.evaluations <= 600
    assert model.asked + cost * cheap.asked <= 600
    assert "left alone" in found.note
    held = 600 * PILOT
    assert model.asked + held >= 598  # an odd budget leaves one unspent
    assert cost * cheap.asked <= held


@pytest.mark.parametrize("index", PLAIN)
def test_a_proxy_of_other_terms_is_found_out_whatever_a_few_coalitions_say(index):
    """Few terms of five players: what is held back may rhyme by chance, and a wrong slope would cost twenty times the error."""
    rng = np.random.default_rng(2)
    sets = [rng.permutation(N)[:5] for _ in range(6)]
    value = lambda some: lambda z: sum(z[:, one].all(axis=1).astype(float) for one in some)  # noqa: E731
    model, cheap = game(value(sets[:3])), game(value(sets[3:]))
    wanted = np.zeros(N)
    for one in sets[:3]:
        wanted[one] += 1 / 16 if index == "banzhaf" else 1 / 5
    both, plain = (
        np.mean([np.square(call(seed).values - wanted).sum() for seed in range(30)])
        for call in (
            lambda seed: two_fidelity(model, cheap, index, 400, seed, 0.02),
            lambda seed: explain(model, index, PLAIN[index], 400, 100 + seed),
        )
    )
    assert both < 1.5 * plain


@pytest.mark.parametrize("index", PLAIN)
@pytest.mark.parametrize("proxy", ["perfect", "half"])
@pytest.mark.parametrize(("budget", "cost"), [(330, 0.05), (800, 0.9)])
def test_both_together_stay_within_the_budget(index, proxy, budget, cost):
    model, cheap = game(), game(PROXIES[proxy])
    found = two_fidelity(model, cheap, index, budget, 1, cost)
    assert model.asked + cost * cheap.asked <= budget
    assert (found.method, found.budget, found.evaluations) == ("two_fidelity", budget, model.asked)
    assert np.isfinite(found.values).all()


@pytest.mark.parametrize("index", PLAIN)
@pytest.mark.parametrize(("budget", "cost"), [(100, 0.1), (319, 0.01), (600, 1.0), (600, 5)])
def test_a_proxy_that_cannot_be_judged_or_is_no_cheaper_is_not_asked(index, budget, cost):
    model, cheap = game(), game()
    found = two_fidelity(model, cheap, index, budget, 0, cost)
    assert cheap.asked == 0
    assert budget - 1 <= model.asked <= budget
    assert "The proxy was not asked" in found.note


@pytest.mark.parametrize("which", [additive([1.0, -2.0, 0.5] * 8), unanimity(24, [2]), majority(25)])
@pytest.mark.parametrize("index", PLAIN)
def test_closed_forms(which, index):
    model, banzhaf, shapley = which
    wanted = {"banzhaf": banzhaf, "shapley": shapley}[index]
    found = two_fidelity(model, game(lambda z: model.value(z) * 2.0, model.n_players), index, 1000, cost=0.05)
    np.testing.assert_allclose(found.values, wanted, atol=4.5 * found.standard_error.max() + 1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("index", PLAIN)
def test_each_output_has_a_slope_of_its_own_and_covariances_combine(index):
    model = game(lambda z: np.stack([real(z), terms(z, OTHERS, U)], axis=1))
    proxy = game(lambda z: np.stack([2.0 * real(z), -5.0 * terms(z, OTHERS, U)], axis=1))
    found = two_fidelity(model, proxy, index, 700, cost=0.02)
    assert found.values.shape == (N, 2)
    assert found.evaluations < 200
    single = two_fidelity(game(), game(lambda z: 2.0 * real(z)), index, 700, cost=0.02)
    assert np.abs(found.values[:, 0] - truth(index)).max() < 4.5 * found.standard_error[:, 0].max()
    np.testing.assert_allclose(found.combine([1.0, 0.0]).standard_error, found.standard_error[:, 0])
    np.testing.assert_allclose(np.median(found.standard_error[:, 0] / single.standard_error), 1.0, atol=0.6)


@pytest.mark.parametrize("index", PLAIN)
@pytest.mark.parametrize("proxy", ["near", "useless"])
def test_ledgers_are_never_paid_twice_and_cancelled_runs_go_on(index, proxy):
    whole = two_fidelity(game(), game(PROXIES[proxy]), index, 500, 2, 0.02)
    model, cheap = game(), game(PROXIES[proxy])
    ledgers, asked = (Ledger(model, batch_size=50), Ledger(cheap, batch_size=50)), []
    for stop in (1, 2, 3):
        with pytest.raises(Cancelled) as caught:
            two_fidelity(
                model, cheap, index, 500, 2, 0.02, *ledgers, cancel=lambda stop=stop: asked.append(1) or len(asked) > stop
            )
        assert caught.value.ledger is ledgers[0]
        asked.clear()
    paid = ledgers[0].evaluations
    rest = two_fidelity(model, cheap, index, 500, 2, 0.02, *ledgers)
    np.testing.assert_allclose(rest.values, whole.values, atol=1e-9)  # a matrix product rounds by its batch
    assert (rest.evaluations, rest.reused) == (whole.evaluations - paid, whole.reused + paid)
    again = two_fidelity(model, cheap, index, 500, 2, 0.02, *ledgers)
    assert again.evaluations == 0
    np.testing.assert_array_equal(again.values, rest.values)
    assert model.asked == ledgers[0].evaluations


def test_progress_is_in_evaluations_of_the_game():
    told = []
    two_fidelity(game(), game(PROXIES["near"]), budget=500, cost=0.02, progress=lambda *now: told.append(now))
    done = [now for now, _ in told]
    assert done == sorted(done)
    assert told[-1] == (500, 500)
    assert {total for _, total in told} == {500}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"proxy": game(n=9)}, "the proxy has 9 players and the game 24; they must have the same"),
        ({"proxy": game(lambda z: z[:, :2])}, "the proxy has 2 outputs and the game 1; they must have the same"),
        ({"cost": 0.0}, "must be a number above 0; got 0.0"),
        ({"cost": float("nan")}, "must be a number above 0; got nan"),
        ({"cost": "0.1"}, "must be a number above 0; got '0.1'"),
        ({"index": "owen"}, "index must be one of"),
        ({"budget": 2}, "needs a budget of at least 4 evaluations"),
        ({"budget": 10.5}, "budget must be a whole number"),
        ({"ledger": Ledger(game())}, "ledger belongs to another game"),
        ({"proxy_ledger": Ledger(game())}, "proxy_ledger belongs to another game"),
    ],
)
def test_wrong_arguments_get_one_sentence(change, sentence):
    with pytest.raises(ValueError) as caught:
        two_fidelity(**{"game": game(), "proxy": game(), "budget": 600, **change})
    assert sentence in str(caught.value)
