"""The plots of a study as one PNG picture, for files: what `ui.scaling_charts` shows, drawn without a browser."""

import io

import numpy as np

from ui.charts import FIRST, SECOND, THIRD
from ui.scaling_export import laws_of
from ui.scaling_run import LEVEL, USABLE, Study

WIDE, HIGH, DPI = 6.4, 4.4, 110  # inches of one plot
_POINTS = 120


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
            extrapolate = name == "cross-entropy" or study.verdicts[i].kind in USABLE
            _law(plot, study.sets[i].tokens, values, fit, test, target if extrapolate else None)
            plot.set_title(_text(f"{study.sets[i].name}: {study.verdicts[i].title}"), fontsize=9, wrap=True)
            plot.set_ylabel(_text(name))
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def _law(plot, tokens, values, fit, test, target: float | None) -> None:
    """One quantity against tokens; the arguments are those of `ui.scaling_charts.law`."""
    grid = np.geomspace(tokens.min(), max(tokens.max(), target or 0.0), _POINTS)
    shown = [values]
    if fit is not None:
        band = None if target is None else fit.band(grid, LEVEL)
        if band is not None:
            plot.fill_between(grid, *band, color=FIRST, alpha=0.22, linewidth=0, label=f"{LEVEL:.0%} band of the law")
        inside = grid <= tokens.max()
        plot.plot(grid[inside], fit.law(grid[inside]), color=FIRST, label="law, fitted to all runs")
        if not inside.all():
            plot.plot(grid[~inside], fit.law(grid[~inside]), color=FIRST, linestyle="--", label="extrapolated")
        shown.append(fit.law(grid))
    used = np.ones(len(tokens), bool)
    if test is not None:
        used = tokens < test.tokens.min()
        plot.plot(grid, test.law(grid), color=THIRD, linestyle=":", label=f"law, fitted to the {test.fitted} smallest")
        plot.plot(tokens[~used], values[~used], "D", color=SECOND, markerfacecolor="none", label="measured, held out")
    plot.plot(tokens[used], values[used], "o", color=FIRST, label="measured")
    ends = np.concatenate(shown)
    room = 0.12 * np.ptp(ends) or 0.1 * abs(ends[0]) or 1.0
    plot.set(xscale="log", xlabel="pre-training tokens", ylim=(ends.min() - room, ends.max() + room))
    plot.legend(fontsize=8, framealpha=0.6)
    plot.grid(alpha=0.25)


def _text(text: str) -> str:
    """As it is: matplotlib would take what stands between two dollars for a formula."""
    return text.replace("$", r"\$")
