"""How a picture is drawn: the photo below, its patches coloured by their values, pairs of patches joined by lines."""

import base64
import io
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from ui.charts import INTERVAL, css, plotly
from ui.heatmap import LOWERS, RAISES, signed, with_error
from ui.image_run import PHOTOS, ImageResult

SIDE = 480  # pixels of the longer side that are sent
FINE = 96  # cells of the longer side of the coloured layer


@dataclass(frozen=True)
class ImagePicture:
    """The picture (`ui.side_by_side.Picture`) of a photo; focus : which class is shown;  strength : of the colours."""

    result: ImageResult
    image: object
    focus: str
    strength: float = 0.6
    parts = "patches"

    @property
    def quantity(self) -> str:
        if self.result.request.model != PHOTOS:
            return "the answer's log-probability"
        return "the log-odds of the class"

    whole = quantity
    unit = (
        "Values are changes of natural logarithms; +0.69 doubles the probability, or the odds. Hover over a patch for "
        "its value."
    )

    def draw(self, attribution, scale: float, key: str) -> None:
        st.plotly_chart(
            self._figure(attribution, scale), width="stretch", key=f"picture-{key}", config={"displayModeBar": False}
        )
        words = [i for i in range(len(attribution.labels)) if i > self.result.regions.max()]
        if words:
            st.dataframe(
                [{"word": attribution.labels[i], "value": signed(attribution.values[i])} for i in words],
                hide_index=True, key=f"words-{key}",
            )  # fmt: skip

    def links(self, found, chosen, attribution):
        figure, centres = self._figure(attribution, np.abs(attribution.values).max() or 1.0), self._centres()
        strongest = np.abs(found.values[chosen]).max() or 1.0
        for row in chosen:
            pair = found.pairs[row]
            if not all(i in centres for i in pair):
                continue
            (x0, y0), (x1, y1) = (centres[i] for i in pair)
            value, error = found.values[row], found.standard_error[row]
            figure.add_scatter(
                x=[x0, x1], y=[y0, y1], mode="lines+markers", hoverinfo="text",
                line={
                    "color": css(RAISES if value > 0 else LOWERS), "width": 1.5 + 5 * abs(value) / strongest,
                    "dash": "solid" if abs(value) > INTERVAL * error else "dot",
                },
                text=f"{escape(found.labels[pair[0]])} with {escape(found.labels[pair[1]])}: {signed(value)}",
            )  # fmt: skip
        figure.update_layout(height=420, showlegend=False)
        return figure

    def _figure(self, attribution, scale):
        go = plotly()
        regions = self._small()
        rows, columns = regions.shape
        values = attribution.values[regions]
        errors = attribution.standard_error
        tips = np.array(
            [
                f"{escape(label)}: {with_error(attribution.values[i], None if errors is None else errors[i])}"
                for i, label in enumerate(attribution.labels)
            ]
        )[regions]
        low, high = (f"rgb({c[0]},{c[1]},{c[2]})" for c in (LOWERS, RAISES))
        top = np.abs(values).max() / scale if scale else 0.0
        figure = go.Figure(
            go.Heatmap(
                z=values.tolist(), text=tips.tolist(), hoverinfo="text", showscale=False, zmin=-scale, zmax=scale,
                colorscale=[
                    [0, low], [0.25, f"rgba({LOWERS[0]},{LOWERS[1]},{LOWERS[2]},0.5)"], [0.5, "rgba(128,128,128,0)"],
                    [0.75, f"rgba({RAISES[0]},{RAISES[1]},{RAISES[2]},0.5)"], [1, high],
                ],
                opacity=self.strength if top else 0.0,
            )
        )  # fmt: skip
        figure.add_layout_image(
            source=_data_url(self.image), x=-0.5, y=-0.5, sizex=columns, sizey=rows, xref="x", yref="y",
            sizing="stretch", layer="below",
        )  # fmt: skip
        figure.update_xaxes(visible=False, range=[-0.5, columns - 0.5], constrain="domain")
        figure.update_yaxes(visible=False, range=[rows - 0.5, -0.5], scaleanchor="x", constrain="domain")
        figure.update_layout(height=340, margin={"l": 0, "r": 0, "t": 0, "b": 0})
        return figure

    def _small(self) -> np.ndarray:
        regions = self.result.regions
        step = max(1, max(regions.shape) // FINE)
        return regions[step // 2 :: step, step // 2 :: step]

    def _centres(self) -> dict[int, tuple[float, float]]:
        regions = self._small()
        where = {int(i): np.argwhere(regions == i).mean(axis=0) for i in np.unique(regions)}
        return {i: (float(x), float(y)) for i, (y, x) in where.items()}


def _data_url(image) -> str:
    small, out = image.copy(), io.BytesIO()
    small.thumbnail((SIDE, SIDE))
    small.save(out, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
