"""Pairs of players that do more, or less, together than apart, drawn on the input."""

import numpy as np
import streamlit as st

from ui.draw.charts import INTERVAL
from ui.draw.colour import signed
from ui.maps.picture import Picture
from ui.runs.comparison import Comparison
from xai import Attribution, interactions

STRONGEST = 8


def show_pairs(comparison: Comparison, picture: Picture, maps: list[Attribution], weights: list[float] | None) -> None:
    """The strongest interactions, from the coalitions already paid."""
    weights = comparison.weights if weights is None else weights
    try:
        found = interactions(comparison.ledger.weighted(weights))
    except ValueError as error:
        st.markdown(str(error)[0].upper() + str(error)[1:] + ".")
        return
    chosen = np.argsort(-np.abs(found.values), kind="stable")[:STRONGEST]
    st.markdown(
        f"**The {len(chosen)} strongest pairs** by Banzhaf interaction: how much more (vermillion) or less (blue) two "
        f"{picture.parts} do together than each alone. A dotted line is not clear of zero at this budget."
    )
    banzhaf = next((one for one in maps if one.index == "banzhaf"), maps[0])
    st.plotly_chart(picture.links(found, chosen, banzhaf), width="stretch", key="pairs")
    st.dataframe(
        [
            {
                "pair": " + ".join(found.labels[i] for i in found.pairs[row]),
                "together": signed(found.values[row]),
                "95 % interval": f"± {INTERVAL * found.standard_error[row]:.3f}",
            }
            for row in chosen
        ],
        hide_index=True,
        key="pair-table",
    )
    st.caption(f"{found.note} No further evaluation was needed.")
