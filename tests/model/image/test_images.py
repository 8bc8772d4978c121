"""Files that are pictures, and files that are not: pixels of the first, one sentence for the second."""

import zlib

import numpy as np
import pytest
from picture_files import chunk, encoded, png
from PIL import Image

from model import read_image
from model.image.formats import is_picture
from model.image.images import as_rgb, read_noted

RNG = np.random.default_rng(0)
SMOOTH = np.linspace(0, 255, 24 * 36 * 3).reshape(24, 36, 3).astype(np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "AVIF"])
def test_the_formats_are_told_by_the_content_whatever_the_file_is_called(kind):
    lossy = kind in ("JPEG", "WEBP", "AVIF")
    data = encoded(Image.fromarray(SMOOTH), kind, **({"quality": 100} if lossy else {}))
    for name in ("a.png", "b.JPEG", "a.jpg", "c.webp", "d.TIFF", "e.gif", "f.exe", "photo", "g.heic", "2024.05.01", ""):
        picture = read_image(data, name)
        assert (picture.mode, picture.size) == ("RGB", (36, 24))
        assert np.abs(np.asarray(picture).astype(int) - SMOOTH).max() <= (12 if lossy else 0)
    assert is_picture(data[:1024])


def test_a_text_that_begins_as_a_bitmap_does_is_none():
    assert not is_picture(b"BMI,age\n22.5,40\n")
    with pytest.raises(ValueError, match="not a PNG"):
        read_image(b"BMI,age\n22.5,40\n", "a.bmp")


def test_a_gif():
    picture = Image.fromarray(SMOOTH).quantize(256)
    for name in ("a.gif", "a.PNG"):
        np.testing.assert_array_equal(np.asarray(read_image(encoded(picture, "GIF"), name)), np.asarray(picture.convert("RGB")))


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


@pytest.mark.parametrize(
    ("kind", "note"), [("PNG", "moves"), ("WEBP", "moves"), ("GIF", "moves"), ("AVIF", "moves"), ("TIFF", "has several pages")]
)
def test_of_several_frames_the_first_is_read_and_said(kind, note):
    pictures = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    picture, said = read_noted(encoded(pictures[0], kind, save_all=True, append_images=pictures[1:]), "a.jpg")
    assert np.abs(np.asarray(picture).astype(int) - (255, 0, 0)).max() < 8
    assert said.startswith(f"Of a.jpg, which {note}, the first")
    assert read_noted(GOOD)[1] == ""


GOOD = encoded(Image.fromarray(RNG.integers(0, 255, (64, 64, 3), dtype=np.uint8)), "PNG")
REFUSED = {
    "empty": (b"", "a.png", "is empty"),
    "text": (b"hello", "a.png", "not a PNG, JPEG or WebP"),
    "svg": (b'\xef\xbb\xbf <?xml version="1.0"?><svg xmlns="..."/>', "a.svg", "SVG drawing"),
    "svg named png": (b"<svg></svg>", "a.png", "SVG drawing"),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(50), "IMG.HEIC", "is a HEIC image, which is not read"),
    "heif": (b"\0\0\0\x18ftypmif1\0\0\0\0miafheix", "IMG.jpg", "is a HEIC image"),
    "video": (b"\0\0\0\x18ftypisom" + bytes(50), "a.mp4", "is a video"),
    "jpeg xl": (b"\xff\x0a" + bytes(50), "a.jxl", "is a JPEG XL image"),
    "jpeg 2000": (encoded(Image.new("RGB", (9, 9)), "JPEG2000"), "a.jp2", "is a JPEG 2000 image"),
    "exr": (b"v/1\x01" + bytes(50), "a.exr", "is an OpenEXR image"),
    "hdr": (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n", "a.hdr", "is a Radiance HDR image"),
    "photoshop": (b"8BPS\0\1" + bytes(50), "a.psd", "is a Photoshop document"),
    "pdf": (b"%PDF-1.7\n", "a.png", "is a PDF document"),
    "netpbm": (encoded(Image.new("RGB", (9, 9)), "PPM"), "a.ppm", "is a Netpbm image"),
    "a web page": (b"<!DOCTYPE html><html>", "a.jpg", "is a web page"),
    "a camera's raw file": (encoded(Image.new("RGB", (9, 9)), "TIFF", tiffinfo={254: 1}), "a.tif", "begins with a small preview"),
    "cr2": (b"II*\0\x10\0\0\0CR\2\0", "a.cr2", "camera’s raw file"),
    "inverted": (
        encoded(Image.fromarray(np.array([[0, 9]], np.uint16)), "TIFF", tiffinfo={262: 0}),
        "a.tif",
        "of which 0 is white",
    ),
    "reals": (encoded(Image.fromarray(np.array([[-1.5, 900]], np.float32)), "TIFF"), "a.tif", "values from -1.5 to 900"),
    "no numbers": (encoded(Image.fromarray(np.array([[np.nan, 1]], np.float32)), "TIFF"), "a.tif", "values that are no numbers"),
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
