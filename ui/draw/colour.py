"""Heatmaps: a value becomes a colour here, and a prompt, or a row of cards, becomes HTML."""

from collections.abc import Sequence

from markupsafe import Markup

from ui.draw.html import render
from xai import Attribution
from xai.exchange.colour import (
    LOWERS,
    RAISES,
    STRONGEST,
    Colour,
    cards,
    colour,
    ends_of,
    marks_of,
    ranks,
    shared_scale,
    signed,
    with_error,
)

__all__ = ["CHANGE", "LIKELIHOOD", "LOWERS", "RAISES", "STRONGEST", "Colour", "Spans", "colour", "legend", "on_white", "pieces"]
__all__ += ["ranks", "row_heatmap", "shared_scale", "signed", "token_heatmap", "with_error"]

Spans = Sequence[Sequence[int]]  # (start, end) of each player in a text
LIKELIHOOD = ("makes it less likely", "makes it more likely")
CHANGE = ("lowers it", "raises it")  # of a number that is no likelihood


def on_white(value: float, scale: float) -> Colour:
    """The same colour on a white page, for pictures."""
    strength = STRONGEST * min(abs(value) / scale, 1.0)
    red, green, blue = (round(255 + strength * (part - 255)) for part in (RAISES if value > 0 else LOWERS))
    return red, green, blue


def token_heatmap(
    prompt: str, spans: Spans, attribution: Attribution, scale: float, pane: str = "", numbered: bool = False
) -> Markup:
    """The prompt with each player's span coloured by its value; what is always present is dimmed.

    spans : disjoint;  attribution : values (n,);  pane : a name for this map in the page
    numbered : whether each player's number stands before it
    """
    drawn = {"pieces": pieces(prompt, spans), "marks": marks_of(attribution, scale), "numbered": numbered}
    return render("token_heatmap", index=attribution.index, pane=pane, **drawn)


def row_heatmap(cells: list[str], attribution: Attribution, scale: float, pane: str = "") -> Markup:
    """One card per column in the table's order: its name and its cell, coloured by its value.

    cells : (n,) texts, or none where they are not known;  attribution : values (n,)
    """
    return render("row_heatmap", index=attribution.index, pane=pane, cards=cards(cells, attribution, scale))


def pieces(prompt: str, spans: Spans) -> list[tuple[str, int | None]]:
    """The whole prompt in order, cut into (text, player), player None where it is always present.

    The space before a word is not painted, so it belongs to what precedes it.
    """
    found: list[tuple[str, int | None]] = []
    at = 0
    for i in sorted(range(len(spans)), key=lambda i: tuple(spans[i])):
        start, end = spans[i]
        lead = len(prompt[start:end]) - len(prompt[start:end].lstrip())
        start += 0 if lead == end - start else lead
        found += [(prompt[at:start], None), (prompt[start:end], i)]
        at = end
    return [(text, i) for text, i in [*found, (prompt[at:], None)] if text]


def legend(scale: float, ends: tuple[str, str] = LIKELIHOOD) -> Markup:
    """The shared scale as a bar from −scale to +scale; ends : what values at either end do."""
    return render("legend", **ends_of(scale, ends))
