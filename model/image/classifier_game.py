"""The game of a photo and a classifier: where a coalition of patches becomes a picture."""

import copy
from collections.abc import Iterable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageFilter

from model.image.images import Picture, as_rgb
from model.image.patches import cells, check_grid, check_visible, grid_labels, on_original, patch_names, slic, superpixels
from xai.checks import check_coalitions
from xai.typing import Bools, Bytes, Floats, Ints

Pixels = NDArray[np.float32]  # as the model takes them

SIDE = 224  # pixels a side that the model sees
CENTRE, SCALE = 127.0, 128.0  # its input is (pixel − 127) / 128

ABSENT = ("mean", "blur", "black")
VALUES = ("log-odds", "logit")
BLUR_RADIUS = 16  # pixels of 224: what remains are colours, no outline
COLUMNS = 5
IMAGES_PER_CALL = 32  # composed at a time: 19 MB


class Seen(NamedTuple):
    """What a model sees of a picture: a square of `side` pixels, as (pixel − centre) / scale, numbers or one per channel.

    probabilities : are the logits logarithms of probabilities, which is all that the model gives?
    """

    side: int = SIDE
    centre: ArrayLike = CENTRE
    scale: ArrayLike = SCALE
    probabilities: bool = False

    def normalise(self, pixels: Bytes) -> Pixels:
        """uint8 (side, side, 3) → the model's float32 (3, side, side)."""
        centre, scale = np.asarray(self.centre, np.float32), np.asarray(self.scale, np.float32)
        return np.ascontiguousarray(((pixels.astype(np.float32) - centre) / scale).transpose(2, 0, 1))

    def as_pixels(self, inputs: Pixels) -> Bytes:
        """What `normalise` was given."""
        found = inputs.transpose(1, 2, 0) * np.asarray(self.scale, float) + np.asarray(self.centre, float)
        pixels: Bytes = np.rint(found).astype(np.uint8)
        return pixels


class Classifier(Protocol):
    """What the game asks of a `model.image.classifier.ImageClassifier`."""

    class_names: list[str]
    seen: "Seen"

    def pixels(self, image: Picture) -> Bytes: ...

    def logits(self, inputs: Pixels) -> Floats: ...


class ClassifierGame:
    """bool (m, n_players) → float64 (m,) or (m, 5); see `ImageClassifier.game`.

    Attributes
    ----------
    labels : "row 1, column 1" … or "superpixel 1" …;  grid : (rows, columns), None for superpixels
    classes : indices of the classes that the values are of;  against : index or None;  value, absent : as asked
    outputs : names of the classes, with the class they are held against
    size : (height, width) of the original
    """

    def __init__(
        self,
        classifier: Classifier,
        image: Picture,
        class_index: int | None,
        grid: Iterable[int],
        absent: str | Picture,
        segments: str | None,
        against: int | None,
        value: str,
    ) -> None:
        if value not in VALUES:
            raise ValueError(f"value must be one of {list(VALUES)}; got {value!r}")
        if segments not in (None, "slic", "slic as found"):
            raise ValueError(f'segments must be None (the grid), "slic" or "slic as found"; got {segments!r}')
        seen = classifier.seen
        if value == "logit" and seen.probabilities:
            raise ValueError('the model gives probabilities and no logits: value must be "log-odds"')
        image, grid = as_rgb(image), check_grid(grid, seen.side)
        pixels = classifier.pixels(image)
        self.size = (image.height, image.width)
        if segments:
            count = grid[0] * grid[1]
            self._labels = _superpixels(image, pixels, count) if segments == "slic" else slic(pixels, count)
            self.n_players, self.grid = int(self._labels.max()) + 1, None
            self.labels = [f"superpixel {i + 1}" for i in range(self.n_players)]
        else:
            self._labels = grid_labels(grid, seen.side)
            self.n_players, self.grid = grid[0] * grid[1], grid
            self.labels = patch_names(grid)
        check_visible(self._labels, self.n_players, *self.size)
        self.absent = absent if isinstance(absent, str) else "another image"
        self.value, self.batch_size, self._classifier = value, IMAGES_PER_CALL, classifier
        self._there = seen.normalise(pixels)
        self._gone = seen.normalise(_absent_pixels(classifier, pixels, absent))
        self.against = None if against is None else _check_class(classifier, against)
        self.classes, self._scalar = self._choose(class_index)
        names = [classifier.class_names[i] for i in self.classes]
        self.outputs = names if against is None else [f"{n} against {classifier.class_names[against]}" for n in names]

    def asked_of(self, classifier: Classifier) -> "ClassifierGame":
        """The same pictures and classes, with another classifier to judge them."""
        other = copy.copy(self)
        other._classifier = classifier
        return other

    @property
    def regions(self) -> NDArray[np.int16]:
        """int16 (height, width): the player of each pixel of the original picture."""
        return on_original(self._labels, *self.size)

    def picture(self, coalition: Bools) -> Bytes:
        """What the model sees of one coalition, bool (n_players,): uint8 (side, side, 3)."""
        return self._classifier.seen.as_pixels(self._compose(check_coalitions([coalition], self.n_players))[0])

    def __call__(self, coalitions: Bools) -> Floats:
        coalitions = check_coalitions(coalitions, self.n_players)
        parts = [np.zeros((0, len(self.classes)))]
        for start in range(0, len(coalitions), IMAGES_PER_CALL):
            part = coalitions[start : start + IMAGES_PER_CALL]
            parts.append(self._values(self._classifier.logits(self._compose(part))))
        values = np.concatenate(parts)
        return values[:, 0] if self._scalar else values

    def _compose(self, coalitions: Bools) -> Pixels:
        return np.where(coalitions[:, self._labels][:, None], self._there, self._gone)

    def _values(self, logits: Floats) -> Floats:
        own = logits[:, self.classes]
        if self.against is not None:
            return own - logits[:, [self.against]]
        if self.value == "logit":
            return own
        return log_odds(logits, self.classes)

    def _choose(self, class_index: int | None) -> tuple[list[int], bool]:
        """Classes of the columns, and whether the values are of one class alone."""
        if class_index is not None:
            classes = [_check_class(self._classifier, class_index)]
        else:
            logits = self._classifier.logits(self._there[None])[0]
            classes = np.argsort(-logits, kind="stable")[: COLUMNS if self.against is None else 1].tolist()
        if self.against in classes:
            raise ValueError(
                f"class {self.against} is the one to be explained: hold it against another class, or name another class_index"
            )
        return classes, class_index is not None or self.against is not None


def _superpixels(image: Image.Image, pixels: Bytes, count: int) -> Ints:
    """int (224, 224): those of what the model sees; along an edge with fewer pixels, of these, that each part has some."""
    side = len(pixels)
    width, height = (min(edge, side) for edge in image.size)
    if (height, width) != (side, side):
        pixels = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    return superpixels(pixels, count)[np.ix_(cells(height, side), cells(width, side))]


def _check_class(classifier: Classifier, index: int) -> int:
    if isinstance(index, bool) or not isinstance(index, (int, np.integer)) or not (0 <= index < len(classifier.class_names)):
        raise ValueError(f"a class is a whole number from 0 to {len(classifier.class_names) - 1}; got {index!r}")
    return int(index)


def _absent_pixels(classifier: Classifier, pixels: Bytes, absent: str | Picture) -> Bytes:
    """uint8 (side, side, 3): what stands where patches are absent."""
    if not isinstance(absent, str):
        return classifier.pixels(absent)
    if absent not in ABSENT:
        raise ValueError(f"absent must be one of {list(ABSENT)} or another image; got {absent!r}")
    return painted(pixels, absent, BLUR_RADIUS * classifier.seen.side / SIDE)


def painted(pixels: Bytes, absent: str, blur: float) -> Bytes:
    """uint8 (height, width, 3): the picture without what can be seen in it, as one of ABSENT says. blur : radius in pixels"""
    if absent == "mean":
        return np.broadcast_to(np.rint(pixels.mean(axis=(0, 1))).astype(np.uint8), pixels.shape)
    if absent == "black":
        return np.zeros_like(pixels)
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(blur)))


def log_odds(logits: Floats, classes: list[int]) -> Floats:
    """log(p / (1 − p)) (m, k) of k classes, p the softmax of logits (m, all classes), without forming 1 − p."""
    others = np.repeat(logits[:, None], len(classes), axis=1)
    others[:, np.arange(len(classes)), classes] = -np.inf
    rest: Floats = np.logaddexp.reduce(others, axis=2)
    return logits[:, classes] - rest
