"""How right an explained tree is said to be: of parts as wholes, on coalitions that no search has seen."""

import numpy as np
import pytest
from games import FakeGame

from xai import Cancelled, Judgement, Ledger, Part, explain_tree, judge_tree, judging_cost

GROUPS, SIZE, BUDGET = 5, 6, 200
TREE = Part("all", parts=tuple(Part(f"group {i}", leaves=tuple(range(SIZE * i, SIZE * i + SIZE))) for i in range(GROUPS)))
WEIGHTS = 0.1 * np.arange(GROUPS * SIZE) + 5.0 * (np.arange(GROUPS * SIZE) == 19)


def searched(game, indices=("banzhaf", "shapley"), budget=BUDGET):
    """Hierarchies from one ledger, the ledger, and the smallest parts that all of them opened."""
    ledger = Ledger(game)
    found = [explain_tree(game, TREE, index, budget, ledger=ledger) for index in indices]
    opened = set.intersection(*({path for path, node in one.nodes.items() if node.opened} for one in found))
    smallest = [path for path in found[0].nodes if path not in opened and path[:-1] in opened]
    return found, ledger, smallest


def additive():
    return FakeGame(GROUPS * SIZE, lambda z: np.stack([z @ WEIGHTS, -(z @ WEIGHTS)], axis=1))


def test_what_adds_up_is_sure_and_costs_what_is_said():
    found, ledger, paths = searched(additive())
    paid = ledger.evaluations
    judged = judge_tree(ledger, TREE, found, paths)
    assert 0 < ledger.evaluations - paid <= judging_cost(BUDGET)
    assert [[one.index for one in each] for each in judged] == [["banzhaf"] * 2, ["shapley"] * 2]
    for one in np.ravel(judged):
        assert one.worth == "sure" and one.order >= 0.9 and one.chance < 0.01
        assert one.additive == pytest.approx(1.0, abs=1e-6) and one.additive_interval[0] > 0.99
        assert one.method == "tree" and one.held_out > 0 and not one.exact
        assert Judgement.from_json(one.to_json()) == one
    assert judge_tree(ledger, TREE, found, paths, seed=1)[0][0].worth == "sure"


def test_noise_is_no_more_than_chance():
    worth = []
    for seed in range(8):
        digits = np.random.default_rng(seed).integers(1, 2**31, GROUPS * SIZE)

        def noise(z, digits=digits):
            return np.sin((z @ digits) % 1009.0 * 12.9898) * 43758.5453 % 1.0

        found, ledger, paths = searched(FakeGame(GROUPS * SIZE, noise))
        worth += [each[0].worth for each in judge_tree(ledger, TREE, found, paths, seed)]
    assert worth.count("worthless") >= 14


def test_what_parts_do_only_together_is_not_said_to_add_up():
    odd = FakeGame(GROUPS * SIZE, lambda z: 1.0 - 2.0 * (z[:, ::SIZE].sum(axis=1) % 2))  # the first of each group
    found, ledger, paths = searched(odd)
    for each in judge_tree(ledger, TREE, found, paths):
        assert each[0].worth == "worthless" or each[0].additive < 0.3


def test_of_the_first_level_the_whole_share_is_known_and_deeper_its_lower_end_alone():
    def some(z):
        groups = z.reshape(len(z), GROUPS, SIZE).mean(axis=2)
        return groups @ np.arange(1.0, 6.0) + 8.0 * groups[:, 0] * groups[:, 1] * groups[:, 2]

    ledger = Ledger(FakeGame(GROUPS * SIZE, some))
    shallow = explain_tree(ledger.game, TREE, budget=BUDGET, ledger=ledger, only=[])
    upper = judge_tree(ledger, TREE, [shallow], [(i,) for i in range(GROUPS)])[0][0].additive_interval[1]
    assert upper < 1.0
    found, ledger, paths = searched(FakeGame(GROUPS * SIZE, some))
    assert any(len(path) > 1 for path in paths)
    assert judge_tree(ledger, TREE, found, paths)[0][0].additive_interval[1] == 1.0


def test_exact_is_said_where_every_game_was_enumerated_and_nowhere_else():
    small = Part("all", parts=(Part("left", leaves=(0, 1)), Part("right", leaves=(2,))))
    game = FakeGame(3, lambda z: z @ [1.0, 2.0, 4.0] + z[:, 0] * z[:, 1])
    ledger = Ledger(game)
    found = explain_tree(game, small, budget=8, ledger=ledger)
    assert judge_tree(ledger, small, [found], [(0, 0), (0, 1), (1,)])[0][0].exact
    pairs = Part("all", parts=tuple(Part(f"pair {i}", leaves=(2 * i, 2 * i + 1)) for i in range(3)))
    game = FakeGame(6, lambda z: z @ np.arange(1.0, 7.0) + z[:, 0] * z[:, 1] * z[:, 4])
    ledger = Ledger(game)
    found = explain_tree(game, pairs, budget=60, ledger=ledger)  # every part's game, and not every coalition
    assert ledger.evaluations < 2**6
    paths = [(i, j) for i in range(3) for j in range(2)]
    assert judge_tree(ledger, pairs, [found], paths)[0][0].exact
    found, ledger, paths = searched(additive())
    assert not any(one.exact for one in np.ravel(judge_tree(ledger, TREE, found, paths)))


@pytest.mark.parametrize(
    ("paths", "sentence"),
    [
        ([(0,), (1,), (2,), (3,)], "must hold each player of the tree once"),
        ([(), (1,)], "must hold each player of the tree once"),
        ([(0,), (1,), (2,), (3,), (9,)], r"there is no part \(9,\)"),
        ([(0, 0, 0)], r"there is no part \(0, 0, 0\)"),
    ],
)
def test_parts_that_are_not_the_whole_tree_are_refused(paths, sentence):
    found, ledger, _ = searched(additive())
    with pytest.raises(ValueError, match=sentence):
        judge_tree(ledger, TREE, found, paths)


def test_an_index_without_a_law_is_refused_and_a_cancel_keeps_what_was_paid():
    found, ledger, paths = searched(additive(), ("symmetric",))
    with pytest.raises(ValueError, match="got 'symmetric'"):
        judge_tree(ledger, TREE, found, paths)
    found, ledger, paths = searched(additive())
    with pytest.raises(Cancelled):
        judge_tree(ledger, TREE, found, paths, cancel=lambda: True)
