"""Which bytes are a picture: PNG, JPEG or WebP as upright RGB, everything else refused with one sentence.

Size, format and dimensions are looked at before anything is decoded; only then are pixels read.
"""

import io
from pathlib import PurePath

import numpy as np
from PIL import Image

from xai.typing import Bytes

Picture = Image.Image | Bytes  # an array is uint8 (height, width, 3)

MAX_BYTES = 20 * 1024**2
MAX_PIXELS = 50_000_000
SUFFIXES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".jfif": "JPEG", ".webp": "WEBP"}
ORIENTATION = 0x0112
_TURNS = "FLIP_LEFT_RIGHT ROTATE_180 FLIP_TOP_BOTTOM TRANSPOSE ROTATE_270 TRANSVERSE ROTATE_90"
UPRIGHT = {orientation: Image.Transpose[turn] for orientation, turn in enumerate(_TURNS.split(), 2)}


def read_image(data: bytes, filename: str = "") -> Image.Image:
    """An uploaded file as an upright PIL image of mode RGB, in its own size.

    data : the bytes of a PNG, JPEG or WebP file, at most 20 MB and 50 megapixels
    filename : for the messages; its extension, where it has one, must be that of the content

    Turned upright by its EXIF orientation; grayscale, palette, CMYK and 16-bit become 8-bit RGB, and what is
    transparent is laid on white. Colour profiles are not applied. ValueError with one sentence for anything else.
    """
    name = PurePath(filename).name or "the file"
    if not data:
        raise ValueError(f"{name} is empty: choose a PNG, JPEG or WebP image")
    if len(data) > MAX_BYTES:
        raise ValueError(f"{name} has {len(data) / 1024**2:.1f} MB; images of up to 20 MB are read: make it smaller")
    kind = _kind(data, name)
    suffix = PurePath(filename).suffix.lower()
    if suffix and SUFFIXES.get(suffix) != kind:
        right, called = next(s for s, k in SUFFIXES.items() if k == kind), kind.replace("WEBP", "WebP")
        raise ValueError(f"{name} is a {called} image by its content: rename it to {right} if that is right")
    opened = _open(data, kind, name)
    try:
        opened.load()
        turn = UPRIGHT.get(_orientation(opened))
        picture = _flat(opened)
    except Exception as error:  # decoders raise whatever they like on broken data
        raise ValueError(f"{name} is damaged or cut short, and cannot be read: save or send it again") from error
    return picture.transpose(turn) if turn is not None else picture


def as_rgb(image: Picture) -> Image.Image:
    """A PIL image, or a uint8 array (height, width, 3), as a PIL image of mode RGB; TypeError for anything else."""
    if isinstance(image, Image.Image):
        return image if image.mode == "RGB" else _flat(image)
    array = np.asarray(image)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise TypeError(
            f"an image must be a PIL image or a uint8 array of shape (height, width, 3); "
            f"got {type(image).__name__} of {array.dtype} {array.shape}"
        )
    return Image.fromarray(array)


def _kind(data: bytes, name: str) -> str:
    """The format by the file's first bytes; ValueError names what else it is where that is plain."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith(b"<") and b"<svg" in head:
        raise ValueError(f"{name} is an SVG drawing, which has no pixels: export it as PNG")
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"hevc"):
        raise ValueError(f"{name} is a HEIC or AVIF image: export it as JPEG")
    if data.startswith((b"GIF87a", b"GIF89a")):
        raise ValueError(f"{name} is a GIF: export one picture of it as PNG")
    raise ValueError(f"{name} is not a PNG, JPEG or WebP image: choose one that is")


def _open(data: bytes, kind: str, name: str) -> Image.Image:
    """The header read, nothing decoded; ValueError for too many pixels or more than one picture."""
    try:
        opened = Image.open(io.BytesIO(data), formats=(kind,))
        width, height = opened.size
        # A phone's JPEG may carry a second picture for depth or 3-D; the first is the photo.
        animated = kind != "JPEG" and getattr(opened, "n_frames", 1) > 1
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(f"{name} has far more than 50 megapixels: make it smaller") from error
    except Exception as error:  # as above
        raise ValueError(f"{name} is damaged or cut short, and cannot be read: save or send it again") from error
    if width * height > MAX_PIXELS:
        raise ValueError(
            f"{name} has {width} × {height} pixels, {width * height / 1e6:.0f} megapixels; "
            "images of up to 50 megapixels are read: make it smaller"
        )
    if animated:
        raise ValueError(f"{name} is animated: export one picture of it as PNG")
    return opened


def _orientation(opened: Image.Image) -> int:
    try:
        return int(opened.getexif().get(ORIENTATION, 1))
    except Exception:  # broken EXIF data says nothing about the pixels
        return 1


def _flat(image: Image.Image) -> Image.Image:
    """8-bit RGB of an image of any mode, on white where it is transparent."""
    if image.mode.startswith("I"):  # 16-bit grayscale; Pillow's own conversion would clip it at 255
        high = (np.asarray(image).astype(np.int64) >> 8).clip(0, 255)
        return Image.fromarray(high.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        above = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), above).convert("RGB")
    return image.convert("RGB")
