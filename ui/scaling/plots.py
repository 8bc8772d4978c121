"""The plots of a study as one PNG picture, for files: what `ui.scaling.charts` shows, drawn without a browser."""

import io
from typing import TYPE_CHECKING, Any

from ui.scaling.charts import layers
from ui.scaling.export import laws_of
from ui.scaling.study import Study, extrapolates
from xai.exchange.visible import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE, HIGH, DPI = 6.4, 4.4, 110  # inches of one plot
_STYLES = {"solid": "-", "dash": "--", "dot": ":", "circle": "o", "diamond-open": "D"}  # of Plotly, as matplotlib says


def plots_png(study: Study, target: float, chosen: list[int] | None = None) -> bytes:
    """A row for each set of runs, score beside cross-entropy; chosen : numbers of sets, all by default."""
    from matplotlib.figure import Figure

    sets = range(len(study.sets)) if chosen is None else chosen
    laws = {i: laws_of(study, i) for i in sets}
    columns = max(map(len, laws.values()))
    figure = Figure((WIDE * columns, HIGH * len(laws)), dpi=DPI, layout="constrained")
    plots = figure.subplots(len(laws), columns, squeeze=False)
    for row, (i, found) in zip(plots, laws.items()):
        for plot in row[len(found) :]:
            plot.set_axis_off()
        for plot, (name, values, fit, test) in zip(row, found):
            ahead = target if extrapolates(study.verdicts[i], name) else None
            _law(plot, study.sets[i].tokens, values, fit, test, ahead)
            plot.set_title(_text(f"{study.sets[i].name}: {study.verdicts[i].title}"), fontsize=9, wrap=True)
            plot.set_ylabel(_text(name))
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def _law(plot: "Axes", *quantity: Any) -> None:
    """One quantity against tokens; `quantity` : the arguments of `ui.scaling.charts.layers`."""
    found, ends = layers(*quantity)
    for layer in found:
        if layer.kind == "band":
            plot.fill_between(layer.x, *layer.y, color=layer.colour, alpha=0.22, linewidth=0, label=layer.name)
        else:
            inner = "none" if layer.style.endswith("-open") else layer.colour
            plot.plot(layer.x, layer.y, _STYLES[layer.style], color=layer.colour, markerfacecolor=inner, label=layer.name)
    plot.set(xscale="log", xlabel="pre-training tokens", ylim=ends)
    plot.legend(fontsize=8, framealpha=0.6)
    plot.grid(alpha=0.25)


def _text(text: str) -> str:
    """As a name is shown: matplotlib would take what stands between two dollars for a formula."""
    return visible(text).replace("$", r"\$")
