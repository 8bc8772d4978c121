"""What the pages say at fixed settings, to the last bit: written once, and compared when the pages have moved.

    python tests/before/values.py --write DIR      maps.json, bundles, and one file of kept runs
    python tests/before/values.py --compare DIR    all values anew; status 1 where one differs from DIR/maps.json
    python tests/before/values.py --now DIR        now.json: one run of each kind, for where an estimator was made better

Bits are those of one machine and one number of threads: write and compare on the same, with the same OMP_NUM_THREADS.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from unittest import mock

import numpy as np

if __name__ == "__main__":
    sys.path[:0] = map(str, Path(__file__).parents[1:3])

from pages import Quiet

from model import load_gemma, load_image_classifier

# Where the pages keep what is used here: all that a move of theirs changes in this file and in the tests beside it.
from ui.data import run as data_run
from ui.data.kind import DataKind
from ui.image import run as image_run
from ui.image import source as image_source
from ui.image.kind import ImageKind
from ui.image.request import SHAPES
from ui.kind_page import run
from ui.runs import kept
from ui.runs.bundle import read_bundle, write_bundle
from ui.runs.comparison_bundle import from_bundle, to_bundle
from ui.runs.store import RunStore
from ui.table import run as table_run
from ui.table import source as table_source
from ui.table.kind import TableKind
from ui.text import run as text_run
from ui.text.kind import TextKind
from xai import Ledger

STORE, SLOT, PAGE = "ui.runs.kept.store", "ui.shell.model_slot.the_slot", "ui/{}/page.py"
KINDS = {kind.key: kind for kind in (TextKind(), ImageKind(), TableKind(), DataKind())}

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SETTINGS = json.loads((HERE / "settings.json").read_text())
KEPT = {"text": ["words"], "image": ["photo", "upload", "shapes"], "table": ["upload", "trees"], "data": ["origins", "words"]}
CHEAP = {"text": "words", "image": "photo", "table": "upload", "data": "words"}
TABLE = HERE / "table.csv"
PICTURE = ROOT / "assets" / "samples" / "images" / "chelsea.jpg"  # as if somebody had brought it
OWNER, TINY = "before", "tiny"


@lru_cache(maxsize=1)
def tiny():
    """The tiny Gemma 3 of the tests, always the same one, on a CPU."""
    import torch
    from tiny import write_tiny_checkpoint

    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as directory:
        return load_gemma(str(write_tiny_checkpoint(Path(directory))), "cpu")


@lru_cache(maxsize=2)
def seeing(model: str):
    """A bundled model of pictures, on a CPU."""
    return load_gemma(str(ROOT / "assets" / "shapes"), "cpu") if model == SHAPES else load_image_classifier("cpu")


def explained(kind: str, settings: dict, ledger_of=Ledger):
    """The result of a page's own run, without the page."""
    request, job = KINDS[kind].read(settings), Quiet()
    if kind == "table":
        named = table_source.sample(request.table) if request.sample else None
        source = named or table_source.uploaded(request.table, TABLE.read_bytes())
        return run(request, table_run.subject(source, request, job), job, ledger_of)
    if kind == "image":
        image_source.take(PICTURE.read_bytes(), PICTURE.name)
        image, other = (image_source.picture(source) for source in (request.source, request.other))
        with mock.patch("ui.image.run.model_of", lambda asked, _: seeing(asked.model)):
            return run(request, image_run.subject(None, request, image, other, job), job, ledger_of)
    subject = {"text": text_run, "data": data_run}[kind].subject
    return run(request, subject(tiny(), request, job), job, ledger_of)


def fingerprint(kind: str, request) -> str:
    """Of the model, as the page gives it; the tiny one's would hold the place it was loaded from."""
    if kind == "table":
        return table_run.fingerprint(request)
    return image_run.fingerprint(request, None) if kind == "image" else TINY


def content(kind: str, name: str) -> bytes | None:
    """The upload that travels with a setting."""
    return None if name != "upload" else (TABLE if kind == "table" else PICTURE).read_bytes()


def bundled(kind: str, name: str, result) -> bytes:
    """A result as the file that its page would give."""
    called = name if kind in ("text", "image") else KINDS[kind].name(result.request)
    upload = content(kind, name) if kind == "image" else None
    return write_bundle(to_bundle(kind, result, called, fingerprint(kind, result.request), upload))


def opened(file: Path):
    """(kind, settings, result) of a bundle, by the page it is of."""
    bundle = read_bundle(file.read_bytes())
    return bundle.page, bundle.settings, from_bundle(KINDS[bundle.page], bundle)


def recorded(result) -> dict:
    """All of a result as JSON can hold it, floats to the last bit, seconds left out; what was paid as checksums."""
    coalitions, values = result.comparison.ledger.known()
    paid = {"evaluations": len(values), "coalitions": _digest(coalitions), "values": _digest(values)}
    return {"record": _exact(json.loads(json.dumps(result.to_record()))), "paid": paid}


def of_maps(entry: dict) -> dict:
    """What a record says but for how its maps are judged, and what was paid for that, which later versions do otherwise."""
    comparison = {key: item for key, item in entry["record"]["comparison"].items() if key not in ("judged", "judgements")}
    record = {**entry["record"], "comparison": comparison}
    if "subject" in record:  # what else could have come next, which later versions ask as well
        record["subject"] = {key: item for key, item in record["subject"].items() if key != "next"}
    return record


def _digest(array) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def _exact(value):
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items() if key != "seconds"}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    return value.hex() if isinstance(value, float) else value


def number(text: str) -> float | None:
    """The float that `recorded` wrote; None for any other text."""
    try:
        return float.fromhex(text) if "0x" in text else None
    except ValueError:
        return None


def differences(before, after, at: str = ""):
    """(place, size) of all that two records do not share to the last bit; infinite where it is no float."""
    if type(before) is type(after) and isinstance(before, (dict, list)) and len(before) == len(after):
        both = before.items() if isinstance(before, dict) else enumerate(before)
        for key, one in both:
            there = isinstance(before, list) or key in after
            yield from differences(one, after[key] if there else None, f"{at}/{key}")
    elif before != after or type(before) is not type(after):
        texts = isinstance(before, str) and isinstance(after, str)
        one, other = (number(text) if texts else None for text in (before, after))
        yield at, float("inf") if one is None or other is None else abs(one - other)


def every():
    """(kind, name, settings) of all settings."""
    return [(kind, name, settings) for kind, named in SETTINGS.items() for name, settings in named.items()]


def write(directory: Path) -> None:
    """maps.json, a bundle of each kind (further ones by their setting), runs.sqlite."""
    directory.mkdir(parents=True, exist_ok=True)
    found = {kind: {} for kind in SETTINGS}
    with tempfile.TemporaryDirectory() as work:
        store = RunStore(Path(work) / "runs.sqlite")
        with mock.patch(STORE, lambda: store):
            for kind, name, settings in every():
                result = _kept(store, kind, name, settings) if name in KEPT[kind] else explained(kind, settings)
                found[kind][name] = recorded(result)
                if name in KEPT[kind]:
                    file = kind if name == KEPT[kind][0] else f"{kind}-{name}"
                    (directory / f"{file}.zip").write_bytes(bundled(kind, name, result))
                print(f"{kind} {name}: {result.comparison.ledger.evaluations} evaluations", flush=True)
        store.close()
        shutil.copyfile(Path(work) / "runs.sqlite", directory / "runs.sqlite")
    (directory / "maps.json").write_text(json.dumps(found, separators=(",", ":")) + "\n")


def write_now(directory: Path) -> None:
    """now.json: what a run of each kind says by the estimators of now."""
    found = {kind: recorded(explained(kind, SETTINGS[kind][name])) for kind, name in CHEAP.items()}
    (directory / "now.json").write_text(json.dumps(found, separators=(",", ":")) + "\n")


def _kept(store, kind: str, name: str, settings: dict):
    """The result of a run that is kept as its page keeps it."""
    request = KINDS[kind].read(settings)
    run = store.create(OWNER, kind, name, settings, fingerprint(kind, request), content(kind, name))
    with kept.ended_with(run):
        result = explained(kind, settings, lambda game: kept.ledger(run, game))
    kept.finish(run, result)
    return result


def compare(directory: Path) -> bool:
    """Whether everything is as it was to the last bit; says so for each setting."""
    before, same = json.loads((directory / "maps.json").read_text()), True
    for kind, name, settings in every():
        found = list(differences(of_maps(before[kind][name]), of_maps(recorded(explained(kind, settings)))))
        same &= not found
        print(f"{kind} {name}: {_said(found)}", flush=True)
    return same


def _said(found) -> str:
    sizes = [(size, place) for place, size in found if np.isfinite(size)]
    said = [f"{len(sizes)} numbers differ, the most by {max(sizes)[0]:.3g} at {max(sizes)[1]}"] if sizes else []
    said += [f"{place} differs" for place, size in found if not np.isfinite(size)]
    return "; ".join(said) or "equal to the last bit"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", type=Path, metavar="DIR")
    what.add_argument("--compare", type=Path, metavar="DIR")
    what.add_argument("--now", type=Path, metavar="DIR")
    asked = parser.parse_args()
    if asked.now:
        write_now(asked.now)
        return 0
    if asked.write:
        write(asked.write)
        return 0
    return 0 if compare(asked.compare) else 1


if __name__ == "__main__":
    sys.exit(main())
