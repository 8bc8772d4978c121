"""Numbers as people write them: whether a comma or a point marks the decimals is told by a table's own cells."""

import re
from typing import Any

_STYLE = r"\s*[-+]?(?=[{mark}]?\d)(?:[1-9]\d{{0,2}}(?:[{group}\s]\d{{3}})+|\d*)(?:[{mark}]\d*)?(?:[eE][-+]?\d+)?{unit}\s*"
_STYLES = {mark: re.compile(_STYLE.format(mark=mark, group=group, unit=" ?[KMBTkmbt]?")) for mark, group in (".,", ",.")}


def is_number(text: str) -> bool:
    """Is a text a number with either mark, and without a unit as in 300B?"""
    return any(style.fullmatch(text) for style in _STYLES.values()) and not text.strip()[-1].isalpha()


def marks_of(names: list[str], rows: list[list[Any]], least: int, filename: str) -> list[str]:
    """The decimal mark of each column whose numbers need to be rewritten, "" of every other.

    A column is one of numbers where most of its texts are. 1,5 and 1.234,5 can have a decimal comma only, 1.5 and 1,234.5
    a decimal point only; what could be either, as 1.234 and 1,234, is read as the other columns are. least : cells that
    tell a comma. ValueError where a column has both marks, or nothing tells what its comma means.
    """
    marks, open_, told = [""] * len(names), {}, set()
    for i, name in enumerate(names):
        texts = [row[i] for row in rows if isinstance(row[i], str) and row[i].strip()]
        point, comma = ({text for text in set(texts) if style.fullmatch(text)} for style in _STYLES.values())
        if 2 * sum(text in point or text in comma for text in texts) <= len(texts):
            continue
        if comma - point and point - comma:
            raise ValueError(
                f"{filename}: {min(comma - point)!r} is not a number beside {min(point - comma)!r} in column {name!r}: "
                "write both with one decimal mark"
            )
        if sum(text in comma - point for text in texts) >= least:
            marks[i] = ","
        elif point - comma:
            marks[i] = "." if any("," in text for text in point) else ""
            told.add(".")
        else:
            open_[i] = point
    told.update(filter(None, marks))
    for i, either in open_.items():
        unclear = [text for text in either if "," in text or ("." in text and len(told) > 1)]
        if unclear and len(told) != 1:
            raise ValueError(
                f"{filename}: nothing tells whether {min(unclear)!r} in column {names[i]!r} has decimals or thousands after "
                "its mark: write numbers as 1234.5"
            )
        marks[i] = min(told) if len(told) == 1 and not all(map(str.isdigit, either)) else ""
    return marks


def plain(cell: Any, mark: str) -> Any:
    """A cell with a decimal point and nothing between thousands, where it is a number with that mark; else as it is."""
    if isinstance(cell, str) and _STYLES[mark].fullmatch(cell):
        return re.sub(rf"[{'.,'.replace(mark, '')}\s]", "", cell).replace(mark, ".")
    return cell
