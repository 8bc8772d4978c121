"""From a request of the Document page to its explained tree, by both indices from one ledger."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from model.document.foretold import tokens_each
from model.document.game import DocumentGame
from model.document.parts import Passage, tree_of
from model.language import Language
from model.text.once import READ_ONCE
from ui.document.keep.record import record_of
from ui.document.request import DocumentRequest
from ui.names import INDICES
from ui.shell.jobs import Job
from ui.text import run as text_run
from xai import Cancelled, Hierarchy, Judgement, Ledger, explain_tree, judge_tree, judging_cost, opening_cost
from xai.game import Game
from xai.hierarchy.found import Path

LedgerOf = Callable[[Game, Ledger], Ledger]  # of a game, with what another ledger of it holds


@dataclass(frozen=True, eq=False)
class Study:
    """A document whose heaviest parts are opened.

    text : the document;  root : its parts;  target : the answer;  outputs : k names of the game's columns
    found : index → tree; while a run goes on, maybe one;  ledger : everything paid, by removal alone
    once : whether the trees are a first look, by reading once; what it took is in no ledger
    model : fingerprint of the one that answered;  state : "preliminary" (a run goes on), "partial" (cancelled) or "done"
    judged : index → of each output what `judge_tree` says of the parts that the search opened; {} where not judged
    """

    request: DocumentRequest
    text: str
    root: Passage
    target: str
    outputs: list[str]
    found: dict[str, Hierarchy]
    ledger: Ledger = field(repr=False)
    once: bool = False
    model: str = ""
    state: str = "preliminary"
    judged: dict[str, list[Judgement]] = field(default_factory=dict)

    def to_record(self) -> dict[str, Any]:
        """As JSON can hold it, the request and the ledger left out."""
        own = {name: getattr(self, name) for name in ("target", "outputs", "model", "state")}
        return own | record_of(self.root, self.found, self.judged)

    @cached_property
    def opened(self) -> set[Path]:
        """Parts whose children have values by every index."""
        trees = [{path for path, node in one.nodes.items() if node.opened} for one in self.found.values()]
        return set.intersection(*trees)

    @cached_property
    def frontier(self) -> list[Path]:
        """The smallest parts that have values, in their order: together they are the whole document."""
        return self.smallest(self.opened)

    def smallest(self, opened: set[Path]) -> list[Path]:
        """The smallest parts where these are opened."""
        found: list[Path] = []
        stack: list[Path] = [()]
        while stack:
            path = stack.pop()
            if path in opened:
                stack += [(*path, i) for i in reversed(range(len(self.root.at(path).parts)))]
            else:
                found.append(path)
        return found

    def sentence_of(self, path: Path) -> Path:
        """The sentence in which a part stands; the part itself where it stands in none."""
        above = (path[:level] for level in range(len(path)))
        return next((one for one in above if self.root.at(one).kind == "sentence"), path)

    @property
    def by_search(self) -> list[Path]:
        """The smallest parts of the search, sentences whole, and what was opened by hand: which are judged as one map."""
        whole = {path for path in self.opened if self.root.at(path).kind == "sentence"} | set(self.request.opened)
        return self.smallest({path for path in self.opened if not any(path[:level] in whole for level in range(len(path) + 1))})


@dataclass
class Desk:
    """The game that a session works at: what was paid in it stays paid, also where a run was cancelled.

    asked : which game that is, and of which model (`what`)
    """

    asked: object
    game: DocumentGame
    ledger: Ledger

    @classmethod
    def of(cls, model: Language, request: DocumentRequest, target: str) -> "Desk":
        game = _game(model, request, target)
        return cls(cls.what(model, request), game, Ledger(game))

    @staticmethod
    def what(model: Language, request: DocumentRequest) -> object:
        return request.same_game, model.fingerprint


def check(request: DocumentRequest) -> None:
    """ValueError where nothing is asked."""
    if not request.text.strip():
        raise ValueError("There is no document yet: paste a text, or upload a file.")
    if not request.question.strip():
        raise ValueError("There is no question yet: write what the document should answer.")


def size(model: Language, request: DocumentRequest, answer_tokens: float) -> tuple[int, float, float]:
    """Words of the document, and in tokens run through the model what an evaluation costs on average, and what the first
    look does.

    answer_tokens : of the model's own answer, likely. ValueError as of `DocumentGame`
    """
    check(request)
    target = text_run.assumed_target(request, answer_tokens)
    game, once = _game(model, request, target), once_of(model, request, target)
    return game.n_players, tokens_each(game, request.budget), 0.0 if once is None else once.tokens + looks(once) * once.work


def once_of(model: Language, request: DocumentRequest, target: str) -> DocumentGame | None:
    """The same document, read once; None where the model cannot be asked so."""
    try:
        model.handshake.way(READ_ONCE)
    except ValueError:
        return None
    return _game(model, request, target, READ_ONCE)


def looks(once: DocumentGame) -> int:
    """Evaluations of a first look: as many as cost another reading, and enough for the uppermost parts."""
    least = max(opening_cost(len(once.root.parts), index, 0) for index in INDICES)
    return max(once.per_reading, least + 2)


def _game(model: Language, request: DocumentRequest, target: str, absent: str = "remove") -> DocumentGame:
    return DocumentGame(model, request.text, request.question.strip(), target, absent)


def at_most(request: DocumentRequest, root: Passage | None = None) -> int:
    """Evaluations that a request takes at most, by both indices. root : the parts, needed where some are opened by hand"""
    by_hand = [] if root is None else [opening(root, path, request.budget) for path in request.opened]
    return 2 * request.budget + sum(by_hand) + judging_cost(request.budget)


def opening(root: Passage, path: Path, budget: int) -> int:
    """Evaluations that opening one part takes at most, by both indices."""
    return sum(opening_cost(len(root.at(path).parts), index, budget, len(path)) for index in INDICES)


def prepare(
    model: Language,
    request: DocumentRequest,
    job: Job,
    before: Study | None = None,
    answered: Callable[[int, float], None] | None = None,
) -> Desk:
    """The game of a request about its answer. before : of the same game, whose answer and ledger are taken over

    answered(tokens, seconds) : told of the model's own answer
    """
    check(request)
    if before is None:
        job.tell(0, 0, "Reading the model’s answer")
    desk = Desk.of(model, request, text_run.target_of(model, request, answered) if before is None else before.target)
    if before is not None:
        desk.ledger.take(before.ledger)
    return desk


def explain(start: Study, job: Job) -> Study:
    """Both indices' trees, published as they come, parts of the first too where nothing was paid. start : nothing found yet"""
    request, ledger = start.request, start.ledger
    tree, most = tree_of(start.root, start.text), at_most(request, start.root)
    study, fresh = start, not ledger.evaluations

    def so_far(found: Hierarchy) -> None:
        job.publish(replace(start, found={found.index: found}))

    for index in INDICES:
        before = len(study.found) * most // len(INDICES)

        def told(done: int, total: int, before: int = before, index: str = index) -> None:
            job.tell(before + done, max(most, before + total), f"{INDICES[index]}: {done} of at most {total}")

        only = study.opened - set(request.opened) if study.found else None  # else what is opened by hand changed the search
        watch = so_far if fresh and not study.found else None  # else there is more to see already
        asked = request.budget, request.seed, told, job.cancelled, ledger, only, request.opened, watch
        study = replace(study, found={**study.found, index: explain_tree(ledger.game, tree, index, *asked)})
        job.publish(study)
    return study


def first_look(start: Study, once: DocumentGame, job: Job) -> None:
    """Publish both indices' trees of a document that is read once, parts of the first as they come. start : nothing found yet"""
    job.tell(0, 0, "A first look: reading the document once")
    ledger, tree = Ledger(once), tree_of(start.root, start.text)
    found: dict[str, Hierarchy] = {}

    def so_far(one: Hierarchy) -> None:
        job.publish(replace(start, found={one.index: one}, once=True))

    try:
        for index in INDICES:
            asked = index, looks(once), start.request.seed, None, job.cancelled, ledger
            found[index] = explain_tree(once, tree, *asked, so_far=None if found else so_far)
    except Cancelled:
        raise Cancelled(start.ledger) from None  # nothing of it is kept
    job.publish(replace(start, found=found, once=True))


def work(
    model: Language,
    request: DocumentRequest,
    desk: Desk | None,
    before: Study | None,
    keep: Callable[[Desk], None],
    learn: Callable[[float, float], None],
    answered: Callable[[int, float], None] | None = None,
    ledger_of: LedgerOf = lambda game, known: known,
) -> Callable[[Job], Study]:
    """What a job does. desk, before : of the same game, None for none;  keep(desk) : told of the game it works at

    learn(seconds, tokens) : told what it took;  answered : as in `prepare`;  ledger_of : gives the one to pay into
    """

    def done(job: Job) -> Study:
        at = desk or prepare(model, request, job, before, answered)
        at = replace(at, ledger=ledger_of(at.game, at.ledger))
        keep(at)
        game = at.game
        spent, paid, computed = at.ledger.seconds, at.ledger.evaluations, game.computed
        start = Study(request, game.text, game.root, game.target, game.outputs, {}, at.ledger, model=model.fingerprint)
        once = None if paid else once_of(model, request, game.target)
        if once is not None:
            with job.in_one_go():  # what is read of the document is not kept for long
                first_look(start, once, job)
        study = whole(start, before, job)
        learn(at.ledger.seconds - spent, game.computed - computed)
        return study

    return done


def whole(start: Study, before: Study | None, job: Job) -> Study:
    """Explained and judged; where it is cancelled, what was found until then. before : as of `work`"""
    try:
        return replace(judged(explain(start, job), before, job), state="done")
    except Cancelled:
        if not isinstance(job.latest, Study) or job.latest.once:
            raise
        return replace(job.latest, state="partial")


def judged(study: Study, before: Study | None, job: Job) -> Study:
    """The study with what is to be said of how right it is. A part that is opened by hand costs no judging anew."""
    if before is not None and before.judged and replace(before.request, opened=()) == replace(study.request, opened=()):
        return replace(study, judged=before.judged)
    most = at_most(study.request, study.root)

    def told(done: int, total: int) -> None:
        job.tell(most - total + done, most, f"Judging the values on unseen coalitions: {done} of {total}")

    tree, trees = tree_of(study.root, study.text), list(study.found.values())
    found = judge_tree(study.ledger, tree, trees, study.by_search, study.request.seed, told, job.cancelled)
    return replace(study, judged=dict(zip(study.found, found)))
