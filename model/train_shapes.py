"""Trains the small Gemma 3 with eyes: `python -m model.train_shapes`.

Scenes of one thing come first, then of two, three and four; without that order it does not get beyond guessing. Early
on, the tower also learns to name what each patch shows; those two layers are thrown away in the end. Step k draws its
scenes from the seed and k alone, so that a run that was stopped goes on (--resume) as if it never had been.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from model.scenes import COLOURS, N_PATCHES, SHAPES
from model.shapes_batch import BatchMaker
from model.shapes_parts import build_model, build_processor, build_tokenizer, save

OUT = Path(__file__).parents[1] / "assets" / "shapes"
STATE = ".training.pt"  # beside the checkpoint while the training is not finished
SEED, STEPS, BATCH = 0, 6500, 32
PEAK, WARM_UP, DECAY = 1.5e-3, 200, 0.05
SAVE_EVERY = 90  # seconds
# From this share of the steps on: probabilities of one to four things, and the share of scenes with absent patches.
LESSONS = (
    (0.00, (1.0, 0.0, 0.0, 0.0), 0.1),
    (0.06, (0.4, 0.6, 0.0, 0.0), 0.1),
    (0.12, (0.2, 0.3, 0.5, 0.0), 0.2),
    (0.20, (0.1, 0.2, 0.3, 0.4), 0.3),
    (0.35, (0.1, 0.2, 0.35, 0.35), 0.55),
)


class Trainer:
    """Model, optimizer and the number of the next step."""

    def __init__(self, steps: int, batch: int, seed: int, device: str):
        import torch

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

    def parameters(self):
        return [*self.model.parameters(), *self.heads.parameters()]

    def advance(self) -> dict[str, float]:
        """One step: the loss, and the share of right answers among those that should be sure."""
        import torch

        done = self.step / self.steps
        counts, absence = next((c, a) for start, c, a in reversed(LESSONS) if done >= start)
        batch = self.maker.make(np.random.default_rng([self.seed, self.step]), self.batch, counts, absence)
        answers, naming, sure = losses(self.model, self.heads, batch, self.maker, self.device)
        for group in self.optimizer.param_groups:
            group["lr"] = PEAK * min((self.step + 1) / WARM_UP, 0.02 + 0.49 * (1 + np.cos(np.pi * done)))
        self.optimizer.zero_grad(set_to_none=True)
        (answers + max(0.1, 1 - 2 * done) * naming).backward()
        torch.nn.utils.clip_grad_norm_(self.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        return {"loss": float(answers.detach()), "patches": float(naming.detach()), "right": sure}

    def store(self, out: Path) -> None:
        """The checkpoint, and beside it what a resumed run needs, each replaced in one step."""
        import torch

        save(self.model, self.tokenizer, out)
        state = {name: getattr(self, name).state_dict() for name in ("model", "heads", "optimizer")}
        part = out / f"{STATE}.part"
        torch.save(state | {"plan": self.plan, "step": self.step}, part)
        part.replace(out / STATE)

    def restore(self, out: Path) -> None:
        """Go on where `store` was called last; ValueError if that run had another plan."""
        import torch

        state = torch.load(out / STATE, map_location=self.device, weights_only=True)
        if tuple(state["plan"]) != self.plan:
            raise ValueError(f"{out / STATE} is of steps, batch and seed {state['plan']}; this run has {self.plan}")
        for name in ("model", "heads", "optimizer"):
            getattr(self, name).load_state_dict(state[name])
        self.step = state["step"]

    @property
    def plan(self) -> tuple[int, int, int]:
        return self.steps, self.batch, self.seed


def losses(model, heads, batch, maker, device):
    """Loss of the answers and of naming the patches, and the share of right answers where one is nearly sure."""
    import torch
    from torch.nn.functional import cross_entropy

    def tensor(array):
        return torch.from_numpy(array).to(device)

    with torch.autocast(device.split(":")[0], torch.bfloat16, enabled=half_precision(device)):
        hidden, features = look(model, tensor(batch.pixels), tensor(batch.tower))
        states = read(model, maker, features, *map(tensor, (batch.ids, batch.positions, batch.seen)))
    hidden, states = hidden.float(), states.float()
    rows = torch.arange(len(batch.ids), device=device).repeat_interleave(len(batch.ends) // len(batch.ids))
    ends = tensor(batch.ends)
    logits = model.lm_head(states[rows, ends])
    beliefs = tensor(batch.beliefs)
    closing = torch.full_like(ends, maker.opening[0])  # the turn ends after the answer
    answers = cross_entropy(logits, beliefs) + 0.1 * cross_entropy(model.lm_head(states[rows, ends + 1]), closing)
    naming = sum(
        cross_entropy(head(hidden).flatten(0, 1), tensor(labels).flatten())
        for head, labels in zip(heads, (batch.colours, batch.shapes))
    )
    sure = beliefs.max(dim=1).values > 0.95
    right = (logits.argmax(dim=1) == beliefs.argmax(dim=1))[sure].float().mean()
    return answers, naming, float(right)


def look(model, pixels, present):
    """Tower and projector: last hidden states (B, 64, tower width) and soft tokens (B, 64, width).

    present : bool (B, 64), patches that others may see inside the tower
    """
    import torch

    own = torch.eye(N_PATCHES, dtype=torch.bool, device=present.device)
    out = model.get_image_features(pixels, attention_mask=added(present[:, None, None, :] | own))
    return out.last_hidden_state, out.pooler_output


def read(model, maker, features, ids, positions, seen):
    """Last hidden states (B, T, width) of packed sequences: each branch sees the prefix and itself, at its positions."""
    import torch

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
        inputs_embeds=embedded, attention_mask=masks, position_ids=positions, use_cache=False
    )
    return out.last_hidden_state


def added(mask):
    """What eager attention adds to its scores: 0 where `mask` is True, else as good as minus infinity."""
    import torch

    return torch.zeros(mask.shape, device=mask.device).masked_fill_(~mask, -1e9)


def half_precision(device: str) -> bool:
    """Is bfloat16 faster there? On GPUs and on processors with AVX512-BF16."""
    import torch

    return device != "cpu" or torch.cpu._is_avx512_bf16_supported()


def train(out=OUT, steps=STEPS, batch=BATCH, seed=SEED, minutes=None, resume=False, device=None) -> Path:
    """Train and write the checkpoint into `out`; `minutes` stops early, to be resumed. Returns `out`."""
    import torch
    from tqdm import tqdm
    from transformers.utils import logging

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
    if trainer.step == steps:
        (out / STATE).unlink()
    return out


def main():
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
