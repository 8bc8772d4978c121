"""What the Table page asks, and what it shows of the answer; both go through JSON and are checked on the way back."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from ui.names import DEFAULT_PANES
from ui.runs.comparison import Comparison, Plan
from xai import Ledger

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
MAX_TEXT = 2000


@dataclass(frozen=True)
class TableRequest:
    """One row of a table, and what is asked of a model of it.

    table, digest, sample : see `ui.table.source.Source`;  target : label of the column to predict
    kind : of the target, "" for what its cells say;  kinds : corrections, (label, kind) each;  left_out : labels
    model : one of MODELS;  file : SHA-256 of the model's file, "" for none
    row : place of the explained row;  background : how many rows lend absent cells;  baseline : the one, where it is 1
    kept : the user said that the table may be kept with the run
    """

    table: str
    digest: str
    sample: bool
    target: str
    kind: str = ""
    kinds: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()
    model: str = "trees"
    file: str = ""
    row: int = 0
    background: int = USUAL_BACKGROUND
    baseline: int = 0
    kept: bool = False
    plan: Plan = Plan(*DEFAULT_PANES)

    @property
    def same_model(self) -> tuple:
        """What two requests must share to be of one model."""
        return self.digest, self.target, self.kind, self.kinds, self.left_out, self.model, self.file

    @property
    def same_game(self) -> tuple:
        """What two requests must share for the one to go on with the other's ledger."""
        drawn = self.plan.seed if self.background not in (1, USUAL_BACKGROUND) else 0
        return (*self.same_model, self.row, self.background, self.baseline if self.background == 1 else 0, drawn)

    @property
    def name(self) -> str:
        return f"{self.table}, row {self.row + 1}"

    def to_settings(self) -> dict:
        """As JSON can hold it."""
        plan = {"left": self.plan.left.key, "right": self.plan.right.key}
        plan |= {"budget": self.plan.budget, "seed": self.plan.seed}
        return {f.name: getattr(self, f.name) for f in fields(self)} | {"plan": plan}

    @classmethod
    def from_settings(cls, settings: dict) -> "TableRequest":
        """What `to_settings` gave; ValueError for anything else, for it may come from a file of somebody else's."""
        from model.table.columns import KINDS

        try:
            texts = {name: settings[name] for name in ("table", "digest", "target", "kind", "model", "file")}
            whole = {name: settings[name] for name in ("row", "background", "baseline")}
            flags = {name: settings[name] for name in ("sample", "kept")}
            kinds = tuple((label, kind) for label, kind in settings["kinds"])
            left_out, plan = tuple(settings["left_out"]), Plan.from_settings(settings["plan"])
            names = [*texts.values(), *left_out, *[label for label, _ in kinds]]
            allowed = (
                all(isinstance(text, str) and len(text) <= MAX_TEXT for text in names)
                and all(type(number) is int and 0 <= number < 2**31 for number in whole.values())
                and all(type(flag) is bool for flag in flags.values())
                and all(kind in KINDS for _, kind in kinds)
                and texts["model"] in MODELS
                and texts["kind"] in TARGET_KINDS
                and whole["background"] in BACKGROUNDS
            )
            if not allowed:
                raise ValueError("a value is not allowed")
            return cls(**texts, **whole, **flags, kinds=kinds, left_out=left_out, plan=plan)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"these are not the settings of a table ({error})") from error


@dataclass(frozen=True)
class TableAbout:
    """What a model made of the request, in words and numbers.

    cells : of the explained row, one text per column; empty where they were not to be kept
    says : the prediction in words;  units : what a value is a change of;  classes : False for a number
    metrics, baseline : of the hold-out rows;  rows : how many were used for what
    exact : index → exact values (n, outputs), where they exist
    """

    cells: list[str]
    says: str
    units: str
    classes: bool
    metrics: dict[str, float]
    baseline: dict[str, float]
    rows: dict[str, int]
    exact: dict[str, np.ndarray]

    def to_record(self, with_cells: bool) -> dict:
        shown = {f.name: getattr(self, f.name) for f in fields(self)}
        figures = {name: [[key, _number(value)] for key, value in shown[name].items()] for name in _FIGURES}
        exact = {index: values.tolist() for index, values in self.exact.items()}
        hidden = {} if with_cells else {"cells": [], "says": ""}
        return shown | figures | hidden | {"exact": exact}

    @classmethod
    def from_record(cls, record: dict, n: int, outputs: int) -> "TableAbout":
        """What `to_record` gave, of n columns; ValueError for anything else."""
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
        figures["rows"] = {key: int(count) for key, count in figures["rows"].items()}
        return cls(cells, str(record["says"]), str(record["units"]), record["classes"], **figures, exact=exact)


_FIGURES = ("metrics", "baseline", "rows")


def _number(value) -> float | None:
    return None if value != value else value


@dataclass(frozen=True)
class TableResult:
    """What the page shows."""

    request: TableRequest
    about: TableAbout
    comparison: Comparison

    def to_record(self, everything: bool = False) -> dict:
        """As JSON can hold it, without the request and the ledger; an uploaded row's cells only where they may be kept.

        everything : the cells too, for a file that the user takes along
        """
        with_cells = everything or self.request.sample or self.request.kept
        return {"about": self.about.to_record(with_cells), "comparison": self.comparison.to_record()}

    @classmethod
    def from_record(cls, record: dict, settings: dict, ledger_of: Callable[[list[str]], Ledger]) -> "TableResult":
        """What `to_record` gave; ValueError for anything else. ledger_of(labels) gives what was paid."""
        request = TableRequest.from_settings(settings)
        try:
            ledger = ledger_of([str(label) for label in record["comparison"]["maps"][0]["labels"]])
            comparison = Comparison.from_record(record["comparison"], request.plan, ledger)
            about = TableAbout.from_record(record["about"], ledger.n_players, len(comparison.weights))
            return cls(request, about, comparison)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"this is not a result that Swing wrote ({error})") from error
