"""What the widgets of a plan stand at: both maps from one set of calls where KernelSHAP's would take more than a minute."""

import pytest
from streamlit.testing.v1 import AppTest


def page_of_a_plan():
    import streamlit as st

    from ui.runs.completing import Size
    from ui.shell.frame import preset
    from ui.shell.widgets import ask_plan, plan_widgets

    fields = st.session_state
    if "bring" in fields:
        preset(**plan_widgets(fields.pop("bring")))
    size = Size(fields.get("players", 30), "words", fields.get("seconds", 0.01))
    fields.asked = ask_plan(size=size, one_set=fields.get("always", False))


def opened(link=None, **fields):
    page = AppTest.from_function(page_of_a_plan)
    for name, value in (link or {}).items():
        page.query_params[name] = value
    for name, value in fields.items():
        page.session_state[name] = value
    page.run()
    assert not page.exception
    return page


def asked(page):
    return page.session_state.asked.stop, page.session_state.asked.one_set


@pytest.mark.parametrize(
    ("fields", "one_set"),
    [({}, False), ({"seconds": 1.0}, True), ({"always": True}, True), ({"seconds": 1.0, "players": 4}, False)],
)
def test_runs_stop_when_sure_and_slow_ones_are_of_one_set(fields, one_set):
    page = opened(**fields)
    assert asked(page) == (True, one_set)
    assert page.checkbox(key="one_set").label == "Both from one set of calls" and page.checkbox(key="one_set").value == one_set


def test_the_default_follows_the_pace_until_somebody_chooses():
    page = opened()
    page.session_state["players"] = 200
    page.session_state["seconds"] = 1.0
    assert asked(page.run()) == (True, True)
    page.session_state["seconds"] = 0.2  # measured anew, of the same thing
    assert asked(page.run()) == (True, True)
    page.checkbox(key="one_set").uncheck().run()
    assert asked(page) == (True, False)
    page.session_state["players"] = 100
    assert asked(page.run()) == (True, False)
    page.checkbox(key="stop").uncheck().run()
    assert asked(page) == (False, False)


def test_a_link_and_a_reopened_run_say_otherwise():
    assert asked(opened({"one_set": "false", "stop": "false"}, seconds=1.0)) == (False, False)
    assert asked(opened({"one_set": "true"})) == (True, True)
    assert asked(opened({"one_set": "perhaps"}, seconds=1.0)) == (True, True)
    assert asked(opened({"left": "Banzhaf values · automatic choice", "budget": "64"})) == (True, False)  # an older link
    page = opened(seconds=1.0)
    page.session_state["bring"] = type(page.session_state.asked)(budget=128, stop=False)
    assert asked(page.run()) == (False, False) and page.session_state.asked.budget == 128


def test_where_no_map_is_free_nothing_is_offered():
    page = opened(always=True)
    page.selectbox(key="left").set_value("banzhaf-msr").run()
    assert asked(page) == (True, False)
    assert [box.key for box in page.checkbox] == ["stop"]
