"""The control on models that learned nothing: what stays is called so, what goes is too, and neither is said by chance."""

from dataclasses import replace

import numpy as np
import pytest
from games import FakeGame, additive

from xai import Attribution, Cancelled, Redrawn, explain, randomised_budget, randomised_control
from xai.compare.likeness import correlations, p_of_likeness, ranks
from xai.trust.randomised import Randomised

WEIGHTS = np.array([4.0, -3.0, 2.0, 0.5, 0.1, 1.0, -1.0, 0.2, -0.4, 0.7])


def networks(*weights_of):
    """Stages whose games are additive: weights_of each gives (n,) weights of a seed."""
    names = tuple(f"stage {i}" for i in range(len(weights_of)))
    return Redrawn(names, lambda seed: (additive(weights(seed))[0] for weights in weights_of))


def unrelated(n):
    return lambda seed: np.random.default_rng(seed + 11).normal(size=n)


def control(weights, *weights_of, method="auto", budget=64, **settings):
    real = explain(additive(weights)[0], "banzhaf", method, budget)
    return randomised_control(real, networks(*weights_of), **settings)


def test_every_figure_of_a_known_map():
    other = lambda seed: np.array([-3.0, 3.5, 2.5, 0.0, 0.3, 1.0, -2.0, 0.0, -0.5, 0.2]) * (seed + 1)  # noqa: E731
    found = control(WEIGHTS, lambda seed: 2 * WEIGHTS, other)
    same, last = found.stages
    np.testing.assert_allclose(same.maps, [2 * WEIGHTS], atol=1e-9)
    figures = same.spearman, same.pearson, same.spearman_sizes, same.pearson_sizes, same.foretold
    assert np.allclose(figures, 1.0) and same.ratio == pytest.approx(2.0) and same.reliable == 1.0
    assert last.maps.shape == (2, 10)
    np.testing.assert_allclose(last.maps[1], 2 * last.maps[0], atol=1e-9)
    assert last.pearson == pytest.approx(np.corrcoef(WEIGHTS, other(0))[0, 1])
    assert last.pearson_sizes == pytest.approx(np.corrcoef(np.abs(WEIGHTS), np.abs(other(0)))[0, 1])
    from scipy.stats import spearmanr

    assert last.spearman == pytest.approx(spearmanr(WEIGHTS, other(0))[0])
    assert last.spearman_sizes == pytest.approx(spearmanr(np.abs(WEIGHTS), np.abs(other(0)))[0])
    assert last.ratio == pytest.approx(1.5 * np.std(other(0)) / np.std(WEIGHTS))
    assert found.evaluations == 3 * 32


@pytest.mark.parametrize("method", ["auto", "kernel", "msr", "exact"])
def test_a_map_that_another_network_does_not_share_depends_on_what_was_learned(method):
    found = control(WEIGHTS, unrelated(10), method=method, budget=1024)
    assert found.finding == "learned"
    assert "On stage 0" in found.sentence("words") and found.sentence().endswith("depends on what was learned.")


def test_a_map_that_every_network_shares_does_not():
    found = control(WEIGHTS, lambda seed: WEIGHTS + 0.1 * unrelated(10)(seed))
    assert found.finding == "stays" and "hardly depends" in found.sentence()
    weak = control(WEIGHTS, lambda seed: WEIGHTS / 10)
    assert weak.finding == "stays" and "at 10% of its strength" in weak.sentence()
    turned = control(WEIGHTS, lambda seed: np.abs(WEIGHTS) * np.random.default_rng(seed).choice([-1, 1], 10))
    assert turned.finding == "stays" and "the sizes of the map’s values correlate 1.00" in turned.sentence()


def test_nothing_left_and_nothing_to_compare():
    gone = control(WEIGHTS, lambda seed: np.zeros(10))
    assert gone.finding == "gone" and np.isnan(gone.stages[0].spearman) and gone.stages[0].p_value == 1.0
    assert "nothing is left" in gone.sentence()
    assert control(np.ones(10), unrelated(10)).finding == "flat"


def test_a_map_of_noise_is_not_said_to_depend_on_anything():
    table = np.random.default_rng(5).normal(size=2**10)
    noise = FakeGame(10, lambda z: table[(z > 0.5) @ (1 << np.arange(10))])
    real = explain(noise, "banzhaf", "kernel", 40)
    found = randomised_control(real, networks(unrelated(10)))
    assert found.reliable < 0.5 and found.finding == "noise" and "mostly noise" in found.sentence()
    blind = randomised_control(replace(real, standard_error=None, covariance=None), networks(unrelated(10)))
    assert np.isnan(blind.reliable) and blind.finding == "unknown"


def test_networks_that_answer_at_random_are_told_by_what_is_foretold():
    """Their maps are noise at this budget, but the real map says nothing of their answers."""

    def games(seed):
        table = np.random.default_rng(seed).normal(size=2**10)
        yield FakeGame(10, lambda z: table[(z > 0.5) @ (1 << np.arange(10))])

    found = randomised_control(explain(additive(WEIGHTS)[0], budget=64), Redrawn(("noise",), games))
    assert found.stages[0].reliable < 0.6 and abs(found.stages[0].foretold) < 0.3
    assert found.finding == "learned" and "what this one adds up to" in found.sentence()


def said_of(maps_of, n, draws, games=300, seed=0):
    """p-values, and findings, of pairs of maps without error that maps_of(rng, m) draws, (m, n)."""
    rng, p_values, findings = np.random.default_rng(seed), [], []
    for _ in range(games):
        real, *others = maps_of(rng, 1 + draws)
        found = control_of(real, np.array(others))
        p_values.append(found.stages[0].p_value)
        findings.append(found.finding)
    return np.array(p_values), findings


def control_of(real, others):
    known = Attribution(
        real, np.zeros(len(real)), [f"p{i}" for i in range(len(real))], "banzhaf", "exact", 0, 64, 0, 0.0, 0.0, 1.0
    )

    class Exact(FakeGame):
        def __init__(self, values):
            super().__init__(len(values), None)
            self.exact = lambda index: values

    return randomised_control(known, Redrawn(("exact",), lambda seed: iter([Exact(others[seed % len(others)])])))


@pytest.mark.slow
@pytest.mark.parametrize(("n", "draws"), [(4, 3), (6, 3), (10, 2), (17, 1), (49, 1)])
def test_chance_is_not_taken_for_likeness(n, draws):
    assert randomised_budget(n, 512)[1] == draws

    def smooth(rng, m):
        values = rng.normal(size=(m, n))
        return sum(np.roll(values, shift, axis=1) for shift in range(3))

    for maps_of in (lambda rng, m: rng.normal(size=(m, n)), smooth):
        p_values, findings = said_of(maps_of, n, draws)
        for level in (0.05, 0.2):
            assert np.mean(p_values <= level) <= level + 3 * np.sqrt(level * (1 - level) / 300)
        assert findings.count("stays") / 300 <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("n", "draws"), [(4, 3), (6, 3), (10, 2), (17, 1), (49, 1)])
def test_likeness_is_not_taken_for_chance(n, draws):
    """Of maps that networks drawn without end share to 0.7 and more, at most one in twenty is said to be learned."""
    rng, findings = np.random.default_rng(1), []
    for _ in range(300):
        real = rng.normal(size=n)
        others = real + 0.5 * rng.normal(size=(draws + 200, n))
        known = np.broadcast_to(real, others.shape)
        shared = max(correlations(ranks(of(known)), ranks(of(others)))[draws:].mean() for of in (np.asarray, np.abs))
        if shared >= 0.7:
            findings.append(control_of(real, others[:draws]).finding)
    assert len(findings) > 150
    assert findings.count("learned") / len(findings) <= 0.05
    assert (findings.count("stays") + findings.count("partly")) / len(findings) >= 0.7


def test_a_map_may_be_moved_in_2n_ways_only():
    one = np.arange(10.0)[None]
    assert p_of_likeness([(ranks(one), ranks(one))]) == pytest.approx(1 / 20)
    assert p_of_likeness([(ranks(one), ranks(-one))]) == 1.0
    assert np.isnan(correlations(one, np.ones((1, 10))))


def test_several_outputs_are_weighted_alike():
    mix = np.array([[1.0, 0.0], [0.0, 1.0]])
    games = lambda seed: iter([FakeGame(10, lambda z: np.stack([z @ WEIGHTS, z @ unrelated(10)(seed)], axis=1) @ mix)])  # noqa: E731
    two = FakeGame(10, lambda z: np.stack([z @ WEIGHTS, z @ WEIGHTS[::-1]], axis=1))
    first = randomised_control(explain(two, budget=64), Redrawn(("two",), games), [1.0, 0.0])
    assert first.finding == "stays" and first.stages[0].pearson == pytest.approx(1.0)
    combined = randomised_control(explain(two, budget=64).combine([1.0, 0.0]), Redrawn(("two",), games), [1.0, 0.0])
    np.testing.assert_allclose(combined.stages[0].maps, first.stages[0].maps)


def test_the_same_seed_says_the_same_and_progress_is_told():
    told = []
    found = control(WEIGHTS, unrelated(10), unrelated(10), seed=3, progress=lambda *at: told.append(at))
    again = control(WEIGHTS, unrelated(10), unrelated(10), seed=3)
    assert isinstance(again, Randomised) and np.array_equal(found.stages[1].maps, again.stages[1].maps)
    assert found.sentence() == again.sentence()
    assert told == sorted(told) and told[-1] == (96, 96) and {total for _, total in told} == {96}


def test_refused_and_cancelled():
    with pytest.raises(ValueError, match="other players"):
        control(WEIGHTS, unrelated(9))
    with pytest.raises(ValueError, match="seed"):
        control(WEIGHTS, unrelated(10), seed=-1)
    asked = []
    with pytest.raises(Cancelled):
        control(WEIGHTS, unrelated(10), cancel=lambda: asked.append(1) or len(asked) == 3)
