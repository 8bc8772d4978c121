"""From a table of pre-training runs to what the Scaling page shows: each set of runs judged, and what it predicts."""

from dataclasses import dataclass

import numpy as np

from model.files.reader import check_size, read_columns
from ui.shell.jobs import Job
from xai.scaling.fit import Fit, HeldOut, held_out
from xai.scaling.runs import Runs, runs_of
from xai.scaling.uploads import amount
from xai.scaling.verdict import Verdict, judge

MOST_MB = 2
MAX_SETS = 40  # a verdict takes a quarter of a second
LEVEL = 0.9  # of all bands and intervals
USABLE = ("fits", "flat")  # verdicts whose law may be extrapolated


@dataclass(frozen=True, eq=False)
class Study:
    """The sets of runs of one table.

    name : of the file or sample;  synthetic : whether nobody measured them
    verdicts, loss_tests : one for each set; a test is of the law of cross-entropy, None below four sizes or without it
    """

    name: str
    synthetic: bool
    sets: list[Runs]
    verdicts: list[Verdict]
    loss_tests: list[HeldOut | None]


def extrapolates(verdict: Verdict, quantity: str) -> bool:
    """Whether the law of a quantity may be drawn on beyond its runs; that of cross-entropy always."""
    return quantity == "cross-entropy" or verdict.kind in USABLE


@dataclass(frozen=True)
class Prediction:
    """What a law says of one size: its value, the ends of its band, and of the band for one further measured run.

    law, run : (low, high), or None where too few runs leave no scatter to judge by
    """

    value: float
    law: tuple[float, float] | None
    run: tuple[float, float] | None


def read(content: bytes, name: str) -> list[Runs]:
    """The sets of runs of an uploaded table; ValueError with one sentence for any other."""
    check_size(len(content), MOST_MB * 1_000_000)
    sets = runs_of(read_columns(content, name))
    if len(sets) > MAX_SETS:
        raise ValueError(f"the table holds {len(sets)} sets of runs; at most {MAX_SETS} are compared: leave some out")
    return sets


def study(name: str, synthetic: bool, sets: list[Runs], job: Job) -> Study:
    """Judge every set; job tells the progress, and may be cancelled between sets."""
    verdicts, tests = [], []
    for i, runs in enumerate(sets):
        if job.cancelled():
            raise ValueError("Stopped before all sets were fitted; choose the table again to go on.")
        job.tell(i, len(sets), f"Fitting the laws: {i} of {len(sets)} data sets")
        verdicts.append(judge(runs))
        loss = runs.cross_entropy if verdicts[-1].loss else None
        tests.append(None if loss is None else held_out(runs.tokens, loss, "cross-entropy"))
    return Study(name, synthetic, sets, verdicts, tests)


def predict(fit: Fit, tokens: float) -> Prediction:
    """What a fitted law says of one size."""
    bands = [fit.band(np.array([tokens]), LEVEL, new_run) for new_run in (False, True)]
    law, run = (None if band is None else (float(band[0][0]), float(band[1][0])) for band in bands)
    return Prediction(float(fit.law(tokens)), law, run)


def read_size(text: str) -> float:
    """A number of tokens as people write it, "1e12", "300 B" or "2,000,000"; ValueError with one sentence else."""
    try:
        size = amount(text)
    except ValueError:
        size = np.nan
    if not 1.0 <= size <= 1e18:
        raise ValueError("The target size must be a number of tokens from 1 to 1e18: write it as 1e12 or 300B.")
    return size


def size_text(tokens: float) -> str:
    """1e12 → "1T tokens"."""
    for unit, factor in (("T", 1e12), ("B", 1e9), ("M", 1e6)):
        if tokens >= factor:
            return f"{tokens / factor:.4g}{unit} tokens"
    return f"{tokens:.4g} tokens"
