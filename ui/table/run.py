"""From a request of the Table page to its game: a model of a column, one row of it."""

import hashlib
import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from model.language import Language
from ui.draw.chances import event
from ui.kind import Subject
from ui.shell.jobs import Job, Stopped
from ui.shell.pace import Cost
from ui.table.picture import prediction, shown
from ui.table.request import CLOSED, USUAL_BACKGROUND, RowTruth, TableAbout, TableRequest
from ui.table.source import Source
from xai import Redrawn
from xai.checks import INDICES
from xai.game import Game
from xai.typing import Floats

if TYPE_CHECKING:
    import pandas as pd

    from model.table.columns import Column
    from model.table.model import TableModel
    from model.table.truth import Truth

MAX_PLAYERS, MOST_MODELS = 256, 6  # models are kept for a session, of samples for all; the one not used for longest goes first
SHOTS, CHARACTERS_PER_TOKEN, LABEL = 8, 3.0, 7.0  # examples before the row; of a label 2 tokens, each with its output row
PACE, FITTED, READYING, IMPORTING = 50_000, 70_000, 0.3, 1.5  # columns read, cells fitted a second; s of each run, of the first


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model and the table it is of, without the columns left out. model : None for Gemma;  target : in the table"""

    model: "TableModel | None"
    frame: "pd.DataFrame" = field(repr=False)
    target: str

    @property
    def table_model(self) -> "TableModel":
        """The model, where it is not Gemma."""
        assert self.model is not None
        return self.model

    @property
    def exact(self) -> bool:
        """Do its values have a closed form?"""
        return self.model is not None and self.model.closed

    @cached_property
    def truth(self) -> "Truth":
        """What really was in every row, beside what the model says."""
        from model.table.truth import truth_of

        return truth_of(self.table_model, self.frame, self.frame[self.target])

    def truth_of(self, row: int) -> RowTruth:
        """What really was in a row, and how it stands among all."""
        return RowTruth.of_row(self.truth, row, shown(self.frame[self.target].iloc[row]))

    @property
    def cells(self) -> "pd.DataFrame":
        """The frame without its target."""
        return self.frame[[column.name for column in self.table_model.columns]]


class Shelf:
    """Fitted models, so that a second row costs no second fit. Those of uploads stand on the shelf of the session that
    brought them, and go with it: no digest that a link or a bundle carries reaches another's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Any, ...], Fitted] = OrderedDict()

    def get(self, request: TableRequest) -> Fitted | None:
        with self._lock:
            if request.same_model in self._kept:
                self._kept.move_to_end(request.same_model)
            return self._kept.get(request.same_model)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def put(self, request: TableRequest, fitted: Fitted) -> Fitted:
        with self._lock:
            self._kept[request.same_model] = fitted
            while len(self._kept) > MOST_MODELS:
                self._kept.popitem(last=False)
        return fitted


@dataclass
class TableState:
    """table : on the page;  kinds : corrections of its columns, label → kind;  error : of the last upload
    profile : (of, its columns as understood);  target : (of, (note, who gives it away));  model_file : (upload, SHA-256, bytes)
    chosen : row of a list that is to be explained, and whether the browser was given time to take it up
    models : fitted in this session;  all_rows, errors : (what of, found) of tabs that are filled on demand
    """

    table: Source | None = None
    kinds: dict[str, str] = field(default_factory=dict)
    error: str = ""
    profile: "tuple[Any, list[Column]]" = (None, [])
    target: tuple[Any, tuple[str, dict[str, str]]] = (None, ("", {}))
    model_file: tuple[str, str, bytes | None] = ("", "", None)
    chosen: tuple[TableRequest, bool] | None = None
    models: Shelf = field(default_factory=Shelf)
    all_rows: tuple[Any, Any] | None = None
    errors: tuple[Any, Any] | None = None


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf:
    """The server's shelf: models of the bundled samples, for all sessions."""
    return Shelf()


def find(request: TableRequest, own: Shelf) -> Fitted | None:
    """The model of a request, fitted in this session (`own` is its shelf), or of a sample."""
    return own.get(request) or shelf().get(request)


def fingerprint(request: TableRequest) -> str:
    """Of the model that a run was of."""
    return hashlib.sha256(repr(request.same_model).encode()).hexdigest()[:32]


def check(source: Source, request: TableRequest) -> int:
    """How many columns are players; ValueError with one sentence where nothing can be explained."""
    frame = source.frame
    if request.target not in frame:
        raise ValueError(f"the table has no column {request.target!r} to predict; choose one that it has")
    n = frame.shape[1] - 1 - len(_left_out(source, request))
    if n < 2:
        raise ValueError(f"{n} column is left to explain, and one alone cannot be compared with others: leave out fewer")
    if n > MAX_PLAYERS:
        raise ValueError(f"{n} columns would be explained; at most {MAX_PLAYERS} are allowed: leave out some")
    if request.row >= len(frame):
        raise ValueError(f"the table has {len(frame)} rows; row {request.row + 1} is not among them")
    if request.background == 1 and request.baseline >= len(frame):
        raise ValueError(f"the table has {len(frame)} rows; baseline row {request.baseline + 1} is not among them")
    if request.model == "file" and not request.file:
        raise ValueError("bring the file of the model: of LightGBM, XGBoost, CatBoost, or an ONNX graph")
    return n


def _left_out(source: Source, request: TableRequest) -> list[str]:
    return [name for name in request.left_out if name in source.frame and name != request.target]


def cost(source: Source, request: TableRequest, own: Shelf, seconds_per_token: float = 0.0) -> Cost:
    """Of a run, fitting included; ValueError as `check`."""
    n = check(source, request)
    evaluations = request.plan.cost(n, request.model in CLOSED)
    if request.model == "gemma":
        row = source.frame.iloc[request.row]
        tokens = sum(len(f" {name}: {cell},") for name, cell in row.items()) / CHARACTERS_PER_TOKEN
        classes = min(source.frame[request.target].nunique(), 6)
        return Cost(evaluations, evaluations * (tokens / 2 + classes * LABEL) * seconds_per_token)  # half of the cells are there
    first = IMPORTING * ("model.table.fitting" not in sys.modules)
    before = READYING if find(request, own) else 2 * READYING + first + source.frame.size / FITTED
    return Cost(evaluations, before + evaluations * n / PACE, before)


def fit(source: Source, request: TableRequest, job: Job, own: Shelf, file: bytes | None = None) -> Fitted:
    """The model of a request, from a shelf where it stands on one. Compiled loops are ready afterwards."""
    if (found := find(request, own)) is not None:
        return found
    keep = shelf() if source.sample and request.model != "file" else own
    from model.table.fitting import FitCancelled
    from model.table.model import TableModel

    frame = source.frame.drop(columns=_left_out(source, request))
    if request.model == "gemma":
        return keep.put(request, Fitted(None, frame, request.target))
    if request.model == "file":
        job.tell(0, 0, "Reading the model's file")
        model = TableModel.load(file or b"", frame, request.target)
    else:
        job.tell(0, 0, "Reading the columns")
        kinds = {label: kind for label, kind in request.kinds if label in frame}

        def told(done: int, total: int) -> None:
            job.tell(done, total, f"Fitting the model: round {done}, {total} at most")

        try:
            model = TableModel.fit(
                frame, request.target, request.kind or None, request.model, kinds=kinds, progress=told, cancel=job.cancelled
            )
        except FitCancelled:
            raise Stopped from None
    fitted = Fitted(model, frame, request.target)
    job.tell(0, 0, "Asking the model of every row")
    _ = fitted.truth
    if fitted.exact:
        job.tell(0, 0, "Compiling the exact values, once for this server: some seconds")
        for index in INDICES:
            model.exact(frame.iloc[:2], index)
            model.interactions(frame.iloc[0], index)
    return keep.put(request, fitted)


def background_of(fitted: Fitted, request: TableRequest) -> "pd.DataFrame | None":
    """Rows from which absent columns take their cells; None for the model's own."""
    if request.background == USUAL_BACKGROUND:
        return None
    if request.background == 1:
        return fitted.frame.iloc[[request.baseline]]
    drawn = np.random.default_rng([request.plan.seed, 2]).permutation(len(fitted.frame))[: request.background]
    return fitted.frame.iloc[np.sort(drawn)]


def exact_values(fitted: Fitted, request: TableRequest, rows: "pd.DataFrame") -> dict[str, Floats]:
    """Index → exact values (rows, columns, outputs); empty where none exist."""
    if not fitted.exact:
        return {}
    background, model = background_of(fitted, request), fitted.table_model
    found = {index: model.exact(rows, index, background) for index in INDICES}
    return {index: values.reshape(*values.shape[:2], len(model.outputs)) for index, values in found.items()}


def game_of(fitted: Fitted, request: TableRequest, gemma: Language | None = None) -> tuple[Game, list[str], list[float]]:
    """(game, output names, weights of what is shown first): of two classes or a number the one margin, of more classes
    the one that the model predicts, of Gemma the label it gives."""
    row = fitted.frame.iloc[[request.row]]
    if fitted.model is None:
        if gemma is None:
            raise ValueError("The language model is not loaded yet; wait until it is")
        from model.table.gemma_game import gemma_table_game

        reading = gemma_table_game(gemma, fitted.frame, request.target, row, SHOTS)
        return reading, [reading.label], [1.0]
    request.check_enumerated(fitted.model)
    game = fitted.model.game(row, background_of(fitted, request))
    margin = fitted.model.predict(row).margin[0]
    top = int(np.argmax(margin)) if len(game.outputs) > 1 else 0
    return game, game.outputs, [float(i == top) for i in range(len(game.outputs))]


def subject(
    source: Source,
    request: TableRequest,
    job: Job,
    own: Shelf | None = None,
    gemma: Language | None = None,
    file: bytes | None = None,
) -> Subject:
    """The row's game. own : the session's shelf of models;  file : of the model, where it is one's own"""
    check(source, request)
    with job.in_one_go(source.sample):  # of all who wait for the model of a sample it is fitted once
        fitted = fit(source, request, job, own or Shelf(), file)
    job.tell(0, 0, "Reading the row" if fitted.model else "Gemma reads the examples and the row")
    game, outputs, weights = game_of(fitted, request, gemma)
    redrawn = redrawn_of(fitted, request, gemma, outputs[0])
    return Subject(game, outputs, weights, describe(fitted, request, outputs[0]), redrawn=redrawn)


def redrawn_of(fitted: Fitted, request: TableRequest, gemma: Language | None, label: str) -> Redrawn | None:
    """The row on models that learned nothing of the table; None for a model from a file, of which nobody knows the fit."""
    from model.redrawn.table import on_redrawn_reader, on_shuffled

    row, frame, target = fitted.frame.iloc[[request.row]], fitted.frame, request.target
    if fitted.model is None:
        return None if gemma is None else on_redrawn_reader(gemma, frame, target, row, SHOTS, label)
    return None if request.model == "file" else on_shuffled(fitted.model, frame, target, row, background_of(fitted, request))


def describe(fitted: Fitted, request: TableRequest, label: str) -> TableAbout:
    """What there is to say of a row before any coalition is asked for. label : what Gemma gives it"""
    import pandas as pd

    model, row = fitted.model, fitted.frame.iloc[[request.row]]
    if model is None:
        others = fitted.frame.columns[fitted.frame.columns != request.target]
        cells = [shown(cell) for cell in row[others].iloc[0]]
        actual, says = row[request.target].iloc[0], event(request.target, label)
        truth = RowTruth(None if pd.isna(actual) else shown(actual))
        return TableAbout(cells, says, f"log-odds of {label}", True, {}, {}, {}, {}, request.private, truth)
    exact = {index: values[0] for index, values in exact_values(fitted, request, row).items()}
    return TableAbout(
        [shown(cell) for cell in fitted.cells.iloc[request.row]],
        prediction(model, row),
        model.units,
        model.target.kind == "classification",
        model.metrics,
        model.baseline,
        model.rows,
        exact,
        request.private,
        fitted.truth_of(request.row),
    )
