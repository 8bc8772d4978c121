"""The exported report, opened from disk in a Chromium that has no network."""

import re

import numpy as np
import pytest
from clicks import PATIENCE
from drawn import BundlePicture
from games import FakeGame

from ui.draw.colour import colour, shared_scale, signed
from ui.files.report import combined, html_report
from ui.runs.bundle import Bundle, read_bundle, write_bundle
from xai import Ledger, explain, fidelity

PROMPT = "Review: The plot is thin, but <script>document.title = 'run'</script> is superb. Sentiment:"


def bundled():
    words = [[m.start(), m.end()] for m in re.finditer(r"\S+", PROMPT)][1:-1]
    weights = np.random.default_rng(1).normal(size=(len(words), 2))
    game = FakeGame(len(words), lambda z: np.tanh(z @ weights), [PROMPT[start:end] for start, end in words])
    ledger = Ledger(game)
    maps = {index: explain(game, index, budget=80, ledger=ledger) for index in ("banzhaf", "shapley")}
    shown = {"prompt": PROMPT, "target": " positive", "tokens": [" pos", "itive"], "spans": words}
    judged = fidelity(ledger, list(maps.values()), 32)
    about = "text", "A review", "gemma-3-270m", "done", {"budget": 80}, shown
    return Bundle(*about, [" pos", "itive"], [1.0, 1.0], maps, *ledger.known(), judged)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_it_opens_from_disk_without_network(browser, tmp_path, scheme, width):
    bundle = bundled()
    file = tmp_path / "report.html"
    file.write_text(
        html_report(read_bundle(write_bundle(bundle)), BundlePicture(bundle, "words", "the answer’s log-probability"))
    )
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    context.set_default_timeout(PATIENCE)
    page, asked, told = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.goto(file.as_uri())
    assert asked == [file.as_uri()] and told == []
    assert page.title() == "A review – Swing"  # the prompt's script did not run
    maps = [combined(bundle)[name] for name in ("banzhaf", "shapley")]
    scale = shared_scale(*maps)
    for pane, one in enumerate(maps):
        spans = page.locator(".swing-heatmap").nth(pane).locator(".swing-player")
        assert spans.count() == len(one.values)
        for i, value in enumerate(one.values):
            alpha = float(re.search(r"([\d.]+)\)$", colour(value, scale))[1])
            painted = spans.nth(i).evaluate("element => getComputedStyle(element).backgroundColor")
            assert float(re.search(r"([\d.]+)\)$", painted)[1]) == pytest.approx(alpha, abs=0.005)
    rows = page.locator("tr[data-player]")
    for i in range(rows.count()):
        cells = rows.nth(i).locator("td")
        assert cells.nth(1).inner_text() == bundle.labels[i]
        for column, one in ((2, maps[0]), (5, maps[1])):
            assert cells.nth(column).inner_text() == signed(one.values[i])
            assert float(cells.nth(column).get_attribute("data-value")) == one.values[i]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=tmp_path / "report.png", full_page=True)
    context.close()
