"""A beeswarm: every row a dot per column, at its value, shaded by its cell."""

from typing import Any

import numpy as np

from ui.draw import charts
from ui.draw.charts import GREY, css, plotly
from ui.draw.colour import LOWERS, RAISES, signed
from ui.table.plots.cells import Cells, shades
from xai.exchange.visible import for_plotly
from xai.typing import Floats, Ints

SWARMS = 10  # columns of a beeswarm
SHADES = [[0, css(LOWERS)], [0.5, "#bbbbbb"], [1, css(RAISES)]]
_BINS = 120  # of the axis: where more rows fall into one than there are lanes, several share a dot
_LANES, _CROWDED = 18, 6  # on either side of the middle, for few rows, and for many
_FEW = 500  # rows


def beeswarm(columns: list[Cells], values: Floats, rows: Ints, quantity: str) -> Any:
    """The first column on top, coloured from a low cell (blue) to a high one (vermillion), grey rings where it is missing.

    columns : with cells (m,);  values (m, columns);  rows (m,) : numbers of the rows, for hovering
    A dot stands at its row's value; rows that share one, at their mean.
    """
    reach = float(np.abs(values).max(initial=0.0)) or 1.0
    x, y, shade, texts = [], [], [], []
    for place, cells in enumerate(columns):
        tones = shades(cells)
        which, lane, first, counts = _dots(values[:, place], tones, reach)
        x.append(np.bincount(which, values[:, place], len(counts)) / counts)
        y.append(place + 0.4 * lane)
        shade.append(np.bincount(which, tones, len(counts)) / counts)
        texts += [
            f"{for_plotly(cells.label)} = {for_plotly(word)}, row {rows[row]}"
            + ("" if count == 1 else f" and {count - 1} more like it")
            for word, row, count in zip(cells.told(first), first, counts)
        ]
    across, down, tones, said = np.concatenate(x), np.concatenate(y), np.concatenate(shade), np.array(texts, object)
    figure = plotly().Figure()
    bar = {"title": "cell", "tickvals": [0, 1], "ticktext": ["low", "high"], "thickness": 8}
    full = {"size": 5, "cmin": 0, "cmax": 1, "showscale": True, "colorscale": SHADES, "colorbar": bar}
    ring = {"size": 5, "color": GREY, "symbol": "circle-open", "line": {"width": 1}}
    for mine, marker in ((~np.isnan(tones), full), (np.isnan(tones), ring)):
        if mine.any():
            figure.add_scatter(
                x=across[mine],
                y=down[mine],
                mode="markers",
                customdata=[[text, signed(value, 4)] for text, value in zip(said[mine], across[mine])],
                marker=marker if marker is ring else marker | {"color": tones[mine]},
                hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
            )
    figure.update_layout(
        height=116 + 44 * len(columns),
        margin={"l": 10, "r": 10, "t": charts.TOOLBAR, "b": 40},
        xaxis={"title": f"change of {for_plotly(quantity)}", "zeroline": True},
        yaxis=charts.rows_axis([cells.label for cells in columns], showgrid=False),
        showlegend=False,
    )
    return figure


def _dots(values: Floats, tones: Floats, reach: float) -> tuple[Ints, Floats, Ints, Ints]:
    """Rows made dots. Of each row its dot; of each dot its lane −1 … 1, a row of it, and how many it is."""
    bins = np.rint((values / reach + 1) / 2 * _BINS).astype(int)
    order = np.lexsort((tones, bins))
    sizes = np.bincount(bins, minlength=_BINS + 1)
    within = np.empty(len(bins), int)
    within[order] = np.arange(len(bins)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    side = _LANES if len(values) <= _FEW else _CROWDED
    most, deep = 2 * side + 1, sizes[bins]
    width = np.minimum(most, np.maximum(1, np.ceil(most * deep / max(sizes.max(initial=0), most))))
    lane = np.floor(within / deep * width) - np.floor(width / 2)
    keys = (bins * 100 + (lane + 50).astype(int)) * 2 + np.isnan(tones)  # a missing cell shares no dot with a known one
    found, first, which, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    return which, (found // 2 % 100 - 50.0) / side, first, counts
