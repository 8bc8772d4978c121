"""How a table of text is laid out: what parts its cells, and where the names of its columns stand."""

import re
from collections import Counter
from itertools import islice
from typing import NamedTuple

from model.files.numerals import is_number

_DELIMITERS = ";\t|,"  # where two do equally well the first: a comma marks decimals too
_QUOTED = re.compile(r'(?<![^;\t|,\r\n])[ ]*"(?:[^"]|"")*(?:"(?=[ ]*(?:[;\t|,\r\n]|$))|$)')
_TOLD = re.compile(r'"?sep=([;,|\t])"?(?:\r\n|\r|\n)', re.I)  # Excel's first line, which says its delimiter
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
MOST_CHARACTERS, MOST_LINES = 1 << 18, 100  # that are looked at


class Layout(NamedTuple):
    """delimiter : between cells;  above : lines before the names;  titles : those of them that are titles"""

    delimiter: str
    above: int = 0
    titles: int = 0

    def said(self) -> str:
        one = "tab" if self.delimiter == "\t" else f"“{self.delimiter}”"
        return f"delimiter {one}{titles_said(self.titles, 'line')}"


def titles_said(count: int, what: str) -> str:
    return f", without {count} {what}{'s' if count > 1 else ''} above the names" if count else ""


def layout(text: str) -> Layout:
    """Of the first lines: the delimiter is what Excel's says, else the usual one that cuts the most into equally many cells.

    What stands in quotes is no delimiter, whichever of them encloses the quotes. Titles above the names are lines of at most
    half as many filled cells and a blank line, or of fewer than half, filled up with blank cells or begun by #.
    """
    told = _TOLD.match(text)
    start = told.end() if told else 0
    text = text[start : start + MOST_CHARACTERS]
    whole = _QUOTED.sub(lambda found: (" Q"[bool(found[0].strip('" \r\n'))]) * len(found[0]), text)
    lines = list(islice(_LINE.finditer(whole), MOST_LINES))
    filled = [line[0] for line in lines if line[0].strip()]
    delimiter = told[1] if told else max(_DELIMITERS, key=lambda one: _order(one, filled))
    titles, names = _names([line[0].strip("\r\n").split(delimiter) for line in lines], _width(delimiter, filled)[0] + 1)
    above = len(_LINE.findall(text[: lines[names].start()])) if titles else 0
    return Layout(delimiter, bool(told) + above, titles)


def _width(delimiter: str, lines: list[str]) -> tuple[int, int]:
    """How many delimiters the most lines have, and how many lines."""
    widths = Counter(line.count(delimiter) for line in lines)
    return max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))


def _order(delimiter: str, lines: list[str]) -> tuple[bool, bool, int]:
    width, most = _width(delimiter, lines)
    return width > 0, width > 0 and lines[0].count(delimiter) == width, most


def _names(lines: list[list[str]], width: int) -> tuple[int, int]:
    """How many lines are titles, and which line names the columns; (0, 0) where that is not sure."""
    filled = [sum(bool(cell.strip()) for cell in line) for line in lines]
    names = next((i for i, line in enumerate(lines) if len(line) == width and 2 * filled[i] >= width), 0)
    above = [i for i in range(names) if filled[i]]
    parted = names > 0 and not filled[names - 1] and all(2 * filled[i] <= width for i in above)
    blanks = all(2 * filled[i] < width == len(lines[i]) for i in above)
    comments = all(lines[i][0].lstrip().startswith("#") for i in above)
    if width < 2 or not (parted or blanks or comments) or all(is_number(cell) for cell in lines[names]):
        return 0, 0
    return len(above), names
