"""From a request of the Data page to its game: examples of a few-shot prompt, or the words of one sentence.

Both become one ledger whose columns serve every measure and every target word.
"""

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from model.language import Language
from ui.data.request import DataRequest, ExamplesAbout, ExamplesRequest, WordsAbout, WordsRequest, measure_weights
from ui.kind import LOOK, Result, Subject
from ui.runs.comparison import Comparison
from ui.runs.completing import Size
from ui.runs.so_far import SoFar
from ui.shell.jobs import Job
from ui.shell.pace import Cost
from ui.text import run as text_run
from xai import Attribution, Cancelled, Ledger, explain
from xai.typing import Bools, Floats

if TYPE_CHECKING:
    from model.data.translation import TranslationGame

LEAST = 6  # evaluations of the first look at least: of none, of all, and of two pairs of complements
LOOK_ROWS = 16  # sentences that it reads between two looks at the clock
WRITING = 1.3  # a token of a translation game takes so many times as long as one of scoring; measured on two cores


def make_game(gemma: Language, request: ExamplesRequest) -> "TranslationGame":
    """The translation game of a request; ValueError with one sentence for what is not allowed."""
    from model.data.translation import TranslationGame

    if not all(name.strip() for name in request.languages):
        raise ValueError("Name both languages, as they shall stand in the prompt.")
    game = TranslationGame(
        gemma, request.examples, request.evaluation, request.players, request.languages, tokenizer=request.tokenizer
    )
    if game.n_players < 2:
        raise ValueError("There is only one player, which cannot be compared with others: give more examples or origins.")
    return game


def cost(gemma: Language, request: DataRequest, seconds_per_token: float, answering: float) -> Cost:
    """Of a run; ValueError as the games. answering : seconds of the model's own answer"""
    if isinstance(request, WordsRequest):
        if not request.text.strip():
            raise ValueError("There is nothing to explain yet: write something in “Sentence to translate”.")
        return text_run.cost(gemma, request, seconds_per_token, _translated(gemma, request), answering)
    game = make_game(gemma, request)
    evaluations = request.plan.cost(game.n_players)
    seconds = game.work * seconds_per_token * WRITING
    return Cost(evaluations, (evaluations + 2) * seconds, 2 * seconds)  # before: what it writes with no example, and with all


def words_size(gemma: Language, request: WordsRequest, seconds_per_token: float) -> Size:
    """How many words, and how long an evaluation takes; ValueError as the game."""
    return text_run.size(gemma, request, seconds_per_token, _translated(gemma, request))


def _translated(gemma: Language, request: WordsRequest) -> int:
    """Likely tokens of the translation: as many as the sentence has."""
    return len(gemma.target_ids(f" {request.text}"))


def subject(gemma: Language, request: DataRequest, job: Job) -> Subject:
    """The game of a request."""
    return _words(gemma, request, job) if isinstance(request, WordsRequest) else _examples(gemma, request, job)


def _examples(gemma: Language, request: ExamplesRequest, job: Job) -> Subject:
    game = make_game(gemma, request)
    job.tell(0, 0, "Writing the translations with all examples, and with none")
    ends = [game.translations(np.full(game.n_players, present)) for present in (False, True)]
    weights = measure_weights(len(request.evaluation), "cross-entropy")
    return Subject(game, game.outputs, weights, ExamplesAbout(list(zip(*ends)), game.signatures))


def look(gemma: Language, request: ExamplesRequest, seconds_per_token: float, job: Job) -> None:
    """Publish what cross-entropy alone tells within a few seconds: translations, which the other measures need, take long.

    Of as many sentences as there is time for. Longer only where nothing is told by then. What is published holds no ledger
    to go on with, for in its own chrF and BLEU are not known.
    """
    job.tell(0, 0, "Reading the references, before translations are written")
    game, plan, until = make_game(gemma, request), request.plan, time.monotonic() + LOOK
    weights = measure_weights(len(request.evaluation), "cross-entropy")
    soon = Unwritten(gemma, request, game.outputs, game.sentences_within(LOOK / LEAST / max(seconds_per_token, 1e-9)))
    ledger = Ledger(soon)
    so_far, budget = SoFar(ledger, None, weights, plan.seed), LEAST
    maps: tuple[Attribution, ...] = ()

    def stop() -> bool:
        return job.cancelled() or (bool(maps) and time.monotonic() > until)

    def read(budget: int) -> None:
        with suppress(Cancelled):
            for pane in plan.panes:
                explain(ledger.game, pane.index, "auto", budget, plan.seed, ledger, cancel=stop)

    while not stop():
        read(min(budget, plan.budget))
        maps = so_far.maps(plan.panes, ())
        if budget >= min(plan.budget, 2**game.n_players):
            break
        budget *= 2
    job.check()
    if maps:
        judged = so_far.judgements(maps)
        now = Comparison(plan, maps, game.outputs, weights, Ledger(game), state="preliminary", judgements=judged)
        job.publish(Result(request, ExamplesAbout([], read=soon.read), now))


class Unwritten:
    """A translation game before anything is written: its columns of chrF and BLEU are 0 and mean nothing.

    read : of how many sentences, the first ones; the columns of the others hold the mean of theirs
    """

    def __init__(self, gemma: Language, request: ExamplesRequest, outputs: list[str], read: int) -> None:
        from model.data.translation import TranslationGame

        asked = request.examples, request.evaluation[:read], request.players, request.languages
        self._game, self.outputs, self.read = TranslationGame(gemma, *asked, generate=False), outputs, read
        self.n_players, self.labels = self._game.n_players, self._game.labels
        self._unread = len(request.evaluation) - read
        self.batch_size = max(LEAST, LOOK_ROWS // read)

    def __call__(self, coalitions: Bools) -> Floats:
        scores = self._game(coalitions)
        others = np.repeat(scores.mean(axis=1, keepdims=True), self._unread, axis=1)
        return np.pad(np.hstack([scores, others]), [(0, 0), (0, 2)])


def _words(gemma: Language, request: WordsRequest, job: Job) -> Subject:
    from model.data.source_words import target_words

    made = text_run.subject(gemma, request, job)
    words, tokens = target_words(gemma, made.about.target)
    return replace(made, about=WordsAbout(made.about, words, [int(word) for word in tokens.argmax(axis=0)]))
