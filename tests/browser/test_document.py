"""The Document page as a person uses it: the first map, a click into the tree, the heaviest sentence, narrow and dark."""

import numpy as np
from clicks import settle
from playwright.sync_api import expect

from ui.document import tree
from ui.document.kept import from_bytes
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
        row.press("Enter")
        settle(page)
    assert study.root.at(path).label(study.text) in ("Ingrid", "Solberg")
    chosen = page.locator(".swing-minimap .swing-here")
    expect(chosen).to_have_count(2)
    assert chosen.first.evaluate("one => one.getBoundingClientRect().width") >= 1
    page.locator(".st-key-doc-out button").click()
    expect(page.get_by_text("Taken out:")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not page.locator('[data-testid="stException"]').count()
    assert page.evaluate("document.querySelectorAll('*').length") < 2000
