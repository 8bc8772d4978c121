"""A study as a file of its own: what was asked, what was paid for, and the trees, which open again without a model."""

import json
from typing import Any

import numpy as np

from ui.document.keep.runs import RUNS
from ui.document.run import Study
from ui.runs.bundle import FORMAT as OF_MAPS
from ui.runs.bundle import OF_DOCUMENT, arrays_of, zipped
from ui.runs.comparison import Paid
from ui.runs.untrusted import parse_json, to_npy, unpack
from xai import Ledger

VERSION = 1
_MANIFEST, _COALITIONS, _VALUES = "manifest.json", "coalitions.npy", "values.npy"
_FILES = {_MANIFEST, _COALITIONS, _VALUES}
_KEYS = {"format", "version", "settings", "study", "coalitions", "values"}


def to_bytes(study: Study) -> bytes:
    """The file; ValueError where a run goes on, or where `from_bytes` would refuse it."""
    if study.state == "preliminary":
        raise ValueError("This run is still going on; wait for its end, or cancel it.")
    coalitions, values = study.ledger.known()
    manifest = {"format": OF_DOCUMENT, "version": VERSION, "settings": study.request.to_settings(), "study": study.to_record()}
    manifest |= {"coalitions": coalitions.shape, "values": values.shape}
    data = zipped(
        {
            _MANIFEST: json.dumps(manifest, allow_nan=False).encode(),
            _COALITIONS: to_npy(np.packbits(coalitions, axis=1)),
            _VALUES: to_npy(np.ascontiguousarray(values, "<f8")),
        }
    )
    unpack(data, _FILES.__contains__, _FILES, len(_FILES))
    return data


def from_bytes(data: bytes) -> Study:
    """The study in a file, its ledger without a model; ValueError with one sentence for anything that is none."""
    try:
        files = unpack(data, lambda name: True, {_MANIFEST}, 100)
        manifest = parse_json(files[_MANIFEST], _MANIFEST)
        if isinstance(manifest, dict) and manifest.get("format") == OF_MAPS:
            raise ValueError(f"it is of the {str(manifest.get('page'))[:20].capitalize()} page; open it there")
        if not isinstance(manifest, dict) or manifest.get("format") != OF_DOCUMENT or set(files) != _FILES:
            raise ValueError("it is not the bundle of a document")
        if manifest.get("version") != VERSION:
            raise ValueError(f"it is of version {str(manifest.get('version'))[:20]}, and this Swing reads version {VERSION}")
        if set(manifest) != _KEYS:
            raise ValueError("its manifest lacks something, or says too much")
        return _study(manifest, files)
    except ValueError as error:
        raise ValueError(f"This file cannot be opened as a Swing bundle: {str(error)[:300].rstrip('.')}.") from error


def _study(manifest: dict[str, Any], files: dict[str, bytes]) -> Study:
    request = RUNS.Request.from_settings(manifest["settings"])

    def ledger_of(labels: list[str]) -> Ledger:
        coalitions, values = arrays_of(
            files[_COALITIONS], files[_VALUES], manifest["coalitions"], manifest["values"], len(labels)
        )
        ledger = Ledger(Paid(labels))
        ledger.fill([(np.packbits(coalitions, axis=1), values, 0.0)])
        return ledger

    return RUNS.result(manifest["study"], request, ledger_of)
