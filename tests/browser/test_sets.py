"""The Data sets page as a person uses it: a table is brought and run by a process, a row is clicked, no other browser sees it."""

from pathlib import Path

import pytest
from clicks import run_set, settle, values
from data_sets import rows_of
from playwright.sync_api import expect

ROWS = "size,colour,price\n" + "".join(f"{i % 5},{'red' if i % 3 else 'blue'},{i % 5 + 2 * (i % 3)}\n" for i in range(20))


def test_a_table_is_run_and_a_row_is_clicked(open_tiny, tiny_server):
    kept = Path(tiny_server._environment["SWING_HOME"])
    others = set(kept.glob("sets/*/*/out"))  # of other tests
    page = open_tiny(ready=False, path="/sets", width=390, scheme="dark")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "things.csv", "mimeType": "text/csv", "buffer": ROWS.encode()}
    )
    page.get_by_text("a row of a table").click()
    expect(page.get_by_text("Column to predict")).to_be_visible()
    run_set(page, 20)
    page.get_by_role("tab", name="Rows").click()
    table = page.locator("[class*='st-key-sets-rows'] canvas").first
    table.click(position={"x": 20, "y": 35 + 35 * 3 + 17}, force=True)  # under the line of names, the fourth row
    expect(page.locator(".st-key-sets-row input")).to_have_value("3")
    settle(page)
    (out,) = set(kept.glob("sets/*/*/out")) - others
    row = rows_of(out)[3]
    for index in ("banzhaf", "shapley"):
        assert values(page, f"sets-{index}").tolist() == pytest.approx(row[index], abs=1e-6)
    assert out.stat().st_mode & 0o077 == 0 and page.url.endswith("/sets")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not page.locator('[data-testid="stException"]').count()
    other = open_tiny(ready=False, path="/sets")
    expect(other.locator("input[type=file]").first).to_be_attached()
    settle(other)
    assert not other.locator(".st-key-sets-chosen").count()
