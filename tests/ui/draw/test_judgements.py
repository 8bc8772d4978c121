"""What a map's judgements are in words: true, short, never in contradiction."""

import re
from dataclasses import replace

import numpy as np
import pytest
from games import FakeGame
from hypothesis import given, settings
from hypothesis import strategies as st

from ui.draw.judgements import said_of
from xai import Attribution, Judgement, Ledger, explain, judge

NAN = float("nan")


def judgement(**changes):
    base = Judgement("banzhaf", "auto", False, 0.98, 0.76, 0.5, 0.04, 0.77, (0.7, 0.86), 0.0001, 1.0, 32, False, 64)
    return replace(base, **changes)


def map_of(n):
    labels = [f"w{i}" for i in range(n)]
    return Attribution(np.arange(n, 0, -1.0), None, labels, "banzhaf", "auto", 0, 64, 64, 0.0, 0.0, 1.0)


def words(n=5, **changes):
    return said_of(judgement(**changes), map_of(n), "words", "the answer")


def test_a_sampled_map():
    assert words().sentences == (
        "Computed from a sample: “w0” is truly the strongest with 98 %, the first three words are right with 76 %, their "
        "order with 50 %; values are off by about 20 % of their size.",
        "Adding up can explain 70 % to 86 % of how the answer moves on 32 unseen coalitions.",
        "More than chance: single words do move the answer; shuffled answers look so less than once in 1,000 times (pure "
        "noise passes 5 % of the time).",
    )


def test_what_is_little_or_much_is_not_rounded_away():
    assert "with 99 %" in words(first=0.9999).sentences[0] and "with 100 %" in words(first=1.0).sentences[0]
    assert "at most 12 %" in words(additive_interval=(0.0, 0.111)).sentences[1]
    assert "coalitions do not tell" in words(additive_interval=(0.0, 1.0)).sentences[1]
    assert "explain 71 % of" in words(additive_interval=(0.711, 0.713)).sentences[1]
    assert "words acting together" in words(additive_interval=(0.0, 0.111)).sentences[1]
    assert "can explain nothing of how" in words(additive=0.0, additive_interval=(0.0, 0.0)).sentences[1]
    assert "in 1,000" not in words(chance=0.03).sentences[2] and "3 % of the time" in words(chance=0.03).sentences[2]
    assert words(chance=0.4).sentences[2].startswith("No more than chance") and words(chance=0.4).headline.startswith("Worthless")


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_few_parts(n):
    text = words(n).sentences[0]
    assert ("the first three" in text) == (n == 4) and ("strongest" in text) == (n > 1)


def test_unknown_and_exact():
    assert "not known" in words(expected_error=NAN, first=NAN, first_three=NAN, order=NAN).sentences[0]
    assert "did not move" in words(additive=NAN, additive_interval=(NAN, NAN)).sentences[1]
    told = words(
        exact=True, expected_error=0.0, chance=0.9, kept=0.1, additive_interval=(0.1, 0.1), exhaustive=True, additive=0.1
    )
    assert told.sentences[2] == "Chance plays no part: every value is exact."
    assert told.sentences[0] == "Computed exactly: nothing was estimated." and told.headline.startswith("Exact values")


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(0, 10**6), st.sampled_from([6, 20, 60, 5000]), st.sampled_from(["banzhaf", "shapley"]))
def test_no_sentence_contradicts_another(n, seed, budget, index):
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(n, 4)) * rng.exponential()
    game = FakeGame(n, lambda z: np.tanh(z @ weights).prod(axis=1) + seed % 2 * z[:, 0])
    ledger = Ledger(game)
    one = explain(game, index, "auto", budget, seed, ledger)
    j = judge(ledger, one, seed=seed)
    told = said_of(j, one, "words", "the answer")
    assert ("Exact" in told.headline) == ("exactly" in told.sentences[0])
    if "no better than chance" in told.headline:
        assert told.sentences[2].startswith("No more than chance")
    if told.sentences[2].startswith("No more than chance"):
        assert told.headline.startswith("Worthless")
    assert "nan" not in " ".join(told.sentences) and not re.search(r"-\d|1[0-9][1-9] %", " ".join(told.sentences))
