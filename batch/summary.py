"""The global view: which parts swing the answer over all rows of a run, what maps are worth, and what went wrong."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from batch.parts import ROWS, RUN, rows_of, table_of
from model.files.spreadsheet import csv_of
from xai.checks import INDICES

MOST_PLAYERS = 200_000  # kept at a time: what was seen once is forgotten beyond
MOST_OUTPUTS = 12  # answers that are looked at apart
EXAMPLES = 3
SENTENCES = 50
_EDGE = re.compile(r"^\W+|\W+$")
_DIGITS = re.compile(r"\d+")
_READ = ["row", "id", "error", "output", "players", "evaluations", "seconds", *INDICES]


@dataclass
class Player:
    """A word, column or patch over all rows that have it, where it stands more often the sum in each.

    rows : that have it;  total, absolute : sums of its values, and of their magnitudes;  examples : (magnitude, value, id) of
    the rows in which it weighs most
    """

    name: str
    rows: int = 0
    total: float = 0.0
    absolute: float = 0.0
    examples: list[tuple[float, float, str]] = field(default_factory=list)

    @property
    def mean(self) -> float:
        return self.total / self.rows

    @property
    def mean_absolute(self) -> float:
        return self.absolute / self.rows

    def add(self, value: float, id: str) -> None:
        size = abs(value)
        self.rows, self.total, self.absolute = self.rows + 1, self.total + value, self.absolute + size
        if len(self.examples) < EXAMPLES or size > self.examples[-1][0]:
            self.examples = sorted([*self.examples, (size, value, id)], key=lambda one: (-one[0], one[2]))[:EXAMPLES]


@dataclass
class Group:
    """Rows of one answer, or all. players : by name;  forgotten : players that were too many to keep"""

    name: str
    rows: int = 0
    players: dict[str, Player] = field(default_factory=dict)
    forgotten: int = 0

    def ranked(self) -> list[Player]:
        """The player first whose magnitudes summed over all rows are the largest."""
        return sorted(self.players.values(), key=lambda one: (-one.absolute, one.name))

    def add(self, values: dict[str, float], id: str) -> None:
        self.rows += 1
        for name, value in values.items():
            self.players.setdefault(name, Player(name)).add(value, id)
        if len(self.players) > MOST_PLAYERS:
            kept = {name: player for name, player in self.players.items() if player.rows > 1}
            self.forgotten += len(self.players) - len(kept)
            self.players = kept


@dataclass(frozen=True)
class Summary:
    """What a run has done. rows : committed;  total : of its source;  errors : rows with one;  run : as `_run.json` says"""

    path: Path
    run: dict[str, Any]
    rows: int
    total: int
    errors: int
    evaluations: int
    seconds: float

    @cached_property
    def view(self) -> "View":
        """The global view: reads all rows again."""
        return View(self)


def summarise(out: str | os.PathLike[str]) -> Summary:
    """What stands in a folder of results; it may be written to meanwhile. ValueError where no run was begun."""
    path = Path(out)
    try:
        run = json.loads((path / RUN).read_text())
        total = int(run["rows"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} holds no run over a data set: give the folder that swing explain wrote") from error
    told = [_told(part, _written(part)) for part in _parts(path)]
    rows, errors, evaluations, seconds = (sum(column) for column in zip((0, 0, 0, 0.0), *told))
    return Summary(path, run, rows, total, errors, evaluations, seconds)


@lru_cache(maxsize=100_000)  # a page asks again at every click, and a committed part stays as it is
def _told(part: Path, written: int) -> tuple[int, int, int, float]:
    """(rows, errors, evaluations, seconds) of a part. written : when"""
    if not rows_of(part):
        return 0, 0, 0, 0.0
    table = table_of(part, ["error", "evaluations", "seconds"])
    evaluations = sum(filter(None, table.column("evaluations").to_pylist()))
    errors = table.num_rows - table.column("error").null_count
    return table.num_rows, errors, evaluations, sum(table.column("seconds").to_pylist())


def _written(part: Path) -> int:
    """When, 0 where it is gone."""
    try:
        return part.stat().st_mtime_ns
    except OSError:
        return 0


def _parts(path: Path) -> list[Path]:
    return sorted((path / ROWS).glob("part-*.parquet"))


def _tables(path: Path, columns: list[str]) -> Iterator[Any]:
    """The committed parts, one after the other."""
    for part in _parts(path):
        if rows_of(part):
            yield table_of(part, columns)


class View:
    """The global view of a run.

    whole : index → all rows;  by_output : index → answers, the most frequent first, none where they are too many (`many`)
    by_slice : index → slices of rows, the largest first
    worth : index → what maps are worth → rows;  sentences : (sentence, rows, ids of examples), the most frequent first
    """

    def __init__(self, summary: Summary, slices: Sequence[str] = ()) -> None:
        """slices : of each row of the source the one that it is in (`batch.slices`); () for none"""
        self.indices = [one for one in INDICES if summary.run["settings"]["index"] in ("both", one)]
        self.whole = {index: Group("all rows") for index in self.indices}
        self.worth: dict[str, Counter[str]] = {index: Counter() for index in self.indices}
        self._words = summary.run["settings"]["kind"] == "text"
        outputs: dict[str, dict[str, Group]] = {index: {} for index in self.indices}
        sliced: dict[str, dict[str, Group]] = {index: {} for index in self.indices}
        failed: dict[str, tuple[str, int, list[str]]] = {}
        many = False
        for table in _tables(summary.path, [*_READ, *(f"{index}_judgement" for index in self.indices)]):
            for row in table.to_pylist():
                if row["error"] is not None:
                    key = _DIGITS.sub("#", row["error"])
                    sentence, count, ids = failed.get(key, (row["error"], 0, []))
                    failed[key] = sentence, count + 1, [*ids, row["id"]][:EXAMPLES]
                    continue
                for index in self.indices:
                    values = self._add(row, index, outputs[index], many)
                    if slices:
                        name = slices[row["row"]]
                        sliced[index].setdefault(name, Group(name)).add(values, row["id"])
                many = many or any(len(groups) > MOST_OUTPUTS for groups in outputs.values())
                if many:
                    outputs = {index: {} for index in self.indices}
        self.many = many
        self.sentences = sorted(failed.values(), key=lambda one: (-one[1], one[0]))[:SENTENCES]
        several = {index: groups if len(groups) > 1 else {} for index, groups in outputs.items()}
        self.by_output, self.by_slice = _largest_first(several), _largest_first(sliced)

    def _add(self, row: dict[str, Any], index: str, outputs: dict[str, Group], many: bool) -> dict[str, float]:
        """The values of a row by player."""
        values: dict[str, float] = {}
        for label, value in zip(row["players"], row[index]):
            name = self._name(label)
            values[name] = values.get(name, 0.0) + (value or 0.0)
        self.whole[index].add(values, row["id"])
        if not many:
            outputs.setdefault(row["output"], Group(row["output"])).add(values, row["id"])
        judged = row[f"{index}_judgement"]
        if judged is not None:
            self.worth[index][judged["worth"]] += 1
        return values

    def _name(self, label: str) -> str:
        """A word without case and without the signs around it; any other label as it is."""
        return (_EDGE.sub("", label).casefold() or label) if self._words else label

    def groups(self, index: str) -> list[Group]:
        """All rows, those of each answer, those of each slice."""
        return [self.whole[index], *self.by_output[index], *self.by_slice[index]]

    def to_csv(self) -> str:
        """A line for each player of each index and answer; texts that a spreadsheet would compute are escaped."""
        header = ["index", "answer", "player", "rows", "share_of_rows", "mean", "mean_absolute", "examples"]
        groups = [(index, group) for index in self.indices for group in self.groups(index)]
        return csv_of([header, *([index, group.name, *_cells(one, group)] for index, group in groups for one in group.ranked())])


def _cells(one: Player, group: Group) -> list[Any]:
    return [one.name, one.rows, one.rows / group.rows, one.mean, one.mean_absolute, " ".join(id for _, _, id in one.examples)]


def _largest_first(of_index: dict[str, dict[str, Group]]) -> dict[str, list[Group]]:
    return {index: sorted(groups.values(), key=lambda one: (-one.rows, one.name)) for index, groups in of_index.items()}
