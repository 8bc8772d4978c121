"""The synthetic runs in assets/samples/scaling: drawn from the two laws, with noise and with a fixed seed.

    .venv/bin/python -m benchmarks.scaling_samples

writes them again. None of these runs was trained: the laws' parameters and the noise are those below.
"""

import csv

import numpy as np

from model.assets import ASSETS

FOLDER = ASSETS / "samples" / "scaling"
HEADER = ["data", "tokens", "BLEU", "cross-entropy", "source share", "target share", "fine-tuning tokens"]
SIZES = [1e9, 2e9, 5e9, 1e10, 2e10, 5e10, 1e11, 2e11]
FINE_TUNING = 6e6


def aligned(tokens, log_a, alpha, beta):
    """The paper's law of an aligned mix: (log(A·D^α))^β."""
    return (log_a + alpha * np.log(tokens)) ** beta


def misaligned(tokens, best, at, fall):
    """Best BLEU at `at` tokens, falling on both sides by `fall` per squared factor of ten: no law of the paper."""
    return best - fall * np.log10(tokens / at) ** 2


def loss(tokens, floor, log_a, alpha):
    """The paper's law of cross-entropy: E + A/D^α."""
    return floor + np.exp(log_a) / tokens**alpha


EVEN = ("even mix (synthetic)", aligned, (-7.0, 0.7, 1.5), (1.20, 4.6, 0.24), 0.5, 0.5)
ONE_SIDED = ("target language only (synthetic)", aligned, (-2.0, 0.5, 1.3), (1.28, 4.6, 0.24), 0.0, 1.0)
OTHER = ("other languages (synthetic)", misaligned, (22.0, 5e9, 3.0), (1.35, 4.6, 0.24), 0.05, 0.05)
FILES = {"aligned.csv": [EVEN], "misaligned.csv": [OTHER], "several.csv": [ONE_SIDED, EVEN, OTHER]}


def rows(data, score, parameters, loss_parameters, source, target):
    """One table row per size, with 1 % noise on BLEU and 0.3 % on cross-entropy."""
    tokens = np.array(SIZES)
    rng = np.random.default_rng(len(data))
    bleu = score(tokens, *parameters) * np.exp(0.01 * rng.standard_normal(len(tokens)))
    entropy = loss(tokens, *loss_parameters) * np.exp(0.003 * rng.standard_normal(len(tokens)))
    return [
        [data, f"{d:.0f}", f"{b:.2f}", f"{c:.4f}", source, target, f"{FINE_TUNING:.0f}"] for d, b, c in zip(tokens, bleu, entropy)
    ]


SOURCES = {"web": 4.0, "news": 2.5, "parliament": 3.0, "books": 1.0, "forum": -1.5, "code": 0.0}  # BLEU of each
SCORED = "scored-runs.csv"


def scored_runs():
    """Runs on random sets of sources: 20 BLEU, what each source adds, web and news 1.5 less together, noise of 0.3.

    Books were always in together with parliament, so that their values cannot be told apart.
    """
    rng = np.random.default_rng(7)
    present = rng.random((14, len(SOURCES))) < 0.5
    names = list(SOURCES)
    present[:, names.index("books")] = present[:, names.index("parliament")]
    bleu = 20 + present @ list(SOURCES.values()) - 1.5 * present[:, 0] * present[:, 1] + 0.3 * rng.standard_normal(14)
    yield ["run", *names, "BLEU"]
    for i, (row, score) in enumerate(zip(present.astype(int).tolist(), bleu)):
        yield [f"synthetic {i + 1}", *row, f"{score:.2f}"]


def main(folder=FOLDER):
    tables = {name: [HEADER, *(row for one in sets for row in rows(*one))] for name, sets in FILES.items()}
    for name, table in {SCORED: scored_runs(), **tables}.items():
        with open(folder / name, "w", newline="", encoding="utf-8") as stream:
            csv.writer(stream, lineterminator="\n").writerows(table)


if __name__ == "__main__":
    main()
