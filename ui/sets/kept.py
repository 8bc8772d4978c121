"""A browser's data sets: a private folder each below Swing's home, with what was brought, asked and computed.

A folder is found by its browser's token alone, and by no name that a link could carry. The oldest go first when all of
them together take too much room; one that is being computed stays.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from batch.parts import is_held
from batch.summary import summarise
from model.cache import home
from ui.shell.jobs import of_run
from ui.shell.visitor import visitor

ASKED, DATA, OUT = "asked.json", "data", "out"
SEVERAL = "files"  # folder of several that were brought together
MOST_BYTES = 5_000_000_000  # of all browsers' data sets
DAY = 86_400.0  # seconds that what was brought stays beside what was begun of it
LONGEST = 50  # characters of a file's name
PATIENCE = 10.0  # seconds that a deleted one's process has to end
AFTER_DELETING: list[Callable[[], None]] = []  # each forgets what was read of data sets to be drawn


@dataclass(frozen=True)
class Asked:
    """What is asked of a data set. source : path of a file, or a URI;  name : for people;  settings : of `batch.Settings`
    limit : the first rows only, None for all;  workers : processes
    """

    source: str
    name: str
    settings: dict[str, Any]
    limit: int | None = None
    workers: int = 1


@dataclass(frozen=True)
class Kept:
    """A data set that was begun. id : of its folder;  begun : seconds since 1970"""

    id: str
    folder: Path
    begun: float
    asked: Asked

    @property
    def out(self) -> Path:
        return self.folder / OUT

    @property
    def adopted(self) -> bool:
        """Whether its rows lie elsewhere, and stay there."""
        return self.out.is_symlink()


def mine() -> list[Kept]:
    """This browser's, the newest first."""
    found = [_read(folder) for folder in _folders(_own())]
    return sorted(filter(None, found), key=lambda one: one.begun, reverse=True)


def new_folder() -> Path:
    """For what this browser brings, or asks to be estimated; ValueError where there is no room to write."""
    try:
        root = home() / "sets"
        for folder in (home(), root, _own()):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep()
        folder = _own() / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise ValueError(f"{home()} cannot be written to ({error.strerror}): set SWING_HOME to another folder") from error
    return folder


def bring(name: str, data: bytes) -> Path:
    """A file of what was uploaded, in a new folder; ValueError where it cannot be written."""
    folder, name = new_folder(), _plain(name)
    _write(folder, folder / DATA, [(name, data)])
    return folder / DATA / name


def bring_all(files: Iterable[tuple[str, bytes]]) -> Path:
    """A folder of files, (name, content) each, in a new folder; of two with one name the later has its number before it."""
    folder = new_folder()
    _write(folder, folder / DATA / SEVERAL, files)
    return folder / DATA / SEVERAL


def _write(whole: Path, folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """whole : the folder that goes where something of it cannot be written"""
    try:
        if not folder.parent.exists():
            folder.parent.mkdir(mode=0o700)
        folder.mkdir(mode=0o700)
        for i, (name, data) in enumerate(files):
            path = folder / _plain(name)
            path = path.with_name(f"{i}-{path.name}") if path.exists() else path
            path.touch(mode=0o600)
            path.write_bytes(data)
    except OSError as error:
        shutil.rmtree(whole, ignore_errors=True)  # half a file takes the room that is missing
        raise ValueError(f"the file cannot be kept ({error.strerror}): free some room on the server") from error


def _plain(name: str) -> str:
    return re.sub(r"[^\w.\- ]", "_", name)[-LONGEST:].lstrip(". ") or "data"


def begin(asked: Asked) -> Kept:
    """A data set of what is asked, with what was brought in a folder of its own; ValueError where that cannot be written."""
    folder, brought = new_folder(), Path(asked.source)
    try:
        if is_brought(asked.source):
            (folder / DATA).mkdir(mode=0o700)
            if brought.is_dir():
                shutil.copytree(brought, folder / DATA / brought.name, copy_function=_link)
            else:
                _link(brought, folder / DATA / brought.name)
            asked = replace(asked, source=str(folder / DATA / brought.name))
        writing = folder / f".{ASKED}"  # killed while it is written, this leaves a folder that was never begun
        writing.touch(mode=0o600)
        writing.write_text(json.dumps({"begun": time.time(), **asdict(asked)}))
        writing.rename(folder / ASKED)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ValueError(f"the data set cannot be kept ({error.strerror}): bring it again") from error
    found = _read(folder)
    assert found is not None
    return found


def adopt(out: Path) -> Kept:
    """A run that the command line began, beside this browser's own; its folder stays where it is. ValueError for none."""
    run = summarise(out).run
    known = next((one for one in mine() if one.out.resolve() == out.resolve()), None)
    if known is not None:
        return known
    settings = {name: value for name, value in run["settings"].items() if value is not None}
    one = begin(Asked(str(run.get("path", "")), out.name, settings))
    try:
        one.out.symlink_to(out.absolute(), target_is_directory=True)
    except OSError as error:
        raise ValueError(f"the run cannot be kept beside the others ({error.strerror})") from error
    return one


def _link(file: str | Path, to: str | Path) -> None:
    try:
        os.link(file, to)
    except OSError:  # of a file system that has none
        shutil.copy(file, to)


def is_brought(source: str) -> bool:
    """Whether this browser uploaded it."""
    path = Path(source)
    return len(path.parts) > 3 and path.parents[2] == _own() and path.parent.name == DATA and ".." not in path.parts


def drop(source: str) -> None:
    """Delete what was brought and is not to be begun."""
    if is_brought(source):
        shutil.rmtree(Path(source).parents[1], ignore_errors=True)


def delete(folder: Path) -> None:
    """All of a data set, its process first."""
    job = of_run(folder.name)
    if job is not None and job.line is not None:
        job.line.leave(job, visitor())
        job.ended.wait(PATIENCE)
    shutil.rmtree(folder, ignore_errors=True)
    for forget in AFTER_DELETING:
        forget()


def forget() -> int:
    """Delete all of this browser's; how many were begun."""
    count = len(mine())
    for folder in _folders(_own()):
        delete(folder)
    shutil.rmtree(_own(), ignore_errors=True)
    return count


def _own() -> Path:
    return home() / "sets" / hashlib.sha256(visitor().encode()).hexdigest()[:32]


def _folders(owner: Path) -> list[Path]:
    return [folder for folder in owner.iterdir() if folder.is_dir()] if owner.is_dir() else []


def _read(folder: Path) -> Kept | None:
    try:
        found = json.loads((folder / ASKED).read_text())
        return Kept(folder.name, folder, float(found.pop("begun")), Asked(**found))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _at_work(folder: Path) -> bool:
    """Whether it waits or is computed, here or by another server of this home."""
    return of_run(folder.name) is not None or is_held(folder / OUT)


def _sweep() -> None:
    """Remove what was never begun, and the oldest where all take too much."""
    every = [folder for owner in _folders(home() / "sets") for folder in _folders(owner) if not _at_work(folder)]
    for folder in every:
        if not (folder / ASKED).exists() and time.time() - folder.stat().st_mtime > DAY:
            shutil.rmtree(folder, ignore_errors=True)
    sizes = {folder: sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) for folder in every}
    for folder in sorted(filter(Path.exists, every), key=lambda one: one.stat().st_mtime):
        if sum(sizes.values()) <= MOST_BYTES:
            return
        shutil.rmtree(folder, ignore_errors=True)
        del sizes[folder]
