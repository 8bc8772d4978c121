"""How a row is drawn: its columns as cards with their cells, coloured by their values; pairs of them joined by arcs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from markupsafe import Markup

from ui.draw import charts
from ui.draw.colour import row_heatmap
from ui.maps.picture import Picture
from ui.table import charts as table_charts
from ui.table.request import TableAbout
from xai import Attribution
from xai.typing import Floats


@dataclass(frozen=True)
class TablePicture(Picture):
    """The picture of a row.

    about : the row;  exact : index → exact values (n,), beside which each map is judged
    output, first : which of several classes the values are of, and which the fidelity; "" where there are no several
    answer : what the model says of the row
    """

    about: TableAbout
    exact: dict[str, Floats]
    output: str = ""
    first: str = ""
    answer: str = ""

    parts = "columns"

    @property
    def quantity(self) -> str:  # type: ignore[override]  # computed
        return self._of(self.output)

    @property
    def whole(self) -> str:
        return self._of(self.first)

    def _of(self, output: str) -> str:
        return f"the raw score of {output}" if output else f"the {self.about.units}"

    @property
    def unit(self) -> str:  # type: ignore[override]  # computed
        scale = "raw margin, before it becomes a probability" if self.about.classes else "the units of the target"
        return f"Values are changes of {self.quantity}: {scale}. Hover or tap a column for its value and rank."

    def html(self, attribution: Attribution, scale: float, pane: str = "") -> Markup:
        return row_heatmap(self.about.cells, attribution, scale, pane)

    def show(self, attribution: Attribution, scale: float, key: str) -> None:
        super().show(attribution, scale, key)
        truth = self.exact.get(attribution.index)
        if key in "lr" and truth is not None and attribution.method != "exact":
            spent = attribution.evaluations + attribution.reused
            st.markdown(
                f":material/straighten: Against the **exact** {attribution.index.capitalize()} values: relative "
                f"squared error **{relative_error(attribution.values, truth):.2g}** after {spent} evaluations."
            )

    def chart(self, attribution: Attribution, reach: float) -> Any:
        drawn = table_charts.waterfall if attribution.index == "shapley" else table_charts.bars
        return drawn(attribution, self.about.cells, self.quantity, reach, self.exact.get(attribution.index))

    def under_chart(self, attribution: Attribution) -> str:
        exact = " Diamonds: the exact values." if attribution.index in self.exact else ""
        if attribution.index == "shapley":
            return "Each column moves the answer from where the last one left it. Whiskers: 95 % intervals." + exact
        return charts.under_bars(attribution) + exact


def relative_error(values: Floats, truth: Floats) -> float:
    """‖φ̂ − φ‖² / ‖φ‖²; 0 where both are 0."""
    size, error = float(np.square(truth).sum()), float(np.square(values - truth).sum())
    return error / size if size else (0.0 if not error else float("inf"))
