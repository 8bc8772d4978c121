"""Texts of others where they are names, or go to a terminal: what would be obeyed, or not be seen, stands there as an escape.

Control characters move a terminal's cursor and hide what was printed; marks of direction turn the letters after them around
(CVE-2021-42574); others have no shape. Which these are says Unicode: the categories Cc, Cf, Cs, Zl and Zp but for signs of Arabic
and Kaithi, and `Default_Ignorable_Code_Point`.
"""

import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import IO, Any

_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
_TURNS = "\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\U00013430-\U0001343f\U000e0000-\U000e0fff"
_UNSEEN = re.compile(rf"[\x00-\x1f\x7f-\x9f{_BLANK}{_TURNS}\ud800-\udfff]")
_JOIN, _SELECT = "\u200c\u200d", "\ufe0e\ufe0f"  # within words of Persian or Hindi, and within emoji
_BEFORE = {"Lo", "Mn", "Mc", "Me", "So", "Sk", "Sm", "Po", "Nd"}  # categories of what these may follow
# Line breaks, hyphens and joiners that are drawn where a line needs them, marks of a single letter's direction.
_OF_TEXTS = "\n\t\r\x0b\x0c\x85\u2028\u2029\xad\u034f\u061c\u115f\u1160\u180e"
_OF_TEXTS += "\u200b\u200c\u200d\u200e\u200f\u2060\u3164\ufe0e\ufe0f\ufeff"
# Letters of Cyrillic, Greek and Armenian that are drawn as Latin ones: Unicode's confusables.txt, those of a single letter.
_ALIKE = "\u0405\u0406\u0408\u0410\u0412\u0415\u041a\u041c-\u041e\u0420-\u0423\u0425\u0430\u0435\u043e\u0440\u0441\u0443\u0445"
_ALIKE += "\u0455\u0456\u0458\u04bb\u04cf\u0501\u051b\u051d\u0391\u0392\u0395-\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4"
_ALIKE += "\u03a5\u03a7\u03bd\u03bf\u03f2\u03f3\u054d\u054f\u0555\u0578\u057d\u0585"
_MIXED = re.compile(rf"(?<![^\W\d_])(?=[{_ALIKE}]*[A-Za-z])(?=[A-Za-z]*[{_ALIKE}])[A-Za-z{_ALIKE}]+(?![^\W\d_])")


def visible(text: str, keep: str = "") -> str:
    r"""The text, with `\x1b`, `\u202e` and the like for what steers a terminal or has no shape, and for letters that pass for
    Latin ones in a word which is Latin else. It can be printed wherever Unicode can.

    keep : control characters that stay, such as line breaks
    """
    if text.isascii() and text.isprintable():
        return text
    return _MIXED.sub(lambda found: re.sub(f"[{_ALIKE}]", _escaped, found[0]), _seen(text, keep))


def steady(text: str) -> str:
    """A text to read, such as a document's: what would turn the letters of its neighbours around, or is meant for a terminal,
    as an escape; what shapes its own words and lines stays."""
    return text if text.isascii() and text.isprintable() else _seen(text, _OF_TEXTS)


def _seen(text: str, keep: str) -> str:
    return _UNSEEN.sub(lambda found: found[0] if found[0] in keep or _joins(text, found.start()) else _escaped(found), text)


def _joins(text: str, at: int) -> bool:
    """Whether what has no shape shapes its neighbours there, as in an emoji of several."""
    before = text[at - 1 : at]
    joins = text[at] in _JOIN or (text[at] in _SELECT and before not in _SELECT)
    return joins and bool(before) and unicodedata.category(before) in _BEFORE


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode()


def for_plotly(text: str) -> str:
    """A name in Plotly's labels, which obey some tags: `visible`, and escaped."""
    return escape(visible(text))


def isolated(text: str) -> str:
    """The text between marks that keep its direction from turning what stands beside it, where it has letters that run from
    right to left."""
    return f"\u2068{text}\u2069" if any(unicodedata.bidirectional(one) in ("R", "AL", "AN") for one in text) else text


class VisibleStream:
    """A stream of text that makes all visible but line breaks, tabs, and the return before a line that is written over itself.

    stream : where it is written to
    """

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        begun = text[:1] == "\r"
        self.stream.write("\r" * begun + visible(text[begun:], "\n\t"))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def visible_output(*names: str) -> Iterator[None]:
    """What is printed in here, tracebacks and warnings among it, steers no terminal. names : of streams of `sys`"""
    before = {name: getattr(sys, name) for name in names}
    for name, stream in before.items():
        setattr(sys, name, VisibleStream(stream))
    try:
        yield
    finally:
        for name, stream in before.items():
            setattr(sys, name, stream)
