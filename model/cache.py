"""Where Swing keeps what it makes, and what is made once: whole or not at all, and checked before use.

The files are written in a directory of their own that is renamed when whole, under a lock between processes: killed
at any moment this leaves nothing that a later start would take for good, and that start removes what it left. A
manifest of sizes and checksums tells damaged files from good ones.
"""

import contextlib
import errno
import hashlib
import json
import logging
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock
from platformdirs import user_cache_dir

log = logging.getLogger("swing.model")

MANIFEST = "manifest.json"
UNUSED = ("gemma-3-270m", "efficientnet-lite0")  # what earlier versions kept

Progress = Callable[[float, str], None]


def home() -> Path:
    """`SWING_HOME` where set, else the user's cache directory for Swing; not created here."""
    return Path(os.environ.get("SWING_HOME") or user_cache_dir("swing")).expanduser().absolute()


def keep(
    name: str, what: str, bytes_needed: int, write: Callable[[Path, Progress], None], progress: Progress | None = None
) -> Path:
    """Directory `models/name` of the cache with what `write(directory, tell)` puts there.

    Written on the first call, verified on every call, written again where damaged. `what` names it in sentences.
    Raises OSError with one sentence where the cache cannot be written.
    """
    tell = progress or _log_progress
    models = home() / "models"
    target = models / name
    with _clear_disk_errors(models, what, bytes_needed):
        models.mkdir(parents=True, exist_ok=True)
        with FileLock(models / f"{name}.lock"):
            _sweep(models, name)
            if target.exists():
                tell(0.9, f"Checking the converted {what} checkpoint")
                fault = damage(target)
                if fault is None:
                    return target
                log.warning("The converted checkpoint in %s is damaged (%s); converting again.", target, fault)
                shutil.rmtree(target)
            _make(models, target, bytes_needed, write, tell)
            tell(1.0, f"{what} is converted")
    return target


def sweep() -> None:
    """Remove what killed processes left half written, and what no version makes any more; what is being written stays."""
    models = home() / "models"
    for file in models.glob("*.lock"):
        with contextlib.suppress(OSError), FileLock(file, timeout=0):  # held: a process is writing, and sweeps itself
            _sweep(models, file.stem)
            if file.stem in UNUSED:
                shutil.rmtree(models / file.stem, ignore_errors=True)
                (models / f"{file.stem}.writing").unlink(missing_ok=True)
                file.unlink()


def damage(directory: Path) -> str | None:
    """What is wrong with a kept directory, in a few words; None if every file is as it was written."""
    try:
        manifest = json.loads((directory / MANIFEST).read_text())
        for name, entry in manifest.items():
            file = directory / name
            if not file.is_file():
                return f"{name} is missing"
            if file.stat().st_size != entry["bytes"] or sha256(file) != entry["sha256"]:
                return f"{name} is not what was written"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "its manifest cannot be read"
    return None if manifest else "its manifest is empty"


def machine() -> str:
    """What the speed of a computation depends on, besides its shapes. torch is imported."""
    import torch

    name = platform.processor()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
    return f"{name} {torch.get_num_threads()} threads torch {torch.__version__}"


def recall(file: Path) -> dict[str, Any]:
    """What `remember` wrote; nothing where that is damaged or was never written."""
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def remember(file: Path, key: str, value: object) -> None:
    """Beside what other keys have; where it cannot be written, the next process finds out again."""
    part = file.with_name(f".{file.stem}.{os.getpid()}.part")
    with contextlib.suppress(OSError):
        part.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_text(json.dumps({**recall(file), key: value}, indent=1))
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)


def _sweep(models: Path, name: str) -> None:
    """Remove the work folders of killed processes, under the lock of `name`, which says that no `keep` is running."""
    for folder in models.glob(f".{name}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _make(models: Path, target: Path, bytes_needed: int, write: Callable[[Path, Progress], None], tell: Progress) -> None:
    free = shutil.disk_usage(models).free
    if free < bytes_needed:
        raise OSError(errno.ENOSPC, f"{free / 1e9:.1f} GB are free")
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=models))
    try:
        write(work, tell)
        files = sorted(path for path in work.iterdir())
        manifest = {path.name: {"bytes": path.stat().st_size, "sha256": sha256(path)} for path in files}
        (work / MANIFEST).write_text(json.dumps(manifest, indent=1))
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def _clear_disk_errors(models: Path, what: str, bytes_needed: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sentence = (
                f"There is not enough room in {models} to convert {what} ({error.strerror}; "
                f"{bytes_needed / 1e9:.1f} GB are needed): free some, or set SWING_HOME to a roomier directory."
            )
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            sentence = (
                f"Swing cannot write to {models} ({error.strerror}): make it writable, or set SWING_HOME to a directory that is."
            )
        else:
            raise
        raise OSError(sentence) from error


def _log_progress(fraction: float, sentence: str) -> None:
    log.info("%3.0f %% %s", 100 * fraction, sentence)


def sha256(path: Path) -> str:
    """Checksum of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
