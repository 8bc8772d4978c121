"""A pair of towers from files: two ONNX graphs, which run in processes with limits, and a tokenizer."""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from model.graphs.graph import Graph
from model.own.pictures import graph_in, looks, seen_of, shaken, shape_of, three_pictures
from model.towers.texts import Texts
from model.towers.towers import Towers

SCALE = 100.0
MOST_TOKENIZER = 100_000_000  # bytes
_IMAGE, _TEXT, _TOKENIZER = "vision_model.onnx", "text_model.onnx", "tokenizer.json"
_TRIED = ["a cat", "a dog", "cat", ""]  # two of a length, and no word


def load_towers(
    image: str | Path,
    text: str | Path | None = None,
    tokenizer: str | Path | None = None,
    *,
    side: int | None = None,
    mean: ArrayLike | None = None,
    std: ArrayLike | None = None,
) -> Towers:
    """A pair of towers, ready to explain how alike a picture and a text are; nothing is fetched.

    image : an .onnx file, pictures → embeddings; or a directory as transformers.js publishes CLIP, with vision_model.onnx and
        text_model.onnx (in onnx/ or beside), tokenizer.json and preprocessor_config.json
    text : an .onnx file, token ids → embeddings;  tokenizer : a tokenizer.json. Both are None for a directory
    side, mean, std : as of `model.load_image_classifier`, where neither the file nor the directory says them

    Of a graph's outputs "image_embeds" or "text_embeds" is taken, else the only one of two dimensions. `notes` says what the
    handshakes found: embeddings must be finite, as wide in one tower as in the other, the same when asked again. ValueError
    with one sentence for what cannot be explained.
    """
    preprocessor: dict[str, Any] = {}
    of_tokens: dict[str, Any] = {}
    name = Path(image).name
    if Path(image).is_dir():
        if text is not None or tokenizer is not None:
            raise ValueError(f"{image} is a directory: give no other file beside it, or three files")
        preprocessor, of_tokens = (_json(Path(image) / f"{one}_config.json") for one in ("preprocessor", "tokenizer"))
        image, text, tokenizer = (_found(Path(image), one) for one in (_IMAGE, _TEXT, _TOKENIZER))
    if text is None or tokenizer is None:
        raise ValueError(
            "a pair of towers needs an image tower, a text tower and a tokenizer.json, or a directory with all three"
        )
    image, text = Path(image), Path(text)
    written = _bytes(Path(tokenizer))
    (seeing, eyes), (reading, graph) = graph_in(image, "image tower"), graph_in(text, "text tower")

    run, told = looks(
        seeing, eyes, _embedding(eyes, "image_embeds", image.name), side or _side(preprocessor), image.name, "an image tower"
    )
    seen = seen_of(told | _scaling(preprocessor), mean, std)
    texts = Texts(reading, graph, _embedding(graph, "text_embeds", text.name), written, of_tokens, text.name)
    images, of_images, notes = shaken(run, image.name, three_pictures(seen), "picture", "numbers")
    asked, of_texts, more = shaken(texts, text.name, _TRIED, "text", "numbers")
    if (width := of_images.shape[1]) != of_texts.shape[1]:
        raise ValueError(
            f"{image.name} gives {width} numbers for a picture, and {text.name} {of_texts.shape[1]} for a text: they are no pair"
        )
    scale = _scale(eyes.metadata | graph.metadata)
    if scale != SCALE:
        notes.append(f"Similarities are cosines times {scale:g}, as the file says.")
    parts = [seeing, reading, written, repr((seen, scale, texts.longest, of_tokens.get("pad_token"))).encode()]
    digest = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts))
    return Towers(images, asked, name, seen, width, scale, texts.longest, digest.hexdigest()[:32], notes + more)


def _embedding(graph: Graph, called: str, name: str) -> int:
    """The place of the output that is an embedding."""
    flat = [i for i, one in enumerate(graph.outputs) if one.type in ("float32", "float64") and len(one.shape) in (0, 2)]
    found = [i for i in flat if graph.outputs[i].name == called] or flat
    if len(found) != 1:
        told = ", ".join(f"{one.name} {shape_of(one)}" for one in graph.outputs[:8])
        raise ValueError(
            f"{name} must have one output of two dimensions, the embedding, or call it {called}; it has the outputs {told}"
        )
    return found[0]


def _scale(metadata: dict[str, str]) -> float:
    if "logit_scale" not in metadata:
        return SCALE
    try:
        scale = float(metadata["logit_scale"])
    except ValueError:
        scale = math.nan
    if not 0 < scale < math.inf:
        raise ValueError(
            f"the file's logit_scale must be a number above 0, such as 100; it says {metadata['logit_scale'][:40]!r}"
        )
    return scale


def _found(directory: Path, name: str) -> Path:
    for path in (directory / "onnx" / name, directory / name):
        if path.is_file():
            return path
    raise ValueError(f"the directory {directory} has no {name}, in onnx/ or beside it")


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_TOKENIZER:
            raise ValueError(f"{path.name} has more than {MOST_TOKENIZER / 1e6:g} MB: it is no tokenizer.json")
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"the tokenizer {path} cannot be read ({error.strerror})") from error


def _json(path: Path) -> dict[str, Any]:
    """What a configuration says; nothing where there is none."""
    if not path.is_file():
        return {}
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} cannot be read: it must be JSON") from error
    if not isinstance(told, dict):
        raise ValueError(f"{path.name} must hold settings by name")
    return told


def _side(preprocessor: dict[str, Any]) -> Any:
    """Pixels a side that a picture is cut or resized to; None where it does not say."""
    cut = preprocessor.get("crop_size") if preprocessor.get("do_center_crop", True) else None
    size = cut or preprocessor.get("size")
    if isinstance(size, dict):
        sides = {size[one] for one in ("height", "width", "shortest_edge") if one in size}
        if len(sides) != 1:
            raise ValueError(f"preprocessor_config.json gives the size {size}; towers must see squares to be explained")
        return sides.pop()
    return size


def _scaling(preprocessor: dict[str, Any]) -> dict[str, Any]:
    """Mean and standard deviation of pixels from 0 to 1, where it says them."""
    if not preprocessor:
        return {}
    factor = preprocessor.get("rescale_factor", 1 / 255) if preprocessor.get("do_rescale", True) else 1
    if not isinstance(factor, (int, float)) or not np.isclose(factor, 1 / 255, rtol=1e-3):
        raise ValueError(f"preprocessor_config.json multiplies pixels by {factor!r}; pixels from 0 to 1 alone are made")
    if not preprocessor.get("do_normalize", True):
        return {"mean": 0.0, "std": 1.0}
    return {name: preprocessor[f"image_{name}"] for name in ("mean", "std") if f"image_{name}" in preprocessor}
