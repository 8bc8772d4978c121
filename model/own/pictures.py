"""Graphs of somebody's own that see pictures: how they take them, how pixels are scaled, and a handshake for any model.

What a model sees of a picture (side, layout, scale of its pixels) is read from what comes with it, or given; never guessed.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.graphs.graph import MOST_BYTES, Graph, Port, read_graph
from model.graphs.session import Session
from model.image.covered import Pixels, Seen
from model.own.asking import close
from xai.typing import Floats

Run = Callable[[Pixels], NDArray[Any]]  # float32 (m, 3, side, side) → (m, classes)
Given = Any  # pictures as `Pixels`, or a list of texts
IMAGES_PER_RUN = 2  # as for the bundled classifier
MOST_SIDE = 2048
_MEANS, _STDS = ("mean", "image_mean", "pixel_mean"), ("std", "image_std", "pixel_std")  # names in a file's metadata
_OF_TRANSFORMERS = "pixel_values"  # its input of pictures, channels first whatever the graph says


def graph_in(path: Path, what: str) -> tuple[bytes, Graph]:
    """A file and the graph in it; ValueError with one sentence where it cannot be read. what : "classifier" """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{path.name} has more than {MOST_BYTES / 1e9:g} GB")
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"the {what} {path} cannot be read ({error.strerror})") from error
    return data, read_graph(data)


def looks(data: bytes, graph: Graph, place: int, side: object, name: str, what: str) -> tuple[Run, dict[str, Any]]:
    """How a graph is run on pictures, and what it says of itself: its metadata, "side", "raw" (does it take bytes?).

    place : of its output that is wanted;  side : as given, or None;  what : it is, in an error's sentence
    """
    port = _input(graph, what)
    first, found = _layout(port, what)
    if found is not None and side not in (None, found):
        raise ValueError(f"{name} sees {found} pixels a side; side={side} was asked for")
    if (seen := found or side) is None:
        raise ValueError(f"{name} does not say how many pixels a side it sees: give side=, such as 224")
    if "bgr" in graph.metadata.get("Image.BitmapPixelFormat", "").lower():
        raise ValueError(f"{name} takes blue before red, which is not supported: export it for RGB")
    session = session_of(data, port, IMAGES_PER_RUN)

    def run(inputs: Pixels) -> NDArray[Any]:
        cells: NDArray[Any] = inputs if first else inputs.transpose(0, 2, 3, 1)
        cells = np.rint(cells).astype(np.uint8) if port.type == "uint8" else cells.astype(port.type)
        return session({port.name: np.ascontiguousarray(cells)})[str(place)]

    return run, {**graph.metadata, "side": check_side(seen), "raw": port.type == "uint8"}


def session_of(data: bytes, port: Port, rows: int) -> Session:
    """The graph in its process, so many rows a run where `port` leaves their number open; ValueError where it cannot start."""
    batch = port.shape[0]
    session = Session(data, rows if batch is None else batch, batch is not None)
    session.check()
    return session


def _input(graph: Graph, what: str) -> Port:
    port = graph.inputs[0]
    if len(graph.inputs) != 1 or len(port.shape) != 4 or port.type not in ("float32", "float64", "uint8"):
        told = ", ".join(f"{one.name} {one.type or 'of another type'} {shape_of(one)}" for one in graph.inputs[:4])
        raise ValueError(f"{what} has one input, (pictures, 3, height, width) or (pictures, height, width, 3); got {told}")
    return port


def _layout(port: Port, what: str) -> tuple[bool, int | None]:
    """(do channels come first?, pixels a side, None where they vary)."""
    channels = [i for i in (1, 3) if port.shape[i] == 3]
    if port.name == _OF_TRANSFORMERS and port.shape[1] in (None, 3):
        channels = [1]
    if len(channels) != 1:
        raise ValueError(
            f"the input {port.name} {shape_of(port)} does not say where its three channels are: export it so that it does"
        )
    first = channels == [1]
    height, width = port.shape[2:] if first else port.shape[1:3]
    if height != width:
        raise ValueError(f"the input {port.name} is {height} × {width} pixels; {what} must see squares to be explained")
    return first, height


def shape_of(port: Port) -> str:
    return f"({', '.join('?' if size is None else str(size) for size in port.shape)})"


def check_side(side: object) -> int:
    if isinstance(side, bool) or not isinstance(side, (int, np.integer)) or not 1 <= side <= MOST_SIDE:
        raise ValueError(f"side must be a whole number of pixels from 1 to {MOST_SIDE}; got {side!r}")
    return int(side)


def seen_of(told: dict[str, Any], mean: ArrayLike | None, std: ArrayLike | None) -> Seen:
    """What a model sees, by what it says of itself and what was given. Numbers of at most 1 are of pixels from 0 to 1."""
    if told["raw"]:
        return Seen(told["side"], 0.0, 1.0)
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
    return Seen(told["side"], *((centre, scale) if max(centre.max(), scale.max()) > 1 else (255.0 * centre, 255.0 * scale)))


def _three(name: str, given: Any) -> Floats:
    """One number, or one for each channel; of metadata, as a text."""
    try:
        numbers = [float(one) for one in re.split(r"[\s,;]+", given.strip("[](){} \n"))] if isinstance(given, str) else given
        return np.broadcast_to(np.asarray(numbers, float), (3,)).copy()
    except (ValueError, TypeError):
        raise ValueError(f"{name} must be a number, or three, one for each channel; got {given!r}") from None


def three_pictures(seen: Seen) -> Pixels:
    """What a handshake shows: noise, darker noise, and plain grey."""
    pictures = np.random.default_rng(0).integers(0, 256, (3, seen.side, seen.side, 3), np.uint8)
    pictures[1] //= 2
    pictures[2] = 128
    return np.stack([seen.normalise(one) for one in pictures])


def shaken(
    run: Callable[[Given], NDArray[Any]], name: str, inputs: Sequence[Any] | Pixels, one: str = "picture", what: str = "classes"
) -> tuple[Callable[[Given], NDArray[Any]], Floats, list[str]]:
    """(how it is run, its answers to the inputs, notes); ValueError where it cannot be explained.

    one : of the inputs;  what : of which its answer has several
    """

    def asked(part: Any) -> Floats:
        return _answers(run, name, part, one, what)

    single = np.concatenate([asked(inputs[i : i + 1]) for i in range(len(inputs))])
    if not close(single, np.concatenate([asked(inputs[i : i + 1]) for i in range(len(inputs))])):
        raise ValueError(f"{name} gives other answers to the same {one} asked again: fix the seed of its chance")
    try:
        alone = not all(close(single, found) for found in (asked(inputs), asked(inputs[::-1])[::-1]))
    except ValueError:
        alone = True
    if not alone:
        return run, single, []
    notes = [f"The model's answer to a {one} depends on the {one}s beside it: {one}s are asked for one by one."]
    return lambda inputs: np.concatenate([run(inputs[i : i + 1]) for i in range(len(inputs))]), single, notes


def _answers(run: Callable[[Given], NDArray[Any]], name: str, inputs: Any, one: str, what: str) -> Floats:
    given = np.ascontiguousarray(inputs) if isinstance(inputs, np.ndarray) else inputs
    found = np.asarray(run(given))
    if found.ndim != 2 or len(found) != len(inputs) or found.shape[1] < 2:
        raise ValueError(f"{name} answers with shape {found.shape} for {len(inputs)} {one}s; it must be ({one}s, {what})")
    if not np.isfinite(found).all():
        raise ValueError(f"{name} answers with {found[~np.isfinite(found)][0]}; answers must be finite numbers")
    return found
