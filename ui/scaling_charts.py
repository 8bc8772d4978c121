"""Plotly figures of scaling laws: measured points, the fit, what was held out, the band. A log axis of tokens."""

from html import escape

import numpy as np

from ui.charts import FIRST, GREY, SECOND, THIRD, plotly
from ui.scaling_run import LEVEL, Prediction
from xai.scaling import Fit, HeldOut

_BAND = "rgba(0,158,115,0.22)"  # FIRST, thinned
_POINTS = 120


def law(tokens, values, name: str, fit: Fit | None, test: HeldOut | None, target: float | None = None):
    """One quantity against tokens: (m,) measured, its fit with band, and the held-out test.

    name : of the quantity;  target : a size to which the curve is drawn on, dashed beyond the measured ones; None for
    a law that the runs do not follow: it is drawn where they are, without a band
    """
    go = plotly()
    figure = go.Figure()
    ends = [tokens.min(), max(tokens.max(), target or 0.0)]
    grid = np.geomspace(ends[0], max(ends[1], ends[0] * 1.01), _POINTS)
    if fit is not None:
        band = None if target is None else fit.band(grid, LEVEL)
        if band is not None:
            figure.add_scatter(
                x=np.concatenate([grid, grid[::-1]]), y=np.concatenate([band[1], band[0][::-1]]), fill="toself",
                fillcolor=_BAND, line={"width": 0}, name=f"{LEVEL:.0%} band of the law", hoverinfo="skip",
            )  # fmt: skip
        inside, beyond = grid[grid <= tokens.max()], grid[grid >= tokens.max()]
        _line(figure, inside, fit.law(inside), "law, fitted to all runs", FIRST, "solid")
        if len(beyond) > 1:
            _line(figure, beyond, fit.law(beyond), "extrapolated", FIRST, "dash")
    used = np.ones(len(tokens), bool)
    if test is not None:
        used = tokens < test.tokens.min()
        _line(figure, grid, test.law(grid), f"law, fitted to the {test.fitted} smallest only", THIRD, "dot")
    _points(figure, tokens[used], values[used], "measured", "circle", FIRST)
    if not used.all():
        _points(figure, tokens[~used], values[~used], "measured, held out", "diamond-open", SECOND)
    _axes(figure, name, np.concatenate([values, [] if fit is None else fit.law(grid)]))
    return figure


def ranking(rows: list[tuple[str, Prediction, float]], name: str, target: str):
    """Predicted score of each data set (label, prediction, its best so far) at one size, with bands; best on top."""
    go = plotly()
    figure = go.Figure()
    places = list(range(len(rows)))
    known = [row[1].law or (row[1].value,) * 2 for row in rows]
    figure.add_scatter(
        x=[row[1].value for row in rows], y=places, mode="markers", name=f"predicted at {target}",
        marker={"color": FIRST, "size": 10},
        error_x={"array": [band[1] - row[1].value for row, band in zip(rows, known)], "color": GREY,
                 "arrayminus": [row[1].value - band[0] for row, band in zip(rows, known)], "symmetric": False},
        hovertemplate="%{x:.4g}<extra>predicted</extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[row[2] for row in rows], y=places, mode="markers", name="best measured so far",
        marker={"color": SECOND, "symbol": "diamond-open", "size": 10, "line": {"width": 2}},
        hovertemplate="%{x:.4g}<extra>best measured</extra>",
    )  # fmt: skip
    figure.update_layout(
        height=140 + 34 * len(rows), margin={"l": 10, "r": 10, "t": 10, "b": 40}, xaxis={"title": escape(name)},
        yaxis={"tickvals": places, "ticktext": [escape(_short(row[0])) for row in rows], "automargin": True,
               "range": [len(rows) - 0.5, -0.5]},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    return figure


def _line(figure, x, y, name, colour, dash) -> None:
    figure.add_scatter(
        x=x, y=y, mode="lines", name=name, line={"color": colour, "dash": dash, "width": 2},
        hovertemplate="%{x:.3s} tokens: %{y:.4g}<extra>" + escape(name) + "</extra>",
    )  # fmt: skip


def _points(figure, x, y, name, symbol, colour) -> None:
    figure.add_scatter(
        x=x, y=y, mode="markers", name=name,
        marker={"symbol": symbol, "color": colour, "size": 10, "line": {"width": 2, "color": colour}},
        hovertemplate="%{x:.3s} tokens: %{y:.4g}<extra>" + escape(name) + "</extra>",
    )  # fmt: skip


def _axes(figure, name, values) -> None:
    """A log axis of tokens, and one of values that a wild band does not stretch."""
    low, high = float(np.min(values)), float(np.max(values))
    room = 0.12 * (high - low) or 0.1 * abs(high) or 1.0
    figure.update_xaxes(
        type="log", title="pre-training tokens", exponentformat="B", dtick=1, minor={"ticks": "outside"}
    )
    figure.update_yaxes(title=escape(name), range=[low - room, high + room])
    figure.update_layout(
        height=460, margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0},
    )  # fmt: skip


def _short(text: str, most: int = 32) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
