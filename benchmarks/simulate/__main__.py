"""Do the maps help? From a map alone, is a planted shortcut found, and the model's answer to changed inputs foretold?

    python -m benchmarks.simulate                      docs/simulate.csv, and the table of docs/guide/do-maps-help.md
    python -m benchmarks.simulate --models 6 --scene-models 0 --out build    a quick look

Models of made-up tables of ten columns, trees and networks; in every other one a column was planted that tells the class.
Small Gemma 3 that see drawn scenes, every other one taught with a marker in a corner that tells the answer: a minute on one
core each, kept in `--side`. A marker counts as a shortcut where the answer follows it in half of the held-out scenes or more,
whatever the model was taught; what each did is in docs/simulate_scenes.csv.

Four rows or eight scenes of each model are explained, by no method with more than BUDGET evaluations. Readers: a rule (the
shortcut is the player of the largest |value|); a predictor of whether there is one at all, fitted to the maps of half of the
models and judged on the other half; and adding up (the margin without some players is the margin less their values): is the
answer foretold with a random half of the players gone, and with the map's own heaviest three, and which share of the squared
change of the margin is, for a random half (−1 where it is less). Intervals of 95 % by drawing models anew.
"""

from pathlib import Path

import pandas as pd
import torch

from benchmarks.parts.command import header, options, row, write_csv
from benchmarks.simulate.planted import planted
from benchmarks.simulate.readers import READ, of_model, read
from benchmarks.simulate.scenes import Task, TaughtModel
from benchmarks.simulate.teaching import taught
from model import load_gemma

ROWS, SCENES = 4, 8  # that are explained of each model
FEWEST = 4  # models of a kind, of which two are for fitting a predictor


def main() -> None:
    given = options(__doc__, models=48, scene_models=16, side=Path("build/simulate"), out=Path("docs"))
    numbers = given.models, given.scene_models
    if not any(numbers) or any(0 < number < FEWEST for number in numbers):
        raise SystemExit(f"--models and --scene-models are at least {FEWEST}, or one of them 0 for none")
    given.out.mkdir(parents=True, exist_ok=True)
    maps = [one for kind in ("trees", "network") for seed in range(given.models) for one in of_table(kind, seed)]
    maps += of_scenes(given.scene_models, given.side, given.out)
    tables = []
    for (kind, method), part in pd.DataFrame(maps).groupby(["model", "method"], sort=False):
        tables.append({"model": kind, "method": method, "evaluations": int(part["evaluations"].max())} | read(part))
    write_csv(given.out / "simulate.csv", tables)
    header("model", "map", "evaluations", *READ.values())
    for one in tables:
        cells = (f"{one[k]:.0%} ({one[k + '_low']:.0%} to {one[k + '_high']:.0%})" for k in READ)
        row(one["model"], one["method"], one["evaluations"], *cells)


def of_table(kind: str, seed: int) -> list[dict]:
    """Records of the maps of one model of a table."""
    return [{"model": kind} | one for one in of_model(planted(kind, seed, ROWS), seed)]


def of_scenes(number: int, side: Path, out: Path) -> list[dict]:
    """Records of the maps of so many models that see; what each does with its marker is printed, and written to `out`."""
    torch.set_num_threads(1)  # they are small, and on a busy machine threads wait for each other
    found, models = [], []
    for seed in range(number):
        task = Task(seed)
        model = TaughtModel(load_gemma(str(taught(task, side))), task, SCENES)
        counts = model.shortcut is not None
        models.append({"model": seed, "taught": task.tells, "followed": model.followed, "counts": counts})
        says = "tells" if task.tells else "says nothing"
        print(f"scenes {seed}: the marker {says}, and is followed in {model.followed:.0%}", flush=True)
        found += [{"model": "scenes"} | one for one in of_model(model, seed)]
    if models:
        write_csv(out / "simulate_scenes.csv", models)
    return found


if __name__ == "__main__":
    main()
