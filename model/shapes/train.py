"""Trains the small Gemma 3 with eyes: `python -m model.shapes.train`.

First the tower alone learns to name what each patch shows, by two layers that are thrown away in the end. Then come the
questions, on scenes of one and two things, then of three and four; without that order it does not get beyond guessing.
Half of the heads of the global layers are shown where to look, less and less: in the first from the word that names a
thing to the thing, in the second from the end of the prompt to the thing that is the answer. Step k draws its scenes
from the seed and k alone, so that a run that was stopped goes on (--resume) as if it never had been.
"""

import argparse
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import ModuleList, Parameter
from tqdm import tqdm
from transformers.utils import logging

from model.assets import ASSETS
from model.shapes.batch import BRANCHES, BatchMaker, Pictures, Questions, draw_pictures
from model.shapes.parts import build_model, build_processor, build_tokenizer, save
from model.shapes.scenes import COLOURS, N_PATCHES, SHAPES

OUT = ASSETS / "shapes"
STATE = ".training.pt"  # in the same directory while the training is not finished
SEED, STEPS, BATCH = 0, 4000, 32
PEAK, WARM_UP, DECAY = 2e-3, 100, 0.05
SAVE_EVERY = 90  # seconds
NAMING = 0.2  # of the steps are for the tower alone, with twice the scenes
# From this share of the steps on: probabilities of one to four things, and the share of scenes with absent patches.
LESSONS = (
    (0.00, (0.25, 0.25, 0.25, 0.25), 0.4),
    (NAMING, (0.5, 0.5, 0.0, 0.0), 0.1),
    (0.25, (0.2, 0.4, 0.4, 0.0), 0.15),
    (0.32, (0.1, 0.2, 0.3, 0.4), 0.3),
    (0.45, (0.1, 0.2, 0.35, 0.35), 0.55),
)
HEADS = 2  # of four in each global layer, which are shown where to look


class Trainer:
    """Model, optimizer and the number of the next step."""

    def __init__(self, steps: int, batch: int, seed: int, device: str) -> None:
        torch.manual_seed(seed)
        self.steps, self.batch, self.seed, self.device, self.step = steps, batch, seed, device, 0
        self.tokenizer = build_tokenizer()
        self.maker = BatchMaker(self.tokenizer, build_processor(self.tokenizer))
        self.model = build_model(self.tokenizer).to(device).train()
        self.model.set_attn_implementation("eager")  # torch's fused kernel is slow in bfloat16 on a CPU
        width = self.model.config.vision_config.hidden_size
        self.heads = torch.nn.ModuleList([torch.nn.Linear(width, len(c) + 1) for c in (COLOURS, SHAPES)]).to(device)
        matrices = [p for p in self.parameters() if p.ndim > 1]
        others = [p for p in self.parameters() if p.ndim == 1]
        groups = [{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=PEAK, betas=(0.9, 0.98))

    def parameters(self) -> list[Parameter]:
        return [*self.model.parameters(), *self.heads.parameters()]

    def advance(self) -> dict[str, float]:
        """One step: the losses, and the share of right answers among those that should be sure."""
        done = self.step / self.steps
        counts, absence = next((c, a) for start, c, a in reversed(LESSONS) if done >= start)
        rng, alone = np.random.default_rng([self.seed, self.step]), done < NAMING
        pictures = draw_pictures(rng, self.batch * (2 if alone else 1), counts, absence)
        questions = None if alone else self.maker.ask(rng, pictures)
        found = losses(self.model, self.heads, self.maker, pictures, questions, self.device)
        weights = {"loss": 1.0, "patches": max(0.1, 0.6 - done), "looks": max(0.02, 0.3 - 0.4 * done)}
        for group in self.optimizer.param_groups:
            group["lr"] = float(PEAK * min((self.step + 1) / WARM_UP, 0.02 + 0.49 * (1 + np.cos(np.pi * done))))
        self.optimizer.zero_grad(set_to_none=True)
        cast(Tensor, sum(weights[name] * found[name] for name in weights if name in found)).backward()
        torch.nn.utils.clip_grad_norm_(self.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        return {name: float(value.detach()) for name, value in found.items()}

    def store(self, out: Path) -> None:
        """What a resumed run needs, as one file that replaces the one before in one step."""
        state = {name: getattr(self, name).state_dict() for name in ("model", "heads", "optimizer")}
        part = out / f"{STATE}.part"
        torch.save(state | {"plan": self.plan, "step": self.step}, part)
        part.replace(out / STATE)

    def restore(self, out: Path) -> None:
        """Go on where `store` was called last; ValueError if that run had another plan."""
        state = torch.load(out / STATE, map_location=self.device, weights_only=True)
        if tuple(state["plan"]) != self.plan:
            raise ValueError(f"{out / STATE} is of steps, batch and seed {state['plan']}; this run has {self.plan}")
        for name in ("model", "heads", "optimizer"):
            getattr(self, name).load_state_dict(state[name])
        self.step = state["step"]

    @property
    def plan(self) -> tuple[int, int, int]:
        return self.steps, self.batch, self.seed


def losses(
    model: Any, heads: ModuleList, maker: BatchMaker, pictures: Pictures, questions: Questions | None, device: str
) -> dict[str, Tensor]:
    """Losses of the answers, of naming the patches and of looking, and the share of right answers where one is sure.

    questions : None for the tower alone
    """

    def tensor(array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(device)

    with torch.autocast(device.split(":")[0], torch.bfloat16, enabled=half_precision(device)):
        hidden, features = look(model, tensor(pictures.pixels), tensor(pictures.tower))
        labels = tensor(pictures.colours), tensor(pictures.shapes)
        found = {"patches": cast(Tensor, sum(map(naming, heads, (hidden.float(),) * 2, labels)))}
        if questions is None:
            return found
        given = map(tensor, (questions.ids, questions.positions, questions.seen))
        states, attentions = read(model, maker, features, *given)
    rows = torch.arange(len(states), device=device).repeat_interleave(BRANCHES)
    ends, beliefs = tensor(questions.ends), tensor(questions.beliefs)
    columns = tensor(questions.names), ends
    image = slice(maker.image_at, maker.image_at + N_PATCHES)
    looks = (
        looking(attention[rows, :HEADS, column, image].float().mean(dim=1), target)
        for attention, column, target in zip(attentions[1::2], columns, tensor(questions.targets))
    )
    found["looks"] = cast(Tensor, sum(looks))
    logits = model.lm_head(states[rows, ends].float())
    closing = torch.full_like(ends, maker.opening[0])  # the turn ends after the answer
    cross_entropy = torch.nn.functional.cross_entropy
    after = cross_entropy(model.lm_head(states[rows, ends + 1].float()), closing)
    found["loss"] = cross_entropy(logits, beliefs) + 0.1 * after
    sure = beliefs.max(dim=1).values > 0.95
    found["right"] = ((logits.argmax(dim=1) == beliefs.argmax(dim=1)) & sure).sum() / sure.sum().clamp(min=1)
    return found


def naming(head: Any, hidden: Tensor, labels: Tensor) -> Tensor:
    """Loss of naming what each patch shows; most show ground, which must not drown the things."""
    weights = torch.ones(head.out_features, device=labels.device)
    weights[-1] = 0.05
    return torch.nn.functional.cross_entropy(head(hidden).flatten(0, 1), labels.flatten(), weight=weights)


def looking(shares: Tensor, targets: Tensor) -> Tensor:
    """Loss of attention (N, 64) that should lie on `targets`, bool (N, 64), where there are any."""
    some = targets.any(dim=1)
    return -(torch.log((shares * targets).sum(dim=1) + 1e-4) * some).sum() / some.sum().clamp(min=1)


def look(model: Any, pixels: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
    """Tower and projector: last hidden states (B, 64, tower width) and soft tokens (B, 64, width).

    present : bool (B, 64), patches that others may see inside the tower
    """
    own = torch.eye(N_PATCHES, dtype=torch.bool, device=present.device)
    out = model.get_image_features(pixels, attention_mask=added(present[:, None, None, :] | own))
    return out.last_hidden_state, out.pooler_output


def read(
    model: Any, maker: BatchMaker, features: Tensor, ids: Tensor, positions: Tensor, seen: Tensor
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Last hidden states (B, T, width) and attention of each layer (B, heads, T, T), of packed sequences.

    Each branch sees the prefix and itself, at the positions it would have alone.
    """
    embedded = model.get_input_embeddings()(ids)
    first, last = maker.image_at, maker.image_at + N_PATCHES
    embedded = torch.cat([embedded[:, :first], features, embedded[:, last:]], dim=1)
    branch = torch.from_numpy(maker.branch).to(ids.device)
    column = torch.arange(ids.shape[1], device=ids.device)
    image = (column >= first) & (column < last)
    related = (branch[None, :] == -1) | (branch[:, None] == branch[None, :])
    distance = positions[:, :, None] - positions[:, None, :]
    itself = column[:, None] == column[None, :]
    full = (seen[:, None, :] & related & ((distance >= 0) | (image[:, None] & image[None, :]))) | itself
    local = full & (distance < model.config.text_config.sliding_window)
    masks = {"full_attention": added(full[:, None]), "sliding_attention": added(local[:, None])}
    out = model.model.language_model(
        inputs_embeds=embedded, attention_mask=masks, position_ids=positions, use_cache=False, output_attentions=True
    )
    return out.last_hidden_state, out.attentions


def added(mask: Tensor) -> Tensor:
    """What eager attention adds to its scores: 0 where `mask` is True, else as good as minus infinity."""
    return torch.zeros(mask.shape, device=mask.device).masked_fill_(~mask, -1e9)


def half_precision(device: str) -> bool:
    """Is bfloat16 faster there? On GPUs and on processors with AVX512-BF16."""
    return device != "cpu" or torch.cpu._is_avx512_bf16_supported()


def train(
    out: Path = OUT,
    steps: int = STEPS,
    batch: int = BATCH,
    seed: int = SEED,
    minutes: float | None = None,
    resume: bool = False,
    device: str | None = None,
) -> Path:
    """Train, and write the checkpoint into `out` at the end, or after so many `minutes`. Returns `out`.

    resume : go on where a run of the same steps, batch and seed was stopped or killed, at most SAVE_EVERY seconds back
    device : "cpu", "cuda", …; a GPU where there is one by default
    """
    logging.disable_progress_bar()
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(steps, batch, seed, device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if resume and (out / STATE).exists():
        trainer.restore(out)
    started = stored = time.monotonic()
    smooth: dict[str, float] = {}
    with tqdm(total=steps, initial=trainer.step, unit="step", smoothing=0.05) as bar:
        while trainer.step < steps and (minutes is None or time.monotonic() - started < 60 * minutes):
            for name, value in trainer.advance().items():
                smooth[name] = 0.98 * smooth.get(name, value) + 0.02 * value
            bar.update()
            bar.set_postfix({name: f"{value:.3f}" for name, value in smooth.items()})
            if time.monotonic() - stored > SAVE_EVERY:
                trainer.store(out)
                stored = time.monotonic()
    trainer.store(out)
    save(trainer.model, trainer.tokenizer, out)
    if trainer.step == steps:
        (out / STATE).unlink()
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=OUT, type=Path, help="directory of the checkpoint")
    parser.add_argument("--minutes", type=float, help="stop after so long; --resume goes on")
    parser.add_argument("--resume", action="store_true", help="go on with the run that was stopped")
    parser.add_argument("--steps", default=STEPS, type=int)
    parser.add_argument("--batch", default=BATCH, type=int)
    parser.add_argument("--seed", default=SEED, type=int)
    parser.add_argument("--device")
    train(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
