"""What the Table page asks, and what it shows of the answer; both go through JSON and are checked on the way back."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ui.runs.comparison import Comparison, Plan
from ui.settings import Settings, choice, flag, listed, nested, number, string
from xai.typing import Floats

MODELS = {
    "trees": "Trees (LightGBM): exact values",
    "linear": "Linear",
    "network": "Small neural network",
    "file": "A model file of mine",
    "gemma": "Gemma 3 reads the row",
}
TARGET_KINDS = {"": "by its cells", "regression": "a number", "classification": "a class"}
BACKGROUNDS = [1, 10, 100, 1000]
USUAL_BACKGROUND = 100  # the model's own: rows that it was trained on
MAX_TEXT, MAX_COLUMNS = 2000, 10_000


@dataclass(frozen=True)
class TableRequest(Settings):
    """One row of a table, and what is asked of a model of it.

    table, digest, sample : see `ui.table.source.Source`;  target : label of the column to predict
    kind : of the target, "" for what its cells say;  kinds : corrections, (label, kind) each;  left_out : labels
    model : one of MODELS;  file : SHA-256 of the model's file, "" for none
    row : place of the explained row;  background : how many rows lend absent cells;  baseline : the one, where it is 1
    kept : the user said that the table may be kept with the run
    """

    table: str = string(MAX_TEXT)
    digest: str = string(MAX_TEXT)
    sample: bool = flag()
    target: str = string(MAX_TEXT, title="Column to predict")
    kind: str = choice(TARGET_KINDS, "", "The target is")
    kinds: tuple[tuple[str, str], ...] = listed(listed((string(MAX_TEXT), string(20)), 2), MAX_COLUMNS, (), "Corrections")
    left_out: tuple[str, ...] = listed(string(MAX_TEXT), MAX_COLUMNS, (), "Leave out columns")
    model: str = choice(MODELS, "trees", "Model")
    file: str = string(MAX_TEXT, "")
    row: int = number(0, 2**31 - 1, 0, "Row to explain")
    background: int = choice(BACKGROUNDS, USUAL_BACKGROUND, "Background: how many rows lend absent cells")
    baseline: int = number(0, 2**31 - 1, 0, "Baseline row")
    kept: bool = flag(False, "Keep this table with the run")
    plan: Plan = nested(Plan, Plan())
    what = "a table"

    @property
    def same_model(self) -> tuple[Any, ...]:
        """What two requests must share to be of one model."""
        return self.digest, self.target, self.kind, self.kinds, self.left_out, self.model, self.file

    @property
    def same_game(self) -> Any:
        """What two requests must share for the one to go on with the other's ledger."""
        drawn = self.plan.seed if self.background not in (1, USUAL_BACKGROUND) else 0
        return (*self.same_model, self.row, self.background, self.baseline if self.background == 1 else 0, drawn)

    @property
    def private(self) -> bool:
        """Whether what is in the table's cells may not be kept on the server."""
        return not (self.sample or self.kept)

    @property
    def name(self) -> str:
        return f"{self.table}, row {self.row + 1}"

    def check(self) -> None:
        from model.table.columns import KINDS

        if not all(kind in KINDS for _, kind in self.kinds):
            raise ValueError("a column is corrected to what is no kind of column")


@dataclass(frozen=True)
class TableAbout:
    """What a model made of the request, in words and numbers.

    cells : of the explained row, one text per column; empty where they were not to be kept
    says : the prediction in words;  units : what a value is a change of;  classes : False for a number
    metrics, baseline : of the hold-out rows;  rows : how many were used for what
    exact : index → exact values (n, outputs), where they exist
    private : whether cells and prediction may not be kept on the server
    """

    cells: list[str]
    says: str
    units: str
    classes: bool
    metrics: dict[str, float]
    baseline: dict[str, float]
    rows: dict[str, int]
    exact: dict[str, Floats]
    private: bool = False

    def to_record(self) -> dict[str, Any]:
        """As JSON can hold it; an uploaded row's cells only where they may be kept."""
        return {"about": self._written() | ({"cells": [], "says": ""} if self.private else {})}

    def to_shown(self) -> dict[str, Any]:
        return {"about": self._written()}

    def _written(self) -> dict[str, Any]:
        shown = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "private"}
        figures = {name: [[key, _number(value)] for key, value in shown[name].items()] for name in _FIGURES}
        exact = {index: values.tolist() for index, values in self.exact.items()}
        return shown | figures | {"exact": exact}

    @classmethod
    def from_record(cls, record: dict[str, Any], request: TableRequest, comparison: Comparison) -> "TableAbout":
        """What `to_record` or `to_shown` gave; ValueError where it is not of the request."""
        record, n, outputs = record["about"], comparison.ledger.n_players, len(comparison.weights)
        cells = [str(cell)[:MAX_TEXT] for cell in record["cells"]]
        figures = {
            name: {str(key)[:80]: float("nan") if value is None else float(value) for key, value in record[name]}
            for name in _FIGURES
        }
        exact = {index: np.array(record["exact"][index], float) for index in record["exact"]}
        if not set(exact) <= {"banzhaf", "shapley"} or any(
            values.shape != (n, outputs) or not np.isfinite(values).all() for values in exact.values()
        ):
            raise ValueError("its exact values are not of its columns")
        if len(cells) not in (0, n):
            raise ValueError("its cells and its columns do not match")
        if type(record["classes"]) is not bool:
            raise ValueError("its target is neither a number nor a class")
        rows, says, units = (
            {key: int(count) for key, count in figures.pop("rows").items()},
            str(record["says"]),
            str(record["units"]),
        )
        return cls(cells, says, units, record["classes"], **figures, rows=rows, exact=exact, private=request.private)


_FIGURES = ("metrics", "baseline", "rows")


def _number(value: float) -> float | None:
    return None if value != value else value
