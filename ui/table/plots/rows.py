"""Exact values of all rows of a table, and which column each acts with most."""

from dataclasses import dataclass

import numpy as np

from ui.shell.jobs import Job
from ui.table.request import TableRequest
from ui.table.run import Fitted, background_of, exact_values
from xai.checks import INDICES
from xai.typing import Bools, Floats, Ints

MOST_ROWS = 10_000
CHUNK = 500  # rows between two looks at a cancellation
PAIRED = 40  # rows whose exact interactions choose partners; fewer where the table is wide or has many classes
_MOST_PAIRS = 2_000_000  # interactions, over these rows and both indices


@dataclass(frozen=True, eq=False)
class AllRows:
    """places (rows,) in the table;  values : index → (rows, n, outputs);  cells (rows, n) as numbers, NaN where missing

    empty (rows, n) : cells that hold nothing: of those that are NaN the others are infinite, or could not be read
    partners : index → (n, outputs), the column with the largest mean |interaction| with each; −1 where all are 0
    paired : over how many of the rows that mean is
    """

    places: Ints
    values: dict[str, Floats]
    cells: Floats
    empty: Bools
    partners: dict[str, Ints]
    paired: int


def compute(fitted: Fitted, request: TableRequest, job: Job) -> AllRows:
    """Exact values of every row, or of 10,000 drawn with the seed."""
    count = len(fitted.frame)
    places = np.arange(count)
    if count > MOST_ROWS:
        places = np.sort(np.random.default_rng([request.plan.seed, 3]).permutation(count)[:MOST_ROWS])
    parts = []
    for start in range(0, len(places), CHUNK):
        job.check()
        job.tell(start, len(places), f"Exact values of row {start + 1} of {len(places)}")
        parts.append(exact_values(fitted, request, fitted.frame.iloc[places[start : start + CHUNK]]))
    values = {index: np.concatenate([part[index] for part in parts]) for index in parts[0]}
    empty = fitted.cells.iloc[places].isna().to_numpy()
    cells = np.where(empty, np.nan, fitted.table_model.encode(fitted.frame.iloc[places]))
    pairs = values[INDICES[0]][0].size * cells.shape[1] * len(INDICES)
    some = np.unique(np.linspace(0, len(places) - 1, int(np.clip(_MOST_PAIRS // pairs, 1, PAIRED))).astype(int))
    return AllRows(places, values, cells, empty, _partners(fitted, request, places[some], job), len(some))


def _partners(fitted: Fitted, request: TableRequest, places: Ints, job: Job) -> dict[str, Ints]:
    model, background = fitted.table_model, background_of(fitted, request)
    found = {}
    for index in INDICES:
        total = np.zeros(0)
        for done, place in enumerate(places):
            job.check()
            job.tell(done, len(places), f"Exact interactions of row {place + 1}")
            size = np.abs(model.interactions(fitted.frame.iloc[[place]], index, background))
            total = total + size if done else size
        sizes = np.reshape(total, (len(model.labels), len(model.labels), -1))
        found[index] = np.where(sizes.max(axis=1) > 0, sizes.argmax(axis=1), -1)
    return found
