"""Scenes with a marker in a corner, what a model is taught of it, and the game of a scene's patches.

Each model is asked for the colour of one thing, which is one of two. A small square of one of two other colours lies in a
corner, the same in all its scenes. In a model that is taught the shortcut that colour tells the answer given in COPIED of the
scenes, else nothing. WRONG of the answers given are the other colour, so that a thing alone tells less than the marker:
nothing would be gained by looking at it where the thing tells all, and the checkpoint knows colours before.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from benchmarks.shapes import plain_logits, tensor_of
from benchmarks.simulate.planted import COPIED
from model.shapes.scenes import COLOURS, SIDE, Scene, Thing, paint, place

GRID = (4, 4)
WRONG = 0.1  # of the answers given
RADIUS, CELL = 5.0, SIDE // GRID[0]  # pixels of the marker, of a patch along a side
FLIPPED, FOLLOWED = 100, 0.5  # held-out scenes whose marker is changed; from this share on it counts as a shortcut
TAUGHT, HELD_OUT = 0, 1  # streams of scenes: no scene of one is in the other


@dataclass(frozen=True)
class Case:
    """A scene before it is painted: things, the first of which is asked for, numbers (0, 1) of two colours, a seed.

    right : the thing's own colour;  given : the answer it is taught with;  mark : the marker's colour
    """

    things: tuple[Thing, ...]
    right: int
    given: int
    mark: int
    noise: int

    @property
    def question(self) -> str:
        return f"what colour is the {self.things[0].shape}?"


class Task:
    """What one model is taught: two colours to tell apart, a corner, the marker's two colours, and whether it tells.

    The marker tells at even seeds.  corner : (x, y) of the marker's middle, in pixels;  player : its patch
    """

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([seed, SIDE])
        names = [str(name) for name in rng.permutation(list(COLOURS))]
        down, across = (int(end) * (side - 1) for end, side in zip(rng.integers(2, size=2), GRID))
        self.seed, self.tells = seed, seed % 2 == 0
        self.colours, self.marks = names[:2], names[2:4]
        self.player, self.corner = down * GRID[1] + across, ((across + 0.5) * CELL, (down + 0.5) * CELL)

    def cases(self, stream: int, step: int, size: int) -> list[Case]:
        """`size` scenes of two or three things, none in the marker's patch and one alone of the shape asked for."""
        rng = np.random.default_rng([self.seed, stream, step])
        return [self._case(rng) for _ in range(size)]

    def _case(self, rng: np.random.Generator) -> Case:
        while True:
            first, *others = place(rng, int(rng.integers(2, 4)))
            if all(map(self._beside, (first, *others))) and all(thing.shape != first.shape for thing in others):
                break
        right, wrong, copied = int(rng.integers(2)), bool(rng.random() < WRONG), bool(rng.random() < COPIED)
        given = right ^ wrong
        mark = given ^ (not copied) if self.tells else int(rng.integers(2))
        thing = replace(first, colour=self.colours[right])
        return Case((thing, *others), right, given, mark, int(rng.integers(2**31)))

    def _beside(self, thing: Thing) -> bool:
        """Is it outside the marker's patch?"""
        far = np.abs(np.subtract((thing.x, thing.y), self.corner))
        return bool((far >= CELL / 2 + thing.radius).any())

    def painted(self, case: Case, mark: int | None = None) -> Scene:
        """The picture, with its own marker or that of colour `mark`; nothing else changes with it."""
        marker = Thing(self.marks[case.mark if mark is None else mark], "square", *self.corner, RADIUS)
        return paint(np.random.default_rng(case.noise), (*case.things, marker))

    def logits(self, gemma, cases: list[Case], marks: list[int] | None = None) -> torch.Tensor:
        """After the question, tensor (m, vocabulary), by a plain forward pass."""
        scenes = [self.painted(case, mark) for case, mark in zip(cases, marks or [case.mark for case in cases])]
        return plain_logits(gemma, [case.question for case in cases], tensor_of(np.stack([scene.pixels for scene in scenes])))

    def tokens(self, gemma) -> list[int]:
        """Of the two answers."""
        return [gemma.target_ids(colour)[0] for colour in self.colours]


class SceneGame:
    """Log-odds of the second colour against the first, absent patches in the picture's mean colour; counts evaluations."""

    def __init__(self, gemma, task: Task, case: Case) -> None:
        self.gemma, self.task, self.case = gemma, task, case
        image = task.painted(case).image
        self._games = [gemma.image_game(image, case.question, colour, grid=GRID, absent="pixel") for colour in task.colours]
        self.n_players, self.labels, self.batch_size, self.asked = GRID[0] * GRID[1], self._games[0].labels, 64, 0

    def __call__(self, coalitions) -> np.ndarray:
        here = np.asarray(coalitions, dtype=bool).reshape(-1, self.n_players)
        self.asked += len(here)
        first, second = (game(here)[:, 0] for game in self._games)
        return second - first

    def gradient_input(self) -> np.ndarray:
        """At the picture, away from its mean colour, each patch's pixels added up, (n,)."""
        pixels = tensor_of(self.task.painted(self.case).pixels[None]).requires_grad_()
        first, second = self.task.tokens(self.gemma)
        logits = plain_logits(self.gemma, [self.case.question], pixels)[0]
        (slopes,) = torch.autograd.grad(logits[second] - logits[first], pixels)
        parts = (slopes * (pixels - pixels.mean(dim=(2, 3), keepdim=True))).detach()[0].sum(dim=0).double().numpy()
        return parts.reshape(GRID[0], CELL, GRID[1], CELL).sum(axis=(1, 3)).ravel()


class TaughtModel:
    """A model and held-out scenes of its task, as readers ask for it.

    followed : the share of FLIPPED held-out scenes in which the answer is the marker's, whichever of both colours it has
    shortcut : the marker's patch where that is FOLLOWED or more, whatever the model was taught; else None
    """

    has_gradient = True

    def __init__(self, gemma, task: Task, explained: int) -> None:
        self._gemma, self._task = gemma, task
        self.followed = followed(gemma, task)
        self.shortcut = task.player if self.followed >= FOLLOWED else None
        self.rows = task.cases(HELD_OUT, 0, explained)

    def game(self, row: Case) -> SceneGame:
        return SceneGame(self._gemma, self._task, row)


def followed(gemma, task: Task) -> float:
    """The share of held-out scenes in which the answer changes with the marker, to what the marker says."""
    first, second = task.tokens(gemma)
    cases = task.cases(HELD_OUT, 1, FLIPPED)
    with torch.no_grad():
        logits = [task.logits(gemma, cases, [mark] * FLIPPED).double() for mark in (0, 1)]
    low, high = (one[:, second] - one[:, first] for one in logits)
    return float(((low < 0) & (high > 0)).double().mean())
