"""Studies of documents by games that are known by heart, without a model."""

import re

import numpy as np
from pages import Quiet

from model.document.parts import parts_of
from ui.document.request import DocumentRequest
from ui.document.run import Study, whole
from xai import Ledger

RETRIEVED = """[1] The ferry
The ferry leaves at seven. Its captain is Ingrid.

[2] The lighthouse
The lighthouse is red. Its keeper is Olaf.

[3] The school
The school has nineteen pupils. The teacher plays the violin.

[4] The bakery
The bakery opens at six. It is run by Ingrid, the captain."""


class Watched(Quiet):
    """A job that remembers what was published last."""

    latest = None

    def publish(self, result):
        self.latest = result


class Game:
    """Of a text's words, columns by functions of a float array (m, words); counts what it is asked."""

    def __init__(self, text, columns):
        self.spans = [match.span() for match in re.finditer(r"\s*\S+\s*", text)]
        self.labels, self.columns = [text[start:end].strip() for start, end in self.spans], columns
        self.n_players, self.asked = len(self.labels), 0

    def __call__(self, coalitions):
        self.asked += len(coalitions)
        return np.stack([column(coalitions.astype(float)) for column in self.columns], axis=1)


def started(text, columns, outputs=("the answer",), **asked):
    """A study with nothing found yet."""
    game = Game(text, columns)
    request = DocumentRequest(text, "Who?", **{"target": " A. B.", "budget": 200, **asked})
    root = parts_of(text, game.spans, np.ones(game.n_players, int))
    return Study(request, text, root, request.target, list(outputs), {}, Ledger(game), model="a model")


def study(text, columns, outputs=("the answer",), job=None, **asked):
    return whole(started(text, columns, outputs, **asked), None, job or Watched())


def retrieved(**asked):
    """The captain stands in two passages, of which either is enough; the violin in one; the third sentence in none."""
    game = Game(RETRIEVED, [])
    captains = [i for i, label in enumerate(game.labels) if label.startswith("Ingrid")]
    violin = game.labels.index("violin.")

    def captain(z):
        return 8.0 * z[:, captains].max(axis=1)

    def plays(z):
        return 5.0 * z[:, violin]

    def none(z):
        return 0.05 * z.sum(axis=1)

    outputs = ["the answer", "The captain is Ingrid.", "The teacher plays.", "Cats fly."]
    return study(RETRIEVED, [lambda z: captain(z) + plays(z) + none(z), captain, plays, none], outputs, **asked)


def long_study(pages=200, paragraphs=4, budget=600):
    """Some 70,000 words of ten-page chapters, of which one in twenty changes the answer."""
    rng = np.random.default_rng(0)
    words = ["harbour", "lighthouse", "ferry", "captain", "school", "bakery", "stone", "water", "winter", "quarry"]
    parts = []
    for page in range(pages):
        parts += [f"# Chapter {page // 10 + 1}"] * (page % 10 == 0)
        parts += [" ".join(f"The {' '.join(rng.choice(words, 9))} is {page}." for _ in range(8)) for _ in range(paragraphs)]
    text = "\n\n".join(parts)
    weights = np.zeros(len(text.split()))
    heavy = rng.integers(0, len(weights), len(weights) // 20)
    weights[heavy] = rng.normal(0, 1, len(heavy))
    return study(text, [lambda z: z @ weights], budget=budget)
