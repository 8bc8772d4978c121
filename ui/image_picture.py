"""How a picture is drawn: its patches coloured by their values, which can be clicked; the words of its question."""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from ui.charts import INTERVAL, css, plotly
from ui.heatmap import CHANGE, LIKELIHOOD, LOWERS, RAISES, signed, token_heatmap, with_error
from ui.image_request import PHOTOS, ImageResult

SENT = 480  # pixels of the longer side that a browser is sent
FINE = 96  # cells of the longer side of the coloured layer
MESH = 3  # of these cells lie between two places that can be clicked, where patches have any shape
WIDTH, TALLEST = 400, 420  # of a map on the page, in pixels
COLOUR_KEPT = 0.25  # of the photo's own under a map, so that the map's colours can be told from it


@dataclass(frozen=True)
class ImagePicture:
    """The picture (`ui.side_by_side.Picture`) of a photo.

    focus : the class or answer that is explained;  strength : of the colours, 0 … 1
    marked : players left out in the what-if, marked by a cross;  clicked(player) : called with the patch clicked
    """

    result: ImageResult
    image: object
    focus: str
    strength: float = 0.62
    marked: tuple[int, ...] = ()
    clicked: Callable[[int], None] | None = None

    @property
    def parts(self) -> str:
        return "patches and words" if self.result.request.words else "patches"

    @property
    def quantity(self) -> str:
        request = self.result.request
        if request.model != PHOTOS:
            return "the answer's log-probability" + (" over the other's" if request.rather else "")
        return "the log-ratio of both classes" if request.against is not None else f"the {request.value} of the class"

    @property
    def whole(self) -> str:
        return self.quantity

    @property
    def ends(self) -> tuple[str, str]:
        return CHANGE if self.result.request.value == "logit" else LIKELIHOOD

    @property
    def unit(self) -> str:
        what = "Logits are the network's raw scores." if self.result.request.value == "logit" else (
            "Values are changes of natural logarithms: +0.69 doubles the probability, or the odds."
        )  # fmt: skip
        return f"{what} Hover over a patch for its value, click it to see the picture without it."

    def draw(self, attribution, scale: float, key: str) -> None:
        figure, players = self._figure(attribution, scale), self._clickable(key)
        if players:
            self._add_places(figure, attribution, players)
        st.plotly_chart(
            figure, width="stretch", key=f"picture-{key}", config={"displayModeBar": False},
            **({"on_select": lambda: self._take_click(key, players), "selection_mode": "points"} if players else {}),
        )  # fmt: skip
        if self.result.request.words:
            question, spans = words_of(self.result)
            st.html(token_heatmap(question, spans, attribution, scale, key))

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

    def html(self, attribution, scale: float, pane: str = "") -> str:
        """The coloured picture, and the question's words, for a page without a server."""
        drawn = overlay(self.image, self.result.regions, attribution.values, scale)
        shown = f'<img style="max-width:100%" alt="The picture, its patches coloured by value" src="{data_url(drawn)}">'
        if self.result.request.words:
            shown += token_heatmap(*words_of(self.result), attribution, scale, pane)
        return shown

    def _figure(self, attribution, scale):
        go, regions = plotly(), self._small()
        rows, columns = regions.shape
        values = attribution.values[regions]
        strong = 1.0 if np.abs(values).max() > 0 else 0.0
        figure = go.Figure(
            go.Heatmap(
                z=values.tolist(), text=np.array(self._tips(attribution))[regions].tolist(), hoverinfo="text",
                showscale=False, zmin=-scale, zmax=scale, opacity=self.strength * strong,
                colorscale=[[0, _rgba(LOWERS, 1)], [0.5, _rgba(LOWERS, 0)], [0.5, _rgba(RAISES, 0)],
                            [1, _rgba(RAISES, 1)]],
            )
        )  # fmt: skip
        figure.add_layout_image(
            source=data_url(paled(self.image)), x=-0.5, y=-0.5, sizex=columns, sizey=rows, xref="x", yref="y",
            sizing="stretch", layer="below",
        )  # fmt: skip
        figure.update_xaxes(visible=False, range=[-0.5, columns - 0.5], constrain="domain", fixedrange=True)
        figure.update_yaxes(
            visible=False, range=[rows - 0.5, -0.5], scaleanchor="x", constrain="domain", fixedrange=True
        )
        figure.update_layout(
            height=min(WIDTH * rows / columns, TALLEST),
            margin={"l": 0, "r": 0, "t": 0, "b": 0},
            dragmode=False,
            showlegend=False,
            hovermode="closest",
        )
        return figure

    def _clickable(self, key: str) -> list[int]:
        """The patch of each place that a click can mean; none on maps that are not to be clicked."""
        if self.clicked is None or key not in ("l", "r"):
            return []
        if self.result.request.segments is None:
            return list(range(self.result.patches))  # the nearest centre is that of the patch itself
        return [int(i) for i in self._small()[::MESH, ::MESH].ravel()]

    def _add_places(self, figure, attribution, players) -> None:
        """Crosses on what is left out, and unseen points that take the clicks, for heatmaps report none."""
        centres, regions = self._centres(), self._small()
        crossed = [centres[i] for i in self.marked if i in centres]
        for colour, width in (("black", 5), ("white", 2)):
            figure.add_scatter(
                x=[x for x, _ in crossed], y=[y for _, y in crossed], mode="markers", hoverinfo="skip",
                marker={"symbol": "x-thin", "size": 16, "line": {"width": width, "color": colour}},
            )  # fmt: skip
        places = [centres[i] for i in players]
        if self.result.request.segments is not None:
            rows, columns = np.mgrid[0 : regions.shape[0] : MESH, 0 : regions.shape[1] : MESH]
            places = list(zip(columns.ravel().tolist(), rows.ravel().tolist()))
        tips = self._tips(attribution)
        figure.add_scatter(
            x=[x for x, _ in places], y=[y for _, y in places], mode="markers", hoverinfo="text",
            text=[tips[i] for i in players], marker={"opacity": 0, "size": 8},
            selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
        )  # fmt: skip
        figure.update_layout(hoverdistance=-1)  # wherever the pointer is, the nearest place is meant

    def _take_click(self, key: str, players) -> None:
        points = st.session_state[f"picture-{key}"].selection.points
        if points:
            self.clicked(players[points[0]["point_index"]])

    def _tips(self, attribution) -> list[str]:
        errors = attribution.standard_error
        return [
            f"{escape(label)}: {with_error(attribution.values[i], None if errors is None else errors[i])}"
            for i, label in enumerate(attribution.labels)
        ]

    def _small(self) -> np.ndarray:
        regions = self.result.regions
        step = max(1, max(regions.shape) // FINE)
        return regions[step // 2 :: step, step // 2 :: step]

    def _centres(self) -> dict[int, tuple[float, float]]:
        regions = self._small()
        where = {int(i): np.argwhere(regions == i).mean(axis=0) for i in np.unique(regions)}
        return {i: (float(x), float(y)) for i, (y, x) in where.items()}


def words_of(result: ImageResult) -> tuple[str, list[tuple[int, int]]]:
    """The question, and where each player lies in it: nowhere for a patch."""
    question, at = result.request.question, 0
    spans = [(0, 0)] * result.patches
    for label in result.comparison.ledger.labels[result.patches :]:
        start = max(question.find(label, at), at)
        at = min(start + len(label), len(question))
        spans.append((start, at))
    return question, spans


def smaller(image, most: int = SENT):
    """The picture with its longer side of at most `most` pixels."""
    small = image.copy()
    small.thumbnail((most, most))
    return small


def paled(image):
    """The picture as it stands under a map: smaller, with little colour of its own."""
    from PIL import ImageEnhance

    return ImageEnhance.Color(smaller(image)).enhance(COLOUR_KEPT)


def overlay(image, regions: np.ndarray, values, scale: float, strength: float = 0.62):
    """A PIL picture of at most 480 pixels a side, patches coloured by values (n,) on the scale −scale … +scale."""
    from PIL import Image

    small = paled(image)
    at = regions[np.ix_(_sampled(regions.shape[0], small.height), _sampled(regions.shape[1], small.width))]
    shown = np.asarray(values)[at][..., None] / scale
    colour = np.where(shown > 0, RAISES, LOWERS)
    share = strength * np.minimum(np.abs(shown), 1.0)
    mixed = (1 - share) * np.asarray(small, float) + share * colour
    return Image.fromarray(np.rint(mixed).astype(np.uint8))


def without(image, regions: np.ndarray, present: np.ndarray):
    """A PIL picture of at most 480 pixels a side, absent patches in the picture's mean colour; present (n,) bool."""
    from PIL import Image

    small = smaller(image)
    at = regions[np.ix_(_sampled(regions.shape[0], small.height), _sampled(regions.shape[1], small.width))]
    pixels = np.asarray(small)
    mean = np.rint(pixels.mean(axis=(0, 1))).astype(np.uint8)
    return Image.fromarray(np.where(np.asarray(present)[at][..., None], pixels, mean))


def data_url(image) -> str:
    """A picture of at most 480 pixels a side inside a link; a small one without loss, for its pixels are seen."""
    small, out = smaller(image), io.BytesIO()
    kind = "PNG" if max(small.size) < SENT // 2 else "JPEG"
    small.save(out, kind, **({"quality": 88} if kind == "JPEG" else {}))
    return f"data:image/{kind.lower()};base64," + base64.b64encode(out.getvalue()).decode()


def _sampled(length: int, to: int) -> np.ndarray:
    return (2 * np.arange(to) + 1) * length // (2 * to)


def _rgba(colour, alpha: float) -> str:
    return f"rgba({colour[0]},{colour[1]},{colour[2]},{alpha})"
