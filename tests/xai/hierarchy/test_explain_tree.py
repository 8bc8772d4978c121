"""Trees of parts: values against the definitions, what adds up, what is found within which budget, what is refused."""

from itertools import combinations, permutations
from math import factorial

import numpy as np
import pytest
from games import FakeGame, additive, brute_force, tabulated
from hypothesis import given, settings
from hypothesis import strategies as st

from xai import Cancelled, Ledger, Part, explain_tree
from xai.hierarchy.inner import order_chance

INDICES = ["banzhaf", "shapley", "symmetric"]


def random_tree(rng, players, depth=3):
    """A random tree over the players, whose parts are any subsets."""
    players = [int(i) for i in rng.permutation(players)]
    if depth == 0 or len(players) < 3:
        return Part(f"part {players}", leaves=tuple(players))
    k = int(rng.integers(1, min(4, len(players)) + 1))
    cuts = sorted(rng.choice(np.arange(1, len(players)), k - 1, replace=False).tolist())
    groups = [players[a:b] for a, b in zip([0, *cuts], [*cuts, len(players)])]
    return Part("parts", parts=tuple(random_tree(rng, group, depth - 1) for group in groups))


def members(part):
    return set(part.leaves).union(*(members(child) for child in part.parts))


def subtree(tree, path):
    for i in path:
        tree = tree.parts[i] if tree.parts else Part("player", leaves=(tree.leaves[i],))
    return tree


def below(part):
    return part.parts or (tuple(Part("player", leaves=(i,)) for i in part.leaves) if len(part.leaves) > 1 else ())


def paths(tree, at=()):
    yield at
    for i, child in enumerate(below(tree)):
        yield from paths(child, (*at, i))


def whole(game, groups):
    """The game whose players are groups of a game's players."""
    member = np.array([[i in group for i in range(game.n_players)] for group in groups])
    return FakeGame(len(groups), lambda z: game((z @ member) > 0.5))


def of(game, present):
    return float(np.ravel(game(np.array([[i in present for i in range(game.n_players)]])))[0])


def winter(game, tree, path):
    """Owen's value of the node, on more levels Winter's: the mean marginal over all orders that keep parts together."""

    def befores(part, at):
        if not at:
            return [set()]
        children, found = below(part), []
        for order in permutations(range(len(children))):
            before = set().union(*(members(children[i]) for i in order[: order.index(at[0])]))
            found += [before | inner for inner in befores(children[at[0]], at[1:])]
        return found

    own = members(subtree(tree, path))
    return np.mean([of(game, before | own) - of(game, before) for before in befores(tree, path)])


def games_and_trees(count, outputs=()):
    for seed in range(count):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(4, 8))
        yield tabulated(rng.normal(size=(2**n, *outputs))), random_tree(rng, range(n)), n


@pytest.mark.parametrize("index", INDICES)
def test_children_and_together_add_up_to_the_part(index):
    for game, tree, n in games_and_trees(12):
        adds_up(explain_tree(game, tree, index, budget=2**n).nodes)


def adds_up(nodes):
    for path, node in nodes.items():
        children = [other.value for at, other in nodes.items() if at[:-1] == path and at]
        assert node.opened == bool(children)
        if node.opened:
            np.testing.assert_allclose(np.sum(children, axis=0) + node.together, node.value, rtol=0, atol=1e-9)
        else:
            assert not np.any(node.together)


def test_inner_values_are_ordinary_banzhaf_values_of_siblings_and_children():
    for game, tree, n in games_and_trees(10):
        nodes = explain_tree(game, tree, budget=2**n).nodes
        assert set(nodes) == set(paths(tree))
        for path in nodes:
            groups = [members(subtree(tree, path))]
            for level in range(len(path)):
                siblings = below(subtree(tree, path[:level]))
                groups += [members(one) for i, one in enumerate(siblings) if i != path[level]]
            np.testing.assert_allclose(nodes[path].value, brute_force(whole(game, groups), "banzhaf")[0], atol=1e-9)
            assert nodes[path].standard_error < 1e-12


def test_owen_values_are_mean_marginals_over_orders_that_keep_parts_together():
    for game, tree, n in games_and_trees(8):
        nodes = explain_tree(game, tree, "shapley", budget=2**n).nodes
        for path in nodes:
            np.testing.assert_allclose(nodes[path].value, winter(game, tree, path), atol=1e-9)


def unions(rng):
    """A game of 7 players in three unions, and its tree."""
    groups = [[0, 3], [1, 4, 6], [2, 5]]
    return tabulated(rng.normal(size=128)), groups, Part("all", parts=tuple(Part(f"{g}", leaves=tuple(g)) for g in groups))


@pytest.mark.parametrize(
    ("index", "among", "within"),
    [("banzhaf", "banzhaf", "banzhaf"), ("shapley", "shapley", "shapley"), ("symmetric", "banzhaf", "shapley")],
)
def test_values_of_two_levels_are_those_of_the_published_formulas(index, among, within):
    """Owen 1977 (7), Owen 1981, Alonso-Meijide & Fiestras-Janeiro 2002: weights among unions times weights within."""

    def weight(kind, size, of):
        return 2.0 ** (1 - of) if kind == "banzhaf" else factorial(size) * factorial(of - size - 1) / factorial(of)

    game, groups, tree = unions(np.random.default_rng(4))
    nodes = explain_tree(game, tree, index, budget=128).nodes
    for k, union in enumerate(groups):
        others = [set(group) for j, group in enumerate(groups) if j != k]
        for place, i in enumerate(union):
            mates = [j for j in union if j != i]
            total = 0.0
            for r in range(len(others) + 1):
                for unions_in in combinations(others, r):
                    for s in range(len(mates) + 1):
                        for inside in combinations(mates, s):
                            base = set().union(*unions_in, inside)
                            marginal = of(game, base | {i}) - of(game, base)
                            total += weight(among, r, len(groups)) * weight(within, s, len(union)) * marginal
            np.testing.assert_allclose(nodes[k, place].value, total, atol=1e-9)


def test_two_children_carry_all_of_their_part_and_three_need_not():
    rng = np.random.default_rng(0)
    game = tabulated(rng.normal(size=64))
    halves = Part("all", parts=(Part("a", leaves=(0, 1)), Part("b", leaves=(2, 3)), Part("c", leaves=(4, 5))))
    nodes = explain_tree(game, halves, budget=64).nodes
    for i in range(3):  # Lehrer's 2-efficiency
        np.testing.assert_allclose(nodes[i, 0].value + nodes[i, 1].value, nodes[i,].value, atol=1e-12)
    assert abs(nodes[()].together) > 1e-3
    assert abs(sum(nodes[i,].value for i in range(3)) - (of(game, set(range(6))) - of(game, set()))) > 1e-3


@pytest.mark.parametrize("index", ["shapley", "symmetric"])
def test_shapley_is_efficient_level_by_level(index):
    for game, tree, n in games_and_trees(8):
        nodes = explain_tree(game, tree, index, budget=2**n).nodes
        for path, node in nodes.items():
            assert node.players == n or node.together == 0.0
            assert index == "symmetric" or node.together == 0.0


def interplay(n, seed=0, outputs=()):
    rng = np.random.default_rng(seed)
    w = rng.normal(size=(n, *outputs))
    a, b, c = rng.integers(n, size=(3, 2 * n))
    t = rng.normal(size=(2 * n, *outputs)) / 2
    return FakeGame(n, lambda z: z @ w + (z[:, a] * z[:, b] * z[:, c]) @ t)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.sampled_from(INDICES), st.integers(90, 500), st.sampled_from([(), (3,)]))
def test_estimates_add_up_within_any_budget(seed, index, budget, outputs):
    rng = np.random.default_rng(seed)
    game = interplay(24, seed, outputs)
    found = explain_tree(game, random_tree(rng, range(24)), index, budget, seed)
    adds_up(found.nodes)
    assert game.asked == found.evaluations <= budget
    assert all(np.shape(node.value) == outputs for node in found.nodes.values())


def even(players, *fans):
    """A tree of fans[0] parts of fans[1] parts … over consecutive players; fans multiply to their number."""
    if len(fans) == 1:
        return Part(f"{players[0]}–{players[-1]}", leaves=tuple(players))
    size = len(players) // fans[0]
    return Part("parts", parts=tuple(even(players[i * size : (i + 1) * size], *fans[1:]) for i in range(fans[0])))


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("fans", [(8, 8), (4, 4, 4), (2, 2, 2, 2, 4), (64,)])
def test_additive_games_are_exact_and_opened_to_the_last(index, fans):
    game, w, _ = additive(np.random.default_rng(1).normal(size=64), offset=3.0)
    found = explain_tree(game, even(range(64), *fans), index, budget=1200)
    leaves = {path: node for path, node in found.nodes.items() if node.players == 1}
    np.testing.assert_allclose([leaves[path].value for path in sorted(leaves)], w, atol=1e-9)
    assert max(node.standard_error for node in leaves.values()) < 1e-9
    assert (found.empty_value, found.full_value) == (3.0, pytest.approx(3.0 + w.sum()))


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("most", [10**6, 200])  # blocks; samples
def test_estimates_are_unbiased_and_their_errors_right(index, most, monkeypatch):
    game, tree = interplay(12, 5), even(range(12), 2, 6)
    monkeypatch.setattr("xai.hierarchy.walk.MAX_EXACT", 0)
    truth = explain_tree(game, tree, index, budget=4096).nodes
