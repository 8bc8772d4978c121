"""What is taken away from a run, and brought back: files of the page itself, opened without server and network."""

import csv
import io
import re
import zipfile

import numpy as np
import pytest
from clicks import PATIENCE, fill, open_settings, press_explain, set_budget, type_target, values
from playwright.sync_api import expect

from ui.runs.bundle import read_bundle

TEXT = "one <b>two</b> three =four five six seven"


@pytest.fixture()
def explained(open_tiny):
    page = open_tiny()
    fill(page, "text", TEXT)
    set_budget(page, 64)
    type_target(page, " positive")
    press_explain(page)
    expect(page.locator(".swing-heatmap").first).to_contain_text("=four")
    page.locator(".st-key-explain button:enabled").wait_for()
    page.get_by_role("tab", name="Take away").click()
    return page


def saved(page, label):
    with page.expect_download() as download:
        page.get_by_role("button", name=label).click()
    return download.value.path()


def test_every_file_says_what_the_page_shows(explained, browser):
    page = explained
    shown = {pane: values(page, pane) for pane in "lr"}
    bundle = read_bundle(saved(page, "Bundle (ZIP)").read_bytes())
    for pane, name in (("l", "left"), ("r", "right")):
        of_bundle = bundle.attributions[name].combine(bundle.weights).values
        np.testing.assert_array_equal(shown[pane], np.round(of_bundle, 6))
    rows = list(csv.DictReader(io.StringIO(saved(page, "Numbers (CSV)").read_text())))
    np.testing.assert_array_equal(
        [float(row["left_value"]) for row in rows], bundle.attributions["left"].combine(bundle.weights).values
    )
    assert [row["label"] for row in rows if row["label"].startswith("'=")]
    assert saved(page, "Heatmaps (PNG)").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    report = saved(page, "Report (HTML)")
    file = report.with_suffix(".html")
    file.write_bytes(report.read_bytes())
    with browser.new_context(offline=True) as context:
        context.set_default_timeout(PATIENCE)
        alone = context.new_page()
        asked = []
        alone.on("request", lambda request: asked.append(request.url))
        alone.goto(file.as_uri())
        panes = [alone.locator(".panes .swing-heatmap").nth(i).locator(".swing-player") for i in (0, 1)]
        for pane, spans in zip("lr", panes):
            found = [float(span.get_attribute("data-value")) for span in spans.all()]
            np.testing.assert_array_equal(found, shown[pane])
        assert asked == [file.as_uri()]
        assert alone.locator(".swing-heatmap b").count() == 0


def test_a_bundle_is_brought_back_and_a_hostile_one_refused(explained, open_tiny, tmp_path):
    good = tmp_path / "good.zip"
    good.write_bytes(saved(explained, "Bundle (ZIP)").read_bytes())
    other = open_tiny()
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("../../etc/passwd", "root")
        archive.writestr("manifest.json", "{}")
    before = values(other, "l")
    other.locator(".st-key-bundle input[type=file]").set_input_files(bad)
    expect(other.get_by_text(re.compile("This file cannot be opened as a Swing bundle"))).to_be_visible()
    np.testing.assert_array_equal(values(other, "l"), before)
    other.locator(".st-key-bundle input[type=file]").set_input_files(good)
    expect(other.locator(".swing-heatmap").first).to_contain_text("=four")
    for pane in "lr":
        np.testing.assert_array_equal(values(other, pane), values(explained, pane))
    expect(other.locator(".st-key-text textarea")).to_have_value(TEXT)


def test_a_budget_stands_in_the_link_once_it_is_chosen(open_tiny):
    page = open_tiny()
    fill(page, "text", "one two three four five six seven eight nine ten eleven twelve fox dog")
    open_settings(page)
    slider = page.locator(".st-key-budget input[type=range]")
    expect(slider).to_have_attribute("aria-valuetext", "514")
    expect(page.get_by_text("left map exact up to four words acting together")).to_be_visible()
    assert "budget" not in page.url
    for budget in (512, 256):  # where the page stands without an input is a choice, too
        slider.press("ArrowLeft")
        page.wait_for_url(f"**budget={budget}**")
    page.reload()
    open_settings(page)
    expect(slider).to_have_attribute("aria-valuetext", "256")
    assert "budget=256" in page.url


def test_settings_stand_in_the_link(open_tiny):
    page = open_tiny(path="/?budget=64&players=tokens")
    open_settings(page)
    expect(page.get_by_role("combobox", name="Parts", exact=True)).to_have_value("tokens")
    expect(page.locator(".st-key-budget")).to_contain_text("64")
    slider = page.locator(".st-key-budget input[type=range]")
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_url("**budget=128**")
    assert "one" not in page.url.split("?")[1]
