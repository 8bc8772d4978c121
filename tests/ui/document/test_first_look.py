"""The first map of a document: by reading once, said to be that, and replaced by what parts' removal gives."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pages
import pytest
from games import FakeGame, brute_force
from streamlit.testing.v1 import AppTest

from ui.document import run, show
from ui.document.request import DocumentRequest
from xai import Cancelled

PAGE = str(Path(__file__).parents[3] / "ui" / "document" / "page.py")
TEXT = "The plot is thin. She said: hello, world!\n\nThe quick brown fox jumps.\n\nOne two three four. Five six seven."
REQUEST = DocumentRequest(TEXT, "Who jumps?", " The fox. She said hello.", budget=64)


class Watched(pages.Quiet):
    """A job that keeps what was published, and how much was paid by then; stops when told to."""

    def __init__(self, stop=lambda job: False):
        self.published, self.paid, self._stop, self.told = [], [], stop, []

    def tell(self, done, total, sentence):
        self.told.append(sentence)

    def publish(self, study):
        self.published.append(study)
        self.paid.append(study.ledger.evaluations)

    def cancelled(self):
        return self._stop(self)


def work(model, job, desk=None, request=REQUEST):
    desks = []
    study = run.work(model, request, desk, None, desks.append, lambda seconds, tokens: None)(job)
    return study, desks[0]


def last_look(job):
    """What was published last by reading once."""
    return [study for study in job.published if study.once][-1]


def by_definition(game, root, index):
    """Values of the uppermost parts, from all their coalitions."""
    member = np.array([[part.first <= i < part.last for i in range(game.n_players)] for part in root.parts])
    return brute_force(FakeGame(len(member), lambda z: game(z @ member > 0.5)[:, 0]), index)


@pytest.fixture(scope="module")
def explained(tiny_gemma):
    job = Watched()
    return *work(tiny_gemma, job), job


def test_the_first_map_is_of_the_document_read_once_and_the_last_of_parts_removed(explained, tiny_gemma):
    study, desk, job = explained
    first, last = last_look(job), job.published[-1]
    assert list(first.found) == ["banzhaf", "shapley"]
    assert list(job.published[0].found) == ["banzhaf"] and job.published[0].once  # as soon as there is anything to see
    looks = [one.once for one in job.published]
    assert looks == sorted(looks, reverse=True) and job.paid[sum(looks) - 1] == 0
    assert last.found is study.found and not last.once and study.state == "done"
    once = run.once_of(tiny_gemma, REQUEST, REQUEST.target)
    for shown, game in ((first, once), (study, desk.game)):
        for index, tree in shown.found.items():
            values = [node.value[0] for node in tree.children(())]
            np.testing.assert_allclose(values, by_definition(game, shown.root, index), atol=1e-4)
    assert abs(by_definition(once, first.root, "banzhaf") - by_definition(desk.game, first.root, "banzhaf")).max() > 0.1


def test_nothing_of_it_is_among_what_was_paid(explained):
    study, desk, _ = explained
    coalitions, values = study.ledger.known()
    np.testing.assert_allclose(values, desk.game(coalitions), atol=1e-4)
    assert study.ledger is desk.ledger


def test_removal_replaces_it_before_all_is_paid(explained):
    study, _, job = explained
    assert len(job.published) > 3 and 0 < next(paid for paid in job.paid if paid) < 32 < study.ledger.evaluations
    assert job.told[1] == "A first look: reading the document once"


def test_it_takes_about_as_long_as_reading_twice(explained, tiny_gemma):
    _, work, look = run.size(tiny_gemma, REQUEST, 2.0)
    once = run.once_of(tiny_gemma, REQUEST, REQUEST.target)
    assert look == once.tokens + run.looks(once) * once.work and work > once.work
    long = replace(REQUEST, target=" fox", text="\n\n".join([TEXT] * 35))
    once = run.once_of(tiny_gemma, long, long.target)
    assert once.tokens < run.size(tiny_gemma, long, 2.0)[2] <= 2 * once.tokens


def test_what_was_paid_is_shown_and_nothing_less(explained, tiny_gemma):
    study, desk, _ = explained
    job = Watched()
    again, _ = work(tiny_gemma, job, desk)
    assert [list(study.found) for study in job.published] == [["banzhaf"], ["banzhaf", "shapley"]]
    assert again.opened == study.opened and not any(study.once for study in job.published)


def test_a_model_that_cannot_be_read_once_goes_without(tiny_gemma, monkeypatch):
    monkeypatch.setattr(tiny_gemma, "handshake", replace(tiny_gemma.handshake, once=False))
    job = Watched()
    study, _ = work(tiny_gemma, job)
    assert job.published and not any(study.once for study in job.published)
    assert run.size(tiny_gemma, REQUEST, 2.0)[2] == 0


def test_cancelled_in_it_nothing_is_kept(tiny_gemma):
    with pytest.raises(Cancelled) as stopped:
        work(tiny_gemma, Watched(lambda job: len(job.told) > 0))
    assert stopped.value.ledger.evaluations == 0


def test_the_page_says_what_it_is_and_takes_it_for_nothing_else(ready, explained):
    first = last_look(explained[2])
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    pages.bench(page, "document").shown = first
    page.run()
    assert not page.exception
    assert show.FIRST_LOOK + show.STOPPED in [one.value for one in page.info]
    assert any("As far as the question sees it, the document changes" in one.value for one in page.markdown)
    assert any("What the first look took is not among them." in one.value for one in page.caption)
    assert "supports each sentence" not in " ".join(one.value for one in page.markdown)
    page.button(key="doc-at-0").click().run()
    deep = next(path for path in first.frontier if len(path) > 1)
    pages.bench(page, "document").own.at = (*deep, 0, 0)  # of a study that had more parts
    page.run()
    assert not page.exception and pages.bench(page, "document").own.at == deep
    assert "doc-open" not in [one.key for one in page.button] and page.button(key="doc-out").key
    pages.bench(page, "document").shown = explained[0]
    page.run()
    assert not [one for one in page.info if "first look" in one.value]


def test_the_page_draws_what_is_there_first_values_by_one_index(ready, explained):
    first = explained[2].published[0]
    assert list(first.found) == ["banzhaf"] and first.once
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    pages.bench(page, "document").shown = first
    page.run()
    assert not page.exception and pages.html(page).count('class="swing-minimap"') == 1
    assert show.FIRST_LOOK + show.STOPPED in [one.value for one in page.info]
    assert any("it is compared once parts were really removed" in one.value for one in page.markdown)
