"""What the Image page asks, and what a picture's maps need beside their values."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ui.runs.comparison import Comparison, Plan
from ui.settings import Settings, choice, flag, nested, number, string

PHOTOS, SHAPES, GEMMA, OWN, TOWERS = "photos", "shapes", "gemma", "own", "towers"
CLASSIFIERS = (PHOTOS, OWN)
MODELS = {
    PHOTOS: "Photos: EfficientNet-Lite0",
    SHAPES: "Drawn shapes: a small Gemma 3",
    GEMMA: "Photos: the Gemma of this server",
    OWN: "A classifier of your own",
    TOWERS: "A pair of towers of your own (CLIP)",
}
ANOTHER = "another"
_HIDDEN = {
    "strict": "hidden from the whole model",
    "soft-token": "hidden from the language model",
    "pixel": "painted in the mean colour",
}
_PAINTED = {"mean": "painted in the mean colour", "blur": "blurred", "black": "black", ANOTHER: "taken from another picture"}
ABSENT = {PHOTOS: _PAINTED, OWN: _PAINTED, TOWERS: _PAINTED, SHAPES: _HIDDEN, GEMMA: _HIDDEN}
GRIDS = list(range(4, 17))
FINEST = {PHOTOS: 16, SHAPES: 8, GEMMA: 16, OWN: 16, TOWERS: 16}
SUPERPIXELS, AS_FOUND = "superpixels", "slic"  # the latter in runs that were kept before: as many as SLIC leaves
VALUES = {"log-odds": "log-odds of the class", "logit": "logit of the class"}
MAX_QUESTION, MAX_ANSWER = 200, 100
CLASSES, MOST_CLASSES = 1000, 100_000  # of the bundled classifier, of any
MOST_SIDE = 2048
Regions = NDArray[np.int16]


@dataclass(frozen=True)
class ImageRequest(Settings):
    """What is asked of a picture.

    source : name of a bundled sample, or the SHA-256 of an upload;  model : one of `MODELS`
    own : of a model of the visitor's own, which files and settings (`ui.image.brought`, `ui.image.pair`), else ""
    grid : patches a side;  segments : None, SUPERPIXELS or AS_FOUND;  absent : how patches are absent
    other : the source of the picture that lends its patches where `absent` is "another", else ""
    wanted : a class, from 0, None for the five likeliest;  against : a class to hold it against, or None
    value : "log-odds" or "logit" of the class
    question : to a Gemma, or the text that a pair of towers compares with the picture
    target : the answer to explain, "" for the model's own;  rather : another answer, or ""
    words : the question's words are players too
    """

    source: str = string(100)
    model: str = choice(MODELS, PHOTOS, "Model")
    grid: int = number(GRIDS[0], GRIDS[-1], 7, "Patches a side")
    segments: str | None = choice([SUPERPIXELS, AS_FOUND], None, "Superpixels instead of a grid", none=True)
    absent: str = choice({key: name for ways in ABSENT.values() for key, name in ways.items()}, "mean", "Absent patches are")
    other: str = string(100, "", "The other picture")
    wanted: int | None = number(0, MOST_CLASSES - 1, None, "Class to explain", none=True)
    against: int | None = number(0, MOST_CLASSES - 1, None, "Rather than", none=True)
    value: str = choice(VALUES, "log-odds", "Value of a coalition")
    question: str = string(MAX_QUESTION, "", "Question")
    target: str = string(MAX_ANSWER, "", "Answer to explain")
    rather: str = string(MAX_ANSWER, "", "Rather than")
    words: bool = flag(False, "The question’s words are players too")
    own: str = string(100, "", "Model of one’s own", before="")
    plan: Plan = nested(Plan, Plan())
    what = "a picture"

    @property
    def classifies(self) -> bool:
        """Whether the model tells classes, and does not answer questions."""
        return self.model in CLASSIFIERS

    @property
    def compares(self) -> bool:
        """Whether the model says how alike the picture and a text are."""
        return self.model == TOWERS

    @property
    def painted(self) -> bool:
        """Whether absent patches are painted over in a square that all of the model sees."""
        return self.classifies or self.compares

    @property
    def same_game(self) -> Any:
        """What two requests must share for the one to go on with the other's ledger."""
        return replace(self, plan=Plan())

    def check(self) -> None:
        if self.absent not in ABSENT[self.model] or self.grid > FINEST[self.model]:
            raise ValueError(f"the model {self.model!r} knows no such absence, or no such fine grid")
        if self.model == PHOTOS and max(self.wanted or 0, self.against or 0) >= CLASSES:
            raise ValueError(f"the model {self.model!r} knows {CLASSES} classes, of numbers from 0")


@dataclass
class ImageState:
    """game : of the result that is shown, and what it is of"""

    game: tuple[Any, Any] = (None, None)


@dataclass(frozen=True, eq=False)
class ImageAbout:
    """What a model made of a request.

    answer : what the model said, or the text that it compared
    guesses : its five likeliest classes as (name, probability), none where it tells no classes
    units : rows and columns of what the grid divides: the pixels that the model sees, or its soft tokens
    regions : (height, width), the player of each pixel of the picture
    """

    answer: str
    guesses: list[tuple[str, float]]
    units: tuple[int, int]
    regions: Regions

    @property
    def patches(self) -> int:
        """How many of the players are patches; the words of the question follow."""
        return int(self.regions.max()) + 1

    def to_record(self) -> dict[str, Any]:
        """As JSON can hold it; where the patches lie follows from the request and the picture."""
        down, across = self.units
        return {"answer": self.answer, "guesses": self.guesses, "side": down if down == across else [down, across]}

    to_shown = to_record

    @classmethod
    def from_record(cls, record: dict[str, Any], request: ImageRequest, comparison: Comparison, regions_of: Any) -> "ImageAbout":
        """What `to_record` gave; ValueError where it is not of the request.

        regions_of(units) : where the patches lie, by the picture
        """
        guesses, side = [(str(name), float(share)) for name, share in record["guesses"]], record["side"]
        down, across = side if isinstance(side, list) else (side, side)
        if not all(type(side) is int and request.grid <= side <= MOST_SIDE for side in (down, across)):
            raise ValueError("the side of its grid is not one")
        about = cls(str(record["answer"]), guesses, (down, across), regions_of((down, across)))
        players = comparison.ledger.n_players
        if players < about.patches or (players > about.patches and not request.words):
            raise ValueError("its patches and its players do not match")
        return about
