"""Two attributions of one prompt beside each other, on one scale."""

from html import escape

import streamlit as st

from ui.charts import MAX_BARS, bars, strongest
from ui.heatmap import legend, shared_scale, signed, token_heatmap
from ui.names import ABSENT, INDICES, PLAYERS, method_name
from ui.text_run import MAX_ANSWER, TextResult

_MEANING = {
    "banzhaf": "How much a part changes the answer's log-probability on average, when every other part is present or "
    "absent with equal chance.",
    "shapley": "How a part shares in the whole change from no part to all parts: averaged over every order in which "
    "the parts could be added; the shares sum to that change.",
}


def show(result: TextResult) -> None:
    """Answer, heatmaps, legend, bars, and what each cost."""
    st.subheader("The answer, and what swung it")
    said = "The model answered" if result.request.target is None else "The target you typed"
    st.html(f'<p>{said}:</p><p class="swing-answer" data-answer="1" dir="auto">{escape(result.target.strip())}</p>')
    request = result.request
    st.caption(
        f"Parts: {PLAYERS[request.players]}; absent ones are {ABSENT[request.absent]}. At most {request.budget} "
        "evaluations per index."
        + (f" The answer is read up to the end of its line, {MAX_ANSWER} tokens at most." if not request.target else "")
    )
    scale = shared_scale(result.banzhaf, result.shapley)
    for column, attribution in zip(st.columns(2), (result.banzhaf, result.shapley)):
        with column:
            st.markdown(f"**{INDICES[attribution.index]}** · {method_name(attribution.index, attribution.method)}")
            st.html(token_heatmap(result.request.prompt, result.spans, attribution, scale))
            st.caption(f"{_MEANING[attribution.index]} {_cost(attribution)}")
            if attribution.note:
                st.caption(f":material/info: {attribution.note}")
    st.html(legend(scale))
    st.caption(
        "One colour scale for both: equal colours mean equal values. Values are changes of the natural "
        "log-probability of the whole answer; +0.69 doubles its probability. Hover or tap a part for its value and "
        "rank. Dimmed text was always present."
    )
    shown, n = len(strongest([result.banzhaf, result.shapley])), result.banzhaf.values.size
    st.markdown("**Value of each part**" + (f" (the {MAX_BARS} largest of {n})" if shown < n else ""))
    st.plotly_chart(bars([result.banzhaf, result.shapley]), width="stretch", key="bars")
    st.caption(_sums(result))


def _cost(attribution) -> str:
    shared = f", {attribution.reused} more were already known" if attribution.reused else ""
    return f"Cost: {attribution.evaluations} evaluations{shared}; {attribution.seconds:.1f} s."


def _sums(result: TextResult) -> str:
    banzhaf, shapley = result.banzhaf, result.shapley
    change = banzhaf.full_value - banzhaf.empty_value
    return (
        f"All parts together change the log-probability by {signed(change)} (from {signed(banzhaf.empty_value)} with "
        f"none of them to {signed(banzhaf.full_value)} with all). Shapley values sum to "
        f"{signed(shapley.values.sum())}; Banzhaf values to {signed(banzhaf.values.sum())}: they need not add up, "
        "because each is an average over coalitions of about half the parts. Whiskers, where a method has them, are "
        "95 % intervals of the estimate."
    )
