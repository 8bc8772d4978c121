"""Training examples: scenes with absent patches and words, six questions to each, and what should be believed then.

One sequence holds the image once and all questions about it, each in a branch of its own: it sees the image and
itself, at the positions it would have alone. So the answers are those of six plain forward passes, at a third of the
cost.

Absence is part of the training, in every form that an explanation may use, so that it is nothing strange later. The
belief in the right answer falls with the share of the thing that can be seen: its log-probability goes in a straight
line from 0, where 70 % or more is visible, to FLOOR, where 20 % or less is; the rest goes to "unknown".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.shapes.scenes import COLOURS, GRID, N_PATCHES, NOTHING, NUMBERS, PATCH, SHAPES, UNKNOWN, Question, Scene, draw_scene
from xai.typing import Bools, Bytes, Floats, Ints

BRANCHES = 6  # questions to one image
BRANCH = 13  # tokens of one: at most seven of the question, five that open the model's turn, the answer
FLOOR = float(np.log(0.08 / len(COLOURS)))  # natural log-probability of the right answer about a thing not to be seen
ABSENT = ("none", "pixel", "soft", "strict")  # in scenes; "soft" from the language model, "strict" from the tower too
KINDS_ASKED = ("colour", "shape", "colour", "shape", "left", "count")
WORDS_ABSENT = 0.15  # of all questions
MISSING = 0.08  # of the questions about colour and shape ask for what is not there
_CLASSES = {"colour": tuple(COLOURS), "shape": SHAPES, "left": SHAPES, "count": NUMBERS}
_LEAST_SHARE = 0.04  # of a thing's area, before a patch is said to show it


@dataclass
class Pictures:
    """Arrays of B scenes, some with absent patches.

    scenes : the Scenes;  keep : bool (B, 64), the patches that are present
    pixels : float32 (B, 3, 64, 64) from −1 to 1;  tower, soft : bool (B, 64), patches seen inside the tower, and soft
    tokens seen by the language model
    colours, shapes : int64 (B, 64), what a patch shows: a class, the number of classes for ground, −100 for no matter
    """

    scenes: list[Scene]
    keep: Bools
    pixels: NDArray[np.float32]
    tower: Bools
    soft: Bools
    colours: Ints
    shapes: Ints


@dataclass
class Questions:
    """Arrays of the questions about B scenes; T tokens, N = B · BRANCHES answers, V words.

    ids, positions : int64 (B, T);  seen : bool (B, T)
    ends : int64 (N,), column of the last token before the answer;  beliefs : float32 (N, V)
    names : int64 (N,), column of the word that names what is asked about;  targets : bool (2, N, 64), the patches that
    show it, and those that show the answer; none where that is not to be seen
    """

    ids: Ints
    positions: Ints
    seen: Bools
    ends: Ints
    beliefs: NDArray[np.float32]
    names: Ints
    targets: Bools


def draw_pictures(rng: np.random.Generator, size: int, counts: Sequence[float], absence: float) -> Pictures:
    """`size` random scenes.

    counts : probabilities of one to four things;  absence : share of the scenes that have absent patches
    """
    scenes = [draw_scene(rng, int(rng.choice(len(counts), p=counts)) + 1) for _ in range(size)]
    kinds = rng.choice(len(ABSENT), size, p=[1 - absence, *[absence / 3] * 3])
    keep = np.stack([_present(rng, s) if kind else np.ones(N_PATCHES, bool) for s, kind in zip(scenes, kinds)])
    pixels = np.stack([_hide(rng, s, k) if kind == 1 else s.pixels for s, k, kind in zip(scenes, keep, kinds)])
    tower = keep | (kinds < 3)[:, None]
    shown = keep | np.isin(kinds, (0, 2))[:, None]
    labels = np.stack([_labels(scene, here) for scene, here in zip(scenes, shown)], axis=1)
    return Pictures(
        scenes=scenes,
        keep=keep,
        pixels=(pixels.transpose(0, 3, 1, 2) / 127.5 - 1).astype(np.float32),
        tower=tower,
        soft=keep | (kinds < 2)[:, None],
        colours=labels[0],
        shapes=labels[1],
    )


class BatchMaker:
    """Makes batches with one tokenizer and its processor's template."""

    def __init__(self, tokenizer: Any, processor: Any) -> None:
        content = [{"type": "image"}, {"type": "text", "text": "?"}]
        rendered = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
        before, after = rendered.replace("<start_of_image>", processor.full_image_sequence).split("?")
        self._tokenizer = tokenizer
        self.prefix = tokenizer(before, add_special_tokens=False)["input_ids"]
        self.opening = tokenizer(after, add_special_tokens=False)["input_ids"]
        self.image_at = self.prefix.index(tokenizer.image_token_id)
        self.branch = np.repeat(np.arange(-1, BRANCHES), [len(self.prefix), *[BRANCH] * BRANCHES])
        self._known: dict[str, list[int]] = {}

    def ask(self, rng: np.random.Generator, pictures: Pictures) -> Questions:
        """BRANCHES questions about each picture; some of their words are absent, too."""
        size, first = len(pictures.scenes), len(self.prefix)
        ids = np.zeros((size, len(self.branch)), np.int64)
        seen, positions = np.zeros(ids.shape, bool), np.zeros_like(ids)
        ids[:, :first], seen[:, :first], positions[:, :first] = self.prefix, True, np.arange(first)
        seen[:, self.image_at : self.image_at + N_PATCHES] = pictures.soft
        beliefs = np.zeros((size, BRANCHES, len(self._tokenizer)), np.float32)
        ends, names = np.zeros((2, size, BRANCHES), np.int64)
        targets = np.zeros((2, size, BRANCHES, N_PATCHES), bool)
        for row, scene in enumerate(pictures.scenes):
            for k, question in enumerate(_ask(rng, scene)):
                words = self._words(question.text)
                here = rng.random(len(words)) < 0.5 if rng.random() < WORDS_ABSENT else np.ones(len(words), bool)
                told = all(here[i] for i in _needed(words, question, self._tokenizer))
                visible = scene.shares @ pictures.keep[row]
                belief = believe(question, visible, told)
                for word, probability in belief.items():
                    beliefs[row, k, self._tokenizer.convert_tokens_to_ids(word)] = probability
                answer = self._tokenizer.convert_tokens_to_ids(max(belief, key=belief.__getitem__))
                start = first + k * BRANCH
                ends[row, k] = self._write(rng, (ids[row], positions[row], seen[row]), start, words, here, answer)
                names[row, k] = start + len(words) - 2  # before the question mark
                if here.all():
                    targets[:, row, k] = _targets(scene, question, visible) & pictures.soft[row]
        return Questions(
            ids=ids,
            positions=positions,
            seen=seen,
            ends=ends.ravel(),
            beliefs=beliefs.reshape(-1, beliefs.shape[-1]),
            names=names.ravel(),
            targets=targets.reshape(2, -1, N_PATCHES),
        )

    def _words(self, text: str) -> list[int]:
        if text not in self._known:
            self._known[text] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return self._known[text]

    def _write(
        self, rng: np.random.Generator, row: tuple[Ints, Ints, Bools], start: int, words: list[int], here: Bools, answer: int
    ) -> int:
        """One branch; absent words are hidden in their places or left out. Returns the column before the answer."""
        ids, positions, seen = row
        tokens, visible = np.array([*words, *self.opening, answer]), np.append(here, np.ones(len(self.opening) + 1, bool))
        if not here.all() and rng.random() < 0.5:
            tokens, visible = tokens[visible], visible[visible]
        stop = start + len(tokens)
        ids[start:stop], seen[start:stop] = tokens, visible
        positions[start : start + BRANCH] = len(self.prefix) + np.arange(BRANCH)
        return stop - 2


def believe(question: Question, visible: Floats, told: bool = True) -> dict[str, float]:
    """What should be believed: words and probabilities.

    visible : (things,), the share of each thing that can be seen;  told : False if words are absent that matter
    """
    classes, clear = _CLASSES[question.kind], np.clip((np.asarray(visible, float) - 0.2) / 0.5, 0, 1)
    if question.kind == "count" and told:
        return _count(clear)
    if not question.about:
        return {UNKNOWN: 1.0}
    clear = clear[list(question.about)] * told
    right = np.exp(FLOOR * (1 - clear.min()))
    other = (1 - right) / (1 - np.exp(FLOOR))  # what is not sure: a little on every class, most on "unknown"
    belief = {word: other * np.exp(FLOOR) for word in classes}
    rest = other * (1 - np.exp(FLOOR) * len(classes))
    belief[UNKNOWN] = rest
    if question.kind == "left":  # one can see the square, and nothing to the left of it
        belief[UNKNOWN], belief[NOTHING] = rest * (1 - clear[0]), rest * clear[0]
    belief[question.answer] = belief.get(question.answer, 0.0) + 1 - sum(belief.values())
    return belief


def _count(clear: Floats) -> dict[str, float]:
    """Of independent things, each seen with its own probability: how many are seen."""
    chances = np.ones(1)
    for one in clear:
        chances = np.convolve(chances, [1 - one, one])
    chances = np.append(chances, np.zeros(len(NUMBERS) - len(chances)))
    loose = 0.08 * (1 - clear.prod())
    return dict(zip(NUMBERS, (1 - loose) * chances + loose / len(NUMBERS)))


def _ask(rng: np.random.Generator, scene: Scene) -> list[Question]:
    pools: dict[str, list[Question]] = {}
    for question in scene.questions():
        pools.setdefault(question.kind if question.about else f"missing {question.kind}", []).append(question)
    asked = []
    for kind in KINDS_ASKED:
        kind = f"missing {kind}" if kind in ("colour", "shape") and rng.random() < MISSING else kind
        pool = pools.get(kind) or pools.get("left") or pools["count"]
        asked.append(pool[rng.integers(len(pool))])
    return asked


def _targets(scene: Scene, question: Question, visible: Floats) -> Bools:
    """bool (2, 64): where to look for what is named, and for the answer."""
    ends = (question.about, question.about) if question.kind == "count" else (question.about[:1], question.about[-1:])
    targets = np.zeros((2, N_PATCHES), bool)
    for target, things in zip(targets, ends):
        for thing in things:
            target |= (scene.shares[thing] >= _LEAST_SHARE) & (visible[thing] > 0.3)
    return targets


def _needed(words: list[int], question: Question, tokenizer: Any) -> list[int]:
    """Places of the words without which a question has no answer: what is asked for, and of what."""
    asked = {"colour": " colour", "shape": " shape", "left": " left", "count": " many"}[question.kind]
    wanted = {tokenizer.convert_tokens_to_ids(asked)}
    wanted |= {tokenizer.convert_tokens_to_ids(f" {word}") for word in (*SHAPES, *COLOURS)}
    return [i for i, word in enumerate(words) if word in wanted]


def _present(rng: np.random.Generator, scene: Scene) -> Bools:
    """Which patches are present: any with one chance, mostly ½ as in a Banzhaf value; or a thing is taken out."""
    form = rng.random()
    if form < 0.8:
        return rng.random(N_PATCHES) < (0.5 if form < 0.45 else rng.random())
    patches = scene.patches(int(rng.integers(len(scene.things))))
    noise = rng.random(N_PATCHES) < rng.random() * 0.3
    return (~patches if form < 0.93 else patches) ^ noise


def _hide(rng: np.random.Generator, scene: Scene, keep: Bools) -> Bytes:
    """The picture with absent patches painted over: with the ground, the mean colour, or a grey."""
    mean = scene.pixels.mean(axis=(0, 1))
    fill = [scene.ground, mean, np.full(3, 127.5), np.full(3, rng.uniform(0, 255))][rng.choice(4, p=[0.3, 0.35, 0.25, 0.1])]
    hidden = ~keep.reshape(GRID, GRID).repeat(PATCH, axis=0).repeat(PATCH, axis=1)
    return np.where(hidden[..., None], np.rint(fill).astype(np.uint8), scene.pixels)


def _labels(scene: Scene, here: Bools) -> Ints:
    """int64 (2, 64): colour and shape class that each patch shows; no matter where too little of its thing is here."""
    most, share = scene.shares.argmax(axis=0), scene.shares.max(axis=0)
    colours, shapes = list(COLOURS), list(SHAPES)
    classes = np.array([[colours.index(t.colour), shapes.index(t.shape)] for t in scene.things]).T[:, most]
    ground = np.array([[len(colours)], [len(shapes)]])
    labels = np.where(share >= _LEAST_SHARE, classes, np.where(share > 0, -100, ground))
    clear = here & ((share == 0) | ((scene.shares @ here)[most] > 0.3))
    return np.where(clear, labels, -100)
