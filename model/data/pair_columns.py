"""Which columns of a table hold sentences, their translations, and where they come from: by name, else a guess to be shown."""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

NEEDED = "source", "target"
# the first of them wins where a table has several: an output beside a reference is a system's
_SOURCE = "source", "sources", "src", "input", "inputs", "prompt", "original"
_TARGET = "target", "targets", "tgt", "trg", "reference", "references", "ref", "translation", "translated", "output"
_ORIGIN = "origin", "origins", "group", "groups", "dataset", "domain", "corpus", "collection", "provenance"
_LANGUAGES = {
    name: code
    for code, names in {
        "en": "english eng",
        "de": "german deutsch ger deu",
        "fr": "french français francais fra fre",
        "es": "spanish español espanol spa",
        "it": "italian italiano ita",
        "pt": "portuguese português portugues por",
        "nl": "dutch nederlands nld",
        "pl": "polish polski pol",
        "ru": "russian русский rus",
        "uk": "ukrainian українська ukr",
        "cs": "czech čeština ces cze",
        "tr": "turkish türkçe tur",
        "ar": "arabic العربية ara",
        "hi": "hindi हिन्दी hin",
        "zh": "chinese 中文 zho chi",
        "ja": "japanese 日本語 jpn",
        "ko": "korean 한국어 kor",
    }.items()
    for name in (code, *names.split())
}
_BESIDE = {"id", "ids", "lang", "language", "code", "score", "length", "url"}  # “source id” is no sentence
_ENDS = ".!?…。！？"
_MOST_WORDS, _FEW = 5, 2  # of a name; of one in which a language's is no word of a sentence, as “de” is
_LONG = 30  # characters of what is rather a sentence, in a script without spaces too


@dataclass(frozen=True)
class PairColumns:
    """Places of the columns in their table; origin None where no column says it."""

    source: int
    target: int
    origin: int | None = None


def named_columns(names: Sequence[str]) -> PairColumns | None:
    """The columns of a table that calls them source, target and, if it likes, origin; None where somebody has to choose."""
    lower = [name.lower() for name in names]
    if any(lower.count(name) != 1 for name in NEEDED) or lower.count("origin") > 1:
        return None
    return PairColumns(lower.index("source"), lower.index("target"), lower.index("origin") if "origin" in lower else None)


def origin_of(names: Sequence[str], taken: Container[int | None] = ()) -> int | None:
    """The column whose name says that it tells where a pair comes from."""
    return _first(names, _ORIGIN, taken)


def guess_columns(names: Sequence[str], columns: Sequence[Sequence[str]]) -> PairColumns:
    """By known words in the names, else by languages (English is translated from), else the first columns with text."""
    source = _first(names, _SOURCE)
    origin = origin_of(names, {source})
    languages = [_language(name) for name in names]
    by_language = [i for i, language in enumerate(languages) if language and i != origin]
    by_language.sort(key=lambda i: languages[i] != "en")
    texts = [i for i, cells in enumerate(columns) if _is_text(cells)]
    rest = [i for i in (*texts, *range(len(names))) if i != origin] + list(range(len(names)))
    target = _first(names, _TARGET, {source, origin} | ({by_language[0]} if source is None and by_language else set()))
    if source is None:
        source = next(i for i in (*by_language, *rest) if i != target)
    if target is None:
        target = next(i for i in (*by_language, *rest) if i != source)
    return PairColumns(source, target, None if origin in (source, target) else origin)


def is_pair(line: Sequence[str]) -> bool:
    """Does a first line look like a pair rather than like names: two cells that read like sentences, no known name?"""
    known = any(_words(name) & {*_SOURCE, *_TARGET, *_ORIGIN} or _language(name) for name in line)
    sentences = {cell for cell in line if len(cell.split()) > 2 or len(cell) > _LONG or cell.endswith(tuple(_ENDS))}
    return not known and len(sentences) > 1


def _words(name: str) -> set[str]:
    """The words of a name; none of what rather is a sentence."""
    words = re.findall(r"\w+", name.casefold().replace("_", " "))
    return set() if len(words) > _MOST_WORDS or name.endswith(tuple(_ENDS)) else set(words)


def _language(name: str) -> str:
    words = _words(name)
    if len(words) > _FEW or words & _BESIDE:
        return ""
    return next((_LANGUAGES[word] for word in sorted(words) if word in _LANGUAGES), "")


def _first(names: Sequence[str], known: Sequence[str], taken: Container[int | None] = ()) -> int | None:
    """The column that is called by the first of the known words, else by one among others."""
    free = [(i, _words(name)) for i, name in enumerate(names) if i not in taken]
    alone = [i for word in known for i, words in free if words == {word}]
    among = [i for word in known for i, words in free if word in words and not words & _BESIDE]
    return next(iter(alone + among), None)


def _is_text(cells: Sequence[str]) -> bool:
    """Do most of the cells that hold something hold letters?"""
    filled = [cell for cell in cells if cell]
    return 2 * sum(any(map(str.isalpha, cell)) for cell in filled) > len(filled)
