"""From a request of the Text page to its game: one prompt, one target."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from model.language import Language
from model.redrawn.gemma import on_redrawn
from model.text.segments import sentences
from model.text.text_game import MAX_PLAYERS, MAX_PROMPT, TextGame
from ui.kind import Subject
from ui.names import PLAYERS
from ui.runs.completing import Size
from ui.shell.jobs import Job
from ui.shell.pace import Cost
from ui.text.request import TextAbout, TextRequest
from xai.game import JoinedGame

ASSUMED_ANSWER = " yes"  # one token, which stands for each of the model's answer where only the cost is asked


def make_game(gemma: Language, request: TextRequest, target: str) -> TextGame | JoinedGame[TextGame]:
    """The game of a request; ValueError with one sentence for anything that cannot be explained."""
    if len(request.prompt) > MAX_PROMPT:
        raise ValueError(f"The prompt has {len(request.prompt)} characters; this page takes at most {MAX_PROMPT}.")
    if not request.text.strip():
        raise ValueError("There is nothing to explain yet: write something in “Text to explain”.")
    spans = gemma.encode(request.prompt).split(request.players, request.within)
    if len(spans) < 2:
        raise ValueError(
            f"There is only {len(spans)} {request.players} to explain, and one alone cannot be compared with others: "
            "write more, or choose smaller parts."
        )
    if len(spans) > MAX_PLAYERS:
        raise ValueError(
            f"There are {len(spans)} {request.players}s to explain; at most {MAX_PLAYERS} are allowed: "
            "shorten the text, or choose larger parts."
        )
    game = gemma.text_game(request.prompt, target, spans, request.absent)
    if request.rather is None:
        return game
    if request.rather == target:
        raise ValueError("The other answer is the same as the target; give one that differs.")
    return JoinedGame(game, gemma.text_game(request.prompt, request.rather, spans, request.absent).begin_where(game))


def cost(gemma: Language, request: TextRequest, seconds_per_token: float, answer_tokens: float, answering: float) -> Cost:
    """Of a run; ValueError as `make_game`. answering : seconds of the model's own answer"""
    players, _, seconds = size(gemma, request, seconds_per_token, answer_tokens)
    evaluations, before = request.plan.cost(players), answering if request.target is None else 0.0
    return Cost(evaluations, before + evaluations * seconds, before)


def size(gemma: Language, request: TextRequest, seconds_per_token: float, answer_tokens: float) -> Size:
    """How many parts, and how long an evaluation takes; ValueError as `make_game`. answer_tokens : of the model's, likely"""
    game = make_game(gemma, request, assumed_target(request, answer_tokens))
    return Size(game.n_players, PLAYERS[request.players], sum(one.likely for one in _each(game)) * seconds_per_token)


def subject(
    gemma: Language,
    request: TextRequest,
    job: Job,
    learn: Callable[[float, float], None] | None = None,
    answered: Callable[[int, float], None] | None = None,
) -> Subject:
    """The game of a request about its target, or the model's own answer.

    learn(seconds, tokens) : told what a run took;  answered(tokens, seconds) : told of the model's own answer
    """
    job.tell(0, 0, "Reading the model's answer")
    target = target_of(gemma, request, answered)
    game = make_game(gemma, request, target)
    each = _each(game)
    own = each[0]
    weights = game.difference if isinstance(game, JoinedGame) else [1.0] * len(game.outputs)
    about = TextAbout(request.prompt, target, own.spans, own.outputs, gemma.next_tokens(request.prompt))
    told = learn or (lambda seconds, tokens: None)
    redrawn = on_redrawn(gemma, lambda other: make_game(other, request, target))
    return Subject(
        game, game.outputs, weights, about, lambda seconds, _: told(seconds, sum(one.computed for one in each)), redrawn
    )


def _each(game: TextGame | JoinedGame[TextGame]) -> Sequence[TextGame]:
    return game.games if isinstance(game, JoinedGame) else (game,)


class Answered(Protocol):
    """What is asked of an answer: after which prompt, a target in its place or None, and where it is cut off."""

    @property
    def prompt(self) -> str: ...
    @property
    def target(self) -> str | None: ...
    @property
    def until(self) -> str: ...
    @property
    def longest(self) -> int: ...


def assumed_target(request: Answered, answer_tokens: float) -> str:
    """The target, or what stands for an answer of so many tokens where only the cost is asked."""
    return ASSUMED_ANSWER * max(1, round(min(answer_tokens, request.longest))) if request.target is None else request.target


def target_of(gemma: Language, request: Answered, answered: Callable[[int, float], None] | None = None) -> str:
    """The target, or the model's own answer. answered(tokens, seconds) : told how long that is, and took"""
    if request.target is not None:
        return request.target
    began = time.perf_counter()
    text = answer(gemma, request)
    if answered:
        answered(len(gemma.target_ids(text)), time.perf_counter() - began)
    return text


def answer(gemma: Language, request: Answered) -> str:
    """The model's greedy answer, as far as the request says."""
    ends = not gemma.chat and request.until != "end"  # a base model goes on and on, a chat model ends by itself
    text = gemma.generate(request.prompt, max_new_tokens=request.longest, stop="\n" if ends else None)
    if request.until == "sentence":
        text = text[: next((end for _, end in sentences(text, 0, len(text))), 0)]
    if not text.strip():
        raise ValueError(
            "The model answers this prompt with nothing: end the prompt so that an answer follows, or type a target."
        )
    return text
