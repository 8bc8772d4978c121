"""What of a file from anywhere is let in: known names in a zip, plain JSON, and arrays of promised shapes.

Nothing is executed or written to disk, sizes are checked before anything is unpacked, and whatever is wrong is a
ValueError that ends a sentence beginning with "this file cannot be opened".
"""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

MAX_BYTES = 64 << 20  # of a file, and of what is in it once unpacked
MAX_JSON = 48 << 20  # room for the largest covariance that the engine keeps
MAX_CONTAINERS = 200_000  # lists and objects in a JSON text: each costs far more memory than its two characters
MAX_DEPTH = 12
IsKnown = Callable[[str], bool]  # of a name


def unpack(data: bytes, is_known: IsKnown, needed: set[str], most: int) -> dict[str, bytes]:
    """The files of a zip by name. needed : names that must be there;  most : files at most."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"it has {len(data) / 1e6:.0f} MB, and at most {MAX_BYTES / 1e6:.0f} are allowed")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check(entries, is_known, needed, most)
            return {entry.filename: _read(archive, entry) for entry in entries}
    except ValueError:
        raise
    except Exception as error:  # zipfile and zlib raise a dozen kinds of errors at hostile bytes
        raise ValueError(f"it is not a whole zip file ({type(error).__name__})") from error


def _check(entries: list[zipfile.ZipInfo], is_known: IsKnown, needed: set[str], most: int) -> None:
    names = [entry.filename for entry in entries]
    if unknown := [name for name in names if not is_known(name)]:
        raise ValueError(f"it holds a file that does not belong there, {unknown[0][:80]!r}")
    if len(set(names)) != len(names) or len(names) > most:
        raise ValueError("it holds a file twice, or too many")
    if missing := needed - set(names):
        raise ValueError(f"it lacks {sorted(missing)[0]}")
    usual = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if any(entry.flag_bits & 1 or entry.compress_type not in usual for entry in entries):
        raise ValueError("it is encrypted, or packed in a way that Swing does not use")
    total = sum(entry.file_size for entry in entries)
    if total > MAX_BYTES:
        raise ValueError(f"it would unpack to {total / 1e6:.0f} MB, and at most {MAX_BYTES / 1e6:.0f} are allowed")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)  # whatever the file says of itself, no more than that is unpacked
    if len(content) != entry.file_size:
        raise ValueError(f"{entry.filename} is not as long as it says")
    return content


def parse_json(content: bytes, name: str) -> Any:
    """Parsed JSON, of bounded size and depth, without infinite numbers and with texts that can be shown."""
    if len(content) > MAX_JSON or content.count(b"[") + content.count(b"{") > MAX_CONTAINERS:
        raise ValueError(f"{name} is too large")
    try:
        found = json.loads(content.decode(), parse_constant=_refuse)
        level = [found]
        for _ in range(MAX_DEPTH + 1):
            for text in level:
                if isinstance(text, str):
                    text.encode()  # half a surrogate pair cannot be shown
            level = [inner for one in level for inner in _inside(one)]
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is not JSON as Swing writes it ({str(error)[:80]})") from error
    if level:
        raise ValueError(f"{name} is nested more than {MAX_DEPTH} deep")
    return found


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def to_npy(array: NDArray[Any]) -> bytes:
    """An .npy file."""
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


def from_npy(content: bytes, kind: str, shape: tuple[int, ...], name: str) -> NDArray[Any]:
    """The array of an .npy file that says just this of itself: its header is compared, never evaluated."""
    size = int(np.prod(shape, dtype=object)) * np.dtype(kind).itemsize
    start = 10 + int.from_bytes(content[8:10], "little")
    said = "".join(content[10:start].decode("latin-1").split())
    wanted = "".join(str({"descr": kind, "fortran_order": False, "shape": shape}).split())
    if content[:8] != b"\x93NUMPY\x01\x00" or said != wanted[:-1] + ",}" or len(content) != start + size:
        raise ValueError(f"{name} is not the array of shape {str(list(shape))[:60]} that the manifest promises")
    return np.frombuffer(content, kind, offset=start).reshape(shape)
