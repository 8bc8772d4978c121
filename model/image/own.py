"""Image classifiers of somebody's own: an ONNX graph, which runs in a process with limits, or a module of torch.

What a model sees of a picture (side, layout, scale of its pixels) is read from what comes with it, or given; never guessed.
A handshake asks it for three pictures before the first map.
"""

import ast
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.graphs.graph import MOST_BYTES, Graph, Port, read_graph
from model.graphs.session import Session
from model.image.classifier_game import Pixels, Seen
from model.own.asking import close
from xai.typing import Floats

Run = Callable[[Pixels], NDArray[Any]]  # float32 (m, 3, side, side) → (m, classes)
IMAGES_PER_RUN = 2  # as for the bundled classifier
MOST_SIDE = 2048
CLIP = 1e-12  # a probability below counts as this one, whose logarithm is taken
_MEANS, _STDS = ("mean", "image_mean", "pixel_mean"), ("std", "image_std", "pixel_std")  # names in a file's metadata
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
    centre, scale = (0.0, 1.0) if told["raw"] else _scaling(told, mean, std)
    seen = Seen(told["side"], centre, scale)
    run, answers, notes = _shaken(run, name, seen)
    if (answers >= 0).all() and (answers <= 1).all():
        if np.abs(answers.sum(axis=1) - 1.0).max() > _ROUNDING:
            raise ValueError(f"{name} answers with numbers from 0 to 1 that do not add up to 1: classes must exclude each other")
        notes.append(f"The model gives probabilities: log-odds are made of them, and one below {CLIP:g} counts as that.")
        run, seen = _logarithms(run), seen._replace(probabilities=True)
    return OwnClassifier(run, _names(labels, told, answers.shape[1]), name, seen, fingerprint, notes)


def _of_file(path: Path, side: int | None) -> tuple[Run, str, str, dict[str, Any]]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{path.name} has more than {MOST_BYTES / 1e9:g} GB")
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"the classifier {path} cannot be read ({error.strerror})") from error
    graph = read_graph(data)
    port, place = _input(graph), _output(graph)
    first, found = _layout(port)
    if found is not None and side not in (None, found):
        raise ValueError(f"{path.name} sees {found} pixels a side; side={side} was asked for")
    if (seen := found or side) is None:
        raise ValueError(f"{path.name} does not say how many pixels a side it sees: give side=, such as 224")
    if "bgr" in graph.metadata.get("Image.BitmapPixelFormat", "").lower():
        raise ValueError(f"{path.name} takes blue before red, which is not supported: export it for RGB")
    batch = port.shape[0]
    session = Session(data, IMAGES_PER_RUN if batch is None else batch, batch is not None)
    session.check()

    def run(inputs: Pixels) -> NDArray[Any]:
        cells: NDArray[Any] = inputs if first else inputs.transpose(0, 2, 3, 1)
        cells = np.rint(cells).astype(np.uint8) if port.type == "uint8" else cells.astype(port.type)
        return session({port.name: np.ascontiguousarray(cells)})[str(place)]

    told = {**graph.metadata, "side": _check_side(seen), "raw": port.type == "uint8"}
    return run, path.name, hashlib.sha256(data).hexdigest()[:32], told


def _input(graph: Graph) -> Port:
    port = graph.inputs[0]
    if len(graph.inputs) != 1 or len(port.shape) != 4 or port.type not in ("float32", "float64", "uint8"):
        told = ", ".join(f"{one.name} {one.type or 'of another type'} {_shape(one)}" for one in graph.inputs[:4])
        raise ValueError(f"a classifier has one input, (pictures, 3, height, width) or (pictures, height, width, 3); got {told}")
    return port


def _output(graph: Graph) -> int:
    places = [i for i, one in enumerate(graph.outputs) if one.type in ("float32", "float64")]
    if len(places) != 1 or len(graph.outputs[places[0]].shape) not in (0, 2):
        told = ", ".join(f"{one.name} {_shape(one)}" for one in graph.outputs[:4])
        raise ValueError(f"an image classifier has one output of numbers (pictures, classes); got {told}")
    return places[0]


def _layout(port: Port) -> tuple[bool, int | None]:
    """(do channels come first?, pixels a side, None where they vary)."""
    channels = [i for i in (1, 3) if port.shape[i] == 3]
    if len(channels) != 1:
        raise ValueError(
            f"the input {port.name} {_shape(port)} does not say where its three channels are: export it so that it does"
        )
    first = channels == [1]
    height, width = port.shape[2:] if first else port.shape[1:3]
    if height != width:
        raise ValueError(f"the input {port.name} is {height} × {width} pixels; classifiers of squares alone are explained")
    return first, height


def _shape(port: Port) -> str:
    return f"({', '.join('?' if size is None else str(size) for size in port.shape)})"


def _check_side(side: object) -> int:
    if isinstance(side, bool) or not isinstance(side, (int, np.integer)) or not 1 <= side <= MOST_SIDE:
        raise ValueError(f"side must be a whole number of pixels from 1 to {MOST_SIDE}; got {side!r}")
    return int(side)


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
    return run, name, digest.hexdigest()[:32], {**told, "side": _check_side(seen), "raw": False}


def _scaling(told: dict[str, Any], mean: ArrayLike | None, std: ArrayLike | None) -> tuple[Any, Any]:
    """(centre, scale) of pixels 0 to 255. Numbers of at most 1 are of pixels from 0 to 1."""
    own = [next((told[name] for name in names if name in told), None) for names in (_MEANS, _STDS)]
    mean, std = own[0] if mean is None else mean, own[1] if std is None else std
    if mean is None or std is None:
        raise ValueError(
            "the model does not say how its pixels are scaled: give mean= and std=, for example mean=(0.485, 0.456, 0.406), "
            "std=(0.229, 0.224, 0.225), or mean=0, std=1 for pixels from 0 to 1"
        )
    centre, scale = _three("mean", mean), _three("std", std)
    if (scale <= 0).any():
        raise ValueError(f"std must be above 0; got {std!r}")
    return (centre, scale) if max(centre.max(), scale.max()) > 1 else (255.0 * centre, 255.0 * scale)


def _three(name: str, given: Any) -> Floats:
    """One number, or one for each channel; of metadata, as a text."""
    try:
        numbers = [float(one) for one in re.split(r"[\s,;]+", given.strip("[](){} \n"))] if isinstance(given, str) else given
        return np.broadcast_to(np.asarray(numbers, float), (3,)).copy()
    except (ValueError, TypeError):
        raise ValueError(f"{name} must be a number, or three, one for each channel; got {given!r}") from None


def _shaken(run: Run, name: str, seen: Seen) -> tuple[Run, Floats, list[str]]:
    """(how it is run, its answers to three pictures, notes); ValueError where it cannot be explained."""
    pictures = np.random.default_rng(0).integers(0, 256, (3, seen.side, seen.side, 3), np.uint8)
    pictures[1] //= 2
    pictures[2] = 128
    inputs = np.stack([seen.normalise(one) for one in pictures])
    single = np.concatenate([_answers(run, name, inputs[i : i + 1]) for i in range(3)])
    if not close(single, np.concatenate([_answers(run, name, inputs[i : i + 1]) for i in range(3)])):
        raise ValueError(f"{name} gives other answers to the same picture asked again: fix the seed of its chance")
    try:
        several = [_answers(run, name, inputs), _answers(run, name, inputs[::-1])[::-1]]
        alone = not all(close(single, one) for one in several)
    except ValueError:
        alone = True
    if not alone:
        return run, single, []
    notes = ["The model's answer to a picture depends on the pictures beside it: pictures are asked for one by one."]
    return lambda inputs: np.concatenate([run(inputs[i : i + 1]) for i in range(len(inputs))]), single, notes


def _answers(run: Run, name: str, inputs: Pixels) -> Floats:
    found = np.asarray(run(np.ascontiguousarray(inputs)))
    if found.ndim != 2 or len(found) != len(inputs) or found.shape[1] < 2:
        raise ValueError(f"{name} answers with shape {found.shape} for {len(inputs)} pictures; it must be (pictures, classes)")
    if not np.isfinite(found).all():
        raise ValueError(f"{name} answers with {found[~np.isfinite(found)][0]}; answers must be finite numbers")
    return found


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
