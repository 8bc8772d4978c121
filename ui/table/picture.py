"""How a row is drawn: its columns as cards with their cells, coloured by their values; pairs of them joined by arcs.
And how it is put into words: what the model says of it, and what really was."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from ui.draw import charts
from ui.draw.chances import chance, chance_of, event, number, ordinal
from ui.draw.colour import row_heatmap, signed
from ui.draw.parts import are_numbered
from ui.maps.picture import Picture
from ui.table import charts as table_charts
from ui.table.request import TableAbout
from xai import Attribution
from xai.exchange.visible import visible
from xai.typing import Floats

if TYPE_CHECKING:
    import pandas as pd

    from model.table.model import TableModel

USED = {
    "trained": "The model was fitted on this row.",
    "watched": "The model was not fitted on this row, which at most told when to stop.",
    "held out": "The model was not fitted on this row: it was held out.",
    "": "Whether the model was fitted on this row is not known.",
}


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
    then: str = "Under “What if”, edit the strongest column’s cell, and see whether the prediction moves as its colour says."

    @property
    def quantity(self) -> str:  # type: ignore[override]  # computed
        return self._of(self.output)

    @property
    def whole(self) -> str:
        return self._of(self.first)

    def _of(self, output: str) -> str:
        if output:
            return f"the raw score of {output}"
        return f"the {self.about.units}" if self.about.classes else f"the predicted {self.about.units}"

    @property
    def unit(self) -> str:  # type: ignore[override]  # computed
        scale = "in the units of the target"
        if self.about.classes:
            scale = (
                "a class’s probability is e to its score, over the sum of this for all classes"
                if self.output
                else "+1 takes a probability of 0.50 to 0.73, and one of 0.90 to 0.96"
            )
            if self.about.units.startswith("probability"):
                scale = "0.1 is ten in a hundred"
        return f"Values are changes of {self.quantity}: {scale}. Hover or tap a column for its value and rank."

    def has_numbers(self, labels: list[str]) -> bool:
        return are_numbered(labels, None)  # cards stand apart

    def html(self, attribution: Attribution, scale: float, pane: str = "") -> Markup:
        return row_heatmap(self.about.cells, self.named(attribution), scale, pane)

    def error(self, attribution: Attribution) -> str:
        truth, spent = self._beside(attribution), attribution.evaluations + attribution.reused
        if truth is None:
            return ""
        return (
            f"Against the **exact** {attribution.index.capitalize()} values: relative squared error "
            f"**{relative_error(attribution.values, truth):.2g}** after {spent} evaluations."
        )

    def chart(self, attribution: Attribution, reach: float) -> Any:
        drawn = table_charts.waterfall if attribution.index == "shapley" else table_charts.bars
        return drawn(attribution, self.about.cells, self.quantity, reach, self._beside(attribution))

    def under_chart(self, attribution: Attribution) -> str:
        exact = "" if self._beside(attribution) is None else " Diamonds: the exact values."
        whiskers = "" if attribution.method == "exact" else " Whiskers: 95 % intervals."
        if attribution.index == "shapley":
            return f"Each column moves the answer from where the last one left it.{whiskers}{exact}"
        return charts.under_bars(attribution) + exact

    def _beside(self, attribution: Attribution) -> Floats | None:
        """Exact values that are to be drawn beside estimates."""
        return None if attribution.method == "exact" else self.exact.get(attribution.index)


def relative_error(values: Floats, truth: Floats) -> float:
    """‖φ̂ − φ‖² / ‖φ‖²; 0 where both are 0."""
    size, error = float(np.square(truth).sum()), float(np.square(values - truth).sum())
    return error / size if size else (0.0 if not error else float("inf"))


def prediction(model: "TableModel", row: "pd.DataFrame", output: int | None = None) -> str:
    """What the model says of one row. output : of several classes, the one it is asked of; None for the likeliest"""
    margin, chances = model.predict(row)
    if chances is None:
        return f"{model.target.label} = {number(float(model.answers(margin)[0]))}"
    names, label = model.target.classes, model.target.label
    if len(model.outputs) == 1:
        told = chance_of(event(label, names[1]), chances[0, 1])
        odds = f" (log-odds {signed(model.slope * float(margin[0]), 2)})"
        return told if model.link in ("share", "step") else told + odds
    order = [int(i) for i in np.argsort(-chances[0], kind="stable")]
    asked = order[0] if output is None else output
    others = [i for i in order if i != asked][:2] if asked == order[0] else order[:1]
    told = ", ".join(f"{names[i]} with {chance(chances[0, i])}" for i in others)
    score = f"{chance_of(event(label, names[asked]), chances[0, asked])} (raw score {signed(float(margin[0, asked]), 2)})"
    return f"{score}, {'then' if asked == order[0] else 'likeliest is'} {told}"


def answer(request: Any, about: TableAbout, says: str) -> str:
    """What the model says of the row, and beside it what the table holds."""
    told = visible(f"Row {request.row + 1} of {request.table}: ")
    if not about.says:
        return told + "what the model said of it was not kept"
    told += f"the model says {visible(says)}"
    return told if about.truth is None else visible(f"{told}; {held(about.truth.actual)}")


def held(actual: str | None) -> str:
    """actual : the cell of the target, None where it is missing"""
    return "what really was is not known" if actual is None else f"the table holds {actual}"


def how_far(about: TableAbout) -> str:
    """How far the model is off, the row's place among all by that, and whether the model was fitted on it."""
    truth = about.truth
    if truth is None:
        return ""
    if truth.actual is None:
        return "Its cell of the target is missing, so it taught the model nothing, and how far the model is off is not known."
    if not truth.place:
        return "The model was asked of this row alone, so the row’s place among all is not known."
    if truth.residual is None:
        told = "Its residual is beyond all numbers"
    elif about.classes:
        told = f"The class that was got a probability of {chance(1 - truth.residual)}: residual {chance(truth.residual)}"
    else:
        told = f"Residual {number(truth.residual, '+')}: what was, less what the model says"
    ties = "" if not truth.shared else f", as {truth.shared:,} other{'s are' if truth.shared > 1 else ' is'}"
    return f"{told}. Worst predicted {ordinal(truth.place)} of {truth.of:,} rows{ties}. {USED[truth.used]}"


def shown(cell: Any) -> str:
    """A cell as the page writes it."""
    import pandas as pd

    if pd.api.types.is_scalar(cell) and pd.isna(cell):
        return "missing"
    if isinstance(cell, (float, np.floating)):
        return f"{cell:.6g}"
    return str(cell)[:200]
