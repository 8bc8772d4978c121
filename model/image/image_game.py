"""The game of a picture and a prompt: where a coalition of patches, and words, becomes what a model sees and reads."""

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from model.image.image_scoring import ImageScorer, SeeingSequence
from model.image.images import Picture
from model.image.patches import cells_of_pixels, cells_touched, check_grid, check_visible, grid_labels, on_original, patch_names
from model.image.seeing.vision import Vision
from model.text.prompt import Players, Prompt
from model.text.text_game import AT_ONCE, HEAD_TOKENS, LanguageModel
from xai.checks import check_coalitions
from xai.game import Values
from xai.typing import Bools, Floats, Ints

if TYPE_CHECKING:
    from torch import Tensor

ABSENT = ("soft-token", "strict", "pixel")
WORK_PER_BATCH = 1e11  # weights × tokens: about one second on two cores
GPU_FASTER = 100  # roughly; it only sets how often progress is told


class SeeingModel(LanguageModel, Protocol):
    """What the game of a picture asks besides."""

    model: Any  # of transformers, where whatever hangs on a module is a Tensor | Module
    vision: Vision | None
    lock: threading.RLock
    chat: bool


class ImageGame:
    """bool (m, n_players) → float64 (m, target tokens), natural log-probabilities; see `Gemma.image_game`.

    Attributes
    ----------
    prompt, target : the texts;  grid : (rows, columns);  size : (height, width) of the original;  absent : as asked
    tokens : rows and columns of soft tokens of the whole picture, which the grid divides
    n_patches : the first players are the patches, row by row from the top left; the words follow
    spans : the words' (start, end) in the prompt, none without words;  labels : "row 1, column 1" …, then the words
    outputs : the texts of the target's tokens
    work : average cost of one coalition, in tokens run through the language model; the tower's patches by their share
    batch_size : coalitions that together are about one second's work, 4 to 256
    """

    def __init__(
        self, gemma: SeeingModel, image: Picture, prompt: str, target: str, grid: Iterable[int], absent: str, words: Players
    ) -> None:
        if absent not in ABSENT:
            raise ValueError(f"absent must be one of {list(ABSENT)}; got {absent!r}")
        assert gemma.vision is not None
        vision = self._vision = gemma.vision
        self._seen = vision.look(image)
        self.tokens = self._seen.tokens
        self.grid = check_grid(grid, *self.tokens)
        self.size, self.n_patches = self._seen.size, self.grid[0] * self.grid[1]
        self._units = grid_labels(self.grid, *self.tokens)
        check_visible(self._units, self.n_patches, *self.size)
        encoded = Prompt(gemma.tokenizer, prompt, gemma.chat, (vision.mark, self._seen.text))
        players = "word" if words is True else words
        self.spans, owner = encoded.players(players) if players else ([], [-1] * len(encoded.ids))
        self._gemma, self._target = gemma, gemma.target_ids(target)
        gemma.check_length(len(encoded.ids), len(self._target))
        self.prompt, self.target, self.absent = prompt, target, absent
        self.n_players = self.n_patches + len(self.spans)
        texts = [prompt[start:end].strip() or repr(prompt[start:end])[1:-1] for start, end in self.spans]
        self.labels = patch_names(self.grid) + texts
        self.outputs = [gemma.tokenizer.decode([token]) for token in self._target]

        self._ids, self._owner = np.array(encoded.ids), np.array(owner)
        self._soft = np.flatnonzero(self._ids == vision.token_id)
        self._needs = np.concatenate([self._patches_of(*box) for box in self._seen.boxes])
        self._whole: Tensor | None = None  # the tower's work on the picture as it is
        self._painted: tuple[Tensor, Tensor] | None = None  # for "pixel": the patch of each pixel, the mean colour
        total = len(self._ids) + len(self._target)
        # As in a text game: beyond the window, hidden tokens stay in place, for sliding layers count tokens.
        self._in_place = total > gemma.model.config.sliding_window
        self.work, weights = self._mean_work(), vision.weights[0]
        faster = 1 if gemma.model.device.type == "cpu" else GPU_FASTER
        self.batch_size = int(np.clip(faster * WORK_PER_BATCH / (weights * self.work), 4, 256))
        self._scorer = ImageScorer(vision, gemma.lock, self._target, self._features)

    @property
    def regions(self) -> NDArray[np.int16]:
        """int16 (height, width): the player of each pixel of the original picture."""
        return on_original(self._units, *self.size)

    def __call__(self, coalitions: Bools) -> Floats:
        coalitions = check_coalitions(coalitions, self.n_players)
        unique, back = np.unique(coalitions, axis=0, return_inverse=True)
        parts = [unique[start : start + AT_ONCE] for start in range(0, len(unique), AT_ONCE)]
        values = [self._scorer.score(self._sequences(part)) for part in parts]
        return np.concatenate([np.zeros((0, len(self.outputs))), *values])[back.reshape(-1)]

    @property
    def full(self) -> Values | None:
        """As of `model.text.text_game.TextGame`; of what is kept here nothing is rounded."""
        return self._gemma.unrounded(self) if self._gemma.rounds else None

    def answer(self, coalition: Bools, max_new_tokens: int = 8) -> str:
        """The greedy continuation where only this coalition, bool (n_players,), is present; special tokens left out."""
        here = check_coalitions([coalition], self.n_players)
        vision, tokenizer = self._vision, self._gemma.tokenizer
        found: list[int] = []
        ends = vision.model.generation_config.eos_token_id
        ends = set(ends if isinstance(ends, list) else [ends])
        for _ in range(max_new_tokens):
            scorer = ImageScorer(vision, self._gemma.lock, [*found, 0], self._features)
            token = scorer.next_token(self._sequences(here, np.array([*found, 0]))[0])
            if token in ends:
                break
            found.append(token)
        return str(tokenizer.decode(found, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def _mean_work(self) -> float:
        tokens = len(self._ids) + len(self._target) - 1
        if not self._in_place:
            tokens -= ((self._owner >= 0).sum() + (len(self._soft) if self.absent != "pixel" else 0)) / 2
        language, tower = self._vision.weights
        patches = 0 if self.absent == "soft-token" else len(self._seen.boxes) * self._seen.patches
        return float(tokens + HEAD_TOKENS * len(self._target) + patches * tower / language)

    def _sequences(self, coalitions: Bools, target: Ints | None = None) -> list[SeeingSequence]:
        """What is run for these coalitions before `target` (ids), the game's own by default."""
        before = (self._target if target is None else target)[:-1]
        patches = coalitions[:, : self.n_patches]
        words = np.column_stack([coalitions[:, self.n_patches :], np.ones(len(coalitions), bool)])
        here = words[:, self._owner]  # owner −1 is always present
        if self.absent != "pixel":
            here[:, self._soft] = self._shown(patches)
        soft = np.full(len(self._ids), -1)
        soft[self._soft] = np.arange(len(self._soft))
        return [self._sequence(row, soft, present, before) for row, present in zip(here, patches)]

    def _sequence(self, here: Bools, soft: Ints, patches: Bools, target: list[int] | Ints) -> SeeingSequence:
        keep, after = np.ones(len(here), bool) if self._in_place else here, len(self._ids)
        return SeeingSequence(
            ids=np.concatenate([self._ids[keep], target]).astype(np.int64),
            positions=np.concatenate([np.flatnonzero(keep), after + np.arange(len(target))]).astype(np.int64),
            visible=np.concatenate([here[keep], np.ones(len(target), bool)]),
            soft=np.concatenate([soft[keep], np.full(len(target), -1)]),
            patches=patches,
        )

    def _shown(self, patches: Bools) -> Bools:
        """bool (m, soft tokens): a soft token is shown where every patch it shows a part of is present."""
        shown: Bools = (~patches).astype(np.float32) @ self._needs.T.astype(np.float32) == 0
        return shown

    def _features(self, patches: Bools) -> "Tensor":
        """Soft tokens of the variants of the picture that these patches make, tensor (b, soft tokens, width)."""
        import torch

        vision, pixels = self._vision, self._seen.pixels
        if self.absent == "soft-token":
            if self._whole is None:
                self._whole = vision.features(pixels).flatten(0, 1)[None]
            return self._whole.expand(len(patches), -1, -1)
        many = pixels[None].expand(len(patches), -1, -1, -1, -1)
        shown = None
        if self.absent == "strict":
            shown = torch.from_numpy(self._shown(patches)).reshape(len(patches) * len(pixels), -1)
        else:
            many = self._paint(torch.from_numpy(patches), many)
        return vision.features(many.flatten(0, 1), shown).reshape(len(patches), len(self._soft), -1)

    def _paint(self, patches: "Tensor", many: "Tensor") -> "Tensor":
        """The pixels with absent patches in the picture's mean colour."""
        import torch

        if self._painted is None:
            owners = np.stack([self._pixels_of(*box) for box in self._seen.boxes])
            mean = self._seen.pixels[0].mean(dim=(1, 2))[:, None, None]
            self._painted = torch.from_numpy(owners), mean
        labels, mean = self._painted
        return torch.where(patches[:, labels][:, :, None], many, mean)

    def _patches_of(self, top: int, left: int, bottom: int, right: int) -> Bools:
        """bool (soft tokens, n_patches): which patches each of the whole picture or of a crop shows a part of."""
        (height, width), (rows, columns), tokens = self.size, self.grid, self.tokens
        down = cells_touched(top, bottom, height, rows, tokens[0])
        return np.kron(down, cells_touched(left, right, width, columns, tokens[1])).astype(bool)

    def _pixels_of(self, top: int, left: int, bottom: int, right: int) -> Ints:
        """int (pixels, pixels): the patch of each of the model's pixels of the whole picture or a crop."""
        (height, width), (rows, columns), tokens = self.size, self.grid, self.tokens
        high, wide = self._seen.pixels.shape[-2:]
        down = cells_of_pixels(top, bottom, height, rows, tokens[0], high)
        across = cells_of_pixels(left, right, width, columns, tokens[1], wide)
        return down[:, None] * columns + across
