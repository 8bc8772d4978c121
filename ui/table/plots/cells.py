"""A column's cells as places on an axis and as shades: numbers, dates, categories, and what is missing."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ui.draw.chances import number
from ui.draw.markdown import short
from xai.typing import Bools, Floats, Ints

if TYPE_CHECKING:
    from model.table.columns import Column

MOST_NAMES = 12  # categories with a place of their own, the rare ones as one among them
_DAYS_TO_MS = 86_400_000


@dataclass(frozen=True, eq=False)
class Cells:
    """A column's cells.

    label : of the column;  kind : "number", "date" or "category"
    at (rows,) : the number, days since 1970, or the place in `names`; NaN where there is none
    names : of a category; the most frequent first, rare ones as the last. False before True
    ordered : does a larger `at` mean more? Of a category it means rarer
    empty (rows,) : cells that hold nothing
    """

    label: str
    kind: str
    at: Floats
    names: list[str]
    ordered: bool
    empty: Bools

    @property
    def known(self) -> Bools:
        return ~np.isnan(self.at)

    def take(self, rows: Ints) -> "Cells":
        return Cells(self.label, self.kind, self.at[rows], self.names, self.ordered, self.empty[rows])

    def told(self, rows: Ints) -> list[str]:
        """What the cells of some rows are, in words."""
        return [self.word(at, empty) for at, empty in zip(self.at[rows], self.empty[rows])]

    def word(self, at: float, empty: bool = False) -> str:
        """A place on the axis in words; one that is NaN is missing if `empty`, else it could not be read."""
        if at != at:
            return "missing" if empty else "infinite or unreadable"
        if self.kind == "category":
            return self.names[int(at)]
        if self.kind == "number":
            return number(at)
        day = as_dates(np.array([at]))[0]
        return str(day.astype("datetime64[D]") if at == int(at) else day.astype("datetime64[m]")).replace("T", " ")

    def gaps(self) -> str:
        """How many cells are no place on the axis, in a sentence; "" for none."""
        empty, unread = int(self.empty.sum()), int((~self.known & ~self.empty).sum())
        told = [
            f"{count:,} {'cell is' if count == 1 else 'cells are'} {what}"
            for count, what in ((empty, "missing"), (unread, "infinite or unreadable"))
            if count
        ]
        return f"{' and '.join(told)}." if told else ""


def cells_of(column: "Column", encoded: Floats, empty: Bools) -> Cells:
    """encoded (rows,) : as `Column.encode` has them;  empty (rows,) : cells that hold nothing"""
    at = np.where(np.isinf(encoded), np.nan, encoded)
    known = ~np.isnan(at)
    if column.kind == "boolean" and np.isin(at[known], (0, 1)).all():
        return Cells(column.label, "category", at, ["False", "True"], True, empty)
    if column.kind != "category":
        return Cells(column.label, "date" if column.kind == "date" else "number", at, [], True, empty)
    codes, which, counts = np.unique(at[known].astype(int), return_inverse=True, return_counts=True)
    named = codes < len(column.levels)  # all others share one code, whose text is not known here
    order = np.lexsort((codes, -counts, ~named))
    keep = int(named.sum())
    if len(codes) > MOST_NAMES:
        keep = min(keep, MOST_NAMES - 1)
    names = [column.levels[codes[i]] for i in order[:keep]]
    if rest := len(codes) - keep:
        rare = int(counts[order[keep:]].sum())
        names.append(f"{rest} others, {rare:,} rows" if named.all() else f"others, {rare:,} rows")
    place = np.empty(len(codes))
    place[order] = np.minimum(np.arange(len(codes)), keep)
    at[known] = place[which]
    return Cells(column.label, "category", at, names, False, empty)


def as_dates(days: Floats) -> "np.ndarray[tuple[int], np.dtype[np.datetime64]]":
    """Days since 1970 as points in time."""
    return np.round(days * _DAYS_TO_MS).astype("datetime64[ms]")


def shades(cells: Cells) -> Floats:
    """0 for the lowest cell … 1 for the highest, by rank; ½ where all are the same; NaN where there is none."""
    from scipy.stats import rankdata

    known, out = cells.known, np.full(len(cells.at), np.nan)
    rank = rankdata(cells.at[known])
    spread = np.ptp(rank) if len(rank) else 0.0
    out[known] = (rank - rank.min()) / spread if spread else 0.5
    return out


def brief(text: str) -> str:
    """A cell's text as an axis has room for it."""
    return short(text, 18)
