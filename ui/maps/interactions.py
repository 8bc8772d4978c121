"""Pairs of players that do more, or less, together than apart, drawn on the input."""

from dataclasses import replace

import numpy as np
import streamlit as st

from ui.draw.charts import INTERVAL
from ui.draw.colour import signed
from ui.draw.table import show_table
from ui.maps.picture import Picture
from ui.runs.comparison import Comparison
from xai import Attribution, Interactions, interactions
from xai.typing import Ints

STRONGEST = 8


def show_pairs(comparison: Comparison, picture: Picture, maps: list[Attribution], weights: list[float] | None) -> None:
    """The strongest interactions, from the coalitions already paid."""
    weights = comparison.weights if weights is None else weights
    try:
        found = interactions(comparison.ledger.weighted(weights))
    except ValueError as error:
        st.markdown(str(error)[0].upper() + str(error)[1:] + ".")
        return
    draw_pairs(found, strongest(found), picture, maps)
    st.caption(f"{found.note} No further evaluation was needed.")


def strongest(found: Interactions) -> Ints:
    """Rows of the largest interactions, largest first."""
    return np.argsort(-np.abs(found.values), kind="stable")[:STRONGEST]


def draw_pairs(found: Interactions, chosen: Ints, picture: Picture, maps: list[Attribution], exact: str = "") -> None:
    """The chosen rows on the input and as a table, with intervals where they are no exact ones. exact : said of those"""
    st.markdown(
        f"**The {len(chosen)} strongest pairs** by {found.index.capitalize()} interaction{', exact' if exact else ''}: how much "
        f"more (vermillion) or less (blue) two {picture.parts} do together than each alone."
        + ("" if exact else " A dotted line is not clear of zero at this budget.")
    )
    own = picture.named(next((one for one in maps if one.index == found.index), maps[0]))
    found = replace(found, labels=own.labels)
    st.plotly_chart(picture.links(found, chosen, own), width="stretch", key="pairs")
    if exact:
        st.caption(exact)
    rows = []
    for row in chosen:
        pair = " + ".join(found.labels[i] for i in found.pairs[row])
        interval = {} if exact else {"95 % interval": f"± {INTERVAL * found.standard_error[row]:.3f}"}
        rows.append({"pair": pair, "together": signed(found.values[row]), **interval})
    show_table(rows, "pair-table")
