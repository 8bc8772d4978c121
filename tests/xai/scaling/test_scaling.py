"""Scaling laws: parameters come back from their own curves, bands cover, and held-out tests are what they say."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize

from xai.scaling.fit import check_runs, expected_error, fit, held_out
from xai.scaling.laws import LAWS, LossLaw, ScoreLaw

SIZES = np.logspace(8, 12, 8)


def score(tokens, log_a, alpha, beta):
    return (log_a + alpha * np.log(tokens)) ** beta


def loss(tokens, floor, log_a, alpha):
    return floor + np.exp(log_a) / tokens**alpha


@pytest.mark.parametrize("log_a", [-8.0, -3.0, 0.0, 2.0])
@pytest.mark.parametrize(("alpha", "beta"), [(0.15, 2.5), (0.3, 0.7), (0.5, 1.0), (0.6, 4.0), (1.0, 0.3), (0.47, 1.6)])
def test_a_score_law_comes_back_from_its_own_points(log_a, alpha, beta):
    start = max(8.0, (0.2 - log_a) / alpha / np.log(10))  # from where the law's logarithm is positive
    tokens = np.logspace(start, max(12.0, start + 2), 8)
    for sizes in (tokens, tokens[[0, 3, 7]]):  # three sizes determine three parameters
        law = fit(sizes, score(sizes, log_a, alpha, beta), draws=0).law
        assert [law.log_a, law.alpha, law.beta] == pytest.approx([log_a, alpha, beta], abs=1e-4)
        assert np.exp(law.log_a) == pytest.approx(np.exp(log_a), rel=1e-4)
        assert law(tokens) == pytest.approx(score(tokens, log_a, alpha, beta), rel=1e-9)


@pytest.mark.parametrize("floor", [0.2, 1.0, 2.5])
@pytest.mark.parametrize(("log_a", "alpha"), [(2.0, 0.1), (1.0, 0.05), (4.6, 0.24), (9.0, 0.35), (12.0, 0.5)])
def test_a_loss_law_comes_back_from_its_own_points(floor, log_a, alpha):
    law = fit(SIZES, loss(SIZES, floor, log_a, alpha), "cross-entropy", draws=0).law
    assert [law.floor, law.log_a, law.alpha] == pytest.approx([floor, log_a, alpha], abs=1e-4)


@pytest.mark.parametrize(
    ("ends", "m", "floor", "log_a", "alpha"),
    [((10.71, 11.81), 8, 0.0975, 1.204, 0.0368), ((8.54, 9.85), 4, 0.0794, 2.628, 0.0437), ((6, 13), 5, 0.02, 3, 1.2)],
)
def test_a_loss_law_comes_back_where_its_floor_is_far_below_all_runs(ends, m, floor, log_a, alpha):
    sizes = np.logspace(*ends, m)
    law = fit(sizes, loss(sizes, floor, log_a, alpha), "cross-entropy", draws=0).law
    assert [law.floor, law.log_a, law.alpha] == pytest.approx([floor, log_a, alpha], abs=1e-4)


def test_a_score_of_another_unit_is_the_same_law():
    bleu = score(SIZES, -3, 0.5, 1.4) * np.exp(0.02 * np.random.default_rng(0).standard_normal(8))
    percent, share = (fit(SIZES, values, draws=0) for values in (bleu, bleu / 100))
    assert percent.law.beta == pytest.approx(share.law.beta, rel=1e-6)
    assert percent.law(1e13) == pytest.approx(100 * share.law(1e13), rel=1e-6)
    assert percent.scatter == pytest.approx(share.scatter, rel=1e-6)


def test_no_other_optimiser_finds_a_smaller_huber_loss():
    rng = np.random.default_rng(5)
    for kind, truth in (("score", score(SIZES, -3, 0.5, 1.4)), ("cross-entropy", loss(SIZES, 1.5, 4.6, 0.24))):
        log_y = np.log(truth) + 0.03 * rng.standard_t(2, 8)
        law_type = LAWS[kind]
        x = np.log(SIZES) - np.log(SIZES).mean()

        def huber(theta, law_type=law_type, x=x, log_y=log_y):
            r = np.abs(law_type.log_value(np.asarray(theta), x)[0] - log_y)
            return np.where(r < law_type.delta, r * r / 2, law_type.delta * (r - law_type.delta / 2)).sum()

        law = fit(SIZES, np.exp(log_y), kind, draws=0).law
        bounds = law_type.bounds(x)
        peers = [
            minimize(huber, start, method="Nelder-Mead", bounds=bounds, options={"maxiter": 4000, "xatol": 1e-9})
            for start in law_type.starts(x, log_y)[::4]
        ]
        assert huber(law.theta(law.centre)) <= min(peer.fun for peer in peers) * (1 + 1e-6)


@pytest.mark.parametrize(("law_type", "theta"), [(ScoreLaw, (3.0, 0.1, 0.15)), (LossLaw, (0.3, -0.5, 0.3))])
def test_derivatives(law_type, theta):
    x = np.linspace(-4, 4, 5)
    for row in range(5):
        numeric = approx_fprime(np.array(theta), lambda t, row=row: law_type.log_value(t, x)[0][row], 1e-7)
        np.testing.assert_allclose(law_type.log_value(np.array(theta), x)[1][row], numeric, atol=1e-5)
    moved = law_type(*theta, 20.0)
    again = law_type(*moved.theta(22.0), 22.0)
    np.testing.assert_allclose(again(np.exp(20 + x)), moved(np.exp(20 + x)), rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "noise"), [("score", 0.02), ("cross-entropy", 0.005)])
def test_bands_cover(kind, noise):
    """90 % bands at 3 to 30 times the largest size, over 30 simulated sets of 8 runs: how often they hold the law."""
    sizes, held = np.logspace(9, 11.5, 8), []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        curve, parameters = (score, [(-3, 0.5, 1.4), (0, 0.2, 2.5)]) if kind == "score" else (loss, [(1.5, 6, 0.3)])
        parameters = parameters[seed % len(parameters)]
        found = fit(sizes, curve(sizes, *parameters) * np.exp(noise * rng.standard_normal(8)), kind, seed=seed)
        far = np.array([1e12, 1e13])
        low, high = found.band(far)
        held.append((low <= curve(far, *parameters)) & (curve(far, *parameters) <= high))
    assert 0.75 <= np.mean(held) <= 1.0


def test_a_band_grows_with_distance_and_for_a_new_run():
    found = fit(SIZES, score(SIZES, -3, 0.5, 1.4) * np.exp(0.02 * np.random.default_rng(1).standard_normal(8)))
    widths = [np.log(high / low) for low, high in (found.band(d) for d in (1e10, 1e13, 1e14))]
    assert widths == sorted(widths)
    for size in np.logspace(8, 15, 29):
        (low, high), (new_low, new_high) = found.band(size), found.band(size, new_run=True)
        assert new_low < low < high < new_high
    ends = found.intervals()
    assert set(ends) == set(found.law.parameters)
    assert all(low <= found.law.parameters[name] <= high for name, (low, high) in ends.items())


def test_three_runs_have_no_band_and_no_scatter():
    found = fit(SIZES[:3], [10.0, 14.0, 17.0])
    assert found.scatter is None
    assert found.band(1e12) is None
    assert found.intervals() == {}


def test_held_out_runs_are_those_with_most_data():
    tokens = SIZES[[5, 0, 3, 1, 7, 2, 6, 4]]
    test = held_out(tokens, score(tokens, -3, 0.5, 1.4))
    assert test.fitted == 4
    np.testing.assert_array_equal(test.tokens, SIZES[4:])
    assert test.error < 1e-6
    assert held_out(tokens, score(tokens, -3, 0.5, 1.4), first=6).tokens.tolist() == SIZES[6:].tolist()
    assert held_out(SIZES[:4], score(SIZES[:4], -3, 0.5, 1.4)).fitted == 3
    assert held_out(SIZES[:3], [1, 2, 3]) is None
    wrong = held_out(SIZES, np.append(score(SIZES[:4], -3, 0.5, 1.4), 1.1 * score(SIZES[4:], -3, 0.5, 1.4)))
    assert wrong.error == pytest.approx(np.log(1.1), rel=1e-4)


def test_repeated_sizes_stay_on_one_side():
    tokens = np.repeat(SIZES[:6], 2)
    test = held_out(tokens, score(tokens, -3, 0.5, 1.4))
    assert test.fitted == 8
    assert test.tokens.tolist() == np.repeat(SIZES[4:6], 2).tolist()


@pytest.mark.slow
def test_noise_explains_about_the_error_that_it_makes():
    errors, limits = [], []
    for seed in range(20):
        values = score(SIZES, -3, 0.5, 1.4) * np.exp(0.02 * np.random.default_rng(seed).standard_normal(8))
        test = held_out(SIZES, values)
        errors.append(test.error)
        limits.append(expected_error(fit(SIZES, values, draws=0), test))
    assert np.mean(np.array(errors) <= limits) >= 0.8
    assert max(limits) < 1.0


@pytest.mark.parametrize(
    ("tokens", "values", "kind", "message"),
    [
        ([1e9, 1e10], [1, 2], "score", "at least 3 different sizes"),
        ([1e9, 1e9, 1e10, 1e10], [1, 2, 3, 4], "score", "got 2"),
        ([1e9, 1e10, 1e11], [1, 0, 3], "score", "got 0 in run 2"),
        ([1e9, 1e10, 1e11], [1, 2, -3], "cross-entropy", "got -3 in run 3"),
        ([0, 1e10, 1e11], [1, 2, 3], "score", "tokens must be above 0"),
        ([1e9, np.inf, 1e11], [1, 2, 3], "score", "got inf in run 2"),
        ([1e9, 1e10], [1, 2, 3], "score", "two lists of one length"),
        ([1e9, 1e10, 1e11], [1, 2, 3], "COMET", "kind must be one of"),
    ],
)
def test_bad_runs_get_one_sentence(tokens, values, kind, message):
    with pytest.raises(ValueError, match=message) as caught:
        fit(tokens, values, kind)
    assert "\n" not in str(caught.value)


def test_runs_are_sorted_together():
    tokens, values = check_runs([3, 1, 2], [30, 10, 20])
    assert tokens.tolist() == [1, 2, 3]
    assert values.tolist() == [10, 20, 30]
