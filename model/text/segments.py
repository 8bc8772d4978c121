"""Words, sentences and lines of a text in any script, as spans of characters.

What belongs together follows the Unicode rules of text segmentation (UAX #29), whose properties `regex` knows: no span
begins or ends inside a letter with its marks, an emoji with its joiners, or a flag. Where the rules leave a choice, ours
is said beside it.
"""

from bisect import bisect_left
from collections.abc import Iterator

import regex

from model.text.abbreviations import ends_no_sentence

Span = tuple[int, int]  # (start, end), in characters

# One cluster of UAX #29 and what it is. The rules have no dictionary: of scripts written without spaces (line-breaking
# class SA, as Thai, Lao, Khmer, Burmese; Chinese characters; hiragana) each cluster is a word, and tokens then join them.
_CLUSTER = regex.compile(
    r"""(?=
      (?P<emoji>\p{Regional_Indicator}|\p{Emoji_Presentation}|[0-9\#*]\uFE0F?\u20E3
        |\p{Extended_Pictographic}(?:[\uFE0F\u200D]|\p{Emoji_Modifier}))
    | (?P<unspaced>[\p{Line_Break=SA}\p{Han}\p{Hiragana}])
    | (?P<letter>\p{Grapheme_Cluster_Break=Prepend}*[[\w\p{N}\p{Word_Break=ALetter}\p{Word_Break=Katakana}]--[\u200C\u200D]])
    | (?P<space>[\s\u200B](?![\p{M}\p{Emoji_Modifier}\p{Grapheme_Cluster_Break=SpacingMark}]))
    | (?P<format>\p{Cf})
    | (?P<mark>.)
    )\X""",
    regex.VERSION1 | regex.VERBOSE | regex.DOTALL,
)
# What stands alone between letters of one word: don't, well-known, 3.14, 1,000, col·lega, צה״ל, the Arabic decimal point.
_JOINERS = frozenset("'’՚.,·‧״׳٫٬-‐‑֊־")
_TSHEG = frozenset("་༌")  # a Tibetan syllable's end
_HEBREW = regex.compile(r"\p{Hebrew}")

_LINE = regex.compile(r"[^\n]*\S[^\n]*\n*")
_IN_LINE = regex.compile(r"[^\n\r\u2028\u2029]+")
# Full stops: the terminators of UAX #29 but the Burmese comma; Tibetan shads; ellipses; the Greek and Armenian ones that
# other keys of a keyboard write; two Ethiopic word spaces.
_STOP = regex.compile(
    r"(?:[[\p{Sentence_Break=STerm}\p{Sentence_Break=ATerm}…]--[၊]]|[།-༑༔](?:\s?[།-༑༔])*"
    r"|(?<=[\p{Greek}\p{M}])[;\u037E]|(?<=\p{Armenian}):|፡፡)+",
    regex.VERSION1,
)
_WITH_SPACE = frozenset(".!?…․﹒‼⁇⁈⁉‽;:\u037e")  # end a sentence only where white space follows: 3.5, a?b=c, Yahoo!x
_CLOSE = regex.compile(r"[\p{Pe}\p{Pf}\p{Pi}\"'*_\p{M}\p{Cf}]*(?:\[\d{1,3}\])*")
_CLOSE_UNSPACED = regex.compile(r"[\p{Pe}\p{Pf}\p{M}\p{Cf}\"']")
_SPACED_OUT = regex.compile(r"\s»")  # « in French. »
_CONTINUES = regex.compile(r"\p{Sentence_Break=SContinue}")
_CONTENT = regex.compile(r"[^\p{P}\p{Z}\p{C}]")
_LETTER = regex.compile(r"\p{L}")
_OF_WORD = regex.compile(r"\w")
_LOWER = regex.compile(r"\p{Ll}")
_ITEM = regex.compile(r"\d{1,3}|\p{L}|[ivxlIVXL]{1,5}")  # "1." of a list
# What quotes the sentence before it: particles of Japanese (「行く。」と言った。) and Korean, verbs of saying of Chinese.
_QUOTING = regex.compile(
    r"\s?(?:[「『][^「」『』]{0,200}[」』]){0,20}"
    r"(?:と(?!うとう|ても|ころ|にかく|りあえず|もかく|っさ|っく|きどき|たん|んで|ある|もだち|なり)|って|なんて|など|なんか|を|です|でし|であ"
    r"|だ(?:った|と|[。、！？])|のよう|[のがはにもへで](?=[\p{Han}\p{Katakana}])"
    r"|\p{Han}{0,5}(?:[说說问問喊答]|(?<!知)道)[道着完]?[，。！]|(?:이?라[고며]|하[고며])(?!\p{L}))"
)
_QUOTES = regex.compile(r"[「『」』«»\"']")
_LOOKED_AT = 200  # characters before and after a stop


def words(text: str, low: int, high: int) -> Iterator[Span]:
    """Spans of the words of text[low:high], and of what stands between them and is no white space.

    A word is letters, digits and their marks, joined by one apostrophe, hyphen, point or comma inside. Of scripts written
    without spaces each cluster is one, so is an emoji; other punctuation is taken in runs. Direction marks and the like
    belong to what they follow.
    """
    found: list[tuple[str, int, int]] = []
    for match in _CLUSTER.finditer(text, low, high):
        kind, (start, end) = match.lastgroup or "", match.span()
        last = found[-1] if found and found[-1][2] == start else ("", start, start)
        if kind == "format":
            kind = last[0]
        elif kind == "mark" and last[0] == "letter" and text[start] in _TSHEG:
            kind = "syllable"
        elif kind == "letter" and last[0] == "mark" and _joins(text, found, start):
            found.pop()
            last = found[-1]
        elif kind != last[0] or kind not in ("letter", "mark"):
            last = ("", start, start)
        if last[0]:
            found[-1] = (kind, last[1], end)
        elif kind not in ("space", ""):
            found.append((kind, start, end))
    for _, start, end in found:
        yield start, end


def _joins(text: str, found: list[tuple[str, int, int]], letter: int) -> bool:
    """Does the punctuation that was found last join the word before it and the letter after it?"""
    start, end = found[-1][1:]
    if len(found) < 2 or found[-2][0] != "letter" or found[-2][2] != start:
        return False
    mark = text[start:end]
    acronym = mark == '"' and _HEBREW.match(text, letter) and _HEBREW.search(text, *found[-2][1:])
    return mark in _JOINERS or bool(acronym)


def sentences(text: str, low: int, high: int) -> Iterator[Span]:
    """Spans of the sentences of text[low:high], each with the white space before it; a line break ends one too.

    A sentence ends with a full stop of its script and the quotes and brackets that close after it; not at abbreviations,
    initials, numbers, nor where lower case follows. Text that begins its sentences in lower case ends them at any stop.
    """
    start = low
    for span in _IN_LINE.finditer(text, low, high):
        line = _Line(text, *span.span())
        for stop in _STOP.finditer(text, line.low, line.high):
            end = _end_of(line, start, *stop.span())
            if end > start:
                yield start, end
                start = end
        if text[start : line.high].strip():
            yield start, line.high
            start = line.high


class _Line:
    """A line and where its quotes stand. Each character is looked for once: a line takes time linear in its length."""

    def __init__(self, text: str, low: int, high: int):
        self.text, self.low, self.high = text, low, high
        self.last = low + len(text[low:high].rstrip())  # where only white space follows
        self._found: dict[regex.Pattern[str], int] = {}
        self._marks: dict[str, list[int]] = {mark: [] for mark in "«»\"'"}
        self._quoted: list[Span] = []
        opened: list[int] = []
        for mark in _QUOTES.finditer(text, low, high):
            if mark[0] in self._marks:
                self._marks[mark[0]].append(mark.start())
            elif mark[0] in "「『":
                opened.append(mark.start())
            elif opened:
                quote = opened.pop(), mark.end()
                if _QUOTING.match(text, mark.end(), high):
                    self._quoted.append(quote)
        self._quoted.sort(reverse=True)

    def first(self, character: "regex.Pattern[str]", low: int) -> int:
        """Where the first such character from `low` on stands, the line's end if there is none; `low` never decreases."""
        if self._found.get(character, -1) < low:
            found = character.search(self.text, low, self.high)
            self._found[character] = found.start() if found else self.high
        return self._found[character]

    def count(self, mark: str, low: int, high: int) -> int:
        """How many such quotes stand in text[low:high]."""
        return bisect_left(self._marks[mark], high) - bisect_left(self._marks[mark], low)

    def is_quoted(self, start: int, end: int) -> bool:
        """Is `end` in a quote 「…」 that opens from `start` on and that what follows it quotes? Neither ever decreases."""
        while self._quoted and (self._quoted[-1][0] < start or self._quoted[-1][1] <= end):
            self._quoted.pop()
        return bool(self._quoted) and self._quoted[-1][0] < end


def _end_of(line: _Line, start: int, stop: int, after_stop: int) -> int:
    """Where the sentence that begins at `start` ends by the stop text[stop:after_stop]; `start` where it goes on."""
    text, last = line.text, line.text[after_stop - 1]
    content = line.first(_CONTENT, start)
    if content >= stop:
        return start
    spaced = last in _WITH_SPACE
    end = _closed(line, start, after_stop, spaced)
    if end >= line.last:
        return end
    if spaced and not text[end].isspace():
        return start
    if end > after_stop and text[end - 1] in "」』”’\"'" and _QUOTING.match(text, end, line.high):
        return start
    if not spaced:
        goes_on = line.is_quoted(start, end) or _CONTINUES.match(text, end) or (last == "．" and text[end].isdigit())
        return start if goes_on else end
    letter = line.first(_LETTER, start)
    began_lower = letter < stop and text[letter].islower()
    lower_follows = bool(_LOWER.match(text, line.first(_OF_WORD, end), line.high))
    if text[stop:after_stop] != ".":  # “Really?” she said; well… maybe
        return start if lower_follows and (end > after_stop or last in ".…") else end
    item = _ITEM.fullmatch(text, content, stop) and (start <= line.low or text[start:stop].strip().isdigit())
    before, after = text[max(start, stop - _LOOKED_AT) : stop], text[end : min(end + _LOOKED_AT, line.high)]
    return start if item or (lower_follows and not began_lower) or ends_no_sentence(before, after) else end


def _closed(line: _Line, start: int, end: int, spaced: bool) -> int:
    """Where the quotes and brackets end that close after a stop. Where no space follows, an odd straight quote closes."""
    text = line.text
    if spaced:
        found = _CLOSE.match(text, end, line.high)
        end = found.end() if found else end
        opened = line.count("«", line.low, end) > line.count("»", line.low, end)
        return end + 2 if opened and _SPACED_OUT.match(text, end, line.high) else end
    while end < line.high and _CLOSE_UNSPACED.match(text, end):
        if text[end] in "\"'" and line.count(text[end], start, end) % 2 == 0:
            break
        end += 1
    return end


def lines(text: str, low: int, high: int) -> Iterator[Span]:
    """Spans of the lines of text[low:high] that are not blank, each with the breaks after it."""
    for match in _LINE.finditer(text, low, high):
        yield match.span()
