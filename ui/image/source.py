"""Where the Image page's pictures come from: bundled photos, drawn scenes, and what this session uploaded."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image

from model.assets import ASSETS
from ui.image.request import PHOTOS, SHAPES

if TYPE_CHECKING:
    from model.shapes.scenes import Scene

PHOTOS_AT = ASSETS / "samples" / "images"
FIRST = "chelsea.jpg"
SCENES = [f"scene {number}" for number in range(1, 7)]
SHOWN = 480  # pixels of the longer side that a browser is sent
GONE = "This run does not hold its picture, which was not kept: upload it again to see the run."
MOST_KEPT = 3  # uploads of a session: the picture, one that lends its patches, and one more; each up to 150 MB decoded


@dataclass(frozen=True, eq=False)
class Upload:
    """A picture of this session's own: decoded, RGB and upright; its bytes; the name of its file; what to know of it."""

    image: Image.Image
    data: bytes = field(repr=False)
    name: str
    note: str = ""

    @cached_property
    def view(self) -> Image.Image:
        """As it is shown: a large photo takes a second to make smaller, and a page draws it many times."""
        return _seen(self.image)


def samples(model: str) -> list[str]:
    """The bundled pictures that suit a model."""
    return SCENES if model == SHAPES else sorted(path.name for path in PHOTOS_AT.glob("*.jpg"))


def take(data: bytes, name: str) -> str:
    """Keep a picture for this session; its source. ValueError with one sentence for what is no picture."""
    from model.image.images import read_noted

    source, kept = hashlib.sha256(data).hexdigest(), _uploads()
    found = kept.pop(source, None)
    if found is None:
        image, note = read_noted(data, name)
        found = Upload(image, data, name, note)
    kept[source] = found  # the newest last
    while len(kept) > MOST_KEPT:
        kept.pop(next(iter(kept)))
    return source


def upload(source: str) -> Upload | None:
    """What this session uploaded under a source; None for samples and for what it does not have."""
    return _uploads().get(source)


def picture(source: str) -> Image.Image | None:
    """The picture of a source, PIL RGB; None where this session does not have it."""
    own = upload(source)
    if own is not None:
        return own.image
    if source in SCENES:
        return _scene(SCENES.index(source) + 1).image
    return _photo(source) if source in samples(PHOTOS) else None


def needed(source: str) -> Image.Image:
    """The picture of a source; ValueError where this session does not have it."""
    found = picture(source)
    if found is None:
        raise ValueError(GONE)
    return found


def view(source: str) -> Image.Image:
    """The picture of a source with its longer side of 240 to 480 pixels; ValueError as `needed`."""
    own = upload(source)
    return _seen(needed(source)) if own is None else own.view


def _seen(image: Image.Image) -> Image.Image:
    times = SHOWN // max(image.size)
    if times < 2:
        return smaller(image)
    return image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)  # its pixels, larger


def smaller(image: Image.Image, most: int = SHOWN) -> Image.Image:
    """The picture with its longer side of at most `most` pixels."""
    small = image.copy()
    small.thumbnail((most, most))
    return small


def title(source: str) -> str:
    """What a source is called."""
    own = upload(source)
    if own is not None:
        return own.name
    return source.removesuffix(".jpg") if source in SCENES + samples(PHOTOS) else "an uploaded picture"


def _uploads() -> dict[str, Upload]:
    kept: dict[str, Upload] = st.session_state.setdefault("pictures", {})
    return kept


def question(source: str) -> str:
    """A question that a drawn scene answers, of a colour or shape where it can be; "" for other pictures."""
    if source not in SCENES:
        return ""
    asked = [one for one in _scene(SCENES.index(source) + 1).questions() if one.about]
    return min(asked, key=lambda one: ("colour", "shape", one.kind).index(one.kind)).text


@st.cache_data(show_spinner=False)
def _scene(number: int) -> "Scene":
    from model.shapes.scenes import draw_scene

    return draw_scene(np.random.default_rng(number), 2 + number % 3)


@st.cache_data(show_spinner=False)
def _photo(name: str) -> Image.Image:
    from model.image.images import read_image

    return read_image((PHOTOS_AT / name).read_bytes(), name)
