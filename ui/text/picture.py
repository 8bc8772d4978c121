"""How a text is drawn: its parts coloured, pairs of them joined by arcs."""

from dataclasses import dataclass

import streamlit as st

from ui.draw.charts import arcs
from ui.draw.colour import token_heatmap
from ui.names import PLAYERS
from ui.text.run import TextSubject


@dataclass(frozen=True)
class TextPicture:
    """The picture (`maps.side_by_side.Picture`) of a prompt; `chosen`: how many tokens of the answer are, 0 for all."""

    subject: TextSubject
    chosen: int = 0

    @property
    def quantity(self) -> str:
        if self.chosen:
            return f"the log-probability of the chosen token{'s' * (self.chosen > 1)}"
        return self.whole

    @property
    def whole(self) -> str:
        if self.subject.request.rather is not None:
            return "how much more likely the answer is than the other one, in logarithms"
        return "the answer's log-probability"

    @property
    def parts(self) -> str:
        return PLAYERS[self.subject.request.players]

    unit = (
        "Values are changes of the natural log-probability; +0.69 doubles the probability. Hover or tap a part for its "
        "value and rank. Dimmed text was always present."
    )

    def draw(self, attribution, scale: float, key: str) -> None:
        st.html(token_heatmap(self.subject.request.prompt, self.subject.spans, attribution, scale, key))

    def links(self, found, chosen, attribution):
        return arcs(found, chosen, attribution)
