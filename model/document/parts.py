"""A text as a tree of parts, by its own marks: chapters, paragraphs, sentences, words."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from model.document.marks import PASSAGE, Block, blocks, title_of, unwrapped
from model.text.segments import Span, sentences
from xai.exchange.colour import short
from xai.hierarchy.parts import Part
from xai.typing import Ints

FAN = 7  # children of a group: a whole Hadamard matrix of eight, the cheapest per halving of the text
MOST = 11  # children that an author's own part may have before they are grouped
LABEL = 60  # characters


@dataclass(frozen=True, eq=False)
class Passage:
    """A part of a text, text[start:end], of the words words[first:last]; `parts` lie one after the other, and fill it.

    kind : "document", "chapter", "passage" with a title, "paragraph", "sentence", "word", or "group" of what stands in `parts`
    tokens : of the model, that are its own
    """

    kind: str
    start: int
    end: int
    first: int
    last: int
    tokens: int
    parts: tuple["Passage", ...] = ()

    def label(self, text: str) -> str:
        """Its beginning on one line; of what begins with a heading or a title, that."""
        begins = text[self.start : min(self.end, self.start + 4 * LABEL)]
        begins = title_of(begins) or begins
        return short(" ".join(begins.split()), LABEL)

    def at(self, path: Sequence[int]) -> "Passage":
        """The part at a path; IndexError for one that leads out of the tree."""
        found = self
        for i in path:
            found = found.parts[i]
        return found

    def has(self, path: Sequence[int]) -> bool:
        """Whether a path leads to a part."""
        found = self
        for i in path:
            if not 0 <= i < len(found.parts):
                return False
            found = found.parts[i]
        return True

    def walk(self, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], "Passage"]]:
        """(path, part) of itself and all below it."""
        yield path, self
        for i, part in enumerate(self.parts):
            yield from part.walk((*path, i))


def parts_of(text: str, words: list[Span], tokens: Ints) -> Passage:
    """The tree of a text. words : n spans that fill it, in their order;  tokens : (n,) of the model, of each

    A part with more than `MOST` children has them in groups of about equally many tokens, and a part with one child is
    that child, so that opening a part asks for a bounded number of coalitions and tells something new.
    """
    flowing, starts = unwrapped(text), np.array([start for start, _ in words])
    upto = np.concatenate([[0], np.cumsum(tokens)])

    def made(kind: str, start: int, end: int, parts: list[Passage]) -> Passage | None:
        first, last = (int(i) for i in np.searchsorted(starts, [start, end]))
        if first == last:
            return None
        if len(parts) == 1:
            if kind != "document":
                return parts[0]
            parts = list(parts[0].parts) or parts
        whole = words[first][0], words[last - 1][1], first, last, int(upto[last] - upto[first])
        return Passage(kind, *whole, grouped(parts))

    def of_paragraph(block: Block) -> Passage | None:
        low, high = block.start, block.end
        spans = [(low, high)] if 0 < block.level < PASSAGE else list(sentences(flowing, low, high))
        found = []
        for start, end in spans:
            first, last = (int(i) for i in np.searchsorted(starts, [start, end]))
            of_words = [Passage("word", *words[i], i, i + 1, int(tokens[i])) for i in range(first, last)]
            found.append(made("sentence", start, end, of_words))
        return made("paragraph", low, high, _there(found))

    found = _sections(blocks(text), of_paragraph, made)
    root = made("document", 0, len(text), found)
    if root is None:
        raise ValueError("the document is empty: paste a text, or upload a file that has one")
    return root


def grouped(parts: Sequence[Passage]) -> tuple[Passage, ...]:
    """At most `MOST` parts: these, or groups of them, of about equally many tokens."""
    if len(parts) <= MOST:
        return tuple(parts)
    count = min(FAN, -(-len(parts) // FAN))
    tokens = np.array([part.tokens for part in parts])
    middles = np.cumsum(tokens) - tokens / 2
    cuts = [0, *(int(np.searchsorted(middles, tokens.sum() * i / count)) for i in range(1, count)), len(parts)]
    for i in range(1, count):  # each has one at least, however long its neighbours are
        cuts[i] = min(max(cuts[i], cuts[i - 1] + 1), len(parts) - count + i)
    return tuple(_group(parts[low:high]) for low, high in zip(cuts, cuts[1:]))


def _group(parts: Sequence[Passage]) -> Passage:
    if len(parts) == 1:
        return parts[0]
    head, tail = parts[0], parts[-1]
    tokens = sum(part.tokens for part in parts)
    return Passage("group", head.start, tail.end, head.first, tail.last, tokens, grouped(parts))


def tree_of(passage: Passage, text: str) -> Part:
    """The same for `xai.explain_tree`: paths are those of the passages, leaves the numbers of the words."""
    if not passage.parts:
        return Part(passage.label(text), leaves=tuple(range(passage.first, passage.last)))
    return Part(passage.label(text), parts=tuple(tree_of(part, text) for part in passage.parts))


Made = Callable[[str, int, int, list[Passage]], Passage | None]


def _sections(found: list[Block], paragraph: Callable[[Block], Passage | None], made: Made) -> list[Passage]:
    """Paragraphs and, from each heading or title to the next of no lower rank, chapters and passages, in them others."""
    parts: list[Passage | None] = []
    i = 0
    while i < len(found):
        block, stop = found[i], i + 1
        if not block.level:
            parts.append(paragraph(block))
        else:
            while stop < len(found) and not 0 < found[stop].level <= block.level:
                stop += 1
            inside = [paragraph(block), *_sections(found[i + 1 : stop], paragraph, made)]
            kind = "passage" if block.level == PASSAGE else "chapter"
            parts.append(made(kind, block.start, found[stop - 1].end, _there(inside)))
        i = stop
    return _there(parts)


def _there(parts: Sequence[Passage | None]) -> list[Passage]:
    return [part for part in parts if part is not None]
