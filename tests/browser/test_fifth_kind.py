"""A kind of input that the product knows nothing of, from asking to its bundle, in a browser."""

import numpy as np
from clicks import press_explain, unfold, values
from playwright.sync_api import expect


def move(page, name, steps):
    slider = page.locator(f".st-key-{name} input[type=range]")
    for _ in range(steps):
        slider.press("ArrowRight")


def shows(page, *expected, atol=1e-6):
    expect(page.locator('.swing-heatmap[data-pane="l"] .swing-player').first).to_have_attribute(
        "data-value", f"{expected[0]:.6f}"
    )
    for pane in "lr":
        np.testing.assert_allclose(values(page, pane), [*expected, 0, 0, 0], atol=atol)


def saved(page, label):
    with page.expect_download() as download:
        page.get_by_role("button", name=label).click()
    return download.value.path()


def test_from_ask_to_bundle(open_toy, tmp_path):
    page = open_toy(ready=False)
    move(page, "third", 2)
    expect(page.get_by_text("This will take at most 64 evaluations")).to_be_visible()
    press_explain(page)
    shows(page, 6, 6, 7, atol=0.5)  # KernelSHAP, of 32 of the 64 coalitions
    page.get_by_role("tab", name="Pairs of parts").click()
    page.locator(".st-key-more button").click()
    expect(page.get_by_text("Exact values.").first).to_be_visible()  # all 64 coalitions
    last = page.locator('.swing-heatmap[data-pane="r"] .swing-player').last
    expect(last).to_have_attribute("data-value", "0.000000")  # the right map, too
    shows(page, 6, 6, 7)
    expect(page.get_by_role("tab", name="Pairs of parts")).to_have_attribute("aria-selected", "true")  # still
    expect(page.locator(".st-key-more")).to_have_count(0)  # more of them would tell nothing
    page.reload()
    shows(page, 6, 6, 7)
    page.get_by_role("tab", name="Take away").click()
    report, bundle = saved(page, "Report (HTML)").read_text(), saved(page, "Bundle (ZIP)")
    assert "Sliders at 5, 5 and 7" in report and 'data-value="7.0"' in report
    unfold(page)
    move(page, "first", 3)
    expect(page.get_by_text("The result below is of an earlier input or setting.")).to_be_visible()
    other = open_toy(ready=False)
    file = tmp_path / "bundle.zip"
    file.write_bytes(bundle.read_bytes())
    other.locator(".st-key-bundle input").set_input_files(file)
    shows(other, 6, 6, 7)
    assert other.locator(".st-key-third input[type=range]").input_value() == "7"
