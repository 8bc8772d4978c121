"""Whether to trust a comparison: fidelity on unseen coalitions, and a control that must fall apart."""

import streamlit as st

from ui.draw import charts
from ui.draw.markdown import said
from ui.names import INDICES, method_name
from xai import shuffled_control, verdict

_SIGNS = {"Do not trust": "gpp_bad", "Take this map as a hint": "help", "There is nothing": "help"}


def sign(sentence: str) -> str:
    """The icon before a verdict: a tick is for maps to be trusted alone."""
    return next((icon for start, icon in _SIGNS.items() if sentence.startswith(start)), "verified_user")


def trust(comparison, which: int, picture) -> str:
    """One sentence on one map."""
    return verdict(comparison.judged, int(which), picture.parts, picture.whole)


def show_fidelity(comparison, picture, weights) -> None:
    """LDS, R², insertion and deletion of both maps, and the randomised control on demand."""
    judged = comparison.judged
    if judged is None:
        st.markdown("This run was stopped before its maps were judged. Explain again to finish it.")
        return
    names = [f"{INDICES[m.index]} ({method_name(m.index, m.method)})" for m in comparison.maps]
    seen = (
        f"All {judged.held_out[0]} coalitions were tried, those of the fit among them"
        if judged.exhaustive
        else f"Judged on {judged.held_out[0]} uniform and {judged.held_out[1]} Shapley-weighted coalitions that no map had seen"
    )
    st.markdown(f"{seen}; with the curves below that took {judged.evaluations} further evaluations.")
    if weights is not None:
        st.caption(said(f"This is of {picture.whole}, whatever is selected above."))
    rows = [
        {
            "map": name,
            "LDS, uniform": _of(one.uniform.lds),
            "R², uniform": _of(one.uniform.r2),
            "LDS, Shapley-weighted": _of(one.shapley.lds),
            "R², Shapley-weighted": _of(one.shapley.r2),
            "insertion AUC": _of(one.curves.insertion_auc),
            "deletion AUC": _of(one.curves.deletion_auc),
        }
        for name, one in zip(names, judged.maps)
    ]
    for name, other in (("leave-one-out", judged.leave_one_out), ("random order", judged.random)):
        areas = {"insertion AUC": _of(other.insertion_auc), "deletion AUC": _of(other.deletion_auc)}
        rows.append(dict.fromkeys(rows[0], "–") | {"map": name} | areas)
    st.dataframe(rows, hide_index=True, key="fidelity")
    st.caption(
        "LDS: rank correlation between what the map adds up to and what the model said. R²: share of the model's "
        "movement that the map foretells. Insertion should be high early, deletion low early; a map is worth something "
        "where it beats the random order."
    )
    st.plotly_chart(charts.curves(judged, names, picture.whole), width="stretch", key="curves")
    if st.toggle("Control: shuffle the model's answers among the coalitions", key="control"):
        for name, attribution in zip(names, comparison.focused(weights)):
            found = shuffled_control(comparison.ledger, attribution, comparison.weights if weights is None else weights)
            st.markdown(f"**{name}**: {found.sentence(picture.parts)}")
        st.caption("No model call was made for this: the values paid for were dealt out anew, and the maps solved again.")


def _of(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"
