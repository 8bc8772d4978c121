"""The global view as a page of HTML that stands alone; its template escapes every text in it."""

from pathlib import Path

from batch.progress import duration
from batch.summary import Group, Summary
from xai.exchange.html import environment
from xai.exchange.map import INDEX_NAMES

SHOWN = 50  # players of a table
TEMPLATES = Path(__file__).parent / "templates"
WORTH = ("exact", "sure", "order", "hint", "worthless")


def page(summary: Summary) -> str:
    """The whole page. The browser may load nothing for it, whatever a row's text says."""
    view, settings = summary.view, summary.run["settings"]
    parts = {"text": f"{settings['players']}s", "table": "columns", "image": "patches"}[settings["kind"]]
    asked = {name.replace("_", " "): value for name, value in settings.items() if value is not None}
    return (
        environment(TEMPLATES)
        .get_template("summary.html")
        .render(
            source=summary.run["source"],
            summary=summary,
            took=duration(summary.seconds),
            parts=parts,
            maps=[(INDEX_NAMES[index], _tables(view.whole[index], view.by_output[index])) for index in view.indices],
            worth=[
                (INDEX_NAMES[index], [(name, view.worth[index][name]) for name in WORTH])
                for index in view.indices
                if view.worth[index]
            ],
            sentences=view.sentences,
            asked=asked,
            shown=SHOWN,
        )
    )


def _tables(whole: Group, by_output: list[Group]) -> list[tuple[Group, list[dict[str, object]]]]:
    return [(group, _rows(group)) for group in [whole, *by_output]]


def _rows(group: Group) -> list[dict[str, object]]:
    """What a table shows of each player; width : of its bar, in per cent of the widest."""
    ranked = group.ranked()[:SHOWN]
    widest = max((abs(one.mean) for one in ranked), default=0.0) or 1.0
    return [
        {
            "name": one.name,
            "mean": f"{one.mean:+.4g}",
            "mean_absolute": f"{one.mean_absolute:.4g}",
            "share": f"{100 * one.rows / group.rows:.3g} %",
            "rows": one.rows,
            "width": round(100 * abs(one.mean) / widest),
            "side": "up" if one.mean >= 0 else "down",
            "examples": ", ".join(f"{id} ({value:+.3g})" for _, value, id in one.examples),
        }
        for one in ranked
    ]
