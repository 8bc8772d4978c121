"""A bundle: one zip file from which a run's attributions and figures are rebuilt bit for bit, without its model.

It holds data only, JSON and two arrays, and reading it lets in nothing else (`ui.runs.untrusted`).
"""

import io
import json
import re
import zipfile
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ui.names import method_name
from ui.runs.comparison import Paid
from ui.runs.untrusted import from_npy, parse_json, to_npy, unpack
from xai import Attribution, Fidelity, Judgement, Ledger
from xai.typing import Bools, Floats

FORMAT, VERSION = "swing-bundle", 1
OF_DOCUMENT = "swing-document"  # of a study, which is no bundle of maps (`ui.document.keep.bundle`)
MAX_PLAYERS, MAX_COALITIONS, MAX_OUTPUTS, MAX_MAPS = 4096, 1_000_000, 1024, 16
_MANIFEST, _COALITIONS, _VALUES = "manifest.json", "coalitions.npy", "values.npy"
_FIDELITY, _JUDGEMENTS, _INPUT = "fidelity.json", "judgements.json", "input.bin"
_FIXED = {_MANIFEST, _COALITIONS, _VALUES, _FIDELITY, _JUDGEMENTS, _INPUT}
_MAP = re.compile(r"attributions/([a-z0-9_-]{1,40})\.json")
_TEXTS = ("page", "name", "fingerprint", "state")
_OWN = (*_TEXTS, "settings", "shown", "outputs", "weights")  # of the manifest and of a Bundle alike
_KEYS = {*_OWN, "format", "version", "labels", "coalitions", "values"}
_OF_TEXT = {"prompt", "target", "tokens", "spans"}


@dataclass(frozen=True, eq=False)
class Bundle:
    """What a run was, and what came of it.

    Attributes
    ----------
    page, name, fingerprint : of the page, the run and the model;  state : "done" or "partial"
    settings : of the run, JSON, not looked into here
    shown : what a figure needs beside attributions, JSON; for page "text" just "prompt", "target", "tokens" (texts of
        the target's), "spans" ([start, end] of each player in the prompt) and, maybe, "next" ([text, probability] each)
    outputs, weights : texts of the k output columns, and (k,) what each counts where one map is shown of all
    attributions : values (n, k), by a name of a-z, 0-9, _ and -; those of the left and the right map first
    coalitions, values : all that was evaluated, bool (m, n) and float64 (m,), for k = 1, or (m, k)
    fidelity : or None;  content : the uploaded input, if it is to travel; not looked into here
    judgements : one per attribution, in their order, or none
    """

    page: str
    name: str
    fingerprint: str
    state: str
    settings: dict[str, Any]
    shown: dict[str, Any]
    outputs: list[str]
    weights: list[float]
    attributions: dict[str, Attribution]
    coalitions: Bools
    values: Floats
    fidelity: Fidelity | None = None
    content: bytes | None = field(default=None, repr=False)
    judgements: tuple[Judgement, ...] = ()

    @property
    def labels(self) -> list[str]:
        return next(iter(self.attributions.values())).labels

    def ledger(self) -> Ledger:
        """All that was evaluated, for what needs no model: interactions, controls, other weights of the columns."""
        ledger = Ledger(Paid(self.labels))
        if len(self.values):
            ledger.fill([(np.packbits(self.coalitions, axis=1), self.values, 0.0)])
        return ledger


def write_bundle(bundle: Bundle) -> bytes:
    """The file; the same bundle gives the same bytes. ValueError where `read_bundle` would refuse it."""
    manifest = {"format": FORMAT, "version": VERSION, **{name: getattr(bundle, name) for name in _OWN}}
    manifest |= {"labels": bundle.labels, "coalitions": bundle.coalitions.shape, "values": bundle.values.shape}
    files = {_MANIFEST: json.dumps(manifest, allow_nan=False, indent=1).encode()}
    files |= {f"attributions/{name}.json": one.to_json().encode() for name, one in bundle.attributions.items()}
    files[_COALITIONS] = to_npy(np.packbits(bundle.coalitions, axis=1))
    files[_VALUES] = to_npy(np.ascontiguousarray(bundle.values, "<f8"))
    if bundle.fidelity is not None:
        files[_FIDELITY] = bundle.fidelity.to_json().encode()
    if bundle.judgements:
        files[_JUDGEMENTS] = json.dumps([json.loads(one.to_json()) for one in bundle.judgements]).encode()
    if bundle.content is not None:
        files[_INPUT] = bundle.content
    data = zipped(files)
    read_bundle(data)
    return data


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip file of these; the same give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            archive.writestr(entry, content)
    return out.getvalue()


def read_bundle(data: bytes) -> Bundle:
    """The bundle in a file; ValueError with one sentence for anything that `write_bundle` would not have written."""
    try:
        files = unpack(data, _is_known, {_MANIFEST, _COALITIONS, _VALUES}, len(_FIXED) + MAX_MAPS)
        manifest = _manifest(parse_json(files[_MANIFEST], _MANIFEST))
        labels = manifest["labels"]
        arrays = files[_COALITIONS], files[_VALUES], manifest["coalitions"], manifest["values"]
        coalitions, values = arrays_of(*arrays, len(labels))
        k = values.shape[1] if values.ndim == 2 else 1
        if len(manifest["outputs"]) != k or len(manifest["weights"]) != k:
            raise ValueError(f"its {k} output columns are not named and weighted one by one")
        if manifest["page"] == "text":
            _check_text(manifest["shown"], len(labels))
        maps = {found[1]: _attribution(files[name], labels) for name in files if (found := _MAP.fullmatch(name))}
        if not maps:
            raise ValueError("it holds no attribution")
        if any(one.values.shape[1:] != values.shape[1:] for one in maps.values()):
            raise ValueError("an attribution has other output columns than its values")
        fidelity = _fidelity(files[_FIDELITY], len(labels)) if _FIDELITY in files else None
        judgements = _judgements(files[_JUDGEMENTS], len(maps)) if _JUDGEMENTS in files else ()
        own = {name: manifest[name] for name in _OWN}
        bundle = Bundle(**own, attributions=maps, coalitions=coalitions, values=values, content=files.get(_INPUT))
        return replace(bundle, fidelity=fidelity, judgements=judgements)
    except ValueError as error:
        raise ValueError(f"This file cannot be opened as a Swing bundle: {str(error)[:300].rstrip('.')}.") from error


def _is_known(name: str) -> bool:
    return name in _FIXED or _MAP.fullmatch(name) is not None


def _manifest(found: Any) -> dict[str, Any]:
    if isinstance(found, dict) and found.get("format") == OF_DOCUMENT:
        raise ValueError("it is of the Document page; open it there")
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError("its manifest is not that of a bundle")
    if found.get("version") != VERSION:
        raise ValueError(f"it is of version {str(found.get('version'))[:20]}, and this Swing reads version {VERSION}")
    if set(found) != _KEYS:
        raise ValueError("its manifest lacks something, or says too much")
    labels = found["labels"]
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ValueError("its labels are not a list of texts")
    if not 1 <= len(labels) <= MAX_PLAYERS:
        raise ValueError(f"it has {len(labels)} players, and 1 to {MAX_PLAYERS} are allowed")
    if not all(isinstance(found[name], str) and len(found[name]) <= 1000 for name in _TEXTS):
        raise ValueError("its page, name or fingerprint is not a short text")
    if found["state"] not in ("done", "partial"):
        raise ValueError("its state is neither done nor partial")
    outputs, weights = found["outputs"], found["weights"]
    if not isinstance(outputs, list) or not all(isinstance(text, str) for text in outputs):
        raise ValueError("its output columns are not named")
    if not isinstance(weights, list) or not all(type(w) in (int, float) and abs(w) < 1e300 for w in weights):
        raise ValueError("its weights are not numbers")
    if not isinstance(found["settings"], dict) or not isinstance(found["shown"], dict):
        raise ValueError("its settings are not settings")
    return found


def arrays_of(packed: bytes, table: bytes, rows: Any, values: Any, n: int) -> tuple[Bools, Floats]:
    """Coalitions bool (m, n) and finite values (m,) or (m, k) in two .npy files, of the shapes that a manifest promises."""
    if not all(isinstance(shape, list) and all(type(size) is int for size in shape) for shape in (rows, values)):
        raise ValueError("its shapes are not whole numbers")
    if len(rows) != 2 or rows[1] != n or not 0 <= rows[0] <= MAX_COALITIONS:
        raise ValueError(f"its coalitions have the shape {str(rows)[:60]} for {n} players")
    if len(values) not in (1, 2) or values[0] != rows[0] or not all(1 <= k <= MAX_OUTPUTS for k in values[1:]):
        raise ValueError(f"its values have the shape {str(values)[:60]} for {rows[0]} coalitions")
    bits = from_npy(packed, "|u1", (rows[0], -(-n // 8)), _COALITIONS)
    found = from_npy(table, "<f8", tuple(values), _VALUES)
    if not np.isfinite(found).all():
        raise ValueError("a value is not finite")
    return np.unpackbits(bits, axis=1, count=n).view(bool), found.astype(np.float64)


def _attribution(content: bytes, labels: list[str]) -> Attribution:
    parse_json(content, "an attribution")  # its depth, its numbers and its texts
    found = Attribution.from_json(content.decode())
    if found.labels != labels:
        raise ValueError("an attribution is of other players than its manifest")
    try:
        method_name(found.index, found.method)
    except KeyError as error:
        raise ValueError(f"an attribution is of an unknown method, {found.method[:40]!r}") from error
    return found


def _fidelity(content: bytes, n: int) -> Fidelity:
    parse_json(content, _FIDELITY)
    found = Fidelity.from_json(content.decode())
    if found.n_players != n:
        raise ValueError("its fidelity is of another number of players")
    return found


def _judgements(content: bytes, count: int) -> tuple[Judgement, ...]:
    found = parse_json(content, _JUDGEMENTS)
    if not isinstance(found, list) or len(found) != count:
        raise ValueError("its judgements are not one per attribution")
    return tuple(Judgement.from_json(json.dumps(one)) for one in found)


def _check_text(shown: dict[str, Any], n: int) -> None:
    if set(shown) - {"next"} != _OF_TEXT or not all(isinstance(shown[name], str) for name in ("prompt", "target")):
        raise ValueError("its text is not described as on the Text page")
    if not isinstance(shown["tokens"], list) or not all(isinstance(text, str) for text in shown["tokens"]):
        raise ValueError("the tokens of its target are not texts")
    likely = shown.get("next", [])
    if not isinstance(likely, list) or not all(isinstance(one, list) and [*map(type, one)] == [str, float] for one in likely):
        raise ValueError("its next tokens are not texts with their probabilities")
    spans, length = shown["spans"], len(shown["prompt"])
    if not isinstance(spans, list) or len(spans) != n or not all(_is_span(span, length) for span in spans):
        raise ValueError("its players do not lie in its prompt")
    ordered = sorted(spans)
    if any(first[1] > second[0] for first, second in zip(ordered, ordered[1:])):
        raise ValueError("its players overlap in its prompt")


def _is_span(span: Any, length: int) -> bool:
    whole = isinstance(span, list) and len(span) == 2 and all(type(at) is int for at in span)
    return whole and 0 <= span[0] < span[1] <= length
