"""Plots of all rows on the page: their values are the model's exact ones."""

import json

import numpy as np
import pandas as pd
import pytest
from pages import numbers
from table_pages import csv, explain_row, finish, open_page, said, table, upload

from model import TableModel
from model.files.table import read_table


def all_rows(page):
    page.button(key="all-rows").click().run()
    return finish(page)


def find(page, title):
    figures = [json.loads(one.proto.spec) for one in page.get("plotly_chart")]
    return [figure for figure in figures if title in json.dumps(figure["layout"])]


def plotted(figure):
    """Row → y of all its dots."""
    found = {}
    for dots in figure["data"]:
        for text, y in zip(dots["customdata"], numbers(dots["y"])):
            found.setdefault(int(text.split(":")[0][4:]), []).append(y)
    return found


@pytest.mark.slow
def test_a_dependence_plot_has_the_exact_values_of_every_row():
    page = all_rows(explain_row(upload(open_page(), csv(table()))))
    assert not page.exception
    frame = read_table(csv(table()))
    model = TableModel.fit(frame, "outcome")
    exact = {index: model.exact(frame, index) for index in ("banzhaf", "shapley")}
    strongest = int(np.abs(exact["banzhaf"]).mean(axis=0).argmax())
    assert page.selectbox(key="dependence").value == strongest == 0
    pairs = np.mean([np.abs(model.interactions(frame.iloc[i])[0]) for i in np.linspace(0, 119, 40).astype(int)], axis=0)
    partner = model.labels[int(pairs.argmax())]
    assert f"strongest pair: {partner}" in page.selectbox(key="dependence-by-0").options
    assert f"age and {partner} have the largest exact interaction, on average over 40 rows" in said(page)
    assert "Where age is higher, its Banzhaf value tends to be higher" in said(page)
    assert "large diamond is row 1, explained above" in said(page)
    for index, title in (("banzhaf", "Banzhaf value of "), ("shapley", "Shapley value of ")):
        if index == "shapley":
            next(group for group in page.get("button_group") if "Shapley values" in group.options).set_value("shapley").run()
        for column, label in enumerate(model.labels):
            page.selectbox(key="dependence").set_value(column).run()
            assert not page.exception
            (figure,) = find(page, title + label)
            rows = plotted(figure)
            assert len(rows[1]) == 2  # the explained row, marked
            np.testing.assert_allclose([rows[i + 1][0] for i in range(120)], exact[index][:, column], rtol=1e-12)
    page.selectbox(key="dependence").set_value(1).run()
    missing = int(frame["dose"].isna().sum())
    assert f"{missing} cells are missing. They stand in the grey band." in said(page)
    for colour in (-1, 0, 2, 3):
        page.selectbox(key="dependence-by-1").set_value(colour).run()
        assert not page.exception and len(find(page, "Shapley value of dose")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("classes", [0, 2, 3])
def test_all_classes_are_seen_at_once_where_there_are_several(classes):
    page = all_rows(explain_row(upload(open_page(), csv(table(classes=classes)))))
    assert not page.exception
    assert ("What matters for each class" in said(page)) == (classes > 2)
    if classes > 2:
        frame = read_table(csv(table(classes=classes)))
        means = np.abs(TableModel.fit(frame, "outcome").exact(frame)).mean(axis=0)
        drawn = next(figure["data"][0] for figure in find(page, "") if "z" in figure["data"][0])
        shape = [int(size) for size in drawn["z"]["shape"].split(",")]
        found = numbers(drawn["z"]).reshape(shape)
        np.testing.assert_allclose(found, means[np.argsort(-means.sum(axis=1), kind="stable")])


@pytest.mark.slow
def test_odd_columns_leave_no_traceback():
    rng, frame = np.random.default_rng(0), table(rows=80)
    frame["when"] = pd.date_range("2024-01-01", periods=80).strftime("%Y-%m-%d")
    frame["void"], frame["same"] = None, 3
    frame["half"] = np.where(rng.random(80) < 0.5, 1.0, np.nan)
    frame["town"] = [f"town {i}" for i in rng.integers(0, 40, 80)]
    frame["wild"] = np.where(rng.random(80) < 0.1, np.inf, rng.normal(size=80))
    frame["outcome"] = frame.pop("outcome")
    page = all_rows(explain_row(upload(open_page(), csv(frame))))
    assert not page.exception and not page.error
    labels = [label for label in frame if label != "outcome"]
    for column, label in enumerate(labels):
        page.selectbox(key="dependence").set_value(column).run()
        assert not page.exception, label
        unread = label in ("void", "same")
        assert (f"The model does not read {label}" in said(page)) == unread
        assert len(find(page, f"Banzhaf value of {label}")) == (not unread)
        page.selectbox(key=f"dependence-by-{column}").set_value(labels.index("void" if label != "void" else "same")).run()
        assert not page.exception, label
    assert f"{int(np.isinf(frame['wild']).sum())} cells are infinite or unreadable" in said(page)


@pytest.mark.slow
def test_at_most_two_thousand_dots_are_drawn_the_explained_row_among_them(monkeypatch):
    monkeypatch.setattr("ui.table.plots.show.MOST_DOTS", 30)
    page = upload(open_page(), csv(table()))
    page.number_input(key="t-row").set_value(101).run()
    page = all_rows(explain_row(page))
    assert "30 of 120 rows are drawn" in said(page)
    rows = plotted(find(page, "Banzhaf value of age")[0])
    assert len(rows) == 30 and len(rows[101]) == 2
