"""Numbers as people write them: signs, currencies, per cent, groups of thousands, a point or a comma before the decimals.

Which of the two marks the decimals is told by a column's own cells, or else by the other columns.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

_DASHES = dict.fromkeys(map(ord, "\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d"), "-")
_QUOTES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u00b4\u2032\uff07`"), "'")
_SPACES = dict.fromkeys(map(ord, "\u00a0\u202f\u2009\u2007\u2008\u2002\u2003\u2005\u200a\u3000\t"), " ")
_NOTHING = dict.fromkeys(map(ord, "\u200e\u200f\u200b\u2060\ufeff\u061c"), "")
_FULL = str.maketrans("．，،％٪﹪؉＋（）", ".,,%%%‰+()")
_ZEROS = "٠۰߀०০੦૦୦௦౦೦൦෦๐໐༠၀០᠐０"  # the digits of a script follow its zero
_DIGITS = {ord(zero) + digit: str(digit) for zero in _ZEROS for digit in range(10)}
_ALIKE = _DASHES | _QUOTES | _SPACES | _NOTHING | _FULL | _DIGITS
_ALIKE_BY = {mark: _ALIKE | {ord("٫"): mark, ord("٬"): other} for mark, other in (".,", ",.")}  # which no country swaps
_ANY = "0-9" + "".join(f"{zero}-{chr(ord(zero) + 9)}" for zero in _ZEROS)
PADDED = f"[^{_ANY}.,٫]*[0{_ZEROS}][{_ANY}]"  # begins a number with a zero before it, as codes have
_SYMBOLS = "$\u00a2-\u00a5\u058f\u060b\u09f2\u09f3\u0af1\u0bf9\u0e3f\u17db\u20a0-\u20c0\ufdfc\ufe69\uff04\uffe0\uffe1\uffe5\uffe6"
_CODES = (
    "AED|ARS|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DEM|DKK|EGP|EUR|FRF|GBP|HKD|HUF|IDR|ILS|INR|ISK|ITL|JPY|KRW|MXN|MYR|NGN|"
    "NOK|NZD|PEN|PHP|PKR|PLN|RMB|RON|RSD|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR|Euro|euros?|DM|SFr\\.?|sFr\\.?|Fr\\.?|"
    "[Kk]r\\.?|Kč|zł|Ft|Rs\\.?|RM|Rp\\.?|lei|TL|руб\\.?|р\\.|грн\\.?|лв\\.?|дин\\.?|円|圓|元|圆|원|บาท|[Dd]ollars?|[Yy]en|[Yy]uan|"
    "[Ff]rancs?|Franken|[Rr]upees|[Bb]aht|[Pp]esos"
)
_CURRENCY = f"(?:[A-Z]{{1,3}}(?=\\$))?[{_SYMBOLS}]|(?:{_CODES})(?![a-zA-Z])"
_NAMES = (
    "$ USD US$ DOLLAR DOLLARS|€ EUR EURO EUROS|£ GBP|JPY 円 YEN|CNY RMB 元 圆 YUAN|CHF SFR|₽ RUB РУБ Р|₴ UAH ГРН|zł ZŁ PLN|"
    "Kč KČ CZK|Ft FT HUF|лв ЛВ BGN|дин ДИН RSD|₺ TRY TL|₪ ILS|₩ KRW 원|₹ INR|฿ THB บาท BAHT|₫ VND|₦ NGN|₱ PHP|lei LEI RON|DEM DM|"
    "MYR RM|Rp RP IDR|R$ BRL|A$ AU$ AUD|C$ CA$ CAD|HK$ HKD|NZ$ NZD|S$ SGD|NT$ TWD|MX$ MXN|kr KR|Rs RS RUPEES|"
    "Fr FR FRANC FRANCS FRANKEN"
)
_SAME = {name: names.split()[0] for names in _NAMES.split("|") for name in names.split()}
_EITHER = {  # what each is beside one of these
    "¥": {"JPY", "CNY"},
    "Fr": {"CHF", "FRF"},
    "kr": {"SEK", "NOK", "DKK", "ISK"},
    "Rs": {"₹", "PKR"},
}
_UNDIVIDED = {"JPY", "¥", "₩", "₫", "Rp"}  # whose amounts have no three decimals
_WHOLE = re.compile(
    rf"\s*(?P<s1>[-+])?\s*(?P<o1>\()?\s*(?P<s2>[-+])?\s*(?P<c1>{_CURRENCY})?\s*(?P<p1>[%‰])?\s*(?P<s3>[-+])?\s*(?P<o2>\()?\s*"
    r"(?P<body>(?=[.,]?\d)\d*(?:[., ']\d+)*(?:[.,](?:-{1,3})?)?(?:[eE][-+]?\d+)?)"
    rf" ?(?P<unit>[KMBTkmbt](?![a-zA-Z]))?\s*(?P<p2>[%‰])?\s*(?P<c2>{_CURRENCY})?\s*(?P<s4>-)?\s*(?P<e>\))?\s*(?P<s5>-)?\s*"
)
_BODY = (
    r"(?P<whole>[1-9]\d{{0,2}}(?P<g>[{group} '])\d{{3}}(?:(?P=g)\d{{3}})*|[1-9]\d?(?:,\d\d)+,\d{{3}}|\d*)"
    r"(?:[{mark}](?P<part>\d*)-*)?(?P<power>[eE][-+]?\d+)?"
)
_BODIES = {mark: re.compile(_BODY.format(mark=mark, group=group)) for mark, group in (".,", ",.")}
_UNITLESS = re.compile("[-+0-9.,'()%eE \u00a0\u202f]*")
_ODD, _DIGIT = re.compile("[^ -_a-~]"), re.compile("[0-9]")  # what `_ALIKE` may change; what a number has
_INFINITE = re.compile(r"\s*([-+]?)\s*(?:inf(?:inity)?|\u221e)\s*", re.I)
_FLOAT = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)
_PERCENT = {"%": -2, "‰": -3}
_SHARES = {"per cent": "%٪％﹪", "per mille": "‰؉"}
_PERCENT_SIGN = re.compile(f"[{''.join(_SHARES.values())}]")
MARKS = ".", ","
LONGEST = 80  # characters of a number: patterns may try every place of a blank or a mark
ENOUGH = 30  # numbers that all have three digits after their mark, none of them ending in 0, had they decimals: 4 in 100


def is_number(text: str) -> bool:
    """Is a text a number with either mark, and without a unit as in 300B?"""
    return any((read := plain(text, mark)) and not read[-1].isalpha() for mark in MARKS)


def plain(text: str, mark: str) -> str | None:
    """The same number as Python writes it, "1234.5", and after it the unit of one as 300B; None where it is no number.

    mark : what stands before the decimals, "." or ","; the other may stand between thousands, as may blanks and '
    """
    point, comma = _readings(text)
    return point if mark == "." else comma


@lru_cache(maxsize=1 << 17)  # a column's texts are read again and again
def _readings(text: str) -> tuple[str | None, str | None]:
    """The number by a decimal point, and by a comma."""
    exact = text if _FLOAT.fullmatch(text) else None
    if exact and "." not in text:
        return exact, exact
    if len(text) > LONGEST:
        return exact, None
    by_point, by_comma = (text.translate(_ALIKE_BY[mark]) for mark in MARKS) if _ODD.search(text) else (text, text)
    found = _WHOLE.fullmatch(by_point) if _DIGIT.search(by_point) else None
    if found is None:
        infinite = _INFINITE.fullmatch(by_point)
        spelt = f"{infinite[1]}inf" if infinite else None
        return spelt, spelt
    other = found if by_comma == by_point else _WHOLE.fullmatch(by_comma)
    return exact or _spelt(found, "."), _spelt(other, ",") if other else None


def _spelt(found: re.Match[str], mark: str) -> str | None:
    body = _BODIES[mark].fullmatch(found["body"])
    signs = [sign for name in ("s1", "s2", "s3", "s4", "s5") if (sign := found[name])]
    opened = (found["o1"] or "") + (found["o2"] or "")
    if body is None or len(signs) > 1 or len(opened) != len(found["e"] or "") or opened and signs:
        return None
    if found["c1"] and found["c2"] or found["p1"] and found["p2"]:
        return None
    digits = re.sub(r"\D", "", body["whole"]) + ("." + body["part"] if body["part"] else "")
    power = int((body["power"] or "e0")[1:]) + _PERCENT.get(found["p1"] or found["p2"] or "", 0)
    sign = "-" if opened or signs == ["-"] else ""
    return f"{sign}{digits}{f'e{power}' if power else ''}{found['unit'] or ''}"


def word_of(text: str) -> str:
    """The sign or word beside a number that names its currency, as it stands; "" for none."""
    found = _WHOLE.fullmatch(text.translate(_ALIKE_BY["."])) if len(text) <= LONGEST and not _UNITLESS.fullmatch(text) else None
    return unicodedata.normalize("NFKC", (found["c1"] or found["c2"] or "") if found else "").strip(". ")


def currency(text: str) -> str:
    """The currency that a number is of, by one of its names; "" for none."""
    name = word_of(text)
    return _SAME.get(name.upper(), name)


def currencies(texts: Iterable[str]) -> set[str]:
    """The currencies that numbers are of. Fr. beside CHF is no second one."""
    names = set(map(currency, texts)) - {""}
    return names - {name for name, meant in _EITHER.items() if len(names & meant) == 1}


def shares_note(texts: Iterable[str], mark: str) -> str:
    """A sentence where numbers are given in per cent or per mille; "" where none is."""
    signs = {text: _PERCENT_SIGN.search(text) for text in sorted(texts)}
    if not any(signs.values()):
        return ""
    read = {text: value for text in signs if (value := number(text, mark)) == value}
    found = {name: [text for text in read if (sign := signs[text]) and sign[0] in some] for name, some in _SHARES.items()}
    told = [f"{few[0].strip()} is {read[few[0]]:g}" for few in found.values() if few]
    if not told:
        return ""
    names = " and ".join(name for name, few in found.items() if few).capitalize()
    bare = [text for text, value in read.items() if value and not signs[text]]
    some = f" Without a sign a number is read as it stands, such as {bare[0]}." if bare else ""
    return f"{names} are read as shares of one: {', '.join(told)}.{some}"


def number(text: str, mark: str = ".") -> float:
    """The number that a text spells, NaN for none."""
    try:
        return float(plain(text, mark) or "nan")
    except ValueError:  # of a unit
        return float("nan")


@dataclass(frozen=True)
class Numerals:
    """How the numbers of one column are written.

    mark : before the decimals, "" where nothing tells;  told : whether its own cells tell
    read : texts that are numbers;  open : those that are two different ones by the two marks
    clash : two texts, of which the one can have a decimal point only and the other a comma only
    likely : whether its marks are only likely those of thousands, by the numbers beside them
    """

    mark: str
    told: bool
    read: frozenset[str] = field(repr=False)
    open: list[str] = field(repr=False)
    clash: tuple[str, str] | None = None
    likely: bool = False


def judge(texts: Iterable[str], least: int = 1) -> Numerals | None:
    """How the texts of a column write numbers; None where most are none. least : how many must tell a comma

    1,5 and 1.234,5 can have a decimal comma only, 1.5 and 1,234.5 a decimal point only. What could be either, as 1.234
    and 12.500, has thousands in yen and the like, and where a whole number without any mark stands beside it: whoever pads
    decimals with zeros pads all, and whoever does not writes some with one or two.
    """
    texts, others = list(texts), 0
    known: dict[str, tuple[str | None, str | None]] = {}
    for text in texts:
        if text not in known:
            known[text] = _readings(text)
        others += not any(known[text])
        if 2 * others >= len(texts):
            return None
    if not known or _are_addresses(known):
        return None
    read = frozenset(text for text, pair in known.items() if any(pair))
    point = [text for text in read if known[text][1] is None]
    comma = [text for text in read if known[text][0] is None]
    undecided = sorted(text for text in read if all(known[text]) and known[text][0] != known[text][1])
    if point and comma:
        return Numerals("", True, read, undecided, (min(point), min(comma)))
    if comma and sum(map(set(comma).__contains__, texts)) >= least:
        return Numerals(",", True, read, undecided)
    if point:
        return Numerals(".", True, read, undecided)
    thousands = _thousands(read, undecided)
    arabic = "." if not undecided and any("٫" in text or "٬" in text for text in read) else ""  # tells nothing of others
    likely = bool(thousands) and not any(currency(text) in _UNDIVIDED for text in undecided)
    return Numerals(thousands or arabic, bool(thousands), read, undecided, likely=likely)


def _are_addresses(texts: Iterable[str]) -> bool:
    """Are all cells with digits such as 192.168.100.101, four numbers up to 255?"""
    digits = [text.strip() for text in texts if _DIGIT.search(text)]
    return bool(digits) and all(_ADDRESS.fullmatch(text) and all(int(part) < 256 for part in text.split(".")) for text in digits)


def _thousands(read: frozenset[str], undecided: list[str]) -> str:
    """The mark of decimals in a column whose only marks must be those of thousands; "" where they need not."""
    read, undecided = frozenset(text.translate(_ALIKE) for text in read), [text.translate(_ALIKE) for text in undecided]
    marks = {mark for text in undecided for mark in MARKS if mark in text}
    if len(marks) != 1:
        return ""
    mark = {".": ",", ",": "."}[marks.pop()]
    if any(currency(text) in _UNDIVIDED for text in undecided):
        return mark
    bare = [text for text in read.difference(undecided) if re.fullmatch(r"\D*\d+\D*", text)]
    digits = [re.sub(r"\D", "", text) for text in bare]
    if not bare or any(len(text) > 3 for text in digits) or all(not text.strip("0") for text in digits):
        return ""
    padded = any(re.search(r"0(?!\d)", text) for text in undecided)
    return mark if padded or len(undecided) >= ENOUGH else ""


def settle(columns: Sequence[Numerals | None], comma: bool = True) -> list[Numerals | None]:
    """The same, where columns that tell nothing take the mark of those that do, if these are of one mind.

    What is likely gives way to what others tell. comma : whether commas elsewhere are told by; between commas they may as
    well divide lists, and a point is likelier before decimals than between thousands
    """
    columns = [
        replace(column, mark="", told=False) if column and column.likely and column.mark == "," and not comma else column
        for column in columns
    ]
    telling = [column for column in columns if column and column.told and not column.clash]
    told = {column.mark for column in telling if not column.likely} or {column.mark for column in telling}
    if len(told) != 1 or told == {","} and not comma:
        return list(columns)
    mark = told.pop()
    return [
        replace(column, mark=mark, told=False) if column and (column.likely or not column.mark) and not column.clash else column
        for column in columns
    ]
