"""What becomes of a map when absence is expressed in another way."""

import streamlit as st

from ui.heatmap import legend, shared_scale, signed, token_heatmap
from ui.jobs import Job
from ui.names import ABSENT, INDICES
from ui.text_run import TextResult, other_policies
from xai import agreement


def show_policies(result: TextResult, state, slot) -> None:
    """The left map under every absence policy and their rank agreement, on demand: the others must be paid for."""
    st.markdown(
        "A part can be absent in several ways. A map that changes its order with the way of absence says as much about "
        "that choice as about the text."
    )
    found = state.extra.get("policies")
    if found is None or found[0] != result.request:
        first = result.comparison.maps[0]
        budget = min(result.request.plan.budget, 2 ** min(len(first.labels), 62))
        st.caption(f"The other two ways will take at most {2 * budget} evaluations.")
        if st.button(
            "Check the other ways of absence", key="policies", disabled=state.job is not None or not slot.gemma
        ):
            _start(result, state, slot)
            st.rerun()
        return
    maps = found[1]
    scale = shared_scale(*maps.values())
    for column, (absent, attribution) in zip(st.columns(len(maps)), maps.items()):
        with column:
            st.markdown(f"**{INDICES[attribution.index]}**, parts {ABSENT[absent]}")
            st.html(token_heatmap(result.request.prompt, result.subject.spans, attribution, scale, absent))
    st.html(legend(scale))
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


def _start(result, state, slot) -> None:
    def work(job):
        state.extra["policies"] = (result.request, other_policies(slot.gemma, result, job))
        return result

    state.begin(Job(work))
