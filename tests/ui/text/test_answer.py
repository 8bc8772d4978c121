"""Where the model's own answer is cut off, and that questions of before mean what they meant."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from pages import bench, finish, shared
from streamlit.testing.v1 import AppTest

from ui.data.request import WordsRequest
from ui.text.request import TextRequest
from ui.text.run import answer
from ui.text.samples import SAMPLES

PAGE = str(Path(__file__).parents[3] / "ui" / "text" / "page.py")
SAYS = " The cake. Maria brings it.\nQuestion: who?"


class Says:
    """A model that says one thing, as `Gemma.generate` would give it."""

    def __init__(self, text, chat=False):
        self.text, self.chat, self.asked = text, chat, SimpleNamespace()

    def generate(self, prompt, max_new_tokens, stop):
        self.asked.most = max_new_tokens
        return self.text.split(stop, 1)[0] if stop else self.text


@pytest.mark.parametrize(
    ("until", "chat", "expected"),
    [
        ("sentence", False, " The cake."),
        ("sentence", True, " The cake."),
        ("line", False, " The cake. Maria brings it."),
        ("line", True, SAYS),
        ("end", False, SAYS),
        ("end", True, SAYS),
    ],
)
def test_it_ends_where_the_request_says(until, chat, expected):
    model = Says(SAYS, chat)
    assert answer(model, TextRequest("", "Who?", "", until=until, longest=7)) == expected
    assert model.asked.most == 7


@pytest.mark.parametrize("text", [" positive", " 3.5 kg", " Dr. Smith", " dieciséis", " 好"])
def test_an_answer_of_one_sentence_is_whole(text):
    assert answer(Says(f"{text}\nReview:"), TextRequest("", "Who?", "")) == text


@pytest.mark.parametrize(("number", "says"), [(0, " positive"), (2, " Maria brings the cake"), (3, " green")])
def test_the_bundled_model_answers_the_samples(gemma, number, says):
    sample = SAMPLES[number]
    assert answer(gemma, TextRequest(sample.before, sample.text, sample.after)).rstrip(".") == says


def test_a_chat_model_may_begin_with_an_empty_line():
    assert answer(Says("\n\nYes. No.", True), TextRequest("", "Who?", "")) == "\n\nYes."


def test_nothing_is_refused():
    with pytest.raises(ValueError, match="answers this prompt with nothing"):
        answer(Says("\nReview: ..."), TextRequest("", "Who?", ""))


def test_a_request_of_before_reads_as_it_did():
    settings = TextRequest("a", "b", "c").to_settings()
    assert settings["until"] == "sentence" and "longest" not in settings
    del settings["until"]
    before = TextRequest.from_settings(settings)
    assert (before.until, before.longest) == ("line", 20) and before.to_settings() == settings
    assert before.same_game != TextRequest("a", "b", "c").same_game
    assert TextRequest("a", "b", "c", " d").same_game == TextRequest("a", "b", "c", " d", until="end", longest=3).same_game
    assert "until" not in WordsRequest("a", "b", "c").to_settings()  # a translation may have several sentences


@pytest.mark.slow
def test_the_page_asks_how_far_and_explains_that(ready, monkeypatch):
    asked = []
    monkeypatch.setattr("ui.text.run.answer", lambda gemma, request: asked.append(request) or " positive")
    page = finish(AppTest.from_file(PAGE, default_timeout=60).run(), "text")
    assert (asked[-1].until, asked[-1].longest) == ("sentence", 20)
    assert any("to the end of its first sentence or line, 20 tokens at most" in one.value for one in page.caption)
    page.selectbox(key="until").set_value("line").run()
    page.number_input(key="longest").set_value(5).run()
    page.button(key="explain").click().run()
    finish(page, "text")
    assert (asked[-1].until, asked[-1].longest) == ("line", 5)
    run = shared(page, "text")
    again = AppTest.from_file(PAGE, default_timeout=60)
    again.query_params["run"] = run
    again.run()
    assert (again.selectbox(key="until").value, again.number_input(key="longest").value) == ("line", 5)
    shown = bench(again, "text").shown.request
    assert (shown.until, shown.longest) == ("line", 5)
    page.radio(key="whose").set_value("A target I type").run()
    assert page.selectbox(key="until").disabled and page.number_input(key="longest").disabled
