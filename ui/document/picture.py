"""How a study is drawn: a map of its whole length, the part one looks at, and the sums of its children."""

import numpy as np
from markupsafe import Markup

from model.document.parts import Passage
from ui.document import tree
from ui.document.run import Study
from ui.document.tree import Row
from ui.draw.colour import colour, pieces, signed
from ui.draw.html import render
from ui.names import INDICES
from xai.exchange.colour import marks_of, short, with_error
from xai.exchange.map import Column
from xai.hierarchy.found import Path
from xai.typing import Floats

Piece = tuple[str, int | None]  # of a text, and which part it belongs to
MOST_SHOWN = 6000  # characters of one part: of a longer one the beginnings of its parts
BEGINNING, MOST_LINES = 160, 40  # characters of each; parts, the heaviest
MOST_PIECES = 240  # of a strip, which is some 350 pixels wide on a phone


def minimap(study: Study, shown: Column, scale: float, at: Path, paths: list[Path] | None = None) -> Markup:
    """The whole length as a strip: a piece for each of the smallest parts, as wide as its tokens; `at` is framed.

    Of more than `MOST_PIECES` parts the lighter ones are taken together where they lie side by side.
    paths : of the parts that are shown, None for the smallest
    """
    paths = study.frontier if paths is None else paths
    runs, tokens, added = strip(study, shown, paths, MOST_PIECES)
    here = [bool(at) and path[: len(at)] == at for path in paths]
    marks = marks_of(added, scale)
    segments = [(run[0], count, any(here[i] for i in run), mark) for run, count, mark in zip(runs, tokens, marks)]
    title = f"{INDICES[shown.index]} over the whole length of the document"
    return render("minimap", index=shown.index, title=title, segments=segments)


def strip(study: Study, shown: Column, paths: list[Path], most: int) -> tuple[list[list[int]], list[int], Column]:
    """Pieces of the whole length, some `most` of them: which of the parts lie in each, its tokens and its value."""
    runs = _runs(shown.values, most)
    tokens = [study.root.at(path).tokens for path in paths]
    return runs, [sum(tokens[i] for i in run) for run in runs], _added(shown, runs)


def _runs(values: Floats, most: int) -> list[list[int]]:
    """Parts in their order, at most `most` and one: each alone, or those between two of the heaviest together."""
    if len(values) <= most:
        return [[i] for i in range(len(values))]
    alone = set(_heaviest(values, most // 2))
    found: list[list[int]] = []
    for i in range(len(values)):
        if found and i not in alone and found[-1][-1] not in alone:
            found[-1].append(i)
        else:
            found.append([i])
    return found


def _heaviest(values: Floats, most: int) -> list[int]:
    order = np.argsort(-np.abs(values), kind="stable")
    return sorted(int(i) for i in order[:most])


def _added(shown: Column, runs: list[list[int]]) -> Column:
    """The map of parts that are taken together, their values added."""
    assert shown.standard_error is not None
    values = np.array([shown.values[run].sum() for run in runs])
    errors = np.array([np.sqrt(np.square(shown.standard_error[run]).sum()) for run in runs])
    labels = [shown.labels[run[0]] if len(run) == 1 else f"{len(run)} parts" for run in runs]
    return Column(values, errors, labels, shown.index, shown.name)


def section(
    study: Study, shown: Column, scale: float, at: Path, most: int = MOST_SHOWN, paths: list[Path] | None = None, pane: str = ""
) -> Markup:
    """The text of a part, its smallest parts coloured. Of a long one the beginnings of the heaviest: the page stays small.

    most : characters that are shown whole;  paths : of the parts that are shown, None for the smallest
    pane : a name for this map in the page
    """
    drawn = cut(study, shown, at, most, MOST_LINES, study.frontier if paths is None else paths)
    pane = pane or f"doc-{shown.index}"
    return render("token_heatmap", index=shown.index, pane=pane, pieces=drawn, marks=marks_of(shown, scale), numbered=False)


def cut(study: Study, shown: Column, at: Path, most: int, lines: int, paths: list[Path]) -> list[Piece]:
    """The text of a part in pieces. most : characters;  lines : beginnings of parts, where it has more;  paths : of `shown`"""
    part = study.root.at(at)
    inside = [(i, study.root.at(path)) for i, path in enumerate(paths) if path[: len(at)] == at]
    if not inside:  # a part of one that was not opened
        place = next(i for i, path in enumerate(paths) if at[: len(path)] == path)
        inside = [(place, part)]
    whole = part.end - part.start <= most
    return _whole(study.text, part, inside) if whole else _beginnings(study.text, inside, shown, lines)


def _whole(text: str, part: Passage, inside: list[tuple[int, Passage]]) -> list[Piece]:
    spans = [(one.start - part.start, one.end - part.start) for _, one in inside]
    found = []
    for piece, i in pieces(text[part.start : part.end], spans):
        body = piece.rstrip() if i is not None else piece  # the space after a word is not painted
        found += [(body, None if i is None else inside[i][0]), (piece[len(body) :], None)]
    return [(piece, i) for piece, i in found if piece]


def _beginnings(text: str, inside: list[tuple[int, Passage]], shown: Column, most: int) -> list[Piece]:
    """A line for each of the heaviest parts, in their order; an ellipsis for what lies between."""
    found: list[Piece] = []
    lines = _heaviest(shown.values[[i for i, _ in inside]], most)
    for before, place in zip([-1, *lines], lines):
        i, one = inside[place]
        begins = short(" ".join(text[one.start : min(one.end, one.start + 4 * BEGINNING)].split()), BEGINNING)
        found += [("…\n", None)] * (place > before + 1) + [(begins, i), ("\n", None)]
    return found + [("…", None)] * (lines[-1] < len(inside) - 1)


def sums(rows: list[Row]) -> Markup:
    """What children do together, and that all adds up."""
    return render("adding_up", rows=[(row.name, [signed(one) for one in row.values]) for row in rows])


def told(row: Row) -> str:
    """The values of a part in a line, one for each index."""
    return " | ".join(with_error(one, error).replace(" (standard error)", "") for one, error in zip(row.values, row.errors))


def citations(study: Study) -> Markup:
    """The answer's sentences by the parts that carry them: one set of evaluations serves all."""
    paths, values, carried = tree.matrix(study)
    names = [short(study.root.at(path).label(study.text), 40) for path in paths]
    scale = max((abs(one) for each in values for one in each), default=1.0) or 1.0
    rows = [
        (sentence, [(colour(one, scale), signed(one, 2)) for one in each], "yes" if is_carried else "unsupported")
        for sentence, each, is_carried in zip(study.outputs[1:], values, carried)
    ]
    return render("support", names=names, rows=rows)
