"""How a study is drawn: a map of its whole length, the part one looks at, and the sums of its children."""

from markupsafe import Markup

from model.document.parts import Passage
from ui.document.run import Study
from ui.document.tree import Row
from ui.draw.colour import pieces, signed
from ui.draw.html import render
from ui.names import INDICES
from xai.exchange.colour import marks_of, short, with_error
from xai.exchange.map import Column
from xai.hierarchy.found import Path

MOST_SHOWN = 6000  # characters of one part: of a longer one the beginnings of its parts
BEGINNING = 160


def minimap(study: Study, shown: Column, scale: float, at: Path) -> Markup:
    """The whole length as a strip: a piece for each of the smallest parts, as wide as its tokens; `at` is framed."""
    marks = marks_of(shown, scale)
    segments = [
        (i, study.root.at(path).tokens, bool(at) and path[: len(at)] == at, marks[i]) for i, path in enumerate(study.frontier)
    ]
    title = f"{INDICES[shown.index]} over the whole length of the document"
    return render("minimap", index=shown.index, title=title, segments=segments)


def section(study: Study, shown: Column, scale: float, at: Path) -> Markup:
    """The text of a part, its smallest parts coloured. Of a long one only the beginning of each, so that the page stays small."""
    part = study.root.at(at)
    inside = [(i, study.root.at(path)) for i, path in enumerate(study.frontier) if path[: len(at)] == at]
    if not inside:  # a part of one that was not opened
        place = next(i for i, path in enumerate(study.frontier) if at[: len(path)] == path)
        inside = [(place, part)]
    drawn = _whole(study.text, part, inside) if part.end - part.start <= MOST_SHOWN else _beginnings(study.text, inside)
    return render(
        "token_heatmap", index=shown.index, pane=f"doc-{shown.index}", pieces=drawn, marks=marks_of(shown, scale), numbered=False
    )


def _whole(text: str, part: Passage, inside: list[tuple[int, Passage]]) -> list[tuple[str, int | None]]:
    spans = [(one.start - part.start, one.end - part.start) for _, one in inside]
    cut = pieces(text[part.start : part.end], spans)
    found = []
    for piece, i in cut:
        body = piece.rstrip() if i is not None else piece  # the space after a word is not painted
        found += [(body, None if i is None else inside[i][0]), (piece[len(body) :], None)]
    return [(piece, i) for piece, i in found if piece]


def _beginnings(text: str, inside: list[tuple[int, Passage]]) -> list[tuple[str, int | None]]:
    found: list[tuple[str, int | None]] = []
    for i, one in inside:
        begins = short(" ".join(text[one.start : min(one.end, one.start + 4 * BEGINNING)].split()), BEGINNING)
        found += [(begins, i), ("\n", None)]
    return found


def sums(rows: list[Row]) -> Markup:
    """What children do together, and that all adds up."""
    return render("adding_up", rows=[(row.name, [signed(one) for one in row.values]) for row in rows])


def told(row: Row) -> str:
    """The values of a part in a line, one for each index."""
    return " | ".join(with_error(one, error).replace(" (standard error)", "") for one, error in zip(row.values, row.errors))
