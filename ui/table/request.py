"""What the Table page asks, and what it shows of the answer; both go through JSON and are checked on the way back."""

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from ui.names import EXACT_PANES
from ui.runs.comparison import Comparison, Plan
from ui.settings import Settings, choice, flag, listed, nested, number, string
from xai.typing import Floats

if TYPE_CHECKING:
    from model.table.model import TableModel
    from model.table.truth import Truth

MODELS = {
    "trees": "Trees (LightGBM): exact values",
    "linear": "Linear",
    "network": "Small neural network",
    "file": "A model file of mine",
    "gemma": "A language model reads the row",
}
TARGET_KINDS = {"": "by its cells", "regression": "a number", "classification": "a class"}
BACKGROUNDS = [1, 10, 100, 1000]
CLOSED = ("trees", "linear", "file")  # models whose exact values have a closed form; of a file, where it holds trees
EXACT = Plan(*EXACT_PANES)  # of them, what one is shown first
USUAL_BACKGROUND = 100  # the model's own: rows that it was trained on
MOST_ENUMERATED = 12  # columns of which a model without a closed form is asked for all coalitions
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
    plan: Plan = nested(Plan, EXACT)
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
        from model.table.columns import CORRECTIONS

        if not all(kind in CORRECTIONS for _, kind in self.kinds):
            raise ValueError("a column is corrected to what is no kind of column")
        if self.model not in CLOSED and any(pane in EXACT_PANES for pane in self.plan.panes):
            raise ValueError(f"{MODELS[self.model]!r} has no exact values that could be chosen")

    def check_enumerated(self, model: "TableModel") -> None:
        """ValueError where all coalitions would be asked for, and are too many. model : what stands in the file"""
        n = len(model.labels)
        if not model.closed and n > MOST_ENUMERATED and any(pane in EXACT_PANES for pane in self.plan.panes):
            raise ValueError(
                f"the file has no trees, and exact values of {n} columns would take 2^{n} coalitions: choose other methods"
            )


@dataclass(frozen=True)
class RowTruth:
    """What really was in one row.

    actual : its cell of the target, None where missing
    residual : actual less predicted number, or 1 less the probability of the class that was; None where not known
    place : 1 for the worst predicted row;  shared : how many others have the same place;  of : how many have one
    used : what for: "trained", "watched" or "held out"; "" where nobody knows
    """

    actual: str | None
    residual: float | None = None
    place: int = 0
    shared: int = 0
    of: int = 0
    used: str = ""

    @classmethod
    def of_row(cls, truth: "Truth", row: int, actual: str) -> "RowTruth":
        """Of one row of a table's truth. actual : its cell as the page writes it"""
        if not truth.known[row]:
            return cls(None)
        place, residual = int(truth.places[row]), float(truth.residual[row])
        others, known = int((truth.places == place).sum()) - 1, int(truth.known.sum())
        return cls(actual, residual if np.isfinite(residual) else None, place, others, known, truth.use[row])

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "RowTruth":
        actual, residual, used = record["actual"], record["residual"], record["used"]
        if used not in ("trained", "watched", "held out", "") or not (residual is None or np.isfinite(residual)):
            raise ValueError("what really was in its row is no such record")
        place, shared, of = (int(record[name]) for name in ("place", "shared", "of"))
        told = None if actual is None else str(actual)[:MAX_TEXT]
        return cls(told, None if residual is None else float(residual), place, shared, of, used)


@dataclass(frozen=True)
class TableAbout:
    """What a model made of the request, in words and numbers.

    cells : of the explained row, one text per column; empty where they were not to be kept
    says : the prediction in words, as it follows “the model says”;  units : what a value is a change of
    classes : False for a number
    metrics, baseline : of the hold-out rows;  rows : how many were used for what
    exact : index → exact values (n, outputs), where they exist
    truth : what really was; None for a run from before that was told, or where it may not be kept
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
    truth: RowTruth | None = None

    def to_record(self) -> dict[str, Any]:
        """As JSON can hold it; an uploaded row's cells only where they may be kept."""
        written = self._written()
        if self.private:
            written |= {"cells": [], "says": ""}
            written.pop("truth", None)
        return {"about": written}

    def to_shown(self) -> dict[str, Any]:
        return {"about": self._written()}

    def _written(self) -> dict[str, Any]:
        shown = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("private", "truth")}
        figures = {name: [[key, _number(value)] for key, value in shown[name].items()] for name in _FIGURES}
        exact = {index: values.tolist() for index, values in self.exact.items()}
        truth = {} if self.truth is None else {"truth": asdict(self.truth)}
        return shown | figures | {"exact": exact} | truth

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
        truth = RowTruth.from_record(record["truth"]) if "truth" in record else None
        return cls(cells, says, units, record["classes"], **figures, rows=rows, exact=exact, private=request.private, truth=truth)


_FIGURES = ("metrics", "baseline", "rows")


def _number(value: float) -> float | None:
    return None if value != value else value
