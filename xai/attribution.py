"""The result of an explanation: frozen, self-describing, and the same after a trip through JSON."""

import json
from dataclasses import asdict, dataclass, fields

import numpy as np

FORMAT = "swing-attribution-1"
INDICES = ("banzhaf", "shapley")
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
    seconds : time inside `explain`, the model's included
    empty_value, full_value : v(no player), v(all players), float or (k,)
    covariance : (n, k, k), for each player between its output columns, or None; what `combine` needs
    note : one sentence where the method did something a reader must know, else ""
    p : of Banzhaf values, with which probability the other players are present
    """

    values: np.ndarray
    standard_error: np.ndarray | None
    labels: list[str]
    index: str
    method: str
    seed: int
    budget: int
    evaluations: int
    seconds: float
    empty_value: float | np.ndarray
    full_value: float | np.ndarray
    reused: int = 0
    covariance: np.ndarray | None = None
    note: str = ""
    p: float = 0.5

    def __post_init__(self):
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
    def gap(self):
        """Sum of the values minus v(all) − v(none): 0 for exact Shapley values, anything for Banzhaf values."""
        return self.values.sum(axis=0) - (np.asarray(self.full_value) - np.asarray(self.empty_value))

    def combine(self, weights) -> "Attribution":
        """The attribution of the weighted sum of the output columns: values of shape (n,).

        Every index is linear in the game, so this needs no model call. weights : (k,).
        """
        values = self.values if self.values.ndim == 2 else self.values[:, None]
        weights = np.asarray(weights, dtype=np.float64)
        if weights.shape != (values.shape[1],):
            raise ValueError(f"weights must have shape ({values.shape[1]},), one per output; got {weights.shape}")
        error = None
        if self.covariance is not None:
            error = np.sqrt(np.maximum(np.einsum("njk,j,k->n", self.covariance, weights, weights), 0.0))
        elif self.standard_error is not None and values.shape[1] == 1:
            error = np.abs(weights[0]) * self.standard_error.reshape(-1)
        covariance = None if error is None else np.square(error)[:, None, None]
        ends = [float(np.dot(np.atleast_1d(v), weights)) for v in (self.empty_value, self.full_value)]
        changed = {
            "values": values @ weights,
            "standard_error": error,
            "empty_value": ends[0],
            "full_value": ends[1],
            "covariance": covariance,
        }
        return Attribution(**{f.name: changed.get(f.name, getattr(self, f.name)) for f in fields(self)})

    def to_json(self) -> str:
        """Everything as standard JSON; floats survive exactly, NaN becomes null."""
        record = asdict(self)
        for name in _ARRAYS:
            if record[name] is not None:
                record[name] = _nan_to_none(np.asarray(record[name]).tolist())
        return json.dumps({"format": FORMAT, **record}, allow_nan=False)

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


def _nan_to_none(value):
    if isinstance(value, list):
        return [_nan_to_none(item) for item in value]
    return None if value != value else value
