"""p-weighted Banzhaf values: against the definition by enumeration."""

import numpy as np
import pytest
from games import tabulated

from xai import Attribution, Ledger, explain
from xai.estimators.methods import METHODS


def by_definition(table, p):
    """Σ over coalitions of the others of p^|S| (1 − p)^(n − 1 − |S|) times the marginal."""
    n = int(np.log2(len(table)))
    out = np.zeros((n, *np.shape(table)[1:]))
    for i in range(n):
        for r in range(len(table)):
            if not r >> i & 1:
                size = r.bit_count()
                out[i] += p**size * (1 - p) ** (n - 1 - size) * (table[r | 1 << i] - table[r])
    return out


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("outputs", [None, 2])
def test_exact_equals_the_definition(p, outputs):
    table = np.random.default_rng(0).normal(size=64 if outputs is None else (64, outputs))
    a = explain(tabulated(table), method="exact", p=p)
    np.testing.assert_allclose(a.values, by_definition(table, p), atol=1e-12)
    assert a.p == p
    assert explain(tabulated(table), budget=64, p=p).method == "exact"


@pytest.mark.parametrize("method", ["msr", "monte_carlo"])
@pytest.mark.parametrize("p", [0.25, 0.7])
def test_sampling_is_unbiased_and_its_intervals_cover(method, p):
    table = np.cumsum(np.random.default_rng(1).normal(size=256))
    truth = by_definition(table, p)
    draws = [explain(tabulated(table), method=method, budget=200, seed=s, p=p) for s in range(150)]
    values = np.array([a.values for a in draws])
    apart = np.abs(values.mean(axis=0) - truth) / (values.std(axis=0) / np.sqrt(len(draws)))
    assert apart.max() < 4.0
    inside = np.mean([np.abs(a.values - truth) <= 1.96 * a.standard_error for a in draws])
    assert 0.92 < inside < 0.985


@pytest.mark.parametrize(("index", "method"), [(i, m) for i in METHODS for m in METHODS[i]])
def test_other_methods_name_those_that_can(index, method):
    game = tabulated(np.arange(32.0))
    if index == "banzhaf" and METHODS[index][method].weighted:
        assert explain(game, index, method, budget=30, p=0.3).p == 0.3
    else:
        with pytest.raises(ValueError, match=r"p = 0.5 only.*\['msr', 'monte_carlo', 'exact'\]"):
            explain(game, index, method, budget=30, p=0.3)


@pytest.mark.parametrize("p", [0.0, 1.0, -0.1, float("nan")])
def test_p_is_between_0_and_1(p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        explain(tabulated(np.arange(8.0)), method="msr", budget=8, p=p)


def test_json_keeps_p_and_older_texts_mean_one_half():
    a = explain(tabulated(np.arange(8.0)), method="exact", p=0.3)
    assert Attribution.from_json(a.to_json()).p == a.combine([1.0]).p == 0.3
    assert Attribution.from_json(a.to_json().replace(', "p": 0.3', "")).p == 0.5


def test_one_ledger_serves_every_p():
    game = tabulated(np.arange(16.0) ** 2)
    ledger = Ledger(game)
    assert [explain(game, method="exact", ledger=ledger, p=p).evaluations for p in (0.5, 0.2)] == [16, 0]
