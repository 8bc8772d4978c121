"""What parts are called where they stand outside the input: by their texts, and by numbers where these tell too little."""

from collections.abc import Sequence

MANY = 20  # parts, from which on a text is long
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def are_numbered(labels: Sequence[str], many: int | None = MANY) -> bool:
    """Whether parts need numbers: there are many of them, or two have the same text. many : None for no number of them"""
    return (many is not None and len(labels) >= many) or len(set(labels)) < len(labels)


def numbered(labels: Sequence[str], first: int = 1) -> list[str]:
    """Each with its number before it, raised."""
    return [f"{raised(number)}{label}" for number, label in enumerate(labels, first)]


def raised(number: int) -> str:
    return str(number).translate(_RAISED)
