"""Pixels of a picture under a map: coloured by values, or without what is absent; nothing here knows a page."""

import base64
import io

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from ui.draw.colour import LOWERS, RAISES
from ui.image.request import Regions
from ui.image.source import SHOWN, smaller
from xai.typing import Bools, Ints


def greyed(image: Image.Image) -> Image.Image:
    """The picture as it stands under a map: smaller, and grey, for the map's colours must not be taken for its own."""
    return smaller(image).convert("L").convert("RGB")


def overlay(image: Image.Image, regions: Regions, values: ArrayLike, scale: float, strength: float = 0.62) -> Image.Image:
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
    """A picture of at most 480 pixels a side inside a link; a small one without loss, for its pixels are seen."""
    small, out = smaller(image), io.BytesIO()
    kind = "PNG" if max(small.size) < SHOWN // 2 else "JPEG"
    small.save(out, kind, **({"quality": 88} if kind == "JPEG" else {}))
    return f"data:image/{kind.lower()};base64," + base64.b64encode(out.getvalue()).decode()


def sampled(length: int, to: int) -> Ints:
    """Which of `length` pixels stand for `to` equal stretches of them."""
    return (2 * np.arange(to) + 1) * length // (2 * to)
