"""What becomes of a map when absence is expressed in another way."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from ui.draw.colour import shared_scale, signed
from ui.draw.table import show_table
from ui.kind import Result
from ui.maps.picture import Picture
from ui.names import INDICES
from ui.shell.bench import Bench, on_demand
from ui.shell.jobs import Job
from xai import Attribution, agreement, explain
from xai.game import Game

GameOf = Callable[[str], Game]  # of a policy


def show_policies(
    result: Result, state: Bench[Any], picture: Picture, ways: dict[str, str], game_of: GameOf, ready: bool = True
) -> None:
    """The left map under every absence policy and their rank agreement, on demand: the others must be paid for.

    ways : policy → how parts are absent, in words;  game_of(policy) → the game of it, for a job's thread
    ready : whether the model can be asked
    """
    st.markdown(
        "A part can be absent in several ways. A map that changes its order with the way of absence says as much about "
        "that choice as about the input."
    )
    found = state.policies
    if found is None or found[0] != result.request:
        first, others = result.comparison.maps[0], len(ways) - (result.request.absent in ways)
        budget = min(result.request.plan.budget, 2 ** min(len(first.labels), 62))
        st.caption(f"The other ways will take at most {others * budget} evaluations.")

        def made(job: Job) -> dict[str, Attribution]:
            return other_ways(result, picture.parts, ways, game_of, job)

        on_demand(state, "Check the other ways of absence", "policies", state, "policies", result.request, made, ready)
        return
    maps = found[1]
    scale = shared_scale(*maps.values())
    for column, (absent, attribution) in zip(st.columns(len(maps)), maps.items()):
        with column:
            st.markdown(f"**{INDICES[attribution.index]}**, parts {ways.get(absent, absent)}")
            picture.show(attribution, scale, absent)
    st.html(picture.legend(scale))
    names = list(maps)
    pairs = [(a, b, agreement(maps[a], maps[b])) for i, a in enumerate(names) for b in names[i + 1 :]]
    rows = []
    for a, b, one in pairs:
        shared = {f"top {k} shared": f"{round(share * k)} of {k}" for k, share in one.overlap.items()}
        rows.append({"ways": f"{a} and {b}", "Spearman": signed(one.spearman, 2), "Kendall": signed(one.kendall, 2), **shared})
    show_table(rows, "policy-table")
    worst = min(pairs, key=lambda pair: pair[2].spearman)
    st.markdown(
        f"The least alike are “{worst[0]}” and “{worst[1]}”, rank correlation {signed(worst[2].spearman, 2)}: "
        + ("the order hardly depends on it." if worst[2].spearman > 0.8 else "read the order with this in mind.")
    )


def other_ways(result: Result, parts: str, ways: dict[str, str], game_of: GameOf, job: Job) -> dict[str, Attribution]:
    """The first map under every way of absence, each from a game of its own; what is known is not computed again."""
    plan, comparison = result.request.plan, result.comparison
    first = comparison.maps[0]
    found = {result.request.absent: first.combine(comparison.weights)}
    for absent in ways:
        if absent in found:
            continue

        def told(done: int, total: int, absent: str = absent) -> None:
            job.tell(done, total, f"{parts.capitalize()} {ways[absent]}: {done} of {total}")

        made = explain(game_of(absent), first.index, first.method, plan.budget, plan.seed, progress=told, cancel=job.cancelled)
        found[absent] = made.combine(comparison.weights)
    return {absent: found[absent] for absent in ways if absent in found}
