"""The Text page's states, without a browser."""

from html import unescape
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ui.model_slot import ModelSlot

PAGE = str(Path(__file__).parents[2] / "ui" / "text_page.py")


class Slot(ModelSlot):
    """A slot that loads nothing; tests set its state."""

    started = False

    def start(self):
        self.started = True


@pytest.fixture()
def slot(monkeypatch):
    slot = Slot()
    monkeypatch.setattr("ui.model_slot.model_slot", lambda: slot)
    return slot


@pytest.fixture()
def ready(slot, tiny_gemma, monkeypatch):
    """A tiny random model is loaded; its answer is given, since it has none of its own worth reading."""
    monkeypatch.setattr("ui.text_run.answer", lambda gemma, prompt: " positive")
    slot.gemma, slot.seconds_per_token = tiny_gemma, 1e-4
    return slot


def open_page():
    return AppTest.from_file(PAGE, default_timeout=60).run()


def finish(page):
    """Run the page until its job is over."""
    for _ in range(100):
        job = page.session_state["job"]
        if job is None:
            return page
        job.join(30)
        page.run()
    raise AssertionError("the job did not end")


def explain(page, **fields):
    for key, value in fields.items():
        area = page.text_input if key == "target" else page.text_area
        area(key=key).set_value(value).run()
    page.button(key="explain").click().run()
    return finish(page)


def html(page):
    return " ".join(element.proto.body for element in page.get("html"))


def captions(page):
    return " ".join(caption.value for caption in page.caption)


def test_paints_and_says_so_while_the_model_loads(slot):
    slot.sentence = "De-quantising"
    page = open_page()
    assert not page.exception
    assert not slot.started
    assert page.title[0].value.startswith("Swing")
    assert page.text_area(key="text").value == "The plot is thin, but the acting is superb"
    assert "De-quantising" in page.get("progress")[0].proto.text
    page.run()  # as the page does by itself once it is painted
    assert slot.started


def test_a_model_that_cannot_be_loaded_is_one_sentence_and_another_try(slot):
    slot.error = "There is not enough room."
    page = open_page()
    assert [error.value for error in page.error] == ["There is not enough room."]
    assert page.button(key="retry").label == "Try again"


def test_the_first_sample_is_explained_without_a_click(ready):
    page = finish(open_page())
    assert not page.exception
    body = html(page)
    assert body.count('class="swing-heatmap"') == 2
    result = page.session_state["result"]
    assert body.count("data-player=") == 2 * len(result.spans)
    assert 40 < result.banzhaf.evaluations <= 64


def test_the_cost_is_said_before_the_run(ready):
    page = finish(open_page())
    assert "at most 512 evaluations" in captions(page)
    page.select_slider(key="budget").set_value(64).run()
    assert "at most 128 evaluations" in captions(page)


def test_samples_fill_the_fields(ready):
    page = finish(open_page())
    page.get("button_group")[0].set_value("A fact in a text").run()
    assert page.text_area(key="after").value.endswith("Who brings the cake?\nAnswer:")
    assert page.selectbox(key="players").value == "sentence"
    page = explain(page)
    assert len(page.session_state["result"].spans) == 4
    assert page.session_state["result"].banzhaf.method == "exact"


def test_every_method_can_be_chosen(ready):
    from ui.names import METHODS
    from xai import methods

    for index, names in METHODS.items():
        assert set(names) | {"exact"} == set(methods.METHODS[index])
    page = finish(open_page())
    page.select_slider(key="budget").set_value(64).run()
    page.selectbox(key="banzhaf").set_value("orthogonal")
    page.selectbox(key="shapley").set_value("walsh").run()
    result = explain(page).session_state["result"]
    assert (result.banzhaf.method, result.shapley.method) == ("orthogonal", "walsh")
    assert "orthogonal pairs" in " ".join(markdown.value for markdown in page.markdown)


def test_both_indices_share_one_ledger_and_one_scale(ready):
    page = finish(open_page())
    result = page.session_state["result"]
    assert page.session_state["session"].ledger.evaluations == result.banzhaf.evaluations + result.shapley.evaluations
    top = max(np.abs(result.banzhaf.values).max(), np.abs(result.shapley.values).max())
    assert f'data-scale="{top:.6f}"' in html(page)


def test_explaining_again_pays_nothing(ready):
    page = explain(finish(open_page()))
    first = page.session_state["result"]
    again = explain(page).session_state["result"]
    assert again.banzhaf.evaluations == again.shapley.evaluations == 0
    np.testing.assert_array_equal(again.banzhaf.values, first.banzhaf.values)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"text": ""}, "There is nothing to explain yet"),
        ({"text": "superb"}, "There is only 1 word to explain"),
        ({"text": "word " * 300, "before": ""}, "at most 256 are allowed"),
        ({"text": "bad \x07 bell"}, "control character U+0007"),
        ({"text": "one two", "before": "three " * 3000}, "reads at most 2048"),
        ({"text": "one two", "before": "x" * 21_000}, "takes at most 20000"),
    ],
)
def test_bad_input_is_one_sentence_and_no_run(ready, fields, sentence):
    page = finish(open_page())
    before = page.session_state["result"]
    for key, value in fields.items():
        page.text_area(key=key).set_value(value)
    page.run()
    assert not page.exception
    assert sentence in page.warning[0].value
    assert page.button(key="explain").disabled
    assert page.session_state["result"] is before


def test_an_empty_target_is_one_sentence(ready):
    page = finish(open_page())
    page.radio(key="whose").set_value("A target I type").run()
    assert "target is empty" in page.warning[0].value
    page = explain(page, target=" positive")
    assert page.session_state["result"].target == " positive"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script> and <b>bold</b>",
        "שלום עולם טוב",
        "👩‍👩‍👧 family 🎉",
        "x" * 2000 + " y",
        "a & b \" ' c",
    ],
)
def test_what_a_user_writes_is_escaped(ready, text):
    page = explain(finish(open_page()), before="", text=text, after=" ")
    assert not page.exception
    assert not page.error
    body = html(page)
    assert "<script" not in body
    assert "<b>" not in body
    pieces = body.split('class="swing-heatmap"')[1].split("</div>")[0]
    assert "".join(unescape(part.split("<")[0]) for part in pieces.split(">")[1:]) == text + " "


def test_a_cancelled_run_keeps_what_was_paid_and_goes_on(ready):
    page = finish(open_page())
    session, calls = page.session_state["session"], []
    game_type = type(session.game)
    original = game_type.__call__

    def cancelling(self, coalitions):
        calls.append(len(coalitions))
        if len(calls) == 2:
            page.session_state["job"].cancel()
        return original(self, coalitions)

    page.text_area(key="text").set_value("one two three four five six seven eight nine ten eleven twelve").run()
    assert "earlier prompt" in page.info[0].value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(game_type, "__call__", cancelling)
        page.button(key="explain").click().run()
        finish(page)
    kept = session.ledger.evaluations
    assert len(calls) == 2
    assert kept == sum(calls)
    assert f"{kept} evaluations are kept" in " ".join(info.value for info in page.info)
    explain(page)
    assert page.session_state["result"].banzhaf.reused >= kept


def test_a_failure_inside_a_run_is_one_sentence(ready, monkeypatch):
    page = finish(open_page())
    monkeypatch.setattr("ui.text_run.answer", lambda *_: (_ for _ in ()).throw(KeyError("secret internals")))
    page = explain(page, text="one two three")
    assert not page.exception
    assert "Something went wrong" in page.error[0].value
    assert "secret" not in page.error[0].value
