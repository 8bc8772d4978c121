"""From bytes to text: by a mark at their beginning, else UTF-8, else the page of characters whose letters are the likeliest.

The likeliest are those that one language writes: shares of letters that are no ASCII, in running text (per mille).
"""

import codecs
import re
import unicodedata
from collections import Counter
from itertools import accumulate, islice
from math import log

_CENTRAL = (
    "ą10ć4ę11ł18ń2ó9ś7ź1ż8-qvx",
    "á22í31é13ě16š8č10ř12ž10ý9ů6ú2ň1ť1ď1ó1-qwx",
    "á18í11é7č10š9ž9ý10ľ4ť4ú9ô2ň2ď2ä1ŕ1ĺ1ó2-qwx",
    "á34é35í7ó10ö10ő9ú3ü6ű3-qwx",
    "č11š9ž6ć6đ3-qwxy",
    "ă24â8î14ş12ţ12-kqwy",
)
_WESTERN = (
    "é2ï1ö1",
    "ë6é4ï2ö1è1ü1",
    "é19à5è3ê2ç1â1î1ô1ù1û1ë1ï1œ1",
    "ó8í7á5é4ñ3ú2ü1",
    "ã7ç5á4é3ó3í1ê4õ1ú2â2à1ô1",
    "à12ó8é7è6í5ò5ç2ú2ü1ï1-kwy",
    "à6è3ù3ò2ì3é1-jkwxy",
    "ü7ä6ö4ß3é1",
    "ä18å13ö13é1",
    "å15ø12æ9é1",
    "á18ð44é7í16ó10ú6ý2þ15æ9ö8-cqwz",
    "ä36ö4å1",
    "ä10õ10ü8ö3š1ž1-cfqwxyz",
)
_RUSSIAN = "о109е85а80и74н67т63с55р47в45л44к35м32д30п28у26я20ы19ь17г17з16б16ч14й12х10ж9ш7ю6ц5щ4э3ф3ъ1ё1"
_TURKISH = "ı51ğ11ş18ü19ö8ç12â1İ9-qwx"
_LANGUAGES = {
    "Windows-1252": (*_WESTERN, *_CENTRAL, _TURKISH),  # Džeko is of no Western language, and reads the same
    "Windows-1250": _CENTRAL,
    "Windows-1251": (
        _RUSSIAN,
        "о94а83и61н66в53е49т46і57р48с40к40л37у34м33д31п30я23ь17з21б18г15й12ї6є5ч12х11ц8ж8ш6ю9щ4ф3ґ1",
        "а120и90о85е90т75н70р50с50в45л40д35к35п30з22м25у15б15я16г15ъ15ч14ц7ж6щ6х6ш4й5ф3ю2ь1",
        "а110и90о90е85н55р45с45т40ј40у40в35д35к35п28м35л35з18г16б15љ5њ6ц8ч9ш8ж6х6ћ6ф2ђ2џ1",
    ),
    "Windows-1253": ("α90ο80ι70ε60τ70ν60σ45ρ40η45κ40π38υ40ς35λ30μ30ω16ά15γ16δ16ό15χ10θ10φ8β7ξ4ζ4ψ2έ12ί15ή12ώ8ύ8",),
    "Windows-1254": (_TURKISH,),
    "ISO-8859-2": _CENTRAL,
    "KOI8-R": (_RUSSIAN,),
    "CP866": (_RUSSIAN,),
    "Mac Roman": _WESTERN,
}
_PYTHON = {"Windows-1252": "cp1252", "Windows-1250": "cp1250", "Windows-1251": "cp1251", "Windows-1253": "cp1253"}
_PYTHON |= {"Windows-1254": "cp1254", "ISO-8859-2": "iso8859-2", "KOI8-R": "koi8-r", "CP866": "cp866", "Mac Roman": "mac-roman"}
_USUAL = "Windows-1252"
_LEAD = 3.0  # natural logarithm by which another page must be likelier than the usual one
_LEADS = {_USUAL: 0.0, "ISO-8859-2": 6.0, "KOI8-R": 12.0, "CP866": 12.0, "Mac Roman": 10.0}  # hardly anybody has these
_SIGN = 20.0  # per mille of a sign that stands where it does in sentences and amounts
_SINGLE = 0.5  # of a letter that is a word, and of a sign that stands elsewhere at the end of a word
_UNUSUAL = 0.02  # of what no language of a page has
_FOREIGN = log(10)  # by which a word in another language than the others is unlikelier
_ABSENT = log(30)  # by which a word is unlikelier in a language that lacks one of its letters
_AWKWARD = 15  # by which a letter is unlikelier where languages do not put it
_SIGNS = re.compile(
    r"(?<=L)’(?=L)|\xa0|(?<!\w)[“„‘‚’«‹¿¡—–…•·©†§®™](?!\w)|(?<!\w)[“„‘‚’«‹¿¡—–…•](?=[^\W_])"
    r"|(?<=[^\W_])[”“‘’»›—–…®™©†‡]+(?!\w)|(?<=LL)[—–](?=LL)|(?<=\d)[—–’…](?=\d)"
    r"|(?<=\d)[€£¥¢°ºª²³½¼¾‰´§±×µ®]|[€£¥¢§±×÷©](?=\d)|(?<![^\W_])°(?=[CFK]\b)|(?<=[mM])[²³](?!\w)"
    r"|(?<=L)(?<!LLL)[ºª](?!\w)|(?<!L)µ(?=L)".replace("L", r"[^\W\d_]")
)
_UNLIKELY = re.compile(  # letters where their languages do not have them, and others do
    r"[śźń](?=[aeiouyóąę])|ñ(?=[bdfghkst])"
    r"|(?<=i)č(?=re)|[èø](?=[aouáíý])|(?<![bdfmnptv])ě|(?<=[er]d)ě(?!L)|(?<=[aeiouy])ů"
    r"|ă(?=[aeo])|ő(?=i)|õ(?!L)|(?<=[ie])æ|(?<=L)þ|(?<!L)ð|(?<!L)ý(?=[bnsz])".replace("L", r"[^\W\d_]")
)
_LEAST = -7.0  # mean logarithm that another page than the usual one must reach: else the bytes are of none
_FEWEST = 4  # letters that tell a rare page, or words that tell UTF-8
_ENOUGH = 1000  # words, the most frequent ones, that tell a page
_MOSTLY = 4  # bytes that go on in a character of UTF-8, to each word that is none
_CLEARLY = 1.0  # mean logarithm by which words must be likelier as UTF-8
MOST, MOST_BYTES = 10_000, 200_000  # words with other letters than ASCII that are looked at, and bytes of them
Words = dict[bytes, int]
_LETTERS = 100  # of a word that are looked at: some files hold no space
_WORD = re.compile(rb"(?<![0-9A-Za-z\x80-\xff])[0-9A-Za-z]*+[\x80-\xff][0-9A-Za-z\x80-\xff]*")
_C1 = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_HIGH_BYTES = re.compile(rb"[\x80-\xff]")
_FOLLOWING = re.compile(rb"[\x80-\xbf]")
_HIGH = re.compile("[^\x00-\x7f]+")


def _shares(language: str) -> dict[str, float]:
    """Those of its letters, and 0 for each letter of ASCII that it lacks."""
    letters, _, absent = language.partition("-")
    return {letter: float(share) for letter, share in re.findall(r"(\D)(\d+)", letters)} | dict.fromkeys(absent, 0.0)


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
        broken = _partly_utf8(words, page or _USUAL)
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
    valid = _valid(words)
    told = {word: often for word, often in words.items() if len(word) > 1 and word not in valid} or words
    told = dict(islice(told.items(), _ENOUGH))
    for page, tables in _TABLES.items():
        try:
            controls = re.search("[\x80-\x9f]", data.decode(_PYTHON[page]))
        except UnicodeDecodeError:
            continue
        if controls:
            continue
        whole, mean = _likelihood(told, _PYTHON[page], tables)
        likely[page] = whole - _LEADS.get(page, _LEAD), mean
    best = max(likely, key=lambda page: likely[page][0], default=None)
    if best is None:
        return None
    if _USUAL in likely:
        high = bytes(range(0x80, 0x100)).translate(None, bytes(set(range(0x100)) - set(data)))
        if high.decode(_PYTHON[best]) == high.decode(_PYTHON[_USUAL]):
            return _USUAL
    enough = sum(len(_HIGH_BYTES.findall(word)) for word in told) >= _FEWEST
    known = enough or _USUAL in likely or best in ("Windows-1250", "Windows-1251")
    return best if likely[best][1] >= _LEAST and known else None


def _likelihood(words: Words, codec: str, tables: list[dict[str, float]]) -> tuple[float, float]:
    """(sum, mean) of the logarithms of the shares of letters that are no ASCII: of different words in the likeliest language.

    Single words may be of any other, as in a list of names from many countries. Bytes that stand alone are no evidence.
    """
    texts = {word.decode(codec, "replace")[:_LETTERS]: often for word, often in words.items() if len(word) > 1}
    each = [_of_word(text, tables) for text in texts]
    best = [max(scores, default=0.0) for scores in each]
    whole = max(sum(max(scores[i], most - _FOREIGN) for scores, most in zip(each, best)) for i in range(len(tables)))
    letters = sum(often * sum(char > "\x7f" for char in text) for text, often in texts.items())
    return whole, sum(often * score for often, score in zip(texts.values(), best)) / max(letters, 1)


def _of_word(word: str, tables: list[dict[str, float]]) -> list[float]:
    """In each language, the sum of the logarithms of the shares of its letters that are no ASCII, less for those out of place."""
    lower = word.lower() if len(word.lower()) == len(word) else word
    mixed = re.search("[A-Za-z]", word) is not None  # no word mixes scripts
    signs = {i for found in _SIGNS.finditer(word) for i in range(*found.span())}
    unlikely = {found.start() for found in _UNLIKELY.finditer(lower)}
    same, letters = 0.0, []
    for i, char in enumerate(word):
        if char <= "\x7f":
            continue
        before, after = word[i - 1 : i], word[i + 1 : i + 2]
        if i in signs:
            same += log(_SIGN / 1000)
        elif not char.isalpha():
            same += log((_UNUSUAL if after.isalpha() else _SINGLE) / 1000)
        elif before.isdigit() or after.isdigit() or not _cased(before + char + after) or mixed and "\u0370" <= char <= "\u04ff":
            same += log(_UNUSUAL / 1000)
        elif not (before.isalpha() or after.isalpha()):
            same += log(_SINGLE / 1000)
        else:
            same -= log(_AWKWARD) if i in unlikely else log(4) if _clumsy(before, char, after) else 0.0
            letters.append((char, lower[i], 1.0 if word.isupper() else 0.2))
    return [
        same
        - (_ABSENT if any(table.get(char) == 0 for char in lower) else 0.0)
        + sum(log((table.get(char) or capital * table.get(small, 0.0) or _UNUSUAL) / 1000) for char, small, capital in letters)
        for table in tables
    ]


def _cased(letters: str) -> bool:
    """Are capitals where words have them: nowhere, everywhere, or first?"""
    return letters.islower() or letters.isupper() or letters.istitle() or "ß" in letters


def _clumsy(before: str, char: str, after: str) -> bool:
    """Does a vowel stand between vowels, or a consonant between consonants? ì in mìs is none, è in poèet is."""
    vowels = [unicodedata.normalize("NFD", one)[:1].lower() in "aeiouyæøıœ" for one in (before, char, after) if one.isalpha()]
    return len(vowels) == 3 and len(set(vowels)) == 1
