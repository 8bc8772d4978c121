"""Image classifiers of somebody's own: an ONNX graph, which runs in a process with limits, or a module of torch.

What it sees of a picture and the handshake before the first map: `model.own.pictures`.
"""

import ast
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.graphs.graph import Graph
from model.image.covered import Pixels, Seen
from model.own.pictures import Run, check_side, graph_in, looks, seen_of, shaken, shape_of, three_pictures

CLIP = 1e-12  # a probability below counts as this one, whose logarithm is taken
_LABELS = ("labels", "classes", "class_names", "names")
_ROUNDING = 1e-3  # by which probabilities may miss 1


class OwnClassifier(NamedTuple):
    """What a `model.image.classifier.ImageClassifier` is made of; see there."""

    run: Run
    class_names: list[str]
    name: str
    seen: Seen
    fingerprint: str
    notes: list[str]


def own_classifier(
    model: object, labels: object, side: int | None, mean: ArrayLike | None, std: ArrayLike | None
) -> OwnClassifier:
    """model : path of an .onnx file, or a torch module;  others as in `model.image.classifier.load_image_classifier`

    ValueError or TypeError with one sentence where it cannot be explained.
    """
    if isinstance(model, (str, Path)):
        run, name, fingerprint, told = _of_file(Path(model), side)
    elif callable(getattr(model, "eval", None)) and hasattr(model, "parameters"):
        run, name, fingerprint, told = _of_module(model, side)
    else:
        raise TypeError(f"a classifier must be the path of an .onnx file or a torch module; got {type(model).__name__}")
    seen = seen_of(told, mean, std)
    run, answers, notes = shaken(run, name, three_pictures(seen))
    if (answers >= 0).all() and (answers <= 1).all():
        if np.abs(answers.sum(axis=1) - 1.0).max() > _ROUNDING:
            raise ValueError(f"{name} answers with numbers from 0 to 1 that do not add up to 1: classes must exclude each other")
        notes.append(f"The model gives probabilities: log-odds are made of them, and one below {CLIP:g} counts as that.")
        run, seen = _logarithms(run), seen._replace(probabilities=True)
    return OwnClassifier(run, _names(labels, told, answers.shape[1]), name, seen, fingerprint, notes)


def _of_file(path: Path, side: int | None) -> tuple[Run, str, str, dict[str, Any]]:
    data, graph = graph_in(path, "classifier")
    run, told = looks(data, graph, _output(graph), side, path.name, "a classifier")
    return run, path.name, hashlib.sha256(data).hexdigest()[:32], told


def _output(graph: Graph) -> int:
    places = [i for i, one in enumerate(graph.outputs) if one.type in ("float32", "float64")]
    if len(places) != 1 or len(graph.outputs[places[0]].shape) not in (0, 2):
        told = ", ".join(f"{one.name} {shape_of(one)}" for one in graph.outputs[:4])
        raise ValueError(f"an image classifier has one output of numbers (pictures, classes); got {told}")
    return places[0]


def _of_module(module: Any, side: int | None) -> tuple[Run, str, str, dict[str, Any]]:
    import torch

    name = type(module).__name__
    if module.training:
        raise ValueError(f"{name} is in training mode: call its eval() first")
    told = dict(getattr(module, "pretrained_cfg", None) or getattr(module, "default_cfg", None) or {})  # of timm
    seen = side or (told.get("input_size") or (None,))[-1]
    if seen is None:
        raise ValueError(f"{name} does not say how many pixels a side it sees: give side=, such as 224")
    weights = [*module.parameters(), *module.buffers()]
    like = next((one for one in weights if one.is_floating_point()), torch.zeros(()))

    def run(inputs: Pixels) -> NDArray[Any]:
        with torch.no_grad():
            try:
                found = module(torch.from_numpy(inputs).to(like.device, like.dtype))
            except (RuntimeError, ValueError, TypeError, IndexError) as error:
                first = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise ValueError(f"{name} does not take pictures of {inputs.shape[-1]} pixels a side: {first[:200]}") from error
        found = getattr(found, "logits", found)
        if not isinstance(found, torch.Tensor):
            raise ValueError(f"{name} answers with {type(found).__name__}; it must give a tensor (pictures, classes)")
        return found.float().cpu().numpy()

    digest = hashlib.sha256()
    for one in weights:
        digest.update(one.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return run, name, digest.hexdigest()[:32], {**told, "side": check_side(seen), "raw": False}


def _logarithms(run: Run) -> Run:
    return lambda inputs: np.log(np.maximum(run(inputs).astype(float), CLIP))


def _names(labels: object, told: dict[str, Any], count: int) -> list[str]:
    """Of the classes: a list, the lines of a file, those of the metadata, or "class 17"."""
    given = labels if labels is not None else _listed(next((told[name] for name in _LABELS if told.get(name)), None))
    if given is None:
        return [f"class {i}" for i in range(count)]
    if isinstance(given, (str, Path)):
        try:
            given = Path(given).read_text(encoding="utf-8-sig").strip().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"the file of labels {given} cannot be read: it must be text, a label a line") from error
    if not isinstance(given, Sequence):
        raise TypeError(f"labels must be a list, or the path of a file with a label a line; got {type(given).__name__}")
    names = [str(one).strip() for one in given]
    if len(names) != count:
        raise ValueError(f"there are {len(names)} labels; the model has {count} classes")
    from model.table.columns import unique_labels

    return unique_labels(names)


def _listed(text: Any) -> list[str] | None:
    """Labels in metadata: a JSON list, or a dict of places and labels; None for anything else."""
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
        if isinstance(found, dict) and [str(key) for key in found] == [str(i) for i in range(len(found))]:
            found = list(found.values())
        if isinstance(found, list):
            return [str(one) for one in found]
    return None
