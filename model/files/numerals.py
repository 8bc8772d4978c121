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
    found = {}
    for i, name in enumerate(names):
        texts = [row[i] for row in rows if isinstance(row[i], str) and row[i].strip()]
        point, comma = ({text for text in set(texts) if style.fullmatch(text)} for style in _STYLES.values())
        if 2 * sum(text in point or text in comma for text in texts) <= len(texts):
            continue
        only_comma, only_point = comma - point, point - comma
        if only_comma and only_point:
            raise ValueError(
                f"{filename}: {min(only_comma)!r} is not a number beside {min(only_point)!r} in column {name!r}: "
                "write both with one decimal mark"
            )
        told = "," if sum(map(only_comma.__contains__, texts)) >= least else "." if only_point else ""
        found[i] = told, point, comma
    marks, all_told = [""] * len(names), {told for told, *_ in found.values() if told}
    clear = all_told in ({"."}, {","}) and (least == 1 or "." in all_told)
    for i, (told, point, comma) in found.items():
        unclear = [text for text in point if "," in text or ("." in text and "," in all_told)]
        if unclear and not told and not clear:
            raise ValueError(
                f"{filename}: nothing tells whether {min(unclear)!r} in column {names[i]!r} has decimals or thousands after "
                "its mark: write numbers as 1234.5"
            )
        mark = told or min(all_told, default="")
        marks[i] = mark if mark and any(plain(text, mark) != text for text in point | comma) else ""
    return marks


def plain(cell: Any, mark: str) -> Any:
    """A cell with a decimal point and nothing between thousands, where it is a number with that mark; else as it is."""
    if isinstance(cell, str) and _STYLES[mark].fullmatch(cell):
        return re.sub(rf"(?<=\d)[{'.,'.replace(mark, '')}\s](?=\d)", "", cell).replace(mark, ".")
    return cell
