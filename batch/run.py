"""A run: every row of a source that is not there yet is computed, a part at a time, and committed."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batch.asked import check_same, of_run
from batch.kinds import Kind, kind_of
from batch.on_ray import Cluster, on_ray
from batch.parts import Out, encoded
from batch.pool import Part, in_pool, part_of
from batch.progress import Quiet
from batch.row import records
from batch.settings import Settings
from batch.sources import Chunk, Source, chunks, source_of, survey
from batch.summary import Summary, summarise
from xai.checks import check_whole
from xai.threads import cores

SMALL_TABLE = 300_000  # rows below which one process is faster than several
TRIED = 16, 5.0  # rows, and seconds, after which a dry run has seen enough


@dataclass(frozen=True)
class Estimate:
    """What a run would cost, by its first rows. rows : left to do;  tried : rows it is told by, and `errors` among them
    there : rows that are committed already
    """

    rows: int
    workers: int
    evaluations: int
    seconds: float
    bytes: int
    tried: int
    errors: int
    sentence: str
    there: int = 0


def explain_dataset(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    kind: str | Kind = "text",
    *,
    workers: int | None = None,
    limit: int | None = None,
    address: str | None = None,
    gpus: float = 0.0,
    progress: Quiet | None = None,
    resume: bool = True,
    **settings: Any,
) -> Summary:
    """The maps of every row of a data set, in Parquet files under `out`, exactly once each.

    Parameters
    ----------
    source : a CSV, Parquet or JSON lines file, a folder of Parquet files or pictures, or a saved `datasets` directory; or a
        URI of a file that pyarrow reaches
    out : a folder, new or one where the same run was begun, which then goes on
    kind : "text", "table" or "image"
    workers : processes; 1 computes in this one, None chooses. Values do not depend on it
    limit : the first rows only; a later run may ask for more
    address, gpus : a Ray cluster, "local" for one started here, and GPUs of each worker; as `batch.on_ray` says
    progress : a `batch.progress.Reporter`
    resume : go on with the run that `out` holds; False: refuse one
    settings : as `batch.Settings` declares them: model, template, target, budget, seed, …

    Raises
    ------
    ValueError : one sentence: settings that do not fit, a source that cannot be read, a run that is not the one begun
    KeyboardInterrupt : with all that was committed in place; the same call goes on
    """
    plan = prepared(source, out, kind, workers=workers, limit=limit, address=address, gpus=gpus, **settings)
    with Out(out) as place:
        _compute(plan, place, progress or Quiet(), resume)
    return summarise(out)


@dataclass(frozen=True)
class Planned:
    """All that a run needs. path : of the source;  rows : its, or the limit;  run : what stands in `_run.json`
    cluster : of Ray, None where this machine's processes work
    """

    path: str
    source: Source
    kind: Kind
    settings: Settings
    run: dict[str, Any]
    rows: int
    workers: int
    cluster: Cluster | None

    def chunks(self) -> Iterator[Chunk]:
        size, named = self.settings.part_rows, self.settings.id
        return chunks(self.source, self.kind.needs, named, self.kind.frames, size, self.rows)

    @property
    def parts(self) -> int:
        return -(-self.rows // self.settings.part_rows)


def prepared(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    kind: str | Kind = "text",
    *,
    workers: int | None = None,
    limit: int | None = None,
    address: str | None = None,
    gpus: float = 0.0,
    **settings: Any,
) -> Planned:
    """A run, looked at and not begun; arguments as `explain_dataset`."""
    for name, value in (("workers", workers), ("limit", limit)):
        if value is not None and check_whole(f"--{name}", value) < 1:
            raise ValueError(f"--{name} must be at least 1; got {value}")
    _check_cluster(address, gpus)
    _check_apart(source, out)
    own = getattr(kind, "settings", None)
    asked = own if isinstance(own, Settings) else Settings(str(kind), **settings)
    rows = source_of(os.fspath(source))
    made = kind_of(asked, rows) if isinstance(kind, str) else kind
    found = survey(rows, made.needs, asked.id, made.frames)
    run = of_run(asked, found.digest, rows.name, made.fingerprint(), found.rows)
    some = min(found.rows, limit or found.rows)
    most = -(-some // asked.part_rows)
    team = min(workers or _workers(asked.kind, made, some), most)
    cluster = None if address is None else Cluster(address, team, gpus)
    path = os.fspath(source) if "://" in str(source) else str(Path(source).resolve())
    return Planned(path, rows, made, asked, run, some, team, cluster)


def _check_cluster(address: object, gpus: object) -> None:
    if isinstance(gpus, bool) or not isinstance(gpus, (int, float)) or not gpus >= 0:
        raise ValueError(f"--gpus must be a number of at least 0; got {gpus!r}")
    if address is not None and not isinstance(address, str):
        raise ValueError(f"--address must be a text; got {address!r}")
    if gpus and address is None:
        raise ValueError("--gpus is of the workers of a Ray cluster: name one with --address")


def _check_apart(source: str | os.PathLike[str], out: str | os.PathLike[str]) -> None:
    """ValueError where results would lie among what is read."""
    if "://" not in str(source) and "://" not in str(out):
        there, here = Path(source).resolve(), Path(out).resolve()
        if there == here or here.is_relative_to(there):
            raise ValueError(f"{out} lies within {source}, where rows are read: name a folder elsewhere")


def _workers(kind: str, made: Kind, rows: int) -> int:
    """As many processes as there are cores and room in memory for their models; one for few rows of a table."""
    if kind == "table" and rows < SMALL_TABLE:
        return 1
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return cores()
    return max(1, min(cores(), int(free / made.memory)))


def _compute(plan: Planned, place: Out, progress: Quiet, resume: bool) -> None:
    there = _there(plan, place, resume)
    begun = place.run is None
    if begun:
        place.begin(plan.run | {"path": plan.path})
    left = set(range(plan.parts)) - set(there)
    progress.begin(sum(there.values()), plan.rows)
    if not left:
        return
    try:
        for part in _parts(plan, left, progress.rows):
            place.commit(part.number, part.content)
    finally:
        if begun and next(place.parts(), None) is None:  # as where the model cannot be loaded
            place.forget()


def _there(plan: Planned, place: Out, resume: bool) -> dict[int, int]:
    """Number of each part that is committed whole → rows of it that are asked for; ValueError for a run of something else."""
    before, size = place.run, plan.settings.part_rows
    if before is not None and not resume:
        raise ValueError(f"{place.path} holds a run, and --no-resume goes on with none: name another folder")
    if before is not None:
        check_same(before, plan.run, str(place.path))
    asked = {number: min(size, plan.rows - number * size) for number in range(plan.parts)}
    return {number: rows for number, rows in asked.items() if place.done(number) >= rows}


def _parts(plan: Planned, left: set[int], told: Callable[[int], object]) -> Iterator[Part]:
    if plan.cluster is not None:
        for part in on_ray(plan.cluster, plan.path, plan.kind, plan.settings, plan.run, plan.rows, sorted(left)):
            told(part.rows)
            yield part
        return
    waiting = (chunk for chunk in plan.chunks() if chunk.number in left)
    workers = min(plan.workers, len(left))
    if workers > 1:
        yield from in_pool(plan.kind, plan.settings, plan.run, waiting, workers, told)
        return
    with plan.kind.opened() as asker:
        for chunk in waiting:
            yield part_of(asker, chunk, plan.settings, plan.run, told)


def estimated(plan: Planned, out: str | os.PathLike[str], resume: bool = True) -> Estimate:
    """What a run to `out` would cost, or go on to cost; nothing is written. ValueError where it would be refused."""
    place = Out(out)
    place.check()
    there = sum(_there(plan, place, resume).values())
    if there == plan.rows:
        return Estimate(0, plan.workers, 0, 0.0, 0, 0, 0, "", there)
    began, first, found = time.perf_counter(), 0, list[dict[str, Any]]()
    with plan.kind.opened() as asker:
        for chunk in chunks(plan.source, plan.kind.needs, plan.settings.id, plan.kind.frames, 4, min(plan.rows, TRIED[0])):
            found += records(asker, chunk, plan.settings)
            first = first or len(found)
            if time.perf_counter() - began > TRIED[1]:
                break
    timed = found[first:] or found  # the first ones wait for what is loaded and compiled once
    rows = plan.rows - there
    share = rows / len(found)
    errors = [one["error"] for one in found if one["error"] is not None]
    return Estimate(
        rows=rows,
        workers=plan.workers,
        evaluations=round(sum(one.get("evaluations", 0) for one in found) * share),
        seconds=sum(one["seconds"] for one in timed) / len(timed) * rows / plan.workers,
        bytes=round((len(encoded(found, plan.run)) - len(encoded([], plan.run))) * share),
        tried=len(found),
        errors=len(errors),
        sentence=errors[0] if errors else "",
        there=there,
    )
