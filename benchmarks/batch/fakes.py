"""Rows of known values for `exactly_once`: models that any process loads in no time, one of tables and one of short texts."""

from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from batch import Settings
from batch.kinds import Asked

COLUMNS = list("abcdefgh")
WEIGHTS = np.array([0.1, -0.7, 1.3, 2.9, -3.1, 0.3, 1.7, -0.9])


class Cells:
    """A row of a table: each cell adds itself times its column's weight, which is both its values."""

    labels, n_players = COLUMNS, len(COLUMNS)

    def __init__(self, cells):
        self.values = cells * WEIGHTS

    def exact(self, index):
        return self.values

    def __call__(self, coalitions):
        return coalitions @ self.values


class Words:
    """A text: words add what their letters say, and two neighbours that are both there the half of both."""

    def __init__(self, text):
        self.labels = text.split()
        self.n_players = len(self.labels)
        self.own = np.array([sum(map(ord, word)) % 17 - 8 for word in self.labels]) / 4
        self.joint = (self.own[1:] + self.own[:-1]) / 2

    def __call__(self, coalitions):
        return coalitions @ self.own + (coalitions[:, 1:] & coalitions[:, :-1]) @ self.joint


class _Known:
    """What both models are alike in. told : what the fingerprint says of the model"""

    memory = 1e6
    told = ""

    def fingerprint(self):
        return {"model": self.told}

    @contextmanager
    def opened(self):
        yield self


@dataclass(frozen=True)
class Table(_Known):
    settings: Settings = field(default_factory=lambda: Settings("table", judge=False, id="name", rows_per_file=1000))
    needs = None
    frames = True
    told = "cells times weights"

    def asked(self, rows):
        for cells in rows[COLUMNS].to_numpy():
            yield Asked(Cells(cells), "sum")


@dataclass(frozen=True)
class Texts(_Known):
    settings: Settings = field(default_factory=lambda: Settings("text", judge=False, id="name", budget=64, rows_per_file=50))
    needs = ["text"]
    frames = False
    told = "letters of words"

    def asked(self, rows):
        for row in rows:
            yield Asked(Words(row["text"]), "sum")
