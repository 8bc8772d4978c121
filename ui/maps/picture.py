"""How a kind of input is drawn: the one place that a page, a report and a PNG ask for its colours, legend and words."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st
from markupsafe import Markup

from ui.draw import charts
from ui.draw.colour import CHANGE, Spans, legend, token_heatmap
from ui.draw.parts import are_numbered, numbered
from ui.draw.png import heatmaps_png
from xai import Attribution, Interactions
from xai.typing import Ints

if TYPE_CHECKING:
    from PIL import Image


class Picture:
    """A row of labelled parts; kinds of input draw themselves by what they override.

    parts : what players are called, e.g. "words";  quantity : what the values are changes of, e.g. "the answer's
    log-probability";  whole : the same for all output columns together, of which the fidelity is, and the files
    unit : one sentence on what a value means;  ends : what values at either end of the colour scale do
    title : before the name of a map in a PNG;  answer : what was explained, at the head of a report; "" for neither
    then : one sentence on what to do with the maps;  facts : what a report says beside the settings, by name
    """

    parts: str = "parts"
    quantity: str = "the value"
    unit: str = "Hover or tap a part for its value and rank."
    ends: tuple[str, str] = CHANGE
    title: str = ""
    answer: str = ""
    then: str = ""

    @property
    def facts(self) -> dict[str, str]:
        return {}

    @property
    def whole(self) -> str:
        return self.quantity

    def has_numbers(self, labels: list[str]) -> bool:
        """Whether numbers stand before the parts, in maps and wherever they are named."""
        return are_numbered(labels)

    def names(self, labels: list[str]) -> list[str]:
        """What parts are called in charts, tables and sentences: with the number that they have in the maps."""
        return numbered(labels) if self.has_numbers(labels) else labels

    def named(self, attribution: Attribution) -> Attribution:
        """The same, of parts called so."""
        return replace(attribution, labels=self.names(attribution.labels))

    def text(self, labels: list[str]) -> tuple[str, Spans]:
        """The input as a text, and (start, end) of each player in it: here the labels one after the other."""
        text, spans = "", []
        for label in labels:
            spans.append([len(text), len(text) + len(label)])
            text += label + "   "
        return text, spans

    def legend(self, scale: float) -> Markup:
        """What the colours mean, as HTML."""
        return legend(scale, self.ends)

    def html(self, attribution: Attribution, scale: float, pane: str = "") -> Markup:
        """The input coloured by values (n,), as HTML that needs no server. pane : a name for this map in the page"""
        labels = attribution.labels
        return token_heatmap(*self.text(labels), attribution, scale, pane, self.has_numbers(labels))

    def show(self, attribution: Attribution, scale: float, key: str) -> None:
        """The same on a page."""
        st.html(self.html(attribution, scale, key))

    def above(self, attribution: Attribution, scale: float) -> "Image.Image | None":
        """What stands over the text in a PNG."""
        return None

    def png(self, maps: dict[str, Attribution], scale: float) -> bytes:
        """Maps, by their titles, one under the other, and their legend."""
        labels = next(iter(maps.values())).labels
        text, spans = self.text(labels)
        return heatmaps_png(text, spans, maps, scale, self.ends, lambda one: self.above(one, scale), self.has_numbers(labels))

    def links(self, found: Interactions, chosen: Ints, attribution: Attribution) -> Any:
        """A Plotly figure of the input with the chosen pairs drawn on it."""
        return charts.arcs(found, chosen, attribution)

    def error(self, attribution: Attribution) -> str:
        """How far a map is from the truth, in Markdown, where that is known; "" elsewhere."""
        return ""

    def chart(self, attribution: Attribution, reach: float) -> Any:
        """A Plotly figure of the values one by one."""
        return charts.bars(attribution, self.quantity, reach)

    def under_chart(self, attribution: Attribution) -> str:
        """How to read it."""
        return charts.under_bars(attribution)
