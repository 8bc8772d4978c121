"""The game of a row of a table, and what a model says of rows."""

from collections.abc import Callable
from typing import NamedTuple

from xai.checks import check_coalitions
from xai.typing import Bools, Floats


class Prediction(NamedTuple):
    """margin (rows,) or (rows, classes), raw;  probabilities (rows, classes), None for a regression; of a model that gives
    none, 1 for the class that it chooses."""

    margin: Floats
    probabilities: Floats | None


class TableGame:
    """bool (m, columns) → float64 (m,), or (m, classes) for more than two: raw margins, averaged over the background.

    An absent column takes the background row's cell. `outputs` names the classes, or the target; `exact(index)` gives
    the columns' exact values, (columns,) or (columns, classes), and is None where they have no closed form.
    """

    def __init__(
        self,
        value: Callable[[Bools], Floats],
        labels: list[str],
        outputs: list[str],
        exact: Callable[[str], Floats] | None = None,
        batch_size: int = 4096,
    ) -> None:
        self.batch_size = batch_size
        self._value, self.labels, self.outputs, self.exact = value, labels, outputs, exact
        self.n_players = len(labels)

    def __call__(self, coalitions: Bools) -> Floats:
        values = self._value(check_coalitions(coalitions, self.n_players))
        return values if len(self.outputs) > 1 else values[:, 0]
