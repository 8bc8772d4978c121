"""The Image page as a person uses it: a photo brought, a patch clicked away, its map taken away."""

import csv
import io
import re

import numpy as np
import pytest
from clicks import becomes, settle, unfold
from PIL import Image
from playwright.sync_api import expect

from model import load_image_classifier, read_image
from model.assets import ASSETS
from ui.runs.bundle import read_bundle
from xai import Ledger, explain

SAMPLES = ASSETS / "samples" / "images"
PANES = {"l": ("banzhaf", "auto"), "r": ("shapley", "kernelshap")}
SMALL = "budget=64&grid-photos=4+%C3%97+4&grid-shapes=4+%C3%97+4"


def open_image(open_tiny, query="", **options):
    page = open_tiny(ready=False, path=f"/image?{query}", **options)
    page.locator(".st-key-picture-r .js-plotly-plot").wait_for()
    page.locator(".st-key-explain button:enabled").wait_for()
    return page


def bring(page, image):
    """Upload a picture and wait until the page has it."""
    upload(page, png(image))
    expect(page.get_by_text(f"{image.width} × {image.height} pixels")).to_be_visible()


def upload(page, data, name="photo.png"):
    unfold(page)
    page.locator(".st-key-image-file input[type=file]").set_input_files({"name": name, "mimeType": "image/png", "buffer": data})


def press_explain(page):
    expect(page.get_by_text("The result below is of an earlier picture")).to_be_visible()
    page.locator(".st-key-explain button:enabled").click()
    expect(page.locator(".st-key-cancel button")).to_be_visible()
    expect(page.locator(".st-key-cancel button")).to_have_count(0)
    expect(page.get_by_text("The result below is of an earlier picture")).to_have_count(0)
    expect(page.get_by_text("Preliminary values")).to_have_count(0)
    page.locator(".st-key-explain button:enabled").wait_for()


def plot(page, pane):
    settle(page)
    found = page.locator(f".st-key-picture-{pane} .js-plotly-plot")
    expect(found).to_have_count(1)
    return found


def drawn(page, pane):
    """Values of the coloured layer of a map, (rows, columns)."""
    return np.array(plot(page, pane).evaluate("plot => plot._fullData[0].z.map(row => [...row])"))


def click(page, pane, across, down):
    """A click at a place of a map, as shares of its width and height."""
    plot(page, pane).scroll_into_view_if_needed()
    left, top, width, height = plot(page, pane).evaluate(
        """plot => { const at = plot.getBoundingClientRect(), x = plot._fullLayout.xaxis, y = plot._fullLayout.yaxis;
        return [at.x + x._offset, at.y + y._offset, x._length, y._length]; }"""
    )
    page.mouse.click(left + across * width, top + down * height)


def left_out(page):
    return page.locator("[class*=st-key-image-hidden]").first


def png(image):
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def classifier():
    return load_image_classifier("cpu")


def test_a_photo_is_brought_explained_clicked_and_taken_away(open_tiny, classifier):
    page, photo = open_image(open_tiny, SMALL), read_image((SAMPLES / "coffee.jpg").read_bytes())
    bring(page, photo)
    press_explain(page)
    game = classifier.game(photo, None, (4, 4))
    ledger = Ledger(game)
    for pane, (index, method) in PANES.items():
        found = explain(game, index, method, 64, ledger=ledger).values[:, 0]
        becomes(page, lambda pane=pane, found=found: (drawn(page, pane).ravel(), found), atol=1e-3)
        layer = drawn(page, pane)
        ends = plot(page, pane).evaluate("plot => ['x', 'y'].map(axis => plot._fullData[0][axis].at(-1))")
        assert (layer.shape, ends) == ((4, 4), [photo.width, photo.height])
    click(page, "l", 0.6, 0.4)
    expect(left_out(page)).to_contain_text("row 2, column 3")
    expect(page.get_by_text("the picture without one part")).to_be_visible()
    click(page, "r", 0.9, 0.9)
    expect(left_out(page)).to_contain_text("row 4, column 4")
    expect(page.get_by_text("the picture without 2 parts")).to_be_visible()
    present = np.ones(16, bool)
    present[[6, 15]] = False
    says = classifier.top(game.picture(present), 1)[0].name
    expect(page.get_by_text(f"says {says}").or_(page.get_by_text(f"still says {says}")).first).to_be_visible()
    click(page, "l", 0.6, 0.4)
    expect(left_out(page)).not_to_contain_text("row 2, column 3")
    settle(page)
    page.get_by_role("tab", name="Film strip").click()
    expect(page.locator(".swing-strip").first.locator("figure")).to_have_count(9)
    page.get_by_role("tab", name="Take away").click()
    files = {}
    for label in ("Bundle (ZIP)", "Numbers (CSV)", "Heatmaps (PNG)", "Report (HTML)"):
        with page.expect_download() as download:
            page.get_by_role("button", name=label).click()
        files[label] = download.value.path().read_bytes()
    bundle = read_bundle(files["Bundle (ZIP)"])
    np.testing.assert_array_equal(bundle.attributions["left"].values.shape, (16, 5))
    rows = list(csv.DictReader(io.StringIO(files["Numbers (CSV)"].decode())))
    kept = bundle.attributions["left"].combine(bundle.weights).values
    np.testing.assert_array_equal([float(row["left_value"]) for row in rows], kept)
    assert Image.open(io.BytesIO(files["Heatmaps (PNG)"])).height > 600
    assert files["Report (HTML)"].count(b"<img") == 3
    other = open_image(open_tiny)
    other.locator(".st-key-bundle input[type=file]").set_input_files(
        {"name": "bundle.zip", "mimeType": "application/zip", "buffer": files["Bundle (ZIP)"]}
    )
    expect(other.get_by_text(f"{photo.width} × {photo.height} pixels")).to_be_attached()
    np.testing.assert_array_equal(drawn(other, "l"), drawn(page, "l"))


def test_words_and_patches_of_a_question_to_the_model_with_eyes(open_tiny):
    page = open_image(open_tiny, SMALL + "&words=true")
    page.get_by_text("Drawn shapes: a small Gemma 3").click()
    expect(page.get_by_text("64 × 64 pixels")).to_be_attached()
    press_explain(page)
    words = page.locator('.swing-heatmap[data-pane="l"] .swing-player')
    expect(words).to_have_text(["what", "colour", "is", "the", "cross", "?"])
    click(page, "l", 0.1, 0.1)
    expect(left_out(page)).to_contain_text("row 1, column 1")


def test_what_is_no_picture_leaves_the_page_as_it_was(open_tiny):
    page = open_image(open_tiny)
    before = drawn(page, "l")
    upload(page, b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "drawing.svg")
    expect(page.get_by_text("is an SVG drawing, which has no pixels")).to_be_visible()
    np.testing.assert_array_equal(drawn(page, "l"), before)
    expect(page.get_by_text("Traceback")).to_have_count(0)


def test_it_fits_a_phone(open_tiny):
    page = open_image(open_tiny, width=390, height=900)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        box = plot(page, "l").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_a_patch_is_the_same_in_both_maps_their_difference_and_the_table(open_tiny):
    page = open_image(open_tiny)
    row = page.locator("tr[data-player]").first
    row.wait_for()
    settle(page)
    down, across = map(int, re.fullmatch(r"row (\d), column (\d)", row.locator("td").first.inner_text()).groups())
    grid, outline = page.locator(".st-key-picture-l .nsewdrag"), page.locator(".st-key-picture-l .swing-outline-over")

    def middle():
        box = grid.bounding_box()
        return box["x"] + box["width"] * (across - 0.5) / 7, box["y"] + box["height"] * (down - 0.5) / 7

    def expect_marked():
        expect(row).to_have_class("swing-same")
        for key in ("l", "r", "d"):
            expect(page.locator(f".st-key-picture-{key} .swing-outline-over")).to_have_count(1)
        while (box := outline.bounding_box()) is None:  # a chart that is drawn anew is marked anew, a frame later
            page.wait_for_timeout(50)
        x, y = middle()  # of its stroke as well, which is the same on all sides
        assert abs(box["x"] + box["width"] / 2 - x) < 4 and abs(box["y"] + box["height"] / 2 - y) < 4
        size, whole = outline.evaluate("path => [path.getBBox().width, path.getBBox().height]"), grid.bounding_box()
        np.testing.assert_allclose(size, [whole["width"] / 7, whole["height"] / 7], atol=6)  # its cells have a size

    row.focus()
    expect_marked()
    row.blur()
    expect(page.locator(".swing-outline")).to_have_count(0)
    grid.scroll_into_view_if_needed()
    for step in (0, 1):  # a picture begins to listen when the pointer comes
        page.mouse.move(middle()[0] + step, middle()[1])
    expect_marked()
