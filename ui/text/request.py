"""What the Text page asks, and what a text's picture needs beside the values."""

from dataclasses import dataclass, field
from typing import Any

from model.text.text_game import MAX_PROMPT
from ui.names import ABSENT, PLAYERS, UNTIL
from ui.runs.comparison import Comparison, Plan
from ui.settings import Settings, choice, nested, number, string

MAX_TARGET = 500
MAX_ANSWER = 200  # tokens


@dataclass(frozen=True)
class TextRequest(Settings):
    """before + text + after is the prompt; `text` is explained.

    target : None for the model's own answer;  rather : another answer, whose log-probability is taken off, or None
    until, longest : where the model's own answer is cut off; of no weight where a target is given
    """

    before: str = string(MAX_PROMPT, title="Always kept, before it")
    text: str = string(MAX_PROMPT, title="**Text to explain** – its parts are left out in turn")
    after: str = string(MAX_PROMPT, title="Always kept, after it")
    target: str | None = string(MAX_TARGET, None, "Target text (a leading space matters to the model)", none=True)
    rather: str | None = string(MAX_TARGET, None, "Why this rather than another answer? (leave empty for none)", none=True)
    players: str = choice(PLAYERS, "word", "Parts")
    absent: str = choice(ABSENT, "remove", "Absent parts are")
    plan: Plan = nested(Plan, Plan())
    until: str = choice(UNTIL, "sentence", "The model’s answer is read to", before="line")
    longest: int = number(1, MAX_ANSWER, 20, "Tokens of the model’s answer, at most", before=20)
    what = "a text"

    @property
    def prompt(self) -> str:
        return self.before + self.text + self.after

    @property
    def within(self) -> tuple[int, int]:
        return len(self.before), len(self.before) + len(self.text)

    @property
    def same_game(self) -> Any:
        """What two requests must share for the one to go on with the other's ledger."""
        own = (self.until, self.longest) if self.target is None else None
        return self.before, self.text, self.after, self.target, self.rather, self.players, self.absent, own


@dataclass(frozen=True)
class TextAbout:
    """What the model made of a request: the target, where the players lie, the texts of the target's tokens.

    next : the likeliest tokens after the prompt, with their probabilities; empty where nobody asked
    """

    prompt: str
    target: str
    spans: list[tuple[int, int]]
    tokens: list[str]
    next: list[tuple[str, float]] = field(default_factory=list)

    def to_record(self) -> dict[str, Any]:
        likely = {"next": self.next} if self.next else {}
        return {"subject": {"target": self.target, "spans": self.spans, "tokens": self.tokens, **likely}}

    def to_shown(self) -> dict[str, Any]:
        """As `ui.runs.bundle` describes a text."""
        spans = [list(span) for span in self.spans]
        likely = {"next": self.next} if self.next else {}
        return {"prompt": self.prompt, "target": self.target, "tokens": self.tokens, "spans": spans, **likely}

    @classmethod
    def from_record(cls, record: dict[str, Any], request: TextRequest, comparison: Comparison) -> "TextAbout":
        """What `to_record` gave; ValueError where it is not of the request."""
        found = record["subject"]
        spans = [(int(start), int(end)) for start, end in found["spans"]]
        ends = [place for span in sorted(spans) for place in span]
        if ends != sorted(ends) or not all(0 <= place <= len(request.prompt) for place in ends):
            raise ValueError("its parts do not lie in its prompt")
        if len(spans) != comparison.ledger.n_players:
            raise ValueError("its parts and its players do not match")
        likely = [(str(text), float(share)) for text, share in found.get("next", ())]
        if not all(0.0 <= share <= 1.0 for _, share in likely):
            raise ValueError("its next tokens have no probabilities")
        return cls(request.prompt, str(found["target"]), spans, [str(token) for token in found["tokens"]], likely)
