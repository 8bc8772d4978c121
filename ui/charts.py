"""Plotly figures of attributions: pure functions, nothing is computed here but order and length of a list."""

from html import escape

import numpy as np

from ui.names import INDICES, method_name
from xai import Attribution

MAX_BARS = 30
INTERVAL = 1.96  # standard errors on either side of a 95 % interval
# Not the heatmap's colours, which mean sign; told apart by hatching too.
STYLES = [("#009E73", ""), ("#CC79A7", "/")]


def strongest(attributions: list[Attribution]) -> np.ndarray:
    """The players drawn, in reading order: all, or the MAX_BARS with the largest |value| in any attribution."""
    size = np.max([np.abs(a.values) for a in attributions], axis=0)
    return np.sort(np.argsort(-size, kind="stable")[:MAX_BARS])


def bars(attributions: list[Attribution]):
    """Horizontal bars, one group per player in reading order, with 95 % intervals where a method gives errors."""
    import plotly.graph_objects as go

    shown = strongest(attributions)
    place = list(range(len(shown)))
    figure = go.Figure()
    for attribution, (colour, pattern) in zip(attributions, STYLES):
        error = attribution.standard_error
        figure.add_bar(
            orientation="h",
            name=f"{INDICES[attribution.index]} ({method_name(attribution.index, attribution.method)})",
            y=place,
            x=attribution.values[shown].tolist(),
            error_x=None
            if error is None
            else {
                "array": (INTERVAL * np.nan_to_num(error[shown])).tolist(),
                "color": "#888888",  # seen on white and on black
            },
            marker={"color": colour, "pattern": {"shape": pattern}},
            customdata=[escape(attribution.labels[i]) for i in shown],
            hovertemplate="%{customdata}: %{x:+.4f}<extra></extra>",
        )
    figure.update_layout(
        barmode="group",
        height=120 + 34 * len(shown),
        margin={"l": 10, "r": 10, "t": 40, "b": 40},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        xaxis={"title": "change of the answer's log-probability", "zeroline": True},
        yaxis={
            "tickvals": place,
            "ticktext": [escape(_short(attributions[0].labels[i])) for i in shown],
            "autorange": "reversed",
            "automargin": True,
        },
    )
    return figure


def _short(label: str, most: int = 24) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"
