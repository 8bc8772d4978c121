"""A column's value against its cell over rows, coloured by a second column; and what is seen there, in a sentence."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ui.draw import charts
from ui.draw.chances import number
from ui.draw.charts import FIRST, GREY, SECOND, THIRD, plotly
from ui.draw.markdown import plain, short
from ui.table.plots.cells import Cells, as_dates, brief, shades
from ui.table.plots.swarm import SHADES
from xai.exchange.visible import for_plotly
from xai.typing import Bools, Floats, Ints

_LEVELS = ((FIRST, "circle"), (SECOND, "square"), (THIRD, "diamond"), ("#56B4E9", "triangle-up"))  # one, then grey for the rest
_CLEAR = 0.5  # rank correlation from which on a direction is spoken of


@dataclass(frozen=True, eq=False)
class Dots:
    """rows (m,) : their numbers;  values (m,) : of the column;  across : its cells;  shade : cells that colour the dots
    here : which dot is the explained row"""

    rows: Ints
    values: Floats
    across: Cells
    shade: Cells | None
    here: int | None


def dependence(dots: Dots, named: str) -> Any:
    """A dot for each row. Cells that are missing stand in a band on the right. named : what the values are"""
    across, missing = dots.across, ~dots.across.known
    x = _places(across)
    texts = across.told(np.arange(len(x)))
    shown = None if dots.shade is None else dots.shade.told(np.arange(len(x)))
    said = [
        f"row {dots.rows[i]}: {for_plotly(short(across.label, 30))} = {for_plotly(texts[i])}, value {number(dots.values[i], '+')}"
        + ("" if shown is None or dots.shade is None else f", {for_plotly(short(dots.shade.label, 30))} = {for_plotly(shown[i])}")
        for i in range(len(x))
    ]
    figure = plotly().Figure()

    def add(mine: Bools, marker: dict[str, Any], name: str, listed: bool = True) -> None:
        for side, axis in ((mine & ~missing, "x"), (mine & missing, "x2")):
            if side.any():
                figure.add_scatter(
                    x=(x if axis == "x" else _jitter(len(x)))[side],
                    y=dots.values[side],
                    xaxis=axis,
                    mode="markers",
                    name=for_plotly(brief(name)),
                    legendgroup=for_plotly(name),
                    showlegend=listed and bool(name),
                    marker={key: of[side] if isinstance(of, np.ndarray) else of for key, of in marker.items()},
                    customdata=np.array(said, object)[side],
                    hovertemplate="%{customdata}<extra></extra>",
                )
                listed = False

    for mine, marker, name in _groups(dots):
        add(mine, {"size": 6, "opacity": 0.75, **marker}, name)
    if dots.here is not None:
        star = {"symbol": "star-diamond", "color": "#ffffff", "size": 16, "line": {"color": "#000000", "width": 2}}
        add(np.arange(len(x)) == dots.here, star, f"row {dots.rows[dots.here]}", listed=False)
    figure.update_layout(_layout(across, missing, named))
    if dots.shade is not None and dots.shade.kind == "category":
        figure.update_layout(legend_title_text=for_plotly(short(dots.shade.label, 24)))
    return figure


def _groups(dots: Dots) -> Iterator[tuple[Bools, dict[str, Any], str]]:
    """Which dots look the same, how, and what that means."""
    shade = dots.shade
    if shade is None:
        yield np.ones(len(dots.rows), bool), {"color": FIRST}, ""
        return
    if shade.kind == "category":
        for place, name in enumerate(shade.names):
            if (own := place < len(_LEVELS)) or place == len(_LEVELS):
                mine = shade.at == place if own else shade.at >= place
                colour, symbol = _LEVELS[place] if own else (GREY, "x-thin-open")
                yield mine, {"color": colour, "symbol": symbol}, name if own or place == len(shade.names) - 1 else "others"
    elif shade.known.any():
        ends = [for_plotly(brief(shade.word(float(end)))) for end in (np.nanmin(shade.at), np.nanmax(shade.at))]
        title = {"text": for_plotly(short(shade.label, 30)), "side": "right"}
        same = {"tickvals": [0.5], "ticktext": ends[:1]} if np.nanmin(shade.at) == np.nanmax(shade.at) else {}
        bar = {"title": title, "tickvals": [0, 1], "ticktext": ends, "thickness": 8} | same
        scale = {"cmin": 0, "cmax": 1, "showscale": True, "colorscale": SHADES, "colorbar": bar}
        yield shade.known, {"color": shades(shade), **scale}, ""
    yield (
        ~shade.known,
        {"color": GREY, "symbol": "circle-open"},
        "missing" if shade.kind == "category" else f"{short(shade.label, 9)} missing",
    )


def _places(cells: Cells) -> Any:
    if cells.kind == "category":
        return cells.at + _jitter(len(cells.at))
    return as_dates(cells.at) if cells.kind == "date" else cells.at


def _jitter(count: int) -> Floats:
    """Sideways, so that dots of one category do not hide one another."""
    return np.random.default_rng(0).uniform(-0.3, 0.3, count)


def _layout(cells: Cells, missing: Bools, named: str) -> dict[str, Any]:
    none, every = not missing.any(), bool(missing.all())
    ends = ([0.0, 1.0], [0.0, 1.0]) if none or every else ([0.0, 0.8], [0.84, 1.0])
    first: dict[str, Any] = {"title": {"text": for_plotly(short(cells.label, 40))}, "domain": ends[0], "visible": not every}
    if cells.kind == "category":
        first |= {"tickvals": list(range(len(cells.names))), "ticktext": [for_plotly(brief(name)) for name in cells.names]}
        first |= {"range": [-0.6, len(cells.names) - 0.4], "automargin": True, "autotickangles": [0, 45, 90]}
    found: dict[str, Any] = {
        "height": 420,
        "margin": {"l": 10, "r": 10, "t": charts.TOOLBAR, "b": 120},  # names on end, and a legend of two lines
        "xaxis": first | ({"type": "date"} if cells.kind == "date" else {}),
        "yaxis": {"title": {"text": for_plotly(short(named, 40))}, "zeroline": True, "automargin": True},
        "legend": {"orientation": "h", "yref": "container", "y": 0.0, "yanchor": "bottom", "x": 0},
    }
    if not none:
        band = {"type": "rect", "xref": "paper", "yref": "paper", "y0": 0, "y1": 1, "fillcolor": GREY, "opacity": 0.12}
        found["shapes"] = [{**band, "x0": ends[1][0], "x1": ends[1][1], "line": {"width": 0}, "layer": "below"}]
        title = {"text": "missing"} if not every else {"text": f"{for_plotly(short(cells.label, 40))}: missing"}
        found["xaxis2"] = {"domain": ends[1], "range": [-0.6, 0.6], "showticklabels": False, "anchor": "y", "title": title}
        found["xaxis2"] |= {"showgrid": False, "zeroline": False}
    return found


def seen(cells: Cells, values: Floats, called: str) -> str:
    """What a plot of these values against these cells shows. called : what the values are"""
    label, known = plain(cells.label), cells.known
    told = f"The {called} of {label}"
    if not known.any():
        return f"No cell of {label} is known; its {called} is {_signed(values.mean())} on average."
    if values.min() == values.max():
        return f"{told} is the same, {_signed(values[0])}, in every row."
    at, mine = cells.at[known], values[known]
    if at.min() == at.max():
        word = plain(cells.word(float(at[0])))
        return f"Every known cell of {label} is {word}; its {called} is {_signed(mine.mean())} there on average."
    if cells.kind == "category":
        counts = np.bincount(at.astype(int), minlength=len(cells.names))
        places = np.flatnonzero(counts)
        means = np.bincount(at.astype(int), mine, len(cells.names))[places] / counts[places]
        high, low = (int(places[place]) for place in (means.argmax(), means.argmin()))
        ends = [f"{plain(cells.names[i])} ({_signed(mean)})" for i, mean in ((high, means.max()), (low, means.min()))]
        return f"{told} is highest on average for {ends[0]} and lowest for {ends[1]}."
    if mine.min() == mine.max():
        return f"{told} is the same, {_signed(mine[0])}, for every known cell."
    from scipy.stats import spearmanr

    rank = float(spearmanr(at, mine).statistic)
    where = "later" if cells.kind == "date" else "higher"
    way = "higher" if rank > 0 else "lower"
    how = f"(rank correlation {number(round(rank, 2), '+')})"
    if abs(rank) < _CLEAR:
        return f"{told} has no single direction as {label} gets {where} {how}."
    return f"Where {label} is {where}, its {called} tends to be {way} {how}."


def _signed(value: float) -> str:
    return number(float(value), "+") if value else "0"
