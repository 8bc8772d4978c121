"""A kind of input that the product knows nothing of, from asking to its bundle, in a browser."""

import numpy as np
from clicks import press_explain, values
from playwright.sync_api import expect


def move(page, name, steps):
    slider = page.locator(f".st-key-{name} input[type=range]")
    for _ in range(steps):
        slider.press("ArrowRight")


def shows(page, *expected):
    expect(page.locator('.swing-heatmap[data-pane="l"] .swing-player').first).to_have_attribute(
        "data-value", f"{expected[0]:.6f}"
    )
    for pane in "lr":
        np.testing.assert_allclose(values(page, pane), expected, atol=1e-6)


def saved(page, label):
    with page.expect_download() as download:
        page.get_by_role("button", name=label).click()
    return download.value.path()


def test_from_ask_to_bundle(open_toy, tmp_path):
    page = open_toy(ready=False)
    move(page, "third", 2)
    expect(page.get_by_text("This will take at most 8 evaluations")).to_be_visible()
    press_explain(page)
    shows(page, 6, 6, 7)
    page.locator(".st-key-more button").click()
    expect(page.get_by_text("Cost: 0 evaluations").first).to_be_visible()  # every coalition was paid for already
    page.reload()
    shows(page, 6, 6, 7)
    page.get_by_role("tab", name="Take away").click()
    report, bundle = saved(page, "Report (HTML)").read_text(), saved(page, "Bundle (ZIP)")
    assert "Sliders at 5, 5 and 7" in report and 'data-value="7.0"' in report
    move(page, "first", 3)
    expect(page.get_by_text("The result below is of an earlier input or setting.")).to_be_visible()
    other = open_toy(ready=False)
    file = tmp_path / "bundle.zip"
    file.write_bytes(bundle.read_bytes())
    other.locator(".st-key-bundle input").set_input_files(file)
    shows(other, 6, 6, 7)
    assert other.locator(".st-key-third input[type=range]").input_value() == "7"
