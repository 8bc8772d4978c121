"""Which reader takes a file of trees: by what it begins with, one line for each format. Nothing in a file is executed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from model.files.reader import check_size
from model.trees.catboost_json import read_catboost
from model.trees.file import TreeFile, limited
from model.trees.lightgbm_json import read_lightgbm_dump
from model.trees.lightgbm_text import read_lightgbm
from model.trees.onnx_trees import read_onnx
from model.trees.ubjson import read_ubjson
from model.trees.xgboost import read_xgboost

KNOWN = (
    "LightGBM's text (save_model) or JSON (dump_model), XGBoost's JSON or UBJSON (save_model), CatBoost's JSON, or an ONNX graph"
)
JSON: dict[str, Callable[[dict[str, Any]], TreeFile]] = {  # by a name that no other's top level has
    "learner": read_xgboost,
    "tree_info": read_lightgbm_dump,
    "oblivious_trees": read_catboost,
    "trees": read_catboost,
}
_OTHER = f"a model is read from {KNOWN} only: other files, pickles above all, could execute code"


def content_of(file: bytes | str | Path) -> bytes:
    """What stands in a file, from its content or its path; ValueError where it cannot be read, or is too large."""
    if isinstance(file, str) and "\n" not in file and file.lstrip()[:1] not in ("", "{"):
        file = Path(file)
    if not isinstance(file, Path):
        return file.encode("utf-8", "surrogatepass") if isinstance(file, str) else bytes(file)
    try:
        check_size(file.stat().st_size)
        return file.read_bytes()
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"the model {file} cannot be read ({told})") from error


def read_trees(data: bytes | str) -> TreeFile:
    """The trees of a file; ValueError with one sentence for one that is not among `KNOWN`, damaged or cut short."""
    check_size(len(data))
    with limited():
        return _read(data)


def _read(data: bytes | str) -> TreeFile:
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)
    if raw[:3] == b"\xef\xbb\xbf":
        raw = raw[3:]
    start = raw.lstrip()[:1]
    if raw[:5] in (b"tree\n", b"tree\r"):
        return read_lightgbm(_text(raw))
    if raw[:1] == b"{" and raw[1:2] in b"LiIlUu#$" and raw[1:2]:
        return read_xgboost(read_ubjson(raw))
    if start == b"{":
        return _of_json(_text(raw))
    if raw[:1] == b"\x08":  # the first field of an ONNX graph, its version
        return read_onnx(raw)
    raise ValueError(_OTHER)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(_OTHER) from None


def _of_json(text: str) -> TreeFile:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        told = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ValueError(f"the model's JSON cannot be read, perhaps because it was cut short: {told}") from error
    for name, read in JSON.items():
        if isinstance(found, dict) and name in found:
            return read(found)
    raise ValueError(_OTHER)
