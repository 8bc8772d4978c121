"""A picture whose parts can be absent: where a coalition of patches becomes what a model sees."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageFilter

from model.image.images import Picture, as_rgb
from model.image.patches import cells, check_grid, check_visible, grid_labels, on_original, patch_names, slic, superpixels
from xai.checks import check_coalitions
from xai.typing import Bools, Bytes, Ints

Pixels = NDArray[np.float32]  # as the model takes them

SIDE = 224  # pixels a side that the model sees
CENTRE, SCALE = 127.0, 128.0  # its input is (pixel − 127) / 128

ABSENT = ("mean", "blur", "black")
BLUR_RADIUS = 16  # pixels of 224: what remains are colours, no outline
IMAGES_PER_CALL = 32  # composed at a time: 19 MB


class Seen(NamedTuple):
    """What a model sees of a picture: a square of `side` pixels, as (pixel − centre) / scale, numbers or one per channel.

    probabilities : are the logits logarithms of probabilities, which is all that the model gives?
    """

    side: int = SIDE
    centre: ArrayLike = CENTRE
    scale: ArrayLike = SCALE
    probabilities: bool = False

    def pixels(self, image: Picture) -> Bytes:
        """uint8 (side, side, 3), the whole picture resized to a square (bicubic), nothing cut off.

        image : a PIL image or uint8 (height, width, 3); TypeError for anything else
        """
        return np.asarray(as_rgb(image).resize((self.side, self.side), Image.Resampling.BICUBIC))

    def normalise(self, pixels: Bytes) -> Pixels:
        """uint8 (side, side, 3) → the model's float32 (3, side, side)."""
        centre, scale = np.asarray(self.centre, np.float32), np.asarray(self.scale, np.float32)
        return np.ascontiguousarray(((pixels.astype(np.float32) - centre) / scale).transpose(2, 0, 1))

    def as_pixels(self, inputs: Pixels) -> Bytes:
        """What `normalise` was given."""
        found = inputs.transpose(1, 2, 0) * np.asarray(self.scale, float) + np.asarray(self.centre, float)
        pixels: Bytes = np.rint(found).astype(np.uint8)
        return pixels


class Covered:
    """A picture, cut into the patches of a grid or into superpixels, of which some are painted over.

    Attributes
    ----------
    count : of the parts;  labels : "row 1, column 1" … or "superpixel 1" …;  grid : (rows, columns), None for superpixels
    size : (height, width) of the original
    whole : the picture as the model takes it, float32 (3, side, side)
    """

    def __init__(
        self, seen: Seen, image: Picture, grid: Iterable[int], absent: str | Picture, segments: str | None = None
    ) -> None:
        """ValueError or TypeError for what is not allowed; arguments as of `model.image.classifier.ImageClassifier.game`."""
        if segments not in (None, "slic", "slic as found"):
            raise ValueError(f'segments must be None (the grid), "slic" or "slic as found"; got {segments!r}')
        image, grid = as_rgb(image), check_grid(grid, seen.side)
        pixels = seen.pixels(image)
        self.size = (image.height, image.width)
        if segments:
            asked = grid[0] * grid[1]
            self._parts = _superpixels(image, pixels, asked) if segments == "slic" else slic(pixels, asked)
            self.count, self.grid = int(self._parts.max()) + 1, None
            self.labels = [f"superpixel {i + 1}" for i in range(self.count)]
        else:
            self._parts = grid_labels(grid, seen.side)
            self.count, self.grid = grid[0] * grid[1], grid
            self.labels = patch_names(grid)
        check_visible(self._parts, self.count, *self.size)
        self._seen, self.whole = seen, seen.normalise(pixels)
        self._gone = seen.normalise(_absent_pixels(seen, pixels, absent))

    @property
    def regions(self) -> NDArray[np.int16]:
        """int16 (height, width): the part of each pixel of the original picture."""
        return on_original(self._parts, *self.size)

    def compose(self, coalitions: Bools) -> Pixels:
        """bool (m, count) → float32 (m, 3, side, side)."""
        return np.where(coalitions[:, self._parts][:, None], self.whole, self._gone)

    def picture(self, coalition: Bools) -> Bytes:
        """What the model sees of one coalition, bool (count,): uint8 (side, side, 3)."""
        return self._seen.as_pixels(self.compose(check_coalitions([coalition], self.count))[0])


def _superpixels(image: Image.Image, pixels: Bytes, count: int) -> Ints:
    """int (224, 224): those of what the model sees; along an edge with fewer pixels, of these, that each part has some."""
    side = len(pixels)
    width, height = (min(edge, side) for edge in image.size)
    if (height, width) != (side, side):
        pixels = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    return superpixels(pixels, count)[np.ix_(cells(height, side), cells(width, side))]


def _absent_pixels(seen: Seen, pixels: Bytes, absent: str | Picture) -> Bytes:
    """uint8 (side, side, 3): what stands where patches are absent."""
    if not isinstance(absent, str):
        return seen.pixels(absent)
    if absent not in ABSENT:
        raise ValueError(f"absent must be one of {list(ABSENT)} or another image; got {absent!r}")
    return painted(pixels, absent, BLUR_RADIUS * seen.side / SIDE)


def painted(pixels: Bytes, absent: str, blur: float) -> Bytes:
    """uint8 (height, width, 3): the picture without what can be seen in it, as one of ABSENT says. blur : radius in pixels"""
    if absent == "mean":
        return np.broadcast_to(np.rint(pixels.mean(axis=(0, 1))).astype(np.uint8), pixels.shape)
    if absent == "black":
        return np.zeros_like(pixels)
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(blur)))
