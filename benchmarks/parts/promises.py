"""How often a run ends within the time that its page promised.

Mixed runs in random order, one after the other, as a server does them: texts of four lengths, photos by three grids, rows
of three tables by three models; budgets of 64 to 1,024 (texts: 256); half may stop when sure. The pace begins with what a new
server knows. within: neither after the end of what the page says nor, where it says a beginning, before that.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.parts.command import header, row, write_csv
from ui.image.kind import ImageKind
from ui.image.request import ImageRequest
from ui.kind_page import ENOUGH, run
from ui.runs.comparison import Plan
from ui.shell.bench import Bench
from ui.shell.model_slot import model_slot
from ui.shell.pace import Pace, between
from ui.shipping import Alone
from ui.table.kind import TableKind
from ui.table.request import TableRequest
from ui.table.source import sample
from ui.text.kind import TextKind
from ui.text.request import TextRequest
from ui.text.samples import SAMPLES
from xai import Ledger

BUDGETS = [64, 128, 256, 512, 1024]
PHOTOS = ["chelsea.jpg", "coffee.jpg", "astronaut.jpg", "rocket.jpg", "camera.jpg"]
COLUMNS = ["kind", "evaluations", "foretold", "from", "to", "took", "said", "within"]


def promises(runs: int, csv: str) -> None:
    model_slot().load()
    rng, pace, records = np.random.default_rng(0), Pace(), []
    states = {kind.key: (kind, Bench(kind.State())) for kind in (TextKind(), ImageKind(), TableKind())}
    header(*COLUMNS)
    for _ in range(runs):
        kind, state = states[str(rng.choice(["text", "text", "image", "table"]))]
        records.append(measured(kind, state, request_of(kind.key, rng), pace))
        row(*(f"{value:.1f}" if isinstance(value, float) else value for value in records[-1].values()))
    print(f"within: {sum(one['within'] for one in records)} of {len(records)}")
    if csv:
        write_csv(Path(csv), records)


def request_of(key: str, rng: np.random.Generator) -> Any:
    plan = Plan(budget=int(rng.choice(BUDGETS[: 3 if key == "text" else 5])), stop=bool(rng.integers(2)))
    if key == "text":
        chosen = SAMPLES[int(rng.integers(len(SAMPLES)))]
        return TextRequest(chosen.before, chosen.text, chosen.after, players=str(rng.choice(["word", chosen.players])), plan=plan)
    if key == "image":
        return ImageRequest(str(rng.choice(PHOTOS)), grid=int(rng.choice([4, 7, 10])), plan=plan)
    table = sample(str(rng.choice(["Diabetes", "Census", "Wine"])))
    found = TableRequest(table.name, table.digest, True, table.target, plan=plan)
    return replace(found, model=str(rng.choice(["trees", "linear", "network"])), row=int(rng.integers(100)))


def measured(kind: Any, state: Any, request: Any, pace: Pace) -> dict:
    pool = kind.pool(request)
    cost = kind.cost(request, state)
    low, high = pace.range(pool, False, cost.seconds)
    job, began = Alone(lambda job: None), time.perf_counter()
    learned: list[tuple[float, int]] = []
    run(request, kind.subject(request, state)(job), job, Ledger, learn=lambda took, paid: learned.append((took, paid)))
    took = time.perf_counter() - began
    for worked, paid in learned:
        if paid >= ENOUGH:
            pace.learn(pool, False, cost.of(paid), worked)
    said = between(0.0 if request.plan.stop else low, high)
    within = took <= max(high, 1.5) and (took >= low or not said[0].isdigit())
    return dict(zip(COLUMNS, (kind.key, cost.evaluations, cost.seconds, low, high, took, said, bool(within))))
