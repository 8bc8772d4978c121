"""What the Document page says first of all: which part carries most, and that none does."""

import numpy as np
import pytest

from model.document.parts import parts_of
from ui.document.request import DocumentRequest
from ui.document.run import Study, explain
from ui.document.show import headline
from ui.shell.jobs import Job
from xai import Ledger

WORDS = ["One. ", "Two. ", "Three. ", "Four."]
TEXT = "".join(WORDS)


class Added:
    """Each word adds its weight, to the answer."""

    def __init__(self, weights):
        self.weights, self.n_players, self.labels = np.array(weights), len(weights), [word.strip() for word in WORDS]

    def __call__(self, coalitions):
        return (coalitions @ self.weights)[:, None]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ([0.25, 6.0, 0.5, 0.0], "by +6.75. Most of it stands on **“Two.”** (+6.00)."),
        ([-0.25, 0.0, -6.0, 0.5], "by −5.75. Most of it stands on **“Three.”** (−6.00)."),
        ([2.0, 2.0, 2.0, 2.0], "by +8.00. No part carries half of it."),
        ([-9.0, 4.0, 4.0, 4.0], "by +3.00. Most of it stands on **“Two.”** (+4.00)."),
        ([1.0, -1.0, 1.0, -1.0], "by +0.00. No part carries half of it."),
    ],
)
def test_the_part_that_carries_most_is_named_where_there_is_one(weights, said):
    ends = np.cumsum([len(word) for word in WORDS]).tolist()
    spans = list(zip([0, *ends], ends))
    root = parts_of(TEXT, spans, np.ones(len(WORDS), int))
    start = Study(DocumentRequest(TEXT, "Which?"), TEXT, root, " two", ["the answer"], {}, Ledger(Added(weights)))
    study = explain(start, Job(lambda job: None))
    assert headline(study, 0).replace("\\", "") == f"The document changes the answer’s log-probability {said}"
