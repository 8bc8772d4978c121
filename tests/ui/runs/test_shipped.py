"""What ships with Swing is what a fresh run gives; it is shown before any model is loaded, and only where it is the truth."""

from pathlib import Path

import numpy as np
import pytest
from pages import Quiet
from streamlit.testing.v1 import AppTest

from model.assets import ASSETS
from ui.kind_page import kind_page
from ui.maps.spent import spent
from ui.runs import shipped
from ui.runs.bundle import read_bundle
from ui.runs.comparison import _explained
from ui.runs.comparison_bundle import from_bundle
from ui.shell.model_slot import ModelSlot
from ui.shipping import KINDS, subject_of
from xai import Ledger
from xai.closed import is_closed

PAGES = Path(kind_page.__code__.co_filename).parent
BY_KEY = {kind.key: kind for kind in KINDS}
TITLES = {"text": "positive", "image": "Egyptian cat", "table": "Diabetes", "data": "cross-entropy"}


def result_of(kind):
    return from_bundle(kind, read_bundle((ASSETS / "first" / f"{kind.key}.zip").read_bytes()))


@pytest.fixture()
def fresh(request, monkeypatch):
    """The subject of a kind's first request, on the models that are bundled."""
    kind, slot = BY_KEY[request.param], ModelSlot()
    if kind.asks_server_model(kind.first()):
        slot.gemma = request.getfixturevalue("gemma")
    monkeypatch.setattr("ui.shell.model_slot.the_slot", lambda: slot)
    return kind, subject_of(kind)(Quiet())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_it_is_of_the_first_request_and_follows_from_its_ledger(kind):
    result = result_of(kind)
    request, found = result.request, result.comparison
    assert request == kind.first() and found.state == "done" and len(found.judgements) == 2
    if not all(one.method == "exact" for one in found.maps):
        for pane, one in zip(request.plan.panes, found.maps):
            values = _explained(found.ledger, pane, request.plan, found.weights, None, None).values
            np.testing.assert_allclose(values, one.values, atol=1e-9)
    assert found.judgements[0].exact == (found.maps[0].method == "exact")
    assert spent(found) == [] or not found.judgements[0].exact  # what is exact was not stopped early


@pytest.mark.parametrize(
    "fresh",
    [pytest.param(key, marks=[pytest.mark.checkpoint] * kind.asks_server_model(kind.first())) for key, kind in BY_KEY.items()],
    indirect=True,
)
def test_a_fresh_run_gives_the_same(fresh):
    kind, subject = fresh
    found = result_of(kind).comparison
    assert subject.game.labels == found.ledger.labels and subject.outputs == found.outputs
    coalitions, values = found.ledger.known()
    some = np.linspace(0, len(coalitions) - 1, 4).astype(int)
    np.testing.assert_allclose(subject.game(coalitions[some]).reshape(4, -1), values[some].reshape(4, -1), atol=2e-3)
    if is_closed(subject.game):
        for pane, one in zip(kind.first().plan.panes, found.maps):
            values = _explained(Ledger(subject.game), pane, kind.first().plan, found.weights, None, None).values
            np.testing.assert_allclose(values, one.values, atol=1e-6)


def open_page(monkeypatch, kind, source=None):
    slot = ModelSlot(source)
    monkeypatch.setattr("ui.shell.model_slot.the_slot", lambda: slot)
    monkeypatch.setattr("ui.runs.shipped.AT", ASSETS / "first")
    page = AppTest.from_file(str(PAGES / kind / "page.py"), default_timeout=60).run()
    assert not page.exception
    return page, " ".join(element.proto.body for element in page.get("html"))


@pytest.mark.parametrize("kind", TITLES)
def test_a_page_opens_with_it_before_any_model_is_loaded(kind, monkeypatch, slot):
    page, html = open_page(monkeypatch, kind)
    assert page.session_state[f"bench-{kind}"].shown is not None and 'data-folded="true"' in html
    assert any(caption.value == shipped.SHIPPED for caption in page.caption)
    assert sum("**Next:**" in each.value for each in page.markdown) == 1
    assert TITLES[kind] in html + " ".join(each.value for each in page.markdown) + str(
        page.session_state[f"bench-{kind}"].shown.about
    )


def test_another_model_has_said_nothing_yet(monkeypatch, slot):
    page, html = open_page(monkeypatch, "text", "another/checkpoint")
    assert page.session_state["bench-text"].shown is None and 'data-folded="false"' in html
