"""Where two value functions disagree."""

import numpy as np
import pytest
from games import additive

from xai import explain
from xai.compare.disagreement import disagreement


def exact(weights):
    return explain(additive(weights)[0], index="banzhaf", method="exact")


def test_opposite_signs_are_named_with_who_says_what():
    found = disagreement(exact([2.0, 1.0, -0.5]), exact([30.0, 10.0, 4.0]), ("cross-entropy", "BLEU"))
    assert found.opposite == ["p2"]
    assert "“p2” harms by cross-entropy and helps by BLEU." in found.text
    assert found.spearman == pytest.approx(1.0)
    assert "Worth most" not in found.text


def test_agreement_and_another_order():
    found = disagreement(exact([2.0, 1.0, 0.5]), exact([1.0, 2.0, 3.0]), ("cross-entropy", "BLEU"))
    assert found.opposite == []
    assert "nowhere point in opposite directions" in found.text
    assert found.spearman == pytest.approx(-1.0)
    assert "Worth most: “p0” by cross-entropy, “p2” by BLEU." in found.text


def test_what_errors_cover_is_no_disagreement():
    rng = np.random.default_rng(0)
    noise = {}

    def value(z):
        return [noise.setdefault(row.tobytes(), rng.standard_normal()) for row in z]

    game = additive(np.zeros(8))[0]
    game.value = lambda z: np.array(value(z))
    blurred = explain(game, index="banzhaf", method="kernel", budget=64)
    assert (np.sign(blurred.values) < 0).any()
    found = disagreement(blurred, exact(np.full(8, 1.0)), ("a", "b"))
    assert len(found.opposite) <= 1
    assert np.isnan(found.spearman)


def test_other_players_cannot_be_compared():
    with pytest.raises(ValueError, match="same players"):
        disagreement(exact([1.0, 2.0]), exact([1.0, 2.0, 3.0]), ("a", "b"))
