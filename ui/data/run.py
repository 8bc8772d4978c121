"""From a request of the Data page to its game: examples of a few-shot prompt, or the words of one sentence.

Both become one ledger whose columns serve every measure and every target word.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from model.gemma import Gemma
from ui.data.request import DataRequest, ExamplesAbout, ExamplesRequest, WordsAbout, WordsRequest, measure_weights
from ui.kind import Subject
from ui.shell.jobs import Job
from ui.text import run as text_run

if TYPE_CHECKING:
    from model.data.translation import TranslationGame

WRITING = 2.0  # a token of a translation game takes so many times as long as one of scoring; measured on two cores


def make_game(gemma: Gemma, request: ExamplesRequest) -> "TranslationGame":
    """The translation game of a request; ValueError with one sentence for what is not allowed."""
    from model.data.translation import TranslationGame

    if not all(name.strip() for name in request.languages):
        raise ValueError("Name both languages, as they shall stand in the prompt.")
    game = TranslationGame(gemma, request.examples, request.evaluation, request.players, request.languages)
    if game.n_players < 2:
        raise ValueError("There is only one player, which cannot be compared with others: give more examples or origins.")
    return game


def cost(gemma: Gemma, request: DataRequest, seconds_per_token: float) -> tuple[int, float]:
    """Most evaluations a run can take, and about how many seconds; ValueError as the games."""
    if isinstance(request, WordsRequest):
        if not request.text.strip():
            raise ValueError("There is nothing to explain yet: write something in “Sentence to translate”.")
        return text_run.cost(gemma, request, seconds_per_token)
    game = make_game(gemma, request)
    evaluations = request.plan.cost(game.n_players)
    seconds = game.work * seconds_per_token * WRITING
    return evaluations, (evaluations + 2) * seconds  # two more: what it writes with no example, and with all


def subject(gemma: Gemma, request: DataRequest, job: Job) -> Subject:
    """The game of a request."""
    return _words(gemma, request, job) if isinstance(request, WordsRequest) else _examples(gemma, request, job)


def _examples(gemma: Gemma, request: ExamplesRequest, job: Job) -> Subject:
    job.tell(0, 0, "Writing the translations with all examples, and with none")
    game = make_game(gemma, request)
    ends = [game.translations(np.full(game.n_players, present)) for present in (False, True)]
    weights = measure_weights(len(request.evaluation), "cross-entropy")
    return Subject(game, game.outputs, weights, ExamplesAbout(list(zip(*ends))))


def _words(gemma: Gemma, request: WordsRequest, job: Job) -> Subject:
    from model.data.source_words import target_words

    made = text_run.subject(gemma, request, job)
    words, tokens = target_words(gemma, made.about.target)
    return replace(made, about=WordsAbout(made.about, words, [int(word) for word in tokens.argmax(axis=0)]))
