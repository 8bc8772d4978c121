"""A model that sees pictures in their own shape, and what is kept of runs of it."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pages
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from tiny import write_tiny_gemma4

from model import load_model
from ui.image import run as image_run
from ui.image.request import ImageAbout, ImageRequest

PAGE = str(Path(__file__).parents[3] / "ui" / "image" / "page.py")
finish = partial(pages.finish, kind="image")


@pytest.mark.slow
def test_the_servers_own_gemma_4_is_asked_about_a_photo(monkeypatch, tmp_path):
    from ui.shell.model_slot import ModelSlot

    torch.manual_seed(0)
    slot = ModelSlot("a multimodal checkpoint")
    slot.gemma, slot.seconds_per_token = load_model(str(write_tiny_gemma4(tmp_path / "tiny"))), 0.001
    monkeypatch.setattr("ui.shell.model_slot.the_slot", lambda: slot)
    page = finish(AppTest.from_file(PAGE, default_timeout=120).run())
    page.radio(key="model").set_value("gemma").run()
    page.text_input(key="image-question-gemma").set_value("one two")
    page.text_input(key="image-target").set_value("three")
    page.select_slider(key="budget").set_value(64).run()
    page.selectbox(key="grid-gemma").set_value(8).run()
    page.button(key="explain").click().run()
    page = finish(page)
    assert not page.exception and "6 rows of 10 places: choose a grid of at most 6 × 6 patches" in page.error[0].value
    page.selectbox(key="grid-gemma").set_value(4).run()
    page.button(key="explain").click().run()
    page = finish(page)
    assert not page.exception and not page.error
    result = page.session_state["bench-image"].shown
    assert result.about.units == (6, 10) and result.about.patches == 16
    slot.gemma.vision, slot.gemma.blind = None, "its eyes need a package"
    page.run()
    assert "only text is explained: its eyes need a package" in page.warning[0].value


@pytest.mark.parametrize(("side", "units"), [(16, (16, 16)), ([5, 12], (5, 12))])
def test_records_of_runs_open(side, units):
    request, image = ImageRequest("photo", model="gemma", grid=4, absent="strict"), Image.new("RGB", (60, 30))
    kept = {"answer": "blue", "guesses": [], "side": side}
    comparison = SimpleNamespace(ledger=SimpleNamespace(n_players=16))
    about = ImageAbout.from_record(kept, request, comparison, partial(image_run.regions_of, request, image))
    assert about.units == units and about.regions.shape == (30, 60) and about.to_record() == kept
    np.testing.assert_array_equal(np.unique(about.regions), np.arange(16))


@pytest.mark.parametrize("side", [3, 8.0, True, [3, 12], [5, 5000], [True, 12], [5, 5, 5]])
def test_records_of_no_grid_are_refused(side):
    request = ImageRequest("photo", model="gemma", grid=4, absent="strict")
    with pytest.raises(ValueError, match="side of its grid|too many values"):
        ImageAbout.from_record({"answer": "", "guesses": [], "side": side}, request, SimpleNamespace(), lambda units: units)
