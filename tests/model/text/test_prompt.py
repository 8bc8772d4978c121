"""Which parts of a prompt are players, on the bundled tokenizer."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.text.prompt import PLAYERS, Prompt


def texts(gemma, prompt, players, within=None):
    return [prompt[a:b] for a, b in gemma.encode(prompt).split(players, within)]


def test_words_keep_inner_marks_and_leave_punctuation_to_itself(gemma):
    prompt = 'Don\'t pay 3.14 or 1,000, well-known "friend"! e.g. this'
    assert texts(gemma, prompt, "word") == [
        "Don't",
        "pay",
        "3.14",
        "or",
        "1,000",
        ",",
        "well-known",
        '"',
        "friend",
        '"!',
        "e.g",
        ".",
        "this",
    ]


def test_scripts_without_spaces_are_split_into_tokens(gemma):
    assert texts(gemma, "これは日本語です。", "word") == ["これは", "日本語", "です", "。"]


def test_an_emoji_of_many_characters_is_one_word(gemma):
    assert texts(gemma, "a 👩‍👩‍👧 b", "word") == ["a", "👩‍👩‍👧", "b"]


def test_right_to_left_words(gemma):
    assert texts(gemma, "שלום עולם", "word") == ["שלום", "עולם"]


def test_no_script_is_cut_inside_its_letters(gemma):
    words = ["جَمِيلٌ", "हिन्दी", "தமிழ்", "می‌خواهم", "🇫🇷", "👍🏽", "1️⃣"]
    assert texts(gemma, " ".join(words), "word") == words
    assert texts(gemma, "good\u200bfilm", "word") == ["good", "film"]
    assert "".join(texts(gemma, "ที่นี่สวยมาก", "word")) == "ที่นี่สวยมาก"


def test_sentences_of_other_scripts(gemma):
    assert texts(gemma, "मैं घर गया। वह आया।", "sentence") == ["मैं घर गया।", " वह आया।"]
    assert texts(gemma, "我喜欢。你呢？", "sentence") == ["我喜欢。", "你呢？"]
    said = "Yoo and Won (2018), Griol-Barres et al. (2020), have extended it. It works."
    assert texts(gemma, said, "sentence") == [said[:-10], said[-10:]]


def test_markup_is_text(gemma):
    assert "".join(texts(gemma, "<script>alert(1)</script>", "token")) == "<script>alert(1)</script>"


def test_sentences_and_lines(gemma):
    prompt = 'One two. Three!\nFour 3.5 five?\n\n"Six." Seven'
    assert texts(gemma, prompt, "sentence") == ["One two.", " Three!", "\nFour 3.5 five?", '\n\n"Six."', " Seven"]
    assert texts(gemma, prompt, "line") == ["One two. Three!\n", "Four 3.5 five?\n\n", '"Six." Seven']


def test_only_the_part_asked_for(gemma):
    prompt = "Review: good film. Sentiment:"
    assert texts(gemma, prompt, "word", (7, 17)) == ["good", "film"]
    assert texts(gemma, prompt, "token", (7, 17)) == [" good", " film"]


def test_special_tokens_are_never_players(gemma):
    prompt = "<bos>Hi <start_of_turn>user\nyes<end_of_turn>"
    with pytest.raises(ValueError, match="is no conversation whose turns this model knows"):
        gemma.encode(prompt).players("turn")  # tests/model/test_conversation.py has a model that knows them
    for kind in set(PLAYERS) - {"turn"}:
        encoded = gemma.encode(prompt)
        owner = encoded.players(kind)[1]
        special = {gemma.tokenizer.convert_tokens_to_ids(t) for t in ("<bos>", "<start_of_turn>", "<end_of_turn>")}
        assert all(o == -1 for o, token in zip(owner, encoded.ids) if token in special)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(alphabet=st.characters(blacklist_categories=("Cc", "Cs")), min_size=1, max_size=60),
    st.sampled_from([kind for kind in PLAYERS if kind != "turn"]),
)
def test_any_text_has_disjoint_players_that_hold_tokens(gemma, text, kind):
    if not text.strip():
        return
    prompt = Prompt(gemma.tokenizer, text)
    spans = prompt.split(kind)
    assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:]))
    if spans:
        again, owner = prompt.players(spans)
        assert again == spans
        assert set(range(len(spans))) <= set(owner)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", " a"), "prompt is empty"),
        (("  \n", " a"), "prompt is empty"),
        (("hi\x07 there", " a"), r"control character U\+0007 at position 2"),
        (("hi there", ""), "target is empty"),
        (("hi there", " a", "chapter"), "players must be one of"),
        (("hi there", " a", [(0, 2), (1, 4)]), "overlap"),
        (("hi there", " a", [(0, 99)]), "does not lie in the prompt"),
        (("hi there", " a", []), "nothing to explain"),
        (("hello there", " a", [(0, 1), (1, 5)]), "holds no token of its own"),
        (("hi there", " a", "word", "vanish"), "absent must be one of"),
        (("word " * 33_000, " a"), "reads at most 32768"),
    ],
)
def test_bad_input_gets_one_sentence(gemma, arguments, message):
    with pytest.raises(ValueError, match=message) as caught:
        gemma.text_game(*arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("arguments", [(None, " a"), ("hi there", 3), ("hi there", " a", [1, 2])])
def test_wrong_types(gemma, arguments):
    with pytest.raises(TypeError):
        gemma.text_game(*arguments)
