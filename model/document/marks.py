"""The marks by which a text says how it is divided: headings, titles of passages, blank lines, lines that only wrap."""

import re
from dataclasses import dataclass

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]|$)")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_UNDER = re.compile(r"(=+|-{2,}) *$")  # below a line, which it makes a heading
_STARTS = re.compile(r"[ \t]*(?:[-*+•|>]|\d{1,3}[.)]|\w[.)])(?:[ \t]|$)")  # a line that does not go on with the one before
_NAMED = r"(?:Title|Titel|Titre|Título|Titolo|标题|題名)"
_PASSAGE = re.compile(  # as prompts of retrieval write them: "[1] …", "Title: …", "Document [1](Title: …) …", "Passage 1: …"
    r" {0,3}(?:(?P<called>" + _NAMED + r"[:：])|\[\d{1,4}\](?=[ \t]|$)"
    r"|(?:Document|Dokument|Doc|Passage|Source|Quelle|Context)[ \t]*(?P<number>\[?\d{1,4}\]?)[ \t]*"
    r"(?:\([ \t]*" + _NAMED + r"[:：](?P<title>[^()\n]*(?:\([^()\n]*\)[^()\n]*)*)\)|[:：]))",
    re.IGNORECASE,
)
_ENDS = (".", "!", "?", "…", "。", "！", "？")  # of a sentence, which is no title
WRAPPED = 50  # characters, from which on a line has probably been broken for its length alone
LONGEST_TITLE = 150
PASSAGE = 7  # the rank of a passage's title: below every heading's


@dataclass(frozen=True)
class Block:
    """A heading (level 1 to 6), the title of a passage (`PASSAGE`) or a paragraph (level 0): text[start:end]."""

    start: int
    end: int
    level: int = 0


def blocks(text: str) -> list[Block]:
    """Headings, titles and paragraphs in their order; what a fence encloses is one paragraph. Linear in the text."""
    found: list[Block] = []
    at, open_at, count, fenced = 0, -1, 0, False  # where this line begins; the paragraph that goes on, −1 for none, its lines

    def close(end: int) -> None:
        if open_at >= 0:
            found.append(Block(open_at, end))

    lines = text.split("\n")
    for i, line in enumerate(lines):
        end = at + len(line)
        passage = None if fenced else _PASSAGE.match(line)
        heading, fence = None if fenced else _HEADING.match(line), _FENCE.match(line)
        if heading:
            close(at)
            found.append(Block(at, end, len(heading[1])))
            open_at = -1
        elif passage:
            close(at)
            titled = _is_title(passage, lines[i + 1] if i + 1 < len(lines) else "")
            found += [Block(at, end, PASSAGE)] if titled else []
            open_at, count = -1 if titled else at, 0
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


def _is_title(passage: re.Match[str], after: str) -> bool:
    """Whether a line that begins a passage is its title alone. after : the next line"""
    if passage["title"] is not None:
        return False
    line = passage.string.rstrip()
    wraps = len(line) >= WRAPPED and after[:1].islower()
    return bool(passage["called"]) or (len(line) <= LONGEST_TITLE and not line.endswith(_ENDS) and not wraps)


def title_of(begins: str) -> str | None:
    """What a part is called that begins like this: its heading without marks, or its passage's title; None for neither."""
    line, _, rest = begins.partition("\n")
    if heading := _HEADING.match(line):
        return re.sub(r"(?:^|[ \t]+)#+[ \t]*$", "", line[heading.end() :]).strip() or None
    if line.strip() and _UNDER.match(rest.partition("\n")[0]):
        return line.strip()
    passage = _PASSAGE.match(line)
    if passage is None:
        return None
    if passage["title"] is not None:
        return f"{passage['number']} {passage['title'].strip()}"
    return (line[passage.end() :] if passage["called"] else line).strip() or None


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
