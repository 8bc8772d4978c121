"""From what the Data page asks of a model to what it shows: which examples, or which source words, make a translation.

Two kinds of request: the examples of a few-shot prompt (`ExamplesRequest`) and the words of one sentence
(`WordsRequest`). Both become one ledger whose columns serve every measure and every target word.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from model.data.pairs import Pair
from ui.names import DEFAULT_PANES
from ui.runs.comparison import Comparison, Plan, compare
from ui.text import run as text_run
from ui.text.run import TextRequest, TextSubject
from xai import Attribution, Ledger

EXAMPLES, WORDS = "examples", "words"
PLAYERS = {"origin": "all examples of one origin together", "example": "single examples"}
MEASURES = {"cross-entropy": "cross-entropy", "chrF": "chrF", "BLEU": "BLEU"}
MAX_LANGUAGE = 30
WRITING = 2.0  # a token of a translation game takes so many times as long as one of scoring; measured on two cores


@dataclass(frozen=True)
class ExamplesRequest:
    """Which few-shot examples make translations good.

    examples, evaluation : pairs;  players : "origin" or "example";  languages : their names in the prompt
    uploaded : whether some of the pairs are a user's own
    """

    examples: tuple[Pair, ...]
    evaluation: tuple[Pair, ...]
    players: str = "origin"
    languages: tuple[str, str] = ("English", "French")
    uploaded: bool = False
    plan: Plan = Plan(*DEFAULT_PANES)
    kind = EXAMPLES

    @property
    def name(self) -> str:
        return f"{len(self.examples)} examples, {len(self.evaluation)} sentences"

    @property
    def same_game(self) -> tuple:
        return self.kind, self.examples, self.evaluation, self.players, self.languages

    def to_settings(self) -> dict:
        """As JSON can hold it."""
        pairs = {name: [[p.source, p.target, p.origin] for p in getattr(self, name)] for name in ("examples", "evaluation")}
        own = {"kind": self.kind, "players": self.players, "languages": list(self.languages), "uploaded": self.uploaded}
        return own | pairs | {"plan": self.plan.to_settings()}

    @classmethod
    def from_settings(cls, settings: dict) -> "ExamplesRequest":
        """What `to_settings` gave; ValueError for anything else."""
        try:
            pairs = [_pairs(settings[name]) for name in ("examples", "evaluation")]
            languages, players = tuple(settings["languages"]), settings["players"]
            if len(languages) != 2 or not all(isinstance(name, str) and len(name) <= MAX_LANGUAGE for name in languages):
                raise ValueError("its languages are not two names")
            if players not in PLAYERS or not isinstance(settings["uploaded"], bool):
                raise ValueError("a value is not allowed")
            return cls(*pairs, players, languages, settings["uploaded"], Plan.from_settings(settings["plan"]))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"these are not the settings of a translation ({error})") from error


@dataclass(frozen=True)
class WordsRequest:
    """Which words of a sentence make each word of its translation. text : the prompt, whose `text` is the sentence"""

    text: TextRequest
    kind = WORDS
    uploaded = False

    @property
    def name(self) -> str:
        return self.text.text

    @property
    def plan(self) -> Plan:
        return self.text.plan

    @property
    def same_game(self) -> tuple:
        return self.kind, *self.text.same_game

    def to_settings(self) -> dict:
        return {"kind": self.kind, **self.text.to_settings()}

    @classmethod
    def from_settings(cls, settings: dict) -> "WordsRequest":
        return cls(TextRequest.from_settings({name: value for name, value in settings.items() if name != "kind"}))


def request_of(settings: dict) -> "ExamplesRequest | WordsRequest":
    """The request of kept settings; ValueError for what neither kind is."""
    kinds = {EXAMPLES: ExamplesRequest, WORDS: WordsRequest}
    if not isinstance(settings, dict) or settings.get("kind") not in kinds:
        raise ValueError("these are not the settings of the Data page")
    return kinds[settings["kind"]].from_settings(settings)


@dataclass(frozen=True)
class ExamplesResult:
    """What the page shows of examples. written : per sentence, the translation with no example and with all of them."""

    request: ExamplesRequest
    written: list[tuple[str, str]]
    comparison: Comparison = field(repr=False)

    def measured(self, measure: str) -> list[Attribution]:
        """The maps by one of MEASURES, values (n,)."""
        return self.comparison.focused(measure_weights(len(self.request.evaluation), measure))

    def to_record(self) -> dict:
        return {"written": self.written, "comparison": self.comparison.to_record()}

    @classmethod
    def from_record(cls, record: dict, settings: dict, ledger_of: Callable[[list[str]], Ledger]) -> "ExamplesResult":
        """What `to_record` gave; ValueError for anything else."""
        request = ExamplesRequest.from_settings(settings)
        try:
            written = [(str(without), str(with_all)) for without, with_all in record["written"]]
            comparison = _comparison(record, request.plan, ledger_of)
            count = len(request.evaluation)
            if len(comparison.outputs) != count + 2 or len(written) not in (0, count):
                raise ValueError("its sentences and its values do not match")
            return cls(request, written, comparison)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"this is not a result that Swing wrote ({error})") from error


@dataclass(frozen=True)
class WordsResult:
    """What the page shows of a sentence. words : of the translation;  owner : for each of its tokens, which word's"""

    request: WordsRequest
    subject: TextSubject
    words: list[str]
    owner: list[int]
    comparison: Comparison = field(repr=False)

    def weights(self, words) -> list[float]:
        """Weights of the columns for some of the target's words."""
        return [float(owner in words) for owner in self.owner]

    def matrices(self) -> list[tuple[Attribution, np.ndarray, np.ndarray | None]]:
        """For each map: itself, values (source words, target words), and their standard errors or None."""
        columns = [self.comparison.focused(self.weights([j])) for j in range(len(self.words))]
        found = []
        for one, column in zip(self.comparison.maps, zip(*columns)):
            errors = [word.standard_error for word in column]
            known = all(error is not None for error in errors)
            values = np.stack([word.values for word in column], axis=1)
            found.append((one, values, np.stack(errors, axis=1) if known else None))
        return found

    def to_record(self) -> dict:
        subject = {"target": self.subject.target, "spans": self.subject.spans, "tokens": self.subject.tokens}
        return {"subject": subject, "words": self.words, "owner": self.owner, "comparison": self.comparison.to_record()}

    @classmethod
    def from_record(cls, record: dict, settings: dict, ledger_of: Callable[[list[str]], Ledger]) -> "WordsResult":
        """What `to_record` gave; ValueError for anything else."""
        request = WordsRequest.from_settings(settings)
        inner = {name: value for name, value in settings.items() if name != "kind"}
        text = text_run.TextResult.from_record(record, inner, ledger_of)
        try:
            words, owner = [str(word) for word in record["words"]], [int(word) for word in record["owner"]]
            if not words or len(owner) != len(text.comparison.outputs) or set(owner) != set(range(len(words))):
                raise ValueError("the words of its translation do not match its tokens")
            return cls(request, text.subject, words, owner, text.comparison)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"this is not a result that Swing wrote ({error})") from error


class Reader:
    """What `ui.runs.kept.reopen` rebuilds a run with, of either kind."""

    @staticmethod
    def from_record(record, settings, ledger_of) -> "ExamplesResult | WordsResult":
        kind = ExamplesResult if request_of(settings).kind == EXAMPLES else WordsResult
        return kind.from_record(record, settings, ledger_of)


def measure_weights(sentences: int, measure: str) -> list[float]:
    """Weights of a translation game's columns, as its own `weights`, where no game is at hand."""
    if measure == "cross-entropy":
        return [1.0 / sentences] * sentences + [0.0, 0.0]
    return [0.0] * sentences + [float(measure == "chrF"), float(measure == "BLEU")]


def make_game(gemma, request: ExamplesRequest):
    """The translation game of a request; ValueError with one sentence for what is not allowed."""
    from model.data.translation import TranslationGame

    if not all(name.strip() for name in request.languages):
        raise ValueError("Name both languages, as they shall stand in the prompt.")
    game = TranslationGame(gemma, request.examples, request.evaluation, request.players, request.languages)
    if game.n_players < 2:
        raise ValueError("There is only one player, which cannot be compared with others: give more examples or origins.")
    return game


def cost(gemma, request, seconds_per_token: float) -> tuple[int, float]:
    """Most evaluations a run can take, and about how many seconds; ValueError as the games."""
    if request.kind == WORDS:
        if not request.text.text.strip():
            raise ValueError("There is nothing to explain yet: write something in “Sentence to translate”.")
        return text_run.cost(gemma, request.text, seconds_per_token)
    game = make_game(gemma, request)
    evaluations = request.plan.cost(game.n_players)
    seconds = game.work * seconds_per_token * WRITING
    return evaluations, (evaluations + 2) * seconds  # two more: what it writes with no example, and with all


def run(gemma, request, job, ledger_of: Callable[[object], Ledger]) -> "ExamplesResult | WordsResult":
    """Both maps and their fidelity. ledger_of(game) gives the ledger to go on with."""
    return (_run_words if request.kind == WORDS else _run_examples)(gemma, request, job, ledger_of)


def unkept(game, known: Ledger | None) -> Ledger:
    """A ledger that is written nowhere, with all that `known` holds."""
    made = Ledger(game)
    if known is not None:
        made.take(known)
    return made


def _run_examples(gemma, request, job, ledger_of) -> ExamplesResult:
    job.tell(0, 0, "Writing the translations with all examples, and with none")
    game = make_game(gemma, request)
    ends = [game.translations(np.full(game.n_players, present)) for present in (False, True)]
    written = list(zip(*ends))

    def publish(comparison):
        job.publish(ExamplesResult(request, written, comparison))

    weights = measure_weights(len(request.evaluation), "cross-entropy")
    found = compare(ledger_of(game), request.plan, game.outputs, weights, job.tell, publish, job.cancelled)
    return ExamplesResult(request, written, found)


def _run_words(gemma, request, job, ledger_of) -> WordsResult:
    from model.data.source_words import target_words

    job.tell(0, 0, "Reading the model's translation")
    text = request.text
    target = text_run.answer(gemma, text.prompt) if text.target is None else text.target
    game = text_run.make_game(gemma, text, target)
    words, tokens = target_words(gemma, target)
    owner = [int(word) for word in tokens.argmax(axis=0)]
    subject = TextSubject(text, target, game.spans, game.outputs)

    def result(comparison):
        return WordsResult(request, subject, words, owner, comparison)

    def publish(comparison):
        job.publish(result(comparison))

    weights = [1.0] * len(game.outputs)
    return result(compare(ledger_of(game), text.plan, game.outputs, weights, job.tell, publish, job.cancelled))


def _comparison(record, plan, ledger_of) -> Comparison:
    ledger = ledger_of([str(label) for label in record["comparison"]["maps"][0]["labels"]])
    return Comparison.from_record(record["comparison"], plan, ledger)


def _pairs(rows) -> tuple[Pair, ...]:
    if not all(len(row) == 3 and all(isinstance(text, str) for text in row) for row in rows):
        raise ValueError("its pairs are not pairs")
    return tuple(Pair(*row) for row in rows)
