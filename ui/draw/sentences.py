"""What pages and reports say about attributions in words: cost, sums, ties, agreement."""

import numpy as np

from ui.draw.colour import signed
from ui.names import INDICES, METHODS, OTHERS
from xai import Agreement, Attribution, ties
from xai.closed import is_closed_form


def cost(attribution: Attribution) -> str:
    """Evaluations, those shared with others, and seconds."""
    if attribution.method in OTHERS:
        return "Cost: not known."
    shared = f", {attribution.reused} shared with what was already paid" if attribution.reused else ""
    return f"Cost: {attribution.evaluations} evaluations{shared}; {attribution.seconds:.1f} s."


def exactly(attribution: Attribution) -> str:
    """Why exact values are exact; "" for estimates."""
    if attribution.method != "exact":
        return ""
    if is_closed_form(attribution):
        return "Exact, from the model’s own form: no coalition had to be asked for."
    rounded = attribution.standard_error is not None and bool(attribution.standard_error.any())
    return f"Exact{' up to rounding' if rounded else ''}: all {2 ** len(attribution.labels):,} coalitions were evaluated."


def sums(maps: list[Attribution], parts: str, quantity: str) -> str:
    """What the values (n,) sum to beside v(all) − v(none), and why Banzhaf values need not match.

    parts : what players are called;  quantity : what values are changes of
    """
    low, high = float(maps[0].empty_value), float(maps[0].full_value)
    text = (
        f"All {parts} together change {quantity} by {signed(high - low)} (from {signed(low)} with none of "
        f"them to {signed(high)} with all). "
    )
    for one in maps:
        text += f"{INDICES[one.index]} sum to {signed(one.values.sum())}. "
    if any(one.index == "banzhaf" for one in maps):
        text += (
            "Banzhaf values need not add up to the change, because each is an average over coalitions of about half "
            f"the {parts}, and says nothing of how the {parts} share the whole."
        )
    return text.strip()


def spared(saved: int, paid: int) -> str:
    """What stopping when sure saved; "" for nothing. paid : for the maps"""
    return f"Stopped when sure: {paid:,} evaluations were enough for the maps, {saved:,} were saved." if saved else ""


def apart(free: Attribution, own: Attribution, found: Agreement) -> str:
    """How far Shapley values (n,) from the left map's calls and from calls of their own lie apart, and what each cost."""
    size = float(np.square(own.values).sum())
    off = float(np.square(found.difference).sum()) / size if size > 0 else float("nan")
    name, order = METHODS[own.index][own.method], signed(found.spearman, 2)
    alike = "" if np.isnan(found.spearman) else f", and correlate {order} in ranks"
    told = "" if np.isnan(off) else f" The two differ by {_share(off)} of its squared values{alike}."
    return f"Shapley values from the left map’s calls cost no further evaluation; {name} took {own.evaluations:,}.{told}"


def _share(off: float) -> str:
    return "less than 0.1 %" if off < 0.001 else f"{100 * off:.1f} %" if off < 0.1 else f"{100 * off:.0f} %"


def tied(attribution: Attribution) -> str:
    """Which ranks by |value| this budget cannot order."""
    if attribution.standard_error is None or np.isnan(attribution.standard_error).all():
        return "Its standard errors are not known, so neither is which ranks are certain."
    brackets = ties(attribution)[1]
    if not brackets:
        return "Every rank is separable from the next at this budget."
    spans = ", ".join(f"{bracket.first + 1}–{bracket.last + 1}" for bracket in brackets)
    return f"Not separable at this budget: ranks {spans}."


def agreed(found: Agreement, labels: list[str], most: int = 3) -> str:
    """Rank correlations, overlap of the top players, and where two maps differ most."""
    if not np.isfinite(found.spearman):
        told = ["A map with one value for all has no order to compare."]
    else:
        told = [f"Spearman’s rank correlation is {signed(found.spearman, 2)}, Kendall’s {signed(found.kendall, 2)}."]
    if found.overlap:
        shares = ", ".join(f"{round(k * share)} of the top {k}" for k, share in found.overlap.items())
        told.append(f"Both name {shares}.")
    players = [i for i in found.most[:most] if found.difference[i]]
    if players:
        told.append(f"They differ most on {'; '.join(_difference(found, labels, i) for i in players)}.")
    return " ".join(told)


def _difference(found: Agreement, labels: list[str], i: int) -> str:
    errors = found.in_errors[i]
    if np.isnan(errors):
        measured = "error unknown"
    elif np.isinf(errors):
        measured = "both exact"
    else:
        measured = f"{abs(errors):.1f} standard errors"
    return f"“{labels[i]}” by {signed(found.difference[i])} ({measured})"
