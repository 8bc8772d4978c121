"""Columns that say which row it is, and nothing of it: row numbers, keys, hashes. They are proposed as left out."""

import re

import numpy as np
import pandas as pd

from model.files.codes import PHONE
from model.table.cells.values import numbers
from xai.typing import Floats

_THINGS = (
    "row|user|customer|client|patient|passenger|order|product|item|account|person|subject|record|case|sample|student|employee|"
    "member|session|device|loan|movie|event|school|store|post|tweet|message|game|match|player|team|transaction|trip|ride|visit|"
    "house|property|listing|kunden?|bestell|auftrags?|rechnungs?|personal|o|p|c|u|s"
)
_KEY = re.compile(
    rf"(?i:(^|[^a-z])(id|ids|uuid|guid|key|pk|oid|ref|hash|sha1|sha256|md5)(\.?\d+)?$|^id([^a-z]|$)|^({_THINGS})_?ids?$|"
    rf"^({_THINGS})[ _-]?(no|nr|num|number|nummer)\.?$|^(invoice|ticket|serial|phone|nummer)[ _-]?(no|nr|num|number)?\.?$)"
    r"|[a-z](ID|Id|No|Nr)$"
)
_ROWS = re.compile(
    r"(?i:^(index|unnamed(: ?\d+(_level_\d+)?)?( \(\d+\))?|level_\d+|__index_level_\d+__|rows?|rownames|"
    r"row[ _-]?(no|nr|num|number|names?|id)|#|no|nr|n°|№|s\.? ?no|sr\.? ?no|"
    r"serial|seq|obs|observation|case|record|lfd\.?( ?nr)?|lfdnr|laufnummer|ctid|rn)\.?$)"
)
_WRITTEN = re.compile(r"(?i:^(unnamed: ?\d+(_level_\d+)?( \(\d+\))?|__index_level_\d+__|level_\d+)$)")  # by pandas alone
_MEASURE = re.compile(
    r"(?i:(^|[^a-z])(years?|yr|jahr|année|an|año|anno|months?|monat|mois|mes|weeks?|woche|days?|tag|jour|dia|date|datum|hours?|hr|"
    r"stunde|minutes?|min|seconds?|sec|time|zeit|timestamp|t|periods?|quarter|steps?|epochs?|iter(ation)?s?|age|alter|dose|"
    r"temperature|distance|depth|height|price|preis|amount|income|population|count|tokens|size)($|[^a-z]))"
)
_HASH = re.compile(
    r"(?i:\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?|"
    r"(0x)?([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{128}))"
)
EXACT = 2**53  # beyond, float64 does not hold every whole number
_YEARS = 1500, 2200
MANY = 50  # rows from which on a run of whole numbers tells without a name
CHANCE = 10.0  # pairs of equal numbers that chance would have given, where there is none
_UNREAD = "the model does not read it"


def why_unread(cells: pd.Series, kind: str, label: str, texts: list[str], present: int) -> tuple[bool, str]:
    """(whether a column is proposed as left out, a sentence on why or on what to look at, "" for nothing).

    texts : distinct ones, where the column was read as texts;  present : cells that hold something
    """
    if present < 10:
        return False, ""
    if kind == "category":
        return _of_texts(cells, label, texts, present)
    exact = _whole(cells, texts)
    values = exact if exact is not None else numbers(cells)
    values = values[~np.isnan(values)]
    if exact is None and (not len(values) or (values % 1 != 0).any()):
        return False, ""
    if PHONE.search(label) and len(values) and values.min() >= 1e6:
        return True, f"Its whole numbers and its name are those of telephone numbers; {_UNREAD}."
    distinct = len(texts) if texts else int(cells.nunique())
    if distinct < present:
        if _WRITTEN.search(label) and values.min() >= 0:
            return True, f"It is called as pandas calls an index that it writes; {_UNREAD}."
        return False, ""
    return _of_unique(label, np.sort(values), exact is not None or pd.api.types.is_integer_dtype(cells.dtype))


def _of_unique(label: str, values: Floats, whole: bool) -> tuple[bool, str]:
    """Of whole numbers that are all different, in order. whole : by their type; a large float64 is always whole"""
    n, span = len(values), float(values[-1] - values[0]) + 1
    if np.abs(values).max() > EXACT and not whole:
        return False, ""
    if np.abs(values).max() > EXACT:
        return True, f"Every row has a whole number of its own, of more than 15 digits, as keys have; {_UNREAD}."
    if _ROWS.search(label) or _KEY.search(label):
        return True, f"Every row has a whole number of its own, and its name is that of row numbers or keys; {_UNREAD}."
    if n < MANY:
        return False, ""
    run = f"Its whole numbers run from {values[0]:.0f} to {values[-1]:.0f}"
    if span == n:
        if _MEASURE.search(label) or _YEARS[0] <= values[0] and values[-1] <= _YEARS[1]:
            return False, f"{run}, each once: leave it out if it only counts the rows."
        return True, f"{run}, each once, as row numbers do; {_UNREAD}."
    if n * n / (2 * span) >= CHANCE:  # the birthday problem: draws from so few numbers would have met
        if _MEASURE.search(label):
            return False, f"{run}, none of them twice: leave it out if it only says which row it is."
        return True, f"{run}, and of {n:,} rows no two have the same one, as rows of a larger table do; {_UNREAD}."
    return False, "Every row has a whole number of its own: leave it out if it is a key."


def _whole(cells: pd.Series, texts: list[str]) -> Floats | None:
    """Whole numbers of a column of texts that float64 would not keep apart, as float64; None for others."""
    if texts and all(re.fullmatch(r"[-+]?\d{16,}", text) for text in texts):
        return np.array([float(text) for text in texts])
    return None


def _of_texts(cells: pd.Series, label: str, texts: list[str], present: int) -> tuple[bool, str]:
    if isinstance(cells.dtype, pd.CategoricalDtype):
        return False, ""
    hashes = sum(_HASH.fullmatch(text) is not None for text in texts[:1000])
    if hashes >= 0.95 * min(len(texts), 1000) and 2 * len(texts) >= present:
        return True, f"It holds hashes or UUIDs, which say which row it is and nothing of it; {_UNREAD}."
    if len(texts) >= 0.9 * present:
        what = "as keys do" if _KEY.search(label) or _ROWS.search(label) else "from which nothing is learned for another row"
        return True, f"Nearly every row has a text of its own, {what}; {_UNREAD}."
    return False, ""
