"""A classifier of the visitor's own on the Image page: brought as a file, looked at through its own eyes, explained."""

import io
from pathlib import Path

import numpy as np
import pytest
from classifier_graphs import graph
from pages import bench, finish
from PIL import Image
from streamlit.testing.v1 import AppTest

from model import load_image_classifier
from ui.image import brought, source
from ui.image.request import OWN
from ui.shell import access

PAGE = str(Path(__file__).parents[3] / "ui" / "image" / "page.py")
LABELS = "cat\ndog\nowl\nfox\nbee\n"
SCALED = {"mean": "0.4 0.5 0.6", "std": "0.2 0.3 0.4"}


@pytest.fixture()
def page(slot):
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    finish(page, "image")
    page.radio(key="model").set_value(OWN).run()
    assert not page.exception and "explain" not in [button.key for button in page.button]
    return page


def bring(page, data, labels=None, **typed):
    for key, text in typed.items():
        page.text_input(key=f"own-{key}").set_value(text)
    if labels is not None:
        page.file_uploader(key="own-labels").set_value(("labels.txt", labels, "text/plain"))
    page.file_uploader(key="own-file").set_value(("mine.onnx", data, "application/octet-stream")).run()
    assert not page.exception
    return page


def captions(page):
    return " ".join(caption.value for caption in page.caption).replace("\\", "")


@pytest.mark.slow
def test_it_is_explained_as_from_python(page, tmp_path):
    bring(page, graph(), LABELS.encode(), **SCALED)
    page.select_slider(key="budget").set_value(64)
    page.selectbox(key=f"grid-{OWN}").set_value(4).run()
    assert not page.error and page.selectbox[0].options[:2] == ["cat", "dog"]
    page.button(key="explain").click().run()
    result = bench(finish(page, "image"), "image").shown
    assert not page.exception and not page.error
    (tmp_path / "mine.onnx").write_bytes(graph())
    model = load_image_classifier(tmp_path / "mine.onnx", LABELS.split(), mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))
    game = model.game(source.picture(result.request.source), grid=(4, 4))
    coalitions, values = result.comparison.ledger.known()
    np.testing.assert_allclose(values, game(coalitions), atol=1e-5)
    assert result.comparison.outputs == game.outputs and set(game.outputs) <= set(LABELS.split())
    assert result.request.own in brought.classifiers()


@pytest.mark.slow
def test_what_it_does_not_say_of_itself_is_asked(page):
    bring(page, graph((None, 3, None, None)))
    assert "does not say how many pixels a side" in page.error[0].value
    bring(page, graph((None, 3, None, None)), side="8")
    assert "does not say how its pixels are scaled" in page.error[0].value
    bring(page, graph((None, 3, None, None)), side="8", **SCALED)
    assert not page.error and page.button(key="explain")
    bring(page, graph((None, 3, None, None)), side="many", **SCALED)
    assert "must be a whole number; got 'many'" in page.error[0].value
    bring(page, graph(), b"a\nb\n", side="", **SCALED)
    assert "there are 2 labels; the model has 5 classes" in page.error[0].value.casefold()
    bring(page, b"no graph", b"", side="", **SCALED)
    assert "ONNX graph" in page.error[0].value and "explain" not in [button.key for button in page.button]


def test_the_page_shows_what_it_sees(monkeypatch, tmp_path):
    """Made of the numbers that the model is given: at its own size, whatever they are scaled to."""
    (tmp_path / "mine.onnx").write_bytes(graph())
    model = load_image_classifier(tmp_path / "mine.onnx", mean=0.5, std=0.25)
    shown = []
    monkeypatch.setattr(brought, "classifiers", lambda: {"it": model})
    monkeypatch.setattr(brought.st, "image", lambda picture, width, caption: shown.append((picture, caption)))
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8))
    brought.show_seen("it", picture)
    np.testing.assert_array_equal(np.asarray(shown[0][0]), model.pixels(picture))
    assert "8 × 8 pixels, as numbers from -" in shown[0][1] and "It knows 5 classes." in shown[0][1]
    with pytest.raises(ValueError, match="is not here any more"):
        brought.needed("another")


@pytest.mark.slow
def test_its_result_stays_readable_without_it(page):
    bring(page, graph(), LABELS.encode(), **SCALED)
    page.select_slider(key="budget").set_value(64)
    page.selectbox(key=f"grid-{OWN}").set_value(4).run()
    page.button(key="explain").click().run()
    finish(page, "image")
    brought.classifiers().clear()
    page.file_uploader(key="own-file").set_value(None).run()
    assert not page.exception and brought.GONE in captions(page)
    assert bench(page, "image").shown is not None


def test_a_public_server_runs_no_graphs_of_strangers(slot, monkeypatch):
    monkeypatch.setenv(access.VARIABLE, access.ANONYMOUS)
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not page.exception and "A classifier of your own" not in page.radio(key="model").options
    monkeypatch.setenv(access.VARIABLE, "")
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    assert "A classifier of your own" in page.radio(key="model").options


@pytest.mark.slow
def test_labels_that_are_no_text(page):
    out = io.BytesIO()
    Image.new("RGB", (2, 2)).save(out, "PNG")
    bring(page, graph(), out.getvalue(), **SCALED)
    assert "the file of labels cannot be read" in page.error[0].value.casefold()
