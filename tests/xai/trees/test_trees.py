"""Exact tree values against enumeration by plain walks down random trees, and against shap's TreeSHAP."""

from math import comb

import numpy as np
import pytest
from games import brute_force, tabulated
from hypothesis import given, settings
from hypothesis import strategies as st

from xai import Ledger, explain, interactions
from xai.trees import exact
from xai.trees.arrays import Tree
from xai.trees.exact import TreeEnsemble

CATEGORICAL, DEFAULT_LEFT, ZERO_MISSING, NAN_MISSING = 1, 2, 4, 8


def random_tree(rng, n_features, leaves, output=0):
    """Grown by splitting a leaf at random, so columns come back on a path; a third of the nodes split categories."""
    nodes = []
    children = [-1]  # of the imaginary parent of the root: where leaf 0 hangs
    places = [(None, 0)]  # for each leaf its (parent, side)
    for new in range(1, leaves):
        leaf = int(rng.integers(len(places)))
        parent, side = places[leaf]
        node = len(nodes)
        nodes.append([-1 - leaf, -1 - new])
        if parent is None:
            children[0] = node
        else:
            nodes[parent][side] = node
        places[leaf] = (node, 0)
        places.append((node, 1))
    m = len(nodes)
    categorical = rng.random(m) < 1 / 3
    flags = np.where(categorical, CATEGORICAL, rng.choice([0, DEFAULT_LEFT], m) + rng.choice([0, ZERO_MISSING, NAN_MISSING], m))
    return Tree(
        feature=rng.integers(n_features, size=m),
        threshold=rng.choice([-1.0, 0.0, 0.5, 1.0, 2.0], m),
        left=np.array([pair[0] for pair in nodes], int),
        right=np.array([pair[1] for pair in nodes], int),
        flags=flags.astype(int),
        categories=[
            rng.integers(2**32, size=rng.integers(1, 3), dtype=np.uint64).astype(np.uint32) if c else np.zeros(0, "u4")
            for c in categorical
        ],
        value=rng.normal(size=leaves),
        output=output,
    )


def random_rows(rng, rows, n_features):
    """Numbers with zeros, missing values, negative and unseen categories."""
    return rng.choice([np.nan, 0.0, 1.0, 2.0, 5.0, 33.0, 70.0, -3.0, 0.7, -0.2, np.inf], size=(rows, n_features))


def walked(tree, row):
    """LightGBM's documented rules, one node at a time."""
    node = 0 if len(tree.feature) else -1
    while node >= 0:
        value, flags = row[tree.feature[node]], tree.flags[node]
        if flags & CATEGORICAL:
            words, category = tree.categories[node], int(value) if np.isfinite(value) else -1
            left = 0 <= category < 32 * len(words) and bool(int(words[category // 32]) >> category % 32 & 1)
        else:
            if np.isnan(value) and not flags & NAN_MISSING:
                value = 0.0
            absent = np.isnan(value) or (flags & ZERO_MISSING and value == 0.0)
            left = bool(flags & DEFAULT_LEFT) if absent else value <= tree.threshold[node]
        node = (tree.left if left else tree.right)[node]
    return tree.value[-1 - node]


def enumerated_game(trees, row, background, n):
    """v of all 2^n coalitions, entry r's bit i saying whether column i comes from the row."""
    present = (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(bool)
    return np.array([np.mean([sum(walked(t, np.where(z, row, other)) for t in trees) for other in background]) for z in present])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 6), leaves=st.integers(1, 12), rows=st.integers(1, 4))
def test_values_game_and_interactions_equal_enumeration(seed, n, leaves, rows):
    rng = np.random.default_rng(seed)
    trees = [random_tree(rng, n, leaves) for _ in range(3)]
    ensemble = TreeEnsemble(trees, n, offset=0.25)
    background, x = random_rows(rng, rows, n), random_rows(rng, 2, n)
    want = enumerated_game(trees, x[1], background, n)
    game = tabulated(want)
    present = (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(bool)
    np.testing.assert_allclose(ensemble.game(x[1], background)(present)[:, 0], want + 0.25, atol=1e-12)
    np.testing.assert_allclose(ensemble.margins(x[1:])[0, 0], want[-1] + 0.25, atol=1e-12)
    for index in ("banzhaf", "shapley"):
        found = ensemble.values(x, background, index)
        assert found.shape == (2, n, 1)
        np.testing.assert_allclose(found[1, :, 0], brute_force(game, index), atol=1e-12)
        if n > 1:
            pairs = ensemble.interactions(x[1], background, index)[:, :, 0]
            by_all = interactions(Ledger(game), index, budget=2**n)
            np.testing.assert_allclose(pairs[tuple(by_all.pairs.T)], by_all.values, atol=1e-12)
            np.testing.assert_allclose(pairs, pairs.T)
            assert not pairs.diagonal().any()


def test_twelve_columns_and_deep_paths_equal_exact_explanations():
    rng = np.random.default_rng(5)
    ensemble = TreeEnsemble([random_tree(rng, 12, 40) for _ in range(6)], 12)
    row, background = random_rows(rng, 1, 12), random_rows(rng, 9, 12)

    class Game:
        n_players, labels = 12, [str(i) for i in range(12)]

        def __call__(self, coalitions):  # through margins of mixtures, not through the ensemble's own game
            mixed = np.where(coalitions[:, None], row, background)
            return ensemble.margins(mixed.reshape(-1, 12))[:, 0].reshape(len(coalitions), -1).mean(axis=1)

    for index in ("banzhaf", "shapley"):
        exact = explain(Game(), index, "exact").values
        np.testing.assert_allclose(ensemble.values(row, background, index)[0, :, 0], exact, atol=1e-12)


@pytest.mark.parametrize(("kept", "count"), [(1, 5), (8432, 2), (2**26, 1)])
def test_values_are_the_same_to_the_last_bit_however_many_trees_are_gone_through_at_a_time(monkeypatch, kept, count):
    """And whatever background was asked about before."""
    rng = np.random.default_rng(3)
    trees = [random_tree(rng, 8, leaves) for leaves in (1, 20, 2, 15, 9)]
    rows, background, other = (random_rows(rng, count, 8) for count in (3, 40, 2))
    once = TreeEnsemble(trees, 8).values(rows, background)
    monkeypatch.setattr(exact, "_KEPT", kept)
    ensemble = TreeEnsemble(trees, 8)
    parts = list(ensemble._ranges(40))
    assert [first for first, _ in parts] == [0, *(last for _, last in parts[:-1])] and parts[-1][1] == 5
    assert len(parts) == count
    for _ in range(2):
        assert np.array_equal(ensemble.values(rows, background), once)
        ensemble.interactions(rows[0], background)
        assert np.array_equal(ensemble.values(rows, background), once)
        ensemble.values(rows, other)


def test_more_than_64_columns_need_several_words():
    rng = np.random.default_rng(2)
    ensemble = TreeEnsemble([random_tree(rng, 150, 30) for _ in range(10)], 150)
    row, background = random_rows(rng, 1, 150), random_rows(rng, 5, 150)
    coalitions = rng.random((40, 150)) < 0.5
    mixed = np.where(coalitions[:, None], row, background).reshape(-1, 150)
    want = ensemble.margins(mixed)[:, 0].reshape(40, 5).mean(axis=1)
    np.testing.assert_allclose(ensemble.game(row[0], background)(coalitions)[:, 0], want, atol=1e-12)


def test_outputs_keep_their_own_trees_and_blocks_of_rows_agree():
    rng = np.random.default_rng(3)
    trees = [random_tree(rng, 5, 8, output=i % 3) for i in range(9)]
    together = TreeEnsemble(trees, 5, 3, offset=[1.0, 2.0, 3.0])
    x, background = random_rows(rng, 4100, 5), random_rows(rng, 7, 5)
    found = together.values(x, background, "shapley")
    for output in range(3):
        alone = TreeEnsemble([Tree(**{**vars(t), "output": 0}) for t in trees[output::3]], 5)
        np.testing.assert_allclose(found[:, :, output], alone.values(x, background, "shapley")[:, :, 0], atol=1e-12)
        np.testing.assert_allclose(together.margins(x)[:, output], alone.margins(x)[:, 0] + output + 1.0, atol=1e-12)
    base = together.margins(background).mean(axis=0)
    np.testing.assert_allclose(found.sum(axis=1), together.margins(x) - base, atol=1e-12)  # efficiency


def test_shapley_equals_interventional_treeshap():
    lightgbm, shap = pytest.importorskip("lightgbm"), pytest.importorskip("shap")
    from model.trees.lightgbm_text import read_lightgbm

    rng = np.random.default_rng(0)
    x = rng.normal(size=(800, 9)).round(1)
    y = x[:, 0] * x[:, 1] + np.sin(x[:, 2]) + x[:, 3:] @ rng.normal(size=6)
    booster = lightgbm.train({"verbose": -1, "num_threads": 1, "seed": 0}, lightgbm.Dataset(x, y), 40)
    explainer = shap.TreeExplainer(booster, x[:50], feature_perturbation="interventional")
    want = explainer.shap_values(x[400:450], check_additivity=False)
    found = read_lightgbm(booster.model_to_string()).ensemble.values(x[400:450], x[:50], "shapley")[:, :, 0]
    np.testing.assert_allclose(found, want, atol=1e-6)


def test_closed_form_of_a_conjunction():
    """x wins if all of three columns are 1: a unanimity game over a background of zeros."""
    tree = Tree(
        feature=np.array([0, 1, 2]),
        threshold=np.full(3, 0.5),
        left=np.array([-1, -2, -3]),
        right=np.array([1, 2, -4]),
        flags=np.zeros(3, int),
        categories=[np.zeros(0, "u4")] * 3,
        value=np.array([0.0, 0.0, 0.0, 6.0]),
    )
    ensemble, one, zero = TreeEnsemble([tree], 4), np.ones((1, 4)), np.zeros((1, 4))
    np.testing.assert_allclose(ensemble.values(one, zero, "banzhaf")[0, :, 0], [1.5, 1.5, 1.5, 0.0])
    np.testing.assert_allclose(ensemble.values(one, zero, "shapley")[0, :, 0], [2.0, 2.0, 2.0, 0.0])
    pair = ensemble.interactions(one[0], zero, "shapley")[0, 1, 0]
    # 6 for every S with column 2, none without: sizes of S ⊆ {2, 3} alike
    assert pair == pytest.approx(6.0 * sum(share / comb(2, s) / 3 for s, share in enumerate([0, 1, 1])))


BROKEN = {
    "a child twice": {"left": np.array([-1, -1])},
    "a circle": {"right": np.array([1, 0])},
    "a leaf beyond": {"left": np.array([-1, -9])},
    "a column beyond": {"feature": np.array([0, 7])},
    "a short part": {"threshold": np.zeros(1)},
    "no number": {"value": np.array([0.0, np.nan, 1.0])},
}


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_no_tree_is_refused(broken):
    parts = {
        "feature": np.array([0, 1]),
        "threshold": np.zeros(2),
        "left": np.array([-1, -2]),
        "right": np.array([1, -3]),
        "flags": np.zeros(2, int),
        "categories": [np.zeros(0, "u4")] * 2,
        "value": np.arange(3.0),
    }
    TreeEnsemble([Tree(**parts)], 2)
    with pytest.raises(ValueError):
        TreeEnsemble([Tree(**{**parts, **BROKEN[broken]})], 2)


def test_arguments_are_checked():
    ensemble = TreeEnsemble([random_tree(np.random.default_rng(0), 3, 4)], 3)
    for call in (
        lambda: ensemble.values(np.zeros((1, 2)), np.zeros((1, 3))),
        lambda: ensemble.values(np.zeros((1, 3)), np.zeros((0, 3))),
        lambda: ensemble.values(np.zeros((1, 3)), np.zeros((1, 3)), "owen"),
        lambda: ensemble.game(np.zeros(3), np.zeros((0, 3))),
    ):
        with pytest.raises(ValueError):
            call()


def test_a_game_has_the_background_that_it_was_given():
    rng = np.random.default_rng(4)
    trees, row = [random_tree(rng, 4, 9) for _ in range(5)], random_rows(rng, 1, 4)[0]
    backgrounds = [random_rows(rng, rows, 4) for rows in (3, 3, 40)]
    coalitions = rng.random((20, 4)) < 0.5
    alone = [TreeEnsemble(trees, 4).game(row, others)(coalitions) for others in backgrounds]
    assert not np.allclose(alone[0], alone[1])
    ensemble = TreeEnsemble(trees, 4)
    for i in (0, 1, 1, 2, 0):
        np.testing.assert_array_equal(ensemble.game(row, backgrounds[i])(coalitions), alone[i])
