"""Token heatmaps as a PNG picture: the whole text wrapped, nothing cut, one scale for all maps in it."""

import io
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ui.draw.colour import LIKELIHOOD, Colour, Spans, on_white, pieces, signed
from ui.draw.parts import raised
from xai.exchange.map import Map
from xai.exchange.visible import steady

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

WIDTH, MARGIN = 1400, 40  # pixels
SIZE, LEADING = 30, 52
_TITLE, _INK, _FAINT = (0, 0, 0), (17, 17, 17), (115, 115, 115)
Row = list[tuple[float, str, int | None]]  # x, text, player
M = TypeVar("M", bound=Map)


def heatmaps_png(
    prompt: str,
    spans: Spans,
    maps: dict[str, M],
    scale: float,
    ends: tuple[str, str] = LIKELIHOOD,
    above: "Callable[[M], Image.Image | None]" = lambda one: None,
    numbered: bool = False,
) -> bytes:
    """One heatmap under the other, each below its title, then the legend of their common scale.

    maps : title → attribution, or another map, with values (n,)
    ends : what values at either end of the scale do;  above(attribution) : what stands over the text, or None
    numbered : whether each player's number stands before it
    """
    from PIL import Image, ImageDraw

    cut = [(steady(text), i) for text, i in pieces(prompt, spans)]
    parts = [(raised(i + 1) + text if numbered and i is not None else text, i) for text, i in cut]
    text, images = _wrapped(parts), []
    rows: list[tuple[Row, M | None]] = []
    for title, attribution in maps.items():
        rows += [(line, None) for line in _wrapped([(title, None)])]
        if (image := above(attribution)) is not None:
            images.append((len(rows), image))
            rows += [([], None)] * -(-image.height // LEADING)
        rows += [(line, attribution) for line in text] + [([], None)]
    picture = Image.new("RGB", (WIDTH, 2 * MARGIN + LEADING * (len(rows) + 1)), "white")
    draw = ImageDraw.Draw(picture)
    for row, image in images:
        picture.paste(image, (MARGIN, MARGIN + row * LEADING))
    for row, (line, drawn) in enumerate(rows):
        top = MARGIN + row * LEADING
        for x, words, player in line:
            width = _length(words)
            if player is not None and drawn is not None:
                box = (x, top, x + width, top + int(1.3 * SIZE))
                draw.rounded_rectangle(box, 5, on_white(drawn.values[player], scale), _FAINT if width else None, 1)
            _write(draw, x, top, words, _TITLE if drawn is None else _INK if player is not None else _FAINT)
    _legend(draw, MARGIN + len(rows) * LEADING, scale, ends)
    out = io.BytesIO()
    picture.save(out, "PNG")  # optimising takes three times as long, for one part in sixty
    return out.getvalue()


def _wrapped(parts: list[tuple[str, int | None]]) -> list[Row]:
    """Lines that hold all of the parts (text, player)."""
    lines: list[Row] = [[]]
    x: float = MARGIN
    for text, player in parts:
        for word in re.findall(r"\n|[^\S\n]+|\S+", text.replace("\r\n", "\n").expandtabs(4)):
            for piece in _fitting(word):
                width = _length(piece)
                if piece == "\n" or (x + width > WIDTH - MARGIN and not piece.isspace()):
                    lines.append([])
                    x = MARGIN
                if piece != "\n" and not (piece.isspace() and x == MARGIN and len(lines) > 1):
                    lines[-1].append((x, piece, player))
                    x += width
    return lines


def _fitting(word: str) -> Iterator[str]:
    """The word, or where it is longer than a line, pieces of it that are not."""
    room = WIDTH - 2 * MARGIN
    while len(word) > 1 and _length(word) > room:
        most = next(k for k in range(len(word) - 1, 0, -1) if k == 1 or _length(word[:k]) <= room)
        yield word[:most]
        word = word[most:]
    yield word


def _legend(draw: "ImageDraw.ImageDraw", top: int, scale: float, ends: tuple[str, str]) -> None:
    ends = f"{signed(-scale, 2)} {ends[0]}", f"{signed(scale, 2)} {ends[1]}"
    left, right = MARGIN + _length(ends[0]) + 20, WIDTH - MARGIN - _length(ends[1]) - 20
    _write(draw, MARGIN, top, ends[0], _INK)
    _write(draw, right + 20, top, ends[1], _INK)
    for x in range(int(left), int(right)):
        value = scale * (2 * (x - left) / (right - left) - 1)
        draw.line((x, top + 6, x, top + SIZE), fill=on_white(value, scale))


def _write(draw: "ImageDraw.ImageDraw", x: float, top: int, text: str, colour: Colour) -> None:
    for font, run in _runs(text):
        draw.text((x, top), run, fill=colour, font=font)
        x += font.getlength(run)


def _length(text: str) -> float:
    return sum(font.getlength(run) for font, run in _runs(text))


def _runs(text: str) -> "list[tuple[ImageFont.FreeTypeFont, str]]":
    """(font, text) for stretches that one font can write."""
    return [(_font(path), "".join(run)) for path, run in groupby(text, key=_path_of)] if text != "\n" else []


@lru_cache(maxsize=20_000)
def _path_of(character: str) -> str:
    """The font for a character: matplotlib's DejaVu, else one of the system's, else DejaVu with its empty box."""
    own = _own_font()
    if ord(character) in _characters(own):
        return own
    return next((path for path in _system_fonts() if ord(character) in _characters(path)), own)


def _own_font() -> str:
    import matplotlib

    return str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")


@lru_cache(maxsize=1)
def _system_fonts() -> list[str]:
    from matplotlib.font_manager import findSystemFonts

    return sorted(path for path in findSystemFonts() if path.endswith((".ttf", ".otf")))


@lru_cache(maxsize=64)
def _characters(path: str) -> set[int]:
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        return set(font.getBestCmap() or ())


@lru_cache(maxsize=64)
def _font(path: str) -> "ImageFont.FreeTypeFont":
    from PIL import ImageFont

    return ImageFont.truetype(path, SIZE)
