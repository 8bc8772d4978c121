"""A pipeline of transformers as a game: words of its text, or patches of its picture, left out."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from PIL import Image

from model.image.classifier_game import COLUMNS, log_odds
from model.image.covered import ABSENT, BLUR_RADIUS, SIDE, painted
from model.image.images import Picture, as_rgb
from model.image.patches import cells, check_grid, check_visible, patch_names
from model.text.prompt import SPLIT, check_spans
from model.text.segments import Span
from xai.checks import check_coalitions
from xai.typing import Bools, Floats

TEXTS, PICTURES = "TextClassificationPipeline", "ImageClassificationPipeline"
ABSENT_WORDS = ("remove", "mask")
AT_ONCE = 16  # inputs of a batch


def pipeline_game(
    pipeline: Any,
    given: str | Picture,
    *,
    players: str | Iterable[Span] = "word",
    grid: Iterable[int] = (7, 7),
    absent: str | None = None,
    label: str | None = None,
) -> "PipelineGame":
    """The game of a `transformers.pipeline` of text or image classification and what it is given.

    Values are log-odds: of the pipeline's softmax, or of each label's own sigmoid where it has one label or several at once;
    of a regression, the number itself. The pipeline asks its model in its own way, whatever `function_to_apply` it has.

    Parameters
    ----------
    given : a text, or a picture as PIL image or uint8 (height, width, 3)
    players : of a text, "word", "sentence", "line" or a list of (start, end) spans; what lies outside is always present
    grid : of a picture, (rows, columns) of patches
    absent : of a text "remove" (with the white space before it; the default) or "mask" (the tokenizer's mask token), of a
        picture "mean" (its mean colour; the default), "blur" or "black"
    label : of the value, or None: a column for each of the five that come first for the whole input

    Raises
    ------
    TypeError, ValueError : another pipeline, an argument that is not allowed, or a pipeline that cannot read the input whole
        or without any part
    """
    kinds = {kind.__name__ for kind in type(pipeline).__mro__} & {TEXTS, PICTURES}
    if not kinds:
        raise TypeError(
            "pipeline_game explains pipelines of text-classification and image-classification of transformers; "
            f"got {type(pipeline).__name__}"
        )
    compose: Callable[[Bools], Any]
    if isinstance(given, str) != (TEXTS in kinds):
        what = "text-classification needs a text" if TEXTS in kinds else "image-classification needs a picture"
        raise TypeError(f"a pipeline of {what}; got {type(given).__name__}")
    if isinstance(given, str):
        labels, compose = _of_text(given, players, _mask(pipeline.tokenizer, "remove" if absent is None else absent))
    else:
        labels, compose = _of_picture(as_rgb(given), check_grid(grid), "mean" if absent is None else absent)
    return PipelineGame(pipeline, labels, compose, label)


class PipelineGame:
    """bool (m, n_players) → float64 (m,) of one label or (m, k); see `pipeline_game`.

    labels : texts of the players, or "row 1, column 1" …;  outputs : the labels that the values are of
    compose : one coalition, bool (n_players,) → what the pipeline is asked
    """

    def __init__(self, pipeline: Any, labels: list[str], compose: Callable[[Bools], Any], label: str | None) -> None:
        self.labels, self.n_players, self.compose, self.batch_size = labels, len(labels), compose, AT_ONCE
        self._pipeline, config = pipeline, pipeline.model.config
        self._names = [config.id2label[i] for i in range(config.num_labels)]
        if len(set(self._names)) < len(self._names):
            raise ValueError("two labels of the pipeline have the same name, so its answers cannot be told apart")
        self._sums_to_one = config.problem_type in (None, "single_label_classification") and len(self._names) > 1
        self.outputs, self._scalar = self._names, label is not None
        try:
            whole = self(np.array([[True] * self.n_players, [False] * self.n_players]))[0]
        except Exception as error:  # whatever a pipeline, its tokenizer or its model raises
            raise ValueError(f"the pipeline cannot read the input whole or without any part ({error})") from error
        first = np.argsort(-np.atleast_1d(whole), kind="stable")[:COLUMNS]
        if label is not None and label not in self._names:
            raise ValueError(f"label must be one of {self._names}; got {label!r}")
        self.outputs = [self._names[i] for i in first] if label is None else [label]

    def __call__(self, coalitions: Bools) -> Floats:
        inputs = [self.compose(row) for row in check_coalitions(coalitions, self.n_players)]
        logits = np.array([self._logits(answer) for answer in self._asked(inputs)]).reshape(len(inputs), len(self._names))
        at = [self._names.index(name) for name in self.outputs]
        values = log_odds(logits, at) if self._sums_to_one else logits[:, at]
        return values[:, 0] if self._scalar else values

    def _asked(self, inputs: list[Any]) -> list[list[dict[str, Any]]]:
        tokenizer = self._pipeline.tokenizer
        together = AT_ONCE if tokenizer is None or tokenizer.pad_token is not None else 1
        answers: list[list[dict[str, Any]]] = self._pipeline(
            inputs, top_k=len(self._names), function_to_apply="none", batch_size=together
        )
        return answers

    def _logits(self, answer: list[dict[str, Any]]) -> list[float]:
        scores = {one["label"]: one["score"] for one in answer}
        return [scores[name] for name in self._names]


def _mask(tokenizer: Any, absent: str) -> str | None:
    """What stands for an absent part of a text; None where it is removed."""
    if absent not in ABSENT_WORDS:
        raise ValueError(f"absent must be one of {list(ABSENT_WORDS)}; got {absent!r}")
    if absent == "mask" and tokenizer.mask_token is None:
        raise ValueError('the tokenizer of this pipeline has no mask token: choose absent="remove"')
    return None if absent == "remove" else str(tokenizer.mask_token)


def _of_text(text: str, players: str | Iterable[Span], mask: str | None) -> tuple[list[str], Callable[[Bools], str]]:
    """Texts of the players, and what makes a text of a coalition."""
    if isinstance(players, str):
        if players not in SPLIT:
            raise ValueError(f"players must be one of {list(SPLIT)} or a list of (start, end) spans; got {players!r}")
        spans = list(SPLIT[players](text, 0, len(text)))
        if not spans:
            raise ValueError(f"the text has no {players} to explain")
    else:
        spans = check_spans(players, len(text))
    order = sorted(range(len(spans)), key=spans.__getitem__)

    def compose(coalition: Bools) -> str:
        found, at = "", 0
        for i in order:
            start, end = spans[i]
            before, own = text[at:start], text[start:end]
            if coalition[i]:
                found += before + own
            elif mask is not None:
                lead = own[: len(own) - len(own.lstrip())]
                found += before + lead + mask + own[len(own.rstrip()) :]
            else:
                found += before.rstrip()
            at = end
        found += text[at:]
        return found if text[:1].isspace() else found.lstrip()

    return [text[start:end].strip() or repr(text[start:end])[1:-1] for start, end in spans], compose


def _of_picture(image: Image.Image, grid: tuple[int, int], absent: str) -> tuple[list[str], Callable[[Bools], Image.Image]]:
    """Names of the patches, and what makes a picture of a coalition, as large as the original."""
    if absent not in ABSENT:
        raise ValueError(f"absent must be one of {list(ABSENT)}; got {absent!r}")
    there = np.asarray(image)
    height, width = there.shape[:2]
    owners = cells(grid[0], height)[:, None] * grid[1] + cells(grid[1], width)
    check_visible(owners, grid[0] * grid[1], height, width)
    gone = painted(there, absent, BLUR_RADIUS * min(height, width) / SIDE)

    def compose(coalition: Bools) -> Image.Image:
        return Image.fromarray(np.where(coalition[owners][..., None], there, gone))

    return patch_names(grid), compose
