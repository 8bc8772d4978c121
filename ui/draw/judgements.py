"""What pages and reports say of how right a map is: a headline, and three sentences that are never mixed."""

from dataclasses import dataclass

import numpy as np

from xai import Judgement
from xai.exchange.map import Map
from xai.trust.headline import ENOUGH, FALSE_ALARMS, NOTHING, early, percent, unmoved
from xai.trust.judge import FIRST

ICONS = {  # of Material Symbols
    "exact": "verified",
    "sure": "verified_user",
    "order": "check",
    "hint": "help",
    "worthless": "gpp_bad",
}


@dataclass(frozen=True)
class Said:
    """headline;  sentences : computed well? adding up enough? more than chance?"""

    headline: str
    sentences: tuple[str, str, str]


def said_of(j: Judgement, one: Map, parts: str, quantity: str, together: str = "“Pairs of parts”") -> Said:
    """Of a map `one`, values (n,). parts : what players are called;  quantity : what values are changes of

    together : where it is seen how parts act together
    """
    return Said(j.headline, (computed(j, one, parts), adding_up(j, parts, quantity, together), chance(j, parts, quantity)))


def computed(j: Judgement, one: Map, parts: str) -> str:
    """How far the values are from the true ones of this index."""
    if j.exact:
        return "Computed exactly: nothing was estimated."
    if j.expected_error != j.expected_error:
        return "How well it was computed is not known: no error can be told of these values."
    off = j.expected_error**0.5
    error = f"off by about {percent(off)} of their size" if off < 1.0 else "no surer than zeros"
    if len(one.labels) == 1:
        return f"Computed from a sample: its value is {error}."
    first = one.labels[int(np.argmax(np.abs(one.values)))]
    told = f"“{first}” is truly the strongest with {percent(j.first)}"
    if len(one.labels) > FIRST:
        told += f", the first three {parts} are right with {percent(j.first_three)}, their order with {percent(j.order)}"
    else:
        told += f", the order of all {parts} is right with {percent(j.order)}"
    return f"Computed from a sample: {told}; values are {error}."


def adding_up(j: Judgement, parts: str, quantity: str, together: str) -> str:
    """What share of the movement any map that adds up can explain."""
    if early(j):
        return "Adding up: not judged yet; at the end of the run coalitions that no map has seen will tell."
    if unmoved(j):
        return f"Adding up: {quantity} did not move on any of the coalitions that were tried."
    here = j.exhaustive or j.held_out > 0  # else it was read from the rows of a data set, which do not say
    unseen = f"{j.held_out} unseen coalitions" if here else "the coalitions that it was judged on"
    where = "all coalitions" if j.exhaustive else unseen
    low, high = j.additive_interval
    if low <= 0.0 and high >= 1.0:
        return f"Adding up: how much of the way {quantity} moves it can explain, {where} do not tell."
    if high <= NOTHING:
        told = "nothing"
    elif j.exhaustive and low == high:
        told = percent(j.additive)
    elif low <= 0.0:
        told = f"at most {percent(high, up=True)}"
    elif percent(low) == percent(high):
        told = percent(low)
    else:
        told = f"{percent(low)} to {percent(high)}"
    rest = "" if low >= ENOUGH else f"; the rest is {parts} acting together" + f" (see {together})" * here
    how = " from none to all" if j.index == "shapley" else ""  # Shapley values hold both ends
    return f"Adding up{how} can explain {told} of how {quantity} moves on {where}{rest}."


def chance(j: Judgement, parts: str, quantity: str) -> str:
    """Whether values that tell nothing would look as good."""
    alarms = f"pure noise passes {percent(FALSE_ALARMS)} of the time"
    if j.exact:
        return "Chance plays no part: every value is exact."
    if j.chance != j.chance or unmoved(j):
        return "Chance: not known, for nothing moved."
    if j.chance > FALSE_ALARMS:
        often = f"{percent(j.chance)} of the time"
        return f"No more than chance: shuffled answers look as if {parts} mattered {often}; only below 5 % counts ({alarms})."
    often = "less than once in 1,000 times" if j.chance < 0.001 else f"{percent(j.chance)} of the time"
    return f"More than chance: single {parts} do move {quantity}; shuffled answers look so {often} ({alarms})."
