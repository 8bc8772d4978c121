"""A row of a data set as its kind draws it: what stands in the run's files, and around it the cells of its source."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from batch.kinds.text import filled, pieces_of
from batch.settings import Settings
from batch.sources import Bad
from ui.draw.colour import row_heatmap
from ui.draw.parts import are_numbered
from ui.maps.picture import Picture
from ui.names import INDICES, PLAYERS
from ui.sets.images import picture_of_image
from ui.table.picture import shown
from ui.text.picture import TextPicture
from ui.text.request import TextAbout, TextRequest
from xai import Attribution, Judgement

LOST = "its {what} not shown, because the data are not those of the run any more"


@dataclass(frozen=True)
class CardsPicture(Picture):
    """Columns as cards. cells : (n,) texts, none where they are not known;  output : what the values are of"""

    cells: list[str]
    output: str
    parts = "columns"
    unit = (
        "Values are changes of the model’s raw margin: of two classes log-odds, of more their raw scores, of a number the number "
        "itself. Hover or tap a column for its value and rank."
    )

    @property
    def quantity(self) -> str:  # type: ignore[override]  # computed
        return f"the raw margin of {self.output}"

    def has_numbers(self, labels: list[str]) -> bool:
        return are_numbered(labels, None)

    def html(self, attribution: Attribution, scale: float, pane: str = "") -> Markup:
        return row_heatmap(self.cells, self.named(attribution), scale, pane)


@dataclass(frozen=True)
class PartsPicture(Picture):
    """Parts of a text one after the other, where what stands around them is not known."""

    parts: str = "parts"
    quantity = "the answer’s log-probability"
    unit = "Values are changes of the natural log-probability; +0.69 doubles the probability."


def picture_of(settings: Settings, row: dict[str, Any], cells: Any) -> Picture:
    """How a row of a run is drawn. cells : of its source, as `batch.slices.cells_of` gives them, or the path of a picture;
    None where they are lost
    """
    if settings.kind == "image":
        return picture_of_image(settings, row, cells if isinstance(cells, Path) else None)
    if settings.kind == "table":
        names = [] if cells is None else [str(name) for name in cells.columns]
        known = all(label in names for label in row["players"])
        texts = [shown(cells.iloc[0, names.index(label)]) for label in row["players"]] if known else []
        return CardsPicture(texts, row["output"])
    bare = PartsPicture(PLAYERS[settings.players])
    if cells is None or isinstance(cells, Bad):
        return bare
    pieces = pieces_of(settings.template, "the template")
    explained = settings.explain or next(name for _, name in pieces if name is not None)
    prompt, (start, end) = filled(pieces, cells, explained)
    spans = spans_of(row["players"], prompt, start, end)
    if spans is None:
        return bare
    rather = None if settings.against is None else row["output"]
    around = prompt[:start], prompt[start:end], prompt[end:]
    request = TextRequest(*around, row["output"], rather, settings.players, settings.absence)
    return TextPicture(request, TextAbout(prompt, row["output"], spans, []), then="")


def spans_of(labels: list[str], prompt: str, start: int, end: int) -> list[tuple[int, int]] | None:
    """Where parts lie, each right after the one before it but for blanks; None where that does not come out."""
    spans, at = [], start
    for label in labels:
        found = prompt.find(label, at, end)
        if found < 0 or prompt[at:found].strip():
            return None
        spans.append((found, found + len(label)))
        at = found + len(label)
    return None if prompt[at:end].strip() else spans


def maps_of(row: dict[str, Any], settings: Settings) -> list[tuple[Attribution, Judgement | None]]:
    """Both maps of a row, or the one, each with the judgement that stands beside it."""
    return [(_map(row, index, settings), _judgement(row, index)) for index in INDICES if row[index] is not None]


def _map(row: dict[str, Any], index: str, settings: Settings) -> Attribution:
    return Attribution(
        values=_known(row[index]),
        standard_error=None if row[f"{index}_error"] is None else _known(row[f"{index}_error"]),
        labels=row["players"],
        index=index,
        method=row[f"{index}_method"],
        seed=settings.seed,
        budget=settings.budget,
        evaluations=row["evaluations"],
        seconds=row["seconds"],
        empty_value=row["empty_value"],
        full_value=row["full_value"],
    )


def _judgement(row: dict[str, Any], index: str) -> Judgement | None:
    found = row[f"{index}_judgement"]
    if found is None:
        return None
    first, three, order, error, additive, low, high, chance, kept = _known(
        [found[name] for name in ("first", "first_three", "order", "expected_error", "additive", "additive_low", "additive_high")]
        + [found["chance"], found["kept"]]
    )
    exact, method = found["worth"] == "exact", row[f"{index}_method"]
    return Judgement(index, method, exact, first, three, order, error, additive, (low, high), chance, kept, 0, False, 0)


def _known(values: list[float | None]) -> Any:
    return [float("nan") if value is None else value for value in values]
