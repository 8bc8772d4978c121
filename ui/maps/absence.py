"""What becomes of a map when absence is expressed in another way."""

from collections.abc import Callable

import streamlit as st

from ui.draw.colour import LIKELIHOOD, legend, shared_scale, signed
from ui.names import INDICES
from ui.shell.jobs import Job
from xai import Attribution, agreement


def show_policies(
    result,
    state,
    ways: dict[str, str],
    compute: Callable[[Job], dict[str, Attribution]],
    draw: Callable[[Attribution, float, str], None],
    what: str,
    ready: bool = True,
) -> None:
    """The left map under every absence policy and their rank agreement, on demand: the others must be paid for.

    ways : policy → how parts are absent, in words;  compute(job) : policy → attribution, values (n,)
    draw(attribution, scale, policy);  what : a kind of input, e.g. "text";  ready : whether the model can be asked
    """
    st.markdown(
        "A part can be absent in several ways. A map that changes its order with the way of absence says as much about "
        f"that choice as about the {what}."
    )
    found = state.extra.get("policies")
    if found is None or found[0] != result.request:
        first, others = result.comparison.maps[0], len(ways) - (result.request.absent in ways)
        budget = min(result.request.plan.budget, 2 ** min(len(first.labels), 62))
        st.caption(f"The other ways will take at most {others * budget} evaluations.")
        if st.button("Check the other ways of absence", key="policies", disabled=state.job is not None or not ready):
            _start(result, state, compute)
            st.rerun()
        return
    maps = found[1]
    scale = shared_scale(*maps.values())
    for column, (absent, attribution) in zip(st.columns(len(maps)), maps.items()):
        with column:
            st.markdown(f"**{INDICES[attribution.index]}**, parts {ways.get(absent, absent)}")
            draw(attribution, scale, absent)
    st.html(legend(scale, LIKELIHOOD))
    names = list(maps)
    pairs = [(a, b, agreement(maps[a], maps[b])) for i, a in enumerate(names) for b in names[i + 1 :]]
    st.dataframe(
        [
            {
                "ways": f"{a} and {b}",
                "Spearman": signed(one.spearman, 2),
                "Kendall": signed(one.kendall, 2),
                **{f"top {k} shared": f"{round(share * k)} of {k}" for k, share in one.overlap.items()},
            }
            for a, b, one in pairs
        ],
        hide_index=True,
        key="policy-table",
    )
    worst = min(pairs, key=lambda pair: pair[2].spearman)
    st.markdown(
        f"The least alike are “{worst[0]}” and “{worst[1]}”, rank correlation {signed(worst[2].spearman, 2)}: "
        + ("the order hardly depends on it." if worst[2].spearman > 0.8 else "read the order with this in mind.")
    )


def _start(result, state, compute) -> None:
    def work(job):
        state.extra["policies"] = (result.request, compute(job))
        return result

    state.begin(Job(work))
