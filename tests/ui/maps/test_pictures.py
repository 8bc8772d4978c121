"""One picture for the page, the report and the PNG; and whatever a run publishes, every kind's own picture can draw it."""

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from before.values import KINDS
from games import FakeGame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.assets import ASSETS
from ui.draw.colour import CHANGE, LIKELIHOOD
from ui.files.report import html_report
from ui.maps.side_by_side import show
from ui.names import PANES
from ui.runs.bundle import read_bundle
from ui.runs.comparison import Plan, compare
from ui.runs.comparison_bundle import from_bundle, to_bundle
from ui.settings import allowed
from ui.shell.bench import Bench
from xai import Cancelled, Ledger

BUNDLES = sorted((Path(__file__).parents[2] / "data" / "before").glob("*.zip"))
LEGEND = re.compile(r'<div class="swing-legend".*?</div>\s*<span>.*?</span>\s*</div>', re.S)


@pytest.fixture(scope="module", params=BUNDLES, ids=lambda file: file.stem)
def opened(request):
    bundle = read_bundle(request.param.read_bytes())
    kind = KINDS[bundle.page]
    return kind, from_bundle(kind, bundle)


@pytest.fixture()
def drawn(monkeypatch):
    """The HTML that a page is given."""
    html = []
    monkeypatch.setattr("streamlit.html", lambda body, **_: html.append(str(body)))
    return html


def settings_of(request):
    """The request with each of its fields at each of its values, where they are few."""
    yield request
    for name, one in allowed(type(request)).items():
        values = [*(one.options or ())] if one.kind == "choice" else [True, False] if one.kind == "flag" else []
        if one.none:
            values += [None, *({"number": [3], "text": [" no"]}.get(one.kind, []))]
        elif one.kind == "text" and name in ("rather", "target"):
            values = ["", "no"]
        yield from (replace(request, **{name: value}) for value in values)


@pytest.mark.slow
def test_page_and_report_say_the_same_of_the_colours_at_every_setting(opened, drawn):
    kind, result = opened
    for request in settings_of(result.request):
        one = replace(result, request=request)
        picture = kind.picture(one)
        drawn.clear()
        show(one.comparison, picture)
        page, report = (
            set(LEGEND.findall(html)) for html in ("".join(drawn), html_report(to_bundle("x", one, "x", ""), picture))
        )
        assert len(page) == 1 and page == report
        assert all(end in page.copy().pop() for end in picture.ends)
    picture = kind.picture(result)
    assert kind.view(result, picture, Bench(kind.State())).picture.ends == picture.ends


def test_what_to_do_next_is_said_unless_no_map_is_worth_it(monkeypatch, drawn):
    bundle, told = read_bundle((ASSETS / "first" / "text.zip").read_bytes()), []
    result = from_bundle(KINDS["text"], bundle)
    monkeypatch.setattr("streamlit.markdown", lambda body, **_: told.append(body))
    for chances, count in (((0.0, 0.0), 1), ((1.0, 0.0), 1), ((1.0, 1.0), 0)):
        judgements = tuple(replace(one, chance=by) for one, by in zip(result.comparison.judgements, chances))
        told.clear()
        show(replace(result.comparison, judgements=judgements), KINDS["text"].picture(result))
        assert sum("**Next:**" in one for one in told) == count


@pytest.mark.parametrize(
    ("name", "change", "ends"),
    [
        ("image", {"value": "logit"}, CHANGE),
        ("image", {"value": "log-odds"}, LIKELIHOOD),
        ("image", {"against": 3, "value": "logit"}, LIKELIHOOD),
        ("data", {}, CHANGE),
        ("data-words", {}, LIKELIHOOD),
        ("table", {}, CHANGE),
        ("text", {"rather": " no"}, LIKELIHOOD),
    ],
)
def test_what_red_and_blue_mean(name, change, ends):
    bundle = read_bundle(next(file for file in BUNDLES if file.stem == name).read_bytes())
    kind = KINDS[bundle.page]
    result = from_bundle(kind, bundle)
    assert kind.picture(replace(result, request=replace(result.request, **change))).ends == ends


@pytest.mark.slow
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(budget=st.integers(24, 600), seed=st.integers(0, 99), data=st.data(), stop=st.one_of(st.none(), st.integers(0, 20)))
def test_whatever_a_run_publishes_every_kind_can_draw(opened, budget, seed, data, stop):
    kind, result = opened
    paid, k = result.comparison.ledger, len(result.comparison.weights)
    weights = np.random.default_rng(seed).normal(size=(paid.n_players, k))
    plan = Plan(data.draw(st.sampled_from(PANES)), data.draw(st.sampled_from(PANES)), budget, seed)
    ledger = Ledger(FakeGame(paid.n_players, lambda z: np.tanh(z @ weights), paid.labels, batch_size=16))
    published, asked = [], []

    def cancel():
        asked.append(1)
        return stop is not None and len(asked) > stop

    with suppress(Cancelled, ValueError):  # nothing is known yet, or too small a budget for a method
        outputs = result.comparison.outputs
        published.append(compare(ledger, plan, outputs, [1.0] * k, lambda *told: None, published.append, cancel))
    for comparison in {id(one): one for one in (*published[:2], *published[-2:])}.values():
        one = replace(result, comparison=comparison)
        picture = kind.picture(one)
        with mock.patch("ui.maps.side_by_side.st.markdown") as told:
            show(comparison, picture)
        nexts = [call for call in told.call_args_list if "**Next:**" in str(call)]
        assert len(nexts) <= (comparison.state != "preliminary")  # it leads to what a run that goes on does not show
        maps = comparison.focused()
        assert picture.png({"a map": maps[0]}, 1.0).startswith(b"\x89PNG")
        if comparison.state != "preliminary":
            assert "<html" in html_report(to_bundle(kind.key, one, "x", ""), picture)


def test_a_number_s_values_are_of_its_prediction_and_a_class_s_of_its_log_odds():
    result = from_bundle(KINDS["table"], read_bundle((ASSETS / "first" / "table.zip").read_bytes()))
    assert KINDS["table"].picture(result).quantity == "the predicted progression in one year"
    told = replace(result, about=replace(result.about, classes=True, units="log-odds of income > 50K"))
    assert KINDS["table"].picture(told).quantity == "the log-odds of income > 50K"
