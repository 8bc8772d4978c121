"""Conversations as people write them: read by the model's own template, and turns, sentences and words of them as players."""

import json

import numpy as np
import pytest
from tiny import write_tiny_checkpoint

from model import load_model
from model.conversation import from_json, spoken, turns_of

TALK = (
    "<start_of_turn>user\none two. three four.<end_of_turn>\n<start_of_turn>model\n five <end_of_turn>\n"
    "<start_of_turn>user\nsix seven?<end_of_turn>\n"
)
READ = (
    "<bos><start_of_turn>user\none two. three four.<end_of_turn>\n<start_of_turn>assistant\nfive<end_of_turn>\n"
    "<start_of_turn>user\nsix seven?<end_of_turn>\n<start_of_turn>model\n"
)
MESSAGES = [
    {"role": "user", "content": "one two. three four."},
    {"role": "assistant", "content": [{"type": "text", "text": "five"}]},
    {"role": "user", "content": "six seven?"},
]
TURNS = ["one two. three four.", "five", "six seven?"]


@pytest.fixture(scope="module")
def talking(tmp_path_factory):
    return load_model(write_tiny_checkpoint(tmp_path_factory.mktemp("chat"), chat=True))


def texts(prompt, spans):
    return [prompt[start:end] for start, end in spans]


def other(text):
    """The same between the other marks."""
    return (
        text.replace("<start_of_turn>", "<|im_start|>").replace("<end_of_turn>", "<|im_end|>").replace("model\n", "assistant\n")
    )


@pytest.mark.parametrize(
    "prompt", [TALK, f"<bos>{TALK}<start_of_turn>model\n", f"\n{other(TALK)}\n", from_json(json.dumps(MESSAGES))]
)
def test_a_conversation_is_read_by_the_models_own_template(talking, prompt):
    encoded = talking.encode(prompt)
    assert encoded.read == READ and talking.tokenizer.decode(encoded.ids) == READ
    assert texts(prompt, encoded.turns) == TURNS
    inside = [span for span in encoded.spans if span]
    assert "".join(texts(prompt, inside)) == "".join(TURNS)  # and nothing of the marks
    assert talking.generate(prompt, max_new_tokens=2) == talking.generate(TALK, max_new_tokens=2)


def test_its_turns_sentences_and_words_are_players(talking):
    for players, parts in (("turn", TURNS), ("sentence", ["one two.", "three four.", "five", "six seven?"])):
        assert talking.text_game(TALK, " eight", players).labels == parts
    for players in ("word", "token"):
        game = talking.text_game(TALK, " eight", players)
        assert game.n_players > 4 and "".join(texts(TALK, game.spans)).replace(" ", "") == "".join(TURNS).replace(" ", "")
    game = talking.text_game(TALK, " eight", "turn")
    tokens = talking.tokenizer(READ.replace("five", ""), add_special_tokens=False)["input_ids"]
    want = plain_answer(talking, tokens, " eight")
    np.testing.assert_allclose(game([[True, False, True]])[0], want, atol=1e-4)


def plain_answer(model, ids, target):
    """Log-probabilities of the target's tokens after these, by one pass of the network."""
    import torch

    wanted = model.target_ids(target)
    with torch.no_grad():
        found = model.model(torch.tensor([[*ids, *wanted]])).logits[0].log_softmax(-1)
    return [float(found[len(ids) - 1 + i, token]) for i, token in enumerate(wanted)]


def test_what_the_model_has_begun_to_say_is_gone_on_with(talking):
    prompt = TALK + "<start_of_turn>model\neight"
    encoded = talking.encode(prompt)
    assert encoded.read == READ + "eight" and texts(prompt, encoded.turns) == [*TURNS, "eight"]


def test_a_system_prompt_that_the_template_joins_to_the_users_turn(tmp_path):
    """As Gemma's does; its sentences are found all the same."""
    model = load_model(write_tiny_checkpoint(tmp_path, chat=True))
    model.tokenizer.chat_template = (
        "{{ bos_token }}{% set first = messages[0]['content'] + '\n\n' if messages[0]['role'] == 'system' else '' %}"
        "{% for m in messages %}{% if m['role'] != 'system' %}<start_of_turn>{{ m['role'] }}\n"
        "{{ first if loop.index0 == 1 else '' }}{{ m['content'] | trim }}<end_of_turn>\n{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
    )
    prompt = "<start_of_turn>system\nBe short. Be kind.<end_of_turn>\n<start_of_turn>user\nhello<end_of_turn>"
    encoded = model.encode(prompt)
    assert encoded.read == "<bos><start_of_turn>user\nBe short. Be kind.\n\nhello<end_of_turn>\n<start_of_turn>model\n"
    assert texts(prompt, encoded.split("turn")) == ["Be short. Be kind.", "hello"]
    assert [text.strip() for text in texts(prompt, encoded.split("sentence"))] == ["Be short.", "Be kind.", "hello"]


@pytest.mark.parametrize(
    ("template", "why"),
    [
        (
            "{{ raise_exception('Conversation roles must alternate.') }}",
            r"does not take these turns \(Conversation roles must alternate\)",
        ),
        ("{{ messages[-1]['content'] }}", "leaves out a turn, or moves it"),
        ("{% for m in messages %}{{ m['content'] | upper }}{% endfor %}", "changes the prompt"),
    ],
)
def test_a_template_that_cannot_be_followed_is_refused(talking, monkeypatch, template, why):
    monkeypatch.setattr(talking.tokenizer, "chat_template", template)
    with pytest.raises(ValueError, match=why):
        talking.encode(TALK)


@pytest.mark.parametrize(
    ("prompt", "why"),
    [
        (f"Translate: {TALK}", "what stands before the first <start_of_turn> is in nobody's turn"),
        (TALK + "and so on", "'and so on' is in nobody's turn"),
        ("<start_of_turn>robot\nhello<end_of_turn>", "a turn is of 'robot'; turns are of system, user, model"),
        ("<start_of_turn>user\n \n<end_of_turn>", "turn 1 of the conversation is empty"),
        ("<start_of_turn>system\nhello<end_of_turn>", "has no turn of the user's"),
        ("<start_of_turn>model\n", "has no turn of the user's"),
        (TALK + "<start_of_turn>model\nbye<end_of_turn>", "ends with the model's own turn"),
        ("<start_of_turn>user\nhi\n<start_of_turn>model\nhello<end_of_turn>", "turn 1 of the conversation has no <end_of_turn>"),
        ("<start_of_turn>user hello", "'<start_of_turn>user ' is in nobody's turn"),
    ],
)
def test_what_is_not_written_rightly_is_refused(talking, prompt, why):
    with pytest.raises(ValueError, match=why) as caught:
        talking.encode(prompt)
    assert "\n" not in str(caught.value).replace("\\n", "")


def test_a_model_without_turns_reads_the_marks_as_text(tiny_gemma):
    assert tiny_gemma.encode(TALK).turns == [] and tiny_gemma.encode(TALK).read == TALK
    with pytest.raises(ValueError, match="is no conversation whose turns this model knows"):
        tiny_gemma.text_game(TALK, " eight", "turn")


def test_what_is_said_without_its_marks():
    assert spoken(TALK) == "one two. three four. five six seven?"
    for text in ("hello", "", f"Translate: {TALK}", "<start_of_turn>model\n"):
        assert spoken(text) == text


def test_messages_as_json():
    assert turns_of(from_json(json.dumps({"messages": MESSAGES}))) == turns_of(from_json(json.dumps(MESSAGES)))
    assert from_json(json.dumps([{"role": "developer", "content": " hi "}])) == "<start_of_turn>system\nhi<end_of_turn>\n"
    for text in ("", "hello", "[]", "{}", "[1]", '[{"role": "user"}]', "[" * 100_000):
        assert from_json(text) is None
    with pytest.raises(ValueError, match="holds what is no text"):
        from_json(json.dumps([{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]))
