"""The small Gemma 3 with eyes on held-out scenes: does it answer rightly, and do explanations point at the thing?

Pointing game: the heaviest patch lies on the thing asked about. Deletion game: hiding as many of the heaviest patches
as the thing covers changes the answer. For both, the chance of a random order of the patches stands beside.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from model.scenes import GRID, KINDS, MOST, N_PATCHES, PATCH, draw_scene
from xai import Ledger, explain

CHECKPOINT = Path(__file__).parents[1] / "assets" / "shapes"
HELD_OUT = 7_000_000  # seeds of scenes that no training step draws
ABSENT = ("soft-token", "strict", "pixel")
INDICES = ("shapley", "banzhaf")  # in this order each uses its own calls only, and what both ask for is paid once
BUDGET, BATCH = 256, 64


class Shapes:
    """A checkpoint with its processor, for answers and for the values of coalitions of patches."""

    def __init__(self, directory=CHECKPOINT):
        from transformers import AutoProcessor, Gemma3ForConditionalGeneration

        self.processor = AutoProcessor.from_pretrained(directory)
        self.tokenizer = self.processor.tokenizer
        self.model = Gemma3ForConditionalGeneration.from_pretrained(directory).eval().requires_grad_(False)

    def ids(self, text: str) -> list[int]:
        """Tokens of the whole turn: template, image, question, and the start of the model's own turn."""
        message = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": text}]}
        rendered = self.processor.apply_chat_template([message], add_generation_prompt=True)
        whole = rendered.replace("<start_of_image>", self.processor.full_image_sequence)
        return self.tokenizer(whole, add_special_tokens=False)["input_ids"]

    def answers(self, asked) -> list[str]:
        """The first word of the answer to each (pixels, question text), by plain forward passes in batches."""
        import torch

        words, groups = [""] * len(asked), {}
        for i, (_, text) in enumerate(asked):
            groups.setdefault(len(self.ids(text)), []).append(i)
        for members in groups.values():
            for start in range(0, len(members), BATCH):
                part = members[start : start + BATCH]
                ids = torch.tensor([self.ids(asked[i][1]) for i in part])
                logits = self.model(
                    input_ids=ids,
                    pixel_values=tensor_of(np.stack([asked[i][0] for i in part])),
                    token_type_ids=(ids == self.tokenizer.image_token_id).long(),
                    logits_to_keep=1,
                ).logits
                for i, token in zip(part, logits[:, 0].argmax(dim=1).tolist()):
                    words[i] = self.tokenizer.decode([token])
        return words


class PatchGame:
    """bool (m, 64) → float64 (m,): log-probability of the answer when only these patches are there.

    absent : "soft-token" (hidden from the language model), "strict" (from the tower too), "pixel" (mean colour)
    """

    def __init__(self, shapes: Shapes, pixels, text: str, answer: str, absent: str):
        import torch

        self.shapes, self.pixels, self.absent = shapes, pixels, absent
        self.n_players, self.labels, self.batch_size = N_PATCHES, [str(i) for i in range(N_PATCHES)], BATCH
        self._ids = torch.tensor(shapes.ids(text))
        self._image = (self._ids == shapes.tokenizer.image_token_id).numpy()
        self._answer = shapes.tokenizer.convert_tokens_to_ids(answer)
        self._features = shapes.model.get_image_features(tensor_of(pixels[None])).pooler_output

    def __call__(self, coalitions) -> np.ndarray:
        logits = self.logits(np.asarray(coalitions, bool))
        return (logits[:, self._answer] - logits.logsumexp(dim=1)).numpy()

    def logits(self, coalitions):
        """float64 (m, vocabulary) of the word after the prompt."""
        import torch

        present = torch.from_numpy(coalitions)
        model, size, count = self.shapes.model, len(coalitions), len(self._ids)
        seen = torch.ones(size, count, dtype=torch.bool)
        if self.absent == "soft-token":
            features = self._features.expand(size, -1, -1)
            seen[:, self._image] = present
        elif self.absent == "strict":
            mask = present[:, None, None, :] | torch.eye(N_PATCHES, dtype=torch.bool)
            repeated = tensor_of(self.pixels[None]).expand(size, -1, -1, -1)
            features = model.get_image_features(repeated, attention_mask=mask).pooler_output
            seen[:, self._image] = present
        else:
            blocks = coalitions.reshape(-1, GRID, GRID, 1).repeat(PATCH, axis=1).repeat(PATCH, axis=2)
            mean = np.rint(self.pixels.mean(axis=(0, 1))).astype(np.uint8)
            features = model.get_image_features(tensor_of(np.where(blocks, self.pixels, mean))).pooler_output
        embedded = model.get_input_embeddings()(self._ids).expand(size, -1, -1).clone()
        embedded[:, self._image] = features
        place, image = torch.arange(count), torch.from_numpy(self._image)
        distance = place[:, None] - place[None, :]
        full = (distance >= 0) | (image[:, None] & image[None, :])
        full = (full & seen[:, None, :]) | (distance == 0)
        local = full & (distance < model.config.text_config.sliding_window)
        hidden = model.model.language_model(
            inputs_embeds=embedded,
            attention_mask={"full_attention": full[:, None], "sliding_attention": local[:, None]},
            position_ids=place[None].expand(size, -1),
            use_cache=False,
        ).last_hidden_state[:, -1]
        return model.lm_head(hidden).double()


def tensor_of(pixels):
    """What the processor makes of uint8 (m, 64, 64, 3): float32 (m, 3, 64, 64) from −1 to 1."""
    import torch

    return torch.from_numpy((pixels.transpose(0, 3, 1, 2) / 127.5 - 1).astype(np.float32))


def held_out(number: int, count: int | None = None):
    """Scenes of `count` things (two, three and four in turn by default), the same on every call."""
    for i in range(number):
        yield draw_scene(np.random.default_rng([HELD_OUT, i]), count or 2 + i % 3)


def accuracy(shapes: Shapes, number: int) -> dict[tuple[str, int], tuple[int, int]]:
    """For each kind of question and number of things: right answers and questions, over `number` scenes each."""
    table = {}
    for count in range(1, MOST + 1):
        scenes = list(held_out(number, count))
        asked = [(scene, question) for scene in scenes for question in scene.questions()]
        found = shapes.answers([(scene.pixels, question.text) for scene, question in asked])
        for kind in (*KINDS, "missing"):
            right = [
                word == question.answer
                for word, (_, question) in zip(found, asked)
                if kind == (question.kind if question.about else "missing")
            ]
            table[kind, count] = (sum(right), len(right))
    return table


def questions_for_games(shapes: Shapes, number: int):
    """(scene, question) of held-out scenes, about a colour or a shape in turn, that the model answers rightly."""
    pairs = []
    for i, scene in enumerate(held_out(4 * number)):
        fit = [q for q in scene.questions() if q.about and q.kind == ("colour", "shape")[i % 2]]
        if fit:
            pairs.append((scene, fit[i % len(fit)]))
    pairs = pairs[: number + number // 5 + 5]
    found = shapes.answers([(scene.pixels, question.text) for scene, question in pairs])
    return [pair for pair, word in zip(pairs, found) if word == pair[1].answer][:number]


def play(shapes: Shapes, scene, question, absent: str, method: str, budget: int = BUDGET, seed: int = 0):
    """For each index: does the heaviest patch lie on the thing, and does deletion change the answer?"""
    game = PatchGame(shapes, scene.pixels, question.text, question.answer, absent)
    target = scene.patches(*question.about)
    results, ledger = {}, Ledger(game)
    for index in INDICES:
        values = explain(game, index=index, method=method, budget=budget, seed=seed, ledger=ledger).values
        order = np.argsort(-values, kind="stable")
        results[index] = (bool(target[order[0]]), changes(game, order[: target.sum()], question.answer))
    order = np.random.default_rng(seed).permutation(N_PATCHES)
    results["random"] = (target.mean(), changes(game, order[: target.sum()], question.answer))
    results["the thing"] = (1.0, changes(game, np.flatnonzero(target), question.answer))
    return results


def changes(game: PatchGame, removed, answer: str) -> bool:
    """Is the answer another one without these patches?"""
    present = np.ones((1, N_PATCHES), bool)
    present[0, removed] = False
    return game.shapes.tokenizer.decode([int(game.logits(present)[0].argmax())]) != answer


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", default=CHECKPOINT, type=Path)
    parser.add_argument("--scenes", default=200, type=int, help="of the two games")
    parser.add_argument("--accuracy-scenes", default=300, type=int, help="of each number of things")
    parser.add_argument("--method", default="auto")
    options = parser.parse_args()
    shapes = Shapes(options.checkpoint)
    table = accuracy(shapes, options.accuracy_scenes)
    print(f"Right answers on held-out scenes, % ({options.accuracy_scenes} scenes of each number of things)")
    print(f"{'question':>10} " + " ".join(f"{count:>6}" for count in range(1, MOST + 1)) + "    all")
    for kind in (*KINDS, "missing"):
        cells = [table[kind, count] for count in range(1, MOST + 1)]
        cells.append(tuple(map(sum, zip(*cells))))
        print(f"{kind:>10} " + " ".join(f"{100 * right / max(asked, 1):6.1f}" for right, asked in cells))
    pairs = questions_for_games(shapes, options.scenes)
    print(f"\n{len(pairs)} scenes of two to four things, {BUDGET} evaluations, method {options.method}")
    print(f"{'absent':>10} {'index':>10} {'pointing %':>10} {'deletion %':>10}")
    for absent in ABSENT:
        started = time.perf_counter()
        played = [play(shapes, scene, question, absent, options.method) for scene, question in pairs]
        for index in played[0]:
            pointing, deletion = 100 * np.mean([game[index] for game in played], axis=0)
            print(f"{absent:>10} {index:>10} {pointing:10.1f} {deletion:10.1f}", flush=True)
        print(f"{'':>10} {(time.perf_counter() - started) / len(pairs):.2f} s a scene", flush=True)


if __name__ == "__main__":
    main()
