"""From what the Text page asks to what it shows: one prompt, one target, both indices from one ledger."""

import time
from dataclasses import dataclass

import numpy as np

from ui.names import INDICES
from xai import Attribution, Ledger, explain

MAX_PLAYERS = 256
MAX_PROMPT = 20_000  # characters, checked before anything is tokenised
MAX_ANSWER = 20
ASSUMED_ANSWER = " yes."  # stands for the model's answer where only the cost is asked


@dataclass(frozen=True)
class TextRequest:
    """before + text + after is the prompt; `text` is explained. target None: the model's own answer.

    banzhaf, shapley : the method for each index; where the budget covers every coalition, both are exact instead
    """

    before: str
    text: str
    after: str
    target: str | None = None
    players: str = "word"
    absent: str = "remove"
    banzhaf: str = "kernel"
    shapley: str = "kernelshap"
    budget: int = 256
    seed: int = 0

    @property
    def prompt(self) -> str:
        return self.before + self.text + self.after

    @property
    def within(self) -> tuple[int, int]:
        return len(self.before), len(self.before) + len(self.text)

    @property
    def same_game(self) -> tuple:
        """What two requests must share for the one to go on with the other's ledger."""
        return self.before, self.text, self.after, self.target, self.players, self.absent


@dataclass
class TextResult:
    """banzhaf and shapley : of the whole target (the sum of its tokens' log-probabilities), values (n,)."""

    request: TextRequest
    target: str
    spans: list[tuple[int, int]]
    outputs: list[str]
    banzhaf: Attribution
    shapley: Attribution


@dataclass
class Session:
    """What one browser session keeps between runs: the ledger of its last game, so that nothing is paid twice."""

    key: tuple | None = None
    ledger: Ledger | None = None
    game: object = None


def make_game(gemma, request: TextRequest, target: str):
    """The text game of a request; ValueError with one sentence for anything that cannot be explained."""
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
    return gemma.text_game(request.prompt, target, spans, request.absent)


def cost(gemma, request: TextRequest, seconds_per_token: float) -> tuple[int, float]:
    """Most evaluations this run can take, and about how many seconds; ValueError as `make_game`."""
    game = make_game(gemma, request, ASSUMED_ANSWER if request.target is None else request.target)
    every = 2**game.n_players if game.n_players < 20 else np.inf
    evaluations = int(min(every, 2 * request.budget))
    return evaluations, evaluations * game.work * seconds_per_token


def run(gemma, request: TextRequest, session: Session, progress, cancel) -> TextResult:
    """Answer, then Banzhaf and Shapley values with one ledger. progress(done, total, sentence); cancel() → bool."""
    progress(0, 0, "Reading the model's answer")
    target = request.target if request.target is not None else answer(gemma, request.prompt)
    if session.key != (request.same_game, target):
        game = make_game(gemma, request, target)
        session.key, session.game, session.ledger = (request.same_game, target), game, Ledger(game)
    game, ledger = session.game, session.ledger

    def explained(index: str, half: int) -> Attribution:
        def told(done, total):
            progress(half * total + done, 2 * total, f"{INDICES[index]}: {done} of {total} evaluations")

        every = game.n_players < 20 and 2**game.n_players <= request.budget
        method = "exact" if every else getattr(request, index)
        result = explain(game, index, method, budget=request.budget, seed=request.seed, ledger=ledger,
                         progress=told, cancel=cancel)  # fmt: skip
        return result.combine(np.ones(len(game.outputs)))

    return TextResult(
        request, target, game.spans, game.outputs, explained("banzhaf", 0), explained("shapley", 1)
    )  # fmt: skip


def answer(gemma, prompt: str) -> str:
    """The model's greedy answer: up to the end of the line for a base model, all of it for a chat model."""
    text = gemma.generate(prompt, max_new_tokens=MAX_ANSWER, stop=None if gemma.chat else "\n")
    if not text.strip():
        raise ValueError(
            "The model answers this prompt with nothing: end the prompt so that an answer follows, or type a target."
        )
    return text


def measure_rate(gemma) -> tuple[float, float]:
    """Seconds and tokens of scoring a small game, for the first estimate of what a run will cost."""
    text = "one two three four five six seven eight nine ten"
    game = gemma.text_game(f"Count: {text}", " eleven", "word")
    coalitions = np.random.default_rng(0).random((32, game.n_players)) < 0.5
    game(coalitions[:2])
    started = time.perf_counter()
    game(coalitions)
    return time.perf_counter() - started, game.work * len(coalitions)
