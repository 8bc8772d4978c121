"""How a value looks, on pages, in reports and in notebooks: its colour, its digits, its rank."""

from collections.abc import Iterator, Sequence

import numpy as np

from xai.exchange.map import Map
from xai.typing import Ints

Colour = tuple[int, int, int]  # 0 … 255 each

# Vermillion and blue of Okabe & Ito's palette, told apart with every common colour-blindness. Strength is opacity, so
# zero is the page's own background and text stays readable in light and dark themes.
RAISES, LOWERS = (213, 94, 0), (0, 114, 178)
STRONGEST = 0.62
LONGEST_CELL = 60  # characters of a card


def shared_scale(*maps: Map) -> float:
    """The largest |value| of all: one symmetric scale, so that equal colours mean equal values."""
    return max(float(np.abs(a.values).max()) for a in maps) or 1.0


def colour(value: float, scale: float) -> str:
    """CSS colour of a value on the symmetric scale −scale … +scale."""
    red, green, blue = RAISES if value > 0 else LOWERS
    return f"rgba({red},{green},{blue},{STRONGEST * min(abs(value) / scale, 1.0):.3f})"


def signed(value: float, digits: int = 3) -> str:
    """A value as the page writes it: signed, with a real minus."""
    return f"{value:+.{digits}f}".replace("-", "−")


def with_error(value: float, error: float | None) -> str:
    """ "+1.190 ± 0.032 (standard error)", or the value alone where there is no error."""
    if error is None or not np.isfinite(error):
        return signed(value)
    return f"{signed(value)} ± {error:.3f}"


def ranks(shown: Map) -> Ints:
    """1 for the player with the largest |value|."""
    order = np.argsort(-np.abs(shown.values), kind="stable")
    rank = np.empty(len(order), int)
    rank[order] = np.arange(1, len(order) + 1)
    return rank


def marks_of(shown: Map, scale: float) -> list[tuple[str, str, str]]:
    """For each player: its colour, its value, and what is said of it where one points."""
    errors, rank = shown.standard_error, ranks(shown)
    return [
        (
            colour(value, scale),
            f"{value:.6f}",
            f"{with_error(value, None if errors is None else errors[i])} · rank {rank[i]} of {len(rank)}",
        )
        for i, value in enumerate(shown.values)
    ]


def cards(cells: Sequence[str], shown: Map, scale: float) -> Iterator[tuple[str, str | None, str, tuple[str, str, str]]]:
    """What `row_heatmap.html` shows of each player. cells : (n,) texts, or none where they are not known"""
    names, texts = ([short(text, LONGEST_CELL) for text in each] for each in (shown.labels, cells))
    known: Sequence[str | None] = texts or [None] * len(names)
    return zip(names, known, map(signed, shown.values), marks_of(shown, scale))


def ends_of(scale: float, ends: tuple[str, str]) -> dict[str, str]:
    """What `legend.html` shows; ends : what values at either end of the scale do."""
    low, high = f"{signed(-scale, 2)} {ends[0]}", f"{signed(scale, 2)} {ends[1]}"
    return {"scale": f"{scale:.6f}", "stops": ",".join(colour(x, 1.0) for x in np.linspace(-1, 1, 9)), "low": low, "high": high}


def short(text: str, most: int) -> str:
    """The text, or its beginning and a sign that it goes on."""
    return text if len(text) <= most else text[: most - 1] + "…"
