"""Plotly figures of attributions: pure functions, nothing is computed here but order and length of a list."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ui.draw.colour import ranks, signed
from ui.draw.markdown import short
from xai import Attribution, Fidelity, Interactions, ties
from xai.exchange.figures import GREY, INTERVAL, TOOLBAR, css, diverging, of_sign, plotly, rows_axis, value_bars
from xai.exchange.visible import for_plotly
from xai.typing import Ints

__all__ = ["FIRST", "GREY", "INTERVAL", "MAX_BARS", "SECOND", "THIRD", "TOOLBAR"]
__all__ += ["arcs", "bars", "css", "curves", "diverging", "of_sign", "pair_lines", "plotly", "reach_of", "rows_axis"]
__all__ += ["under_bars", "value_bars"]

MAX_BARS = 30
# Not the heatmap's colours, which mean sign; told apart by dash or hatching too.
FIRST, SECOND, THIRD = "#009E73", "#CC79A7", "#E69F00"


def bars(attribution: Attribution, quantity: str, reach: float) -> Any:
    """Bars from the largest |value| down, their 95 % intervals, and brackets around ranks that are not separable.

    attribution : values (n,);  quantity : what the values are changes of;  reach : half the width of the axis, the same
    for both panes. At most MAX_BARS are drawn.
    """
    order, brackets = ties(attribution)
    order = order[:MAX_BARS]
    values, error = attribution.values[order], attribution.standard_error
    texts = [[for_plotly(attribution.labels[i]), "" if error is None else f" ± {error[i]:.3f}"] for i in order]
    error = error[order] if error is not None and _estimated(attribution) else None
    lanes, shapes = 0, []
    for bracket in brackets:
        if bracket.first >= len(order):
            break
        x, last = 1.01 + 0.025 * bracket.lane, min(bracket.last, len(order) - 1)
        if last > bracket.first and bracket.lane < 5:
            lanes = max(lanes, bracket.lane + 1)
            ends = {"y0": bracket.first - 0.3, "y1": last + 0.3}
            shapes.append({"type": "line", "xref": "paper", "x0": x, "x1": x, "line": {"color": GREY, "width": 3}, **ends})
    layout = {
        "height": 106 + 26 * len(order),
        "shapes": shapes,
        "margin": {"l": 10, "r": 12 + 14 * lanes, "t": TOOLBAR, "b": 40},
        "xaxis": {"title": {"text": f"change of {for_plotly(quantity)}"}, "zeroline": True, "range": [-reach, reach]},
        "yaxis": rows_axis([attribution.labels[i] for i in order]),
        "showlegend": False,
    }
    return value_bars(values, error, texts, "%{x:+.4f}%{customdata[1]}", layout, ids=[str(i) for i in order])


def under_bars(attribution: Attribution) -> str:
    """How `bars` are read."""
    n = len(attribution.labels)
    most = f"The {MAX_BARS} largest of {n}. " if n > MAX_BARS else ""
    if not _estimated(attribution):
        return most + "The largest come first."
    return most + "Whiskers: 95 % intervals. A grey bracket on the right ties parts whose order this budget cannot tell."


def _estimated(attribution: Attribution) -> bool:
    """Whether there are errors to draw."""
    return attribution.standard_error is not None and bool(attribution.standard_error.any())


def reach_of(attributions: Sequence[Attribution]) -> float:
    """Half the width of an axis that holds every value and interval of all."""
    ends = []
    for one in attributions:
        error = 0.0 if one.standard_error is None else INTERVAL * np.nan_to_num(one.standard_error)
        ends.append(np.max(np.abs(one.values) + error))
    return 1.05 * max(ends) or 1.0


def curves(judged: Fidelity, names: list[str], quantity: str) -> Any:
    """Insertion and deletion beside a random order and leave-one-out: two plots of value against players."""
    go, traces = plotly(), []
    lines = [(name, one.curves, colour, "solid") for name, one, colour in zip(names, judged.maps, (FIRST, SECOND))]
    lines += [("leave-one-out", judged.leave_one_out, THIRD, "dash"), ("random order", judged.random, GREY, "dot")]
    for name, drawn, colour, dash in lines:
        for axis, heights in zip(("", "2"), (drawn.insertion, drawn.deletion) if drawn else ()):
            trace = go.Scatter(
                x=judged.counts,
                y=heights,
                name=name,
                legendgroup=name,
                showlegend=not axis,
                line={"color": colour, "dash": dash},
                mode="lines+markers",
                hovertemplate="%{x} parts: %{y:.4f}<extra>" + for_plotly(name) + "</extra>",
                xaxis=f"x{axis}",
                yaxis=f"y{axis}",
            )
            traces.append(trace)
    across, paper = {"title": {"text": "parts that came or went"}}, {"xref": "paper", "yref": "paper", "showarrow": False}
    head = {**paper, "y": 1.0, "xanchor": "center", "yanchor": "bottom", "font": {"size": 16}}
    layout = {  # what plotly's make_subplots makes in five times as long
        "xaxis": {"anchor": "y", "domain": [0.0, 0.45], **across},
        "yaxis": {"anchor": "x", "domain": [0.0, 1.0], "title": {"text": for_plotly(quantity)}},
        "xaxis2": {"anchor": "y2", "domain": [0.55, 1.0], **across},
        "yaxis2": {"anchor": "x2", "domain": [0.0, 1.0], "matches": "y", "showticklabels": False},
        "annotations": [
            {**head, "x": 0.225, "text": "Insertion: parts come"},
            {**head, "x": 0.775, "text": "Deletion: parts go"},
        ],
        "height": 340,
        "margin": {"l": 10, "r": 10, "t": 70, "b": 40},
        "legend": {"orientation": "h", "y": 1.28, "x": 0},
    }
    return go.Figure(traces, layout)


def arcs(found: Interactions, chosen: Ints, attribution: Attribution) -> Any:
    """The strongest pairs as arcs over the players in reading order, sign by colour, strength by width.

    The names are those of an axis, so that the browser turns them where they would overlap.
    chosen : rows of `found.pairs`, values (p,);  attribution : the players' own values, said on hover
    """
    players = np.unique(found.pairs[chosen])
    labels = [short(found.labels[i], 14) for i in players]
    widths = np.array([max(len(label), 6) for label in labels], float)  # names on end still need their height
    centre = dict(zip(players, np.cumsum(widths + 1.5) - widths / 2))
    span = max(centre.values()) - min(centre.values()) or 1.0
    go, traces, t = plotly(), [], np.linspace(0, np.pi, 25)
    for (i, j), line, text in pair_lines(found, chosen, 6):
        middle, half = (centre[i] + centre[j]) / 2, (centre[j] - centre[i]) / 2
        x, y = middle - half * np.cos(t), 0.12 + 0.88 * (2 * half / span) ** 0.7 * np.sin(t)
        traces.append(go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="text", text=text[0] + text[1]))
    place, feet = ranks(attribution), [centre[i] for i in players]
    dots = go.Scatter(
        x=feet,
        y=[0.12] * len(feet),
        mode="markers",
        marker={"color": GREY, "size": 9},
        hoverinfo="text",
        hovertext=[f"{for_plotly(found.labels[i])}: {signed(attribution.values[i])} alone · rank {place[i]}" for i in players],
    )
    names = {"tickvals": feet, "ticktext": [*map(for_plotly, labels)], "automargin": True, "autotickangles": [0, 90]}
    layout = {
        "height": 350,
        "showlegend": False,
        "margin": {"l": 5, "r": 5, "t": TOOLBAR, "b": 5},
        "xaxis": {"showgrid": False, "zeroline": False, **names},
        "yaxis": {"visible": False, "range": [0.05, 1.08]},
    }
    return go.Figure([*traces, dots], layout)


def pair_lines(found: Interactions, chosen: Ints, widest: float) -> Iterator[tuple[Ints, dict[str, Any], tuple[str, str]]]:
    """Of each chosen pair its two players, the style of a line between them, what it is and its interval in words.

    Sign by colour, strength by width, dotted what is not clear of zero. widest : of the strongest, in pixels beyond 1.5
    """
    strongest = np.abs(found.values[chosen]).max() or 1.0
    for row in chosen:
        pair, value, interval = found.pairs[row], found.values[row], INTERVAL * found.standard_error[row]
        dash, width = "solid" if abs(value) > interval else "dot", 1.5 + widest * abs(value) / strongest
        names = " with ".join(for_plotly(found.labels[i]) for i in pair)
        yield pair, {"color": of_sign(value), "width": width, "dash": dash}, (f"{names}: {signed(value)}", f" ± {interval:.3f}")
