"""Trees of parts: values against the definitions, what adds up, what is found within which budget, what is refused."""

from itertools import combinations, permutations
from math import factorial

import numpy as np
import pytest
from games import FakeGame, additive, brute_force, tabulated
from hypothesis import given, settings
from hypothesis import strategies as st

from xai import Cancelled, Ledger, Part, explain_tree
from xai.hierarchy.rounds import Plan

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
        nodes = explain_tree(game, tree, index, budget=2**n).nodes
        adds_up(nodes)
        assert nodes[()].value == pytest.approx(of(game, set(range(n))) - of(game, set()), abs=1e-12)


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
        for node in nodes.values():
            assert node.players == n or node.together == 0.0
            assert index == "symmetric" or node.together == 0.0


def interplay(n, seed=0, outputs=()):
    rng = np.random.default_rng(seed)
    w = rng.normal(size=(n, *outputs))
    a, b, c = rng.integers(n, size=(3, 2 * n))
    t = rng.normal(size=(2 * n, *outputs)) / 2
    return FakeGame(n, lambda z: z @ w + (z[:, a] * z[:, b] * z[:, c]) @ t)


@settings(max_examples=8, deadline=None, derandomize=True)
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
@pytest.mark.parametrize("fans", [(8, 8), (2, 2, 2, 2, 4), (64,)])
def test_additive_games_are_exact_and_opened_to_the_last(index, fans):
    game, w, _ = additive(np.random.default_rng(1).normal(size=64), offset=3.0)
    found = explain_tree(game, even(range(64), *fans), index, budget=1200)
    leaves = {path: node for path, node in found.nodes.items() if node.players == 1}
    np.testing.assert_allclose([leaves[path].value for path in sorted(leaves)], w, atol=1e-9)
    assert max(node.standard_error for node in leaves.values()) < 1e-9
    assert (found.empty_value, found.full_value) == (3.0, pytest.approx(3.0 + w.sum()))


@pytest.mark.slow
@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("blocks", [True, False])
def test_estimates_are_unbiased_and_their_errors_right(index, blocks, monkeypatch):
    game, tree = interplay(12, 5), even(range(12), 3, 4)
    truth = explain_tree(game, tree, index, budget=4096).nodes
    for module in ("walk", "opened"):
        monkeypatch.setattr(f"xai.hierarchy.{module}.MAX_EXACT", -1)
    if not blocks:
        monkeypatch.setattr("xai.hierarchy.walk.plan", lambda *_: Plan(False, 32, 2))
    found = [explain_tree(game, tree, index, budget=240, seed=seed).nodes for seed in range(24)]
    paths_below = sorted(set(truth) - {()})
    off = np.array([[nodes[path].value - truth[path].value for path in paths_below] for nodes in found])
    told = np.array([[nodes[path].standard_error for path in paths_below] for nodes in found])
    assert np.abs(off.mean(axis=0) / (off.std(axis=0) / np.sqrt(len(off)) + 1e-9)).max() < 4.2
    assert 0.87 < np.mean(np.abs(off) <= 1.96 * told + 1e-9) < 0.99
    assert 0.8 < np.sqrt(np.square(told).mean() / np.square(off).mean()) < 1.25


@pytest.mark.parametrize("index", INDICES)
def test_what_is_left_after_all_coalitions_of_the_uppermost_parts_opens_the_likeliest_of_them(index):
    """By two small samples: unbiased too, and their errors rather too large than too small."""
    off, told = [], []
    for number in range(20):
        game, tree = interplay(20, number), even(range(20), 4, 5)
        truth = explain_tree(game, tree, index, budget=6000).nodes
        for seed in range(4):
            found = explain_tree(game, tree, index, budget=34, seed=seed)
            leaves = [path for path in found.nodes if len(path) == 2]
            assert len(leaves) == 5 and found.evaluations <= 34
            off += [found.nodes[path].value - truth[path].value for path in leaves]
            told += [found.nodes[path].standard_error for path in leaves]
    off, told = np.array(off), np.array(told)
    assert abs(off.mean()) < 4 * off.std() / np.sqrt(len(off))
    assert 0.87 < np.mean(np.abs(off) <= 1.96 * told) < 0.99
    assert 1.0 < np.sqrt(np.square(told).mean() / np.square(off).mean()) < 2.0


def planted(n, sentences, noise, seed):
    """v = 3 if any of the sentences of ten words has at least nine of them, and a little of everything else."""
    rng = np.random.default_rng(seed)
    w, t = noise * rng.normal(size=n) / np.sqrt(n), noise * rng.normal(size=n) / np.sqrt(n)
    other = rng.permutation(n)

    def value(z):
        there = [z[:, 10 * s : 10 * s + 10].sum(axis=1) >= 9 for s in sentences]
        return 3.0 * np.any(there, axis=0) + z @ w + (z * z[:, other]) @ t

    return FakeGame(n, value)


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("fans", [(1000, 10), (10, 10, 10, 10)])
def test_a_planted_fact_is_found_with_two_percent_of_a_flat_game_of_the_words(index, fans):
    n = 10_000  # a flat game takes two evaluations a word before the first is told apart
    sentence = len(fans) * 171
    found = explain_tree(planted(n, [sentence], 0.5, 0), even(range(n), *fans), index, budget=2 * n // 50)
    best = max((at for at, node in found.nodes.items() if node.players == 10), key=lambda at: found.nodes[at].value)
    assert best == np.unravel_index(sentence, fans[:-1])
    assert found.nodes[best].opened
    assert abs(found.nodes[best].value - 3.0) < 0.6


def test_a_planted_fact_is_found_with_one_evaluation_in_fifty_words():
    found = explain_tree(planted(10_000, [321], 0.0, 0), even(range(10_000), 10, 10, 10, 10), budget=200)
    assert found.nodes[3, 2, 1].opened
    np.testing.assert_allclose(found.nodes[3, 2, 1].value, 3.0)


@pytest.mark.parametrize("outputs", [(), (2,)])
def test_redundant_evidence_is_named_and_both_get_their_share(outputs):
    base = planted(1000, [12, 77], 0.2, 1)
    game = FakeGame(1000, lambda z: base(z) if not outputs else np.stack([base(z), 0.1 * z[:, 0]], axis=1))
    found = explain_tree(game, even(range(1000), 10, 10, 10), budget=600)
    one, *others = found.redundant
    assert not others
    assert set(one.paths) == {(1, 2), (7, 7)}
    lost = [np.ravel(lost)[0] for lost in (one.without_first, one.without_second, one.without_both)]
    np.testing.assert_allclose(lost, [0.0, 0.0, 3.0], atol=0.3)
    np.testing.assert_allclose([np.ravel(found.nodes[path].value)[0] for path in one.paths], 1.5, atol=0.4)


@pytest.mark.slow
def test_of_planted_redundant_pairs_ninety_five_in_a_hundred_are_found():
    hits, wrong = 0, 0
    for seed in range(20):
        pair = [int(s) for s in np.random.default_rng(seed).choice(100, 2, replace=False)]
        found = explain_tree(planted(1000, pair, 0.3, seed), even(range(1000), 10, 10, 10), budget=500, seed=seed)
        named = [set(one.paths) for one in found.redundant]
        want = {(s // 10, s % 10) for s in pair}
        hits, wrong = hits + (want in named), wrong + len([one for one in named if one != want])
    assert hits >= 19
    assert wrong == 0


def test_single_facts_name_nothing_redundant():
    assert explain_tree(planted(1000, [12], 0.2, 1), even(range(1000), 10, 10, 10), budget=600).redundant == []


def same(one, other):
    assert list(one.nodes) == list(other.nodes)
    for path, node in one.nodes.items():
        again = other.nodes[path]
        assert (node.value, node.standard_error, node.together) == (again.value, again.standard_error, again.together)


@pytest.mark.parametrize("index", INDICES)
def test_the_same_arguments_give_the_same_result_whatever_the_ledger_holds(index):
    tree = even(range(48), 4, 4, 3)
    whole = explain_tree(interplay(48), tree, index, budget=300, seed=7)
    game, asked = interplay(48), []
    with pytest.raises(Cancelled) as caught:
        explain_tree(game, tree, index, 300, 7, cancel=lambda: asked.append(1) or len(asked) > 4)
    paid = caught.value.ledger.evaluations
    rest = explain_tree(game, tree, index, 300, 7, ledger=caught.value.ledger)
    same(whole, rest)
    assert paid > 0
    assert paid + rest.evaluations == whole.evaluations == game.asked
    other = explain_tree(interplay(48), tree, index, budget=300, seed=8)
    assert [node.value for node in other.nodes.values()] != [node.value for node in whole.nodes.values()]


def test_progress_never_falls_and_ends_at_its_total():
    told = []
    found = explain_tree(interplay(48), even(range(48), 4, 4, 3), budget=300, progress=lambda *now: told.append(now))
    done = [now for now, _ in told]
    assert done == sorted(done)
    assert told[-1] == (found.evaluations, found.evaluations)


def test_only_children_cost_nothing():
    game, w, _ = additive([1.0, 2.0, 4.0, 8.0])
    chain = Part("below", leaves=(2, 0))
    for i in range(60):
        chain = Part(f"level {i}", parts=(chain,))
    found = explain_tree(game, Part("all", parts=(chain, Part("rest", leaves=(1, 3)))), budget=16)
    assert [found.nodes[0, *[0] * 60, i].value for i in range(2)] == [4.0, 1.0]
    adds_up(found.nodes)


def test_one_player_is_worth_everything():
    found = explain_tree(additive([2.5])[0], Part("one", leaves=(0,)), budget=2)
    assert {path: node.value for path, node in found.nodes.items()} == {(): 2.5}


@pytest.mark.slow
def test_a_hundred_thousand_players_fit_in_little_memory():
    n, largest = 100_000, []

    class Large:
        n_players, labels, batch_size = n, [str(i) for i in range(n)], 8

        def __call__(self, z):
            largest.append(z.size)
            return 3.0 * z[:, 77_777]

    found = explain_tree(Large(), even(range(n), 10, 100, 100), budget=200)
    assert found.nodes[7, 77, 77].value == pytest.approx(3.0, abs=0.5)
    assert max(largest) <= 8 * n


def deep(levels):
    part = Part("bottom", leaves=(0, 1))
    for i in range(levels):
        part = Part(f"level {i}", parts=(part,))
    return part


A, B = Part("a", leaves=(0,)), Part("b", leaves=(1, 2))


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        (
            Part("all", parts=(A, Part("b", leaves=(0, 1, 2)))),
            "player 0 is a leaf of 'a' and again of 'b'; parts must not overlap",
        ),
        (Part("all", leaves=(0, 1, 2, 1)), "player 1 is a leaf of 'all' and again of 'all'"),
        (Part("all", parts=(A, B, B)), "part 'b' stands in the tree twice; parts must not overlap"),
        (Part("all", parts=(Part("a", leaves=(2,)), Part("b", leaves=(0,)))), "misses 1 of the game's 3 players, player 1 first"),
        (Part("all", parts=(A, B, Part("c"))), "part 'c' is empty; give it at least one leaf or part"),
        (Part("all", leaves=(0, 1, 2), parts=(A,)), "part 'all' has leaves and parts; give it one of the two"),
        (Part("all", leaves=(0, 1, 3)), "leaf 3; leaves are players, whole numbers from 0 to 2"),
        (Part("all", leaves=(0, 1, -1)), "leaf -1"),
        (Part("all", leaves=(0, 1, True)), "leaf True"),
        (Part("all", leaves=(0, 1, 2.0)), "leaf 2.0"),
        (deep(1000), "too deep: part 'bottom' lies below 1000 levels"),
        (deep(50_000), "too deep"),
    ],
)
def test_a_tree_that_is_none_gets_one_sentence(tree, sentence):
    with pytest.raises(ValueError) as caught:
        explain_tree(additive([1.0, 2.0, 3.0])[0], tree, budget=100)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        ("all", "a tree consists of Part(label, leaves=… or parts=…); got str"),
        (Part("all", parts=(A, (1, 2))), "got tuple"),
        (Part("all", leaves=3), "part 'all' has leaves of type int; give a tuple"),
        (Part("all", parts=A), "part 'all' has parts of type Part; give a tuple"),
    ],
)
def test_what_is_no_part_is_named(tree, sentence):
    with pytest.raises(TypeError) as caught:
        explain_tree(additive([1.0, 2.0, 3.0])[0], tree, budget=100)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("fan", [2, 5, 40])
def test_a_budget_too_small_names_the_least(index, fan):
    tree = even(range(2 * fan), fan, 2)
    with pytest.raises(ValueError) as caught:
        explain_tree(interplay(2 * fan), tree, index, budget=3)
    assert f"to open the {fan} parts of 'parts'; got 3" in str(caught.value)
    least = int(str(caught.value).split("at least ")[1].split()[0])
    assert explain_tree(interplay(2 * fan), tree, index, budget=least).nodes[()].opened
    with pytest.raises(ValueError):
        explain_tree(interplay(2 * fan), tree, index, budget=least - 1)
    for budget in (-1, 2.5, True, 1):
        with pytest.raises(ValueError, match="budget must be"):
            explain_tree(interplay(2 * fan), tree, index, budget=budget)


def test_other_arguments_are_refused_in_one_sentence():
    game, tree = additive([1.0, 2.0, 3.0])[0], Part("all", leaves=(0, 1, 2))
    with pytest.raises(ValueError, match="index must be one of"):
        explain_tree(game, tree, index="owen")
    with pytest.raises(ValueError, match="the ledger belongs to another game"):
        explain_tree(game, tree, ledger=Ledger(additive([1.0, 2.0, 3.0])[0]))
    with pytest.raises(ValueError, match="values must be finite"):
        explain_tree(FakeGame(3, lambda z: z.sum(axis=1) * np.nan), tree)


def test_what_is_found_is_told_whenever_the_evaluations_doubled():
    rng = np.random.default_rng(5)
    game = tabulated(rng.normal(size=2**12))
    tree = Part("all", parts=tuple(Part(f"{i}", leaves=(3 * i, 3 * i + 1, 3 * i + 2)) for i in range(4)))
    told, ledger = [], Ledger(game)
    alone = explain_tree(game, tree, budget=400, seed=1)
    found = explain_tree(game, tree, budget=400, seed=1, ledger=ledger, so_far=lambda one: told.append((ledger.evaluations, one)))
    assert len(told) >= 2
    counts = [count for count, _ in told]
    assert all(later >= 2 * earlier for earlier, later in zip(counts, counts[1:]))
    for count, one in told:
        assert one.evaluations == count and one.index == found.index and not one.redundant
        assert (one.empty_value, one.full_value) == (found.empty_value, found.full_value)
        for path, node in one.nodes.items():  # adds up, as what is found in the end
            children = one.children(path)
            if children:
                assert sum(child.value for child in children) + node.together == pytest.approx(node.value, abs=1e-9)
    assert set(told[0][1].nodes) < set(told[-1][1].nodes) <= set(found.nodes)
    assert {path: node.value for path, node in alone.nodes.items()} == {path: node.value for path, node in found.nodes.items()}


def test_neighbours_are_asked_for_together():
    asked = []

    def values(coalitions):
        asked.extend(row.tolist() for row in coalitions)
        return coalitions.sum(axis=1) * 1.0

    tree = Part("all", parts=tuple(Part(f"{i}", leaves=(2 * i, 2 * i + 1)) for i in range(10)))
    explain_tree(FakeGame(20, values, batch_size=4), tree, budget=60)
    rounds = asked[2:26], asked[26:50]  # after none and all
    assert [sorted(one) for one in rounds] == list(rounds) and rounds[0] != sorted(rounds[0], reverse=True)
