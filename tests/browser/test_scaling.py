"""The Scaling page as a person uses it: runs uploaded, the verdict read, data sets ranked, numbers taken away."""

import csv
import io

import numpy as np
import pytest
from clicks import becomes
from playwright.sync_api import expect
from runs import read_runs

from ui.scaling.study import predict
from xai.scaling.verdict import judge, rank

SIZES = np.logspace(9, 11.5, 8)
BLEU = (-20 + 2 * np.log(SIZES)) ** 1.05
LOSS = 1.4 + 60 / SIZES**0.22


def table(score, loss=LOSS, name="mine"):
    noise = 1 + 0.004 * np.array([1, -1, 0, 1, -1, 1, 0, -1])
    rows = zip(SIZES, score * noise, loss)
    return "data,tokens,BLEU,cross-entropy\n" + "".join(f"{name},{d:.0f},{s:.3f},{c:.4f}\n" for d, s, c in rows)


def open_scaling(open_tiny, **options):
    page = open_tiny(ready=False, path="/scaling", **options)
    page.locator(".js-plotly-plot").nth(1).wait_for()
    return page


def first_plot(page, script):
    return page.locator(".js-plotly-plot").first.evaluate(script)


def upload(page, content, name="runs.csv"):
    page.locator(".st-key-scaling-file input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content.encode()}
    )


def saved(page, key):
    with page.expect_download() as download:
        page.locator(f".st-key-{key} button").click()
    return download.value.path().read_text()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_runs_are_uploaded_and_the_verdict_is_read(open_tiny, width, scheme):
    page = open_scaling(open_tiny, width=width, scheme=scheme)
    expect(page.get_by_text("Nobody trained these models")).to_be_visible()
    upload(page, table(BLEU))
    expect(page.get_by_role("heading", name="Verdict: mine")).to_be_visible()
    expect(page.get_by_text("Nobody trained these models")).to_have_count(0)
    (runs,) = read_runs(table(BLEU))
    verdict = judge(runs)
    expect(page.get_by_test_id("stAlert").filter(has_text="Fits: BLEU follows its law")).to_contain_text(verdict.text)
    measured = """plot => plot._fullData.filter(trace => trace.name.startsWith("measured"))
            .flatMap(trace => Array.from(trace.y))"""
    becomes(page, lambda: (sorted(first_plot(page, measured)), np.sort(runs.score)))
    rows = list(csv.DictReader(io.StringIO(saved(page, "save-scaling-csv"))))
    found = {row["name"]: float(row["value"]) for row in rows if row["what"] == "parameter" and row["quantity"] == "BLEU"}
    assert found == verdict.score.law.parameters
    (ahead,) = [row for row in rows if row["what"] == "extrapolated" and row["quantity"] == "BLEU"]
    expected = predict(verdict.score, 1e12)
    assert [float(ahead[end]) for end in ("value", "low", "high")] == [expected.value, *expected.law]
    assert verdict.text in saved(page, "save-scaling-html")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not page.locator('[data-testid="stException"]').count()


def test_a_misleading_cross_entropy_and_a_bad_table(open_tiny):
    page = open_scaling(open_tiny)
    upload(page, table(np.array([20, 21, 22, 22.5, 21, 19, 17, 15.0])))
    alert = page.get_by_test_id("stAlert").filter(has_text="Misaligned: trust BLEU, not cross-entropy")
    expect(alert).to_contain_text("no pre-training at all")
    expect(page.get_by_text("BLEU is not extrapolated")).to_be_visible()
    for content, sentence in (
        ("tokens,BLEU\n1e9,20\n1e10,25\n", "Too few points for a law"),
        ("tokens,BLEU\n1e9,high\n", "'high' is not a number"),
        ("size,BLEU\n1e9,20\n", "no column tokens"),
    ):
        upload(page, content)
        expect(page.get_by_test_id("stAlert").filter(has_text=sentence)).to_be_visible()
    assert not page.locator('[data-testid="stException"]').count()


def test_data_sets_are_ranked_at_a_size_of_ones_own(open_tiny):
    page, content = open_scaling(open_tiny), table(BLEU, name="mix") + table(0.8 * BLEU, name="one")[31:]
    upload(page, content)
    expect(page.get_by_text("Take mix")).to_be_visible()
    field = page.get_by_role("textbox", name="Target size, tokens of pre-training")
    field.fill("3T")
    field.press("Enter")
    first, second = rank(read_runs(content), 3e12)
    expect(page.get_by_text(f"BLEU {first.predicted:.4g} predicted")).to_be_visible()
    points = "plot => Array.from(plot._fullData[0].x)"
    becomes(page, lambda: (first_plot(page, points), [first.predicted, second.predicted]))
