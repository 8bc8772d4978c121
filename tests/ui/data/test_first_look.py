"""The first map of examples: by cross-entropy, before anything is written; it equals what the whole run finds of it."""

import numpy as np
import pytest

from model.data.pairs import Pair
from model.data.translation import TranslationGame
from ui.data import run, show
from ui.data.request import ExamplesRequest, measure_weights
from ui.data.run import look, subject
from ui.runs.comparison import Plan
from ui.shell.jobs import Job, Stopped
from xai import explain
from xai.trust.held_out import design_of

EXAMPLES = tuple(Pair(f"good dog {i}", f"fox {i}", "ab"[i % 2]) for i in range(4))
FAST = 1e-6  # seconds a token
EVALUATION = (Pair("brown dog", "the fox"), Pair("ten", "eleven twelve"))


class Watched(Job):
    """A job that keeps what it publishes."""

    def __init__(self):
        super().__init__(lambda job: None)
        self.told, self.published = [], []

    def tell(self, done, total, sentence):
        self.told.append(sentence)

    def publish(self, result):
        self.published.append((result, list(self.told)))


def test_it_is_there_before_a_translation_is_written_and_is_right(tiny_gemma):
    request = ExamplesRequest("example", ("English", "French"), False, EXAMPLES, EVALUATION, Plan(budget=64))
    job = Watched()
    look(tiny_gemma, request, FAST, job)
    made = subject(tiny_gemma, request, job)
    (result, before), *more = job.published
    assert not more and not any("Writing" in sentence for sentence in before) and "Writing" in job.told[-1]
    found, weights = result.comparison, measure_weights(2, "cross-entropy")
    assert result.about.read == 2
    assert found.state == "preliminary" and len(found.judgements) == 2 and not result.about.written
    assert found.outputs == made.outputs and len(made.about.written) == 2
    assert found.ledger.evaluations == 0 and found.ledger.game.generate  # nothing of it is taken for a paid evaluation
    game = TranslationGame(tiny_gemma, EXAMPLES, EVALUATION)
    for one in found.maps:
        exact = explain(game, one.index, "exact").combine(weights)
        np.testing.assert_allclose(one.combine(weights).values, exact.values, atol=1e-5)


def test_on_a_slow_machine_it_goes_on_until_it_tells_something(tiny_gemma, monkeypatch):
    monkeypatch.setattr(run, "LOOK", 0.0)
    job = Watched()
    look(tiny_gemma, ExamplesRequest("example", ("English", "French"), False, EXAMPLES, EVALUATION, Plan(budget=64)), FAST, job)
    ((result, _),) = job.published
    assert all(len(design_of(one).coalitions) == run.LEAST < 2**4 for one in result.comparison.maps)


def test_on_a_slow_machine_it_is_of_the_first_sentences(tiny_gemma):
    game, job = TranslationGame(tiny_gemma, EXAMPLES, EVALUATION), Watched()
    assert [game.sentences_within(tokens) for tokens in (0, 1e3)] == [1, 2]
    request = ExamplesRequest("example", ("English", "French"), False, EXAMPLES, EVALUATION, Plan(budget=64))
    look(tiny_gemma, request, 10.0, job)
    ((result, _),) = job.published
    first = TranslationGame(tiny_gemma, EXAMPLES, EVALUATION[:1], generate=False)
    exact = explain(first, "banzhaf", "exact")
    assert result.about.read == 1
    np.testing.assert_allclose(result.comparison.focused()[0].values, exact.values[:, 0], atol=1e-5)


def test_what_it_shows_says_of_how_many_sentences_it_is():
    assert show._so_far(3, 8).startswith("So far of the first 3 of 8 sentences.")
    assert show._so_far(8, 8) == show._so_far(0, 8) == "chrF and BLEU follow when translations are written."


def test_a_cancel_reaches_it(tiny_gemma):
    request, job = ExamplesRequest("origin", ("English", "French"), False, EXAMPLES, EVALUATION), Watched()
    job.cancel()
    with pytest.raises(Stopped):
        look(tiny_gemma, request, FAST, job)
