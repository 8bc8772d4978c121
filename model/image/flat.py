"""Pixels of any mode as what a screen shows: 8-bit sRGB, what is transparent laid on white.

Sixteen bits keep their upper eight. Colour profiles are applied by LittleCMS, with the profile's own perceptual intent; a
profile that is broken, of another kind than the pixels, or that changes next to nothing, is left out.
"""

import io

import numpy as np
from PIL import Image, ImageCms

from xai.typing import Bools, Bytes

_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK", "LAB": "Lab"}  # of profiles, for the modes that may have one
_GREYS = ("1", "L", "LA", "La", "I", "F")
_ALIKE = 2  # of 255: what a profile may change before it is applied; conversions round


class UnreadablePixels(ValueError):
    """Values of a picture that are no shades; the message goes on after the picture's name."""


def flat(image: Image.Image, clear: Bools | None = None) -> Image.Image:
    """Mode RGB of an image of any mode. clear : bool (height, width), where it is transparent by a colour key"""
    profile, mode = image.info.get("icc_profile"), image.mode
    clear = _keyed(image) if clear is None else clear
    if mode.startswith(("I", "F")):
        image = Image.fromarray(_shades(image))
    elif mode in ("La", "RGBa"):  # colours that were multiplied by their alpha
        image = image.convert("LA" if mode == "La" else "RGBA")
    elif mode in ("P", "PA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    if clear is not None:
        alpha = Image.fromarray(np.where(clear, 0, 255).astype(np.uint8))
    if mode.startswith(_GREYS) and mode != "LAB":
        image = image.getchannel("L") if image.mode == "LA" else image.convert("L")
    elif image.mode not in _SPACES:
        image = _without_key(image).convert("RGB")
    picture = _in_srgb(image, profile)
    if alpha is None:
        return picture
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=alpha)
    return white


def _shades(image: Image.Image) -> Bytes:
    """uint8 (height, width) of 16-bit, 32-bit and real grey."""
    values = np.asarray(image)
    if image.mode.startswith("I;16"):
        high: Bytes = (values >> 8).astype(np.uint8)
        return high
    least, most = values.min(), values.max()
    if not (np.isfinite(least) and np.isfinite(most)):
        raise UnreadablePixels("has values that are no numbers: save it with 8 or 16 bits")
    top = 65535 if image.mode == "I" else 255
    if least < 0 or most > top:
        raise UnreadablePixels(
            f"has values from {least:g} to {most:g}, where shades from 0 to {top} are read: save it with 8 or 16 bits"
        )
    if image.mode == "I":
        values = values if most <= 255 else values >> 8
    elif most <= 1:
        values = values * 255
    grey: Bytes = np.rint(values).astype(np.uint8)
    return grey


def _keyed(image: Image.Image) -> Bools | None:
    """bool (height, width): where the pixels have the one colour that a file calls transparent; None without one."""
    key = image.info.get("transparency")
    if image.mode == "RGB" and isinstance(key, tuple):
        eight = [value >> 8 if max(key) > 255 else value for value in key]
        same: Bools = (np.asarray(image) == eight).all(axis=2)
        return same
    if image.mode in ("1", "L") or image.mode.startswith("I"):
        return (
            np.asarray(_without_key(image).convert("L") if image.mode == "1" else image) == key if isinstance(key, int) else None
        )
    return None


def _without_key(image: Image.Image) -> Image.Image:
    """The image without its colour key, which Pillow's conversions would look for."""
    if "transparency" not in image.info or image.mode in ("P", "PA"):
        return image
    bare = image.copy()
    del bare.info["transparency"]
    return bare


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Mode RGB of an image of mode L, RGB, CMYK or LAB, by its colour profile if it has a sound one."""
    bare = _without_key(image)
    try:
        if image.mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        elif not profile:
            return bare.convert("RGB")
        else:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() != _SPACES[image.mode]:
                return bare.convert("RGB")
        screen = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        change = ImageCms.buildTransform(source, screen, image.mode, "RGB")
        if image.mode in ("L", "RGB") and _changes_little(change, image.mode):
            return bare.convert("RGB")
        done = ImageCms.applyTransform(bare, change)
        assert done is not None
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError) as error:
        if image.mode == "LAB":
            raise UnreadablePixels("has Lab colours that cannot be turned into those of a screen: save it as RGB") from error
        return bare.convert("RGB")
    done.info = {}
    return done


def _changes_little(change: ImageCms.ImageCmsTransform, mode: str) -> bool:
    steps = np.linspace(0, 255, 18).astype(np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 18, 3) if mode == "RGB" else steps[None]
    before = Image.fromarray(np.ascontiguousarray(lattice))
    after = ImageCms.applyTransform(before, change)
    assert after is not None
    return int(np.abs(np.asarray(after).astype(int) - np.asarray(before.convert("RGB"))).max()) <= _ALIKE
