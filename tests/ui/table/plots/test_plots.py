"""Plots of all rows: every row is in them, at its value and its cell, whatever the cells are."""

import numpy as np
import pandas as pd
import pytest

from model.table.columns import profile
from ui.table.charts import importance
from ui.table.plots.cells import MOST_NAMES, Cells, cells_of, shades
from ui.table.plots.classes import by_class
from ui.table.plots.dependence import Dots, dependence, seen
from ui.table.plots.swarm import beeswarm


def numbers(at, label="x"):
    at = np.asarray(at, float)
    return Cells(label, "number", at, [], True, np.isnan(at))


def read(cells, label="x", kinds=None):
    frame = pd.DataFrame({label: cells})
    column = profile(frame, kinds)[0]
    return cells_of(column, column.encode(frame[label]), frame[label].isna().to_numpy())


def test_cells_of_every_kind_are_places_and_words():
    number = read([1.5, np.inf, np.nan, -np.inf, 3.0])
    np.testing.assert_array_equal(number.at, [1.5, np.nan, np.nan, np.nan, 3.0])
    assert number.told(range(5)) == ["1.5", "infinite or unreadable", "missing", "infinite or unreadable", "3"]
    assert number.gaps() == "1 cell is missing and 2 cells are infinite or unreadable."
    date = read([pd.Timestamp("2024-03-01"), pd.Timestamp("2024-03-02 12:30"), pd.NaT])
    assert date.kind == "date" and date.told(range(3)) == ["2024-03-01", "2024-03-02 12:30", "missing"]
    flag = read([True, False, True])
    assert (flag.kind, flag.names, flag.told(range(3))) == ("category", ["False", "True"], ["True", "False", "True"])
    assert read([None, None], kinds={"x": "number"}).gaps() == "2 cells are missing."
    assert read([0, 1, 7], kinds={"x": "boolean"}).told(range(3)) == ["0", "1", "7"]


def test_rare_categories_are_one_with_their_count():
    texts = [f"level {i}" for i in range(30) for _ in range(40 - i)]
    cells = read(texts)
    assert len(cells.names) == MOST_NAMES and cells.names[0] == "level 0"
    rare = sum(40 - i for i in range(MOST_NAMES - 1, 30))
    assert cells.names[-1] == f"19 others, {rare} rows"
    assert (cells.at == MOST_NAMES - 1).sum() == rare
    assert read([f"text {i // 2}" for i in range(600)]).names[-1] == "others, 578 rows"  # 200 codes at most


def test_shades_are_ranks_and_a_missing_cell_has_none():
    np.testing.assert_array_equal(shades(numbers([5, 1, np.nan, 1000])), [0.5, 0, np.nan, 1])
    np.testing.assert_array_equal(shades(numbers([2, 2])), [0.5, 0.5])
    assert np.isnan(shades(numbers([np.nan]))).all()
    np.testing.assert_array_equal(shades(read(["b", "a", "b"])), [0, 1, 0])


def test_a_beeswarm_shows_every_row_once():
    rng = np.random.default_rng(0)
    values, cells = rng.normal(size=(10_000, 3)), rng.normal(size=(10_000, 3))
    values[:, 1], cells[::2, 2] = 0.0, np.nan
    order = [2, 0, 1]
    columns = [numbers(cells[:, i], "abc"[i]) for i in order]
    figure = beeswarm(columns, values[:, order], np.arange(10_000), "x")
    x, y, said = (np.concatenate([np.asarray(getattr(dots, name)) for dots in figure.data]) for name in ("x", "y", "customdata"))
    assert len(x) < 6_000
    rows = np.array([int(text.split(" and ")[1].split(" ")[0]) + 1 if " and " in text else 1 for text, _ in said])
    for place, column in enumerate(order):
        mine = np.abs(y - place) < 0.5
        assert rows[mine].sum() == 10_000
        assert np.average(x[mine], weights=rows[mine]) == pytest.approx(values[:, column].mean(), abs=1e-9)
    grey = np.abs(np.asarray(figure.data[1].y)) < 0.5
    assert grey.all() and sum(rows[len(figure.data[0].x) :]) == 5_000
    bars = importance(["<b>", "y"], {"banzhaf": np.array([1.0, 2.0]), "shapley": np.array([1.0, 3.0])})
    assert list(bars.layout.yaxis.ticktext) == ["y", "&lt;b&gt;"]
    assert list(bars.data[1].x) == [3.0, 1.0]


def test_a_dot_of_few_rows_tells_its_row_cell_and_value():
    rng = np.random.default_rng(1)
    values, cells = rng.normal(size=(300, 1)), rng.normal(size=300)
    cells[7] = np.nan
    figure = beeswarm([numbers(cells, "<b>")], values, np.arange(300) + 1, "x")
    told = {float(x): text for dots in figure.data for x, (text, _) in zip(dots.x, dots.customdata)}
    assert len(told) == 300  # none shares a dot
    for row in (0, 7, 299):
        cell = "missing" if row == 7 else f"{cells[row]:.4g}".replace("-", "−")
        assert told[values[row, 0]] == f"&lt;b&gt; = {cell}, row {row + 1}"
    assert figure.data[1].marker.symbol == "circle-open" and list(figure.data[1].x) == [values[7, 0]]
    colours = dict(zip(figure.data[0].x, figure.data[0].marker.color))
    assert colours[values[np.nanargmin(cells), 0]] == 0 and colours[values[np.nanargmax(cells), 0]] == 1


def plotted(figure, axis):
    """(row as told, y) of the dots on an axis; the star left out."""
    dots = [one for one in figure.data if (one.xaxis or "x") == axis and one.marker.symbol != "star-diamond"]
    return {int(text.split(":")[0][4:]): y for one in dots for text, y in zip(one.customdata, one.y)}


KINDS = {
    "numbers": [*range(6), np.nan, np.inf],
    "categories": ["a", "b", "a", "c", None, "b", "a", "a"],
    "flags": [True, False, None, True, False, False, True, True],
    "dates": ["2024-01-01", "2024-05-01", None, "2023-01-01", "2022-01-01", "2024-01-02", "2024-01-03", "2024-01-04"],
    "huge": [1.7e308, -1.7e308, 0.0, np.nan, 5e-324, -np.inf, 1.0, 2.0],
    "one value": [1.0, np.nan, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    "many": [f"<i>{i}</i> $x$" for i in range(8)],
}


@pytest.mark.slow
@pytest.mark.parametrize("shade", [*KINDS, None])
@pytest.mark.parametrize("across", KINDS)
def test_every_row_is_a_dot_whatever_its_cells_are(across, shade):
    kinds = {"x": "category"} if across == "many" else None
    cells, values, rows = read(KINDS[across], kinds=kinds), np.linspace(-1, 1, 8), np.arange(8) + 11
    second = None if shade is None else read(KINDS[shade], "<b>y", {"<b>y": "category"} if shade == "many" else None)
    figure = dependence(Dots(rows, values, cells, second, 3), "Banzhaf value of x")
    known, missing = plotted(figure, "x"), plotted(figure, "x2")
    assert known == dict(zip(rows[cells.known], values[cells.known]))
    assert missing == dict(zip(rows[~cells.known], values[~cells.known]))
    star = next(one for one in figure.data if one.marker.symbol == "star-diamond")
    assert list(star.y) == [values[3]] and star.name == "row 14"
    assert "<b>" not in figure.to_json() and "<i>" not in figure.to_json()
    assert seen(cells, values, "Banzhaf value")


def test_a_column_of_missing_cells_alone_is_plotted():
    cells = read([None] * 4, kinds={"x": "number"})
    figure = dependence(Dots(np.arange(4), np.arange(4.0), cells, cells, None), "Shapley value of x")
    assert len(plotted(figure, "x2")) == 4 and not plotted(figure, "x")
    assert seen(cells, np.arange(4.0), "Shapley value") == "No cell of x is known; its Shapley value is +1.5 on average."


def test_the_sentence_tells_what_is_seen():
    at = np.arange(20.0)
    for values, words in (
        (at**3, "Where x is higher, its value tends to be higher (rank correlation +1)"),
        (-at, "tends to be lower (rank correlation −1)"),
        (np.abs(at - 9.5), "no single direction as x gets higher"),
        (np.full(20, 0.25), "The value of x is the same, +0.25, in every row."),
    ):
        assert words in seen(numbers(at), values, "value")
    assert "highest on average for b (+2) and lowest for a (−1)" in seen(
        read(["a", "b", "a", "b"]), np.array([-1, 1, -1, 3.0]), "value"
    )
    assert "Every known cell of x is 1" in seen(numbers([1, 1, np.nan]), np.array([1, 3, 0.0]), "value")


def test_every_class_has_its_means_and_the_most_are_kept():
    means = np.array([[1.0, 0.0, 2.0], [4.0, 1.0, 0.5]])
    chart = by_class(["<b>", "y"], ["r", "<i>", "t"], means).data[0]
    np.testing.assert_array_equal(chart.z, means[::-1])
    written = {(note.x, note.y): note.text for note in by_class(["<b>", "y"], ["r", "<i>", "t"], means).layout.annotations}
    assert written == {(x, y): f"{means[1 - y, x]:.2f}" for x in range(3) for y in range(2)}
    assert chart.customdata[1][1] == "&lt;b&gt; for &lt;i&gt;"
    wide = np.random.default_rng(0).random((40, 30))
    figure = by_class([f"c{i}" for i in range(40)], [f"k{i}" for i in range(30)], wide)
    columns = np.argsort(-wide.sum(axis=1))[:20]
    classes = np.sort(np.argsort(-wide.sum(axis=0))[:12])
    np.testing.assert_array_equal(figure.data[0].z, wide[np.ix_(columns, classes)])
    assert list(figure.layout.xaxis.ticktext) == [f"k{i}" for i in classes]
