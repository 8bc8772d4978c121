"""Which kind of picture some bytes are, by their beginning; what Swing does not read is refused by its name."""

SUFFIXES = {".png", ".apng", ".jpg", ".jpeg", ".jfif", ".jpe", ".mpo", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".dib", ".avif"}
READ = "a PNG, JPEG or WebP, nor a GIF, TIFF, BMP or AVIF image"

_READ = [
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
]
_BMP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}  # bytes of what follows the first 14: text may begin with BM too
_RAW = "a camera’s raw file"
_NAMED = [
    (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL image"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (b"II\xbc", "a JPEG XR image"),
    (b"v/1\x01", "an OpenEXR image, which holds light and no colours of a screen"),
    (b"#?RADIANCE", "a Radiance HDR image, which holds light and no colours of a screen"),
    (b"#?RGBE", "a Radiance HDR image, which holds light and no colours of a screen"),
    (b"8BPS", "a Photoshop document"),
    (b"gimp xcf", "a GIMP document"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript drawing"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript drawing"),
    (b"\0\0\x01\0", "an icon"),
    (b"icns", "an icon"),
    (b"qoif", "a QOI image"),
    (b"DDS ", "a DDS texture"),
    (b"FUJIFILMCCD-RAW", _RAW),
    (b"IIRO", _RAW),
    (b"IIRS", _RAW),
    (b"IIU\0", _RAW),
    (b"SIMPLE  =", "a FITS image"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x1aE\xdf\xa3", "a video"),
]
_BOXED = {  # brands of files made of boxes; the first that is found says what it is
    "a HEIC image": {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"},
    _RAW: {b"crx "},
    "a HEIF image": {b"mif1", b"msf1", b"mif2", b"miaf"},
}


def kind_of(data: bytes, name: str) -> str:
    """The format by the file's first bytes, as Pillow calls it; ValueError names what else it is where that is plain."""
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _boxed(data, name)
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if data.startswith((b"II*\0", b"MM\0*")) and data[8:10] == b"CR":
        _refuse(name, _RAW)
    for start, kind in _READ:
        if data.startswith(start):
            return kind
    for start, called in _NAMED:
        if data.startswith(start):
            _refuse(name, called)
    if data[128:132] == b"DICM":
        _refuse(name, "a DICOM image")
    if data[:1] == b"P" and data[1:2] in b"1234567fF" and data[2:3].isspace():
        _refuse(name, "a Netpbm image")
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith(b"<") and b"<svg" in head:
        raise ValueError(f"{name} is an SVG drawing, which has no pixels: export it as PNG")
    if head.startswith((b"<!doctype html", b"<html")):
        raise ValueError(f"{name} is a web page, not the picture on it: save the picture itself")
    raise ValueError(f"{name} is not {READ}: choose one that is")


def is_picture(data: bytes) -> bool:
    """Do a file's first bytes begin a picture that is read?"""
    try:
        return bool(kind_of(data, ""))
    except ValueError:
        return False


def _boxed(data: bytes, name: str) -> str:
    size = min(max(int.from_bytes(data[:4], "big"), 16), 256)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, min(size, len(data)), 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    for called, some in _BOXED.items():
        if brands & some:
            _refuse(name, called)
    return _refuse(name, "a video")


def _refuse(name: str, called: str) -> str:
    raise ValueError(f"{name} is {called}, which is not read: export it as PNG or JPEG")
