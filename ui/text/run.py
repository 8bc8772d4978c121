"""From what the Text page asks to what it shows: one prompt, one target, both maps from one ledger."""

import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from ui.names import ABSENT, DEFAULT_PANES, PLAYERS
from ui.runs.comparison import Comparison, Plan, compare
from xai import Attribution, Ledger, explain
from xai.game import JoinedGame

MAX_PLAYERS = 256
MAX_PROMPT = 20_000  # characters, checked before anything is tokenised
MAX_TARGET = 500
MAX_ANSWER = 20
ASSUMED_ANSWER = " yes."  # stands for the model's answer where only the cost is asked


@dataclass(frozen=True)
class TextRequest:
    """before + text + after is the prompt; `text` is explained.

    target : None for the model's own answer;  rather : another answer, whose log-probability is taken off, or None
    """

    before: str
    text: str
    after: str
    target: str | None = None
    rather: str | None = None
    players: str = "word"
    absent: str = "remove"
    plan: Plan = Plan(*DEFAULT_PANES)

    @property
    def prompt(self) -> str:
        return self.before + self.text + self.after

    @property
    def within(self) -> tuple[int, int]:
        return len(self.before), len(self.before) + len(self.text)

    @property
    def same_game(self) -> tuple:
        """What two requests must share for the one to go on with the other's ledger."""
        return self.before, self.text, self.after, self.target, self.rather, self.players, self.absent

    def to_settings(self) -> dict:
        """As JSON can hold it."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "plan"}
        return own | {"plan": self.plan.to_settings()}

    @classmethod
    def from_settings(cls, settings: dict) -> "TextRequest":
        """What `to_settings` gave; ValueError for anything else, for it may come from a file of somebody else's."""
        try:
            plan = Plan.from_settings(settings["plan"])
            texts = {name: settings[name] for name in ("before", "text", "after")}
            maybe = {name: settings[name] for name in ("target", "rather")}
            chosen = {"players": settings["players"], "absent": settings["absent"]}
            allowed = (
                all(isinstance(text, str) for text in texts.values())
                and all(text is None or isinstance(text, str) for text in maybe.values())
                and chosen["players"] in PLAYERS
                and chosen["absent"] in ABSENT
            )
            if not allowed:
                raise ValueError("a value is not allowed")
            return cls(**texts, **maybe, **chosen, plan=plan)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"these are not the settings of a text ({error})") from error


@dataclass(frozen=True)
class TextSubject:
    """A request with what the model made of it: the target, where the players lie, the texts of the target's tokens."""

    request: TextRequest
    target: str
    spans: list[tuple[int, int]]
    tokens: list[str]


@dataclass(frozen=True)
class TextResult:
    """What the page shows."""

    subject: TextSubject
    comparison: Comparison

    @property
    def request(self) -> TextRequest:
        return self.subject.request

    def to_record(self) -> dict:
        """As JSON can hold it, the request (which is the run's settings) and the ledger left out."""
        subject = self.subject
        about = {"target": subject.target, "spans": subject.spans, "tokens": subject.tokens}
        return {"subject": about, "comparison": self.comparison.to_record()}

    @classmethod
    def from_record(cls, record: dict, settings: dict, ledger_of: Callable[[list[str]], Ledger]) -> "TextResult":
        """What `to_record` gave; ValueError for anything else. ledger_of(labels) gives what was paid."""
        request = TextRequest.from_settings(settings)
        try:
            about, length = record["subject"], len(request.prompt)
            spans = [(int(start), int(end)) for start, end in about["spans"]]
            subject = TextSubject(request, str(about["target"]), spans, [str(token) for token in about["tokens"]])
            ends = [place for span in sorted(spans) for place in span]
            if ends != sorted(ends) or not all(0 <= place <= length for place in ends):
                raise ValueError("its parts do not lie in its prompt")
            ledger = ledger_of([str(label) for label in record["comparison"]["maps"][0]["labels"]])
            if len(spans) != ledger.n_players:
                raise ValueError("its parts and its players do not match")
            return cls(subject, Comparison.from_record(record["comparison"], request.plan, ledger))
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"this is not a result that Swing wrote ({error})") from error

    def selected(self, chosen: list[int]) -> list[float] | None:
        """Weights of the columns for the chosen target tokens; None for none or all of them."""
        if not chosen:
            return None
        return [float(column in chosen) for column in range(len(self.comparison.weights))]


def make_game(gemma, request: TextRequest, target: str):
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
    return JoinedGame(game, gemma.text_game(request.prompt, request.rather, spans, request.absent))


def cost(gemma, request: TextRequest, seconds_per_token: float) -> tuple[int, float]:
    """Most evaluations this run can take, and about how many seconds; ValueError as `make_game`."""
    game = make_game(gemma, request, ASSUMED_ANSWER if request.target is None else request.target)
    evaluations = request.plan.cost(game.n_players)
    return evaluations, evaluations * game.work * seconds_per_token


def run(gemma, request: TextRequest, job, ledger_of: Callable[[object], Ledger]) -> TextResult:
    """Answer, both maps and their fidelity. ledger_of(game) gives the ledger to go on with."""
    job.tell(0, 0, "Reading the model's answer")
    target = request.target if request.target is not None else answer(gemma, request.prompt)
    game = make_game(gemma, request, target)
    own = game if request.rather is None else game.games[0]
    subject = TextSubject(request, target, own.spans, own.outputs)
    weights = [1.0] * len(own.outputs) + [-1.0] * (len(game.outputs) - len(own.outputs))

    def publish(comparison):
        job.publish(TextResult(subject, comparison))

    ledger = ledger_of(game)
    found = compare(ledger, request.plan, game.outputs, weights, job.tell, publish, job.cancelled)
    return TextResult(subject, found)


def other_policies(gemma, result: TextResult, job) -> dict[str, Attribution]:
    """The first map under every way of absence, each from a game of its own; what is known is not computed again."""
    subject, known = result.subject, result.comparison.maps[0].combine(result.comparison.weights)
    found = {subject.request.absent: known}
    for absent in ABSENT:
        if absent not in found:
            request = replace(subject.request, absent=absent)
            game = make_game(gemma, request, subject.target)

            def told(done, total, absent=absent):
                job.tell(done, total, f"Parts {ABSENT[absent]}: {done} of {total}")

            attribution = explain(
                game, known.index, known.method, request.plan.budget, request.plan.seed, progress=told, cancel=job.cancelled
            )
            found[absent] = attribution.combine(result.comparison.weights)
    return {absent: found[absent] for absent in ABSENT}


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
