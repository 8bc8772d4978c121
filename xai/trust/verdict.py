"""Whether to trust a map, in one plain sentence, from its fidelity."""

from xai.trust.fidelity import Fidelity

# Of R² by the map's own law, one standard error off. The best additive map of a prompt's game on Gemma 3 was measured
# to explain 0.43 to 0.91 of it: 0.9 is as additive as such games get; from 0.7 the large values stand while near ones
# may change places; below 0.25 nearly all that happens is not in the map.
TRUST, MOSTLY, HINT = 0.9, 0.7, 0.25


def verdict(fidelity: Fidelity, which: int = 0, parts: str = "players", answer: str = "the answer") -> str:
    """One sentence on map number `which`; `parts`: what its players are called, `answer`: what their value is of.

    It asks, in this order: does the value move at all; does the map's own order do better than a random one (area of
    insertion minus that of deletion); how much of the movement an additive map explains (R² by the map's own law, less
    its standard error, against TRUST, MOSTLY, HINT); and how many of the first ranks the budget can tell.
    """
    judged = fidelity.maps[which]
    own = judged.own
    if own.r2 != own.r2:
        return f"There is nothing to judge: {answer} does not move on the coalitions that were tried."
    if judged.curves is not None and judged.curves.insertion_auc <= judged.curves.deletion_auc:
        return f"Do not trust this map: adding {parts} in its order moves {answer} no faster than removing them."
    where = fidelity.held_out[0 if own is judged.uniform else 1]
    seen = f"all {where:,} coalitions" if fidelity.exhaustive else f"{where} unseen coalitions"
    share = max(0, int(100 * own.r2 + 1e-6))  # 99.7 % is not 100 %
    known = own.r2_error == own.r2_error and not fidelity.exhaustive
    error = f" (± {100 * own.r2_error:.0f})" if known else ""  # one standard error
    explains = f"an additive map explains {share} %{error} of how {answer} moves on {seen}"
    sure = own.r2 - own.r2_error
    if sure < HINT:
        return f"Do not trust this map: {explains}; {parts} act together, or the budget is too small for so many."
    if sure < MOSTLY:
        return f"Take this map as a hint: {explains}, and the rest is {parts} acting together or noise."
    if not judged.certain:
        return f"Trust the strong colours, not the order: {explains}, but this budget cannot tell which comes first."
    first = f"which of the {parts} comes first"
    if judged.certain > 1:
        whose = "all" if judged.certain == fidelity.n_players else "the first"
        first = f"the order of {whose} {judged.certain} {parts}"
    return f"Trust {first}{', not small differences' if sure < TRUST else ''}: {explains}."
