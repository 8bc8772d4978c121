"""Dates as people write them: which of day and month stands first is told by a whole column, or by its neighbours."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from xai.typing import Floats

NAMED = re.compile(r"(?i:(^|[^a-zà-ÿ])(date|datum|datetime|fecha|дата)($|[^a-zà-ÿ]))|[a-z]Date$")
_EPOCH = date(1970, 1, 1).toordinal()
_MONTHS = {
    name: i % 12 + 1
    for i, names in enumerate(
        (
            "january jan januar jän jänner janvier janv enero ene gennaio gen janeiro",
            "february feb februar février févr fév febrero febbraio fevereiro fev",
            "march mar märz mär mrz mars marzo março maart",
            "april apr avril avr abril abr aprile",
            "may mai mayo maggio mag maio mei",
            "june jun juni juin junio giugno giu junho",
            "july jul juli juillet juil julio luglio lug julho",
            "august aug août aou agosto ago augustus",
            "september sep sept septembre septiembre set settembre setembro",
            "october oct oktober okt octobre octubre ottobre ott outubro out",
            "november nov novembre noviembre novembro",
            "december dec dezember dez décembre déc diciembre dic dicembre dezembro",
        )
    )
    for name in names.split()
}
_WEEKDAYS = {
    name
    for names in (
        "mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun sunday",
        "mo montag di dienstag mi mittwoch do donnerstag fr freitag sa samstag sonnabend so sonntag",
        "lun lundi mar mardi mer mercredi jeu jeudi ven vendredi sam samedi dim dimanche",
        "lunes martes mié mie miércoles miercoles jue jueves vie viernes sáb sab sábado sabado dom domingo",
        "lunedì lunedi martedì martedi mercoledì mercoledi gio giovedì giovedi venerdì venerdi sabato domenica",
        "seg segunda ter terça terca qua quarta qui quinta sex sexta",
        "ma maandag dinsdag wo woensdag donderdag vr vrijdag za zaterdag zo zondag",
        "mån måndag tis tisdag ons onsdag tor tors torsdag fre fredag lör lördag sön söndag",
        "man mandag tir tirsdag lør lørdag søn søndag",
        "pon poniedziałek wt wto wtorek śr śro środa czw czwartek pt pią piątek sob sobota nd nie niedz niedziela",
        "пн пон понедельник вт вторник ср среда чт четверг пт пятница сб суббота вс воскресенье",
        "понеділок вівторок середа четвер субота нд неділя понеделник сряда четвъртък петък събота неделя",
        "po pondělí út úterý st středa čt čtvrtek pá pátek so ne neděle",
        "pondelok ut utorok str streda štv štvrtok pi piatok nedeľa",
        "δευ δευτέρα τρί τρι τρίτη τετ τετάρτη πέμ πεμ πέμπτη παρ παρασκευή σάβ σαβ σάββατο κυρ κυριακή",
        "pzt pazartesi sal salı çar çarşamba per perşembe cum cuma cmt cumartesi paz pazar",
        "hétfő kedd szerda csütörtök péntek szombat vasárnap ma maanantai ti tiistai ke keskiviikko to torstai pe perjantai la "
        "lauantai su sunnuntai lu luni marți mi miercuri joi vi vineri sâ sâmbătă du duminică",
        "ned nedjelja nedelja ponedjeljak ponedeljak uto utorak sri srijeda sre sreda čet četvrtak pet petak sub subota",
    )
    for name in names.split()
}
_ZONES = {"UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2, "EEST": 3}
_ZONES |= {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8}
_ZONES |= {"HST": -10, "MSK": 3, "SGT": 8, "HKT": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13}
_CLOCK = (
    r"(?P<hour>\d{1,2})(?:(?P<colon>[:.]| ?h ?)(?P<minute>\d\d)(?:(?P=colon)(?P<second>\d\d(?:[.,]\d+)?))?(?!\d))?"
    r" ?(?P<half>[ap]\.? ?m\.?)? ?(?P<word>Uhr|h|hrs|o[’']clock)?"
)
_ZONE = (
    rf" ?(?:(?P<zone>Z|{'|'.join(_ZONES)})|(?:GMT|UTC)?(?P<shift>[-+](?:\d\d?(?::\d\d)?|\d{{4}}))(?: [A-Z]{{3,5}}| \([^()]*\))?)?"
    r"(?:\[[\w/]+\])?"
)
_BEFORE = r"(?:T ?|, ?|,? (?:(?:at|um|à|às|a las|alle(?: ore)?|ore|kl\.?|om|@|[-–]) )?)"
_TIME = rf"(?:{_BEFORE}{_CLOCK}{_ZONE})?"
_DAY = r"(?:(?:le|am|on|el|il|den) )?(?:(?P<weekday>[^\W\d_]{2,12})(?:-feira)?\.?,? )?"
_OF = r"(?: ?(?:of|de) )?"
_MONTH = r"(?P<name>[^\W\d_]{3,10})\.?"
_SHAPES = [
    re.compile(pattern + _TIME, re.I)
    for pattern in (
        r"(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})",
        _DAY + r"(?P<a>\d{1,2})(?P<sep>[-/.]) ?(?P<b>\d{1,2})(?P=sep) ?(?P<y>\d{4}|\d\d)",
        _DAY + rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|\.)?[- ]?{_OF}{_MONTH},?[- ]?{_OF}(?P<y>\d{{4}}|\d\d)",
        _DAY + rf"{_MONTH}[- ](?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:, ?|[- ])(?P<y>\d{{4}})",
        rf"(?P<y>\d{{4}})[- ]{_MONTH}[- ](?P<d>\d{{1,2}})",
        rf"{_MONTH}[- ](?P<y>\d{{4}})",
    )
]
_MONTH_ALONE = re.compile(r"(?P<y>[12]\d{3})-(?P<m>0[1-9]|1[0-2])")
_SEASON = re.compile(r"\d\d(\d\d)-(\d\d)", re.ASCII)
_TURNED = [  # into one of these shapes: a server's log, SAS; ISO without marks; 年 月 日; the year last; the time first
    (re.compile(pattern, re.I), shape)
    for pattern, shape in (
        (r"(\d{1,2})/?([^\W\d_]{3})/?(\d{4}):(.+)", r"\1 \2 \3 \4"),
        (r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(.*)", r"\1-\2-\3 \4:\5:\6\7"),
        (r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\D.*)?", r"\1-\2-\3 \4:\5\6"),
        (r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일](.*)", r"\1-\2-\3\4"),
        (r"([^:]+) (\d{1,2}:\d\d[^ ]*(?: [^\d ][^ ]*){0,2}) (\d{4})((?: [^ ]+)?)", r"\1 \3 \2\4"),
        (r"(\d{1,2}:\d\d[^ ,]*(?: [ap]\.?m\.?| Uhr)?),? (.+)", r"\2 \1"),
    )
]
LONGEST = 100  # characters of a date
SERIAL, SERIALS = -25569, (1.0, 2958466.0)  # Excel's day 1 is 1900-01-01, and 1900 has a 29 February there


@dataclass(frozen=True)
class Order:
    """Which of day and month stands first in a column: "day", "month", or "" where no cell says both.

    told : whether a cell, or how it is written, tells;  short : whether years have two digits
    clash : two texts, of which the one can have the day first only and the other the month only
    turned : a text that may have the year first, as 24/05/03, "" where none has
    """

    first: str
    told: bool
    short: bool = False
    clash: tuple[str, str] | None = None
    turned: str = ""


@lru_cache(maxsize=1 << 16)
def _parts(text: str) -> dict[str, str | None] | None:
    """What stands where in a text of the shape of a date; None for any other."""
    if len(text) > LONGEST or not any(map(str.isdigit, text)):
        return None
    text = " ".join(text.split())
    found = _shaped(text)
    if found is not None:
        return found
    turned = (_shaped(match.expand(shape)) for other, shape in _TURNED if (match := other.fullmatch(text)))
    return next((parts for parts in turned if parts is not None), None)


def _shaped(text: str) -> dict[str, str | None] | None:
    for shape in (*_SHAPES, _MONTH_ALONE):
        if found := shape.fullmatch(text):
            parts = found.groupdict()
            name, day = parts.get("name"), parts.get("weekday")
            told = not day or day.lower() in _WEEKDAYS  # Version 1.2.13 is no date
            if told and (not name or name.lower() in _MONTHS):
                return parts
    return None


def has_shape(text: str) -> bool:
    """Is a text written as a date is, whether or not there is such a day?"""
    return _parts(text) is not None


def order_of(texts: Iterable[str]) -> Order | None:
    """Of the different texts of a column, of which most must be dates; None where they are not."""
    texts, shaped = list(texts), {}
    for i, text in enumerate(texts):
        if (parts := _parts(text)) is not None:
            shaped[text] = parts
        elif 2 * (i + 1 - len(shaped)) >= len(texts):
            return None
    if not shaped or _are_seasons(texts):
        return None
    both = {text: parts for text, parts in shaped.items() if parts.get("a")}
    day, month = (
        [text for text, parts in both.items() if _day(parts, first) is not None and _day(parts, other) is None]
        for first, other in (("day", "month"), ("month", "day"))
    )
    short = any(len(parts["y"] or "") == 2 for parts in shaped.values())
    if not both:
        return Order("", True, short)
    if not month and (turned := _year_first(both)):
        return Order("day", True, short, turned=turned)
    if day or month:
        return Order("day" if len(day) > len(month) else "month", True, short, (day[0], month[0]) if day and month else None)
    if any(parts["half"] for parts in both.values()):
        return Order("month", True, short)  # of those who write AM and PM nearly all write the month first
    if any(parts["sep"] == "." for parts in both.values()):
        return Order("day", True, short)
    return Order("day" if all(parts["sep"] == "-" for parts in both.values()) else "month", False, short)


def _are_seasons(texts: Iterable[str]) -> bool:
    """Are they years and the next one, as 2009-10 and 2010-11? One alone is a month."""
    found = [_SEASON.fullmatch(text.strip()) for text in texts if any(map(str.isdigit, text))]
    return len(found) > 1 and all(one and (int(one[1]) + 1) % 100 == int(one[2]) for one in found)


def _year_first(both: dict[str, dict[str, str | None]]) -> str:
    """A text of dates that may all be year, month and day in two digits each, where no month can stand first; "" for none.

    Days are more different than years: where the last numbers are not fewer than the first, they may be the days.
    """
    triples = {
        text: (int(parts["a"] or 0), int(parts["b"] or 0), int(parts["y"] or 0))
        for text, parts in both.items()
        if len(parts["y"] or "") == 2 and parts["sep"] in ("-", "/") and len(parts["a"] or "") == 2 and not parts.get("weekday")
    }
    if len(triples) < len(both) or not all(1 <= month <= 12 and 1 <= day <= 31 for _, month, day in triples.values()):
        return ""
    years, last = ({triple[i] for triple in triples.values()} for i in (0, 2))
    late = [text for text, triple in triples.items() if triple[0] > 31]
    told = [text for text, triple in triples.items() if triple[0] > 12]
    return late[0] if late else told[0] if told and len(last) >= len(years) else ""


@lru_cache(maxsize=1 << 17)
def days(text: str, first: str = "month") -> float:
    """Days since 1970-01-01, in UTC where a zone is given; NaN for what is no date. first : "day" or "month", of 1/2/2013"""
    parts = _parts(text)
    day = None if parts is None else _day(parts, first or "month")
    if parts is None or day is None or not parts.get("hour"):
        return float("nan") if day is None else float(day)
    hour, minute, second = (float((parts[name] or "0").replace(",", ".")) for name in ("hour", "minute", "second"))
    if half := (parts["half"] or "").lower():
        if not 1 <= hour <= 12:
            return float("nan")
        hour = hour % 12 + 12 * half.startswith("p")
    if (
        not (parts["minute"] or half or parts["word"])
        or hour > 24
        or hour == 24
        and minute + second
        or minute > 59
        or second >= 61
    ):
        return float("nan")
    minute -= 60 * _ZONES.get((parts["zone"] or "Z").upper(), 0)
    if shift := parts["shift"]:
        hours, _, minutes = shift[1:].partition(":") if ":" in shift else (shift[1:3], "", shift[3:])
        minute -= (int(hours) * 60 + int(minutes or 0)) * (1 if shift[0] == "+" else -1)
    return day + (hour * 3600 + minute * 60 + second) / 86400


def _day(parts: dict[str, str | None], first: str) -> int | None:
    """The day since 1970-01-01; None where no month has it."""
    year = int(parts["y"] or 0)
    if len(parts["y"] or "") == 2:
        year += 1900 if year >= 69 else 2000
    a, b = parts.get("a"), parts.get("b")
    if a and b:
        day, month = (int(a), int(b)) if first == "day" else (int(b), int(a))
    else:
        name = parts.get("name")
        day, month = int(parts.get("d") or 1), _MONTHS[name.lower()] if name else int(parts.get("m") or 0)
    try:
        return date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None


def days_of_numbers(values: Floats, how: str) -> Floats:
    """Days since 1970-01-01 of numbers that stand for dates, NaN for one that does not; `how` as `numbers_as_dates` says."""
    if how == "Excel":
        inside = (values >= SERIALS[0]) & (values < SERIALS[1])
        return np.where(inside, values + SERIAL + (values < 61), np.nan)
    if how == "YYYYMMDD":
        texts = [f"{value:.0f}" if value == value else "" for value in values]
        return np.array([days(f"{text[:4]}-{text[4:6]}-{text[6:]}") if len(text) == 8 else np.nan for text in texts], float)
    return values / {"seconds": 86400.0, "milliseconds": 86400e3}[how]


def numbers_as_dates(values: Floats, asked: bool) -> str:
    """How numbers stand for dates, "" for not at all. asked : somebody says that they are; else only likely ones are"""
    known = values[~np.isnan(values)]
    if not len(known):
        return ""
    if (known % 1 == 0).all() and (known >= 1e7).all() and not np.isnan(days_of_numbers(known, "YYYYMMDD")).any():
        return "YYYYMMDD"
    low, high = SERIALS if asked else (20000.0, 80000.0)  # 1954 to 2119
    if ((known >= low) & (known < high)).all():
        return "Excel"
    if asked and (known >= 1e8).all():
        return "seconds" if (known < 1e11).all() else "milliseconds"
    return "Excel" if asked else ""
