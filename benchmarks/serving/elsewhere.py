"""A model asked through a server beside the same checkpoint asked here: are the numbers, and the maps, the same?

    python -m benchmarks.serving.elsewhere --url http://localhost:8000/v1 --named gemma --checkpoint DIR

The server (vLLM) and this process are given the same directory, here in float32. Of each prompt 32 coalitions are asked of
both, in each way that a server can be asked; then a map of the first prompt. Run it where nothing else runs.
"""

import time
from unittest import mock

import numpy as np

from benchmarks.parts.command import header, options, row
from model import connect, load_model
from model.language import Language
from model.remote import probe
from xai import explain

PROMPTS = (
    ("Review: The plot is thin, but the acting is superb. Sentiment:", " positive"),
    ("The capital of France is", " Paris, of course"),
    ("Die Hauptstadt von Bayern ist", " München"),
    ("2 + 2 =", " 4"),
    ("Once upon a time there was a king who had three daughters and no sons, and", " he was very sad about it"),
)
COALITIONS, BUDGET = 32, 128


def main() -> None:
    asked = options(__doc__, url="http://localhost:8000/v1", named="", checkpoint="")
    here = load_model(asked.checkpoint, precision="float32")
    for way in probe.WAYS:
        with mock.patch.object(probe, "WAYS", (way,)):
            there = connect(asked.url, asked.named, asked.checkpoint)
        print(f"\n{way.name}\n")
        header("prompt", "tokens of the target", "off at most", "in the mean", "ms an evaluation")
        for prompt, target in PROMPTS:
            row(*beside(here, there, prompt, target))
        one, other = (explain(model.text_game(*PROMPTS[0]), budget=BUDGET) for model in (here, there))
        off, size = abs(one.values - other.values).max(), abs(one.values).max()
        print(f"\nThe map of the first, {BUDGET} evaluations: off by {off:.1g} at most, its largest value is {size:.2f}.")


def beside(here: Language, there: Language, prompt: str, target: str) -> list[str]:
    """A row of the table."""
    own, other = (model.text_game(prompt, target) for model in (here, there))
    rows = np.random.default_rng(0).random((COALITIONS, own.n_players)) < 0.5
    wanted, began = own(rows), time.perf_counter()
    off = abs(other(rows) - wanted)
    took = (time.perf_counter() - began) / COALITIONS
    return [prompt[:30], str(wanted.shape[1]), f"{off.max():.1g}", f"{off.mean():.1g}", f"{1000 * took:.0f}"]


if __name__ == "__main__":
    main()
