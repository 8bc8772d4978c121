"""Heatmaps: a value becomes a colour here, and a prompt, or a row of cards, becomes HTML."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ui.draw.html import render
from ui.draw.markdown import short
from xai import Attribution
from xai.typing import Ints

Spans = Sequence[Sequence[int]]  # (start, end) of each player in a text
Colour = tuple[int, int, int]  # 0 … 255 each

# Vermillion and blue of Okabe & Ito's palette, told apart with every common colour-blindness. Strength is opacity, so
# zero is the page's own background and text stays readable in light and dark themes.
RAISES, LOWERS = (213, 94, 0), (0, 114, 178)
STRONGEST = 0.62
LONGEST_CELL = 60  # characters of a card
LIKELIHOOD = ("makes it less likely", "makes it more likely")
CHANGE = ("lowers it", "raises it")  # of a number that is no likelihood


def shared_scale(*attributions: Attribution) -> float:
    """The largest |value| of all: one symmetric scale, so that equal colours mean equal values."""
    return max(float(np.abs(a.values).max()) for a in attributions) or 1.0


def colour(value: float, scale: float) -> str:
    """CSS colour of a value on the symmetric scale −scale … +scale."""
    red, green, blue = RAISES if value > 0 else LOWERS
    return f"rgba({red},{green},{blue},{STRONGEST * min(abs(value) / scale, 1.0):.3f})"


def on_white(value: float, scale: float) -> Colour:
    """The same colour on a white page, for pictures."""
    strength = STRONGEST * min(abs(value) / scale, 1.0)
    red, green, blue = (round(255 + strength * (part - 255)) for part in (RAISES if value > 0 else LOWERS))
    return red, green, blue


def signed(value: float, digits: int = 3) -> str:
    """A value as the page writes it: signed, with a real minus."""
    return f"{value:+.{digits}f}".replace("-", "−")


def with_error(value: float, error: float | None) -> str:
    """ "+1.190 ± 0.032 (standard error)", or the value alone where there is no error."""
    if error is None or not np.isfinite(error):
        return signed(value)
    return f"{signed(value)} ± {error:.3f}"


def ranks(attribution: Attribution) -> Ints:
    """1 for the player with the largest |value|."""
    order = np.argsort(-np.abs(attribution.values), kind="stable")
    rank = np.empty(len(order), int)
    rank[order] = np.arange(1, len(order) + 1)
    return rank


def token_heatmap(
    prompt: str, spans: Spans, attribution: Attribution, scale: float, pane: str = "", numbered: bool = False
) -> Markup:
    """The prompt with each player's span coloured by its value; what is always present is dimmed.

    spans : disjoint;  attribution : values (n,);  pane : a name for this map in the page
    numbered : whether each player's number stands before it
    """
    drawn = {"pieces": pieces(prompt, spans), "marks": marks_of(attribution, scale), "numbered": numbered}
    return render("token_heatmap", index=attribution.index, pane=pane, **drawn)


def marks_of(attribution: Attribution, scale: float) -> list[tuple[str, str, str]]:
    """For each player: its colour, its value, and what is said of it where one points."""
    errors, rank = attribution.standard_error, ranks(attribution)
    return [
        (
            colour(value, scale),
            f"{value:.6f}",
            f"{with_error(value, None if errors is None else errors[i])} · rank {rank[i]} of {len(rank)}",
        )
        for i, value in enumerate(attribution.values)
    ]


def row_heatmap(cells: list[str], attribution: Attribution, scale: float, pane: str = "") -> Markup:
    """One card per column in the table's order: its name and its cell, coloured by its value.

    cells : (n,) texts, or none where they are not known;  attribution : values (n,)
    """
    names, texts = ([short(text, LONGEST_CELL) for text in known] for known in (attribution.labels, cells))
    shown: list[str] | list[None] = texts or [None] * len(names)
    cards = zip(names, shown, map(signed, attribution.values), marks_of(attribution, scale))
    return render("row_heatmap", index=attribution.index, pane=pane, cards=cards)


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
    stops = ",".join(colour(x, 1.0) for x in np.linspace(-1, 1, 9))
    low, high = f"{signed(-scale, 2)} {ends[0]}", f"{signed(scale, 2)} {ends[1]}"
    return render("legend", scale=f"{scale:.6f}", stops=stops, low=low, high=high)
