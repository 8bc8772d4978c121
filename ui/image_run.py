"""From what the Image page asks to what it shows: one picture, one question to a model, both maps from one ledger."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from ui.comparison import Comparison, Plan, compare
from ui.names import DEFAULT_PANES, Pane
from xai import Ledger

ASSETS = Path(__file__).parent.parent / "assets"
PHOTOS, SHAPES = "photos", "shapes"
MODELS = {PHOTOS: "Photos: EfficientNet-Lite0", SHAPES: "Drawn shapes: a small Gemma 3"}
ABSENT = {
    PHOTOS: {"mean": "the picture's mean colour", "blur": "the picture blurred", "black": "black"},
    SHAPES: {
        "strict": "hidden from the whole model",
        "soft-token": "hidden from the language model",
        "pixel": "painted over",
    },
}
GRIDS = [4, 5, 6, 7, 8, 10, 12, 14, 16]
SLIC = "slic"
MAX_QUESTION = 200


@dataclass(frozen=True)
class ImageRequest:
    """What is asked of a picture.

    source : name of a bundled sample, or the SHA-256 of an upload;  model : "photos" or "shapes"
    grid : patches a side;  segments : None or "slic";  against : a class to hold the others against, or None
    question, words : of the small Gemma only; with words, those of the question are players too
    """

    source: str
    model: str = PHOTOS
    grid: int = 7
    segments: str | None = None
    absent: str = "mean"
    against: int | None = None
    question: str = ""
    words: bool = False
    plan: Plan = Plan(*DEFAULT_PANES)

    @property
    def same_game(self) -> "ImageRequest":
        """What two requests must share for the one to go on with the other's ledger."""
        return replace(self, plan=Plan(*DEFAULT_PANES))

    def to_settings(self) -> dict:
        """As JSON can hold it."""
        plan = {"left": self.plan.left.key, "right": self.plan.right.key}
        plan |= {"budget": self.plan.budget, "seed": self.plan.seed}
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "plan"} | {"plan": plan}

    @classmethod
    def from_settings(cls, settings: dict) -> "ImageRequest":
        """What `to_settings` gave; ValueError for anything else."""
        try:
            plan, own = settings["plan"], {f.name: settings[f.name] for f in fields(cls) if f.name != "plan"}
            texts = all(isinstance(own[name], str) for name in ("source", "question"))
            if not texts or own["model"] not in MODELS or own["absent"] not in ABSENT[own["model"]]:
                raise ValueError("a value is not allowed")
            if own["grid"] not in GRIDS or own["segments"] not in (None, SLIC) or not isinstance(own["words"], bool):
                raise ValueError("a value is not allowed")
            if not all(type(plan[name]) is int and 0 <= plan[name] < 2**31 for name in ("budget", "seed")):
                raise ValueError("a budget or seed is not a number")
            return cls(**own, plan=Plan(Pane.of(plan["left"]), Pane.of(plan["right"]), plan["budget"], plan["seed"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"these are not the settings of a picture ({error})") from error


@dataclass(frozen=True)
class ImageResult:
    """What the page shows. regions : int16 (height, width), the player of each pixel of the original

    answer : what the model said;  guesses : its likeliest classes as (name, probability), none for the small Gemma
    """

    request: ImageRequest
    answer: str
    guesses: list[tuple[str, float]]
    regions: np.ndarray
    comparison: Comparison

    def to_record(self) -> dict:
        """As JSON can hold it; where the patches lie follows from the request and the picture."""
        return {"answer": self.answer, "guesses": self.guesses, "comparison": self.comparison.to_record()}

    @classmethod
    def from_record(
        cls, record: dict, settings: dict, ledger_of: Callable[[list[str]], Ledger], image
    ) -> "ImageResult":
        """What `to_record` gave; ValueError for anything else. ledger_of(labels);  image : the picture it is of."""
        request = ImageRequest.from_settings(settings)
        try:
            labels = [str(label) for label in record["comparison"]["maps"][0]["labels"]]
            comparison = Comparison.from_record(record["comparison"], request.plan, ledger_of(labels))
            guesses = [(str(name), float(share)) for name, share in record["guesses"]]
            return cls(request, str(record["answer"]), guesses, regions_of(request, image), comparison)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"this is not a result that Swing wrote ({error})") from error


def regions_of(request: ImageRequest, image) -> np.ndarray:
    """int16 (height, width): the player of each pixel, without asking the model."""
    from model.patches import grid_labels, on_original

    if request.segments == SLIC:
        return photo_model().game(image, grid=(request.grid, request.grid), segments=SLIC).regions
    side = 224 if request.model == PHOTOS else 8
    return on_original(grid_labels((request.grid, request.grid), side), image.height, image.width)


@lru_cache(maxsize=1)
def photo_model():
    """The bundled classifier, loaded once."""
    from model import load_image_classifier

    return load_image_classifier()


@lru_cache(maxsize=1)
def shapes_model():
    """The bundled Gemma 3 that knows drawn shapes, loaded once."""
    from model import load_gemma

    return load_gemma(str(ASSETS / "shapes"))


def fingerprint(request: ImageRequest) -> str:
    return (photo_model() if request.model == PHOTOS else shapes_model()).fingerprint


def make_game(request: ImageRequest, image):
    """The game, what the model said, and its guesses; ValueError with one sentence for what is not allowed."""
    grid = (request.grid, request.grid)
    if request.model == PHOTOS:
        model = photo_model()
        game = model.game(image, None, grid, request.absent, request.segments, request.against)
        guesses = [(guess.name, guess.probability) for guess in model.top(image)]
        return game, guesses[0][0], guesses
    if not request.question.strip():
        raise ValueError("Ask something first, for example: what colour is the circle?")
    gemma = shapes_model()
    if request.grid > 8:
        raise ValueError(
            f"This model sees 8 × 8 patches; a grid of {request.grid} × {request.grid} is too fine for it."
        )
    answer = gemma.generate(request.question, image=image, max_new_tokens=3).strip()
    if not answer:
        raise ValueError("The model answers this question with nothing; ask about colours, shapes or their number.")
    return gemma.image_game(image, request.question, answer, grid, request.absent, request.words), answer, []


def run(request: ImageRequest, image, job, ledger_of: Callable[[object], Ledger]) -> ImageResult:
    """Both maps and their fidelity. ledger_of(game) gives the ledger to go on with."""
    job.tell(0, 0, "Asking the model about the whole picture")
    game, answer, guesses = make_game(request, image)
    photo = request.model == PHOTOS
    outputs = game.outputs
    weights = [1.0] + [0.0] * (len(outputs) - 1) if photo else [1.0] * len(outputs)

    def result(comparison):
        return ImageResult(request, answer, guesses, game.regions, comparison)

    def publish(comparison):
        job.publish(result(comparison))

    ledger = ledger_of(_Columns(game) if photo else game)
    return result(compare(ledger, request.plan, outputs, weights, job.tell, publish, job.cancelled))


class _Columns:
    """A classifier's game whose values are a table (m, k) even where there is one class."""

    def __init__(self, game):
        self.game, self.n_players, self.labels = game, game.n_players, game.labels
        self.outputs, self.batch_size = game.outputs, game.batch_size

    def __call__(self, coalitions) -> np.ndarray:
        return np.asarray(self.game(coalitions)).reshape(len(coalitions), -1)
