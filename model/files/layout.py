"""How a table of text is laid out: what parts its cells, and where the names of its columns stand."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from model.files.dates import has_shape
from model.files.numerals import is_number

_DELIMITERS = ";\t|,"  # where two do equally well the first: a comma marks decimals too
_QUOTED = re.compile(r'(?<![^;\t|,\r\n])[ ]*"(?:[^"]|"")*(?:"(?=[ ]*(?:[;\t|,\r\n]|$))|$)')
_TOLD = re.compile(r'"?sep=([;,|\t])"?(?:\r\n|\r|\n)', re.I)  # Excel's first line, which says its delimiter
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_YEAR = re.compile(r"1[5-9]\d\d|2[01]\d\d")
MISSING = ["", "?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "#N/A"]
MOST_CHARACTERS, MOST_LINES, MOST_TITLES = 1 << 18, 100, 10  # that are looked at


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

    What stands in quotes is no delimiter, whichever of them encloses the quotes.
    """
    told = _TOLD.match(text)
    start = told.end() if told else 0
    text = text[start : start + MOST_CHARACTERS]
    whole = _QUOTED.sub(lambda found: (" Q"[bool(found[0].strip('" \r\n'))]) * len(found[0]), text)
    lines = list(islice(_LINE.finditer(whole), MOST_LINES))
    filled = [line[0] for line in lines if line[0].strip(f"{_DELIMITERS} \r\n")]
    filled = filled or [line[0] for line in lines]
    delimiter = told[1] if told else max(_DELIMITERS, key=lambda one: _order(one, filled))
    cells = [_cells(text[slice(*line.span())], line[0], delimiter) for line in lines]
    titles, names = titles_above(cells, _width(delimiter, filled)[0] + 1)
    above = len(_LINE.findall(text[: lines[names].start()])) if names else 0
    return Layout(delimiter, bool(told) + above, titles)


def _cells(line: str, unquoted: str, delimiter: str) -> list[str]:
    """The cells of a line without blanks and quotes around them. unquoted : the same, with Q for what stands in quotes"""
    ends = [i for i, sign in enumerate(unquoted) if sign == delimiter]
    return [line[i:j].strip().strip('"').strip() for i, j in zip([0, *(i + 1 for i in ends)], [*ends, len(line)])]


def _width(delimiter: str, lines: list[str]) -> tuple[int, int]:
    """How many delimiters the most lines have, and how many lines."""
    widths = Counter(line.count(delimiter) for line in lines)
    return max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))


def _order(delimiter: str, lines: list[str]) -> tuple[bool, bool, int]:
    width, most = _width(delimiter, lines)
    return width > 0, width > 0 and lines[0].count(delimiter) == width, most


def titles_above(lines: Sequence[Sequence[str]], width: int) -> tuple[int, int]:
    """How many lines are titles, and which line names the columns: the first that is filled, where nothing else is sure.

    lines : their cells, those of rows too;  width : how many columns there are
    """
    at = [i for i, line in enumerate(lines) if any(line)]
    for count in range(1, min(MOST_TITLES, len(at) - 1) + 1):
        above, names = [lines[i] for i in at[:count]], at[count]
        if _are_titles(above, lines[names], lines[names + 1 :], width, not any(lines[names - 1])):
            return count, names
    return 0, next(iter(at), 0)


def _are_titles(
    above: Sequence[Sequence[str]], names: Sequence[str], rows: Sequence[Sequence[str]], width: int, parted: bool
) -> bool:
    """Are lines titles above the names? Those with as many cells as the table may be the names: then all must say so.

    parted : whether a blank line follows them
    """
    if width < 2 or len(names) != width or 2 * sum(map(bool, names)) < width or all(map(is_number, names)):
        return False
    short = all(len(line) < width for line in above)
    single = all(line[0] and not any(line[1:]) for line in above)
    comments = all(line[0].startswith("#") for line in above)
    sparse = parted and all(2 * sum(map(bool, line)) <= width for line in above)
    words = " " in above[0][0]
    if short and (sparse or comments and single and words):
        return True
    if not (comments if short else single or sparse) or not _are_names(names, rows, words):
        return False
    columns = zip(*(row for row in rows if len(row) == width))
    numbers = sum(map(_differs, names, columns))
    return 2 * numbers >= width or words and (numbers > 0 or parted and single)


def _are_names(cells: Sequence[str], rows: Sequence[Sequence[str]], years: bool) -> bool:
    """Do the cells of a line look like the names of nearly all columns? years : whether years may be names"""
    filled = [cell for cell in cells if cell]
    others = [cell for cell in filled if not (years and _YEAR.fullmatch(cell))]
    nearly = len(filled) > 1 and len(cells) - len(filled) <= 1 + len(cells) // 10
    return nearly and len(set(filled)) == len(filled) and len(others) > 0 and not any(map(_is_value, others))


def _is_value(cell: str) -> bool:
    return is_number(cell) or has_shape(cell) or cell in MISSING


def _differs(name: str, cells: Sequence[str]) -> bool:
    """Are all cells of a column numbers or dates, of another kind than its name?"""
    known = [cell for cell in cells if cell not in MISSING]
    years = _YEAR.fullmatch(name) and any(map(_YEAR.fullmatch, known))
    return bool(name) and len(known) > 1 and not years and all(map(_is_value, known))
