"""Which columns of a brought table are the pairs: taken where they are named so, else asked, with a guess that is shown."""

import hashlib
from typing import Any

from model.data.pair_columns import PairColumns, guess_columns, is_pair, named_columns, origin_of
from model.data.pairs import Pair, PairTable, read_pair_table
from ui.draw.markdown import short
from ui.draw.table import show_table
from xai.exchange.visible import visible

FIRST_LINE = "The first line is already a pair"
NONE = "none"
SHOWN = 3  # pairs


def ask_pairs(place: Any, key: str, data: bytes, filename: str, most: int, grouped: bool) -> tuple[Pair, ...]:
    """The pairs of a file; ValueError with one sentence where it, or what was chosen, gives none.

    key : begins the widgets' names;  grouped : an origin is asked for too
    """
    table = read_pair_table(data, filename)
    chosen = named_columns(table.names)
    unsaid = chosen is not None and grouped and chosen.origin is None and origin_of(table.names) is not None
    if chosen is not None and not unsaid:
        return tuple(table.pairs(chosen, most))
    key = f"{key}-{hashlib.sha256(data).hexdigest()[:16]}"  # another file is asked about anew
    if table.first is not None and place.checkbox(FIRST_LINE, is_pair(table.first), key=f"{key}-first"):
        table, key = table.with_first(), f"{key}-unnamed"
    pairs = tuple(table.pairs(_ask_columns(place, key, table, grouped), most))
    which = f"The first {SHOWN} of {len(pairs)} pairs are" if len(pairs) > SHOWN else "The pairs are"
    place.caption(f"{which if len(pairs) > 1 else 'The one pair is'} read like this:")
    titles = {"source": "Source", "target": "Reference translation"} | ({"origin": "Origin"} if grouped else {})
    rows = [{title: getattr(pair, name) for name, title in titles.items()} for pair in pairs[:SHOWN]]
    show_table(rows, f"{key}-preview", place)
    return pairs


def _ask_columns(place: Any, key: str, table: PairTable, grouped: bool) -> PairColumns:
    guess = guess_columns(table.names, table.columns)
    labels = _labels(table.names)
    one, two, *three = place.columns(3 if grouped else 2)
    source = one.selectbox("Source", labels, guess.source, key=f"{key}-source")
    target = two.selectbox("Reference translation", labels, guess.target, key=f"{key}-target")
    origin = NONE
    if grouped:
        first = 0 if guess.origin is None else guess.origin + 1
        origin = three[0].selectbox("Origin (group), if any", [NONE, *labels], first, key=f"{key}-origin")
    return PairColumns(labels.index(source), labels.index(target), None if origin == NONE else labels.index(origin))


def _labels(names: list[str]) -> list[str]:
    """Names to choose by; with their columns' numbers where two are alike, or one has none: a browser sends the label."""
    shown = [visible(short(" ".join(name.split()), 60)) for name in names]
    if all(shown) and len({NONE, *shown}) == 1 + len(shown):
        return shown
    return [f"{name} (column {i + 1})".strip() for i, name in enumerate(shown)]
