"""From a request of the Image page to its game: the models, what they say, which patches are players."""

import hashlib
import re
from functools import lru_cache, partial

import numpy as np
from PIL import Image

from model.assets import ASSETS
from model.image import classifier
from model.image.classifier import ImageClassifier
from model.image.classifier_game import ClassifierGame
from model.image.image_game import ImageGame
from model.image.images import Picture
from model.image.seeing.families import SEEN, only_text
from model.image.seeing.vision import Vision
from model.language import Language
from model.redrawn.gemma import on_redrawn
from model.text.segments import words
from model.towers.game import TowersGame
from model.towers.towers import Towers
from ui.image import brought, pair
from ui.image.request import ANOTHER, AS_FOUND, GEMMA, OWN, PHOTOS, SHAPES, SUPERPIXELS, TOWERS, ImageAbout, ImageRequest, Regions
from ui.kind import Subject
from ui.runs.completing import Size
from ui.shell.jobs import Job
from ui.shell.model_slot import ModelSlot
from ui.shell.pace import Cost
from xai.game import JoinedGame
from xai.typing import Bools, Floats

SECONDS = {PHOTOS: 0.012, TOWERS: 0.06, "soft-token": 0.006, "strict": 0.012, "pixel": 0.012}  # of an evaluation on two cores
ANSWER_TOKENS = 8
LIKELIEST = 5
_SEGMENTS = {None: None, SUPERPIXELS: "slic", AS_FOUND: "slic as found"}
_measured: dict[str, float] = {}  # seconds of an evaluation, by what they depend on; the newest run counts half


@lru_cache(maxsize=1)
def photo_model() -> ImageClassifier:
    """The bundled classifier, loaded once."""
    from model import load_image_classifier

    return load_image_classifier()


@lru_cache(maxsize=1)
def shapes_model() -> Language:
    """The bundled Gemma 3 that knows drawn shapes, loaded once."""
    from model import load_gemma

    return load_gemma(str(ASSETS / "shapes"))


class_names = lru_cache(maxsize=1)(classifier.class_names)  # of the thousand classes, without loading the classifier


def model_of(request: ImageRequest, slot: ModelSlot) -> Language | ImageClassifier | Towers:
    """The model that a request asks. slot : the server's own, ready where `request` names it."""
    if request.model == GEMMA:
        return slot.loaded
    if request.model == TOWERS:
        return pair.needed(request.own)
    return classifier_of(request) if request.classifies else shapes_model()


def classifier_of(request: ImageRequest) -> ImageClassifier:
    """The classifier that a request asks; ValueError where it is the visitor's own and this session does not have it."""
    return brought.needed(request.own) if request.model == OWN else photo_model()


def here(request: ImageRequest) -> bool:
    """Whether the server still has the model that a request asks, where a visitor brought it."""
    if request.model == TOWERS:
        return request.own in pair.pairs()
    return request.model != OWN or request.own in brought.classifiers()


def class_name(request: ImageRequest, index: int) -> str:
    """Of one of its classes, also where its classifier is not here any more."""
    names = class_names_of(request) if here(request) else []
    return names[index] if index < len(names) else f"class {index}"


def class_names_of(request: ImageRequest) -> list[str]:
    """Of its classes; the bundled classifier need not be loaded for it."""
    return brought.needed(request.own).class_names if request.model == OWN else class_names()


@lru_cache(maxsize=4)
def _of_weights(model: str) -> str:
    if model == PHOTOS:
        return classifier.classifier_fingerprint()
    return hashlib.sha256((ASSETS / "shapes" / "model.safetensors").read_bytes()).hexdigest()[:32]


def fingerprint(request: ImageRequest, slot: ModelSlot) -> str:
    """Of the model that a request asks; a bundled one need not be loaded for it."""
    if request.model == GEMMA:
        return slot.fingerprint
    if request.model in (OWN, TOWERS):
        return request.own
    return _of_weights(request.model)


def check(request: ImageRequest) -> None:
    """ValueError with one sentence for what cannot be explained; no model is needed to see it."""
    if request.painted:
        if request.model == OWN:
            brought.needed(request.own)
        elif request.compares:
            pair.needed(request.own)
            if not request.question.strip():
                raise ValueError("Write the text first that the picture is compared with, for example: a photo of a cat")
        if request.absent == ANOTHER and not request.other:
            raise ValueError("Choose the other picture whose patches stand where patches are absent.")
        if request.absent == ANOTHER and request.other == request.source:
            raise ValueError("The other picture is the same one; choose one that differs.")
        if request.against is not None and request.wanted == request.against:
            raise ValueError("A class cannot be held against itself; choose two that differ.")
    elif not request.question.strip():
        raise ValueError("Ask something first, for example: what colour is the circle?")
    elif request.rather and request.rather.strip() == request.target.strip():
        raise ValueError("The other answer is the same as the one explained; give one that differs.")


def _vision(gemma: Language) -> Vision:
    """What a Gemma sees with; ValueError for a model that reads only."""
    if gemma.vision is None:
        if gemma.blind:
            raise ValueError(only_text("this server’s model", gemma.blind))
        raise ValueError(
            f"The model of this server reads text only. Start it with a multimodal checkpoint of {SEEN}: "
            "make run MODEL=google/gemma-3-4b-it"
        )
    return gemma.vision


def cost(request: ImageRequest, slot: ModelSlot) -> Cost:
    """Of a run; ValueError as `check`."""
    players, _, seconds = size(request, slot)
    evaluations = request.plan.cost(players)
    return Cost(evaluations, evaluations * seconds)


def size(request: ImageRequest, slot: ModelSlot) -> Size:
    """About how many patches and words, and how long an evaluation takes; ValueError as `check`."""
    check(request)
    if request.model == GEMMA:
        _vision(slot.loaded)
    asked = list(words(request.question, 0, len(request.question))) if request.words else []
    players = request.grid**2 + len(asked)
    each = _measured.get(_kind(request)) or SECONDS.get(request.model) or SECONDS.get(request.absent, SECONDS[PHOTOS])
    if request.model == GEMMA and _kind(request) not in _measured:
        vision, rate = _vision(slot.loaded), slot.seconds_per_token or 0.01
        tower = 0 if request.absent == "soft-token" else vision.patches * vision.weights[1] / vision.weights[0]
        each = (vision.tokens + tower) * rate
    return Size(players, "patches", each * (2 if request.rather else 1))


def _kind(request: ImageRequest) -> str:
    if request.model == PHOTOS:
        return PHOTOS
    return f"{request.model} {request.own or request.absent}"


def make_game(
    model: Language | ImageClassifier | Towers, request: ImageRequest, image: Picture, target: str, other: Picture | None = None
) -> ClassifierGame | TowersGame | ImageGame | JoinedGame[ImageGame]:
    """The game of a request; ValueError with one sentence for what is not allowed.

    target : the answer of a Gemma;  other : the picture that lends its patches
    """
    check(request)
    grid = request.grid, request.grid
    if isinstance(model, (ImageClassifier, Towers)):
        absent = request.absent if request.absent != ANOTHER else other
        if absent is None:
            raise ValueError("The picture that lends its patches is gone; choose it again.")
        if isinstance(model, Towers):
            return model.game(image, request.question, grid, absent, request.words)
        return model.game(image, request.wanted, grid, absent, _SEGMENTS[request.segments], request.against, request.value)
    rows, columns = _vision(model).look(image).tokens
    if request.grid > (most := min(rows, columns)):
        raise ValueError(
            f"The model sees this picture as {rows} rows of {columns} places: choose a grid of at most {most} × {most} patches."
        )
    games = [
        model.image_game(image, request.question, text, grid, request.absent, request.words)
        for text in (target, request.rather)
        if text
    ]
    return games[0] if len(games) == 1 else JoinedGame(*games)


def regions_of(request: ImageRequest, image: Image.Image, units: tuple[int, int]) -> Regions:
    """(height, width): the player of each pixel, without asking a model; units : as in `ImageAbout`."""
    from model.image.patches import grid_labels, on_original

    if request.segments:
        segments = _SEGMENTS[request.segments]
        return photo_model().game(image, 0, (request.grid, request.grid), segments=segments).regions
    return on_original(grid_labels((request.grid, request.grid), *units), image.height, image.width)


def check_words(gemma: Language, *texts: str) -> None:
    """ValueError where a small vocabulary lacks a word: the model would read it as any other that it does not know."""
    unknown, tokenizer = gemma.tokenizer.unk_token_id, gemma.tokenizer
    for text in texts:
        missing = [word for word in re.findall(r"\w+|[^\w\s]", text) if unknown in tokenizer(word)["input_ids"]]
        if missing:
            raise ValueError(
                f"This model has no word “{missing[0][:30]}”: it knows a few colours, shapes, numbers and the words of "
                "its questions, such as: what colour is the circle?"
            )


def answer_of(model: Language, request: ImageRequest, image: Picture) -> str:
    """What a Gemma answers, or the target that was typed."""
    if request.target.strip():
        return request.target
    answer = model.generate(request.question, image=image, max_new_tokens=ANSWER_TOKENS)
    if not answer.strip():
        raise ValueError("The model answers this question with nothing: ask in another way, or type the answer.")
    return answer if not model.chat else answer.strip()


def subject(slot: ModelSlot, request: ImageRequest, image: Image.Image, other: Image.Image | None, job: Job) -> Subject:
    """The game of a request about what the model says of the picture. other : as in `make_game`"""
    job.tell(0, 0, "Loading the model")
    model = model_of(request, slot)
    job.tell(0, 0, "Asking the model about the whole picture")
    check(request)
    guesses = []
    if isinstance(model, ImageClassifier):
        most = min(LIKELIEST, len(model.class_names))
        guesses = [(guess.name, guess.probability) for guess in model.top(image, most)]
        answer = guesses[0][0]
    elif isinstance(model, Towers):
        answer = request.question
    else:
        if request.model == SHAPES:
            check_words(model, request.question, request.target, request.rather)
        answer = answer_of(model, request, image)
    game = make_game(model, request, image, answer, other)
    outputs, own = game.outputs, game.games[0] if isinstance(game, JoinedGame) else game
    if isinstance(model, (ImageClassifier, Towers)):
        units = model.side, model.side
    else:
        assert isinstance(own, ImageGame)
        units = own.tokens
    about, learn = ImageAbout(answer, guesses, units, own.regions), partial(_learn, request)
    if isinstance(model, ImageClassifier):
        assert isinstance(game, ClassifierGame)
        from model.redrawn.classifier import on_redrawn as on_redrawn_photos

        weights = [1.0] + [0.0] * (len(outputs) - 1)
        on_photos = None  # of a graph of somebody's own nobody knows what is learned in it
        if request.model == PHOTOS:
            on_photos = on_redrawn_photos(model, lambda other: Columns(game.asked_of(other)))
        return Subject(Columns(game), outputs, weights, about, learn, on_photos)
    if isinstance(model, Towers):
        assert isinstance(game, TowersGame)
        return Subject(Columns(game), outputs, [1.0], about, learn)
    weights = game.difference if isinstance(game, JoinedGame) else [1.0] * len(outputs)
    redrawn = on_redrawn(model, lambda gemma: make_game(gemma, request, image, answer))
    return Subject(game, outputs, weights, about, learn, redrawn)


def _learn(request: ImageRequest, seconds: float, evaluations: int) -> None:
    each, kind = seconds / evaluations / (2 if request.rather else 1), _kind(request)
    _measured[kind] = (each + _measured.get(kind, each)) / 2


class Columns:
    """A game whose values are a table (m, k) even where there is one output."""

    def __init__(self, game: ClassifierGame | TowersGame):
        self.game, self.n_players, self.labels = game, game.n_players, game.labels
        self.outputs, self.batch_size = game.outputs, game.batch_size

    def __call__(self, coalitions: Bools) -> Floats:
        return np.asarray(self.game(coalitions)).reshape(len(coalitions), -1)
