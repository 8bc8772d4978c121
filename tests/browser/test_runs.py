"""Long runs as people live them: cancelled, continued, waited for, killed, reopened. On the tiny model."""

import re

import numpy as np
from clicks import LONG, fill, press_explain, set_budget, type_target, values
from playwright.sync_api import expect

MANY = " ".join(f"{word}{i}" for i, word in enumerate((LONG + " " + LONG + " " + LONG).split()))


WHOLE = "/?stop=false"  # runs that take all that they may


def begin_long(page):
    fill(page, "text", MANY)
    set_budget(page, 4096)
    type_target(page, " positive")
    press_explain(page)
    expect(page.get_by_text(re.compile(r"Banzhaf values.*: [1-9]\d* of \d+.* left"))).to_be_visible()


def paid(page):
    return int(re.search(r"so far: (\d+)", page.get_by_text("Paid for so far").inner_text()).group(1))


def test_values_settle_while_it_runs_and_a_cancelled_run_is_partial_and_goes_on(open_tiny):
    page = open_tiny(path=WHOLE)
    page.get_by_role("tab", name="Can I trust it?").click()
    begin_long(page)
    expect(page.get_by_text("Preliminary values")).to_be_visible()
    page.locator(".st-key-cancel button").click()
    expect(page.get_by_text("This run was cancelled: the values are")).to_be_visible()
    expect(page.get_by_role("tab", name="Can I trust it?")).to_have_attribute("aria-selected", "true")  # as it was left
    page.get_by_role("tab").first.evaluate("tab => tab.click()")  # what the page does by itself
    expect(page.get_by_role("tab", name="Can I trust it?")).to_have_attribute("aria-selected", "true")
    kept, link = paid(page), page.url
    assert 0 < kept < 8192
    set_budget(page, 64)
    page.locator(".st-key-explain button:enabled").click()
    expect(page.get_by_text("This run was cancelled: the values are")).to_be_hidden()
    page.locator(".st-key-more button").wait_for()
    assert paid(page) >= kept
    assert page.url.split("run=")[1][:20] == link.split("run=")[1][:20]
    before = paid(page)
    page.locator(".st-key-more button").click()
    page.locator(".st-key-cancel button").wait_for()
    page.locator(".st-key-explain button:enabled").wait_for()
    assert paid(page) > before


def test_two_users_at_once_see_a_first_map_each_and_take_turns(open_tiny):
    one, two = open_tiny(path=WHOLE), open_tiny(path=WHOLE)
    begin_long(one)
    fill(two, "text", f"A dull and boring film {LONG} {LONG}")
    set_budget(two, 4096)
    type_target(two, " positive")
    press_explain(two)
    expect(two.get_by_text("This run has stepped back, so that others see a first map too: 1 run is")).to_be_visible()
    expect(two.locator(".swing-heatmap").first).to_contain_text("A dull and boring film")
    expect(one.get_by_text("in turns with another run")).to_be_visible()
    expect(one.locator("body")).not_to_contain_text("dull and boring")
    one.locator(".st-key-cancel button").click()
    expect(two.locator("body")).not_to_contain_text("omicron14")
    expect(two.locator('[data-testid="stSidebar"]')).not_to_contain_text("alpha0")
    expect(one.locator(".swing-heatmap").first).to_contain_text("omicron14")
    two.locator(".st-key-cancel button").click()
    expect(two.get_by_text("This run was cancelled: the values are")).to_be_visible()


def test_a_killed_server_goes_on_where_it_was(open_tiny, tiny_server):
    page = open_tiny(path=WHOLE)
    begin_long(page)
    page.wait_for_url("**run=**")
    link, browser = page.url, page.context
    tiny_server.kill()
    page.close()
    tiny_server.start()
    other = open_tiny(ready=False, path="/" + link.split("/", 3)[3])
    expect(other.get_by_text("This run is private")).to_be_visible()
    page = browser.new_page()
    page.goto(link)
    running = page.get_by_text(re.compile(r"Banzhaf values.*: [1-9]\d* of \d+"))
    running.wait_for()
    done, total = map(int, re.search(r": (\d+) of (\d+)", running.inner_text()).groups())
    assert total < 4096  # what was paid before the kill is not paid again
    expect(page.locator(".st-key-text textarea")).to_have_value(MANY)
    page.locator(".st-key-cancel button").click()
    expect(page.get_by_text("This run was cancelled: the values are")).to_be_visible()
    before = values(page, "l")
    page.reload()
    page.locator(".swing-heatmap").nth(1).wait_for()
    np.testing.assert_array_equal(values(page, "l"), before)
