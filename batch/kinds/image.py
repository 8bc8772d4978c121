"""Rows that are pictures: patches of each are the players of the bundled classifier's first answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batch.kinds.contract import Asked
from batch.settings import Settings
from batch.sources.images import Images
from batch.sources.source import Source

if TYPE_CHECKING:
    from model.image.classifier import ImageClassifier


@dataclass(frozen=True)
class ImageKind:
    settings: Settings
    needs = None
    frames = False
    memory = 0.6e9

    def fingerprint(self) -> dict[str, str]:
        from model.image.classifier import classifier_fingerprint

        return {"model": classifier_fingerprint()}

    @contextmanager
    def opened(self) -> Iterator["ImageAsker"]:
        from model import load_image_classifier

        yield ImageAsker(self.settings, load_image_classifier(device="cpu"))


class ImageAsker:
    def __init__(self, settings: Settings, classifier: "ImageClassifier") -> None:
        self._settings, self._classifier = settings, classifier

    def asked(self, rows: Any) -> Iterator[Asked | Exception]:
        from model import read_image

        for path in rows:
            try:
                image = read_image(path.read_bytes(), path.name)
                best = self._classifier.top(image, 1)[0]
                game = self._classifier.game(image, best.index, self._settings.patches, self._settings.absence)
                yield Asked(game, best.name)
            except OSError as error:
                yield ValueError(f"{path.name} cannot be read ({error.strerror})")
            except Exception as error:  # of the model too: it is this picture's, and the run goes on
                yield error


def made(settings: Settings, source: Source) -> ImageKind:
    from model.image.patches import check_grid

    check_grid(settings.patches)
    if settings.model is not None:
        raise ValueError("--model is not of pictures: they are shown to the bundled classifier")
    if not isinstance(source, Images):
        raise ValueError(f"{source.name} is no folder of pictures; --kind image needs one")
    return ImageKind(settings)
