"""Settings are what their fields declare: in links and files, in the widgets, in the documentation."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from docs.settings import page, requests
from ui.names import PANES
from ui.runs.comparison import Plan
from ui.settings import allowed
from ui.shell.widgets import BUDGETS

ALL = requests()
FIELDS = [pytest.param(request, name, id=f"{request.__name__}-{name}") for request in ALL for name in allowed(request)]
WRONG = [None, True, 0, 1, 1.0, float("nan"), -1, 2**63, "no such thing", "0", [], ["x"], {}]  # whatever is not right


def of_class(request, values):
    return {name: values(one) for name, one in allowed(request).items()}


def drawn(one, text=st.text):
    """A strategy of what JSON may hold."""
    words = partial(st.text, "aé日,’", min_size=1)  # a list's items may be more than texts: a pair has no empty sentence
    if one.kind == "list" and len(one.each) > 1:
        found = st.tuples(*(drawn(each, words) for each in one.each)).map(list)
    else:
        found = {
            "choice": lambda: st.sampled_from(list(one.options)),
            "text": lambda: text(max_size=min(one.most, 30)),
            "number": lambda: st.integers(one.low, one.high),
            "flag": st.booleans,
            "list": lambda: st.lists(drawn(one.each[0], words), max_size=3),
            "settings": lambda: st.fixed_dictionaries(of_class(one.made.__self__, drawn)),
        }[one.kind]()
    return st.none() | found if one.none else found


def edges(one):
    """The first, the last, the longest of what JSON may hold; the first is the plainest."""
    if one.kind == "list" and len(one.each) > 1:
        found = [[edges(item)[end] for item in one.each] for end in (0, -1)]
    else:
        found = {
            "choice": lambda: list(one.options),
            "text": lambda: ["x", "", "x" * one.most],
            "number": lambda: [one.low, one.high],
            "flag": lambda: [False, True],
            "list": lambda: [[], [edges(one.each[0])[0]] * one.most],
            "settings": lambda: [of_class(one.made.__self__, lambda each, end=end: edges(each)[end]) for end in (0, -1)],
        }[one.kind]()
    return [*found, None] if one.none else found


def kept(request, settings):
    """Settings as they are kept: what means the same as before there was a field does not stand there."""
    found = {}
    for name, one in allowed(request).items():
        if one.before is None or settings[name] != one.before:
            found[name] = kept(one.made.__self__, settings[name]) if one.kind == "settings" else settings[name]
    return found


def beyond(one):
    """What JSON may not hold: of another type, and just outside."""
    right = [(type(value), value) for value in edges(one)] if one.kind in ("choice", "number", "flag") else []
    kinds = {"text": str, "list": list, "settings": dict}
    if one.kind == "number":
        right += [(int, value) for value in WRONG if type(value) is int and one.low <= value <= one.high]
    for value in WRONG:
        plain = isinstance(value, kinds.get(one.kind, ())) or (type(value), value) in right
        if not plain and not (value is None and one.none):
            yield value
    if one.kind == "text":
        yield "x" * (one.most + 1)
    if one.kind == "number":
        yield from (one.low - 1, one.high + 1, float(one.low), str(one.low))
    if one.kind == "list":
        first = [edges(each)[0] for each in one.each]
        yield first * (one.most + 1)
        for i, each in enumerate(one.each):
            yield from ([*first[:i], wrong, *first[i + 1 :]] for wrong in beyond(each))
        if len(first) > 1:
            yield from (first[:-1], [*first, first[-1]], [])
    if one.kind == "settings":
        whole = edges(one)[0]
        for name, each in allowed(one.made.__self__).items():
            if each.before is None:
                yield {other: value for other, value in whole.items() if other != name}
            yield from (whole | {name: wrong} for wrong in beyond(each))


def test_the_documentation_says_what_is_declared():
    assert len(ALL) > 5
    file = Path(__file__).parents[2] / "docs" / "settings.md"
    assert file.read_text() == page(), "write it anew: python -m docs.settings > docs/settings.md"


@pytest.mark.parametrize(("request_type", "name"), FIELDS)
def test_a_field_takes_what_it_allows_and_nothing_just_outside(request_type, name):
    plain, one = of_class(request_type, lambda one: edges(one)[0]), allowed(request_type)[name]
    assert request_type.from_settings(plain).to_settings().items() >= kept(request_type, plain).items()
    for value in edges(one):
        same = kept(one.made.__self__, value) if one.kind == "settings" else value
        assert one.write(one.read(json.loads(json.dumps(value)))) == same
    for value in beyond(one):
        with pytest.raises(ValueError, match="not the settings of"):
            request_type.from_settings(plain | {name: value})
    without = {other: value for other, value in plain.items() if other != name}
    if one.before is not None:
        assert getattr(request_type.from_settings(without), name) == one.before
        return
    with pytest.raises(ValueError, match=f"not the settings of .*{name}"):
        request_type.from_settings(without)


@pytest.mark.parametrize("request_type", ALL)
def test_what_is_no_set_of_settings_is_refused(request_type):
    for value in WRONG:
        with pytest.raises(ValueError, match="not the settings of"):
            request_type.from_settings(value)


@pytest.mark.slow
@pytest.mark.parametrize("request_type", ALL)
@given(data=st.data())
def test_settings_come_back_through_json(request_type, data):
    settings = data.draw(st.fixed_dictionaries(of_class(request_type, drawn)))
    made = request_type(**{name: one.read(settings[name]) for name, one in allowed(request_type).items()})
    try:
        made.check()
    except ValueError:
        reject()
    written = json.loads(json.dumps(made.to_settings()))
    assert written.items() >= kept(request_type, settings).items()
    assert request_type.from_settings(written) == made


def test_numbers_and_flags_of_numpy_are_written_as_json_has_them():
    plan = Plan(budget=np.int64(64), seed=np.int32(3), stop=np.bool_(True), one_set=np.bool_(True))
    written = json.loads(json.dumps(plan.to_settings()))
    assert written == Plan(budget=64, seed=3, stop=True, one_set=True).to_settings()
    assert Plan.from_settings(written) == plan


def every_widget(module, name):
    from importlib import import_module

    import streamlit as st

    from ui.settings import allowed
    from ui.shell import widgets

    drawn = {
        "choice": [widgets.selectbox],
        "text": [widgets.text_input],
        "flag": [widgets.checkbox],
        "number": [widgets.number_input, widgets.slider],
    }
    request = getattr(import_module(module), name)
    for field, one in allowed(request).items():
        for widget in drawn.get(one.kind, []) if one.title else []:
            widget(st, request, field, key=f"{field}-{widget.__name__}")


@pytest.mark.parametrize("request_type", ALL)
def test_widgets_have_the_limits_that_are_declared(request_type):
    page = AppTest.from_function(every_widget, args=(request_type.__module__, request_type.__name__)).run()
    assert not page.exception
    for name, one in allowed(request_type).items():
        if not one.title:
            continue
        if one.kind == "choice":
            assert page.selectbox(key=f"{name}-selectbox").options == list(one.options.values())
        elif one.kind == "text":
            assert page.text_input(key=f"{name}-text_input").max_chars == one.most
        elif one.kind == "flag":
            assert page.checkbox(key=f"{name}-checkbox").label == one.title
        elif one.kind == "number":
            for widget in (page.number_input(key=f"{name}-number_input"), page.slider(key=f"{name}-slider")):
                assert (widget.label, widget.min, widget.max) == (one.title, one.low, one.high)


def plan_widgets():
    import streamlit as st

    from ui.shell.widgets import ask_plan

    st.session_state.asked = ask_plan()


def test_the_widgets_of_a_plan_offer_what_a_plan_allows():
    page = AppTest.from_function(plan_widgets).run()
    assert not page.exception
    assert page.session_state.asked == Plan()
    declared, offered = allowed(Plan), [str(pane) for pane in PANES]
    for name in ("left", "right"):
        assert page.selectbox(key=name).options == offered
        assert {pane.key for pane in PANES} <= declared[name].options.keys()
    assert declared["budget"].low <= min(BUDGETS) and max(BUDGETS) <= declared["budget"].high
    assert page.select_slider(key="budget").options == [str(budget) for budget in BUDGETS]
    seed = page.number_input(key="seed")
    assert (seed.min, seed.max) == (declared["seed"].low, declared["seed"].high)
