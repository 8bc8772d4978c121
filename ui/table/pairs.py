"""Pairs of columns that do more, or less, together than apart: exactly, where the model's form allows it."""

import numpy as np
import streamlit as st

from ui.draw.colour import signed
from ui.maps.interactions import STRONGEST
from ui.table.run import INDICES, background_of
from xai import Interactions


def exact_pairs(fitted, request, index: str, weights) -> Interactions:
    """Exact interactions of every two columns for the request's row."""
    model = fitted.model
    found = model.interactions(fitted.frame.iloc[[request.row]], index, background_of(fitted, request))
    matrix = found.reshape(*found.shape[:2], -1) @ np.asarray(weights)
    pairs = np.column_stack(np.triu_indices(len(matrix), 1))
    values = matrix[tuple(pairs.T)]
    return Interactions(pairs, values, np.zeros_like(values), model.labels, index, 0, "Exact, from the model's own form.")


def show_exact_pairs(result, fitted, picture, weights) -> None:
    """The strongest exact interactions of the row, by either index."""
    index = st.segmented_control(
        "By", INDICES, default="banzhaf", format_func=str.capitalize, key="pair-index", label_visibility="collapsed"
    )
    found = exact_pairs(fitted, result.request, index or "banzhaf", weights)
    chosen = np.argsort(-np.abs(found.values), kind="stable")[:STRONGEST]
    chosen = chosen[found.values[chosen] != 0]
    if not len(chosen):
        st.markdown("No two columns do more together than apart: for this row the model adds them up.")
        return
    st.markdown(
        f"**The {len(chosen)} strongest pairs** by {found.index.capitalize()} interaction, exact: how much more "
        f"(vermillion) or less (blue) two {picture.parts} do together than each alone."
    )
    maps = result.comparison.focused(weights)
    own = next((one for one in maps if one.index == found.index), maps[0])
    st.plotly_chart(picture.links(found, chosen, own), width="stretch", key="pairs")
    st.caption("Hover or tap an arc for its interaction, a dot for the column’s own value.")
    st.dataframe(
        [
            {"pair": " + ".join(found.labels[i] for i in found.pairs[row]), "together": signed(found.values[row])}
            for row in chosen
        ],
        hide_index=True,
        key="pair-table",
    )
