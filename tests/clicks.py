"""What a person does on the Text page, for the browser tests."""

import numpy as np
from playwright.sync_api import expect

PATIENCE = 240_000  # ms, for what takes a second or two: a busy machine may take its time
LONG = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon"


def settle(page):
    """Wait until the page is made: before that, what is shown may be old, or half of it."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def values(page, pane):
    settle(page)
    spans = page.locator(f'.swing-heatmap[data-pane="{pane}"] .swing-player').all()
    return np.array([float(span.get_attribute("data-value")) for span in spans])


def becomes(page, read, atol=0.0):
    """Assert that the two arrays that `read()` returns come to be equal: Plotly draws anew a moment after all else is made."""
    for _ in range(100):
        found, wanted = map(np.asarray, read())
        if found.shape == wanted.shape and np.allclose(found, wanted, rtol=0, atol=atol):
            return
        page.wait_for_timeout(200)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=atol)


def run_set(page, rows):
    """Begin what the Data sets page asks, and wait until all its rows are done."""
    settle(page)
    page.locator(".st-key-sets-estimate button").click()
    page.locator(".st-key-sets-start button").click()
    expect(page.get_by_text(f"{rows} of {rows} rows")).to_be_visible()


def unfold(page):
    """Open the question, where it is folded into its line."""
    settle(page)
    page.locator(".swing-asked").wait_for()  # a page that leads to another is made before that one is
    if page.locator('.swing-asked[data-folded="true"]').count():
        page.locator(".st-key-fold button").click()
        page.locator('.swing-asked[data-folded="false"]').wait_for()


def open_settings(page):
    unfold(page)
    page.locator(".st-key-question").get_by_text("Settings: ").click()


def fill(page, key, text):
    unfold(page)
    page.locator(f".st-key-{key} textarea, .st-key-{key} input").fill(text)
    page.keyboard.press("Control+Enter")


def set_budget(page, budget):
    """Open the settings and move the budget slider to one of its choices."""
    unfold(page)
    if not page.locator(".st-key-budget").is_visible():
        open_settings(page)
    slider = page.locator(".st-key-budget input[type=range]")
    for _ in range(4 * int(slider.get_attribute("max"))):  # a page that is drawn anew forgets a step it was not yet told of
        settle(page)
        now = int(slider.get_attribute("aria-valuetext"))
        if now == budget:
            break
        slider.press("ArrowRight" if now < budget else "ArrowLeft")
    settle(page)
    expect(slider).to_have_attribute("aria-valuetext", str(budget))


def press_explain(page):
    page.locator(".st-key-explain button:enabled").click()


def wait_until_shown(page, text):
    expect(page.locator(".swing-heatmap").first).to_contain_text(text)
    page.locator(".st-key-explain button:enabled").wait_for()


def type_target(page, target):
    """A target of one's own, for a random model answers with anything. The settings must be open."""
    page.get_by_text("A target I type").click()
    page.locator(".st-key-target input").fill(target)
    page.keyboard.press("Enter")
