"""Words, sentences and lines of a text in any script, as spans of characters.

What belongs together follows the Unicode rules of text segmentation (UAX #29), whose properties `regex` knows: no span
begins or ends inside a letter with its marks, an emoji with its joiners, or a flag. Where the rules leave a choice, ours
is said beside it.
"""

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
    | (?P<space>[\s\u200B])
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
_SPACED_OUT = regex.compile(r"\s»")  # « in French. »
_GOES_ON = regex.compile(r"[^\w\n]*\p{Ll}")  # in lower case
_CONTENT = regex.compile(r"[^\p{P}\p{Z}\p{C}]")
_ITEM = regex.compile(r"[\p{P}\p{Z}]*(?:\d{1,3}|\p{L}|[ivxlIVXL]{1,5})")  # "1." of a list
# What quotes the sentence before it: particles of Japanese (「行く。」と言った。) and Korean, verbs of saying of Chinese.
_QUOTING = regex.compile(
    r"\s?(?:[「『][^「」『』]{0,200}[」』])*"
    r"(?:と(?!うとう|ても|ころ|にかく|りあえず|もかく|っさ|っく|きどき|たん|んで|ある|もだち|なり)|って|なんて|など|なんか|を|です|でし|であ"
    r"|だ(?:った|と|[。、！？])|のよう|[のがはにもへで](?=[\p{Han}\p{Katakana}])"
    r"|\p{Han}{0,5}(?:[说說问問喊答]|(?<!知)道)[道着完]?[，。！]|(?:이?라[고며]|하[고며])(?!\p{L}))"
)
_QUOTES = regex.compile(r"[「『」』]")
_LONGEST_QUOTE = 1_000
_LOOKED_AT = 200  # characters before a stop
_FIRST_LETTER = regex.compile(r"\p{L}")


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
    for line in _IN_LINE.finditer(text, low, high):
        for stop in _STOP.finditer(text, *line.span()):
            end = _end_of(text, start, stop, line)
            if end > start:
                yield start, end
                start = end
        if text[start : line.end()].strip():
            yield start, line.end()
            start = line.end()


def _end_of(text: str, start: int, stop: "regex.Match[str]", line: "regex.Match[str]") -> int:
    """Where the sentence that begins at `start` ends by this stop; `start` where it goes on."""
    last, before = text[stop.end() - 1], text[start : stop.start()]
    if stop.start() < start or not _CONTENT.search(before):
        return start
    spaced = last in _WITH_SPACE
    end = _closed(text, start, stop.end(), line, spaced)
    after = text[end : line.end()]
    if not after.strip():
        return end
    if (spaced and not after[0].isspace()) or _is_quoted(text, start, end, stop.end(), line.end()):
        return start
    if not spaced and (regex.match(r"\p{Sentence_Break=SContinue}", after) or (last == "．" and after[0].isdigit())):
        return start
    if text[stop.start() : stop.end()] == ".":
        first = _FIRST_LETTER.search(before)
        lower = first is not None and first[0].islower()
        item = _ITEM.fullmatch(before.strip()) and (start <= line.start() or before.strip().isdigit())
        goes_on = bool(item) or ends_no_sentence(before[-_LOOKED_AT:], after) or (not lower and _GOES_ON.match(after))
    else:  # “Really?” she said; well… maybe
        goes_on = spaced and (end > stop.end() or last in ".…") and _GOES_ON.match(after)
    return start if goes_on else end


def _is_quoted(text: str, start: int, end: int, stop: int, limit: int) -> bool:
    """Is what a stop ends quoted by what follows the quote? `end` is after the marks that close behind the stop."""
    if end > stop and text[end - 1] in "」』”’\"'":
        return _QUOTING.match(text, end, limit) is not None
    if text[stop - 1] in _WITH_SPACE:
        return False
    depth = sum(1 if mark[0] in "「『" else -1 for mark in _QUOTES.finditer(text, max(start, end - _LONGEST_QUOTE), end))
    for mark in _QUOTES.finditer(text, end, min(limit, end + _LONGEST_QUOTE)) if depth > 0 else ():
        depth += 1 if mark[0] in "「『" else -1
        if not depth:
            return _QUOTING.match(text, mark.end(), limit) is not None
    return False


def _closed(text: str, start: int, end: int, line: "regex.Match[str]", spaced: bool) -> int:
    """Where the quotes and brackets end that close after a stop. Where no space follows, an odd straight quote closes."""
    limit = line.end()
    if spaced:
        found = _CLOSE.match(text, end, limit)
        end = found.end() if found else end
        spaced_out = _SPACED_OUT.match(text, end, limit)
        opened = spaced_out and text.count("«", line.start(), end) > text.count("»", line.start(), end)
        return spaced_out.end() if spaced_out and opened else end
    while end < limit and regex.match(r"[\p{Pe}\p{Pf}\p{M}\p{Cf}\"']", text[end]):
        if text[end] in "\"'" and text.count(text[end], start, end) % 2 == 0:
            break
        end += 1
    return end


def lines(text: str, low: int, high: int) -> Iterator[Span]:
    """Spans of the lines of text[low:high] that are not blank, each with the breaks after it."""
    for match in _LINE.finditer(text, low, high):
        yield match.span()
