"""The game of a picture and a text: a coalition of patches and words becomes both, and how alike they are its value."""

from collections.abc import Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.image.covered import IMAGES_PER_CALL, Covered, Pixels, Seen
from model.image.images import Picture
from model.text.prompt import check_text
from model.text.segments import words as words_in
from xai.checks import check_coalitions
from xai.typing import Bools, Bytes, Floats

MOST_KEPT = 20_000  # embeddings of texts: 80 MB where they have 512 numbers


class Pair(Protocol):
    """What the game asks of a `model.towers.towers.Towers`."""

    seen: Seen
    scale: float

    def images(self, inputs: Pixels) -> Floats: ...

    def texts(self, texts: list[str]) -> Floats: ...


class TowersGame:
    """bool (m, n_players) → float64 (m,); see `Towers.game`.

    Attributes
    ----------
    text : as given;  grid : (rows, columns);  size : (height, width) of the original;  absent : as asked
    n_patches : the first players are the patches, row by row from the top left; the words follow
    spans : the words' (start, end) in the text, none without words;  labels : "row 1, column 1" …, then the words
    outputs : ["similarity"]
    """

    def __init__(self, towers: Pair, image: Picture, text: str, grid: Iterable[int], absent: str | Picture, words: bool) -> None:
        check_text(text, "text")
        if not text.strip():
            raise ValueError("the text is empty: write what the picture is compared with")
        covered = self._covered = Covered(towers.seen, image, grid, absent)
        self.text, self.size, self.grid, self.n_patches = text, covered.size, covered.grid, covered.count
        self.absent = absent if isinstance(absent, str) else "another image"
        self.spans = list(words_in(text, 0, len(text))) if words else []
        self.n_players = self.n_patches + len(self.spans)
        self.labels = covered.labels + [text[start:end] for start, end in self.spans]
        self.outputs, self.batch_size = ["similarity"], IMAGES_PER_CALL
        self._towers = towers
        self._known: dict[str, Floats] = {}
        self._embedded([text])  # one that is too long is refused here

    @property
    def regions(self) -> NDArray[np.int16]:
        """int16 (height, width): the player of each pixel of the original picture."""
        return self._covered.regions

    def picture(self, coalition: Bools) -> Bytes:
        """What the image tower sees of one coalition, bool (n_players,): uint8 (side, side, 3)."""
        return self._covered.picture(check_coalitions([coalition], self.n_players)[0, : self.n_patches])

    def read(self, coalition: Bools) -> str:
        """What the text tower reads of one coalition, bool (n_players,)."""
        return self._left(check_coalitions([coalition], self.n_players)[0, self.n_patches :])

    def __call__(self, coalitions: Bools) -> Floats:
        coalitions = check_coalitions(coalitions, self.n_players)
        if not len(coalitions):
            return np.zeros(0)
        unique, which = np.unique(coalitions[:, : self.n_patches], axis=0, return_inverse=True)
        parts = [unique[start : start + IMAGES_PER_CALL] for start in range(0, len(unique), IMAGES_PER_CALL)]
        images = np.concatenate([self._towers.images(self._covered.compose(part)) for part in parts])
        texts = self._embedded([self._left(row) for row in coalitions[:, self.n_patches :]])
        values: Floats = self._towers.scale * (images[which.reshape(-1)] * texts).sum(axis=1)
        return values

    def _embedded(self, texts: list[str]) -> Floats:
        """(m, numbers), each text asked for once."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if len(self._known) + len(new) > MOST_KEPT:
            self._known.clear()
            new = list(dict.fromkeys(texts))
        for start in range(0, len(new), IMAGES_PER_CALL):
            part = new[start : start + IMAGES_PER_CALL]
            self._known.update(zip(part, self._towers.texts(part)))
        return np.stack([self._known[text] for text in texts])

    def _left(self, present: Bools) -> str:
        """The text without absent words, bool (words,), and the white space after them."""
        if not self.spans:
            return self.text
        starts = [start for start, _ in self.spans]
        pieces = zip(starts, [*starts[1:], len(self.text)])
        return self.text[: starts[0]] + "".join(self.text[a:b] for (a, b), here in zip(pieces, present) if here)
