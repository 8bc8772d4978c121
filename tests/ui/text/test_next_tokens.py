"""What else could have come next, to click; and the space that a model would write before a typed word."""

from pathlib import Path

import numpy as np
import pytest
import torch
from pages import bench, finish
from streamlit.testing.v1 import AppTest

PAGE = str(Path(__file__).parents[3] / "ui" / "text" / "page.py")


@pytest.mark.parametrize("prompt", ["one two three", "A <b>bold</b> film.", "\u05e9\u05dc\u05d5\u05dd"])
def test_they_are_those_of_a_plain_pass(tiny_gemma, prompt):
    found = tiny_gemma.next_tokens(prompt, 7)
    with torch.no_grad():
        logits = tiny_gemma.model(torch.tensor([tiny_gemma.encode(prompt).ids])).logits[0, -1]
    special = tiny_gemma.tokenizer.all_special_ids
    order = [i for i in torch.argsort(-logits, stable=True).tolist() if i not in special][:7]
    shares = torch.softmax(logits, 0)
    assert [text for text, _ in found] == [tiny_gemma.tokenizer.decode([i]) for i in order]
    np.testing.assert_allclose([share for _, share in found], shares[order].numpy(), rtol=1e-5)


def test_too_long_a_prompt_is_refused(tiny_gemma):
    with pytest.raises(ValueError, match="shorten the prompt"):
        tiny_gemma.next_tokens("word " * tiny_gemma.context)


@pytest.fixture()
def page(ready):
    return finish(AppTest.from_file(PAGE, default_timeout=60).run(), "text")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asks", "told"), [("why the answer rather than it", "why the model’s own answer rather than"), ("why it", "why “")]
)
def test_a_click_asks_why_the_answer_rather_than_that_or_why_that(page, asks, told):
    about = bench(page, "text").shown.about
    others = [text for text, _ in about.next if text.strip() and not about.target.startswith(text)]
    page.text_input(key="rather").set_value(" one").run()
    page.button_group(key="next-as").set_value(asks).run()
    pills = next(group for group in page.button_group if str(group.key).startswith("next-") and group.key != "next-as")
    pills.set_value(pills.options[2].content if hasattr(pills.options[2], "content") else pills.options[2]).run()
    assert not page.exception
    if asks == "why it":
        assert page.radio(key="whose").value == "A target I type"
        assert page.text_input(key="target").value == others[2] and page.text_input(key="rather").value == ""
    else:
        assert page.text_input(key="rather").value == others[2]
    assert bench(page, "text").unfolded
    assert next(pill for pill in page.button_group if pill.key == pills.key).value is None  # to be clicked again
    assert [one.value for one in page.caption if told in one.value]
    page.button(key="explain").click().run()
    finish(page, "text")
    request = bench(page, "text").shown.request
    assert (request.target, request.rather) == ((others[2], None) if asks == "why it" else (None, others[2]))


@pytest.mark.parametrize("key", ["target", "rather"])
def test_the_space_before_a_typed_word_is_offered_and_taken(page, key):
    if key == "target":
        page.radio(key="whose").set_value("A target I type").run()
    page.text_input(key=key).set_value("negative").run()
    page.button(key=f"{key}-space").click().run()
    assert page.text_input(key=key).value == " negative"
    assert not [button for button in page.button if button.key == f"{key}-space"]


@pytest.mark.slow
@pytest.mark.parametrize("typed", [" negative", "", ", and", "…", "好", "ไทย", "ひと"])
def test_nothing_is_offered_where_there_is_nothing_to_mend(page, typed):
    page.text_input(key="rather").set_value(typed).run()
    assert not [button for button in page.button if button.key == "rather-space"]
