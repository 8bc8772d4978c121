"""The Text page as a person uses it: real clicks, the real model, and numbers compared with `explain`."""

import re

import numpy as np
import pytest
from clicks import fill, press_explain, set_budget, settle, type_target, values, wait_until_shown
from playwright.sync_api import expect

from model.assets import ASSETS
from ui.runs.bundle import read_bundle
from ui.text.samples import SAMPLES
from xai import Ledger, explain

PANES = {"l": ("banzhaf", "auto"), "r": ("shapley", "kernelshap")}


def direct(gemma, sample, target, budget, paid=None):
    """Both maps as the API gives them, values (n, k): the second on the ledger of the first. paid : what is known before"""
    prompt = sample.before + sample.text + sample.after
    within = len(sample.before), len(sample.before) + len(sample.text)
    game = gemma.text_game(prompt, target, gemma.encode(prompt).split(sample.players, within))
    every, ledger = 2**game.n_players <= budget, Ledger(game)
    if paid is not None:
        coalitions, known = (found[::40] for found in paid.known())
        np.testing.assert_allclose(game(coalitions), known, atol=2e-3)
        ledger.take(paid)
    return {
        pane: explain(game, index, "exact" if every else method, budget, ledger=ledger).values
        for pane, (index, method) in PANES.items()
    }


def test_a_newcomer_sees_the_first_sample_explained(open_tab, gemma):
    page = open_tab()
    expect(page.locator(".swing-answer")).to_have_text("positive")
    shipped = read_bundle((ASSETS / "first" / "text.zip").read_bytes()).ledger()
    for pane, expected in direct(gemma, SAMPLES[0], " positive", 258, shipped).items():
        np.testing.assert_allclose(values(page, pane), expected.sum(axis=1), atol=2e-4)
    player = page.locator(".swing-player", has_text="superb").first
    player.hover()
    same = page.locator(".swing-player.swing-same")
    expect(same).to_have_count(3)  # in both maps and their difference
    assert {one.get_attribute("data-player") for one in same.all()} == {player.get_attribute("data-player")}
    expect(page.locator(".ytick text.swing-same")).to_have_text(["¹⁰superb", "¹⁰superb"])  # in both charts
    expect(page.locator(".point.swing-same")).to_have_count(2)
    page.locator('.swing-heatmap[data-pane="r"] .swing-player', has_text="acting").focus()
    expect(page.locator('.swing-heatmap[data-pane="l"] .swing-same')).to_have_text("acting")
    assert re.fullmatch(r"[+−]\d\.\d{3} ± \d\.\d{3} · rank 1 of 10", player.get_attribute("data-tip"))


def pick(page, number):
    page.locator(".st-key-sample").get_by_text(SAMPLES[number].title).click()
    expect(page.locator(".st-key-text textarea")).to_have_value(SAMPLES[number].text)
    set_budget(page, 64)
    expect(page.get_by_text(re.compile(r"This will take at most \d+ evaluations"))).to_be_visible()


def test_a_sample_is_picked_and_explained(open_tab, gemma):
    page, sample = open_tab(), SAMPLES[1]
    pick(page, 1)
    press_explain(page)
    wait_until_shown(page, sample.text)
    expect(page.locator(".swing-answer")).to_contain_text("mon frère est un médecin")
    target = gemma.generate(sample.before + sample.text + sample.after, stop="\n")
    expected = direct(gemma, sample, target, 64)
    for pane in PANES:
        np.testing.assert_allclose(values(page, pane), expected[pane].sum(axis=1), atol=2e-3)
    paid = page.get_by_text("Paid for so far").inner_text()  # another token of the answer, without one more evaluation
    page.locator("[class*=st-key-tokens] button").nth(1).click()
    expect(page.get_by_text("the log-probability of the chosen token").first).to_be_visible()
    for pane in PANES:
        np.testing.assert_allclose(values(page, pane), expected[pane][:, 1], atol=2e-3)
    assert page.get_by_text("Paid for so far").inner_text() == paid


@pytest.mark.parametrize("number", [2, 3])
def test_any_sample_is_picked_and_explained(open_tiny, tiny_gemma, number):
    page, sample = open_tiny(), SAMPLES[number]
    pick(page, number)
    type_target(page, " positive")
    press_explain(page)
    wait_until_shown(page, sample.text)
    for pane, expected in direct(tiny_gemma, sample, " positive", 64).items():
        np.testing.assert_allclose(values(page, pane), expected.sum(axis=1), atol=2e-4)


def test_markup_and_other_scripts_are_shown_as_they_are(open_tiny):
    page = open_tiny()
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog), dialog.dismiss()))
    text = "<script>alert(1)</script> <b>fett</b> שלום 👩‍👩‍👧 wow"
    fill(page, "text", text)
    set_budget(page, 64)
    press_explain(page)
    wait_until_shown(page, text)
    assert not dialogs
    assert page.locator(".swing-heatmap b, .swing-heatmap script").count() == 0


def test_a_part_of_a_long_text_is_the_same_in_maps_charts_and_table(open_tiny):
    page = open_tiny()
    fill(page, "text", " ".join(["the red train and the blue one"] * 3))
    set_budget(page, 64)
    press_explain(page)
    wait_until_shown(page, "blue one the red")
    settle(page)
    parts = page.locator('.swing-heatmap[data-pane="l"] .swing-player')
    assert [one.get_attribute("data-number") for one in parts.all()] == [str(i + 1) for i in range(21)]
    expect(parts.nth(7)).to_have_text("the")  # the number is drawn, and no part of the text
    number = "getComputedStyle(element, '::before').content"
    assert parts.nth(7).evaluate(f"element => {number}").startswith('"8"')
    row = page.locator("tr[data-player]").first
    player = int(row.get_attribute("data-player"))
    name = str(player + 1).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")) + parts.nth(player).inner_text()
    expect(row.locator("td").first).to_have_text(name)

    def expect_marked():
        expect(page.locator(".swing-player.swing-same")).to_have_count(3)
        expect(parts.nth(player)).to_have_class(re.compile("swing-same"))
        expect(row).to_have_class("swing-same")
        expect(page.locator(".ytick text.swing-same")).to_have_text([name, name])

    row.hover()
    expect_marked()
    row.evaluate("one => { one.className = ''; one.outerHTML = one.outerHTML }")  # as where the page is drawn anew
    expect_marked()
    parts.nth(player + (1 if player < 20 else -1)).focus()
    expect(row).not_to_have_class("swing-same")
    parts.nth(player).focus()
    expect_marked()
    draw_anew = "one => { const map = one.closest('.swing-heatmap'); map.outerHTML = map.outerHTML; }"
    for _ in range(2):  # the map is drawn anew, and the keyboard goes on where it was
        parts.nth(player).evaluate(draw_anew)
        expect(parts.nth(player)).to_be_focused()
        expect_marked()
    page.keyboard.press("Shift+Tab" if player == 20 else "Tab")
    expect(parts.nth(player + (-1 if player == 20 else 1))).to_be_focused()
    expect(row).not_to_have_class("swing-same")
    parts.nth(player).focus()
    expect_marked()
    parts.nth(player).blur()
    parts.nth(player).evaluate(draw_anew)
    page.wait_for_timeout(300)
    assert page.evaluate("document.activeElement === document.body")
    expect(page.locator(".swing-same")).to_have_count(0)
    ids = page.locator(".js-plotly-plot").first.evaluate("plot => plot.data[0].ids")
    bar = page.locator(".js-plotly-plot").first.locator(".barlayer .point").nth(ids.index(str(player)))
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    for step in (0, 1):  # a chart begins to listen when the pointer comes
        page.mouse.move(box["x"] + box["width"] / 2 + step, box["y"] + box["height"] / 2)
    expect_marked()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_overflows_in_width(open_tiny, width):
    page = open_tiny(width=width)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        box = page.locator(".swing-heatmap").first.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
