"""The marks by which a text says how it is divided: headings of Markdown, blank lines, lines that only wrap."""

import re
from dataclasses import dataclass

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]|$)")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_UNDER = re.compile(r"(=+|-{2,}) *$")  # below a line, which it makes a heading
_STARTS = re.compile(r"[ \t]*(?:[-*+•|>]|\d{1,3}[.)]|\w[.)])(?:[ \t]|$)")  # a line that does not go on with the one before
WRAPPED = 50  # characters, from which on a line has probably been broken for its length alone


@dataclass(frozen=True)
class Block:
    """A heading (level 1 to 6) or a paragraph (level 0): text[start:end]."""

    start: int
    end: int
    level: int = 0


def blocks(text: str) -> list[Block]:
    """Headings and paragraphs in their order; what a fence encloses is one paragraph. Linear in the text."""
    found: list[Block] = []
    at, open_at, count, fenced = 0, -1, 0, False  # where this line begins; the paragraph that goes on, −1 for none, its lines

    def close(end: int) -> None:
        if open_at >= 0:
            found.append(Block(open_at, end))

    for line in text.split("\n"):
        end = at + len(line)
        heading, fence = None if fenced else _HEADING.match(line), _FENCE.match(line)
        if heading:
            close(at)
            found.append(Block(at, end, len(heading[1])))
            open_at = -1
        elif not fenced and count == 1 and (under := _UNDER.match(line)):
            found.append(Block(open_at, end, 1 if under[1][0] == "=" else 2))
            open_at = -1
        elif line.strip() or fenced:
            open_at = at if open_at < 0 else open_at
        else:
            close(at)
            open_at = -1
        fenced ^= fence is not None
        count = count + 1 if open_at >= 0 else 0
        at = end + 1
    close(len(text))
    return found


def unwrapped(text: str) -> str:
    """The text, as long as before, with a space for each line break that stands there only for the line's length.

    A sentence goes on there; a break after a short line, or before an item of a list, is the author's.
    """
    lines = text.split("\n")
    joined = [lines[0]]
    for before, line in zip(lines, lines[1:]):
        wraps = len(before) >= WRAPPED and line.strip() and not _STARTS.match(line) and not _HEADING.match(line)
        joined += [" " if wraps else "\n", line]
    return "".join(joined)
