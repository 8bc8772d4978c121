"""The headline over a map: what its three judgements come to, by the table that docs/judgement.md shows."""

from typing import Protocol

FALSE_ALARMS = 0.05  # of maps of pure noise, at most this share is called more than worthless
SURE_ERROR = 0.01  # relative squared error up to which the values themselves are sure, within some 10 %
SURE_ORDER = 0.9  # probability from which the order of the first three counts as known
ENOUGH, LITTLE = 0.7, 0.3  # of the movement, explained by adding up: at least, at most

NOTHING = 0.005  # of the movement, and less
KNOWN = 0.5  # width of an interval up to which a share is worth a headline


class Judged(Protocol):
    """What a headline follows from; see `judge.Judgement`."""

    @property
    def exact(self) -> bool: ...
    @property
    def first(self) -> float: ...
    @property
    def first_three(self) -> float: ...
    @property
    def order(self) -> float: ...
    @property
    def expected_error(self) -> float: ...
    @property
    def additive(self) -> float: ...
    @property
    def additive_interval(self) -> tuple[float, float]: ...
    @property
    def chance(self) -> float: ...
    @property
    def kept(self) -> float: ...


def worth(of: Judged) -> str:
    """exact: nothing was estimated. worthless: no more than chance, or its errors exceed its values on unseen coalitions.
    sure: the values are right within some 10 %. order: who the first three are, in order. hint: more than chance.
    """
    if of.exact:
        return "exact"
    if why_worthless(of):
        return "worthless"
    if of.expected_error <= SURE_ERROR:
        return "sure"
    return "order" if of.order >= SURE_ORDER else "hint"


def why_worthless(of: Judged) -> str:
    """The sentence of a worthless map; "" for one that is not. Of one that is judged early, more evaluations may be coming."""
    if unmoved(of):
        return "Worthless: the answer does not move, so there is nothing to explain."
    if of.chance > FALSE_ALARMS:
        if early(of):
            return "So far no better than chance; more evaluations will tell."
        return "Worthless: no better than chance. Raise the budget, or take fewer parts."
    if of.kept < 0.5 or of.expected_error >= 1.0 and of.first_three < SURE_ORDER:
        if early(of):
            return "So far its errors are larger than its values; more evaluations will tell."
        return "Worthless: its errors are larger than its values. Raise the budget."
    return ""


def unmoved(of: Judged) -> bool:
    """Whether no coalition that was tried moved the value; where none was tried, all shares are possible."""
    return of.additive_interval[1] != of.additive_interval[1]


def early(of: Judged) -> bool:
    """Whether it was judged while its run goes on: no unseen coalition was tried, so that any share may be."""
    return of.additive != of.additive and not unmoved(of)


def headline(of: Judged) -> str:
    """At most fifteen words."""
    found = worth(of)
    if found == "worthless":
        return why_worthless(of)
    if found == "exact":
        said = "Exact values"
    elif found == "sure":
        clear = "a sure first, the next alike" if of.first >= SURE_ORDER else "too alike to order"
        said = f"Sure values, {'in sure order' if of.order >= SURE_ORDER else clear}"
    elif found == "order":
        said = "Trust the first three's order, not small differences"
    elif of.first_three >= SURE_ORDER:
        said = "Trust the first three, but not their order"
    elif of.first >= SURE_ORDER:
        said = "Trust the first; the rest is a hint"
    else:
        said = "Only a hint: even the first is uncertain"
    return f"{said}{_adding_up(of)}."


def _adding_up(of: Judged) -> str:
    """Empty where adding up is enough."""
    low, high = of.additive_interval
    if low >= ENOUGH:
        return ""
    if high <= NOTHING:
        return "; adding up explains nothing"
    if high <= LITTLE:
        return f"; adding up explains at most {percent(high, up=True)}"
    known = high - low <= KNOWN and of.additive < ENOUGH
    return f"; adding up explains about {percent(of.additive)}" if known else ""


def percent(share: float, up: bool = False) -> str:
    """A share as people read it: 99.7 % is not 100 %, and what is little is not 0 %."""
    if up or 0.0 < share < 0.005:
        return f"{max(1, -int(-100 * share // 1))} %" if share > 0 else "0 %"
    return f"{min(round(100 * share), 99 if share < 1.0 else 100)} %"
