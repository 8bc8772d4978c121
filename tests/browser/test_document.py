"""The Document page as a person uses it: the first map, a click into the tree, the heaviest sentence, narrow and dark."""

import numpy as np
from clicks import settle
from playwright.sync_api import expect
from studies import long_study

from ui.document import tree
from ui.document.keep.bundle import from_bytes, to_bytes
from ui.document.shelf import STUDY
from ui.runs.shipped import AT


def test_a_newcomer_looks_into_the_document_that_ships(open_tab):
    study = from_bytes((AT / STUDY).read_bytes())
    page = open_tab(ready=False, path="/document", width=390, scheme="dark")
    expect(page.locator(".swing-answer")).to_have_text("The captain of the ferry is Ingrid Solberg.")
    strips = page.locator(".swing-minimap")
    expect(strips).to_have_count(2)
    for strip, shown in zip(strips.all(), tree.maps(study, 0).values()):
        values = [float(one.get_attribute("data-value")) for one in strip.locator(".swing-player").all()]
        np.testing.assert_allclose(values, shown.values, atol=1e-6)
    settle(page)
    path = ()
    while path in study.opened:
        below = [(*path, i) for i in range(len(study.root.at(path).parts))]
        path = max(below, key=lambda one: tree.value(study.found["banzhaf"].nodes[one], 0))
        row = page.locator(f".st-key-doc-at-{'-'.join(map(str, path))} button")
        expect(row).to_contain_text(study.root.at(path).label(study.text)[:20])
        assert "#" not in row.inner_text()
        above = page.locator(f".st-key-doc-at-{'-'.join(map(str, path[:-1])) or 'all'} button")
        assert row.bounding_box()["x"] > above.bounding_box()["x"] + 5  # a part stands farther in than the one above it
        row.press("Enter")
        settle(page)
    assert study.root.at(path).label(study.text) in ("Ingrid", "Solberg")
    chosen = page.locator(".swing-minimap .swing-here")
    expect(chosen).to_have_count(2)
    assert chosen.first.evaluate("one => one.getBoundingClientRect().width") >= 1
    expect(page.get_by_role("tab", name="How right it is")).to_be_visible()
    page.locator(".st-key-doc-out button").click()
    expect(page.get_by_text("Taken out:")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not page.locator('[data-testid="stException"]').count()
    assert page.evaluate("document.querySelectorAll('*').length") < 2000


def test_two_hundred_pages_come_back_and_stay_a_small_page(open_tiny):
    """Only what is seen is in the page, wide and narrow; a look into a part draws no more."""
    study = long_study()
    page = open_tiny(ready=False, path="/document")
    page.locator(".st-key-bundle input[type=file]").set_input_files(
        {"name": "long.zip", "mimeType": "application/zip", "buffer": to_bytes(study)}
    )
    expect(page.locator(".swing-minimap")).to_have_count(2)
    expect(page.get_by_text(f"{study.root.last:,} words")).to_be_visible()
    path = max(study.by_search, key=lambda one: abs(tree.value(study.found["banzhaf"].nodes[one], 0)))
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.querySelectorAll('*').length") < 2500
        strip = page.locator(".swing-minimap").first
        assert strip.evaluate("one => one.scrollWidth <= one.clientWidth + 1")
    for level in range(1, len(path) + 1):
        page.locator(f".st-key-doc-at-{'-'.join(map(str, path[:level]))} button").press("Enter")
        settle(page)
    expect(page.locator(".swing-minimap .swing-here")).to_have_count(2)
    assert page.evaluate("document.querySelectorAll('*').length") < 2500
    assert not page.locator('[data-testid="stException"]').count()
