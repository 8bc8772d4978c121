"""How few-shot examples, and a matrix of words, are drawn."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from markupsafe import Markup

from ui.data.request import ExamplesRequest
from ui.draw import charts
from ui.draw.colour import STRONGEST, row_heatmap, signed
from ui.draw.parts import are_numbered
from ui.maps.picture import Picture
from xai import Attribution
from xai.exchange.visible import for_plotly
from xai.typing import Floats

WRITTEN_CELLS = 15  # of a side of a matrix, up to which its cells hold their numbers
_UNITS = {
    "cross-entropy": "Values are in nats per token of the reference translations: +0.1 lowers cross-entropy by 0.1.",
    "chrF": "Values are points of chrF (0 to 100) over all evaluation sentences.",
    "BLEU": "Values are points of BLEU (0 to 100) over all evaluation sentences.",
}


@dataclass(frozen=True)
class ExamplesPicture(Picture):
    """The picture of a prompt's examples, by one measure."""

    request: ExamplesRequest
    signatures: dict[str, str] = field(default_factory=dict)
    measure: str = "cross-entropy"

    then = "Take what is blue out of the examples and explain again, to see whether translations get better by this measure."

    @property
    def quantity(self) -> str:  # type: ignore[override]  # computed
        return quantity(self.measure)

    @property
    def whole(self) -> str:
        return quantity("cross-entropy")

    @property
    def parts(self) -> str:  # type: ignore[override]  # computed
        return "examples" if self.request.players == "example" else "groups of examples"

    @property
    def unit(self) -> str:  # type: ignore[override]  # computed
        counted = ""
        if self.measure in self.signatures:
            counted = f" sacrebleu’s signature: {self.signatures[self.measure]}."
        elif self.measure == "BLEU":
            counted = f" sacrebleu’s tokenizer is {self.request.tokenizer}."
        return f"{_UNITS[self.measure]}{counted} Hover or tap a card for its value and rank."

    @property
    def facts(self) -> dict[str, str]:
        return {f"sacrebleu’s signature of {measure}": signature for measure, signature in self.signatures.items()}

    def has_numbers(self, labels: list[str]) -> bool:
        return are_numbered(labels, None)  # cards stand apart

    def html(self, attribution: Attribution, scale: float, pane: str = "") -> Markup:
        return row_heatmap(self.cells(attribution.labels), self.named(attribution), scale, pane)

    def cells(self, labels: list[str]) -> list[str]:
        """What stands under each player's name: an example's translation, a group's size."""
        if self.request.players == "example":
            return [pair.target for pair in self.request.examples]
        origins = [pair.origin for pair in self.request.examples]
        counts = [origins.count(label) for label in labels]
        return [f"{count} example{'s' * (count != 1)}" for count in counts]


def quantity(measure: str) -> str:
    """What a value is a change of; more is better for all three."""
    return "negative cross-entropy per token" if measure == "cross-entropy" else measure


def matrix(source: list[str], target: list[str], values: Floats, errors: Floats | None, scale: float) -> Any:
    """Values (source words, target words) as a heatmap from −scale to +scale; errors the same shape, or None."""
    hover = [
        [
            f"{for_plotly(row)} → {for_plotly(column)}: {signed(values[i, j])}"
            + ("" if errors is None or not np.isfinite(errors[i, j]) else f" ± {errors[i, j]:.3f}")
            for j, column in enumerate(target)
        ]
        for i, row in enumerate(source)
    ]
    written = max(values.shape) <= WRITTEN_CELLS
    figure, colours = charts.plotly().Figure(), {"zmin": -scale, "zmax": scale, "colorscale": charts.diverging(STRONGEST)}
    figure.add_heatmap(z=values, xgap=1, ygap=1, hoverinfo="text", hovertext=hover, showscale=False, **colours)
    if written:  # a trace of its own has the theme's ink: a heatmap's own text is black on what is no white page
        rows, columns = np.indices(values.shape)
        numbers = [signed(value + 0.0, 1) for value in values.round(1).reshape(-1)]  # + 0.0: no −0.0
        figure.add_scatter(x=columns.reshape(-1), y=rows.reshape(-1), mode="text", text=numbers, hoverinfo="skip")
    plain = {"showgrid": False, "zeroline": False}
    figure.update_layout(
        height=90 + 34 * len(source),
        showlegend=False,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        xaxis=charts.rows_axis(target, 14, side="top", range=[-0.5, len(target) - 0.5], title="target word", **plain),
        yaxis=charts.rows_axis(source, 14, range=[len(source) - 0.5, -0.5], title="source word", **plain),
    )
    return figure
