"""A study as a picture: of each index the strip of the whole length, and the text, of a long one what carries most."""

from typing import TYPE_CHECKING

import numpy as np

from ui.document import picture, tree
from ui.document.keep.runs import name_of
from ui.document.run import Study
from ui.draw.colour import LIKELIHOOD, on_white, shared_scale
from ui.draw.png import MARGIN, WIDTH, heatmaps_png
from ui.names import INDICES
from xai.exchange.map import Column

if TYPE_CHECKING:
    from PIL import Image

HEIGHT, EDGE = 44, (140, 140, 140)  # of a strip, in pixels; its frame
MOST_PIECES = 600  # of a strip: two pixels each
MOST_SHOWN, MOST_LINES = 3000, 16  # characters of a document whose text is all there; else beginnings of parts


def to_png(study: Study) -> bytes:
    """The picture, on white. ValueError where a run goes on: its values are not settled"""
    if study.state == "preliminary":
        raise ValueError("This run is still going on; wait for its end, or cancel it.")
    maps = tree.maps(study, 0)
    scale = shared_scale(*maps.values())
    text, spans, parts = _text(study, maps)
    drawn = {
        f"{name_of(study.request)} · {INDICES[index]}": Column(one.values[parts], None, [one.labels[i] for i in parts], index, "")
        for index, one in maps.items()
    }
    return heatmaps_png(text, spans, drawn, scale, LIKELIHOOD, lambda one: _strip(study, maps[one.index], scale))


def _text(study: Study, maps: dict[str, Column]) -> tuple[str, list[tuple[int, int]], list[int]]:
    """What is written, (start, end) of each part in it, and which parts these are: the heaviest by any index."""
    first = next(iter(maps.values()))
    size = np.max([np.abs(one.values) for one in maps.values()], axis=0)
    either = Column(size, None, first.labels, first.index, first.name)
    text, spans, parts = "", [], []
    for piece, i in picture.cut(study, either, (), MOST_SHOWN, MOST_LINES, study.frontier):
        if i is not None:
            spans.append((len(text), len(text) + len(piece)))
            parts.append(i)
        text += piece
    return text, spans, parts


def _strip(study: Study, shown: Column, scale: float) -> "Image.Image":
    """The whole length, each part as wide as its tokens."""
    from PIL import Image, ImageDraw

    _, tokens, added = picture.strip(study, shown, study.frontier, MOST_PIECES)
    width = WIDTH - 2 * MARGIN
    ends = np.rint(np.cumsum([0, *tokens]) * (width / max(sum(tokens), 1))).astype(int).tolist()
    image = Image.new("RGB", (width, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    for low, high, value in zip(ends, ends[1:], added.values):
        draw.rectangle((low, 0, max(low, high - 1), HEIGHT), on_white(float(value), scale))
    draw.rectangle((0, 0, width - 1, HEIGHT - 1), outline=EDGE)
    return image
