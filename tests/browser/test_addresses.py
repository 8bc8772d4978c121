"""Addresses that a person can say; the old ones lead there, and take their settings along."""

import re

import pytest
from clicks import open_settings
from playwright.sync_api import expect

PAGES = {"text": "Text", "image": "Image", "table": "Table", "data": "Data"}
PAGES |= {"document": "Document", "sets": "Data sets", "scaling": "Scaling"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_an_address_and_a_title_and_an_old_address_leads_there(open_tiny, tiny_server, name):
    page = open_tiny(ready=False, path=f"/{name}")
    for old in (False, True) if name != "text" else (False,):
        if old:
            page.goto(f"{tiny_server.address}/{name}_page")
            page.wait_for_url(re.compile(rf"/{name}(\?.*)?$"))
        expect(page).to_have_title(f"{PAGES[name]} · Swing")
        assert not page.url.split("?")[0].endswith("_page")
        expect(page.locator('[data-testid="stTopNavLink"]')).to_have_count(len(PAGES))


def test_settings_and_runs_come_along(open_tiny):
    page = open_tiny(ready=False, path="/table_page?budget=128")
    expect(page).to_have_title("Table · Swing")
    open_settings(page)
    expect(page.locator(".st-key-budget")).to_contain_text("128")
    assert page.url.endswith("/table?budget=128")
    gone = open_tiny(ready=False, path="/image_page?run=nobody-knows-it")
    expect(gone.get_by_text("There is no run under this link")).to_be_visible()
