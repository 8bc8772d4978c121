"""The game of a photo and a classifier: what the covered picture is, and how likely each class is then."""

import copy
from collections.abc import Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.image.covered import IMAGES_PER_CALL, Covered, Pixels, Seen
from model.image.images import Picture
from xai.checks import check_coalitions
from xai.typing import Bools, Bytes, Floats

VALUES = ("log-odds", "logit")
COLUMNS = 5


class Classifier(Protocol):
    """What the game asks of a `model.image.classifier.ImageClassifier`."""

    class_names: list[str]
    seen: Seen

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
        seen = classifier.seen
        if value == "logit" and seen.probabilities:
            raise ValueError('the model gives probabilities and no logits: value must be "log-odds"')
        covered = self._covered = Covered(seen, image, grid, absent, segments)
        self.size, self.n_players, self.grid, self.labels = covered.size, covered.count, covered.grid, covered.labels
        self.absent = absent if isinstance(absent, str) else "another image"
        self.value, self.batch_size, self._classifier = value, IMAGES_PER_CALL, classifier
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
        return self._covered.regions

    def picture(self, coalition: Bools) -> Bytes:
        """What the model sees of one coalition, bool (n_players,): uint8 (side, side, 3)."""
        return self._covered.picture(coalition)

    def __call__(self, coalitions: Bools) -> Floats:
        coalitions = check_coalitions(coalitions, self.n_players)
        parts = [np.zeros((0, len(self.classes)))]
        for start in range(0, len(coalitions), IMAGES_PER_CALL):
            part = coalitions[start : start + IMAGES_PER_CALL]
            parts.append(self._values(self._classifier.logits(self._covered.compose(part))))
        values = np.concatenate(parts)
        return values[:, 0] if self._scalar else values

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
            logits = self._classifier.logits(self._covered.whole[None])[0]
            classes = np.argsort(-logits, kind="stable")[: COLUMNS if self.against is None else 1].tolist()
        if self.against in classes:
            raise ValueError(
                f"class {self.against} is the one to be explained: hold it against another class, or name another class_index"
            )
        return classes, class_index is not None or self.against is not None


def _check_class(classifier: Classifier, index: int) -> int:
    if isinstance(index, bool) or not isinstance(index, (int, np.integer)) or not (0 <= index < len(classifier.class_names)):
        raise ValueError(f"a class is a whole number from 0 to {len(classifier.class_names) - 1}; got {index!r}")
    return int(index)


def log_odds(logits: Floats, classes: list[int]) -> Floats:
    """log(p / (1 − p)) (m, k) of k classes, p the softmax of logits (m, all classes), without forming 1 − p."""
    others = np.repeat(logits[:, None], len(classes), axis=1)
    others[:, np.arange(len(classes)), classes] = -np.inf
    rest: Floats = np.logaddexp.reduce(others, axis=2)
    return logits[:, classes] - rest
