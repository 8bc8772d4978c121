"""A kind of known values, with a model that any process loads in no time, and what tests ask of a run's rows."""

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from batch.kinds import Asked
from batch.settings import Settings
from batch.sources import Bad

N = 6


def weights_of(text):
    """What the players of a row are worth: both indices of its additive game."""
    return np.array([(sum(map(ord, text)) * (i + 3)) % 17 - 8 for i in range(N)], float) / 4


class Sum:
    def __init__(self, text):
        self.weights, self.n_players, self.labels = weights_of(text), N, [f"p{i}" for i in range(N)]

    def __call__(self, coalitions):
        return coalitions @ self.weights


class Asker:
    def __init__(self, kind):
        self.kind = kind

    def asked(self, rows):
        for row in rows:
            time.sleep(self.kind.pause)
            if isinstance(row, Bad):
                yield ValueError(row.why)
            elif "bad" in row["text"]:
                yield ValueError(f"the row {row['text']!r} is bad")
            elif "deadly" in row["text"]:
                os.kill(os.getpid(), 9)
            elif "odd" in row["text"]:
                yield Asked(None, "")  # what no kind should give: the row's own error
            else:
                yield Asked(Sum(row["text"]), "yes" if len(row["text"]) % 2 else "no")


@dataclass(frozen=True)
class Fake:
    settings: Settings = field(default_factory=lambda: Settings("text", rows_per_file=4, judge=False))
    weights: str = "of the fake"
    pause: float = 0.0
    needs = ("text",)
    frames = False
    memory = 1e6

    def fingerprint(self):
        return {"model": self.weights}

    @contextmanager
    def opened(self):
        if self.weights == "damaged":
            raise ValueError("the weights are damaged")
        yield Asker(self)


def write(path: Path, count: int, cell=lambda i: f"text {i}") -> Path:
    path.write_text("text\n" + "".join(f"{cell(i)}\n" for i in range(count)))
    return path


def rows_of(out, without=("seconds",)):
    """Every committed row, in order, as it stands in the files."""
    from pyarrow import parquet

    found = [row for part in sorted((Path(out) / "rows").glob("part-*.parquet")) for row in parquet.read_table(part).to_pylist()]
    return [{name: cell for name, cell in row.items() if name not in without} for row in found]


KILLED = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from batch import explain_dataset
from data_sets import Fake

if __name__ == "__main__":
    explain_dataset({source!r}, {out!r}, Fake(pause=0.005), workers={workers})
"""
