"""What a kind of row gives a run: its columns, what its values depend on, and in the process that works a game for each row."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from xai.game import Game

if TYPE_CHECKING:
    import pandas as pd

Rows: TypeAlias = "list[Any] | pd.DataFrame"  # one after the other, each as a dict of cells, a file's name or a `Bad`


@dataclass(frozen=True)
class Asked:
    """The game of a row; weights : (k,) of its output columns, None: all 1;  output : what the value is of, in words"""

    game: Game
    output: str
    weights: list[float] | None = None


class Asker(Protocol):
    """A kind with its model loaded: what a process that works holds."""

    def asked(self, rows: Rows) -> Iterator[Asked | Exception]:
        """For each row its game, or the error that it made; a row's game depends on no other row."""
        ...


class Kind(Protocol):
    """How rows are asked; small, and pickled to the processes that work.

    needs : columns that must be there and are read, None: all;  frames : rows come as a frame, their cells with types
    memory : bytes that a process with its model takes, about
    """

    needs: list[str] | None
    frames: bool
    memory: float

    def fingerprint(self) -> dict[str, str]:
        """Everything beside settings and data that values depend on, by name: weights, tables. Loads no model."""
        ...

    def opened(self) -> AbstractContextManager[Asker]:
        """The model, loaded; leaving the context gives back what was set for the whole process."""
        ...
