"""What the Table page says beside the model's answer: what really was, how far off, in probabilities where there are classes."""

import io
import json
import re
from dataclasses import replace
from html import unescape

import lightgbm
import numpy as np
import pandas as pd
import pytest
from pages import numbers
from table_pages import bench, csv, drawn, explain_row, html, open_page, said, shared, table, upload

from model import TableModel
from model.files.table import read_table
from ui.draw.chances import chance, chance_of, event, number, ordinal
from ui.files.report import html_report
from ui.names import EXACT_PANES, Pane
from ui.runs.bundle import write_bundle
from ui.runs.comparison import Plan, compare
from ui.runs.comparison_bundle import to_bundle
from ui.table.all_rows import to_csv
from ui.table.kind import TableKind
from ui.table.request import RowTruth, TableRequest
from ui.table.run import find
from ui.table.show import NOTHING
from xai import Ledger


def told(page):
    return (said(page) + unescape(html(page))).replace("\\", "")


def explained(frame, row):
    page = upload(open_page(), csv(frame))
    page.number_input(key="t-row").set_value(row + 1).run()
    page = explain_row(page)
    assert not page.exception and not page.error
    return page


def own(page):
    """LightGBM's own predictions of all rows, and the frame as it was read."""
    fitted = find(bench(page).shown.request, bench(page).own.models)
    cells = fitted.model.encode(fitted.frame)
    return lightgbm.Booster(model_str=fitted.model.text).predict(cells), fitted


@pytest.mark.slow
def test_a_number_stands_beside_the_cell_its_residual_and_its_place():
    page = explained(table(), 7)
    predicted, fitted = own(page)
    actual = read_table(csv(table()))["outcome"]
    residual = actual - predicted
    place = int(residual.abs().rank(method="min", ascending=False)[7])
    words = told(page)
    assert f"the model says outcome = {number(predicted[7])}; the table holds {actual[7]:.6g}" in words
    assert f"Residual {number(residual[7], '+')}: what was, less what the model says" in words
    assert f"Worst predicted {ordinal(place)} of 120 rows" in words
    use = next(name for name, rows in fitted.model.used.items() if 7 in rows)
    assert ("The model was fitted on this row." in words) == (use == "trained")
    assert f"As it is**, the model says outcome = {number(predicted[7])}; the table holds {actual[7]:.6g}." in words
    assert "72 taught the model, 24 at most told when to stop, 24 were held out: these alone judge it" in words
    worst = next(frame.value for frame in page.dataframe if "residual" in frame.value.columns)
    order = residual.abs().sort_values(ascending=False, kind="stable").index[:20]
    assert worst["row"].tolist() == (order + 1).tolist()
    assert worst["residual"].tolist() == [number(residual[i], "+") for i in order]
    assert worst["in the table"].tolist() == [f"{actual[i]:.6g}" for i in order]
    charts = [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]
    plot = next(one for one in charts if any(trace.get("name") == "this row" for trace in one["data"]))
    assert [trace["name"] for trace in plot["data"]] == ["held out", "told when to stop", "fitted on", "this row"]
    every = np.concatenate([numbers(trace["customdata"]) for trace in plot["data"][:3]])
    assert sorted(every) == list(range(1, 121))


def test_two_classes_are_told_in_probabilities_with_log_odds_beside():
    frame = table(classes=2)
    frame["outcome"] = frame["outcome"].map({"a": "<=50K", "b": ">50K"})
    page = explained(frame, 3)
    chances, fitted = own(page)
    p, actual = chances[3], frame["outcome"][3]
    words = told(page)
    answer = f"{chance_of('outcome > 50K', p)} (log-odds {np.log(p / (1 - p)):+.2f})".replace("-", "−").replace(
        "log−odds", "log-odds"
    )
    assert f"the model says {answer}; the table holds {actual}" in words
    got = p if actual == ">50K" else 1 - p
    every = np.where(frame["outcome"] == ">50K", chances, 1 - chances)
    place = int(pd.Series(every).rank(method="min")[3])
    assert f"got a probability of {chance(got)}: residual {chance(1 - got)}. Worst predicted {ordinal(place)} of 120" in words
    assert "log-odds of >50K: +1 takes a probability of 0.50 to 0.73" in words
    field = next(field for field in page.number_input if field.label == "age")
    field.set_value(79.0).run()
    edited = fitted.model.predict({**fitted.frame.iloc[3], "age": 79.0}).probabilities[0, 1]
    assert edited != p
    assert f"it says {chance_of('outcome > 50K', edited)} (log-odds" in told(page)
    charts = [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]
    plot = next(one for one in charts if any(trace.get("name") == "as it should be" for trace in one["data"]))
    held = fitted.model.used["held out"]
    bins = next(trace for trace in plot["data"] if trace["name"] == "held out")
    assert sum(bins["customdata"]) == len(held)
    so = np.dot(bins["customdata"], bins["y"])
    assert so == pytest.approx((frame["outcome"][held] == ">50K").sum())


def test_each_of_many_classes_has_its_probability():
    frame = table(classes=3)
    page = explained(frame, 5)
    chances, fitted = own(page)
    top = int(chances[5].argmax())
    name, rather = "abc"[top], "abc"[(top + 1) % 3]
    words = told(page)
    assert f"the model says {chance_of('outcome = ' + name, chances[5, top])} (raw score" in words
    assert f"the table holds {frame['outcome'][5]}" in words
    other = (top + 1) % 3
    pills = next(group for group in page.get("button_group") if set(group.options) >= {"a", "b"})
    pills.set_value(rather).run()
    words = told(page)
    assert f"it says {chance_of('outcome = ' + rather, chances[5, other])} (raw score" in words
    assert f"likeliest is {name} with {chance(chances[5, top])}" in words
    assert f"P(outcome = {rather}) that the model gives" in "".join(chart.proto.spec for chart in page.get("plotly_chart"))


def test_no_certainty_is_printed_where_there_is_none():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=400).round(2), "z": rng.normal(size=400).round(2)})
    frame["y"] = np.where(frame["x"] > 0, "yes", "no")
    words = told(explained(frame, int(frame["x"].argmax())))
    assert "P(y = yes) >\u00a00.999" in words or re.search(r"P\(y = yes\) = 0\.99\d", words)
    assert not re.search(r"\) = (1|0)(\.0*)?[ ;,.(]", words)


@pytest.mark.slow
@pytest.mark.parametrize("classes", [0, 2, 3])
def test_a_row_without_a_target_has_nothing_to_be_held_against(classes):
    frame = table(classes=classes)
    frame["outcome"] = frame["outcome"].astype(object).where(np.arange(120) % 10 > 0)
    page = explained(frame, 10)
    words = told(page)
    assert "what really was is not known" in words and "Its cell of the target is missing" in words
    assert "Of 12 the target is missing" in words and "20 worst predicted rows**, of 108" in words
    assert "nan" not in words.lower().replace("finance", "")
    row = next(line for line in to_csv(own(page)[1], np.arange(120), {}).splitlines() if line.startswith("11,"))
    assert "not known" in row


@pytest.mark.slow
def test_equal_residuals_share_a_place():
    frame = table()
    frame = pd.concat([frame, frame.iloc[[0]], frame.iloc[[0]]], ignore_index=True)
    page = explained(frame, 0)
    assert re.search(r"Worst predicted \d+\w\w of 122 rows, as 2 others are\.", told(page))


@pytest.mark.parametrize(("rows", "columns", "words"), [(1, 4, "one row only"), (30, 2, "1 column is left")])
def test_tables_with_nothing_to_compare_are_one_sentence(rows, columns, words):
    frame = table(rows=40).iloc[:rows, -columns:]
    page = upload(open_page(), csv(frame))
    assert not page.exception
    assert words in " ".join(element.value for element in [*page.error, *page.warning])


@pytest.mark.slow
@pytest.mark.parametrize("model", ["linear", "network"])
def test_smooth_models_are_held_against_the_table_too(model):
    page = upload(open_page(), csv(table()))
    page.selectbox(key="t-model").set_value(model).run()
    assert ("exact-left" in [box.key for box in page.selectbox]) == (model == "linear")
    page = explain_row(page)
    frame = read_table(csv(table()))
    says = TableModel.fit(frame, "outcome", model=model).predict(frame).margin
    assert f"outcome = {number(says[0])}; the table holds {frame['outcome'][0]:.6g}" in told(page)
    assert f"Residual {number(frame['outcome'][0] - says[0], '+')}:" in told(page)
    assert said(page).count("no coalition had to be asked for") == (2 if model == "linear" else 0)


@pytest.mark.slow
def test_what_a_file_saw_is_not_known():
    frame = read_table(csv(table(classes=2)))
    page = upload(open_page(), csv(frame))
    page.selectbox(key="t-model").set_value("file").run()
    text = TableModel.fit(frame.drop(columns="city"), "outcome").text.encode()
    page = upload(page, csv(frame.drop(columns="city")))
    page.selectbox(key="t-model").set_value("file").run()
    page.get("file_uploader")[1].set_value(("model.txt", text, "text/plain")).run()
    page = explain_row(page)
    assert "Whether the model was fitted on this row is not known." in told(page)
    assert "Which rows the model was fitted on is not known: its file does not say." in told(page)


@pytest.mark.slow
def test_a_report_and_a_bundle_tell_what_the_page_tells_and_a_link_what_was_kept():
    frame = table(classes=2).assign(outcome=lambda frame: frame["outcome"].map({"a": "Secret & <b>no</b>", "b": "yes"}))
    page = explained(frame, 2)
    result, kind = bench(page).shown, TableKind()
    truth = result.about.truth
    assert truth.actual == frame["outcome"][2] and truth.of == 120
    bundle = to_bundle("table", result, "x", "")
    report = unescape(html_report(bundle, kind.picture(result)))
    assert f"the table holds {truth.actual}" in report and "P(outcome = yes)" in report
    assert "<b>no</b>" not in html_report(bundle, kind.picture(result)) and "<b>no" not in said(page).replace("\\", "\x00")
    again = kind.result(
        {**bundle.shown, "comparison": result.comparison.to_record()}, result.request, lambda _: result.comparison.ledger
    )
    assert again.about.truth == truth
    assert write_bundle(bundle)
    record = result.to_record()
    assert "truth" not in record["about"] and "Secret" not in json.dumps(record["about"])
    visitor = open_page(run=shared(page))
    assert "the table holds" not in told(visitor) and "what the model said of it was not kept" in told(visitor)
    assert "Press Explain to fit the model again; then the worst predicted rows" in told(visitor)


def test_a_forged_truth_is_refused():
    record = {"actual": "x", "residual": 0.5, "place": 1, "shared": 0, "of": 3, "used": "trained"}
    assert RowTruth.from_record(record) == RowTruth("x", 0.5, 1, 0, 3, "trained")
    for change in ({"used": "<b>"}, {"residual": float("inf")}, {"residual": "x"}, {"place": "y"}, {"of": None}):
        with pytest.raises((ValueError, TypeError)):
            RowTruth.from_record(record | change)


def test_exact_maps_cannot_be_asked_of_a_network():
    request = TableRequest("t", "d", True, "y", model="network", plan=Plan())
    settings = request.to_settings()
    assert TableRequest.from_settings(settings) == request
    with pytest.raises(ValueError, match="no exact values"):
        TableRequest.from_settings(replace(request, plan=Plan(*EXACT_PANES)).to_settings())


def test_exact_maps_cost_what_judges_them_alone():
    frame = read_table(csv(table(classes=3)))
    game = TableModel.fit(frame, "outcome").game(frame.iloc[[0]])
    exact, mixed = Plan(*EXACT_PANES, budget=10), Plan(EXACT_PANES[0], Pane("shapley", "leverage"), budget=10)
    assert exact.cost(40, closed=True) + 10 == mixed.cost(40, closed=True)
    for plan in (exact, mixed):
        ledger = Ledger(game)
        found = compare(ledger, plan, game.outputs, [1.0, 0.0, 0.0], lambda *_: None, lambda _: None, lambda: False)
        assert ledger.evaluations <= plan.cost(4, closed=True)
        assert [one.method for one in found.maps] == [pane.method for pane in plan.panes]


@pytest.mark.slow
def test_the_csv_holds_residuals_and_what_each_row_was_used_for():
    page = explained(table(), 0)
    predicted, fitted = own(page)
    again = pd.read_csv(io.StringIO(to_csv(fitted, np.arange(120), {})))
    np.testing.assert_allclose(again["residual"], table()["outcome"] - predicted, atol=1e-9)
    assert again["used for"].value_counts().to_dict() == {"trained": 72, "watched": 24, "held out": 24}


@pytest.mark.slow
def test_gemma_is_held_against_the_table_for_its_row_alone(slot, tiny_gemma):
    slot.gemma, slot.seconds_per_token = tiny_gemma, 1e-4
    page = upload(open_page(), csv(table(classes=2)))
    page.selectbox(key="t-model").set_value("gemma").run()
    page = explain_row(page.run())
    words, known = told(page), bench(page).shown.comparison
    odds = known.focused()[0].full_value
    assert f"{chance_of(event('outcome', known.outputs[0]), 1 / (1 + np.exp(-odds)))} among its labels" in words
    assert f"the table holds {table(classes=2)['outcome'][0]}" in words
    assert "the row’s place among all is not known" in words
    assert drawn(page, "l").shape == (4,)


@pytest.mark.slow
@pytest.mark.parametrize("classes", [False, True])
def test_of_a_model_that_knows_nothing_the_page_says_so(classes):
    frame, noise = table(classes=2 if classes else 0), np.random.default_rng(5).normal(size=120)
    assert NOTHING not in [warning.value for warning in explained(frame, 0).warning]
    frame["outcome"] = np.where(noise > 0, "up", "down") if classes else noise
    page = explained(frame, 0)
    model, figure = own(page)[1].model, "log_loss" if classes else "rmse"
    assert model.metrics[figure] >= model.baseline[figure]
    assert NOTHING in [warning.value for warning in page.warning]
