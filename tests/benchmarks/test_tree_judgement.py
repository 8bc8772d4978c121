"""The closed form by which judgements of trees are measured is that of the trees."""

import numpy as np
import pytest

from benchmarks.documents.judged import Polynomial, judged
from xai import Part, explain_tree


@pytest.mark.parametrize("index", ["banzhaf", "shapley"])
def test_known_values_are_those_of_the_whole_inner_game(index, monkeypatch):
    monkeypatch.setattr("benchmarks.documents.judged.GROUPS", 3)
    monkeypatch.setattr("benchmarks.documents.judged.SIZE", 3)
    game = Polynomial(1)
    tree = Part("all", parts=tuple(Part(f"part {i}", leaves=tuple(range(3 * i, 3 * i + 3))) for i in range(3)))
    found = explain_tree(game, tree, index, budget=2**game.n_players)  # which asks for every coalition
    assert len(found.nodes) == 1 + 3 + 9
    for path, node in found.nodes.items():
        if path:
            np.testing.assert_allclose(node.value, game.value(path, index), atol=1e-9)


def test_each_index_is_judged_of_the_smallest_parts():
    for tree, said, paths in judged(0, 200):
        assert said.index == tree.index and len({path[0] for path in paths}) == 6 and 0.0 <= said.order <= 1.0
