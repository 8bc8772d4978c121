"""What the Image page asks, and what it shows: one picture, one question to a model, both maps from one ledger."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from ui.names import DEFAULT_PANES
from ui.runs.comparison import Comparison, Plan
from xai import Ledger

ASSETS = Path(__file__).parents[2] / "assets"
PHOTOS, SHAPES, GEMMA = "photos", "shapes", "gemma"
MODELS = {
    PHOTOS: "Photos: EfficientNet-Lite0",
    SHAPES: "Drawn shapes: a small Gemma 3",
    GEMMA: "Photos: the Gemma 3 of this server",
}
ANOTHER = "another"
_HIDDEN = {
    "strict": "hidden from the whole model",
    "soft-token": "hidden from the language model",
    "pixel": "painted in the mean colour",
}
ABSENT = {
    PHOTOS: {"mean": "painted in the mean colour", "blur": "blurred", "black": "black", ANOTHER: "taken from another picture"},
    SHAPES: _HIDDEN,
    GEMMA: _HIDDEN,
}
GRIDS = list(range(4, 17))
FINEST = {PHOTOS: 16, SHAPES: 8, GEMMA: 16}
SLIC = "slic"
VALUES = {"log-odds": "log-odds of the class", "logit": "logit of the class"}
MAX_QUESTION, MAX_ANSWER = 200, 100
CLASSES = 1000


@dataclass(frozen=True)
class ImageRequest:
    """What is asked of a picture.

    source : name of a bundled sample, or the SHA-256 of an upload;  model : "photos", "shapes" or "gemma"
    grid : patches a side;  segments : None or "slic";  absent : how patches are absent
    other : the source of the picture that lends its patches where `absent` is "another", else ""
    wanted : a class 0–999, None for the five likeliest;  against : a class to hold it against, or None
    value : "log-odds" or "logit" of the class
    question : to a Gemma;  target : the answer to explain, "" for the model's own;  rather : another answer, or ""
    words : the question's words are players too
    """

    source: str
    model: str = PHOTOS
    grid: int = 7
    segments: str | None = None
    absent: str = "mean"
    other: str = ""
    wanted: int | None = None
    against: int | None = None
    value: str = "log-odds"
    question: str = ""
    target: str = ""
    rather: str = ""
    words: bool = False
    plan: Plan = Plan(*DEFAULT_PANES)

    @property
    def same_game(self) -> "ImageRequest":
        """What two requests must share for the one to go on with the other's ledger."""
        return replace(self, plan=Plan(*DEFAULT_PANES))

    def to_settings(self) -> dict:
        """As JSON can hold it."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "plan"}
        return own | {"plan": self.plan.to_settings()}

    @classmethod
    def from_settings(cls, settings: dict) -> "ImageRequest":
        """What `to_settings` gave; ValueError for anything else, for it may come from a file of somebody else's."""
        try:
            own = {f.name: settings[f.name] for f in fields(cls) if f.name != "plan"}
            plan = Plan.from_settings(settings["plan"])
            allowed = (
                all(isinstance(own[name], str) for name in ("source", "other", "question", "target", "rather"))
                and own["model"] in MODELS
                and own["absent"] in ABSENT[own["model"]]
                and own["segments"] in (None, SLIC)
                and own["value"] in VALUES
                and type(own["grid"]) is int
                and GRIDS[0] <= own["grid"] <= FINEST[own["model"]]
                and isinstance(own["words"], bool)
                and all(own[name] is None or _is_class(own[name]) for name in ("wanted", "against"))
            )
            if not allowed:
                raise ValueError("a value is not allowed")
            return cls(**own, plan=plan)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"these are not the settings of a picture ({error})") from error


def _is_class(number) -> bool:
    return type(number) is int and 0 <= number < CLASSES


@dataclass(frozen=True, eq=False)
class ImageResult:
    """What the page shows.

    answer : what the model said;  guesses : its five likeliest classes as (name, probability), none for a Gemma
    side : units a side of the square that the model sees and the grid divides
    regions : int (height, width), the player of each pixel of the picture
    """

    request: ImageRequest
    answer: str
    guesses: list[tuple[str, float]]
    side: int
    regions: np.ndarray
    comparison: Comparison

    @property
    def patches(self) -> int:
        """How many of the players are patches; the words of the question follow."""
        return int(self.regions.max()) + 1

    def to_record(self) -> dict:
        """As JSON can hold it; where the patches lie follows from the request and the picture."""
        about = {"answer": self.answer, "guesses": self.guesses, "side": self.side}
        return about | {"comparison": self.comparison.to_record()}

    @classmethod
    def from_record(
        cls, record: dict, settings: dict, ledger_of: Callable[[list[str]], Ledger], regions_of: Callable
    ) -> "ImageResult":
        """What `to_record` gave; ValueError for anything else.

        ledger_of(labels);  regions_of(request, side) : where its patches lie, by the picture
        """
        request = ImageRequest.from_settings(settings)
        try:
            labels = [str(label) for label in record["comparison"]["maps"][0]["labels"]]
            comparison = Comparison.from_record(record["comparison"], request.plan, ledger_of(labels))
            guesses = [(str(name), float(share)) for name, share in record["guesses"]]
            side = record["side"]
            if type(side) is not int or not request.grid <= side <= 1024:
                raise ValueError("the side of its grid is not one")
            regions = regions_of(request, side)
            players, patches = comparison.ledger.n_players, int(regions.max()) + 1
            if players < patches or (players > patches and not request.words):
                raise ValueError("its patches and its players do not match")
            return cls(request, str(record["answer"]), guesses, side, regions, comparison)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"this is not a result that Swing wrote ({error})") from error
