"""Where results lie, and how they are committed: a file with a new name, written whole and renamed, or nothing.

A part holds the rows of one chunk. Killed at any moment a run leaves parts that are whole, and maybe one that has the name
of a part that is being written, which the next run removes. The lock is the kernel's, so it dies with who holds it.
"""

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from batch.asked import PATHS

ROWS, LOCK, RUN = "rows", ".lock", "_run.json"
WRITING = ".writing-"
FORMAT = "swing-rows-1"
_JUDGED = ("first", "first_three", "order", "expected_error", "additive", "additive_low", "additive_high", "chance", "kept")


def schema(run: dict[str, Any]) -> Any:
    """The columns of a part, a row each; what the run was asked stands in the file's metadata under "swing".

    Of paths their last part: whoever gets the file need not know where on a server things lie.
    """
    import pyarrow as pa

    from model.language import title_of

    judged = pa.struct([("worth", pa.string()), ("headline", pa.string()), *((name, pa.float64()) for name in _JUDGED)])
    numbers = pa.list_(pa.float64())
    of_index = [
        (f"{index}{what}", kind)
        for index in ("banzhaf", "shapley")
        for what, kind in (("", numbers), ("_error", numbers), ("_method", pa.string()), ("_judgement", judged))
    ]
    fields = [("row", pa.int64()), ("id", pa.string()), ("error", pa.string()), ("output", pa.string())]
    fields += [("players", pa.list_(pa.string())), *of_index, ("empty_value", pa.float64()), ("full_value", pa.float64())]
    fields += [("evaluations", pa.int64()), ("seconds", pa.float64())]
    asked = {name: title_of(value) if name in PATHS and value else value for name, value in run["settings"].items()}
    return pa.schema(fields, metadata={"swing": json.dumps({"format": FORMAT, **run, "settings": asked})})


def encoded(records: list[dict[str, Any]], run: dict[str, Any]) -> bytes:
    """The bytes of a part."""
    import pyarrow as pa
    from pyarrow import parquet

    out = io.BytesIO()
    clean = [{name: _clean(cell) for name, cell in record.items()} for record in records]
    parquet.write_table(pa.Table.from_pylist(clean, schema(run)), out, compression="zstd")
    return out.getvalue()


def _clean(cell: Any) -> Any:
    """Texts without halves of surrogate pairs, which no file can hold."""
    if isinstance(cell, str):
        return cell.encode("utf-8", "replace").decode()
    return [_clean(one) for one in cell] if isinstance(cell, list) and cell and isinstance(cell[0], str) else cell


class Out:
    """A directory of results, locked while this is used as a context."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if "://" in str(path):
            raise ValueError(f"{path} is a URI; results are written to a folder of this machine, where a file can be renamed")
        self.path = Path(path)
        self.rows = self.path / ROWS
        self._lock = FileLock(self.path / LOCK, timeout=0)

    def __enter__(self) -> "Out":
        """ValueError where another process writes here, or where something else lies."""
        try:
            self.check()
            self.rows.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout:
            raise ValueError(f"another process writes to {self.path}: wait until it ends, or name another folder") from None
        except OSError as error:
            raise ValueError(f"{self.path} cannot be written to ({error.strerror})") from error
        self._sweep()
        return self

    def check(self) -> None:
        """ValueError where something else lies."""
        try:
            known = any((self.path / name).exists() for name in (LOCK, RUN))
            other = self.path.is_dir() and not known and any(self.path.iterdir())
        except OSError as error:
            raise ValueError(f"{self.path} cannot be read ({error.strerror})") from error
        if other:
            raise ValueError(f"{self.path} holds other files: name an empty folder, or one that a run began")

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def _sweep(self) -> None:
        for folder in (self.path, self.rows):
            for left in folder.glob(f"{WRITING}*"):
                left.unlink(missing_ok=True)

    @property
    def run(self) -> dict[str, Any] | None:
        """What the run was asked, None where none was begun; ValueError where that cannot be read."""
        try:
            found: dict[str, Any] = json.loads((self.path / RUN).read_text())
            return found
        except FileNotFoundError:
            if next(self.parts(), None) is not None:
                raise ValueError(f"{self.path} has rows and no {RUN}, which says what they are of: name another folder") from None
            return None
        except (OSError, ValueError) as error:
            raise ValueError(f"{self.path / RUN} cannot be read: it is no file that Swing wrote") from error

    def begin(self, run: dict[str, Any]) -> None:
        self._write(self.path / RUN, json.dumps(run, indent=1).encode())

    def forget(self) -> None:
        """That a run was begun, of which nothing is there."""
        (self.path / RUN).unlink(missing_ok=True)

    def parts(self) -> Iterator[Path]:
        """The committed parts in their order."""
        yield from sorted(self.rows.glob("part-*.parquet"))

    def commit(self, number: int, content: bytes) -> None:
        self._write(self.rows / part_name(number), content)

    def done(self, number: int) -> int:
        """How many rows of a part are committed; one that cannot be read holds none."""
        return rows_of(self.rows / part_name(number))

    def _write(self, path: Path, content: bytes) -> None:
        """Whole or not at all, and there for good once this returns."""
        writing = path.with_name(f"{WRITING}{path.name}")
        try:
            with open(writing, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            writing.replace(path)
            with _folder(path.parent) as folder:
                os.fsync(folder)
        except OSError as error:
            raise ValueError(
                f"{path} cannot be written ({error.strerror}): free some room, and the same command goes on"
            ) from error
        finally:
            with suppress(OSError):
                writing.unlink(missing_ok=True)


def is_held(path: Path) -> bool:
    """Whether a process writes results there just now."""
    if not (path / LOCK).exists():
        return False
    try:
        with FileLock(path / LOCK, timeout=0):
            return False
    except Timeout:
        return True


@contextmanager
def _folder(path: Path) -> Iterator[int]:
    number = os.open(path, os.O_RDONLY)
    try:
        yield number
    finally:
        os.close(number)


def part_name(number: int) -> str:
    return f"part-{number:06d}.parquet"


def table_of(path: Path, columns: list[str] | None = None) -> Any:
    """A part as a pyarrow.Table. columns : None for all

    pyarrow opens no path that is no text, so it is given a file; its own threads must have none, for one that let go of it while
    the process ends would abort it.
    """
    from pyarrow import parquet

    with open(path, "rb") as stream:
        return parquet.ParquetFile(stream, pre_buffer=False).read(columns, use_threads=False)


def rows_of(path: Path) -> int:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with open(path, "rb") as stream:
            return int(parquet.read_metadata(stream).num_rows)
    except (OSError, pa.ArrowException):
        return 0
