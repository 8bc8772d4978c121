"""Drawn scenes and questions about them: pictures of which we know what every answer hangs on.

A scene holds one to four things (a colour, a shape, a size, a place) on a light ground, 64 × 64 pixels, none touching
another. A question is asked only where the scene has one answer to it: "what colour is the circle?" only of a scene
with exactly one circle. Each question names the things that it is about, and each thing knows which patches it covers,
so that an explanation can be checked against the truth.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from xai.typing import Bools, Bytes, Floats

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 64  # pixels of a scene
PATCH = 8  # pixels of a patch
GRID = SIDE // PATCH
N_PATCHES = GRID * GRID
MOST = 4  # things in a scene

COLOURS = {
    "red": (218, 38, 42),
    "green": (44, 160, 62),
    "blue": (42, 84, 214),
    "yellow": (238, 206, 36),
    "purple": (142, 52, 168),
    "orange": (244, 132, 30),
}
SHAPES = ("circle", "square", "triangle", "cross", "star")
NUMBERS = ("zero", "one", "two", "three", "four")
UNKNOWN = "unknown"  # the thing asked about is not to be seen
NOTHING = "nothing"  # is to the left of it
KINDS = ("colour", "shape", "count", "left")

_SMALL, _LARGE = (7.0, 8.5), (10.0, 12.0)  # radii in pixels
_GAP = 2.0  # pixels between the circles around two things
_ASIDE = 6.0  # pixels between two centres before one thing counts as left of the other
_FINE = 3  # samples per pixel and direction, for smooth edges


@dataclass(frozen=True)
class Thing:
    """One drawn thing: colour and shape by name, centre and radius in pixels (x to the right, y downwards)."""

    colour: str
    shape: str
    x: float
    y: float
    radius: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the square around it, in pixels."""
        return self.x - self.radius, self.y - self.radius, self.x + self.radius, self.y + self.radius

    def coverage(self) -> NDArray[np.float32]:
        """float32 (64, 64): the share of each pixel that the thing covers."""
        left, top, right, bottom = (int(np.clip(edge, 0, SIDE)) for edge in np.add(self.box, (0, 0, 1, 1)))
        u, v = ((np.arange(a * _FINE, b * _FINE) + 0.5) / _FINE for a, b in ((left, right), (top, bottom)))
        inside = _inside(self.shape, (u[None] - self.x) / self.radius, (v[:, None] - self.y) / self.radius)
        whole = np.zeros((SIDE, SIDE), np.float32)
        whole[top:bottom, left:right] = inside.reshape(bottom - top, _FINE, right - left, _FINE).mean(axis=(1, 3))
        return whole


@dataclass(frozen=True)
class Question:
    """A question with its one right answer.

    kind : one of KINDS;  about : indices of the things the answer hangs on (none where the thing is missing)
    """

    text: str
    answer: str
    kind: str
    about: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Scene:
    """Things on a ground.

    things : the Things;  pixels : uint8 (64, 64, 3);  ground : its colour without the noise, float (3,)
    shares : float32 (things, 64), for each patch, row by row, its share of the thing's area; each row adds up to 1
    """

    things: tuple[Thing, ...]
    pixels: Bytes
    ground: Floats
    shares: NDArray[np.float32]

    @property
    def image(self) -> "Image":
        """The picture as a Pillow image."""
        from PIL.Image import fromarray

        return fromarray(self.pixels)

    def patches(self, *things: int) -> Bools:
        """bool (64,): the patches on which any of these things has some of its area, row by row."""
        touched: Bools = np.any(self.shares[list(things)] > 0, axis=0)
        return touched

    def questions(self) -> list[Question]:
        """Every question that has exactly one answer in this scene, those about what is missing included."""
        asked = [Question("how many shapes?", NUMBERS[len(self.things)], "count", tuple(range(len(self.things))))]
        for kind, by, names in (("colour", "shape", SHAPES), ("shape", "colour", COLOURS)):
            for name in names:
                found = [i for i, thing in enumerate(self.things) if getattr(thing, by) == name]
                text = f"what colour is the {name}?" if kind == "colour" else f"what shape is {name}?"
                if not found:
                    asked.append(Question(text, UNKNOWN, kind, ()))
                elif len(found) == 1:
                    asked.append(Question(text, getattr(self.things[found[0]], kind), kind, (found[0],)))
                    asked.extend(self._left_of(found[0]) if kind == "colour" else ())
        return asked

    def _left_of(self, anchor: int) -> Iterator[Question]:
        """The question what is left of a thing, where every other is clearly on one side and at most one is left."""
        aside = [(i, self.things[anchor].x - thing.x) for i, thing in enumerate(self.things) if i != anchor]
        left = [i for i, distance in aside if distance > 0]
        if len(left) > 1 or any(abs(distance) < _ASIDE for _, distance in aside):
            return
        answer = self.things[left[0]].shape if left else NOTHING
        yield Question(f"what is left of the {self.things[anchor].shape}?", answer, "left", (anchor, *left))


def draw_scene(rng: np.random.Generator, count: int) -> Scene:
    """A random scene of `count` things, 1 to 4; the same state of `rng` gives the same scene."""
    if not 1 <= count <= MOST:
        raise ValueError(f"a scene has 1 to {MOST} things; got {count}")
    return paint(rng, place(rng, count))


def paint(rng: np.random.Generator, things: tuple[Thing, ...]) -> Scene:
    """These things on a light, slightly noisy ground; `rng` draws the ground, shades of the colours and the noise."""
    ground = rng.uniform(198, 244) + rng.uniform(-6, 6, 3)
    canvas = np.broadcast_to(ground, (SIDE, SIDE, 3)).astype(np.float32)
    shares = np.empty((len(things), N_PATCHES), np.float32)
    for i, thing in enumerate(things):
        cover = thing.coverage()
        shade = np.array(COLOURS[thing.colour]) + rng.uniform(-16, 16, 3)
        canvas = canvas + cover[..., None] * (shade.astype(np.float32) - canvas)
        share = cover.reshape(GRID, PATCH, GRID, PATCH).sum(axis=(1, 3)).ravel()
        shares[i] = share / share.sum()
    noisy = canvas + rng.normal(0, 4, canvas.shape)
    return Scene(things, np.clip(np.rint(noisy), 0, 255).astype(np.uint8), ground, shares)


def place(rng: np.random.Generator, count: int) -> tuple[Thing, ...]:
    """`count` random things that do not touch: thrown one after the other, all again if one finds no place."""
    names = list(COLOURS)
    while True:
        things: list[Thing] = []
        for _ in range(40):
            radius = rng.uniform(*(_SMALL if rng.random() < 0.5 else _LARGE))
            x, y = rng.uniform(radius + 1, SIDE - radius - 1, 2)
            if all(np.hypot(x - t.x, y - t.y) >= radius + t.radius + _GAP for t in things):
                colour, shape = names[rng.integers(len(names))], SHAPES[rng.integers(len(SHAPES))]
                thing = Thing(colour, shape, float(x), float(y), float(radius))
                if all((thing.coverage() + t.coverage()).max() <= 1 + 1e-6 for t in things):  # corners reach over the circles
                    things.append(thing)
            if len(things) == count:
                return tuple(things)


def _inside(shape: str, u: Floats, v: Floats) -> Bools:
    """Which points lie in a shape of radius 1 around the origin; v points downwards."""
    if shape == "circle":
        return u * u + v * v <= 0.92
    if shape == "square":
        return np.maximum(abs(u), abs(v)) <= 0.82
    if shape == "triangle":
        return (v <= 0.8) & (abs(u) <= (v + 1) / 1.8)
    if shape == "cross":
        return (np.minimum(abs(u), abs(v)) <= 0.3) & (np.maximum(abs(u), abs(v)) <= 0.95)
    tenth = np.pi / 5  # a star of five points: fold the plane onto half a point, then one straight edge decides
    angle = abs((np.arctan2(u, -v) + tenth) % (2 * tenth) - tenth)
    along, across = np.hypot(u, v) * np.cos(angle), np.hypot(u, v) * np.sin(angle)
    inner = 0.45 * np.array([np.cos(tenth), np.sin(tenth)])
    inside: Bools = (inner[0] - 1) * across - inner[1] * (along - 1) >= 0
    return inside
