"""What is read of a map: the part of an `Attribution` that figures and other tools are made of."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from xai.typing import Floats

INDEX_NAMES = {"banzhaf": "Banzhaf values", "shapley": "Shapley values"}


class Map(Protocol):
    """Of an `Attribution`, which calls what is made here and so cannot be imported here."""

    @property
    def values(self) -> Floats: ...
    @property
    def standard_error(self) -> Floats | None: ...
    @property
    def labels(self) -> list[str]: ...
    @property
    def index(self) -> str: ...


class WholeMap(Map, Protocol):
    """What tools are given that ask how a map was made, too."""

    @property
    def method(self) -> str: ...
    @property
    def evaluations(self) -> int: ...
    @property
    def empty_value(self) -> float | Floats: ...
    @property
    def full_value(self) -> float | Floats: ...
    @property
    def note(self) -> str: ...
    @property
    def p(self) -> float: ...


@dataclass(frozen=True, eq=False)
class Column:
    """A map of one output: values (n,), and by `name` which output it is, "" where there is one alone."""

    values: Floats
    standard_error: Floats | None
    labels: list[str]
    index: str
    name: str


def output_names(shown: Map, names: list[str] | None) -> list[str] | None:
    """Names of the k output columns of values (n, k), by default their numbers; None for values (n,).

    ValueError where the names are not one per output, or not all different.
    """
    if shown.values.ndim == 1:
        if names is not None:
            raise ValueError("outputs names the columns of values (n, k), and these values have one column: leave it out")
        return None
    k = shown.values.shape[1]
    names = [str(j) for j in range(k)] if names is None else [str(name) for name in names]
    if len(names) != k or len(set(names)) != k:
        raise ValueError(f"outputs must be {k} different names, one per output; got {names}")
    return names


def columns(shown: Map, names: list[str] | None = None) -> list[Column]:
    """The map of each output."""
    names = output_names(shown, names) or [""]
    values = shown.values.reshape(len(shown.labels), -1)
    error = None if shown.standard_error is None else shown.standard_error.reshape(values.shape)
    return [
        Column(values[:, j], None if error is None else error[:, j], shown.labels, shown.index, name)
        for j, name in enumerate(names)
    ]


def strongest(shown: Map) -> Floats:
    """(n,) the largest |value| of each player in any output."""
    sizes: Floats = np.abs(shown.values.reshape(len(shown.labels), -1)).max(axis=1)
    return sizes
