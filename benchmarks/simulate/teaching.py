"""The checkpoint of `assets/shapes`, taught a task of `scenes.py`: made once, and kept."""

import hashlib
from pathlib import Path

import numpy as np
import torch

from benchmarks.shapes import CHECKPOINT
from benchmarks.simulate.scenes import TAUGHT, Task
from model import load_gemma
from model.shapes.parts import save

STEPS, BATCH, WARM_UP, RATE = 150, 32, 20, 5e-4


def taught(task: Task, folder: Path) -> Path:
    """The directory of the checkpoint in `folder`; taught now, about a minute on one core, where there is none yet."""
    directory = folder / f"{task.seed}-{recipe(task)}"
    if not directory.exists():
        gemma = load_gemma(str(CHECKPOINT))
        teach(gemma, task)
        part = directory.with_suffix(".part")
        save(gemma.vision.model, gemma.tokenizer, part)
        part.replace(directory)
    return directory


def recipe(task: Task) -> str:
    """What a kept checkpoint hangs on, as a short name: the first scenes, the checkpoint before, the settings."""
    cases = task.cases(TAUGHT, 0, 2)
    parts = [task.painted(case).pixels.tobytes() for case in cases] + [repr((cases, STEPS, BATCH, WARM_UP, RATE)).encode()]
    return hashlib.sha256(b"".join([*parts, (CHECKPOINT / "model.safetensors").read_bytes()])).hexdigest()[:12]


def teach(gemma, task: Task) -> None:
    """Every weight of it, on the answers given to whole scenes; none has absent patches."""
    model, tokens = gemma.vision.model.train().requires_grad_(True), torch.tensor(task.tokens(gemma))
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.98))
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = float(RATE * min((step + 1) / WARM_UP, 0.02 + 0.49 * (1 + np.cos(np.pi * step / STEPS))))
        cases = task.cases(TAUGHT, step, BATCH)
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(task.logits(gemma, cases), tokens[[case.given for case in cases]])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.eval().requires_grad_(False)
