"""Which columns matter for each of several classes, all at once."""

from typing import Any

import numpy as np

from ui.draw import charts
from ui.draw.charts import FIRST, plotly
from ui.draw.colour import STRONGEST
from ui.draw.markdown import short
from xai.exchange.visible import for_plotly
from xai.typing import Floats, Ints

MAX_COLUMNS = 20
MAX_CLASSES = 12
_WRITTEN = 4  # classes whose figures a telephone has room for


def chosen_of(means: Floats) -> tuple[Ints, Ints]:
    """Columns, the largest over all classes first, and classes in their order, the smallest left out beyond the most."""
    columns = np.argsort(-means.sum(axis=1), kind="stable")[:MAX_COLUMNS]
    return columns, np.sort(np.argsort(-means.sum(axis=0), kind="stable")[:MAX_CLASSES])


def by_class(labels: list[str], classes: list[str], means: Floats) -> Any:
    """Mean |value| as a map of columns × classes, the darker the larger. means : (columns, classes)"""
    columns, outputs = chosen_of(means)
    drawn = means[np.ix_(columns, outputs)]
    names = [for_plotly(short(classes[k], 18)) for k in outputs]
    colour = ",".join(str(int(FIRST[at : at + 2], 16)) for at in (1, 3, 5))
    largest = float(drawn.max(initial=0.0)) or 1.0
    digits = int(np.clip(2 - np.floor(np.log10(largest)), 0, 9))
    written = [  # in the theme's own colour: a heatmap's own texts take no account of what shines through it
        {"x": x, "y": y, "text": f"{value:.{digits}f}", "showarrow": False, "font": {"size": 11}}
        for y, row in enumerate(drawn)
        for x, value in enumerate(row)
    ]
    figure = plotly().Figure()
    figure.add_heatmap(
        z=drawn,
        x=list(range(len(outputs))),
        customdata=[[f"{for_plotly(labels[i])} for {for_plotly(classes[k])}" for k in outputs] for i in columns],
        zmin=0,
        zmax=largest,
        colorscale=[[0, f"rgba({colour},0)"], [1, f"rgba({colour},{STRONGEST})"]],
        colorbar={"thickness": 8},
        xgap=1,
        ygap=1,
        hovertemplate="%{customdata}: %{z:.4f}<extra></extra>",
    )
    figure.update_layout(
        height=150 + 26 * len(columns),
        margin={"l": 10, "r": 10, "t": charts.TOOLBAR, "b": 40},
        xaxis={"tickvals": list(range(len(outputs))), "ticktext": names, "automargin": True, "autotickangles": [0, 45, 90]},
        yaxis=charts.rows_axis([labels[i] for i in columns], showgrid=False),
        annotations=written if len(outputs) <= _WRITTEN else [],
    )
    return figure
