"""How a picture is drawn: its patches coloured by their values, which can be clicked; the words of its question."""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import streamlit as st
from markupsafe import Markup
from numpy.typing import ArrayLike
from PIL import Image

from ui.draw.charts import diverging, pair_lines, plotly
from ui.draw.colour import CHANGE, LIKELIHOOD, LOWERS, RAISES, STRONGEST, Spans, token_heatmap, with_error
from ui.draw.html import render
from ui.draw.parts import are_numbered, numbered
from ui.image.request import ImageAbout, ImageRequest, Regions
from ui.image.source import smaller
from ui.maps.picture import Picture
from xai import Attribution, Interactions
from xai.exchange.visible import for_plotly
from xai.typing import Bools, Ints

FINE, COARSE = 96, 48  # cells of a side of the coloured layer: of the longer one, and at least, that no patch is lost
MESH = 3  # of these cells lie between two places that can be clicked, where patches have any shape
PLAYERS = "players"  # by this the page knows traces whose `customdata` are players, whose border it draws in every map
DRAWN = 64  # colours at most of what was drawn: a photo has more, of greys too
WIDTH, LOWEST, TALLEST = 400, 60, 420  # of a map on the page, in pixels


@dataclass(frozen=True)
class ImagePicture(Picture):
    """The picture of a photo.

    image : RGB, of any size;  focus : the class or answer that is explained;  strength : of the colours, 0 … 1
    marked : players left out in the what-if, marked by a cross;  clicked(player) : called with the patch clicked
    name : what the picture is called
    """

    request: ImageRequest
    about: ImageAbout
    image: Image.Image
    focus: str
    strength: float = STRONGEST
    marked: tuple[int, ...] = ()
    clicked: Callable[[int], None] | None = None
    name: str = ""

    @property
    def then(self) -> str:  # type: ignore[override]  # computed
        what = "how alike picture and text are" if self.request.compares else "whether the model says something else"
        return f"Click the strongest patches on a map, and read below {what} without them."

    @property
    def parts(self) -> str:  # type: ignore[override]  # computed
        return "patches and words" if self.request.words else "patches"

    @property
    def quantity(self) -> str:  # type: ignore[override]  # computed
        request = self.request
        if request.compares:
            return "the similarity of picture and text"
        if not request.classifies:
            return "the answer's log-probability" + (" over the other's" if request.rather else "")
        return "the log-ratio of both classes" if request.against is not None else f"the {request.value} of the class"

    @property
    def title(self) -> str:  # type: ignore[override]  # computed
        return f"{self.name}, {self.focus}"

    @property
    def answer(self) -> str:  # type: ignore[override]  # computed
        return self.focus

    @property
    def _raw(self) -> bool:
        """Whether the values are of a raw score, which is no likelihood."""
        request = self.request
        return request.compares or (request.classifies and request.against is None and request.value == "logit")

    @property
    def ends(self) -> tuple[str, str]:  # type: ignore[override]  # computed
        return CHANGE if self._raw else LIKELIHOOD

    @property
    def unit(self) -> str:  # type: ignore[override]  # computed
        logarithms = "Values are changes of natural logarithms: +0.69 doubles the probability, or the odds."
        what = "Logits are the network's raw scores." if self._raw else logarithms
        if self.request.compares:
            what = "A similarity is the cosine times 100, or times what the towers’ files say."
        return f"{what} Hover over a patch for its value."

    def has_numbers(self, labels: list[str]) -> bool:
        return are_numbered(labels[self.about.patches :])

    def names(self, labels: list[str]) -> list[str]:
        """Words of the question as in a text; patches are called by their places."""
        patches = self.about.patches
        words = labels[patches:]
        return labels[:patches] + (numbered(words, patches + 1) if self.has_numbers(labels) else words)

    def show(self, attribution: Attribution, scale: float, key: str) -> None:
        figure, players = self._figure(attribution, scale), self._clickable(key)
        clicks: dict[str, Any] = {}
        if players:
            self._add_places(figure, attribution, players)
            clicks = {"on_select": lambda: self._take_click(key, players), "selection_mode": "points"}
        st.plotly_chart(figure, width="stretch", key=f"picture-{key}", config={"displayModeBar": False}, **clicks)
        if self.request.words:
            st.html(token_heatmap(*self.text(attribution.labels), attribution, scale, key, self.has_numbers(attribution.labels)))

    def links(self, found: Interactions, chosen: Ints, attribution: Attribution) -> Any:
        figure, centres = self._figure(attribution, np.abs(attribution.values).max() or 1.0), self._centres()
        lines = [
            {"x": x, "y": y, "mode": "lines+markers", "hoverinfo": "text", "line": line, "text": text}
            for pair, line, (text, _) in pair_lines(found, chosen, 5)
            if all(i in centres for i in pair)
            for x, y in [zip(*(centres[i] for i in pair))]
        ]
        figure.add_traces([plotly().Scatter(line) for line in lines])
        figure.update_layout(height=420, showlegend=False)
        return figure

    def text(self, labels: list[str]) -> tuple[str, Spans]:
        return words_of(self.request, self.about, labels) if self.request.words else ("", [(0, 0)] * len(labels))

    def above(self, attribution: Attribution, scale: float) -> Image.Image:
        return overlay(self.image, self.about.regions, attribution.values, scale)

    def html(self, attribution: Attribution, scale: float, pane: str = "") -> Markup:
        """The coloured picture, and the question's words, for a page without a server."""
        words: str = ""
        if self.request.words:
            words = token_heatmap(*self.text(attribution.labels), attribution, scale, pane, self.has_numbers(attribution.labels))
        return render("picture", url=data_url(self.above(attribution, scale)), words=words)

    def _figure(self, attribution: Attribution, scale: float) -> Any:
        go, (x, y, regions) = plotly(), self._cells
        values = attribution.values[regions]
        strong = 1.0 if np.abs(values).max() > 0 else 0.0
        cells = go.Heatmap(
            x=x,
            y=y,
            z=values,  # plotly looks at each entry of a list, and takes an array whole
            text=np.array(self._tips(attribution))[regions],
            meta=PLAYERS,
            customdata=regions,
            hoverinfo="text",
            showscale=False,
            zmin=-scale,
            zmax=scale,
            opacity=self.strength * strong,
            colorscale=diverging(1),
        )
        under = {"source": self._under, "x": 0, "y": 0, "sizex": x[-1], "sizey": y[-1], "xref": "x", "yref": "y"}
        layout = {
            "images": [{**under, "sizing": "stretch", "layer": "below"}],
            "xaxis": {"visible": False, "range": [0, x[-1]], "constrain": "domain", "fixedrange": True},
            "yaxis": {"visible": False, "range": [y[-1], 0], "scaleanchor": "x", "constrain": "domain", "fixedrange": True},
            "height": float(np.clip(WIDTH * y[-1] / x[-1], LOWEST, TALLEST)),
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "dragmode": False,
            "showlegend": False,
            "hovermode": "closest",
        }
        return go.Figure(cells, layout)

    @cached_property
    def _under(self) -> str:
        """The picture that lies under every map."""
        return data_url(greyed(self.image))

    def _clickable(self, key: str) -> list[int]:
        """The patch of each place that a click can mean; none on maps that are not to be clicked."""
        if self.clicked is None or key not in ("l", "r"):
            return []
        if self.request.segments is None:
            return list(range(self.about.patches))  # the nearest centre is that of the patch itself
        return [int(i) for i in self._cells[2][::MESH, ::MESH].ravel()]

    def _add_places(self, figure: Any, attribution: Attribution, players: list[int]) -> None:
        """Crosses on what is left out, and unseen points that take the clicks, for heatmaps report none."""
        centres = self._centres()
        crossed = [centres[i] for i in self.marked if i in centres]
        at = {"x": [x for x, _ in crossed], "y": [y for _, y in crossed]}
        for colour, width in (("black", 5), ("white", 2)):
            marker = {"symbol": "x-thin", "size": 16, "line": {"width": width, "color": colour}}
            figure.add_scatter(**at, mode="markers", hoverinfo="skip", marker=marker)
        if self.request.segments is None:
            places = [centres[i] for i in players]
        else:
            across, down = (middles(edges)[::MESH] for edges in self._cells[:2])
            places = [(x, y) for y in down for x in across]
        tips = self._tips(attribution)
        figure.add_scatter(
            x=[x for x, _ in places],
            y=[y for _, y in places],
            mode="markers",
            hoverinfo="text",
            text=[tips[i] for i in players],
            meta=PLAYERS,
            customdata=players,
            marker={"opacity": 0, "size": 8},
            selected={"marker": {"opacity": 0}},
            unselected={"marker": {"opacity": 0}},
        )
        figure.update_layout(hoverdistance=-1)  # wherever the pointer is, the nearest place is meant

    def _take_click(self, key: str, players: list[int]) -> None:
        points = st.session_state[f"picture-{key}"].selection.points
        if points and self.clicked is not None:
            self.clicked(players[points[0]["point_index"]])

    def _tips(self, attribution: Attribution) -> list[str]:
        errors = attribution.standard_error
        return [
            f"{for_plotly(label)}: {with_error(attribution.values[i], None if errors is None else errors[i])}"
            for i, label in enumerate(attribution.labels)
        ]

    @cached_property
    def _cells(self) -> tuple[list[float], list[float], Regions]:
        """The edges of the cells of the coloured layer, in pixels of the picture across and down, and the cells' players.

        A cell for each patch where these are cut by straight lines; fine ones where they have any shape.
        """
        regions = self.about.regions
        if self.request.segments is None:
            down, across = (np.flatnonzero(np.diff(line, prepend=-1)) for line in (regions[:, 0], regions[0]))
            edges = [[*begins.tolist(), length] for begins, length in zip((across, down), regions.shape[::-1])]
        else:
            most = max(regions.shape)
            counts = [int(np.clip(FINE * length // most, min(length, COARSE), FINE)) for length in regions.shape]
            down, across = (sampled(length, count) for length, count in zip(regions.shape, counts))
            edges = [np.linspace(0, length, count + 1).tolist() for length, count in zip(regions.shape[::-1], counts[::-1])]
        return edges[0], edges[1], regions[np.ix_(down, across)]

    def _centres(self) -> dict[int, tuple[float, float]]:
        x, y, players = self._cells
        across, down = np.meshgrid(middles(x), middles(y))
        return {int(i): (float(across[players == i].mean()), float(down[players == i].mean())) for i in np.unique(players)}


def words_of(request: ImageRequest, about: ImageAbout, labels: list[str]) -> tuple[str, list[tuple[int, int]]]:
    """The question, and where each player lies in it: nowhere for a patch."""
    question, at = request.question, 0
    spans = [(0, 0)] * about.patches
    for label in labels[about.patches :]:
        start = max(question.find(label, at), at)
        at = min(start + len(label), len(question))
        spans.append((start, at))
    return question, spans


def greyed(image: Image.Image) -> Image.Image:
    """The picture as it stands under a map: smaller, and grey, for the map's colours must not be taken for its own."""
    return smaller(image).convert("L").convert("RGB")


def overlay(image: Image.Image, regions: Regions, values: ArrayLike, scale: float, strength: float = STRONGEST) -> Image.Image:
    """A picture of at most 480 pixels a side, patches coloured by values (n,) on the scale −scale … +scale."""
    small = greyed(image)
    at = regions[np.ix_(sampled(regions.shape[0], small.height), sampled(regions.shape[1], small.width))]
    shown = np.asarray(values)[at][..., None] / scale
    colour = np.where(shown > 0, RAISES, LOWERS)
    share = strength * np.minimum(np.abs(shown), 1.0)
    mixed = (1 - share) * np.asarray(small, float) + share * colour
    return Image.fromarray(np.rint(mixed).astype(np.uint8))


def without(image: Image.Image, regions: Regions, present: Bools) -> Image.Image:
    """A picture of at most 480 pixels a side, absent patches in the picture's mean colour; present (n,)."""
    small = smaller(image)
    at = regions[np.ix_(sampled(regions.shape[0], small.height), sampled(regions.shape[1], small.width))]
    pixels = np.asarray(small)
    mean = np.rint(pixels.mean(axis=(0, 1))).astype(np.uint8)
    return Image.fromarray(np.where(np.asarray(present)[at][..., None], pixels, mean))


def data_url(image: Image.Image) -> str:
    """A picture of at most 480 pixels a side inside a link; a drawn one without loss, where a photo would take long."""
    small, out = smaller(image), io.BytesIO()
    kind = "PNG" if small.getcolors(DRAWN) else "JPEG"
    small.save(out, kind, **({"quality": 88} if kind == "JPEG" else {}))
    return f"data:image/{kind.lower()};base64," + base64.b64encode(out.getvalue()).decode()


def middles(edges: list[float]) -> list[float]:
    return [(begin + end) / 2 for begin, end in pairwise(edges)]


def sampled(length: int, to: int) -> Ints:
    """Which of `length` pixels stand for `to` equal stretches of them."""
    return (2 * np.arange(to) + 1) * length // (2 * to)
