"""What the Document page asks."""

from dataclasses import dataclass
from typing import Any

from model.document.game import MAX_DOCUMENT, prompt_of
from model.document.parts import MOST
from ui.names import UNTIL
from ui.settings import Settings, choice, listed, number, string
from xai.hierarchy.found import Path

MAX_QUESTION, MAX_TARGET, MAX_ANSWER = 1000, 2000, 200  # characters, characters, tokens
MOST_OPENED = 500


@dataclass(frozen=True)
class DocumentRequest(Settings):
    """text is the document, whose parts are left out in turn; the question after it always stays.

    target : None for the model's own answer;  until, longest : where that is cut off
    budget : evaluations of the search, for each index;  opened : paths of parts that were opened by hand
    """

    text: str = string(MAX_DOCUMENT, title="**Document** – its parts are left out in turn")
    question: str = string(MAX_QUESTION, title="**Question**")
    target: str | None = string(MAX_TARGET, None, "Answer (a leading space matters to the model)", none=True)
    until: str = choice(UNTIL, "line", "The model’s answer is read to")
    longest: int = number(1, MAX_ANSWER, 40, "Tokens of the model’s answer, at most")
    budget: int = number(2, 2**31 - 1, 200, "Evaluations per index, at most")
    seed: int = number(0, 2**31 - 1, 0, "Seed")
    opened: tuple[Path, ...] = listed(listed(number(0, MOST, 0), 100), MOST_OPENED, (), "Parts opened by hand")
    what = "a document"

    @property
    def prompt(self) -> str:
        return prompt_of(self.text.strip(), self.question.strip())

    @property
    def same_game(self) -> Any:
        """What two requests must share for the one to go on with the other's ledger."""
        own = (self.until, self.longest) if self.target is None else None
        return self.text, self.question, self.target, own
