"""The Text page as a person uses it: real clicks, the real model, and numbers compared with `explain`."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from ui.samples import SAMPLES
from xai import explain

LONG = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon"


def values(page, index):
    spans = page.locator(f'.swing-heatmap[data-index="{index}"] .swing-player')
    return np.array([float(spans.nth(i).get_attribute("data-value")) for i in range(spans.count())])


def fill(page, key, text):
    page.locator(f".st-key-{key} textarea, .st-key-{key} input").fill(text)
    page.keyboard.press("Control+Enter")


def set_budget(page, steps):
    """Open the settings and move the budget slider by so many steps."""
    if not page.locator(".st-key-budget").is_visible():
        page.get_by_text("Settings: target").click()
    slider = page.locator(".st-key-budget input[type=range]")
    slider.focus()
    for _ in range(abs(steps)):
        slider.press("ArrowRight" if steps > 0 else "ArrowLeft")


def press_explain(page):
    page.locator(".st-key-explain button:enabled").click()


def wait_until_shown(page, text):
    expect(page.locator(".swing-heatmap").first).to_contain_text(text, timeout=120_000)
    page.locator(".st-key-explain button:enabled").wait_for(timeout=120_000)


def direct(gemma, sample, target, index, budget):
    prompt = sample.before + sample.text + sample.after
    within = len(sample.before), len(sample.before) + len(sample.text)
    game = gemma.text_game(prompt, target, gemma.encode(prompt).split(sample.players, within))
    method = "exact" if 2**game.n_players <= budget else {"banzhaf": "kernel", "shapley": "kernelshap"}[index]
    return explain(game, index, method, budget=budget).combine(np.ones(len(game.outputs))).values


def test_a_newcomer_sees_the_first_sample_explained(open_tab, gemma):
    page = open_tab()
    expect(page.locator(".swing-answer")).to_have_text("positive")
    for index in ("banzhaf", "shapley"):
        np.testing.assert_allclose(values(page, index), direct(gemma, SAMPLES[0], " positive", index, 64), atol=2e-4)
    player = page.locator(".swing-player", has_text="superb").first
    player.hover()
    assert re.fullmatch(r"[+−]\d\.\d{3} ± \d\.\d{3} · rank 1 of 10", player.get_attribute("data-tip"))


@pytest.mark.parametrize(("number", "answer"), [(1, "mon frère est un médecin"), (2, "Maria"), (3, "green")])
def test_a_sample_is_picked_and_explained(open_tab, gemma, number, answer):
    sample = SAMPLES[number]
    page = open_tab()
    page.locator(".st-key-sample").get_by_text(sample.title).click()
    expect(page.locator(".st-key-text textarea")).to_have_value(sample.text)
    set_budget(page, -2)
    expect(page.get_by_text(re.compile("This will take at most (16|32|64|128) evaluations"))).to_be_visible()
    press_explain(page)
    wait_until_shown(page, sample.text)
    expect(page.locator(".swing-answer")).to_contain_text(answer)
    target = gemma.generate(sample.before + sample.text + sample.after, stop="\n")
    for index in ("banzhaf", "shapley"):
        np.testing.assert_allclose(values(page, index), direct(gemma, sample, target, index, 64), atol=2e-3)


def test_a_long_run_is_cancelled_and_the_page_stays_usable(open_tab):
    page = open_tab()
    fill(page, "text", LONG)
    set_budget(page, 3)
    expect(page.get_by_text("at most 4096 evaluations")).to_be_visible()
    press_explain(page)
    expect(page.get_by_text(re.compile(r"Banzhaf values: [1-9]\d* of \d+ evaluations.* left"))).to_be_visible(
        timeout=60_000
    )
    fill(page, "after", ". Its last letter:")
    expect(page.locator(".swing-preview")).to_contain_text("Its last letter")
    page.locator(".st-key-cancel button").click()
    message = page.get_by_text(re.compile(r"Cancelled\. \d+ evaluations are kept"))
    message.wait_for(timeout=60_000)
    assert int(re.search(r"(\d+) evaluations are kept", message.inner_text()).group(1)) < 4096
    expect(page.locator(".st-key-explain button")).to_be_enabled()
    expect(page.locator(".swing-heatmap").first).to_contain_text("superb")


def test_two_tabs_do_not_disturb_each_other(open_tab):
    one, two = open_tab(), open_tab()
    fill(one, "text", LONG)
    set_budget(one, 3)
    press_explain(one)
    expect(one.get_by_text(re.compile(r"Banzhaf values: [1-9]\d* of"))).to_be_visible(timeout=60_000)
    fill(two, "text", "A dull and boring film")
    set_budget(two, -2)
    press_explain(two)
    wait_until_shown(two, "A dull and boring film")
    expect(one.locator(".st-key-cancel button")).to_be_visible()
    expect(one.locator(".swing-heatmap").first).to_contain_text("superb")
    expect(one.locator("body")).not_to_contain_text("dull and boring")
    expect(two.locator("body")).not_to_contain_text("omicron")
    one.locator(".st-key-cancel button").click()
    one.get_by_text("Cancelled.").wait_for(timeout=60_000)


def test_markup_and_other_scripts_are_shown_as_they_are(open_tab):
    page = open_tab()
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog), dialog.dismiss()))
    text = "<script>alert(1)</script> <b>fett</b> שלום 👩‍👩‍👧 wow"
    fill(page, "text", text)
    set_budget(page, -2)
    press_explain(page)
    wait_until_shown(page, text)
    assert not dialogs
    assert page.locator(".swing-heatmap b, .swing-heatmap script").count() == 0


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_nothing_overflows_in_width(open_tab, width, scheme):
    page = open_tab(width=width, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator(".swing-heatmap").first.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
