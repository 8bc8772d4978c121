"""Files that are pictures, and files that are not: pixels of the first, one sentence for the second."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from model import read_image
from model.image.images import as_rgb

RNG = np.random.default_rng(0)
SMOOTH = np.linspace(0, 255, 24 * 36 * 3).reshape(24, 36, 3).astype(np.uint8)


def encoded(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, depth=8, colour=2, rows=b"", extra=b""):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("kind", "name"), [("PNG", "a.png"), ("JPEG", "b.JPEG"), ("JPEG", ""), ("WEBP", "c.webp")])
def test_the_three_formats(kind, name):
    picture = read_image(encoded(Image.fromarray(SMOOTH), kind, **({} if kind == "PNG" else {"quality": 100})), name)
    assert (picture.mode, picture.size) == ("RGB", (36, 24))
    assert np.abs(np.asarray(picture).astype(int) - SMOOTH).max() <= (0 if kind == "PNG" else 12)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_phone_photo_is_turned_upright(orientation):
    upright = np.zeros((20, 32, 3), np.uint8)
    upright[:10, :16] = 255  # white at the top left
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: np.rot90(upright, 2).transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = read_image(encoded(Image.fromarray(np.ascontiguousarray(stored)), "PNG", exif=exif))
    np.testing.assert_array_equal(np.asarray(picture), upright)


def test_a_second_picture_in_a_phones_jpeg_is_no_animation():
    first, second = Image.fromarray(SMOOTH), Image.fromarray(SMOOTH[::-1])
    data = encoded(first, "MPO", save_all=True, append_images=[second], quality=95)
    assert np.abs(np.asarray(read_image(data, "IMG_1.jpg")).astype(int) - SMOOTH).mean() < 3


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_mode_of_png(mode):
    image = Image.fromarray(SMOOTH).convert(mode)
    picture = read_image(encoded(image, "PNG"))
    np.testing.assert_array_equal(np.asarray(picture), np.asarray(image.convert("RGB")))


def test_transparent_is_white():
    pixels = np.zeros((2, 3, 4), np.uint8)
    pixels[0, 0] = (255, 0, 0, 255)
    pixels[0, 1] = (0, 0, 0, 128)
    picture = np.asarray(read_image(encoded(Image.fromarray(pixels), "PNG")))
    assert picture[0].tolist() == [[255, 0, 0], [127, 127, 127], [255, 255, 255]]
    palette = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    assert np.asarray(read_image(encoded(palette, "PNG", transparency=0)))[0, 0].tolist() == [255, 255, 255]


def test_sixteen_bits_keep_their_shades():
    shades = np.array([[0, 256, 32768, 65535]], np.uint16)
    picture = np.asarray(read_image(encoded(Image.fromarray(shades), "PNG")))
    assert picture[0, :, 0].tolist() == [0, 1, 128, 255]
    row = b"\0" + np.array([65535, 32768, 0], ">u2").tobytes()
    assert np.asarray(read_image(png(1, 1, depth=16, rows=row))).tolist() == [[[255, 128, 0]]]


def test_cmyk():
    image = Image.fromarray(np.full((8, 8, 3), (200, 40, 40), np.uint8))
    picture = np.asarray(read_image(encoded(image.convert("CMYK"), "JPEG", quality=100)))
    assert np.abs(picture.astype(int) - (200, 40, 40)).max() < 6


def test_one_pixel():
    assert read_image(encoded(Image.new("RGB", (1, 1), "red"), "PNG")).getpixel((0, 0)) == (255, 0, 0)


def frames(kind):
    pictures = [Image.fromarray(RNG.integers(0, 255, (8, 8, 3), dtype=np.uint8)) for _ in range(3)]
    return encoded(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=50)


GOOD = encoded(Image.fromarray(RNG.integers(0, 255, (64, 64, 3), dtype=np.uint8)), "PNG")
REFUSED = {
    "empty": (b"", "a.png", "is empty"),
    "text": (b"hello", "a.png", "not a PNG, JPEG or WebP"),
    "svg": (b'\xef\xbb\xbf <?xml version="1.0"?><svg xmlns="..."/>', "a.svg", "SVG drawing"),
    "svg named png": (b"<svg></svg>", "a.png", "SVG drawing"),
    "gif": (encoded(Image.new("L", (2, 2)), "GIF"), "a.gif", "is a GIF"),
    "tiff": (encoded(Image.new("L", (2, 2)), "TIFF"), "a.tif", "not a PNG, JPEG or WebP"),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(50), "IMG.HEIC", "HEIC"),
    "wrong extension": (GOOD, "photo.jpg", "is a PNG image by its content"),
    "no image's extension": (GOOD, "photo.exe", "is a PNG image by its content"),
    "animated png": (frames("PNG"), "a.png", "animated"),
    "animated webp": (frames("WEBP"), "a.webp", "animated"),
    "half a png": (GOOD[: len(GOOD) // 2], "a.png", "cut short"),
    "a png's header": (GOOD[:20], "a.png", "cut short"),
    "half a jpeg": (encoded(Image.fromarray(SMOOTH), "JPEG", quality=100)[:-200], "a.jpg", "cut short"),
    "half a webp": (encoded(Image.fromarray(SMOOTH), "WEBP", lossless=True)[:-50], "a.webp", "cut short"),
    "noise after a signature": (b"\xff\xd8\xff" + RNG.bytes(500), "a.jpg", "cut short"),
    "51 megapixels": (png(10_000, 5_100), "a.png", "51 megapixels"),
    "a bomb": (png(60_000, 60_000, rows=bytes(1000)), "a.png", "megapixels"),
    "a warned bomb": (png(10_000, 10_000, rows=bytes(1000)), "a.png", "megapixels"),
    "a bomb in a text": (
        png(1, 1, rows=bytes(4), extra=chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10**8)))),
        "a.png",
        "cut short",
    ),
    "too many bytes": (GOOD + bytes(20 * 1024**2), "a.png", "up to 20 MB"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_gets_one_sentence(case):
    data, name, message = REFUSED[case]
    with pytest.raises(ValueError, match=message) as caught:
        read_image(data, name)
    assert "\n" not in str(caught.value)


def test_a_path_in_a_name_is_not_repeated():
    with pytest.raises(ValueError, match="^x.png is empty"):
        read_image(b"", "/somewhere/secret/x.png")


def test_too_many_pixels_are_refused_before_they_are_decoded(monkeypatch):
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    with pytest.raises(ValueError, match="megapixels"):
        read_image(png(10_000, 5_100))


def test_arrays_are_pictures_too():
    np.testing.assert_array_equal(np.asarray(as_rgb(SMOOTH)), SMOOTH)
    for wrong in (SMOOTH.astype(float), SMOOTH[0], np.zeros((0, 3, 3), np.uint8), "a.png"):
        with pytest.raises(TypeError, match="uint8 array of shape"):
            as_rgb(wrong)
