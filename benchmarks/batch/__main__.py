"""Rows per second over a data set: 1 and 2 processes beside a plain loop, and loops over shap and Captum.

    python -m benchmarks.batch                 96 short reviews, 20,000 rows of eight numbers
    python -m benchmarks.batch --quick         16 and 2,000
    python -m benchmarks.batch --memory        peak memory over 10,000 and 100,000 rows of a table

Text: the bundled Gemma 3 270M, log-probability of " positive", 64 evaluations of a review's words, one thread a process. The
plain loop calls `xai.explain` for each review and writes nothing. "Steady" is the rate of the middle half of the rows, without
loading and without the end, at which a process waits for the other. shap (KernelExplainer) and Captum (KernelShap) are given
the same games, so that what is left is each library's own cost. Table: exact values of trees; shap's TreeExplainer
(interventional, 100 background rows) is its peer.
"""

import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from batch import explain_dataset
from batch.progress import Quiet
from benchmarks.parts.command import header, options, row

TEMPLATE, TARGET, BUDGET = "Review: {text} Sentiment:", " positive", 64
OPENINGS = ("The plot is thin", "I loved every minute", "A dull and slow film", "The cast is superb")
ENDINGS = ("but the acting carries it", "and the music is fine", "though the end drags on", "so bring a friend along")
MEMORY = """
import resource, sys
from batch import explain_dataset
explain_dataset(sys.argv[1], sys.argv[2], "table", target="goal", judge=False, workers=1, table=sys.argv[3])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


class Steady(Quiet):
    """When how many rows were told of: the rate of the middle half, in which every process is at work."""

    def __init__(self) -> None:
        self.told, self.total = [(0.0, 0)], 0

    def begin(self, done: int, total: int) -> None:
        self.total = total

    def rows(self, count: int) -> None:
        self.told.append((time.perf_counter(), self.told[-1][1] + count))

    def rate(self) -> float:
        middle = [one for one in self.told if self.total / 4 <= one[1] <= 3 * self.total / 4]
        (began, first), (ended, last) = middle[0], middle[-1]
        return (last - first) / (ended - began) if ended > began else 0.0  # of a run of few pieces nobody can tell


def reviews(count: int) -> list[str]:
    texts = [f"{opening}, {ending}" for opening in OPENINGS for ending in ENDINGS]
    return [f"{texts[i % len(texts)]} {i}." for i in range(count)]


def cpu() -> float:
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def measured(name: str, count: int, run) -> None:
    """A line: rows a second, steady ones, CPU seconds a row."""
    before, began = cpu(), time.perf_counter()
    steady = run()
    seconds = time.perf_counter() - began
    said = f"{steady:.2f}" if steady else "–"
    row(name, f"{count / seconds:.2f}", said, f"{1000 * (cpu() - before) / count:.1f}")


def of_texts(count: int) -> None:
    import torch

    from model import load_gemma
    from model.text.shared import forget

    texts = reviews(count)
    header("text", "rows/s", "steady", "CPU ms/row")
    torch.set_num_threads(1)
    gemma = load_gemma(device="cpu")

    def game_of(text: str):
        forget(gemma.model)
        prompt = TEMPLATE.format(text=text)
        start = prompt.index(text)
        return gemma.text_game(prompt, TARGET, gemma.encode(prompt).split("word", (start, start + len(text))))

    def loop(explain) -> float:
        explain(game_of(texts[0]))
        began = time.perf_counter()
        for text in texts[1:]:
            explain(game_of(text))
        return (count - 1) / (time.perf_counter() - began)

    for name, explain in (("plain loop", ours), ("shap", by_shap), ("Captum", by_captum)):
        measured(name, count, lambda explain=explain: loop(explain))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "reviews.csv")
        source.write_text("text\n" + "".join(f'"{text}"\n' for text in texts))
        for workers in (1, 2):
            asked = {"template": TEMPLATE, "target": TARGET, "budget": BUDGET, "judge": False, "rows_per_file": 8}

            def run(workers=workers, asked=asked) -> float:
                steady = Steady()
                explain_dataset(source, Path(folder, str(workers)), workers=workers, progress=steady, index="banzhaf", **asked)
                return steady.rate()

            measured(f"swing explain, {workers} process{'es' * (workers > 1)}", count, run)


def ours(game) -> None:
    from xai import explain

    explain(game, "banzhaf", budget=BUDGET).combine(np.ones(len(game.outputs)))


def by_shap(game) -> None:
    import shap

    explainer = shap.KernelExplainer(lambda rows: game(rows > 0.5).sum(axis=1), np.zeros((1, game.n_players)))
    explainer.shap_values(np.ones((1, game.n_players)), nsamples=BUDGET, silent=True)


def by_captum(game) -> None:
    import torch
    from captum.attr import KernelShap

    method = KernelShap(lambda rows: torch.from_numpy(game(rows.numpy() > 0.5).sum(axis=1)))
    n = game.n_players
    method.attribute(torch.ones(1, n), baselines=torch.zeros(1, n), n_samples=BUDGET, perturbations_per_eval=16)


def of_tables(count: int) -> None:
    import lightgbm
    import shap

    from model import TableModel

    rows = numbers_of(count)
    model = TableModel.fit(rows, "goal")
    header("table", "rows/s", "steady", "CPU ms/row")
    model.exact(rows.iloc[:2])

    def plain() -> float:
        for start in range(0, count, 4096):
            for index in ("banzhaf", "shapley"):
                model.exact(rows.iloc[start : start + 4096], index)
        return 0.0

    def peer() -> float:
        booster = lightgbm.Booster(model_str=model.text)
        explainer = shap.TreeExplainer(booster, model.background, feature_perturbation="interventional")
        explainer.shap_values(model.encode(rows), check_additivity=False)
        return 0.0

    measured("plain loop, nothing written", count, plain)
    measured("shap TreeExplainer, Shapley values alone", count, peer)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "rows.parquet")
        rows.to_parquet(source)
        for workers in (1, 2):

            def run(workers=workers) -> float:
                steady = Steady()
                out = Path(folder, str(workers))
                more = {"target": "goal", "judge": False, "rows_per_file": 1000}
                explain_dataset(source, out, "table", **more, workers=workers, progress=steady)
                return steady.rate()

            measured(f"swing explain, {workers} process{'es' * (workers > 1)}", count, run)


def numbers_of(count: int):
    """A table without categories."""
    import pandas as pd

    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(count, 8)).round(3), columns=list("abcdefgh"))
    frame["goal"] = frame.a * frame.b + frame.c
    return frame


def of_memory() -> None:
    header("peak memory", "MB")
    with tempfile.TemporaryDirectory() as folder:
        for count in (10_000, 100_000):
            numbers_of(count).to_parquet(Path(folder, f"{count}.parquet"), row_group_size=10_000)
            asked = [Path(folder, f"{count}.parquet"), Path(folder, f"out{count}"), Path(folder, "10000.parquet")]
            done = subprocess.run([sys.executable, "-c", MEMORY, *asked], capture_output=True, text=True, check=True)
            row(f"{count:,} rows of a table", f"{float(done.stdout):.0f}")


def main() -> None:
    asked = options(__doc__, quick=False, memory=False)
    warnings.simplefilter("ignore")
    if asked.memory:
        of_memory()
        return
    of_texts(16 if asked.quick else 96)
    of_tables(2_000 if asked.quick else 20_000)


if __name__ == "__main__":
    main()
