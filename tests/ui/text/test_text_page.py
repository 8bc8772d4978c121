"""The Text page's states, without a browser."""

import threading
from dataclasses import replace
from functools import partial
from html import unescape
from pathlib import Path

import numpy as np
import pages
import pytest
from pages import html
from streamlit.testing.v1 import AppTest

from model.text.text_game import TextGame
from ui.runs import kept
from ui.shell import jobs
from ui.text.samples import SAMPLES

PAGE = str(Path(__file__).parents[3] / "ui" / "text" / "page.py")
bench = partial(pages.bench, kind="text")
finish = partial(pages.finish, kind="text")


def open_page():
    return AppTest.from_file(PAGE, default_timeout=60).run()


def maps(page):
    """Both maps of the whole answer, values (n,)."""
    return bench(page).shown.comparison.focused()


def explain(page, **fields):
    for key, value in fields.items():
        area = page.text_input if key == "target" else page.text_area
        area(key=key).set_value(value).run()
    page.button(key="explain").click().run()
    return finish(page)


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
    result = bench(page).shown
    assert html(page).count('class="swing-heatmap"') == 3  # both maps and their difference
    assert html(page).count('class="swing-player"') == 3 * len(result.about.spans)
    assert 1 <= html(page).count("<tr data-player=") <= 8  # where they differ most
    assert 40 < maps(page)[0].evaluations <= 64
    assert result.comparison.judged.evaluations > 0


@pytest.mark.slow
def test_the_cost_is_said_before_the_run_and_kept_to(ready):
    words = "one two three four five six seven eight nine ten eleven twelve"
    page = finish(open_page())
    page.text_area(key="text").set_value(words).run()
    said = {}
    for budget in (256, 64):
        page.select_slider(key="budget").set_value(budget).run()
        said[budget] = int(captions(page).split("at most ")[1].split(" evaluations")[0])
    assert said[256] - said[64] == 2 * (256 - 64)
    page = explain(page)
    assert 64 < bench(page).shown.comparison.ledger.evaluations <= said[64]


def test_samples_fill_the_fields(ready):
    page = finish(open_page())
    page.get("button_group")[0].set_value("A fact in a text").run()
    assert page.text_area(key="after").value.endswith("Who brings the cake?\nAnswer:")
    assert page.selectbox(key="players").value == "sentence"
    page = explain(page)
    assert len(bench(page).shown.about.spans) == 4
    assert maps(page)[0].method == "exact"


def test_every_method_can_be_chosen(ready):
    from ui.names import METHODS
    from xai.estimators import methods

    for index, names in METHODS.items():
        assert set(names) == set(methods.METHODS[index])
    page = finish(open_page())
    page.select_slider(key="budget").set_value(64).run()
    page.selectbox(key="left").set_value("shapley-walsh")
    page.selectbox(key="right").set_value("banzhaf-msr").run()
    left, right = maps(explain(page))
    assert (left.index, left.method, right.index, right.method) == ("shapley", "walsh", "banzhaf", "msr")
    assert "Walsh posterior" in " ".join(markdown.value for markdown in page.markdown)


def test_both_maps_and_their_judging_share_one_ledger_and_one_scale(ready):
    page = finish(open_page())
    comparison, (left, right) = bench(page).shown.comparison, maps(page)
    paid = left.evaluations + right.evaluations + comparison.judged.evaluations
    assert comparison.ledger.evaluations == paid
    top = max(np.abs(left.values).max(), np.abs(right.values).max())
    assert f'data-scale="{top:.6f}"' in html(page)


@pytest.mark.slow
def test_explaining_again_pays_nothing_and_says_the_same(ready):
    page = explain(finish(open_page()))
    before = bench(page).shown.comparison

    def all_said(page):  # how long another run will take is foretold anew
        captions = [caption.value.split(": up to ")[0] for caption in page.caption]
        return [markdown.value for markdown in page.markdown], captions

    said = all_said(page)
    page = explain(page)
    after = bench(page).shown.comparison
    assert after.ledger.evaluations == before.ledger.evaluations and after.judgements == before.judgements
    for one, other in zip(before.maps, after.maps):
        np.testing.assert_array_equal(one.values, other.values)
    assert said == all_said(page)


@pytest.mark.slow
def test_added_budget_goes_on_with_the_same_run(ready):
    page = finish(open_page())
    page.select_slider(key="budget").set_value(64).run()
    page = explain(page)
    run, before = bench(page).run, bench(page).shown.comparison
    page.button(key="more").click().run()
    page = finish(page)
    after = bench(page).shown.comparison
    assert bench(page).run == run
    assert (before.plan.budget, after.plan.budget) == (64, 128)
    assert after.maps[0].reused > 0.9 * before.maps[0].evaluations
    assert after.ledger.evaluations > before.ledger.evaluations


@pytest.mark.slow
def test_a_token_of_the_answer_costs_nothing(ready):
    page = explain(finish(open_page()))
    comparison = bench(page).shown.comparison
    k = len(comparison.weights)
    assert k > 1
    page.get("button_group")[1].set_value([1]).run()
    weights = np.eye(k)[1]
    for pane, attribution in zip("lr", comparison.focused(weights)):
        drawn = html(page).split(f'data-pane="{pane}"')[1].split("</div>")[0]
        shown = [float(part.split('"')[0]) for part in drawn.split('data-value="')[1:]]
        np.testing.assert_allclose(shown, attribution.values, atol=6e-7)
    assert bench(page).shown.comparison.ledger.evaluations == comparison.ledger.evaluations
    assert bench(page).job is None


@pytest.mark.slow
def test_why_this_rather_than_that(ready):
    page = finish(open_page())
    page.text_input(key="rather").set_value(" negative").run()
    page.select_slider(key="budget").set_value(64).run()
    page = explain(page)
    result = bench(page).shown
    assert result.comparison.weights == [1.0] * len(result.about.tokens) + [-1.0] * (
        len(result.comparison.outputs) - len(result.about.tokens)
    )
    prompt, spans = result.request.prompt, result.about.spans
    everything = np.ones((1, len(spans)), bool)
    ends = [ready.gemma.text_game(prompt, target, spans)(everything).sum() for target in (" positive", " negative")]
    assert maps(page)[0].full_value == pytest.approx(ends[0] - ends[1], abs=1e-4)
    page.text_input(key="rather").set_value(" positive").run()
    page = explain(page)
    assert "same as the target" in page.error[0].value


def test_ways_of_absence_are_compared_on_demand(ready):
    page = finish(open_page())
    page.button(key="policies").click().run()
    page = finish(page)
    found = bench(page).policies[1]
    assert list(found) == ["remove", "hole", "replace"]
    np.testing.assert_allclose(found["remove"].values, maps(page)[0].values)
    assert "The least alike are" in " ".join(markdown.value for markdown in page.markdown)


@pytest.mark.slow
def test_reading_once_says_what_it_is_and_is_held_against_real_absence(ready):
    page = finish(open_page())
    page.selectbox(key="absent").set_value("read-once").run()
    assert "Cheap, not the real removal: the prompt is read once in full" in captions(page)
    page = explain(page, text="one two three four")
    result = bench(page).shown
    request, ledger = result.request, result.comparison.ledger
    game = ready.gemma.text_game(request.prompt, result.about.target, result.about.spans, "read-once")
    assert request.absent == "read-once" and game.n_players == 4
    coalitions = np.array([[0, 0, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]], bool)
    paid = ledger.evaluations
    np.testing.assert_allclose(ledger.evaluate(coalitions), game(coalitions), atol=1e-4)
    assert ledger.evaluations == paid == 16
    page.button(key="policies").click().run()
    page = finish(page)
    assert list(bench(page).policies[1]) == ["remove", "hole", "replace", "read-once"]
    page.text_area(key="after").set_value("").run()
    said = " ".join(one.value for one in [*page.error, *page.warning, *page.info, *page.caption, *page.markdown])
    assert "Nothing stands after the last part" in said and page.button(key="explain").disabled


@pytest.mark.slow
def test_a_run_is_listed_reopened_renamed_deleted_and_forgotten(ready):
    page = explain(finish(open_page()), text="one two three four")
    run, values = pages.shared(page, "text"), maps(page)[0].values
    other = AppTest.from_file(PAGE, default_timeout=60)
    other.query_params["run"] = run
    other.run()
    assert other.text_area(key="text").value == "one two three four"
    np.testing.assert_array_equal(maps(other)[0].values, values)
    assert not [button for button in other.button if button.key == f"delete-{run}"]  # the link opens it, no more
    page.text_input(key=f"name-{run}").set_value("Numbers").run()
    assert page.expander[-1].label.endswith("Numbers")
    page.button(key="forget").click().run()
    assert bench(page).shown is None or bench(page).run is None
    gone = AppTest.from_file(PAGE, default_timeout=60)
    gone.query_params["run"] = run
    gone.run()
    assert not gone.exception
    assert "no run under this link" in gone.error[0].value


@pytest.mark.slow
def test_no_name_of_a_run_turns_the_page_around(ready):
    page = explain(finish(open_page()), text="one two three four")
    page.text_input(key=f"name-{bench(page).run}").set_value(pages.TURNED).run()
    assert not page.exception and page.expander[-1].label.endswith(r"a\\u202eb\\u200bc") and pages.turned(page) == []
    page = explain(page, text="one \u202etwo\u2067 three four")
    assert r"\u202etwo" in html(page) and not {*"\u202e\u2067"} & {*html(page)}


@pytest.mark.slow
def test_the_address_names_no_run_that_is_forgotten(ready):
    page = explain(finish(open_page()), text="one two three four")
    first = bench(page).run
    assert page.query_params["run"] == first
    kept.store().delete(first, page.session_state["owner"])  # in another tab
    page.run()
    assert "run" not in page.query_params and bench(page).run is None and bench(page).shown is not None
    page = explain(page, text="five six seven eight")
    second = bench(page).run
    assert page.query_params["run"] == second != first
    page.button(key=f"delete-{second}").click().run()
    assert "run" not in page.query_params and bench(page).run is None
    assert bench(page).shown is None or bench(page).shown.request.text == SAMPLES[0].text  # a newcomer's
    gone = AppTest.from_file(PAGE, default_timeout=60)
    gone.query_params["run"] = second
    gone.run()
    assert "run" not in gone.query_params and "no run under this link" in gone.error[0].value
    page = explain(page, text="nine ten eleven twelve")
    page.button(key="forget").click().run()
    assert "run" not in page.query_params and not page.exception


@pytest.mark.slow
def test_an_interrupted_run_goes_on(ready, tmp_path):
    page = explain(finish(open_page()), text="one two three four five six seven eight nine ten eleven twelve")
    store, first = kept.store(), bench(page).run
    run = store.create("somebody", "text", "n", store.get(first).settings, ready.gemma.fingerprint)
    for batch in store.batches(first)[:2]:
        store.append(run, *batch)
    store.finish(run, "partial")
    get = store.get
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "get", lambda name: replace(get(name), interrupted=True))
        again = AppTest.from_file(PAGE, default_timeout=60)
        again.query_params["run"] = run
        again.session_state["owner"] = "somebody"
        again.run()
        finish(again)
    assert bench(again).run == run
    np.testing.assert_allclose(maps(again)[0].values, maps(page)[0].values, atol=1e-4)


@pytest.mark.slow
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
    before = bench(page).shown
    for key, value in fields.items():
        page.text_area(key=key).set_value(value)
    page.run()
    assert not page.exception
    assert sentence in page.warning[0].value
    assert page.button(key="explain").disabled
    assert bench(page).shown is before


@pytest.mark.slow
def test_an_empty_target_is_one_sentence(ready):
    page = finish(open_page())
    page.radio(key="whose").set_value("A target I type").run()
    assert "target is empty" in page.warning[0].value
    page = explain(page, target=" positive")
    assert bench(page).shown.about.target == " positive"


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script> and <b>bold</b>", "שלום עולם טוב", "👩‍👩‍👧 family 🎉", "x" * 2000 + " y", "a & b \" ' c"]
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


@pytest.mark.slow
def test_a_cancelled_run_is_shown_as_partial_and_goes_on(ready):
    page, calls = finish(open_page()), []
    original = TextGame.__call__

    def cancelling(self, coalitions):
        calls.append(len(coalitions))
        if len(calls) == 2:
            bench(page).job.cancel()
        return original(self, coalitions)

    page.text_area(key="text").set_value("one two three four five six seven eight nine ten eleven twelve").run()
    assert "earlier prompt" in page.info[0].value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TextGame, "__call__", cancelling)
        page.button(key="explain").click().run()
        finish(page)
    partial = bench(page).shown.comparison
    assert len(calls) == 2
    assert partial.ledger.evaluations == sum(calls)
    assert partial.state == "partial"
    assert "was cancelled" in page.warning[0].value
    run = bench(page).run
    explain(page)
    whole = bench(page).shown.comparison
    assert (whole.state, bench(page).run) == ("done", run)
    assert whole.maps[0].reused >= sum(calls) - 2


def test_a_place_in_the_line_is_shown(ready):
    page, hold = finish(open_page()), threading.Event()
    jobs.line().submit(jobs.Job(lambda job: hold.wait(60)))
    page.button(key="explain").click().run()
    assert "1 run is before yours" in page.get("progress")[0].proto.text
    page.button(key="cancel").click().run()
    hold.set()
    assert bench(page).job is None
    assert "Cancelled before it began" in page.info[0].value


def test_a_run_that_has_stepped_back_says_so_beside_its_first_map_and_can_be_cancelled(ready):
    page, first, other, begun = finish(open_page()), threading.Event(), threading.Event(), threading.Event()
    line = jobs.line()
    line.submit(jobs.Job(lambda job: first.wait(60)))
    page.button(key="explain").click().run()
    job, shown = bench(page).job, bench(page).shown
    line.submit(jobs.Job(lambda job: (begun.set(), other.wait(60)), owner="somebody else"))
    first.set()
    assert begun.wait(60)  # as soon as the page's run has something to see
    page.run()
    told = "This run has stepped back, so that others see a first map too: 1 run is before its next turn."
    assert page.get("progress")[0].proto.text == told
    assert bench(page).shown is not shown and bench(page).shown.state == "preliminary" and not job.over
    page.button(key="cancel").click().run()
    assert job.ended.wait(60) and not other.is_set()  # while the other one is at work
    page.run()
    assert bench(page).shown.state == "partial" and "was cancelled" in page.warning[0].value
    other.set()


def test_a_failure_inside_a_run_is_one_sentence(ready, monkeypatch):
    page = finish(open_page())
    monkeypatch.setattr("ui.text.run.answer", lambda *_: (_ for _ in ()).throw(KeyError("secret internals")))
    page = explain(page, text="one two three")
    assert not page.exception
    assert "Something went wrong" in page.error[0].value
    assert "secret" not in page.error[0].value


def test_how_a_model_is_scored_is_said_where_it_is_not_the_usual_way(ready, monkeypatch):
    page = open_page()
    assert "prefix cache" not in " ".join(caption.value for caption in page.caption)
    slower = replace(ready.gemma.handshake, lines=("is scored without the prefix cache: 3.1 × slower",))
    monkeypatch.setattr(ready.gemma, "handshake", slower)
    assert "is scored without the prefix cache: 3.1 × slower." in " ".join(caption.value for caption in open_page().caption)


def test_a_browser_that_sees_a_later_run_alone_takes_the_sample_too(ready):
    page = open_page()
    for _ in range(2):
        for name in ("before", "text", "after"):
            assert page.text_area(key=name).proto.default == getattr(SAMPLES[0], name)
        page.run()


def test_a_browser_that_sees_a_later_run_alone_takes_what_was_picked(ready):
    page = open_page()
    page.button_group(key="sample").set_value(SAMPLES[2].title).run()
    for _ in range(2):
        page.run()
        for name in ("before", "text", "after"):
            assert page.text_area(key=name).proto.default == page.text_area(key=name).value == getattr(SAMPLES[2], name)
    page.text_area(key="text").set_value("my own words").run()
    assert page.text_area(key="text").value == "my own words"
