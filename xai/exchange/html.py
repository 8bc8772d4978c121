"""A map as a piece of HTML that stands alone, for notebooks: the cards of the Table page. All HTML is in templates."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from xai.exchange.colour import cards, ends_of, shared_scale, signed
from xai.exchange.map import INDEX_NAMES, WholeMap, columns, strongest
from xai.exchange.visible import steady, visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
HEATMAP_STYLE = TEMPLATES / "heatmap.css"
MOST_PLAYERS, MOST_OUTPUTS = 256, 8
ENDS = ("lowers v", "raises v")


def environment(*folders: Path) -> "Environment":
    """Templates of these folders and of this one; they escape every text, and refuse to be filled in part.

    No text turns its neighbours' letters around (`steady`); the filter `visible` is for names.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: steady(value) if type(value) is str else value,  # other templates' Markup is done
    )
    made.filters["visible"] = visible
    return made


def notebook(shown: WholeMap) -> str:
    """The map with its style. Colours are opacities over the page's own background, so that light and dark are readable."""
    outputs, scale, n = columns(shown), shared_scale(shown), len(shown.labels)
    kept = np.sort(np.argsort(-strongest(shown), kind="stable")[:MOST_PLAYERS])
    panes = []
    for one, empty, full in zip(outputs[:MOST_OUTPUTS], np.atleast_1d(shown.empty_value), np.atleast_1d(shown.full_value)):
        drawn = list(cards([], one, scale))
        whole = signed(full) if np.isfinite(full) else "not known"
        title = f"{one.name and f'Output {one.name}: '}v(no player) = {signed(empty)}, v(all players) = {whole}"
        panes.append((title, _render("row_heatmap", index=one.index, pane="", cards=[drawn[i] for i in kept])))
    notes = [f"The {MOST_PLAYERS} strongest of {n} parts are shown."] if n > MOST_PLAYERS else []
    notes += [f"The first {MOST_OUTPUTS} of {len(outputs)} outputs are shown."] if len(outputs) > MOST_OUTPUTS else []
    about = {"index": INDEX_NAMES[shown.index], "method": shown.method, "evaluations": shown.evaluations}
    legend = _render("legend", **ends_of(scale, ENDS))
    return str(_render("attribution", **about, panes=panes, legend=legend, notes=[*notes, *filter(None, [shown.note])]))


@cache
def _own() -> "Environment":
    return environment()


def _render(name: str, **values: object) -> "Markup":
    from markupsafe import Markup

    return Markup(_own().get_template(f"{name}.html").render(values))
