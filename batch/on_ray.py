"""A run on a Ray cluster: Ray Data deals the parts out to actors that hold the model; only the driver commits.

Parts, and what a resume compares, are those of a run without Ray, so that one can go on with the other. Every node reads the
source itself: a path must lie on all of them, or be a URI.
"""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from batch.kinds.contract import Kind
from batch.pool import Part, part_of
from batch.settings import Settings
from batch.sources import Chunk, chunks, source_of

LOCAL = "local"
SPARE = 1  # CPUs beside the actors', for what reads the list of parts: without, nothing ever begins
OBJECTS = 100_000_000  # bytes of the store of a cluster that is started here; Ray refuses fewer than 78,643,200


@dataclass(frozen=True)
class Cluster:
    """address : "local" starts one here, "auto", or ray://host:port;  gpus : of each actor"""

    address: str
    workers: int
    gpus: float = 0.0


class Work:
    """An actor: the model, and where in the source it is."""

    def __init__(self, source: str, kind: Kind, settings: Settings, run: dict[str, Any], rows: int) -> None:
        self._source, self._kind, self._settings, self._run, self._rows = source, kind, settings, run, rows
        self._opened = ExitStack()
        self._asker = self._opened.enter_context(kind.opened())
        self._at = -1
        self._next: Iterator[Chunk] = iter(())

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        found = [asdict(self._part(int(number))) for number in batch["number"]]
        return {name: [one[name] for one in found] for name in found[0]}

    def _part(self, number: int) -> Part:
        return part_of(self._asker, self._chunk(number), self._settings, self._run, lambda rows: None)

    def _chunk(self, number: int) -> Chunk:
        """Found by reading on; parts come in their order, but for what another actor left."""
        if number <= self._at:
            self._at = -1
        if self._at < 0:
            kind, size = self._kind, self._settings.part_rows
            self._next = chunks(source_of(self._source), kind.needs, self._settings.id, kind.frames, size, self._rows)
        for chunk in self._next:
            self._at = chunk.number
            if chunk.number == number:
                return chunk
        raise ValueError(f"{self._source} has fewer rows on this node than on the one that began")


def on_ray(
    cluster: Cluster, source: str, kind: Kind, settings: Settings, run: dict[str, Any], rows: int, left: list[int]
) -> Iterator[Part]:
    """Parts as they come. ValueError with one sentence where Ray is not there, or the cluster is too small."""
    ray = _started(cluster)
    try:
        cpus = int(ray.cluster_resources().get("CPU", 0))
        if cpus < cluster.workers + SPARE:
            raise ValueError(
                f"the cluster has {cpus} CPUs; {cluster.workers} workers need {cluster.workers + SPARE}: ask for fewer --workers"
            )
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        blocks = min(len(left), 20_000)
        ahead = 2 if kind.frames else 1  # a part of texts would wait behind a long one while another actor has nothing to do
        dealt = ray.data.from_items([{"number": number} for number in left], override_num_blocks=blocks)
        found = dealt.map_batches(
            Work,
            fn_constructor_args=(source, kind, settings, run, rows),
            batch_size=1,
            batch_format="numpy",
            compute=ray.data.ActorPoolStrategy(size=cluster.workers, max_tasks_in_flight_per_actor=ahead),
            num_cpus=1,
            num_gpus=cluster.gpus or None,
        )
        for row in found.iter_rows():
            yield Part(**row)
    except ray.exceptions.RayError as error:
        said = str(error).strip().splitlines()
        raise ValueError(f"Ray ended the run ({(said[-1] if said else type(error).__name__)[:300]})") from error
    finally:
        if cluster.address == LOCAL:
            ray.shutdown()


def _started(cluster: Cluster) -> Any:
    """The module, connected. Nothing is reported to anybody; a cluster that is started here answers only who has its token,
    for it listens at the machine's address."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
    if cluster.address == LOCAL and not {"RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & set(os.environ):
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))  # read when ray is first loaded
    try:
        import ray
        import ray.data
    except ImportError:
        raise ValueError("--address needs Ray, which is not installed: pip install 'swing[ray]'") from None
    threads = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if cluster.address == LOCAL:
            paths = os.pathsep.join(path for path in sys.path if path)
            ray.init(
                num_cpus=cluster.workers + SPARE,
                object_store_memory=OBJECTS,
                include_dashboard=False,
                runtime_env={"env_vars": threads | {"PYTHONPATH": paths}},
                **quiet,
            )
        else:
            ray.init(address=cluster.address, runtime_env={"env_vars": threads}, **quiet)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise ValueError(f"no Ray cluster answers at {cluster.address} ({str(error).splitlines()[0][:200]})") from error
    return ray
