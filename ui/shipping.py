"""python -m ui.shipping [text image table data document]: makes the results that ship with Swing, from fresh runs."""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ui.data.kind import DataKind
from ui.document.keep.bundle import to_bytes
from ui.document.run import work
from ui.document.samples import FIRST
from ui.document.shelf import STUDY
from ui.image.kind import ImageKind
from ui.kind import Kind, Result, Subject
from ui.kind_page import run
from ui.runs.bundle import write_bundle
from ui.runs.comparison_bundle import to_bundle
from ui.runs.shipped import AT
from ui.shell.bench import Bench
from ui.shell.jobs import Job
from ui.shell.model_slot import model_slot
from ui.table.kind import TableKind
from ui.text.kind import TextKind
from xai import Ledger

KINDS: list[Kind[Any, Any, Any]] = [TextKind(), ImageKind(), TableKind(), DataKind()]


class Alone(Job):
    """A job that no page looks at, and that goes on all the same."""

    def cancelled(self) -> bool:
        return False


def subject_of(kind: Kind[Any, Any, Any]) -> Callable[[Job], Subject]:
    """What makes the game of a kind's first request; the server's model is loaded first where it is asked."""
    request, slot = kind.first(), model_slot()
    if kind.asks_server_model(request) and slot.gemma is None:
        slot.load()
    return kind.subject(request, Bench(kind.State()))


def make(kind: Kind[Any, Any, Any]) -> bytes:
    """The bundle of a kind's first result."""
    request: Any = kind.first()
    job = Alone(lambda job: None)
    result: Result = run(request, subject_of(kind)(job), job, Ledger)
    return write_bundle(to_bundle(kind.key, result, kind.name(request), kind.fingerprint(request)))


def make_document() -> bytes:
    """The study with which the Document page opens."""
    slot = model_slot()
    if slot.gemma is None:
        slot.load()
    return to_bytes(work(slot.loaded, FIRST, None, None, _unheard, _unheard)(Alone(_unheard)))


def _unheard(*told: object) -> None:
    """Nobody waits."""


MAKERS: dict[str, Callable[[], bytes]] = {  # by the file's name; a study of a document is no bundle
    **{f"{kind.key}.zip": partial(make, kind) for kind in KINDS},
    STUDY: make_document,
}

if __name__ == "__main__":
    AT.mkdir(exist_ok=True)
    for name, maker in MAKERS.items():
        if not sys.argv[1:] or Path(name).stem in sys.argv[1:]:
            began = time.perf_counter()
            data = maker()
            (AT / name).write_bytes(data)
            print(f"{name}: {len(data):,} bytes, {time.perf_counter() - began:.0f} s", flush=True)
