"""Widgets that a sample, or a reopened run, sets: a browser that sees a later run alone is told the same."""

import pytest
from streamlit.testing.v1 import AppTest


def script():
    import streamlit as st

    from ui.shell.frame import held, preset

    def reopen():
        preset(words="a run's", whose="typed", row=7)

    st.button("reopen", on_click=reopen)
    st.button("sample", on_click=preset, kwargs={"words": "a sample's"})
    st.text_input("words", **held("words", value="usual"))
    st.radio("whose", ["own", "typed"], **held("whose", ["own", "typed"]))
    st.number_input("row", 1, 9, **held("row"))
    if st.session_state.whose == "typed":
        st.text_input("target", **held("target"))


def told(page):
    """What a browser that draws these widgets for the first time takes them to hold; which is what the page has, too."""
    words, whose, row = page.text_input(key="words"), page.radio(key="whose"), page.number_input(key="row")
    found = words.proto.default, whose.options[whose.proto.default], row.proto.default
    assert found == (words.value, whose.value, row.value)
    return found


@pytest.fixture
def page():
    return AppTest.from_function(script).run()


def test_what_was_set_is_told_run_after_run(page):
    assert told(page) == ("usual", "own", 1)
    page.button[0].click().run()
    for _ in range(3):
        page.run()
        assert told(page) == ("a run's", "typed", 7)
    page.button[1].click().run()
    page.run()
    assert told(page) == ("a sample's", "typed", 7)
    assert not page.exception and not page.warning


def test_what_somebody_chooses_is_theirs(page):
    page.button[0].click().run()
    page.text_input(key="words").set_value("mine").run()
    page.radio(key="whose").set_value("own").run()
    page.number_input(key="row").set_value(3).run()
    page.run()
    assert [page.text_input(key="words").value, page.radio(key="whose").value, page.number_input(key="row").value] == [
        "mine",
        "own",
        3,
    ]
