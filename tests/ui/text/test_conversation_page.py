"""A conversation on the Text page: pasted as messages, read turn by turn by a chat model, its template shown."""

import json
from pathlib import Path

import pytest
from pages import bench, finish
from streamlit.testing.v1 import AppTest
from tiny import write_tiny_checkpoint

from model import load_model

PAGE = str(Path(__file__).parents[3] / "ui" / "text" / "page.py")
MESSAGES = [
    {"role": "user", "content": "one two three."},
    {"role": "assistant", "content": "four"},
    {"role": "user", "content": "five six?"},
]


@pytest.fixture(scope="module")
def talking(tmp_path_factory):
    return load_model(write_tiny_checkpoint(tmp_path_factory.mktemp("chat"), chat=True))


def type_in(page, text):
    page.text_area(key="text").set_value(text).run()
    assert not page.exception
    return page


@pytest.mark.slow
def test_messages_become_turns_that_are_explained(ready, talking):
    ready.gemma = talking
    page = type_in(finish(AppTest.from_file(PAGE, default_timeout=60).run(), "text"), json.dumps(MESSAGES))
    page.button(key="turns").click().run()
    assert not page.exception and "turns" not in [button.key for button in page.button]
    assert page.text_area(key="text").value.startswith("<start_of_turn>user\none two three.<end_of_turn>\n<start_of_turn>model\n")
    assert page.text_area(key="before").value == "" and page.selectbox(key="players").value == "turn"
    read = "<bos><start_of_turn>user\none two three.<end_of_turn>\n<start_of_turn>assistant\nfour<end_of_turn>\n"
    assert page.code[0].value == f"{read}<start_of_turn>user\nfive six?<end_of_turn>\n<start_of_turn>model"
    page.button(key="explain").click().run()
    result = bench(finish(page, "text"), "text").shown
    assert not page.exception and not page.error
    assert result.comparison.ledger.labels == [message["content"] for message in MESSAGES]


def test_a_model_without_turns_says_so(ready):
    page = type_in(finish(AppTest.from_file(PAGE, default_timeout=60).run(), "text"), json.dumps(MESSAGES))
    assert "These messages are read as they stand: this model knows no turns." in [caption.value for caption in page.caption]
    assert "turns" not in [button.key for button in page.button] and not page.code


def test_what_cannot_be_read_gets_a_sentence(ready, talking):
    ready.gemma = talking
    page = finish(AppTest.from_file(PAGE, default_timeout=60).run(), "text")
    type_in(page, json.dumps([{"role": "user", "content": [{"type": "image"}]}]))
    assert any("holds what is no text" in warning.value for warning in page.warning)
    type_in(page, "<start_of_turn>user\nhello there<end_of_turn>\nand so on")
    said = "is in nobody’s turn", "is in nobody's turn"
    assert any(one in caption.value.replace("\\", "") for one in said for caption in page.caption)
