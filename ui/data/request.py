"""What the Data page asks of a model, and what came of it: a prompt's examples, or the words of one sentence."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from model.data.judging import TOKENIZERS, USUAL
from model.data.pairs import MAX_CHARACTERS, MAX_EVALUATION, MAX_EXAMPLES, Pair
from ui.kind import Result
from ui.names import UNTIL
from ui.runs.comparison import Comparison, Plan
from ui.settings import Settings, choice, flag, listed, nested, string
from ui.shell.pace import Cost
from ui.text.request import TextAbout, TextRequest
from xai import Attribution
from xai.typing import Floats

EXAMPLES, WORDS = "examples", "words"
PLAYERS = {"origin": "all examples of one origin together", "example": "single examples"}
MEASURES = {"cross-entropy": "cross-entropy", "chrF": "chrF", "BLEU": "BLEU"}
MAX_LANGUAGE = 30


def _pairs(most: int, title: str) -> Any:
    """Pairs, each a list of its three texts in JSON."""
    texts = listed([string(MAX_CHARACTERS)] * 3, 3, made=lambda row: Pair(*row), plain=lambda pair: [*_texts(pair)])
    return listed(texts, most, (), title)


def _texts(pair: Pair) -> tuple[str, str, str]:
    return pair.source, pair.target, pair.origin


@dataclass(frozen=True)
class ExamplesRequest(Settings):
    """Which few-shot examples make translations good.

    examples, evaluation : pairs;  players : "origin" or "example";  languages : their names in the prompt
    uploaded : whether some of the pairs are a user's own;  tokenizer : of BLEU
    """

    players: str = choice(PLAYERS, "origin", "Players")
    languages: tuple[str, str] = listed([string(MAX_LANGUAGE)] * 2, 2, ("English", "French"), "Languages")
    uploaded: bool = flag(False)
    examples: tuple[Pair, ...] = _pairs(MAX_EXAMPLES, "Few-shot examples")
    evaluation: tuple[Pair, ...] = _pairs(MAX_EVALUATION, "Evaluation pairs")
    plan: Plan = nested(Plan, Plan())
    tokenizer: str = choice(TOKENIZERS, USUAL, before=USUAL)
    kind = EXAMPLES
    what = "a translation"

    @property
    def name(self) -> str:
        return f"{len(self.examples)} examples, {len(self.evaluation)} sentences"

    @property
    def same_game(self) -> Any:
        return self.kind, self.examples, self.evaluation, self.players, self.languages, self.tokenizer

    def to_settings(self) -> dict[str, Any]:
        return {"kind": self.kind, **super().to_settings()}


@dataclass(frozen=True)
class WordsRequest(TextRequest):
    """Which words of a sentence make each word of its translation; `text` is the sentence."""

    until: str = choice(UNTIL, "line", "The translation is read to", before="line")
    kind = WORDS
    uploaded = False

    @property
    def name(self) -> str:
        return self.text

    @property
    def same_game(self) -> Any:
        return self.kind, *super().same_game

    def to_settings(self) -> dict[str, Any]:
        return {"kind": self.kind, **super().to_settings()}


DataRequest = ExamplesRequest | WordsRequest


@dataclass
class DataState:
    """cost : of a request at a rate, which reads every prompt;  pairs : of a run that was opened, "examples" and
    "evaluation", where they are not the bundled ones;  opened : how many were
    read : of both, what was asked last that can be asked, and whether it is a user's own
    """

    cost: tuple[Any, Cost] = (None, Cost(0, 0.0))
    pairs: dict[str, tuple[Pair, ...]] = field(default_factory=dict)
    opened: int = 0
    read: dict[str, tuple[tuple[Pair, ...], bool]] = field(default_factory=dict)


def request_of(settings: Any) -> DataRequest:
    """The request of kept settings; ValueError for what neither kind is."""
    kinds = {EXAMPLES: ExamplesRequest, WORDS: WordsRequest}
    if not isinstance(settings, dict) or settings.get("kind") not in kinds:
        raise ValueError("these are not the settings of the Data page")
    return kinds[settings["kind"]].from_settings(settings)  # type: ignore[attr-defined, no-any-return]  # both are Settings


@dataclass(frozen=True)
class ExamplesAbout:
    """written : per sentence, the translation with no example and with all of them
    signatures : how sacrebleu counted chrF and BLEU; of runs that did not say it, none
    read : of how many sentences the maps are, where a run has only begun; 0 for all
    """

    written: list[tuple[str, str]]
    signatures: dict[str, str] = field(default_factory=dict)
    read: int = 0

    def to_record(self) -> dict[str, Any]:
        return {"written": self.written} | ({"signatures": self.signatures} if self.signatures else {})

    def to_shown(self) -> dict[str, Any]:
        return {"about": self.to_record()}

    @classmethod
    def from_record(cls, record: dict[str, Any], request: ExamplesRequest, comparison: Comparison) -> "ExamplesAbout":
        """What `to_record` gave; ValueError where it is not of the request."""
        written, count = [(str(without), str(with_all)) for without, with_all in record["written"]], len(request.evaluation)
        if len(comparison.outputs) != count + 2 or len(written) not in (0, count):
            raise ValueError("its sentences and its values do not match")
        return cls(written, {measure: str(record["signatures"][measure]) for measure in record.get("signatures", {})})


@dataclass(frozen=True)
class WordsAbout:
    """words : of the translation;  owner : for each of its tokens, which word's"""

    text: TextAbout
    words: list[str]
    owner: list[int]

    def to_record(self) -> dict[str, Any]:
        return {**self.text.to_record(), "words": self.words, "owner": self.owner}

    def to_shown(self) -> dict[str, Any]:
        return {"about": self.to_record()}

    @classmethod
    def from_record(cls, record: dict[str, Any], request: WordsRequest, comparison: Comparison) -> "WordsAbout":
        """What `to_record` gave; ValueError where it is not of the request."""
        text = TextAbout.from_record(record, request, comparison)
        words, owner = [str(word) for word in record["words"]], [int(word) for word in record["owner"]]
        if not words or len(owner) != len(comparison.outputs) or set(owner) != set(range(len(words))):
            raise ValueError("the words of its translation do not match its tokens")
        return cls(text, words, owner)

    def weights(self, words: Any) -> list[float]:
        """Weights of the columns for some of the target's words."""
        return [float(owner in words) for owner in self.owner]


def measured(result: Result, measure: str) -> list[Attribution]:
    """The maps of examples by one of MEASURES, values (n,)."""
    return result.comparison.focused(measure_weights(len(result.request.evaluation), measure))


def measure_weights(sentences: int, measure: str) -> list[float]:
    """Weights of a translation game's columns, as its own `weights`, where no game is at hand."""
    if measure == "cross-entropy":
        return [1.0 / sentences] * sentences + [0.0, 0.0]
    return [0.0] * sentences + [float(measure == "chrF"), float(measure == "BLEU")]


def matrices(result: Result) -> list[tuple[Attribution, Floats, Floats | None]]:
    """For each map of words: itself, values (source words, target words), and their standard errors or None."""
    about, comparison = result.about, result.comparison
    columns = [comparison.focused(about.weights([j])) for j in range(len(about.words))]
    found = []
    for one, column in zip(comparison.maps, zip(*columns)):
        errors = [word.standard_error for word in column]
        known = all(error is not None for error in errors)
        values = np.stack([word.values for word in column], axis=1)
        found.append((one, values, np.stack(errors, axis=1) if known else None))
    return found
