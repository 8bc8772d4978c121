"""The result of an explanation: frozen, self-describing, and the same after a trip through JSON."""

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from xai.checks import INDICES, check_weights
from xai.estimators.designs import Design
from xai.estimators.solvers import Estimate
from xai.exchange.figures import figure
from xai.exchange.given import to_frame, to_shap, to_shapiq
from xai.exchange.html import notebook
from xai.game import error_of
from xai.typing import Floats

if TYPE_CHECKING:
    from pandas import DataFrame

FORMAT = "swing-attribution-1"
_ARRAYS = ("values", "standard_error", "covariance", "empty_value", "full_value")


@dataclass(frozen=True, eq=False)
class Attribution:
    """Values of the players of one game.

    Attributes
    ----------
    values : (n,) or (n, k) float64, in the units of the game (for text: natural log-probability)
    standard_error : same shape; None where the method has none, NaN for a value it could not judge
    labels : n strings
    index : "banzhaf" or "shapley";  method, seed, budget : how it was made
    evaluations : coalitions the model evaluated for this result;  reused : taken from the ledger instead
    seconds : time inside `explain`, the model's included, that of its `progress` left out
    empty_value, full_value : v(no player), v(all players), float or (k,)
    covariance : (n, k, k), for each player between its output columns, or None; what `combine` needs
    note : one sentence where the method did something a reader must know, else ""
    p : of Banzhaf values, with which probability the other players are present
    """

    values: Floats
    standard_error: Floats | None
    labels: list[str]
    index: str
    method: str
    seed: int
    budget: int
    evaluations: int
    seconds: float
    empty_value: float | Floats
    full_value: float | Floats
    reused: int = 0
    covariance: Floats | None = None
    note: str = ""
    p: float = 0.5

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            value = getattr(self, name)
            if value is not None:
                value = np.array(value, dtype=np.float64)
                value.setflags(write=False)
                object.__setattr__(self, name, float(value) if value.ndim == 0 else value)
        object.__setattr__(self, "labels", [str(label) for label in self.labels])
        if self.values.ndim not in (1, 2) or len(self.values) != len(self.labels):
            raise ValueError(f"values of shape {self.values.shape} do not match {len(self.labels)} labels")

    @property
    def gap(self) -> float | Floats:
        """Sum of the values minus v(all) − v(none): 0 for exact Shapley values, anything for Banzhaf values."""
        gap: float | Floats = self.values.sum(axis=0) - (np.asarray(self.full_value) - np.asarray(self.empty_value))
        return gap

    def combine(self, weights: ArrayLike) -> "Attribution":
        """The attribution of the weighted sum of the output columns: values of shape (n,).

        Every index is linear in the game, so this needs no model call. weights : (k,).
        """
        values = self.values if self.values.ndim == 2 else self.values[:, None]
        weights = check_weights(weights, values.shape[1])
        error = None
        if self.covariance is not None:
            error = np.sqrt(np.maximum(np.einsum("njk,j,k->n", self.covariance, weights, weights), 0.0))
        elif self.standard_error is not None and values.shape[1] == 1:
            error = np.abs(weights[0]) * self.standard_error.reshape(-1)
        covariance = None if error is None else np.square(error)[:, None, None]
        empty, full = (float(np.dot(np.atleast_1d(v), weights)) for v in (self.empty_value, self.full_value))
        values = values @ weights
        return replace(self, values=values, standard_error=error, empty_value=empty, full_value=full, covariance=covariance)

    def to_json(self) -> str:
        """Everything as standard JSON; floats survive exactly, NaN becomes null."""
        record = asdict(self)
        for name in _ARRAYS:
            if record[name] is not None:
                record[name] = nan_to_none(np.asarray(record[name]).tolist())
        return json.dumps({"format": FORMAT, **record}, allow_nan=False)

    def _repr_html_(self) -> str:
        """The heatmap that a notebook shows: it stands alone, and escapes every text."""
        return notebook(self)

    def frame(self, outputs: list[str] | None = None) -> "DataFrame":
        """A data frame, see `xai.exchange.given.to_frame`. outputs : names of the k outputs, their numbers by default"""
        return to_frame(self, outputs)

    def plot(self, outputs: list[str] | None = None) -> Any:
        """A Plotly figure, see `xai.exchange.figures.figure`. outputs : as in `frame`"""
        return figure(self, outputs)

    def to_shap(self, data: ArrayLike | None = None, outputs: list[str] | None = None) -> Any:
        """A shap.Explanation of one row, see `xai.to_shap`, which makes one of several maps too.

        Shapley values and base_values = v(no player) add up to v(all players). Banzhaf values do not: where shap's plots
        end at base value + sum (waterfall, force, decision), they miss v(all players) by `gap`.
        """
        return to_shap(self, data, outputs)

    def to_shapiq(self) -> Any:
        """A shapiq.InteractionValues of order 1, see `xai.exchange.given.to_shapiq`; ImportError without shapiq."""
        return to_shapiq(self)

    @classmethod
    def from_json(cls, text: str) -> "Attribution":
        """The attribution that `to_json` wrote; ValueError for anything else."""
        try:
            record = json.loads(text)
            if record.pop("format") != FORMAT:
                raise ValueError("unknown format")
            for name in _ARRAYS:
                if record[name] is not None:
                    record[name] = np.array(record[name], dtype=np.float64)
            found = cls(**record)
            _check(found)
            return found
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(f"this is not an attribution that Swing wrote ({error})") from error


def attribution_of(
    estimate: Estimate, design: Design, values: Floats, labels: list[str], index: str, method: str, rounding: Floats | None = None
) -> Attribution:
    """What a solver made of a design's values (m,) or (m, k), as if all of them had been known before.

    rounding : (k, k) covariance of what rounding adds to these values, which the errors then include
    """
    shape, error = (len(labels), *values.shape[1:]), estimate.standard_error
    covariance, note = estimate.covariance, estimate.note
    if rounding is not None:
        added, moved = error_of(rounding, len(labels)), float(np.sqrt(rounding.sum().clip(0.0)))
        error = None if error is None else np.hypot(error, np.sqrt(added.diagonal()))
        covariance = None if covariance is None else covariance + added
        note = f"{note} Rounding moves the value of a coalition by some {moved:.2g}, which the standard errors include.".strip()
    return Attribution(
        values=estimate.values.reshape(shape),
        standard_error=None if error is None else error.reshape(shape),
        labels=labels,
        index=index,
        method=method,
        seed=design.seed,
        budget=design.budget,
        evaluations=0,
        seconds=0.0,
        empty_value=values[0],
        full_value=values[1],
        reused=len(design.coalitions),
        covariance=covariance,
        note=note,
        p=design.p,
    )


def _check(found: Attribution) -> None:
    """ValueError where a field is not what `explain` would have put there, so that nothing read from a file is."""
    shape, k = found.values.shape, int(np.prod(found.values.shape[1:]))
    shapes = {"standard_error": shape, "covariance": (shape[0], k, k), "empty_value": shape[1:], "full_value": shape[1:]}
    for name, wanted in shapes.items():
        value = getattr(found, name)
        if value is not None and np.shape(value) != wanted:
            raise ValueError(f"{name} has shape {np.shape(value)}; {wanted} belongs to values of shape {shape}")
    for name in ("values", "empty_value", "full_value"):
        if getattr(found, name) is None or not np.isfinite(getattr(found, name)).all():
            raise ValueError(f"{name} is not finite")
    for name in ("standard_error", "covariance"):
        if getattr(found, name) is not None and np.isinf(getattr(found, name)).any():
            raise ValueError(f"{name} is infinite")
    if found.index not in INDICES or not isinstance(found.method, str) or not isinstance(found.note, str):
        raise ValueError("index, method or note is not what it should be")
    for name in ("seed", "budget", "evaluations", "reused"):
        if isinstance(getattr(found, name), bool) or not isinstance(getattr(found, name), int):
            raise ValueError(f"{name} is not a whole number")
    numbers = isinstance(found.seconds, (int, float)) and isinstance(found.p, float)
    if not (numbers and 0.0 <= found.seconds < np.inf and 0.0 < found.p < 1.0):
        raise ValueError("seconds or p is not a number that it could be")


def nan_to_none(value: Any) -> Any:
    """What JSON can hold of dicts, lists and numbers."""
    if isinstance(value, dict):
        return {key: nan_to_none(item) for key, item in value.items()}
    if isinstance(value, list):
        return [nan_to_none(item) for item in value]
    return None if value != value else value
