"""Parts that a search may open, and parts that are opened after it because somebody wants to see them."""

import numpy as np
import pytest
from games import FakeGame

from xai import Ledger, Part, explain_tree, opening_cost

GROUPS, SIZE = 5, 6
TREE = Part("all", parts=tuple(Part(f"group {i}", leaves=tuple(range(SIZE * i, SIZE * i + SIZE))) for i in range(GROUPS)))


def game():
    """Group 3 carries most, by its second player; within group 0 two players work together."""

    def value(z):
        return 5.0 * z[:, 19] + 0.3 * z.sum(axis=1) + 0.8 * z[:, 0] * z[:, 1]

    return FakeGame(GROUPS * SIZE, value)


def opened(found):
    return {path for path, node in found.nodes.items() if node.opened}


@pytest.mark.parametrize("index", ["banzhaf", "shapley", "symmetric"])
def test_only_these_parts_are_opened(index):
    assert opened(explain_tree(game(), TREE, index, budget=400, only=[(1,)])) == {(), (1,)}
    assert opened(explain_tree(game(), TREE, index, budget=400, only=[])) == {()}


@pytest.mark.parametrize("index", ["banzhaf", "shapley"])
def test_a_part_opened_by_hand_costs_what_is_said_and_changes_nothing_else(index):
    asked = game()
    ledger = Ledger(asked)
    before = explain_tree(asked, TREE, index, budget=70, ledger=ledger, only=[(3,)])
    assert opened(before) == {(), (3,)}
    after = explain_tree(asked, TREE, index, budget=70, ledger=ledger, only=[(3,)], also=[(0,)])
    assert opened(after) == opened(before) | {(0,)}
    assert 0 < after.evaluations <= opening_cost(SIZE, index, 70)
    for path, node in before.nodes.items():
        assert after.nodes[path].value == node.value
    children = after.children((0,))
    assert sum(child.value for child in children) + after.nodes[0,].together == pytest.approx(after.nodes[0,].value, abs=1e-9)
    if index == "banzhaf":  # two that work together share it by halves: each has 0.3 + 0.4
        np.testing.assert_allclose([child.value for child in children], [0.7, 0.7, 0.3, 0.3, 0.3, 0.3], atol=0.1)
    assert explain_tree(asked, TREE, index, budget=70, ledger=ledger, only=[(3,)], also=[(0,)]).evaluations == 0


def test_parts_above_are_opened_too():
    pairs = [tuple(Part("pair", leaves=(i, i + 1)) for i in range(at, at + 4, 2)) for at in range(0, 16, 4)]
    deep = Part("all", parts=(Part("half", parts=(*pairs[0], *pairs[1])), Part("half", parts=(*pairs[2], *pairs[3]))))
    flat = FakeGame(16, lambda z: z.sum(axis=1))
    found = explain_tree(flat, deep, budget=30, only=[], also=[(1, 2)])
    assert opened(found) == {(), (1,), (1, 2)}
    np.testing.assert_allclose([child.value for child in found.children((1, 2))], 1.0, atol=1e-9)


@pytest.mark.parametrize("path", [(3, 0), (9,), (3, 9), (3, 0, 0)])
def test_what_cannot_be_opened_is_refused(path):
    with pytest.raises(ValueError, match=r"there is no part .* to open"):
        explain_tree(game(), TREE, budget=70, also=[path])
