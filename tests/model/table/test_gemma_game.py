"""A row as text: Gemma's log-odds of a label, by plain scoring of the prompt with the absent cells' tokens left out."""

import numpy as np
import pandas as pd
import pytest

from model import gemma_table_game

FRAME = pd.DataFrame(
    {
        "age": [20, 31, 42, 53, 64, 75],
        "dose": [0.123456, 1.5, np.nan, 2.0, 3.0, 4.0],
        "city": ["one", "two", None, "four", "five", "six"],
        "mood": ["good", "bad", "good", "bad", "good", "bad"],
    }
)


def test_the_prompt_holds_examples_of_each_label_and_the_row_as_players(tiny_gemma):
    game = gemma_table_game(tiny_gemma, FRAME, "mood", FRAME.iloc[2], shots=4)
    *examples, last = game.prompt.split("\n")
    assert len(examples) == 4
    assert sorted(line.rpartition(": ")[2] for line in examples) == ["bad", "bad", "good", "good"]
    assert last == " age: 42, dose: unknown, city: unknown, mood:"
    assert not any("age: 42" in line for line in examples)  # the explained row is never an example
    assert game.labels == ["age", "dose", "city"]
    assert [game.prompt[a:b] for a, b in game.spans] == [" age: 42,", " dose: unknown,", " city: unknown,"]
    first = gemma_table_game(tiny_gemma, FRAME, "mood", FRAME.iloc[0], shots=0)
    assert first.prompt == " age: 20, dose: 0.1235, city: one, mood:"


@pytest.mark.parametrize("absent", ["remove", "hole", "replace"])
def test_the_value_is_the_labels_log_odds(tiny_gemma, absent):
    game = gemma_table_game(tiny_gemma, FRAME, "mood", FRAME.iloc[[2]], shots=2, label="bad", absent=absent)
    coalitions = (np.arange(8)[:, None] >> np.arange(3) & 1).astype(bool)
    parts = {
        name: tiny_gemma.text_game(game.prompt, f" {name}\n", game.spans, absent)(coalitions).sum(axis=1)
        for name in ("bad", "good")
    }
    np.testing.assert_allclose(game(coalitions), parts["bad"] - parts["good"], atol=1e-9)
    other = gemma_table_game(tiny_gemma, FRAME, "mood", FRAME.iloc[2], shots=2, label="good", absent=absent)
    np.testing.assert_allclose(other(coalitions), -game(coalitions), atol=1e-9)


def test_three_labels_and_the_one_that_gemma_gives(tiny_gemma):
    frame = FRAME.assign(mood=["a", "b", "c", "a", "b", "c"])
    game = gemma_table_game(tiny_gemma, frame, "mood", {"city": "two", "age": 31, "dose": 1.5}, shots=3)
    whole = game.scores(np.ones((1, 3), bool))[0]
    assert game.label == ["a", "b", "c"][whole.argmax()]
    mine = np.exp(whole.max()) / np.exp(whole).sum()
    assert game(np.ones((1, 3), bool))[0] == pytest.approx(np.log(mine / (1 - mine)))


def test_the_seed_draws_the_examples(tiny_gemma):
    prompts = [gemma_table_game(tiny_gemma, FRAME, "mood", FRAME.iloc[2], shots=2, seed=s).prompt for s in (0, 0, 1, 2)]
    assert prompts[0] == prompts[1]
    assert len(set(prompts)) > 1


def test_what_gemma_cannot_label_is_one_sentence(tiny_gemma):
    for call in (
        lambda: gemma_table_game(tiny_gemma, FRAME.assign(mood="good"), "mood", FRAME.iloc[0]),
        lambda: gemma_table_game(tiny_gemma, FRAME, "nothing", FRAME.iloc[0]),
        lambda: gemma_table_game(tiny_gemma, pd.concat([FRAME] * 2).assign(mood=range(12)), "mood", FRAME.iloc[0]),
        lambda: gemma_table_game(tiny_gemma, FRAME, "mood", FRAME.iloc[0], label="fine"),
        lambda: gemma_table_game(tiny_gemma, FRAME, "mood", FRAME.iloc[:2]),
        lambda: gemma_table_game(tiny_gemma, FRAME, "mood", {"age": 3}),
    ):
        with pytest.raises(ValueError) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_all_labels_take_up_what_was_read_for_one(tiny_gemma):
    frame = FRAME.assign(mood=list("abcdef"))
    game = gemma_table_game(tiny_gemma, frame, "mood", frame.iloc[2], shots=2)
    assert len(game.classes) == 6 and len({id(one._scorer._game) for one in game._games}) == 1
