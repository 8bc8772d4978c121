"""What the page foretells of a run is what goes through the model's layers, and what is learned of one fits all others."""

from dataclasses import replace

import numpy as np
import pytest
from pages import Quiet
from plain import let_small_models_share

from model.document.game import DocumentGame
from model.text import shared
from model.text.nodes import trail
from model.text.text_game import HEAD_TOKENS
from ui.document import run
from ui.document.request import DocumentRequest

WORDS = ["plot", "thin", "acting", "fox", "dog", "one", "two", "lazy"]


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    let_small_models_share(monkeypatch)
    monkeypatch.setattr(shared, "LONG", 0)


def request_of(paragraphs=12, sentences=4):
    rng = np.random.default_rng(0)
    text = "\n\n".join(" ".join(f"The {' '.join(rng.choice(WORDS, 5))}." for _ in range(sentences)) for _ in range(paragraphs))
    return DocumentRequest(text, "Who?", " The fox.", budget=100)


def ran(model, request, place, monkeypatch):
    """Tokens that went through the layers while removed parts were asked about, and what was learned: of a document in
    which the answer stands at this share of its length."""
    counted, learned, ask, layers = [], [], DocumentGame.__call__, trail.run_layers

    def planted(game, coalitions):
        before = len(counted)
        values = ask(game, coalitions)
        if game._game.absent != "remove":
            del counted[before:]
        return 0.0 * values + 5.0 * coalitions[:, int(place * game.n_players)][:, None]

    with monkeypatch.context() as patched:
        patched.setattr(trail, "run_layers", lambda model, ids, *rest: counted.append(len(ids)) or layers(model, ids, *rest))
        patched.setattr(DocumentGame, "__call__", planted)
        desks = []
        told = run.work(model, request, None, None, desks.append, lambda seconds, tokens: learned.append(tokens))
        study = told(Quiet())
    heads = HEAD_TOKENS * len(model.target_ids(request.target)) * study.ledger.evaluations
    return sum(counted) + heads, learned[0], study


def test_a_document_is_foretold_by_what_its_search_runs(tiny_gemma, monkeypatch):
    """Exactly enough where the answer stands in the middle; on average wherever it stands."""
    request = request_of()
    each = run.size(tiny_gemma, request, 2.0)[1]  # as a page asks before; it compares the layers with plain passes, once
    alone = run._game(tiny_gemma, request, request.target).work
    found = []
    for place in (0.25, 0.5, 0.75):
        took, learned, study = ran(tiny_gemma, request, place, monkeypatch)
        assert learned == took
        found.append(took / study.ledger.evaluations)
    assert each == pytest.approx(found[1], rel=0.1) and each == pytest.approx(np.mean(found), rel=0.15)
    assert max(found) < 1.4 * each and min(found) > 0.8 * each
    assert alone > 1.4 * np.mean(found)


def test_more_of_the_same_document_learns_of_what_is_new_alone(tiny_gemma, monkeypatch):
    request = request_of(6)
    _, _, study = ran(tiny_gemma, request, 0.5, monkeypatch)
    game, learned = study.ledger.game, []
    before = game.computed
    desk = run.Desk(run.Desk.what(tiny_gemma, request), game, study.ledger)
    run.work(tiny_gemma, replace(request, budget=150), desk, study, lambda desk: None, lambda _, tokens: learned.append(tokens))(
        Quiet()
    )
    assert learned == [game.computed - before] and 0 < learned[0] < before


def test_a_budget_that_opens_nothing_is_foretold_too(tiny_gemma):
    request = replace(request_of(), budget=2)
    assert run.size(tiny_gemma, request, 2.0)[1] > 0
