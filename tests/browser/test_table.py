"""The Table page as a person uses it: a file brought, a row explained, a cell edited, a table taken away."""

import io
import os
from http.client import HTTPConnection
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from clicks import PATIENCE, settle, unfold, values
from playwright.sync_api import expect

from model import TableModel
from model.files.table import read_table, samples
from model.table.truth import truth_of
from ui.draw.chances import number, ordinal

PANES = {"l": "banzhaf", "r": "shapley"}


def open_table(open_tiny, **options):
    """The page with its first row explained here: what ships with Swing has no model to ask further."""
    page = open_tiny(ready=False, path="/table", **options)
    page.locator(".swing-row").nth(1).wait_for()
    page.locator(".st-key-explain button:enabled").click()
    expect(page.get_by_text("Computed before and shipped with Swing")).to_have_count(0)
    page.locator(".st-key-explain button:enabled").wait_for()
    return page


def press_explain(page, text):
    page.locator(".st-key-explain button:enabled").click()
    expect(page.locator(".swing-answer")).to_contain_text(text)
    page.locator(".st-key-explain button:enabled").wait_for()


def choose(page, key, option):
    page.locator(f".st-key-{key} input").click()
    page.get_by_role("option", name=option).click()


def brought(rows=200, seed=0):
    """A table like those that people have: texts, missing cells, a formula."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            **{f"x{i}": rng.normal(size=rows).round(3) for i in range(6)},
            "place": rng.choice(["north", "south", "=1+1", None], rows),
            "old": rng.random(rows) < 0.4,
            "<b>age</b>": rng.integers(18, 90, rows),
        }
    )
    frame["price"] = (frame["x0"] * frame["x1"] + frame["<b>age</b>"] / 30 + (frame["place"] == "south")).round(4)
    return frame


def test_a_file_is_brought_fitted_explained_edited_and_exported(open_tiny):
    page, data = open_table(open_tiny), brought().to_csv(index=False).encode()
    unfold(page)
    page.locator(".st-key-t-file input[type=file]").set_input_files(
        {"name": "prices.csv", "mimeType": "text/csv", "buffer": data}
    )
    expect(page.get_by_text("200 rows, 10 columns")).to_be_visible()
    page.locator(".st-key-t-row input").fill("12")
    page.keyboard.press("Enter")
    expect(page.get_by_text("another row, table or setting")).to_be_visible()
    press_explain(page, "Row 12 of prices.csv")
    frame = read_table(data, "prices.csv")
    model = TableModel.fit(frame, "price")
    for pane, index in PANES.items():
        np.testing.assert_allclose(values(page, pane), model.exact(frame.iloc[[11]], index)[0], atol=6e-7)
    answer = page.locator(".swing-answer").inner_text()
    says, holds = model.predict(frame).margin[11], frame["price"].iloc[11]
    assert f"the model says price = {number(says)}; the table holds {holds:.6g}" in answer
    page.get_by_role("tab", name="What really was").click()
    shown = page.locator('[data-testid="stMetricValue"]').filter(visible=True).first
    expect(shown).to_have_text(f"{model.metrics['rmse']:.4g}")
    assert page.locator(".swing-row b b").count() == 0
    page.get_by_role("tab", name="What if").click()
    field = page.get_by_label("x0", exact=True)
    field.fill("2.5")
    field.press("Enter")
    edited = {**frame.iloc[11], "x0": 2.5}
    expect(page.get_by_text(f"it says price = {number(model.predict(edited).margin[0])}", exact=False)).to_be_visible()
    for index in ("banzhaf", "shapley"):
        np.testing.assert_allclose(values(page, f"edited-{index}"), model.exact(edited, index)[0], atol=6e-7)
    page.get_by_role("tab", name="All rows").click()
    page.locator(".st-key-all-rows button").click()
    with page.expect_download() as saved:
        page.locator(".st-key-save-rows button").click()
    text = saved.value.path().read_text()
    again = pd.read_csv(io.StringIO(text))
    for index in ("banzhaf", "shapley"):
        np.testing.assert_allclose(again[f"{index} of x1"], model.exact(frame, index)[:, 1], rtol=1e-12)
    np.testing.assert_allclose(again["prediction"], model.predict(frame).margin, rtol=1e-12)
    assert "'=1+1" in text and ",=1+1" not in text
    assert not page.locator('[data-testid="stException"]').count()


def test_a_click_on_a_bar_shows_its_rows_and_errors_are_measured_live(open_tiny):
    page = open_table(open_tiny)
    page.get_by_role("tab", name="All rows").click()
    page.locator(".st-key-all-rows button").click()
    bar = page.locator(".st-key-importance .barlayer .point").first
    bar.wait_for()
    settle(page)  # a bar that is drawn anew is not where it was
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.locator(".st-key-importance .hovertext").first.wait_for()  # only then does a click meet it
    page.mouse.click(*middle)
    expect(page.get_by_text("Rows by their value of log triglycerides")).to_be_visible()
    page.get_by_role("tab", name="Errors against exact").click()
    page.locator(".st-key-measure-errors button").click()
    expect(page.locator(".st-key-error-chart .scatterlayer .js-line")).to_have_count(6)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_a_click_on_a_badly_predicted_row_goes_there(open_tiny, width, scheme):
    page = open_table(open_tiny, width=width, scheme=scheme)
    page.get_by_role("tab", name="What really was").click()
    sample = samples()["Diabetes"]
    frame = read_table(sample.path.read_bytes(), sample.path.name)
    truth = truth_of(TableModel.fit(frame, sample.target), frame, frame[sample.target])
    page.locator(".st-key-residuals .scatterlayer .point").first.wait_for()
    for place in (1, 2):  # a second click meets what the first one left
        grid = page.locator("[class*=st-key-worst] canvas").first
        settle(page)
        grid.scroll_into_view_if_needed()
        box = grid.bounding_box()
        page.mouse.click(box["x"] + 18, box["y"] + 20 + 35 * place)
        row = int(truth.worst(2)[place - 1])
        expect(page.locator(".swing-answer")).to_contain_text(f"Row {row + 1} of Diabetes")
        expect(page.get_by_text(f"Worst predicted {ordinal(place)} of 442 rows")).to_be_visible()
        expect(page.locator(".st-key-t-row input")).to_have_value(str(row + 1))
        expect(page.get_by_role("tab", name="What really was")).to_have_attribute("aria-selected", "true")
        expect(page.get_by_text("another row, table or setting")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_bad_file_is_one_sentence(open_tiny):
    page = open_table(open_tiny)
    unfold(page)
    for content, words in ((b"a,b\n1,2,3\n4,5\n", "every line needs the same number"), (b"a\n1\n2\n", "one column only")):
        page.locator(".st-key-t-file input[type=file]").set_input_files(
            {"name": "bad.csv", "mimeType": "text/csv", "buffer": content}
        )
        expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()
    assert page.locator(".swing-row").count() >= 2


def test_two_gigabytes_announced_are_one_sentence_before_a_byte_is_read(open_tiny, tmp_path):
    page, sent = open_table(open_tiny), []
    page.on("request", lambda request: sent.append(request) if request.method == "PUT" else None)
    unfold(page)
    huge = tmp_path / "huge.csv"
    huge.touch()
    os.truncate(huge, 2_000_000_000)  # no block of it is written
    field = page.locator(".st-key-t-file input[type=file]")
    field.set_input_files(huge)
    expect(page.locator(".st-key-t-file").get_by_text("50.0MB or smaller")).to_be_visible()
    assert not sent
    # Who goes round the browser meets the same limit, by what is announced.
    field.set_input_files({"name": "small.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n3,4\n"})
    expect(page.get_by_text("2 rows, 2 columns")).to_be_visible()
    address, headers = urlsplit(sent[0].url), sent[0].all_headers()
    server = HTTPConnection(address.hostname, address.port, timeout=PATIENCE / 1000)
    server.putrequest("PUT", address.path)
    for name in ("cookie", "x-xsrftoken", "content-type"):
        server.putheader(name, headers[name])
    server.putheader("Content-Length", "2000000000")
    server.endheaders()  # and not a byte more
    assert server.getresponse().status == 413
    server.close()


def boxes(page, selector):
    return [one.bounding_box() for one in page.locator(selector).all() if one.bounding_box()]


def overlap(one, other):
    return all(
        one[at] < other[at] + other[size] and other[at] < one[at] + one[size] for at, size in (("x", "width"), ("y", "height"))
    )


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_no_name_of_a_chart_is_written_over(open_tiny, width, scheme):
    page = open_table(open_tiny, width=width, scheme=scheme)
    page.get_by_role("tab", name="Pairs of parts").click()
    page.locator(".st-key-pairs .xtick").first.wait_for()
    names = boxes(page, ".st-key-pairs .xtick")
    assert len(names) >= 4
    assert not any(overlap(names[i], names[j]) for i in range(len(names)) for j in range(i))
    page.get_by_role("tab", name="All rows").click()
    page.locator(".st-key-all-rows button").click()
    page.locator(".st-key-importance .barlayer .point").first.wait_for()
    for chart, parts in (("importance", ".legend, .plot"), ("beeswarm", ".colorbar, .plot")):
        page.locator(f".st-key-{chart}").scroll_into_view_if_needed()
        page.locator(f".st-key-{chart}").hover()
        buttons = boxes(page, f".st-key-{chart} .modebar-group")
        drawn = boxes(page, ", ".join(f".st-key-{chart} {part.strip()}" for part in parts.split(",")))
        assert buttons and drawn
        assert not any(overlap(button, one) for button in buttons for one in drawn)


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_every_class_is_free_and_nothing_overflows(open_tiny, width, scheme):
    page = open_table(open_tiny, width=width, scheme=scheme)
    page.locator(".st-key-t-sample").get_by_text("Wine").click()
    expect(page.get_by_text("178 rows")).to_be_attached()
    press_explain(page, "of Wine")
    sample = samples()["Wine"]
    frame = read_table(sample.path.read_bytes(), sample.path.name)
    model = TableModel.fit(frame, sample.target)
    paid = page.get_by_text("Paid for so far").inner_text()
    page.get_by_role("button", name="cultivar 3").or_(page.get_by_role("radio", name="cultivar 3")).first.click()
    expect(page.get_by_text("the raw score of cultivar 3").first).to_be_visible()
    page.get_by_role("tab", name="What if").click()
    page.locator('[data-pane="edited-banzhaf"]').wait_for()
    np.testing.assert_allclose(values(page, "edited-banzhaf"), model.exact(frame.iloc[[0]])[0, :, 2], atol=6e-7)
    assert page.get_by_text("Paid for so far").inner_text() == paid
    assert page.evaluate("document.documentElement.scrollWidth") <= width
