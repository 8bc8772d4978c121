"""A pair of towers, as CLIP is one: pictures and texts become vectors, and the angle between two says how alike they are."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.image.covered import Pixels, Seen
from model.image.images import Picture
from model.towers.game import TowersGame
from xai.typing import Bytes, Floats


class Towers:
    """An image tower and a text tower that were trained together (Radford et al., "Learning Transferable Visual Models From
    Natural Language Supervision", ICML 2021).

    Attributes
    ----------
    name : what it is;  side : pixels a side of what it sees;  seen : how it sees them;  width : numbers of an embedding
    scale : what cosines are multiplied by;  longest : tokens of a text at most, None where nothing says so
    fingerprint : the same for the same files and settings;  notes : what the handshakes found, sentences
    """

    def __init__(
        self,
        images: Callable[[Pixels], NDArray[Any]],
        texts: Callable[[list[str]], NDArray[Any]],
        name: str,
        seen: Seen,
        width: int,
        scale: float,
        longest: int | None,
        fingerprint: str,
        notes: list[str],
    ) -> None:
        self._images, self._texts, self.name, self.seen, self.side = images, texts, name, seen, seen.side
        self.width, self.scale, self.longest, self.fingerprint, self.notes = width, scale, longest, fingerprint, notes

    def pixels(self, image: Picture) -> Bytes:
        """What the image tower sees, as `seen.pixels` says."""
        return self.seen.pixels(image)

    def images(self, inputs: Pixels) -> Floats:
        """float64 (m, width) of length 1, of float32 (m, 3, side, side) as `seen.normalise` makes them."""
        return _unit(self._images(inputs))

    def texts(self, texts: list[str]) -> Floats:
        """float64 (m, width) of length 1; ValueError for a text that is longer than the tower reads."""
        return _unit(self._texts(texts))

    def similarity(self, image: Picture, text: str) -> float:
        """The cosine of both embeddings times `scale`."""
        return float(self.scale * (self.images(self.seen.normalise(self.pixels(image))[None]) @ self.texts([text]).T)[0, 0])

    def game(
        self, image: Picture, text: str, grid: Iterable[int] = (7, 7), absent: str | Picture = "mean", words: bool = True
    ) -> TowersGame:
        """The game of a picture and a text: which patches, and which words, make them alike.

        image : a PIL image or uint8 (height, width, 3), which the tower sees whole, squeezed to a square
        text : is never cut off: ValueError where it is longer than the tower reads
        grid : (rows, columns), 1 to 16 each
        absent : what stands where a patch is absent: "mean" (the picture's mean colour), "blur" (the picture blurred),
            "black", or another image, whose patch at that place is taken. Absent words are left out with the white space after
            them, and what is left is tokenised anew
        words : are the words players too, after the patches? Else the text is always whole

        Returns a game: bool (m, n_players) → float64 (m,), the cosine of both embeddings times `scale`. That is 100, for
        values in hundredths of a cosine, or what the files' metadata call "logit_scale", for logits of the model. A vector of
        nothing but zeros has the cosine 0. ValueError or TypeError for what is not allowed.
        """
        return TowersGame(self, image, text, grid, absent, words)


def _unit(found: NDArray[Any]) -> Floats:
    vectors: Floats = found.astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1.0)
