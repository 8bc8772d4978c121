"""Which column of a table each column of a model is: by exact name, then as the model's writer spells names, no looser."""

import difflib
import re
from collections.abc import Callable

from model.table.columns import Column

_Spelling = Callable[[str], str]
WRITTEN: dict[str, list[_Spelling]] = {  # how a writer changes names, the usual first
    "lightgbm": [lambda name: name.replace(" ", "_"), lambda name: re.sub(r'[\s",:\[\]{}]', "_", name)],
    "xgboost": [],  # it refuses the names that it cannot write
    "catboost": [],
    "onnx": [],
    "sklearn": [],
}
_BY_PLACE = re.compile(r"(?:Column_|f)?(\d+)")


def _exactly(name: str) -> str:
    return name


def paired(
    writer: str, names: list[str] | None, width: int, columns: list[Column], at: int | None
) -> tuple[list[int], list[str]]:
    """(the table's column for each of the model's, sentences on what was not plain). at : the target's, which is none of them

    ValueError with one sentence where a column is missing, or two could be the same one.
    """
    others = [i for i in range(len(columns)) if i != at]
    spelled = {i: spelling(column.name, writer) for i, column in enumerate(columns)}
    if names is None or _are_places(names) and not set(names) & {spelled[i] for i in others}:
        if len(others) != width:
            raise ValueError(
                f"the model reads {width} columns without names; the table has {len(others)}: leave out what it does not read"
            )
        return others, ["The model's columns have no names: those of the table are taken in their order."]
    found: dict[str, int] = {}
    notes = []
    for written in (_exactly, *WRITTEN[writer]):
        free: dict[str, list[int]] = {}
        for i in others:
            if i not in found.values():
                free.setdefault(written(spelled[i]), []).append(i)
        for name in names:
            same = free.get(name, [])
            if name in found:
                if same and written is not _exactly and spelled[found[name]] == name:
                    notes.append(f"The model's {name!r} is the column of exactly this name, and not {columns[same[0]].label!r}.")
                continue
            if len(same) > 1:
                told = ", ".join(repr(str(columns[i].name)) for i in same)
                raise ValueError(
                    f"the model reads a column {name!r}, and {len(same)} of the table's could be it, {told}: rename all but one"
                )
            if same:
                found[name] = same[0]
                if written is not _exactly:
                    notes.append(
                        f"The model's {name!r} is the table's {str(columns[same[0]].name)!r}, as {_WHO[writer]} writes names."
                    )
    for name in names:
        if name not in found:
            raise ValueError(_missing(name, columns, [i for i in others if i not in found.values()], spelled, at))
    return [found[name] for name in names], list(dict.fromkeys(notes))


_WHO = {"lightgbm": "LightGBM", "xgboost": "XGBoost", "catboost": "CatBoost", "onnx": "ONNX"}


def spelling(name: object, writer: str) -> str:
    """A column's name as a text, as the writer makes one of it."""
    if isinstance(name, tuple) and writer == "xgboost":
        return " ".join(map(str, name))
    return str(name)


def _are_places(names: list[str]) -> bool:
    """Are they what a library calls columns that came without names: Column_0, f0, 0, and so on?"""
    found = [_BY_PLACE.fullmatch(name) for name in names]
    return all(one is not None and int(one.group(1)) == i for i, one in enumerate(found))


def _missing(name: str, columns: list[Column], free: list[int], spelled: dict[int, str], at: int | None) -> str:
    told = f"the model reads a column {name!r} that the table does not have"
    if at is not None and spelled[at] == name:
        return f"the model reads the column {name!r}, which is the one that is to be predicted: choose another"
    plain = {i: _plain(spelled[i]) for i in free}
    near = [i for i in free if plain[i] == _plain(name)]
    near = near or [i for i in free if plain[i] in difflib.get_close_matches(_plain(name), list(plain.values()), 3, 0.8)]
    if not near:
        return told
    return f"{told}; if {' or '.join(repr(str(columns[i].name)) for i in near[:3])} is it, rename it so"


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()
