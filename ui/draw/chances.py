"""Probabilities, numbers and places as people write them."""

import re

OPERATORS = {"<=": "≤", ">=": "≥", "!=": "≠", "<": "<", ">": ">", "≤": "≤", "≥": "≥", "≠": "≠"}


def event(label: str, value: str) -> str:
    """What a class of a target says: “income > 50K” of the class “>50K”, “risk = bad” of “bad”."""
    found = re.match(r"\s*(<=|>=|!=|[<>≤≥≠])\s*(.*\S)", value)
    return f"{label} {OPERATORS[found[1]]} {found[2]}" if found else f"{label} = {value}"


def chance(p: float) -> str:
    """A probability in two digits, in three near 0 and 1; never as one of these, which no model is entitled to."""
    if p > 0.999 or p < 0.001:
        return f"{'>' if p > 0.5 else '<'}\N{NO-BREAK SPACE}{0.999 if p > 0.5 else 0.001}"
    return f"{p:.3f}" if p < 0.01 or p > 0.99 else f"{p:.2f}"


def chance_of(what: str, p: float) -> str:
    """“P(income > 50K) = 0.83”, or “P(income > 50K) > 0.999”."""
    told = chance(p)
    return f"P({what}) {told if told[0] in '<>' else f'= {told}'}"


def number(value: float, sign: str = "") -> str:
    """Four digits of a number, all that stand before the point of a large one. sign : "+" for one in any case"""
    form = f"{sign},.0f" if 1e4 <= abs(value) < 1e12 else f"{sign}.4g"
    return format(value, form).replace("-", "−")


def ordinal(place: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 1,021st."""
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place:,}{ending}"
