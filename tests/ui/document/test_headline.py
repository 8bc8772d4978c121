"""What the Document page says first of all: which part carries most, and that none does."""

from dataclasses import replace

import numpy as np
import pytest
from studies import RETRIEVED, study

from model.document.parts import parts_of
from ui.document.request import DocumentRequest
from ui.document.run import Study, explain
from ui.document.sentences import called, headline, quoted
from ui.document.tree import heaviest, value
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
        ([6.0, -3.0, 0.5, 0.0], "by +3.50. More stands on **“One.”** (+6.00); the rest takes some of it back."),
        ([0.25, 6.0, 0.5, 0.0], "by +6.75. Most of it stands on **“Two.”** (+6.00)."),
        ([-0.25, 0.0, -6.0, 0.5], "by −5.75. Most of it stands on **“Three.”** (−6.00)."),
        ([2.0, 2.0, 2.0, 2.0], "by +8.00. No part carries half of it."),
        (
            [-9.0, 4.0, 4.0, 4.0],
            "by +3.00. At least half of it is carried by each of "
            "**“Two.”** (+4.00), **“Three.”** (+4.00) and **“Four.”** (+4.00).",
        ),
        (
            [5.0, 0.0, 0.0, 5.0],
            "by +10.00. At least half of it is carried by each of **“One.”** (+5.00) and **“Four.”** (+5.00).",
        ),
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


def told(weights):
    text = "[1] The mill\nThe mill is old.\n\n[2] The inn\nThe inn is new. It is blue and stands alone on the hill by the sea."
    at = [text.split().index(word) for word in weights]
    found = study(text, [lambda z: z[:, at] @ np.array(list(weights.values()), float)], budget=64)
    return replace(found, found={index: replace_opened(one) for index, one in found.found.items()})


def replace_opened(one):
    """The same with the passages closed, as where the budget ends there."""
    top = {path: node for path, node in one.nodes.items() if len(path) < 2}
    return replace(one, nodes={path: replace(node, opened=node.opened and path == ()) for path, node in top.items()})


def test_a_part_that_was_not_opened_is_not_taken_for_the_sentence_with_which_it_begins():
    assert "Most of it stands on the passage **“[2] The inn”** (+6.00)" in headline(told({"alone": 6}), 0).replace("\\", "")
    text = "The mill is old. It is red.\n\nThe inn is new. It is blue and stands alone on the hill above the sea, by itself."
    at = text.split().index("alone")
    found = study(text, [lambda z: 6.0 * z[:, at]], budget=64)
    closed = replace(found, found={index: replace_opened(one) for index, one in found.found.items()})
    said = headline(closed, 0).replace("\\", "")
    assert "Most of it stands on the part that begins **“The inn is new. It is blue and" in said
    assert "Most of it stands on **“It is blue and stands alone" in headline(found, 0).replace("\\", "")


def test_where_either_of_two_passages_is_enough_both_are_named():
    found = study(RETRIEVED, [lambda z: 8.0 * z[:, captains()].max(axis=1)], budget=800)
    said = headline(found, 0, quoted)
    for path in heaviest(found, 0):
        assert value(found.found["banzhaf"].nodes[path], 0) >= 4.0 and called(found, path, quoted) in said
    assert len(heaviest(found, 0)) == 2 and "At least half of it is carried by each of “" in said and "Most of it" not in said


def captains():
    return [i for i, word in enumerate(RETRIEVED.split()) if word.startswith("Ingrid")]
