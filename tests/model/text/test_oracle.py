"""The scorer against tables of plain forward passes on the bundled Gemma 3: every coalition of a short prompt."""

import json
from pathlib import Path

import numpy as np
import pytest

ORACLES = sorted((Path(__file__).parents[2] / "data").glob("sentiment*.json"))


def load(path):
    """Prompt, players' spans, targets, all coalitions and the tables of an oracle."""
    oracle = json.loads(path.read_text())
    prompt = oracle["prefix"] + "".join(oracle["words"]) + oracle["suffix"]
    ends = len(oracle["prefix"]) + np.cumsum([0] + [len(word) for word in oracle["words"]])
    n = oracle["n_players"]
    coalitions = ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(bool)
    return prompt, [(int(a), int(b)) for a, b in zip(ends, ends[1:])], oracle, coalitions


@pytest.mark.parametrize("absent", ["remove", "hole"])
@pytest.mark.parametrize("path", ORACLES, ids=lambda path: path.stem)
def test_every_coalition_agrees(gemma, path, absent):
    prompt, spans, oracle, coalitions = load(path)
    for column, target in enumerate(oracle["targets"]):
        game = gemma.text_game(prompt, target, spans, absent)
        table = np.array(oracle["log_probs"][absent])[:, column]
        step = 1 if column == 0 else 5  # all of the first target; the others only change what is read off
        np.testing.assert_allclose(game(coalitions[::step]).sum(axis=1), table[::step], atol=1e-4)
        some = np.random.default_rng(0).permutation(len(table))[:7]
        one_by_one = np.concatenate([game(coalitions[[i]]) for i in some]).sum(axis=1)
        np.testing.assert_allclose(one_by_one, table[some], atol=1e-4)


def test_the_words_of_a_prompt_are_those_of_the_oracle(gemma):
    prompt, spans, oracle, _ = load(ORACLES[0])
    words = gemma.encode(prompt).split("word", (spans[0][0], spans[-1][1]))
    assert [prompt[a:b] for a, b in words] == [word.strip() for word in oracle["words"]]


def test_greedy_answer(gemma):
    prompt, _, _, _ = load(ORACLES[0])
    assert gemma.generate(prompt, max_new_tokens=10, stop="\n") == " positive"
    assert gemma.generate(prompt, max_new_tokens=1) == " positive"
