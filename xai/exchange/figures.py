"""Plotly figures of maps, and what the pages' figures share with them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from xai.exchange.colour import LOWERS, RAISES, STRONGEST, Colour, short
from xai.exchange.map import INDEX_NAMES, Map, columns, output_names, strongest
from xai.exchange.visible import for_plotly
from xai.typing import Floats

INTERVAL = 1.96  # standard errors on either side of a 95 % interval
GREY = "#888888"  # seen on white and on black
TOOLBAR = 36  # pixels above a chart for the buttons of plotly, which a telephone always shows
MOST_ROWS = 30


def figure(shown: Map, outputs: list[str] | None = None) -> Any:
    """Bars of the largest |value| of values (n,), with 95 % intervals; of values (n, k) a matrix, players by outputs."""
    order = np.argsort(-strongest(shown), kind="stable")[:MOST_ROWS]
    labels, most = [shown.labels[i] for i in order], ""
    if len(shown.labels) > MOST_ROWS:
        most = f" (the {MOST_ROWS} largest of {len(shown.labels)})"
    layout = {
        "title": {"text": INDEX_NAMES[shown.index] + most},
        "height": 106 + TOOLBAR + 26 * len(order),
        "margin": {"l": 10, "r": 12, "t": 2 * TOOLBAR, "b": 40},
        "yaxis": rows_axis(labels),
    }
    names = output_names(shown, outputs)
    if names is not None and len(names) > 1:
        return _matrix(shown.values[order], labels, names, layout)
    one = columns(shown, outputs)[0]
    error = None if one.standard_error is None else one.standard_error[order]
    texts = [[for_plotly(label), "" if error is None else f" ± {error[i]:.3g}"] for i, label in enumerate(labels)]
    return value_bars(one.values[order], error, texts, "%{x:+.4g}%{customdata[1]}", layout)


def _matrix(values: Floats, labels: list[str], names: list[str], layout: dict[str, Any]) -> Any:
    go, scale = plotly(), float(np.abs(values).max()) or 1.0
    drawn = go.Heatmap(
        z=values,
        zmin=-scale,
        zmax=scale,
        colorscale=diverging(STRONGEST),
        customdata=[[[for_plotly(label), for_plotly(name)] for name in names] for label in labels],
        hovertemplate="%{customdata[0]}, %{customdata[1]}: %{z:+.4g}<extra></extra>",
    )
    across = rows_axis(names, 14, title={"text": "output"}, showgrid=False) | {"range": [-0.5, len(names) - 0.5]}
    down = {**layout["yaxis"], "showgrid": False}
    return go.Figure(drawn, {**layout, "xaxis": across, "yaxis": down, "plot_bgcolor": "rgba(0,0,0,0)"})


def value_bars(
    values: Floats, error: Floats | None, texts: list[list[str]], says: str, layout: dict[str, Any], **more: Any
) -> Any:
    """A bar for each value from the top down, coloured by sign, with its 95 % interval.

    texts : of each bar, its name first;  says : the template of what it says of its value
    more : of Plotly's bars; by `ids`, numbers of players, the page marks a bar as it marks their parts in maps
    layout : of Plotly, complete: it checks all that a figure has anew for each thing that is added later
    """
    go = plotly()
    drawn = go.Bar(
        orientation="h",
        y=list(range(len(values))),
        x=values.tolist(),
        error_x=None if error is None else {"array": (INTERVAL * np.nan_to_num(error)).tolist(), "color": GREY},
        marker={"color": [of_sign(value) for value in values]},
        customdata=texts,
        hovertemplate=f"%{{customdata[0]}}: {says}<extra></extra>",
        **more,
    )
    return go.Figure(drawn, layout)


def plotly() -> Any:
    """plotly.graph_objects. It looks at pandas, which a job's thread may just be importing: wait for all of it."""
    import pandas  # noqa: F401
    import plotly.graph_objects

    return plotly.graph_objects


def diverging(strongest: float) -> list[list[Any]]:
    """Plotly's colour scale from LOWERS over nothing to RAISES, `strongest` the opacity at either end."""
    ends = [(0, LOWERS, strongest), (0.5, LOWERS, 0), (0.5, RAISES, 0), (1, RAISES, strongest)]
    return [[at, "rgba({},{},{},{})".format(*colour, opacity)] for at, colour, opacity in ends]


def css(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def of_sign(value: float) -> str:
    return css(RAISES if value > 0 else LOWERS)


def rows_axis(labels: Sequence[str], most: int = 24, **more: Any) -> dict[str, Any]:
    """An axis with a row for each label, the first on top."""
    names = [for_plotly(short(label, most)) for label in labels]
    ends = [len(labels) - 0.4, -0.6]
    return {"tickvals": list(range(len(labels))), "ticktext": names, "range": ends, "automargin": True, **more}
