"""From bytes to text: by a mark at their beginning, else UTF-8, else the page of characters whose letters are the likeliest.

The likeliest are those that one language writes: shares of letters that are no ASCII, in running text (per mille).
"""

import codecs
import re
import unicodedata
from collections import Counter
from itertools import accumulate
from math import log

_LANGUAGES = {
    "Windows-1252": (
        "é19à5è3ê2ç1â1î1ô1ù1û1ë1ï1œ1É1",
        "ó8í7á5é4ñ3ú2ü1¿1¡1",
        "ã7ç5á4é3ó3í1ê4õ1ú2â2à1ô1",
        "à6è3ù2ò2ì2é1",
        "ü7ä6ö4ß3é1",
        "ä18å13ö13é1",
        "å15ø9æ9é1",
        "á18ð44é7í16ó10ú6ý2þ15æ9ö8",
        "ä36ö4å1",
    ),
    "Windows-1250": (
        "ą10ć4ę11ł18ń2ó9ś7ź1ż8",
        "á22í31é13ě16š8č10ř12ž10ý9ů6ú2ň1ť1ď1ó1",
        "á18í11é7č10š9ž9ý10ľ4ť4ú9ô2ň2ď2ä1ŕ1ĺ1ó2",
        "á34é35í7ó10ö10ő9ú3ü6ű3",
        "č11š9ž6ć6đ3",
        "ă24â8î14ş12ţ12",
    ),
    "Windows-1251": (
        "о109е85а80и74н67т63с55р47в45л44к35м32д30п28у26я20ы19ь17г17з16б16ч14й12х10ж9ш7ю6ц5щ4э3ф3ъ1ё1",
        "о94а83и61н66в53е49т46і57р48с40к40л37у34м33д31п30я23ь17з21б18г15й12ї6є5ч12х11ц8ж8ш6ю9щ4ф3ґ1",
        "а120и90о85е90т75н70р50с50в45л40д35к35п30з22м25у15б15я16г15ъ15ч14ц7ж6щ6х6ш4й5ф3ю2ь1",
        "а110и90о90е85н55р45с45т40ј40у40в35д35к35п28м35л35з18г16б15љ5њ6ц8ч9ш8ж6х6ћ6ф2ђ2џ1",
    ),
    "KOI8-R": ("о109е85а80и74н67т63с55р47в45л44к35м32д30п28у26я20ы19ь17г17з16б16ч14й12х10ж9ш7ю6ц5щ4э3ф3ъ1ё1",),
    "CP866": ("о109е85а80и74н67т63с55р47в45л44к35м32д30п28у26я20ы19ь17г17з16б16ч14й12х10ж9ш7ю6ц5щ4э3ф3ъ1ё1",),
    "Windows-1253": ("α90ο80ι70ε60τ70ν60σ45ρ40η45κ40π38υ40ς35λ30μ30ω16ά15γ16δ16ό15χ10θ10φ8β7ξ4ζ4ψ2έ12ί15ή12ώ8ύ8",),
    "Windows-1254": ("ı51ğ11ş18ü19ö8ç12â1",),
    "Mac Roman": (),
}
_LANGUAGES["Mac Roman"] = _LANGUAGES["Windows-1252"]
_PYTHON = {"Windows-1252": "cp1252", "Windows-1250": "cp1250", "Windows-1251": "cp1251", "Windows-1253": "cp1253"}
_PYTHON |= {"Windows-1254": "cp1254", "KOI8-R": "koi8-r", "CP866": "cp866", "Mac Roman": "mac-roman"}
_USUAL = "Windows-1252"
_SIGNS = "€£§°²³µ·½¼¾±×÷®©™«»“”„‘’‚–—…•\u00a0¹º¥†´¢ªŻ"
_UNUSUAL = 0.02  # per mille of a letter that no language of a page has
_LEAD = 4.0  # natural logarithm by which another page must be likelier than the usual one
_LEAST = -6.5  # mean logarithm that a rare page must reach: else the bytes are of none
_FEWEST = 4  # letters that tell a rare page, or words that tell UTF-8
_MOSTLY = 4  # bytes that go on in a character of UTF-8, to each word that is none
_CLEARLY = 1.0  # mean logarithm by which words must be likelier as UTF-8
MOST, MOST_BYTES = 10_000, 200_000  # words with other letters than ASCII that are looked at, and bytes of them
Words = dict[bytes, int]
_WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]*[\x80-\xff][0-9A-Za-z\x80-\xff]*")
_C1 = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_HIGH_BYTES = re.compile(rb"[\x80-\xff]")
_FOLLOWING = re.compile(rb"[\x80-\xbf]")
_HIGH = re.compile("[^\x00-\x7f]+")


def _shares(letters: str) -> dict[str, float]:
    return {letter: float(share) for letter, share in re.findall(r"(\D)(\d+)", letters)}


_TABLES = {page: [_shares(letters) for letters in languages] for page, languages in _LANGUAGES.items()}


def decoded(data: bytes, filename: str = "the text") -> tuple[str, str] | None:
    """(text, name of its encoding); None where it is of none that is known. ValueError where only some of it is UTF-8."""
    for mark, name, codec in (
        (b"\xef\xbb\xbf", "UTF-8", "utf-8"),
        (b"\xff\xfe\x00\x00", "UTF-32", "utf-32"),
        (b"\xff\xfe", "UTF-16", "utf-16"),
        (b"\xfe\xff", "UTF-16", "utf-16"),
    ):
        if data.startswith(mark):
            try:
                text = data.decode(codec).lstrip("\ufeff")
            except UnicodeDecodeError:
                continue
            if name == "UTF-8" or re.search("[\r\n]", text):  # a sound may begin as UTF-16 does
                return _meant(text, name)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None  # "ÿþ" begins no text
    if b"\0" in data and (unmarked := _unmarked(data)):
        return unmarked
    try:
        return _meant(data.decode("utf-8"), "UTF-8")
    except UnicodeDecodeError as error:
        wrong, cut_short = error.start, error.reason == "unexpected end of data" and _HIGH_BYTES.search(data, 0, error.start)
    words = _words(data)
    if data.startswith(codecs.BOM_UTF8) or cut_short or _mostly_utf8(words):
        page, broken = None, True
    else:
        page = _page(data, words)
        broken = page is not None and _partly_utf8(words, page)
    if broken:
        line = len(re.findall(rb"\r\n|\r|\n", data[:wrong])) + 1
        raise ValueError(
            f"{filename} is in UTF-8, but line {line} is damaged, cut short or in another encoding: save it again, as UTF-8"
        )
    return None if page is None else (data.decode(_PYTHON[page]), page)


def _words(data: bytes) -> Words:
    """The most frequent words with other letters than ASCII, and how often each is there."""
    counted = Counter(_WORD.findall(data)).most_common(MOST)
    sizes = accumulate(len(word) for word, _ in counted)
    return dict(word for word, size in zip(counted, sizes) if size <= MOST_BYTES) or dict(counted[:1])


def _mostly_utf8(words: Words) -> bool:
    """Are so many words UTF-8 that it is not by chance? Single ones are, as Spaß” of Windows-1252 and её of KOI8-R."""
    valid = _valid(words)
    following = sum(len(_FOLLOWING.findall(word)) * count for word, count in valid.items())
    return following >= _MOSTLY * (sum(words.values()) - sum(valid.values()))


def _partly_utf8(words: Words, page: str) -> bool:
    """Do words that are UTF-8 stand in a text of a page, with letters that are likelier so than in the page?"""
    valid = _valid(words)
    count = sum(valid.values())
    if not count or count < min(sum(words.values()) - count, _FEWEST):
        return False
    meant = max(_likelihood(valid, "utf-8", tables)[1] for tables in _TABLES.values())
    return meant > _likelihood(valid, _PYTHON[page], _TABLES[page])[1] + _CLEARLY


def _valid(words: Words) -> Words:
    """Those that are UTF-8."""
    return {word: count for word, count in words.items() if word.decode("utf-8", "ignore").encode() == word}


def _unmarked(data: bytes) -> tuple[str, str] | None:
    """UTF-16 and UTF-32 without a mark: read in the wrong order of bytes, a line break is no character."""
    for codec in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        others = set(map(unicodedata.category, set(text) - set("\t\r\n")))
        if re.search("[\r\n]", text) and not others & {"Cc", "Cn", "Co", "Cs"}:
            return _meant(text, codec[:6].upper())
    return None


def _meant(text: str, name: str) -> tuple[str, str]:
    """The text without what pages that were said to be others leave: UTF-8 read as Windows-1252, and controls for signs."""
    high = set(_HIGH.findall(text))
    if high and all(map(_twice, high)):
        return _HIGH.sub(lambda found: _twice(found[0]) or "", text), f"{name}, twice"
    return (text.translate(_C1) if re.search("[\x80-\x9f]", text) else text), name


def _twice(text: str) -> str | None:
    """What a run of characters was before its UTF-8 was taken for Windows-1252 and written as UTF-8 again; None for others."""
    try:
        once = b"".join(char.encode("latin-1") if "\x80" <= char <= "\x9f" else char.encode("cp1252") for char in text)
        return once.decode("utf-8")
    except UnicodeError:
        return None


def _page(data: bytes, words: Words) -> str | None:
    """The page whose reading of the words is the likeliest in its languages; None where none reads them."""
    likely: dict[str, tuple[float, float]] = {}
    for page, tables in _TABLES.items():
        try:
            data.decode(_PYTHON[page])
        except UnicodeDecodeError:
            continue
        likely[page] = _likelihood(words, _PYTHON[page], tables)
    if _USUAL in likely:
        usual = likely[_USUAL][0]
        rest = {page: score for page, (score, _) in likely.items() if score > usual + _LEAD}
        other = max(rest, key=lambda page: rest[page], default=_USUAL)
        high = bytes(range(0x80, 0x100)).translate(None, bytes(set(range(0x100)) - set(data)))
        return _USUAL if high.decode(_PYTHON[other]) == high.decode(_PYTHON[_USUAL]) else other
    best = max(likely, key=lambda page: likely[page][0], default=None)
    enough = sum(len(_HIGH_BYTES.findall(word)) for word in words) >= _FEWEST
    known = best in ("Windows-1250", "Windows-1251") or enough
    return best if best is not None and likely[best][1] >= _LEAST and known else None


def _likelihood(words: Words, codec: str, tables: list[dict[str, float]]) -> tuple[float, float]:
    """(sum, mean) of the logarithms of the shares of all letters that are no ASCII, in the likeliest language, or in several.

    A list of names from many countries is in no one language: there each word may be of any, with equal chances.
    """
    texts = [(word.decode(codec), min(often, 20)) for word, often in words.items()]
    each = [[times * _of_word(text, table) for text, times in texts] for table in tables]
    whole = max(*map(sum, each), sum(map(max, zip(*each))) - len(texts) * log(len(tables)))
    return whole, whole / max(sum(times * sum(char > "\x7f" for char in text) for text, times in texts), 1)


def _of_word(word: str, table: dict[str, float]) -> float:
    """The sum of the logarithms of the shares of its letters that are no ASCII; a letter out of place is unlikely."""
    whole = 0.0
    mixed = re.search("[A-Za-z]", word) is not None  # no word mixes scripts
    for i, char in enumerate(word):
        if char <= "\x7f":
            continue
        before, after = word[i - 1 : i], word[i + 1 : i + 2]
        share = table.get(char) or 0.7 * table.get(char.lower(), 0.0)
        if not share:
            inside = before.isalpha() and after.isalpha()
            sign = char in _SIGNS and unicodedata.category(char)[0] != "L" and (not inside or char in "’´·–—")
            share = 0.5 if sign else _UNUSUAL
        if char.isupper() and before.islower() or char.isalpha() and (before.isdigit() or after.isdigit()):
            share = min(share, _UNUSUAL)
        if "\u0370" <= char <= "\u04ff":
            share = min(share, _UNUSUAL) if mixed else share / 30 if len(word) == 1 else share
        elif char.isalpha() and _clumsy(before, char, after):
            share /= 4
        whole += log(share / 1000)
    return whole


def _clumsy(before: str, char: str, after: str) -> bool:
    """Does a vowel stand between vowels, or a consonant between consonants? ì in mìs is none, è in poèet is."""
    vowels = [unicodedata.normalize("NFD", one)[:1].lower() in "aeiouyæøıœ" for one in (before, char, after) if one.isalpha()]
    return len(vowels) == 3 and len(set(vowels)) == 1
