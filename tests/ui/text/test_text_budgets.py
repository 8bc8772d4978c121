"""The Text page offers the budgets at which something becomes true, and stands at one of them unless somebody chose."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

PAGE = str(Path(__file__).parents[3] / "ui" / "text" / "page.py")
WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "fox", "dog"]
USUAL = [64, 128, 256, 512, 1024, 2048, 4096]


@pytest.fixture()
def page(ready, monkeypatch):
    monkeypatch.setattr("ui.text.kind.TextKind.first", lambda kind, request: None)  # what is shown plays no part here
    return lambda **link: opened(link)


def opened(link):
    page = AppTest.from_file(PAGE, default_timeout=60)
    for name, value in link.items():
        page.query_params[name] = str(value)
    return page.run()


def write(page, count):
    page.text_area(key="text").set_value(" ".join((WORDS * 8)[:count])).run()
    assert not page.exception
    return page


def budget(page):
    return page.select_slider(key="budget").value


def offered(page):
    return sorted({int(option) for option in page.select_slider(key="budget").options} - set(USUAL))


def said(page):
    return " ".join(caption.value for caption in page.caption)


def test_fourteen_words(page):
    page = write(page(), 14)
    assert offered(page) == [32, 514] and budget(page) == 514
    assert "**514**: left map exact up to four words acting together" in said(page)
    assert "at most 1164 evaluations" in said(page)
    page.selectbox(key="right").set_value("banzhaf-orthogonal").run()
    assert "**514**: exact up to four words acting together" in said(page) and budget(page) == 514


@pytest.mark.parametrize(("count", "more", "usual"), [(1, [], 256), (2, [4], 256), (10, [24, 258], 258), (100, [208], 256)])
def test_few_and_many_words(page, count, more, usual):
    page = write(page(), count)
    assert offered(page) == more and budget(page) == usual


def test_the_budget_follows_the_words_until_somebody_chooses(page):
    page = write(page(), 14)
    assert budget(write(page, 10)) == 258 and budget(write(page, 14)) == 514
    page.select_slider(key="budget").set_value(256).run()
    assert budget(write(page, 10)) == 256 and budget(write(page, 100)) == 256
    page.select_slider(key="budget").set_value(208).run()
    assert budget(write(page, 14)) == 208 and 208 in offered(page)  # stays among the choices, though it completes nothing here


@pytest.mark.parametrize("chosen", [48, 64, 256, 514, 4096])
def test_a_budget_in_the_link_stays(page, chosen):
    page = page(budget=chosen)
    assert budget(page) == chosen
    assert budget(write(page, 14)) == chosen == budget(write(page, 10))


@pytest.mark.parametrize("wrong", ["-5", "2", "a lot", "99999999", "1e3", "²"])
def test_what_is_no_budget_is_none(page, wrong):
    assert budget(write(page(budget=wrong), 14)) == 514


def test_before_the_model_is_there_the_list_alone_is_offered(page, ready):
    gemma, ready.gemma = ready.gemma, None
    page = page()
    assert (offered(page), budget(page)) == ([], 256)
    ready.gemma = gemma
    assert (offered(page.run()), budget(page)) == ([24, 130], 512)


@pytest.mark.slow
def test_what_one_run_taught_of_the_pace_does_not_move_the_budget(page, ready):
    page = write(page(), 14)
    ready.seconds_per_token = 10.0
    assert budget(page.run()) == 514
    assert budget(write(page, 13)) == 256


def test_a_run_begins_where_the_model_is_slow(page, ready):
    page = write(page(), 20)
    ready.seconds_per_token = 0.2  # both maps are of one set of calls there, by themselves
    page = write(page, 40)
    assert page.session_state["one_set"] is True  # and no flag of NumPy, which no run can be kept with
    page.button(key="explain").click().run()
    assert not page.exception and not page.error
    state = page.session_state["bench-text"]
    assert state.job is not None and state.run is not None
    state.job.cancel()
    state.job.ended.wait(60)


def test_all_coalitions_of_a_few_words_are_said_to_be_exact(page):
    page = write(page(), 6)
    assert "**64**: exact" in said(page)
    page.button(key="explain").click().run()
    for _ in range(100):
        if (job := page.session_state["bench-text"].job) is None:
            break
        job.ended.wait(30)
        page.run()
    shown = page.session_state["bench-text"].shown.comparison
    assert [one.method for one in shown.maps] == ["exact", "exact"] and shown.ledger.evaluations == 64
    assert [one.worth for one in shown.judgements] == ["exact", "exact"]
    told = " ".join(element.value for element in page.markdown)
    assert told.count("**Exact values") == 2 and "**Banzhaf values** · exact" in told


def test_a_reopened_run_asks_its_own_budget_again(page, monkeypatch):
    page = write(page(), 14)
    from ui.runs.comparison import Plan
    from ui.text.request import TextRequest

    request = TextRequest("", " ".join(WORDS[:10]), " jumps", " fox", None, "word", "remove", Plan(budget=514))
    page.session_state["bench-text"].brought = request
    assert budget(page.run()) == 514 == budget(page.run())
