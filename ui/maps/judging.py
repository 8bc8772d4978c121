"""Whether to trust a comparison: fidelity on unseen coalitions, and a control that must fall apart."""

import streamlit as st

from ui.draw import charts
from ui.draw.judgements import ICONS, said_of
from ui.draw.markdown import said
from ui.draw.table import show_table
from ui.maps.picture import Picture
from ui.maps.randomised import show_randomised
from ui.names import INDICES, OTHERS, method_name
from ui.runs.comparison import Comparison
from xai import Attribution, Judgement, shuffled_control
from xai.closed import is_closed_form
from xai.trust.curves import Curves


def headline_of(judgement: Judgement) -> str:
    """What the three judgements of a map come to, in Markdown."""
    return f":material/{ICONS[judgement.worth]}: **{said(judgement.headline)}**".replace(" %", "\xa0%")


def is_preliminary(attribution: Attribution) -> bool:
    """Whether a map has no coalitions of its own."""
    return attribution.note.startswith("Preliminary")


def title_of(attribution: Attribution, judgement: Judgement | None) -> str:
    """A map's name and what its judgements come to, in Markdown."""
    name = f"**{INDICES[attribution.index]}** · {method_name(attribution.index, attribution.method)}"
    name += " (preliminary)" if is_preliminary(attribution) else ""
    return name if judgement is None else f"{name}  \n{headline_of(judgement)}"


def show_judgements(judgement: Judgement, one: Attribution, picture: Picture) -> None:
    """The three judgements of a map."""
    found = said_of(judgement, picture.named(one), picture.parts, picture.whole)
    st.caption("\n".join(f"- {said(sentence)}" for sentence in found.sentences))


def show_fidelity(comparison: Comparison, picture: Picture, weights: list[float] | None) -> None:
    """LDS, R², insertion and deletion of both maps, and the randomised control on demand."""
    judged = comparison.judged
    if judged is None:
        why = (
            "One of these maps was brought from elsewhere, and neither is judged"
            if any(one.method in OTHERS for one in comparison.maps)
            else "This run was stopped before its maps were judged"
        )
        st.markdown(f"{why}. Explain again for maps that are.")
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
            **_areas(one.curves),
        }
        for name, one in zip(names, judged.maps)
    ]
    for name, other in (("leave-one-out", judged.leave_one_out), ("random order", judged.random)):
        rows.append(dict.fromkeys(rows[0], "–") | {"map": name} | _areas(other))
    show_table(rows, "fidelity")
    st.caption(
        "LDS: rank correlation between what the map adds up to and what the model said. R²: share of the model's "
        "movement that the map foretells. Insertion should be high early, deletion low early; a map is worth something "
        "where it beats the random order."
    )
    st.plotly_chart(charts.curves(judged, names, picture.whole), width="stretch", key="curves")
    if st.toggle("Control: shuffle the model's answers among the coalitions", key="control"):
        for name, attribution in zip(names, comparison.focused(weights)):
            if is_closed_form(attribution):
                st.markdown(f"**{name}**: its values are exact and come from no coalition, so there is nothing to shuffle.")
                continue
            found = shuffled_control(comparison.ledger, attribution, comparison.weights if weights is None else weights)
            st.markdown(f"**{name}**: {found.sentence(picture.parts)}")
        st.caption("No model call was made for this: the values paid for were dealt out anew, and the maps solved again.")
    show_randomised(comparison, picture, weights)


def _areas(one: Curves | None) -> dict[str, str]:
    return {"insertion AUC": _of(one.insertion_auc), "deletion AUC": _of(one.deletion_auc)} if one else {}


def _of(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"
