"""How a text is drawn: its parts coloured, pairs of them joined by arcs."""

from dataclasses import dataclass

from ui.draw.colour import LIKELIHOOD, Spans
from ui.maps.picture import Picture
from ui.names import PLAYERS
from ui.text.request import TextAbout, TextRequest


@dataclass(frozen=True)
class TextPicture(Picture):
    """The picture of a prompt. chosen : how many tokens of the answer are explained, 0 for all;  then : as of `Picture`"""

    request: TextRequest
    about: TextAbout
    chosen: int = 0
    then: str = "Reword the strongest part in the question and explain again, to see whether the answer moves as its colour says."
    ends = LIKELIHOOD
    unit = (
        "Values are changes of the natural log-probability; +0.69 doubles the probability. Hover or tap a part for its "
        "value and rank. Dimmed text was always present."
    )

    @property
    def quantity(self) -> str:  # type: ignore[override]  # computed
        if self.chosen:
            return f"the log-probability of the chosen token{'s' * (self.chosen > 1)}"
        return self.whole

    @property
    def whole(self) -> str:
        if self.request.rather is not None:
            return "how much more likely the answer is than the other one, in logarithms"
        return "the answer's log-probability"

    @property
    def parts(self) -> str:  # type: ignore[override]  # computed
        return PLAYERS[self.request.players]

    @property
    def answer(self) -> str:  # type: ignore[override]  # computed
        return self.about.target.strip()

    def text(self, labels: list[str]) -> tuple[str, Spans]:
        return self.request.prompt, self.about.spans
