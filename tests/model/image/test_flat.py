"""Pixels of every mode as a screen shows them: shades, what is transparent, colour profiles."""

import io
import struct

import numpy as np
import pytest
from picture_files import chunk, encoded, png
from PIL import Image, ImageCms

from model import read_image
from model.image.images import as_rgb

SMOOTH = np.linspace(0, 255, 24 * 36 * 3).reshape(24, 36, 3).astype(np.uint8)


def tiles(alpha):
    """A red, a grey and a black pixel of this alpha, RGBA, and the three on white."""
    colours = np.array([[[200, 0, 0], [90, 90, 90], [0, 0, 0]]])
    rgba = np.concatenate([colours, np.full((1, 3, 1), alpha)], axis=2).astype(np.uint8)
    return Image.fromarray(rgba), 255 + (colours - 255) * alpha / 255


@pytest.mark.parametrize("alpha", [0, 100, 255])
@pytest.mark.parametrize("mode", ["RGBA", "RGBa", "LA", "La", "PA", "P"])
def test_transparency_of_every_mode_is_laid_on_white(mode, alpha):
    image, right = tiles(alpha)
    if mode in ("LA", "La"):
        image = image.crop((1, 0, 3, 1)).convert("LA")
        right = right[:, 1:]
    elif mode in ("P", "PA"):
        image = image.quantize(3)
    image = image if image.mode == mode else image.convert(mode)
    assert (image.mode, as_rgb(image).mode) == (mode, "RGB")
    assert np.abs(np.asarray(as_rgb(image)) - right).max() <= 2


@pytest.mark.parametrize(
    ("image", "right"),
    [
        (Image.fromarray(np.array([[0, 256, 65535]], np.uint16)), [0, 1, 255]),
        (Image.fromarray(np.array([[0, 256, 65535]], ">u2")), [0, 1, 255]),
        (Image.fromarray(np.array([[0, 128, 255]], np.uint8)).convert("I"), [0, 128, 255]),
        (Image.fromarray(np.array([[0, 256, 65535]], np.int32)), [0, 1, 255]),
        (Image.fromarray(np.array([[0, 128, 255]], np.float32)), [0, 128, 255]),
        (Image.fromarray(np.array([[0, 0.5, 1]], np.float32)), [0, 128, 255]),
        (Image.fromarray(np.array([[False, True]])), [0, 255]),
        (Image.fromarray(np.array([[7, 80]], np.uint8)), [7, 80]),
        (Image.fromarray(np.full((1, 2, 3), 77, np.uint8)).convert("YCbCr"), [77, 77]),
        (Image.fromarray(np.full((1, 2, 3), 77, np.uint8)).convert("HSV"), [77, 77]),
    ],
)
def test_greys_of_every_mode(image, right):
    assert np.asarray(as_rgb(image)).tolist() == [[[shade] * 3 for shade in right]]


@pytest.mark.parametrize(
    ("depth", "colour", "key", "row", "right"),
    [
        (16, 0, (40000,), [40000, 40001], [255, 156]),
        (8, 0, (7,), [7, 8], [255, 8]),
        (4, 0, (8,), [0x87], [255, 119]),
        (1, 0, (0,), [0x40], [255, 255]),
        (16, 2, (515, 0, 0), [515, 0, 0, 514, 0, 0], [255, 2]),
        (8, 2, (9, 0, 0), [9, 0, 0, 8, 0, 0], [255, 8]),
    ],
)
def test_a_transparent_colour_is_compared_in_all_its_bits(depth, colour, key, row, right):
    line = b"\0" + np.array(row, ">u2" if depth == 16 else np.uint8).tobytes()
    data = png(2, 1, depth, colour, line, chunk(b"tRNS", struct.pack(f">{len(key)}H", *key)))
    assert np.asarray(read_image(data, "a.png"))[0, :, 0].tolist() == right


def icc(space, tags):
    """A colour profile with these tags, connected by XYZ for RGB and grey, by Lab for CMYK."""
    head = struct.pack(
        ">I4sI4s4s4s12x4s",
        0,
        b"lcms",
        0x02100000,
        b"prtr" if space == b"CMYK" else b"mntr",
        space,
        b"Lab " if space == b"CMYK" else b"XYZ ",
        b"acsp",
    )
    head += bytes(24) + struct.pack(">IIII", 0, 0xF6D6, 0x10000, 0xD32D) + bytes(48)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, 128 + 4 + 12 * len(tags) + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    whole = head + table + body
    return struct.pack(">I", len(whole)) + whole[4:]


def xyz(*values):
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


GAMMA = b"curv\0\0\0\0" + struct.pack(">IH", 1, int(2.2 * 256))
WHITE = {b"wtpt": xyz(0.9642, 1, 0.8249), b"desc": b"desc\0\0\0\0" + struct.pack(">I", 2) + b"a\0" + bytes(79)}
RED, GREEN, BLUE = xyz(0.4361, 0.2225, 0.0139), xyz(0.3851, 0.7169, 0.0971), xyz(0.1431, 0.0606, 0.7141)
CURVES = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), GAMMA)
SWAPPED = icc(b"RGB ", WHITE | CURVES | {b"rXYZ": GREEN, b"gXYZ": RED, b"bXYZ": BLUE})
LINEAR = icc(b"GRAY", WHITE | {b"kTRC": b"curv\0\0\0\0" + struct.pack(">I", 0)})


def inks():
    """A profile whose first ink alone matters: 0 is white, full is black."""
    lab = [(128, 128) for _ in range(16)]
    nodes = b"".join(bytes([0 if i & 8 else 255, *ab]) for i, ab in enumerate(lab))
    ramp = bytes(range(256))
    table = b"mft1\0\0\0\0" + struct.pack(">BBBx9i", 4, 3, 2, *(65536 * (i % 4 == 0) for i in range(9)))
    return icc(b"CMYK", WHITE | {b"A2B0": table + ramp * 4 + nodes + ramp * 3})


def test_colour_profiles_are_applied():
    picture = Image.new("RGB", (8, 8), (200, 0, 0))
    right = np.asarray(read_image(encoded(picture, "PNG", icc_profile=SWAPPED)))
    assert right[0, 0, 1] > 180 and right[0, 0, 0] < 60
    seen = as_rgb(Image.open(io.BytesIO(encoded(picture, "PNG", icc_profile=SWAPPED))))
    np.testing.assert_array_equal(np.asarray(as_rgb(seen)), right)  # once, not twice
    grey = np.asarray(read_image(encoded(Image.new("L", (8, 8), 55), "PNG", icc_profile=LINEAR)))
    assert abs(int(grey[0, 0, 0]) - 128) < 3  # 55 of 255 in linear light
    see_through = Image.new("RGBA", (8, 8), (200, 0, 0, 0))
    assert read_image(encoded(see_through, "PNG", icc_profile=SWAPPED)).getpixel((0, 0)) == (255, 255, 255)


def test_a_profile_that_says_nothing_changes_no_pixel():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"broken", SWAPPED[:200], LINEAR, b""):
        picture = read_image(encoded(Image.fromarray(SMOOTH), "PNG", icc_profile=profile))
        np.testing.assert_array_equal(np.asarray(picture), SMOOTH)


def test_inks_with_a_profile():
    picture = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    bare, profiled = (read_image(encoded(picture, "JPEG", quality=100, **more)) for more in ({}, {"icc_profile": inks()}))
    assert bare.getpixel((8, 8))[2] > 250 and max(profiled.getpixel((8, 8))) < 30
    assert read_image(encoded(picture, "TIFF"), "a.tif").getpixel((8, 8)) == (0, 255, 255)


def test_lab():
    image = Image.new("LAB", (4, 4), (255, 128, 128))
    assert min(as_rgb(image).getpixel((0, 0))) > 245


def test_a_tiff_is_turned_once():
    upright = np.zeros((20, 32, 3), np.uint8)
    upright[:10, :16] = 255
    data = encoded(Image.fromarray(np.ascontiguousarray(np.rot90(upright))), "TIFF", tiffinfo={0x0112: 6})
    np.testing.assert_array_equal(np.asarray(read_image(data, "a.tif")), upright)


def test_a_large_picture_is_worked_on_in_bands(monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 255, (37, 20, 4), dtype=np.uint8)
    reals = np.random.default_rng(1).random((37, 20), dtype=np.float32) * np.linspace(0, 1, 37, dtype=np.float32)[:, None]
    images = [Image.fromarray(pixels), Image.fromarray(pixels).quantize(20), Image.fromarray(reals)]
    at_once = [np.asarray(as_rgb(image)) for image in images]
    monkeypatch.setattr("model.image.flat._BAND", 60)
    for image, right in zip(images, at_once):
        np.testing.assert_array_equal(np.asarray(as_rgb(image)), right)
