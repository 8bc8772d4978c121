"""Plotly figures of a table's values: one row's, means of all rows', and errors against exact values. Nothing is computed
here but order and length of a list."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ui.draw import charts
from ui.draw.charts import FIRST, GREY, SECOND, THIRD, plotly
from ui.draw.colour import signed
from ui.draw.markdown import short
from xai import Attribution, ties
from xai.exchange.visible import for_plotly
from xai.typing import Floats, Ints

if TYPE_CHECKING:
    from model.table.truth import Bin

MAX_BARS = 15
MAX_GLOBAL = 20
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_LINES = (FIRST, SECOND, THIRD, "#56B4E9", GREY)


def bars(attribution: Attribution, cells: list[str], quantity: str, reach: float, exact: Floats | None = None) -> Any:
    """`charts.bars` with each column's cell beside its name, and a diamond where its exact value is."""
    figure = charts.bars(attribution, quantity, reach)
    order = ties(attribution)[0][: charts.MAX_BARS]
    figure.layout.yaxis.ticktext = [_named(attribution.labels[i], cells, i) for i in order]
    _mark(figure, None if exact is None else exact[order], list(range(len(order))))
    return figure


def waterfall(attribution: Attribution, cells: list[str], quantity: str, reach: float, exact: Floats | None = None) -> Any:
    """From v(no column) to v(all columns): each column's share moves it, the largest first, the rest as one."""
    values, error, start = attribution.values, attribution.standard_error, attribution.empty_value
    order = np.argsort(-np.abs(values), kind="stable")
    top, rest = order[:MAX_BARS], order[MAX_BARS:]
    names = [_named(attribution.labels[i], cells, i) for i in top]
    steps, hover = values[top], [for_plotly(attribution.labels[i]) for i in top]
    error = None if error is None or attribution.method == "exact" else error[top]
    if len(rest):
        names.append(f"{len(rest)} others")
        hover.append(f"{len(rest)} others")
        steps, error = np.append(steps, values[rest].sum()), None if error is None else np.append(error, 0.0)
    bases = start + np.concatenate([[0.0], np.cumsum(steps)[:-1]])
    places, texts = list(range(len(steps))), [[name, signed(step)] for name, step in zip(hover, steps)]
    between, ends = {"type": "line", "line": {"color": GREY, "width": 1}}, bases + steps
    shapes = [{**between, "x0": ends[i], "x1": ends[i], "y0": i, "y1": i + 1} for i in places[:-1]]
    tall = {"type": "line", "line": {"color": GREY, "dash": "dot", "width": 1}, "yref": "y domain", "xref": "x"}
    said = {"font": {"size": 11}, "showarrow": False, "yref": "y domain", "xref": "x"}
    full, notes = attribution.full_value, []
    for x, text, y, across, down in ((start, "no column", 0, "left", "bottom"), (full, "all columns", 1, "right", "top")):
        shapes.append({**tall, "x0": x, "x1": x, "y0": 0, "y1": 1})
        notes.append({**said, "x": x, "y": y, "text": text, "xanchor": across, "yanchor": down})
    layout = {
        "height": 106 + 26 * len(steps),
        "shapes": shapes,
        "annotations": notes,
        "margin": {"l": 10, "r": 12, "t": charts.TOOLBAR, "b": 40},
        "showlegend": False,
        "xaxis": {"title": {"text": for_plotly(quantity)}},
        "bargap": 0.25,
        "yaxis": {"tickvals": places, "ticktext": names, "range": [len(steps) - 0.4, -0.9], "automargin": True},
    }
    ids = [*map(str, top), ""][: len(steps)]
    figure = charts.value_bars(steps, error, texts, "%{customdata[1]}", layout, base=bases.tolist(), ids=ids)
    _mark(figure, None if exact is None else bases[: len(top)] + exact[top], places[: len(top)])
    return figure


def _mark(figure: Any, exact: Floats | None, places: list[int]) -> None:
    if exact is not None:
        figure.add_scatter(
            x=np.asarray(exact).tolist(),
            y=places,
            mode="markers",
            name="exact",
            marker={"symbol": "diamond-open", "color": GREY, "size": 9, "line": {"width": 2}},
            hovertemplate="exact: %{x:+.4f}<extra></extra>",
        )


def _named(label: str, cells: list[str], i: int) -> str:
    name = short(label, 20)
    return for_plotly(f"{name} = {short(cells[i], 12)}" if cells else name)


def importance(labels: list[str], means: dict[str, Floats]) -> Any:
    """Mean |value| of each column over the rows, one bar per index: index → (n,). The largest come first."""
    order, figure = ranked(means)[:MAX_GLOBAL], plotly().Figure()
    for (index, values), colour, pattern in zip(means.items(), (FIRST, SECOND), ("", "/")):
        figure.add_bar(
            orientation="h",
            y=list(range(len(order))),
            x=values[order].tolist(),
            name=index.capitalize(),
            marker={"color": colour, "pattern": {"shape": pattern}},
            customdata=[[int(i)] for i in order],
            hovertemplate="%{x:.4f}<extra>" + index.capitalize() + "</extra>",
        )
    figure.update_layout(
        height=130 + 34 * len(order),
        margin={"l": 10, "r": 12, "t": charts.TOOLBAR, "b": 80},
        barmode="group",
        xaxis={"title": "mean size of the values"},
        clickmode="event+select",
        legend={"orientation": "h", "yref": "container", "y": 0.0, "yanchor": "bottom", "x": 0},
        yaxis=charts.rows_axis([labels[i] for i in order]),
    )
    return figure


def ranked(means: dict[str, Floats]) -> Ints:
    """Columns from the largest mean |value| of any index to the least."""
    return np.argsort(-np.max(list(means.values()), axis=0), kind="stable")


def errors(found: dict[str, list[tuple[int, float]]]) -> Any:
    """Relative squared error against evaluations, one line per method: name → [(evaluations, error)]."""
    figure = plotly().Figure()
    for i, (name, points) in enumerate(found.items()):
        figure.add_scatter(
            x=[evaluations for evaluations, _ in points],
            y=[max(error, 1e-16) for _, error in points],
            name=name,
            mode="lines+markers",
            hovertemplate="%{x} evaluations: %{y:.2e}<extra>" + for_plotly(name) + "</extra>",
            line={"color": _LINES[i % len(_LINES)], "dash": _DASHES[i // len(_LINES) % len(_DASHES)]},
        )
    figure.update_xaxes(type="log", title="evaluations of the model", dtick=np.log10(2), tickformat="d")
    figure.update_yaxes(type="log", title="relative squared error", exponentformat="power", dtick=1)
    figure.update_layout(
        height=460,
        margin={"l": 10, "r": 10, "t": charts.TOOLBAR, "b": 40},
        legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0},
    )
    return figure


def residuals(groups: dict[str, tuple[Floats, Floats, Ints]], here: tuple[float, float] | None, label: str) -> Any:
    """Residuals against predictions, a kind of dot for each group: name → (predicted, residual, row), (m,) each.

    here : (predicted, residual) of the explained row;  label : of the target
    """
    figure = plotly().Figure()
    for i, (name, (predicted, residual, rows)) in enumerate(groups.items()):
        marker = {"color": _LINES[i], "size": 6, "symbol": ("circle", "circle-open", "x-thin-open")[i], "opacity": 0.75}
        told = "row %{customdata}: predicted %{x:.4g}, residual %{y:+.4g}<extra>" + for_plotly(name) + "</extra>"
        figure.add_scatter(x=predicted, y=residual, customdata=rows, mode="markers", name=name, marker=marker, hovertemplate=told)
    figure.add_hline(y=0, line={"color": GREY, "width": 1})
    if here is not None:
        marker = {"symbol": "star-diamond-open", "color": GREY, "size": 18, "line": {"width": 3}}
        figure.add_scatter(x=[here[0]], y=[here[1]], mode="markers", name="this row", marker=marker, hoverinfo="name")
    return _judging(figure, f"the model says: {label}", "residual: what was, less that")


def calibrations(groups: "dict[str, list[Bin]]", what: str) -> Any:
    """Shares that were so against the probabilities given, with 95 % intervals, a line for each group. what : was so"""
    figure = plotly().Figure()
    diagonal = {"color": GREY, "dash": "dot", "width": 1}
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", name="as it should be", line=diagonal, hoverinfo="skip")
    for i, (name, bins) in enumerate(groups.items()):
        reach = {"array": [one.high - one.share for one in bins], "arrayminus": [one.share - one.low for one in bins]}
        figure.add_scatter(
            x=[one.given for one in bins],
            y=[one.share for one in bins],
            error_y={"type": "data", "symmetric": False, "color": GREY, **reach},
            customdata=[one.rows for one in bins],
            name=name,
            mode="lines+markers",
            line={"color": _LINES[i], "dash": _DASHES[i]},
            hovertemplate="given %{x:.3f}: so in %{y:.3f} of %{customdata} rows<extra>" + for_plotly(name) + "</extra>",
        )
    return _judging(figure, f"P({what}) that the model gives", "share of rows where it was so")


def _judging(figure: Any, x: str, y: str) -> Any:
    figure.update_layout(
        height=400,
        margin={"l": 10, "r": 10, "t": charts.TOOLBAR, "b": 40},
        xaxis={"title": for_plotly(short(x, 60))},
        yaxis={"title": y},
        legend={"orientation": "h", "y": -0.25, "yanchor": "top", "x": 0},
    )
    return figure
