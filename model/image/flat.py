"""Pixels of any mode as what a screen shows: 8-bit sRGB, what is transparent laid on white.

Sixteen bits keep their upper eight. Colour profiles are applied by LittleCMS, with the profile's own perceptual intent; a
profile that is broken, of another kind than the pixels, or that changes next to nothing, is left out.
"""

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms

from xai.typing import Bools

_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK", "LAB": "Lab"}  # of profiles, for the modes that may have one
_GREYS = ("1", "L", "LA", "La", "I", "F")
_BAND = 1 << 21  # pixels that are worked on at a time: a large picture's copies would not fit beside it
_ALIKE = 2  # of 255: what a profile may change before it is applied; conversions round


class UnreadablePixels(ValueError):
    """Values of a picture that are no shades; the message goes on after the picture's name."""


def flat(image: Image.Image, clear: Bools | None = None) -> Image.Image:
    """Mode RGB of an image of any mode. clear : bool (height, width), where it is transparent by a colour key"""
    if image.mode == "RGB" and clear is None and not {"icc_profile", "transparency"} & set(image.info):
        return image
    image.load()
    scale, change = _scale(image), _change(image)
    whole = Image.new("RGB", image.size)
    for box in _bands(image):
        part = image.crop(box)
        whole.paste(_flat(part, _keyed(part) if clear is None else clear[box[1] : box[3]], scale, change), box)
    return whole


def _bands(image: Image.Image) -> Iterator[tuple[int, int, int, int]]:
    """Boxes that cover an image, as `Image.crop` takes them."""
    rows = max(1, _BAND // image.width)
    for top in range(0, image.height, rows):
        yield 0, top, image.width, min(top + rows, image.height)


def _flat(image: Image.Image, clear: Bools | None, scale: float, change: ImageCms.ImageCmsTransform | None) -> Image.Image:
    mode = image.mode
    if mode.startswith(("I", "F")):
        image = Image.fromarray(np.floor(np.asarray(image) * scale + 0.5 * (mode == "F")).astype(np.uint8))
    elif mode in ("La", "RGBa"):  # colours that were multiplied by their alpha
        image = image.convert("LA" if mode == "La" else "RGBA")
    elif mode in ("P", "PA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    if clear is not None:
        alpha = Image.fromarray(np.where(clear, 0, 255).astype(np.uint8))
    image.info.pop("transparency", None)  # Pillow's conversions would look for it
    base = _base(mode)
    image = image.getchannel("L") if image.mode == "LA" else image if image.mode == base else image.convert(base)
    picture = image.convert("RGB") if change is None else ImageCms.applyTransform(image, change)
    assert picture is not None
    if alpha is None:
        return picture
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=alpha)
    return white


def _base(mode: str) -> str:
    """The mode without transparency, palette and depth that colours of another are first brought to."""
    return mode if mode in ("CMYK", "LAB") else "L" if mode.startswith(_GREYS) else "RGB"


def _scale(image: Image.Image) -> float:
    """By what 16-bit, 32-bit and real grey is multiplied to become shades of 255; 1 for all else."""
    if image.mode.startswith("I;16"):
        return 1 / 256
    if image.mode not in ("I", "F"):
        return 1.0
    ends = [(part.min(), part.max()) for part in (np.asarray(image.crop(box)) for box in _bands(image))]
    least, most = float(np.min(ends)), float(np.max(ends))
    if not (np.isfinite(least) and np.isfinite(most)):
        raise UnreadablePixels("has values that are no numbers: save it with 8 or 16 bits")
    top = 65535 if image.mode == "I" else 255
    if least < 0 or most > top:
        raise UnreadablePixels(
            f"has values from {least:g} to {most:g}, where shades from 0 to {top} are read: save it with 8 or 16 bits"
        )
    if image.mode == "I":
        return 1.0 if most <= 255 else 1 / 256
    return 255.0 if most <= 1 else 1.0


def _keyed(image: Image.Image) -> Bools | None:
    """bool (height, width): where the pixels have the one colour that a file calls transparent; None without one."""
    key = image.info.get("transparency")
    if image.mode == "RGB" and isinstance(key, tuple):
        eight = [value >> 8 if max(key) > 255 else value for value in key]
        same: Bools = (np.asarray(image) == eight).all(axis=2)
        return same
    if isinstance(key, int) and (image.mode in ("1", "L") or image.mode.startswith("I")):
        grey: Bools = np.asarray(image) == (bool(key) if image.mode == "1" else key)
        return grey
    return None


def _change(image: Image.Image) -> ImageCms.ImageCmsTransform | None:
    """From the colours of an image's profile to those of a screen; None where they need no change."""
    base, profile = _base(image.mode), image.info.get("icc_profile")
    try:
        if base == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        elif not profile:
            return None
        else:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() != _SPACES[base]:
                return None
        screen = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        change = ImageCms.buildTransform(source, screen, base, "RGB")
        return None if base in ("L", "RGB") and _changes_little(change, base) else change
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError) as error:
        if base == "LAB":
            raise UnreadablePixels("has Lab colours that cannot be turned into those of a screen: save it as RGB") from error
        return None


def _changes_little(change: ImageCms.ImageCmsTransform, mode: str) -> bool:
    steps = np.linspace(0, 255, 18).astype(np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 18, 3) if mode == "RGB" else steps[None]
    before = Image.fromarray(np.ascontiguousarray(lattice))
    after = ImageCms.applyTransform(before, change)
    assert after is not None
    return int(np.abs(np.asarray(after).astype(int) - np.asarray(before.convert("RGB"))).max()) <= _ALIKE
