"""Pictures of files: PNG, JPEG, WebP, GIF, TIFF, BMP and AVIF as upright RGB, everything else refused with one sentence.

Size, format and dimensions are looked at before anything is decoded; only then are pixels read.
"""

import io
from pathlib import PurePath

import numpy as np
from PIL import Image

from model.image.flat import UnreadablePixels, flat
from model.image.formats import kind_of
from xai.typing import Bools, Bytes

Picture = Image.Image | Bytes  # an array is uint8 (height, width, 3)

MAX_BYTES = 20 * 1024**2
MAX_PIXELS = 50_000_000
ORIENTATION = 0x0112
_TURNS = "FLIP_LEFT_RIGHT ROTATE_180 FLIP_TOP_BOTTOM TRANSPOSE ROTATE_270 TRANSVERSE ROTATE_90"
UPRIGHT = {orientation: Image.Transpose[turn] for orientation, turn in enumerate(_TURNS.split(), 2)}
_SUBFILE, _PHOTOMETRIC, _DNG = 254, 262, 50706  # tags of TIFF


def read_image(data: bytes, filename: str = "") -> Image.Image:
    """An uploaded file as an upright PIL image of mode RGB, in its own size.

    data : the bytes of a PNG, JPEG, WebP, GIF, TIFF, BMP or AVIF file, at most 20 MB and 50 megapixels
    filename : for the messages; its extension says nothing

    Turned upright by its EXIF orientation; any mode becomes 8-bit sRGB, by its colour profile if it has one, and what is
    transparent is laid on white. Of several frames or pages the first is read. ValueError with one sentence for anything
    else.
    """
    return read_noted(data, filename)[0]


def read_noted(data: bytes, filename: str = "") -> tuple[Image.Image, str]:
    """As `read_image`, and what a user should know of it: "" or a sentence, where only a part of the file is read."""
    name = PurePath(filename).name or "the file"
    if not data:
        raise ValueError(f"{name} is empty: choose a picture")
    if len(data) > MAX_BYTES:
        raise ValueError(f"{name} has {len(data) / 1024**2:.1f} MB; images of up to 20 MB are read: make it smaller")
    kind = kind_of(data, name)
    opened = _open(data, kind, name)
    if kind == "TIFF":
        _check_tiff(opened, name)
    try:
        # A phone's JPEG may carry a second picture for depth or 3-D; the first is the photo.
        several = kind != "JPEG" and bool(getattr(opened, "is_animated", False))  # to count them might take long
        opened.load()
        turn = None if kind == "TIFF" else UPRIGHT.get(_orientation(opened))  # a TIFF turns itself
        picture = flat(opened, _clear(opened, data) if kind == "PNG" else None)
        del opened  # a large one has no room beside itself turned
    except UnreadablePixels as error:
        raise ValueError(f"{name} {error}") from error
    except Exception as error:  # decoders raise whatever they like on broken data
        raise ValueError(f"{name} is damaged or cut short, and cannot be read: save or send it again") from error
    note = ""
    if several:
        what = "has several pages, the first" if kind == "TIFF" else "moves, the first frame"
        note = f"Of {name}, which {what} is read."
    return picture.transpose(turn) if turn is not None else picture, note


def as_rgb(image: Picture) -> Image.Image:
    """A PIL image, or a uint8 array (height, width, 3), as a PIL image of mode RGB; TypeError for anything else."""
    if isinstance(image, Image.Image):
        return flat(image)
    array = np.asarray(image)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise TypeError(
            f"an image must be a PIL image or a uint8 array of shape (height, width, 3); "
            f"got {type(image).__name__} of {array.dtype} {array.shape}"
        )
    return Image.fromarray(array)


def _open(data: bytes, kind: str, name: str) -> Image.Image:
    """The header read, nothing decoded; ValueError for too many pixels."""
    try:
        opened = Image.open(io.BytesIO(data), formats=(kind,))
        width, height = opened.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(f"{name} has far more than 50 megapixels: make it smaller") from error
    except Exception as error:  # as above
        raise ValueError(f"{name} is damaged or cut short, and cannot be read: save or send it again") from error
    if width * height > MAX_PIXELS:
        raise ValueError(
            f"{name} has {width} × {height} pixels, {width * height / 1e6:.0f} megapixels; "
            "images of up to 50 megapixels are read: make it smaller"
        )
    return opened


def _orientation(opened: Image.Image) -> int:
    try:
        return int(opened.getexif().get(ORIENTATION, 1))
    except Exception:  # broken EXIF data says nothing about the pixels
        return 1


def _check_tiff(opened: Image.Image, name: str) -> None:
    """ValueError for what only looks like a TIFF, or whose shades would be read the wrong way round."""
    tags = getattr(opened, "tag_v2", {})
    if _DNG in tags or tags.get(_SUBFILE) == 1:
        raise ValueError(f"{name} is a camera’s raw file, or begins with a small preview: export it as JPEG")
    if tags.get(_PHOTOMETRIC) == 0 and opened.mode.startswith(("I", "F")):
        raise ValueError(f"{name} has more than 8 bits a pixel, of which 0 is white: export it as PNG")


def _clear(opened: Image.Image, data: bytes) -> Bools | None:
    """bool (height, width): the transparent pixels of a PNG whose key counts in other steps than Pillow's pixels."""
    key, depth = opened.info.get("transparency"), data[24]
    if key is None or (opened.mode, depth) not in (("RGB", 16), ("L", 2), ("L", 4)):
        return None
    if opened.mode == "L":
        grey: Bools = np.asarray(opened) == key * 255 // (2**depth - 1)
        return grey
    again = Image.open(io.BytesIO(data), formats=("PNG",))
    again.tile = [tile._replace(args="RGB;16L") for tile in again.tile]  # the lower byte of each colour
    again.load()
    same = np.empty((opened.height, opened.width), bool)
    for row in range(opened.height):
        box = (0, row, opened.width, row + 1)
        high, low = (np.asarray(image.crop(box))[0] for image in (opened, again))
        same[row] = (high == [value >> 8 for value in key]).all(axis=1) & (low == [value & 255 for value in key]).all(axis=1)
    return same
