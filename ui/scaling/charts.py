"""Plotly figures of scaling laws: measured points, the fit, what was held out, the band. A log axis of tokens."""

from typing import Any, NamedTuple

import numpy as np

from ui.draw.charts import FIRST, GREY, SECOND, THIRD, plotly, rows_axis
from ui.scaling.study import LEVEL, Prediction
from xai.exchange.visible import for_plotly
from xai.scaling.fit import Fit, HeldOut
from xai.typing import Floats

_BAND = "rgba(0,158,115,0.22)"  # FIRST, thinned
_POINTS = 120


class Layer(NamedTuple):
    """What of a law is drawn together: kind "band" (y of shape (2, m)), "line" or "points"; style : dash or symbol."""

    kind: str
    x: Floats
    y: Floats
    name: str
    colour: str
    style: str = ""


def layers(
    tokens: Floats, values: Floats, fit: Fit | None, test: HeldOut | None, target: float | None
) -> tuple[list[Layer], tuple[float, float]]:
    """What `law` shows, from back to front, and the ends of its axis, which a wild band does not stretch."""
    grid = np.geomspace(tokens.min(), max(tokens.max(), target or 0.0, tokens.min() * 1.01), _POINTS)
    found, used = [], np.ones(len(tokens), bool)
    if fit is not None:
        band = None if target is None else fit.band(grid, LEVEL)
        if band is not None:
            found.append(Layer("band", grid, np.array(band), f"{LEVEL:.0%} band of the law", FIRST))
        inside, beyond = grid[grid <= tokens.max()], grid[grid >= tokens.max()]
        found.append(Layer("line", inside, fit.law(inside), "law, fitted to all runs", FIRST, "solid"))
        if len(beyond) > 1:
            found.append(Layer("line", beyond, fit.law(beyond), "extrapolated", FIRST, "dash"))
    if test is not None:
        used = tokens < test.tokens.min()
        name = f"law, fitted to the {test.fitted} smallest only"
        found.append(Layer("line", grid, test.law(grid), name, THIRD, "dot"))
    found.append(Layer("points", tokens[used], values[used], "measured", FIRST, "circle"))
    if not used.all():
        found.append(Layer("points", tokens[~used], values[~used], "measured, held out", SECOND, "diamond-open"))
    shown = np.concatenate([values, [] if fit is None else fit.law(grid)])
    low, high = float(np.min(shown)), float(np.max(shown))
    room = 0.12 * (high - low) or 0.1 * abs(high) or 1.0
    return found, (low - room, high + room)


def law(tokens: Floats, values: Floats, name: str, fit: Fit | None, test: HeldOut | None, target: float | None = None) -> Any:
    """One quantity against tokens: (m,) measured, its fit with band, and the held-out test.

    name : of the quantity;  target : a size to which the curve is drawn on, dashed beyond the measured ones; None for
    a law that the runs do not follow: it is drawn where they are, without a band
    """
    figure, (found, ends) = plotly().Figure(), layers(tokens, values, fit, test, target)
    for layer in found:
        at: dict[str, Any] = {"x": layer.x, "y": layer.y}
        if layer.kind == "band":
            low, high = layer.y
            at = {"x": np.concatenate([layer.x, layer.x[::-1]]), "y": np.concatenate([high, low[::-1]])}
            style: dict[str, Any] = {"fill": "toself", "fillcolor": _BAND, "line": {"width": 0}, "hoverinfo": "skip"}
        elif layer.kind == "line":
            style = {"mode": "lines", "line": {"color": layer.colour, "dash": layer.style, "width": 2}}
        else:
            rim = {"width": 2, "color": layer.colour}
            style = {"mode": "markers", "marker": {"symbol": layer.style, "color": layer.colour, "size": 10, "line": rim}}
        hover = {"hovertemplate": "%{x:.3s} tokens: %{y:.4g}<extra>" + for_plotly(layer.name) + "</extra>"}
        figure.add_scatter(name=layer.name, **at, **style, **({} if layer.kind == "band" else hover))
    figure.update_xaxes(type="log", title="pre-training tokens", exponentformat="B", dtick=1, minor={"ticks": "outside"})
    figure.update_yaxes(title=for_plotly(name), range=list(ends))
    figure.update_layout(
        height=460, margin={"l": 10, "r": 10, "t": 10, "b": 10}, legend={"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0}
    )
    return figure


def ranking(rows: list[tuple[str, Prediction, float]], name: str, target: str) -> Any:
    """Predicted score of each data set (label, prediction, its best so far) at one size, with bands; best on top."""
    figure = plotly().Figure()
    places = list(range(len(rows)))
    known = [row[1].law or (row[1].value,) * 2 for row in rows]
    figure.add_scatter(
        x=[row[1].value for row in rows],
        y=places,
        mode="markers",
        name=f"predicted at {target}",
        marker={"color": FIRST, "size": 10},
        error_x={
            "array": [band[1] - row[1].value for row, band in zip(rows, known)],
            "color": GREY,
            "arrayminus": [row[1].value - band[0] for row, band in zip(rows, known)],
            "symmetric": False,
        },
        hovertemplate="%{x:.4g}<extra>predicted</extra>",
    )
    figure.add_scatter(
        x=[row[2] for row in rows],
        y=places,
        mode="markers",
        name="best measured so far",
        marker={"color": SECOND, "symbol": "diamond-open", "size": 10, "line": {"width": 2}},
        hovertemplate="%{x:.4g}<extra>best measured</extra>",
    )
    figure.update_layout(
        height=140 + 34 * len(rows),
        margin={"l": 10, "r": 10, "t": 10, "b": 40},
        xaxis={"title": for_plotly(name)},
        yaxis=rows_axis([row[0] for row in rows], 32, range=[len(rows) - 0.5, -0.5]),
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    return figure
