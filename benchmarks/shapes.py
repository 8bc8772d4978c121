"""The small Gemma 3 with eyes on held-out scenes: does it answer rightly, and do explanations point at the thing?

Pointing game: the heaviest patch lies on the thing asked about. Deletion game: hiding as many of the heaviest patches
as the thing covers changes the answer. For both, the chance of a random order of the patches stands beside.
`--scenes` are those of the two games, `--accuracy-scenes` those of each number of things.
"""

import time

import numpy as np
import torch

from benchmarks.parts.command import options
from model import load_gemma
from model.assets import ASSETS
from model.shapes.scenes import COLOURS, KINDS, MOST, N_PATCHES, NOTHING, SHAPES, SIDE, UNKNOWN, draw_scene
from model.text.prompt import Prompt
from xai import Ledger, explain

CHECKPOINT = ASSETS / "shapes"
HELD_OUT = 7_000_000  # seeds of scenes that no training step draws
ABSENT = ("soft-token", "strict", "pixel")
INDICES = ("shapley", "banzhaf")  # in this order each uses its own calls only, and what both ask for is paid once
WORDS = (UNKNOWN, NOTHING, *COLOURS, *SHAPES)  # what may be answered instead
BUDGET, BATCH = 256, 64


def answers(gemma, asked) -> list[str]:
    """The first word of the answer to each (scene, question), by plain forward passes in batches."""
    words, groups = [""] * len(asked), {}
    for i, (_, question) in enumerate(asked):
        groups.setdefault(len(gemma.tokenizer.tokenize(question.text)), []).append(i)
    for members in groups.values():
        for start in range(0, len(members), BATCH):
            part = members[start : start + BATCH]
            pixels = tensor_of(np.stack([asked[i][0].pixels for i in part]))
            with torch.no_grad():
                logits = plain_logits(gemma, [asked[i][1].text for i in part], pixels)
            for i, token in zip(part, logits.argmax(dim=1).tolist()):
                words[i] = gemma.tokenizer.decode([token])
    return words


def plain_logits(gemma, texts, pixels):
    """After prompts of as many tokens each, tensor (m, vocabulary), by a plain forward pass; pixels as of `tensor_of`."""
    model = gemma.vision.model
    around = gemma.vision.mark, gemma.vision.look(np.zeros((SIDE, SIDE, 3), np.uint8)).text
    prompts = {text: Prompt(gemma.tokenizer, text, gemma.chat, around).ids for text in set(texts)}
    ids = torch.tensor([prompts[text] for text in texts], device=model.device)
    kinds = (ids == gemma.vision.token_id).long()
    pixels = pixels.to(model.device, model.dtype)
    return model(input_ids=ids, pixel_values=pixels, token_type_ids=kinds, logits_to_keep=1).logits[:, 0]


def tensor_of(pixels):
    """What the processor makes of uint8 (m, 64, 64, 3): float32 (m, 3, 64, 64) from −1 to 1."""
    return torch.from_numpy((pixels.transpose(0, 3, 1, 2) / 127.5 - 1).astype(np.float32))


def held_out(number: int, count: int | None = None):
    """Scenes of `count` things (two, three and four in turn by default), the same on every call."""
    for i in range(number):
        yield draw_scene(np.random.default_rng([HELD_OUT, i]), count or 2 + i % 3)


def accuracy(gemma, number: int) -> dict[tuple[str, int], tuple[int, int]]:
    """For each kind of question and number of things: right answers and questions, over `number` scenes each."""
    table = {}
    for count in range(1, MOST + 1):
        scenes = list(held_out(number, count))
        asked = [(scene, question) for scene in scenes for question in scene.questions()]
        found = answers(gemma, asked)
        for kind in (*KINDS, "missing"):
            right = [
                word == question.answer
                for word, (_, question) in zip(found, asked)
                if kind == (question.kind if question.about else "missing")
            ]
            table[kind, count] = (sum(right), len(right))
    return table


def questions_for_games(gemma, number: int):
    """(scene, question) of held-out scenes, about a colour or a shape in turn, that the model answers rightly."""
    pairs = []
    for i, scene in enumerate(held_out(4 * number)):
        fit = [q for q in scene.questions() if q.about and q.kind == ("colour", "shape")[i % 2]]
        if fit:
            pairs.append((scene, fit[i % len(fit)]))
    pairs = pairs[: number + number // 5 + 5]
    found = answers(gemma, pairs)
    return [pair for pair, word in zip(pairs, found) if word == pair[1].answer][:number]


def play(gemma, scene, question, absent: str, method: str, budget: int = BUDGET, seed: int = 0):
    """For each index: does the heaviest patch lie on the thing, and does deletion change the answer?"""
    game = gemma.image_game(scene.image, question.text, question.answer, absent=absent)
    target = scene.patches(*question.about)
    results, ledger = {}, Ledger(game)
    for index in INDICES:
        values = explain(game, index=index, method=method, budget=budget, seed=seed, ledger=ledger).values[:, 0]
        order = np.argsort(-values, kind="stable")
        results[index] = (bool(target[order[0]]), changes(gemma, scene, question, absent, order[: target.sum()]))
    order = np.random.default_rng(seed).permutation(N_PATCHES)[: target.sum()]
    results["random"] = (target.mean(), changes(gemma, scene, question, absent, order))
    results["the thing"] = (1.0, changes(gemma, scene, question, absent, np.flatnonzero(target)))
    return results


def changes(gemma, scene, question, absent: str, removed) -> bool:
    """Is another word likelier than the answer without these patches?"""
    present = np.ones((1, N_PATCHES), bool)
    present[0, removed] = False

    def likely(word):
        return gemma.image_game(scene.image, question.text, word, absent=absent)(present)[0, 0]

    own = likely(question.answer)
    return own < np.log(0.5) and any(likely(word) > own for word in WORDS if word != question.answer)


def main():
    given = options(__doc__, checkpoint=CHECKPOINT, scenes=200, accuracy_scenes=300, method="auto")
    gemma = load_gemma(str(given.checkpoint))
    table = accuracy(gemma, given.accuracy_scenes)
    print(f"Right answers on held-out scenes, % ({given.accuracy_scenes} scenes of each number of things)")
    print(f"{'question':>10} " + " ".join(f"{count:>6}" for count in range(1, MOST + 1)) + "    all")
    for kind in (*KINDS, "missing"):
        cells = [table[kind, count] for count in range(1, MOST + 1)]
        cells.append(tuple(map(sum, zip(*cells))))
        print(f"{kind:>10} " + " ".join(f"{100 * right / max(asked, 1):6.1f}" for right, asked in cells))
    pairs = questions_for_games(gemma, given.scenes)
    print(f"\n{len(pairs)} scenes of two to four things, {BUDGET} evaluations, method {given.method}")
    print(f"{'absent':>10} {'index':>10} {'pointing %':>10} {'deletion %':>10}")
    for absent in ABSENT:
        started = time.perf_counter()
        played = [play(gemma, scene, question, absent, given.method) for scene, question in pairs]
        for index in played[0]:
            pointing, deletion = 100 * np.mean([game[index] for game in played], axis=0)
            print(f"{absent:>10} {index:>10} {pointing:10.1f} {deletion:10.1f}", flush=True)
        print(f"{'':>10} {(time.perf_counter() - started) / len(pairs):.2f} s a scene", flush=True)


if __name__ == "__main__":
    main()
