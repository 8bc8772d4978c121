"""The atlas' bookkeeping, against games of which everything is known."""

import numpy as np
import pytest

from benchmarks.atlas.__main__ import reviews
from benchmarks.atlas.effects import record
from benchmarks.parts.exact import every_coalition


def test_in_an_additive_game_nothing_differs_and_everything_is_foretold():
    found = record(every_coalition(6) @ np.array([3.0, -2.0, 1.0, 0.5, 0.2, -0.1]))
    assert not found["other_first"] and not found["other_three"] and found["spearman"] == pytest.approx(1)
    left = [found[f"{index}_{law}"] for index in ("banzhaf", "shapley") for law in ("half", "full", "order")]
    assert max(map(abs, [*left, found["distance"], found["gap"]])) < 1e-20


def test_needed_together_with_others_is_seen_by_shapley_values_and_by_the_full_input():
    rows = every_coalition(6)
    found = record(3.0 * rows[:, :5].all(axis=1) + 0.4 * rows[:, 5])  # five parts of 3/5 each, or 3/16; one of 0.4
    assert found["other_first"] and not found["full_by_banzhaf"]
    assert found["gap"] == pytest.approx((3 - 15 / 16) / 3.4)
    assert found["banzhaf_full"] == pytest.approx(5 * (3 - 3 / 16) ** 2 / (5 * 9 + 0.16))
    assert found["shapley_full"] < found["banzhaf_full"]
    assert found["banzhaf_half"] < found["shapley_half"] and found["shapley_order"] < found["banzhaf_order"]


def test_no_index_foretells_an_effect_better_than_the_one_that_is_its_mean():
    for seed in range(20):
        found = record(np.random.default_rng(seed).normal(size=2**7))
        assert found["banzhaf_half"] < found["shapley_half"] and found["shapley_order"] < found["banzhaf_order"]


def test_reviews_are_distinct_and_of_seven_words():
    found = reviews(48)
    assert len(set(found)) == 48 and {len(text.split()) for text in found} == {7}
